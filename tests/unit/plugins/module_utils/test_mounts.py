# SPDX-License-Identifier: BSD-2-Clause
"""Mounting and unmounting, on a host that plays it: what is done, what is undone, what is refused."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.bsd.jail.plugins.module_utils import libjail, mountlook, mounts, roots
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, JailError, LockError
from ansible_collections.bsd.jail.plugins.module_utils.mountplan import Mount
from ansible_collections.bsd.jail.plugins.module_utils.mounts import Outcome, converge, mount_all, unmount_all
from ansible_collections.bsd.jail.plugins.module_utils.roots import Root
from ansible_collections.bsd.jail.plugins.module_utils.state import locked

from tests.unit.plugins.module_utils.fakemounts import MountHost


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with an empty root and two sources. No mount is real, so nobody sees a source through it."""
    monkeypatch.setattr(mountlook, "is_same", lambda mounted, source: True)
    monkeypatch.setattr(mounts, "is_same", lambda mounted, source: True)
    directory = tmp_path.resolve()
    for name in ("root", "src", "other"):
        (directory / name).mkdir()
    (directory / "file").touch()
    return directory


@pytest.fixture
def host(here: Path, monkeypatch: pytest.MonkeyPatch) -> MountHost:
    host = MountHost(here / "host")
    monkeypatch.setattr(libjail, "get", host.get)
    return host


@pytest.fixture
def root(here: Path) -> Root:
    return Root(f"{here}/root")


def nullfs(here: Path, destination: str, source: str = "src", *options: str) -> Mount:
    return Mount(destination, "nullfs", f"{here}/{source}", options)


def inside(root: Root) -> list[str]:
    """All that is in a root."""
    return sorted(str(path.relative_to(root.path)) for path in Path(root.path).rglob("*"))


def below(root: Root, paths: Sequence[str]) -> list[str]:
    """Paths as the jail sees them."""
    return [path[len(root.path) :] or "/" for path in paths]


def places(outcome: Outcome) -> tuple[list[str], list[str]]:
    """Where something was mounted, and unmounted."""
    return [one.destination for one in outcome.plan.mounts], [one.node for one in outcome.plan.unmounts]


def test_what_is_missing_is_made_and_mounted_in_order(host: MountHost, root: Root, here: Path) -> None:
    wanted = [Mount("/", "tmpfs"), nullfs(here, "/a/b", "src", "ro"), nullfs(here, "/c/f", "file")]
    outcome = mount_all(host, root, wanted)
    assert below(root, host.nodes()) == ["/", "/a/b", "/c/f"]
    assert below(root, outcome.made) == ["/a", "/a/b", "/c", "/c/f"]
    assert os.path.isdir(f"{root.path}/a/b")
    assert os.path.isfile(f"{root.path}/c/f")
    assert host.table[2].options == ("ro",)


def test_mounted_already_is_no_change_and_costs_one_program(host: MountHost, root: Root, here: Path) -> None:
    wanted = [nullfs(here, "/a"), Mount("/b", "tmpfs"), nullfs(here, "/f", "file")]
    mount_all(host, root, wanted)
    host.programs.clear()
    outcome = mount_all(host, root, wanted)
    assert places(outcome) == ([], [])
    assert host.programs == ["mount"]


def test_unmounted_already_is_no_change_and_costs_one_program(host: MountHost, root: Root) -> None:
    assert places(unmount_all(host, Root(f"{root.path}/gone"), [Mount("/a")])) == ([], [])
    assert host.programs == ["mount"]


def test_a_check_run_says_the_same_and_touches_nothing(host: MountHost, root: Root, here: Path) -> None:
    mount_all(host, root, [nullfs(here, "/a", "other"), nullfs(here, "/b")])
    before = (host.nodes(), inside(root))
    wanted = [nullfs(here, "/a"), nullfs(here, "/c/d")]
    predicted = mount_all(host, root, wanted, check_mode=True)
    unmounted = unmount_all(host, root, [Mount("/b")], check_mode=True)
    assert (host.nodes(), inside(root)) == before
    assert mount_all(host, root, wanted).plan == predicted.plan
    assert unmount_all(host, root, [Mount("/b")]).plan == unmounted.plan
    assert below(root, host.nodes()) == ["/a", "/c/d"]


