# SPDX-License-Identifier: BSD-2-Clause
"""No way out of a tree that somebody changes all the time: the walk, and the check after mounting."""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.bsd.jail.plugins.module_utils import beneath, mounts
from ansible_collections.bsd.jail.plugins.module_utils.beneath import Made
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, JailError
from ansible_collections.bsd.jail.plugins.module_utils.mountplan import Mount
from ansible_collections.bsd.jail.plugins.module_utils.mounts import mount_all
from ansible_collections.bsd.jail.plugins.module_utils.roots import Root

from tests.unit.plugins.module_utils.fakemounts import MountHost

TRIES = 3000
AT_FDCWD, RENAME_EXCHANGE = -100, 2


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A jail's root, and beside it what must not be touched."""
    directory = tmp_path.resolve()
    (directory / "root/a/b").mkdir(parents=True)
    (directory / "outside/b").mkdir(parents=True)
    (directory / "outside/file").write_text("the host's")
    return directory


@contextlib.contextmanager
def exchanged(one: Path, other: Path) -> Iterator[None]:
    """Let another thread exchange the names of two files all the time, each time at a single blow."""
    stop = threading.Event()
    libc, names = ctypes.CDLL(None, use_errno=True), (os.fsencode(one), os.fsencode(other))

    def run() -> None:
        while not stop.is_set():
            assert libc.renameat2(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE) == 0

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_a_directory_is_opened_component_by_component(tree: Path) -> None:
    with beneath.opened(f"{tree}/root/a/b") as here:
        assert os.readlink(f"/proc/self/fd/{here}") == f"{tree}/root/a/b"
    with beneath.opened("/") as here:
        assert os.path.sameopenfile(here, os.open("/", os.O_PATH))


@pytest.mark.parametrize("path", ["out", "out/b", "a/out", "a/out/b", "in", "in/b", "dangling"])
def test_a_link_is_refused_by_name(tree: Path, path: str) -> None:
    (tree / "root/out").symlink_to(tree / "outside")
    (tree / "root/a/out").symlink_to(tree / "outside")
    (tree / "root/in").symlink_to("a")
    (tree / "root/dangling").symlink_to("nowhere")
    link = path[: -len("/b")] if path.endswith("/b") else path
    with pytest.raises(InputError, match=f"root/{link} is a link"), beneath.opened(f"{tree}/root/{path}", []):
        pass


def test_a_file_on_the_way_is_refused_by_name(tree: Path) -> None:
    (tree / "root/file").touch()
    refused = pytest.raises(InputError, match="root/file is a file, not a directory")
    with refused, beneath.opened(f"{tree}/root/file/b"):
        pass


def test_what_is_missing_is_made_only_when_asked_and_can_be_removed(tree: Path) -> None:
    path = f"{tree}/root/a/new/deep"
    with pytest.raises(FileNotFoundError), beneath.opened(path):
        pass
    made: list[Made] = []
    with beneath.opened(path, made) as here:
        beneath.make_file(here, f"{path}/file", made)
    assert [one.path for one in made] == [f"{tree}/root/a/new", path, f"{path}/file"]
    assert os.path.isfile(f"{path}/file")
    beneath.unmake(made)
    assert os.listdir(tree / "root/a") == ["b"]


def test_what_came_in_the_place_of_what_was_made_is_left(tree: Path) -> None:
    made: list[Made] = []
    with beneath.opened(f"{tree}/root/a/new", made):
        pass
    os.rename(tree / "root/a/new", tree / "root/a/other")
    (tree / "outside/new").mkdir()
    os.rename(tree / "root/a", tree / "root/away")
    (tree / "root/a").symlink_to(tree / "outside")
    beneath.unmake(made)
    assert (tree / "outside/new").is_dir()
    assert (tree / "root/away/other").is_dir()


def test_a_file_that_has_content_by_now_is_left(tree: Path) -> None:
    made: list[Made] = []
    with beneath.opened(f"{tree}/root/a") as here:
        beneath.make_file(here, f"{tree}/root/a/file", made)
    (tree / "root/a/file").write_text("the jail's")
    beneath.unmake(made)
    assert (tree / "root/a/file").read_text() == "the jail's"


@pytest.mark.parametrize("there", ["directory", "link", "fifo"])
def test_a_file_is_made_on_nothing_else(tree: Path, there: str) -> None:
    place = tree / "root/a/place"
    if there == "directory":
        place.mkdir()
    elif there == "link":
        place.symlink_to(tree / "outside/file")
    else:
        os.mkfifo(place)
    with beneath.opened(f"{tree}/root/a") as here, pytest.raises(InputError, match="can only be mounted on a file"):
        beneath.make_file(here, str(place), [])


def test_a_hosts_path_is_resolved_but_not_through_a_jails_link(tree: Path) -> None:
    (tree / "by").symlink_to("root")
    (tree / "root/out").symlink_to(tree / "outside")
    jail = str(tree / "root")
    assert beneath.resolve(f"{tree}/by/a/./b/..//b/", [jail]) == f"{tree}/root/a/b"
    assert beneath.resolve(f"{tree}/root/out/b", []) == f"{tree}/outside/b"
    assert beneath.resolve(f"{tree}/root/out/b", ["/", f"{tree}/roo"]) == f"{tree}/outside/b"
    with pytest.raises(InputError, match="root/out is a link, and lies in a jail"):
        beneath.resolve(f"{tree}/by/out/b", [jail])
    (tree / "loop").symlink_to("loop")
    with pytest.raises(InputError, match="too many links"):
        beneath.resolve(f"{tree}/loop", [])