def test_a_check_run_makes_no_lock(host: MountHost, root: Root, here: Path) -> None:
    mount_all(host, root, [nullfs(here, "/a")], check_mode=True)
    assert os.listdir(host.var_run) == []


def test_a_source_that_changes_is_another_mount(host: MountHost, root: Root, here: Path) -> None:
    mount_all(host, root, [nullfs(here, "/a")])
    outcome = mount_all(host, root, [nullfs(here, "/a", "other")])
    assert places(outcome) == (["/a"], [f"{root.path}/a"])
    assert [one.special for one in host.table[1:]] == [f"{here}/other"]


def test_a_source_by_a_link_is_the_same_mount(host: MountHost, root: Root, here: Path) -> None:
    (here / "link").symlink_to("src")
    mount_all(host, root, [nullfs(here, "/a")])
    assert places(mount_all(host, root, [nullfs(here, "/a", "link/.")])) == ([], [])


def test_a_source_that_was_replaced_is_mounted_anew(
    host: MountHost, root: Root, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mount_all(host, root, [nullfs(here, "/a")])
    monkeypatch.setattr(mountlook, "is_same", lambda mounted, source: False)
    outcome = mount_all(host, root, [nullfs(here, "/a")])
    assert places(outcome) == (["/a"], [f"{root.path}/a"])
    assert "its source has been replaced since" in outcome.plan.before


def test_what_was_moved_away_is_found_by_its_fsid(host: MountHost, root: Root) -> None:
    mount_all(host, root, [Mount("/a/b", "tmpfs")])
    os.rename(f"{root.path}/a", f"{root.path}/away")
    outcome = mount_all(host, root, [Mount("/a/b", "tmpfs")], force=True)
    assert places(outcome) == (["/a/b"], [f"{root.path}/a/b"])
    assert "its path leads elsewhere now" in outcome.plan.before
    os.rename(f"{root.path}/a", f"{root.path}/again")
    unmount_all(host, root, [Mount("/a/b")])
    assert host.nodes() == []


def test_a_tmpfs_is_replaced_without_force_only_while_it_is_empty(host: MountHost, root: Root) -> None:
    mount_all(host, root, [Mount("/a", "tmpfs")])
    Path(root.path, "a/precious").touch()
    with pytest.raises(InputError, match="loses the files in it"):
        mount_all(host, root, [Mount("/a", "tmpfs", "", ("ro",))])
    Path(root.path, "a/precious").unlink()
    mount_all(host, root, [Mount("/a", "tmpfs", "", ("ro",))])
    assert [one.options for one in host.table[1:]] == [("ro",)]


# --- failures ---------------------------------------------------------------------------------------------------------


def test_a_failure_half_way_undoes_what_was_done(host: MountHost, root: Root, here: Path) -> None:
    mount_all(host, root, [nullfs(here, "/kept")])
    host.refuses[f"{root.path}/c/f"] = OSError(errno.EINVAL, "mount option <x> is unknown: Invalid argument")
    before = (host.nodes(), inside(root))
    with pytest.raises(InputError, match=r"'/c/f': .*: mount option <x> is unknown: Invalid argument"):
        mount_all(host, root, [nullfs(here, "/a/b"), nullfs(here, "/kept"), nullfs(here, "/c/f", "file")])
    assert (host.nodes(), inside(root)) == before


def test_an_interruption_undoes_what_was_done(host: MountHost, root: Root, here: Path) -> None:
    def interrupt() -> None:
        if host.nodes():
            raise KeyboardInterrupt

    host.before = interrupt
    with pytest.raises(KeyboardInterrupt):
        mount_all(host, root, [nullfs(here, "/a/b"), nullfs(here, "/c")])
    assert (host.nodes(), inside(root)) == ([], [])


def test_a_nullfs_that_was_to_be_replaced_is_back_after_a_failure(host: MountHost, root: Root, here: Path) -> None:
    mount_all(host, root, [nullfs(here, "/a", "src", "nosuid", "ro"), Mount("/t", "tmpfs")])
    host.refuses[f"{root.path}/b"] = OSError(errno.EINVAL, "Invalid argument")
    with pytest.raises(
        InputError, match=r"'/b': .*Invalid argument\. Undoing it: .*/t \(tmpfs\) was unmounted, and isn't"
    ):
        mount_all(host, root, [nullfs(here, "/a", "other"), Mount("/t", "tmpfs", "", ("ro",)), Mount("/b", "tmpfs")])
    assert [(one.special, sorted(one.options)) for one in host.table[1:]] == [(f"{here}/src", ["nosuid", "ro"])]


def test_what_is_busy_isnt_replaced_and_what_was_unmounted_before_it_is_back(
    host: MountHost, root: Root, here: Path
) -> None:
    mount_all(host, root, [nullfs(here, "/a"), nullfs(here, "/b")])
    host.busy.add(f"{root.path}/a")
    wanted = [nullfs(here, "/a", "other"), nullfs(here, "/b", "other")]
    with pytest.raises(JailError, match=r"/a can't be unmounted: Device busy\. It is used by sleep \(pid 4711\)"):
        mount_all(host, root, wanted)
    assert sorted(one.special for one in host.table[1:]) == [f"{here}/src", f"{here}/src"]
    mount_all(host, root, wanted, force=True)
    assert [one.special for one in host.table[1:]] == [f"{here}/other", f"{here}/other"]


def test_unmounting_goes_on_after_an_error_and_tells_of_each(host: MountHost, root: Root, here: Path) -> None:
    mount_all(host, root, [nullfs(here, f"/{name}") for name in "abc"])
    host.busy.update((f"{root.path}/a", f"{root.path}/c"))
    with pytest.raises(JailError) as failed:
        unmount_all(host, root, [Mount(f"/{name}") for name in "abc"])
    assert below(root, host.nodes()) == ["/a", "/c"]
    assert failed.value.message.count("Device busy") == 2
    assert "/root/a can't" in failed.value.message
    assert "/root/c can't" in failed.value.message
    unmount_all(host, root, [Mount(f"/{name}") for name in "abc"], force=True)
    assert host.nodes() == []


def test_a_file_system_that_somebody_else_has_unmounted_meanwhile_is_no_error(
    host: MountHost, root: Root, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mount_all(host, root, [nullfs(here, "/a")])
    unmount = host.unmount

    def twice(fsid: str, force: bool) -> None:
        unmount(fsid, force)
        unmount(fsid, force)

    monkeypatch.setattr(host, "unmount", twice)
    unmount_all(host, root, [Mount("/a")])
    assert host.nodes() == []


def test_two_runs_take_turns(host: MountHost, root: Root, here: Path) -> None:
    named = Root(root.path, "x", runs=True)
    for held, other in (("x", named), (".mounts", named), (".mounts", root)):
        with locked(host, [held], 0), pytest.raises(LockError):
            mount_all(host, other, [nullfs(here, "/a")], lock_timeout=0)
    assert host.nodes() == []


def test_a_jail_that_was_started_elsewhere_while_this_run_waited(
    host: MountHost, root: Root, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.jails["x"] = root.path

    def elsewhere(*_arguments: Any) -> contextlib.nullcontext[None]:
        host.jails["x"] = f"{here}/other"
        return contextlib.nullcontext()

    monkeypatch.setattr(mounts.state, "locked", elsewhere)
    outcome = mount_all(host, roots.of_jail(host, "x"), [Mount("/a", "tmpfs")])
    assert host.nodes() == [f"{here}/other/a"]
    assert outcome.root == Root(f"{here}/other", "x", True)


def test_a_jail_that_somebody_elses_jail8_works_on_is_waited_for(host: MountHost, root: Root) -> None:
    host.jails["x"] = root.path
    host.processes = [{"pid": "4711", "jail-id": "0", "command": "/usr/sbin/jail -f /etc/jail.conf -r x"}]
    with pytest.raises(LockError, match="pid 4711"):
        mount_all(host, roots.of_jail(host, "x"), [Mount("/a", "tmpfs")], lock_timeout=0)
    assert host.nodes() == []


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mount", "words"),
    [
        (("/a", "nowhere"), "nowhere' of the mount with the destination '/a' isn't there"),
        (("/a", "fifo"), "is a special file: nullfs takes directories and files"),
        (("/a", "file/x"), "can't be used: Not a directory"),
        (("/out/a", "src"), "root/out is a link"),
        (("/out", "src"), "root/out is a link"),
        (("/f/a", "src"), "root/f is a file, not a directory"),
        (("/f", "src"), "it is a file, and has to be a directory"),
        (("/d", "file"), "it is a directory, and the source"),
        (("/a", "root/out"), "root/out is a link, and lies in a jail"),
        (("/a", "jail/out/x"), "jail/out is a link, and lies in a jail"),
        (("/" + "a" * 300, "src"), "File name too long"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_what_cant_be_mounted_is_refused_before_anything_is_done(
    host: MountHost, root: Root, here: Path, mount: tuple[str, str], words: str, check_mode: bool
) -> None:
    host.jails["j"] = f"{here}/jail"
    (here / "jail").mkdir()
    os.mkfifo(here / "fifo")
    for directory in ("root", "jail"):
        (here / directory / "out").symlink_to(here / "other")
    (here / "other/x").mkdir()
    (here / "root/f").touch()
    (here / "root/d").mkdir()
    before = inside(root)
    wanted = [nullfs(here, "/first"), nullfs(here, *mount)]
    if check_mode and "isn't there" in words:
        assert words in mount_all(host, root, wanted, check_mode=True).warnings[0]
    elif check_mode and "too long" not in words:
        with pytest.raises(InputError) as refused:
            mount_all(host, root, wanted, check_mode=True)
        assert words in refused.value.message
    with pytest.raises(InputError) as refused:
        mount_all(host, root, wanted)
    assert words in refused.value.message
    assert (host.nodes(), inside(root)) == ([], before)


def test_a_root_that_isnt_there(host: MountHost, here: Path) -> None:
    root = Root(f"{here}/nowhere")
    with pytest.raises(InputError, match="nowhere isn't there"):
        mount_all(host, root, [nullfs(here, "/a")])
    outcome = mount_all(host, root, [nullfs(here, "/a")], check_mode=True)
    assert places(outcome) == (["/a"], [])
    assert "nowhere isn't there" in outcome.warnings[0]
    assert not (here / "nowhere").exists()


def test_the_root_of_a_running_jail_isnt_mounted_on(host: MountHost, root: Root, here: Path) -> None:
    with pytest.raises(InputError, match="the jail runs"):
        mount_all(host, Root(root.path, "x", runs=True), [nullfs(here, "/")])
    Path(host.conf_dir, "x.conf").write_text(f"x {{ path = '{root.path}'; }}")
    mount_all(host, Root(root.path, "x"), [nullfs(here, "/")])


def test_the_jails_own_mounts_are_left_to_jail8(host: MountHost, root: Root, here: Path) -> None:
    own = Root(root.path, "x", True, frozenset({f"{root.path}/a"}))
    with pytest.raises(InputError, match="/a is mounted by the jail's own configuration"):
        mount_all(host, own, [nullfs(here, "/a")])
    mount_all(host, root, [nullfs(here, "/a")])
    assert places(mount_all(host, own, [nullfs(here, "/a")])) == ([], [])
    for act in (mount_all, unmount_all):
        with pytest.raises(InputError, match="/a is mounted by the jail's own configuration"):
            act(host, own, [nullfs(here, "/a", "other")], force=True)
    assert below(root, host.nodes()) == ["/a"]


# --- by the module's options ------------------------------------------------------------------------------------------


def options(mounts: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    defaults = {"name": None, "root": None, "state": "mounted", "force": False, "lock_timeout": 60}
    return {**defaults, "mounts": mounts, **more}


def test_by_the_options(host: MountHost, root: Root, here: Path) -> None:
    host.jails["x"] = root.path
    given = [{"destination": "/a", "type": "nullfs", "source": f"{here}/src", "options": ["ro"]}]
    assert places(converge(host, options(given, name="x"))) == (["/a"], [])
    host.programs.clear()
    assert places(converge(host, options(given, name="x"))) == ([], [])
    assert host.programs == ["mount"]
    assert places(converge(host, options(given, root=root.path))) == ([], [])
    assert places(converge(host, options(given, root=root.path, state="unmounted"), True)) == ([], [f"{root.path}/a"])
    assert places(converge(host, options(given, name="x", state="unmounted"))) == ([], [f"{root.path}/a"])
    assert host.nodes() == []


def test_a_jail_that_isnt_there_is_an_error_and_a_warning_in_a_check_run(host: MountHost, here: Path) -> None:
    given = [{"destination": "/a", "type": "nullfs", "source": f"{here}/src"}]
    for state, expected in (("mounted", ["/a"]), ("unmounted", [])):
        with pytest.raises(InputError, match="jail nobody: there is none of that name"):
            converge(host, options(given, name="nobody", state=state))
        outcome = converge(host, options(given, name="nobody", state=state), check_mode=True)
        assert places(outcome) == (expected, [])
        assert outcome.root is None
        assert "jail nobody: there is none of that name" in outcome.warnings[0]
    given[0]["destination"] = "relative"
    with pytest.raises(InputError, match="isn't absolute"):
        converge(host, options(given, name="nobody"), check_mode=True)


# --- roots ------------------------------------------------------------------------------------------------------------


def test_the_root_of_a_path(here: Path) -> None:
    (here / "link").symlink_to("root")
    assert roots.of_path(f"{here}//link/") == Root(f"{here}/root", given=f"{here}//link/")
    with pytest.raises(InputError, match="isn't an absolute path"):
        roots.of_path("root")


def test_the_root_of_a_running_jail_is_the_kernels(host: MountHost, here: Path) -> None:
    host.jails.update({"a": f"{here}/root", "b.c": f"{here}/other"})
    Path(host.conf_dir, "a.conf").write_text(
        f"a {{ path = '{here}/moved'; mount.devfs; mount = 'tmpfs {here}/moved/t tmpfs rw'; }}"
    )
    assert roots.of_jail(host, "b.c") == Root(f"{here}/other", "b.c", True)
    assert roots.of_jail(host, "2") == Root(f"{here}/other", "b.c", True)
    assert roots.of_jail(host, "a") == Root(
        f"{here}/root", "a", True, frozenset({f"{here}/root/dev", f"{here}/root/t"})
    )


def test_the_root_of_a_jail_that_doesnt_run_is_the_configured_one(host: MountHost, here: Path) -> None:
    (here / "link").symlink_to("root")
    table = here / "fstab"
    table.write_text(f"# comment\n\n{here}/src {here}/link/m\\040x nullfs ro 0 0\n")
    Path(host.conf_dir, "a.conf").write_text(
        f"a {{ path = '{here}/link'; mount.fdescfs; mount.procfs; mount.fstab = '{table}';"
        f" mount = '{here}/src {here}/link//a nullfs ro 0 0'; mount += 'tmpfs {here}/root/b tmpfs rw 0 0'; }}"
    )
    own = {f"{here}/root/{place}" for place in ("dev/fd", "proc", "a", "b", "m x")}
    assert roots.of_jail(host, "a") == Root(f"{here}/root", "a", False, frozenset(own), f"{here}/link")


def test_a_root_by_a_link_in_another_jail_is_refused(host: MountHost, here: Path) -> None:
    host.jails["other"] = f"{here}/other"
    (here / "other/child").symlink_to(here / "src")
    with pytest.raises(InputError, match="other/child is a link, and lies in a jail"):
        mount_all(host, roots.of_path(f"{here}/other/child"), [Mount("/a", "tmpfs")])
    assert host.nodes() == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nobody", "jail nobody: there is none of that name"),
        ("7", "jail 7: there is none of that name"),
        ("", "there is none of that name"),
        ("vars", "its path has variables in it"),
        ("pathless", "jail pathless: there is none of that name, neither running nor with a path"),
    ],
)
def test_a_jail_of_which_the_root_isnt_known(host: MountHost, name: str, words: str) -> None:
    Path(host.conf_dir, "vars.conf").write_text('vars { path = "/jails/$name"; }')
    Path(host.conf_dir, "pathless.conf").write_text("pathless { persist; }")
    with pytest.raises(InputError) as refused:
        roots.of_jail(host, name)
    assert words in refused.value.message