def test_the_walk_never_leaves_a_tree_that_changes_under_it(tree: Path) -> None:
    root, reached, refused = f"{tree}/root", 0, 0
    (tree / "root/link").symlink_to(tree / "outside")
    with exchanged(tree / "root/a", tree / "root/link"):
        for _ in range(TRIES):
            made: list[Made] = []
            try:
                with beneath.opened(f"{root}/a/b/new", made) as here:
                    reached += 1
                    # Where it is now; and it is itself, whatever its path has become meanwhile.
                    assert os.readlink(f"/proc/self/fd/{here}").startswith(f"{root}/")
            except (InputError, OSError):
                refused += 1
            beneath.unmake(made)
    assert reached
    assert refused
    assert sorted(os.listdir(tree / "outside")) == ["b", "file"]
    assert os.listdir(tree / "outside/b") == []


def test_a_mount_on_a_directory_never_leaves_a_tree_that_changes_under_it(tree: Path) -> None:
    host, root = MountHost(tree / "host"), Root(f"{tree}/root")
    mounted, refused = 0, 0
    (tree / "root/link").symlink_to(tree / "outside")
    with exchanged(tree / "root/a", tree / "root/link"):
        for _ in range(TRIES):
            try:
                mount_all(host, root, [Mount("/a/b", "tmpfs")])
                mounted += 1
            except JailError:
                refused += 1
            assert all(node.startswith(f"{root.path}/") for node in host.nodes())
            del host.table[1:]
    assert mounted
    assert refused


def test_a_mount_on_a_file_is_taken_back_from_outside(tree: Path) -> None:
    """The file is a hard link of what is mounted, so that what is seen there is the same: no mount is real here."""
    host, root = MountHost(tree / "host"), Root(f"{tree}/root")
    (tree / "source").write_text("to be mounted")
    os.link(tree / "source", tree / "root/a/file")
    host.before = lambda: time.sleep(0)  # lets the other thread have its turn
    mounted, refused, taken_back = 0, 0, 0
    (tree / "root/link").symlink_to(tree / "outside/file")
    with exchanged(tree / "root/a/file", tree / "root/link"):
        for _ in range(TRIES):
            try:
                mount_all(host, root, [Mount("/a/file", "nullfs", f"{tree}/source")])
                mounted += 1
                assert host.nodes() == [f"{root.path}/a/file"]
            except JailError as error:
                refused += 1
                taken_back += "somebody changed" in error.message
                assert host.nodes() == []
            del host.table[1:]
    assert mounted
    assert refused > taken_back > 0


def put_link(tree: Path) -> None:
    """At the worst moment."""
    (tree / "root/a/file").unlink()
    (tree / "root/a/file").symlink_to(tree / "outside/file")


def put_file(tree: Path) -> None:
    (tree / "root/a/file").unlink()
    os.link(tree / "source", tree / "root/a/file")


@pytest.mark.parametrize("hides", [False, True])
def test_a_link_put_there_between_the_look_and_the_mount(
    tree: Path, hides: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, root = MountHost(tree / "host"), Root(f"{tree}/root")
    (tree / "source").write_text("to be mounted")
    os.link(tree / "source", tree / "root/a/file")
    host.before = lambda: put_link(tree)
    if hides:
        host.after = lambda: put_file(tree)
    with pytest.raises(InputError, match="somebody changed what lies on its way"):
        mount_all(host, root, [Mount("/a/file", "nullfs", f"{tree}/source")])
    assert host.nodes() == []

    # Without the check after mounting, it is where the link led: this test can fail.
    put_file(tree)
    monkeypatch.setattr(mounts, "_verified", lambda host, root, mount, path, known: host.table[-1].fsid)
    mount_all(host, root, [Mount("/a/file", "nullfs", f"{tree}/source")])
    assert host.nodes() == [f"{tree}/outside/file"]


def test_a_directory_moved_away_while_it_is_mounted_on(tree: Path) -> None:
    host, root = MountHost(tree / "host"), Root(f"{tree}/root")
    host.before = lambda: os.rename(tree / "root/a", tree / "root/away")
    with pytest.raises(InputError, match="somebody changed what lies on its way"):
        mount_all(host, root, [Mount("/a/b", "tmpfs")])
    assert host.nodes() == []


def test_a_source_exchanged_while_it_is_mounted(tree: Path) -> None:
    host, root = MountHost(tree / "host"), Root(f"{tree}/root")
    (tree / "source").write_text("to be mounted")
    os.link(tree / "source", tree / "root/a/file")

    def exchange() -> None:
        (tree / "source").unlink()
        (tree / "source").symlink_to(tree / "outside/file")

    host.before = exchange
    with pytest.raises(InputError, match="or its source"):
        mount_all(host, root, [Mount("/a/file", "nullfs", f"{tree}/source")])
    assert host.nodes() == []
