# SPDX-License-Identifier: BSD-2-Clause
"""Making and removing roots, with real directories and archives: what is made, what is undone, what is refused."""

from __future__ import annotations

import hashlib
import os
import signal
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.bsd.jail.plugins.module_utils import locks, rootrecord
from ansible_collections.bsd.jail.plugins.module_utils.baseset import FETCH
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, JailError, LockError
from ansible_collections.bsd.jail.plugins.module_utils.host import JLS
from ansible_collections.bsd.jail.plugins.module_utils.purge import CHFLAGS, RM
from ansible_collections.bsd.jail.plugins.module_utils.rootcontent import CP, TAR
from ansible_collections.bsd.jail.plugins.module_utils.rootmake import Outcome, converge

from tests.unit.plugins.module_utils.fakeroots import OPTIONS, RootHost, base_set

URL = "http://example.org/15.1/base.txz"
Make = Callable[..., Outcome]
MANIFEST = "http://example.org/15.1/MANIFEST"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return tmp_path.resolve()


@pytest.fixture
def host(here: Path) -> RootHost:
    return RootHost(here / "host")


def manifest(data: bytes, name: str = "base.txz") -> str:
    return f'{name}\t{hashlib.sha256(data).hexdigest()}\t12\tbase\t"Base system (MANDATORY)"\ton\n'


@pytest.fixture
def archive(here: Path) -> Path:
    """A base set with its MANIFEST, on the host."""
    return archive_of(here, base_set())


def archive_of(here: Path, data: bytes) -> Path:
    directory = here / "dist"
    directory.mkdir(exist_ok=True)
    (directory / "base.txz").write_bytes(data)
    (directory / "MANIFEST").write_text(manifest(data))
    return directory / "base.txz"


@pytest.fixture
def make(host: RootHost, here: Path) -> Make:
    """Converge a root, `root` unless said otherwise."""

    def run(check_mode: bool = False, **options: Any) -> Outcome:
        given = {"path": f"{here}/root", "cache": f"{here}/cache", **options}
        return converge(host, {**OPTIONS, **given}, check_mode)

    return run


def put_files(*files: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"content": None, "source": None, "link": None, "mode": None, **file} for file in files]


def left(here: Path, host: RootHost) -> list[str]:
    """What is there beside the archive: of the root, the cache and the records."""
    found = [*here.glob("root*"), *here.glob("cache/*"), *Path(host.var_db).rglob("*.json*")]
    return sorted(str(path.relative_to(here)) for path in found)


# --- from an archive --------------------------------------------------------------------------------------------------


def record_of(here: Path) -> str:
    return f"host/db/bsd.jail/roots/{rootrecord.identity(f'{here}/root')}.json"


def test_a_root_is_made_once(host: RootHost, here: Path, archive: Path, make: Make) -> None:
    predicted = make(check_mode=True, archive=str(archive))
    assert predicted.plan.changes
    assert left(here, host) == []
    made = make(archive=str(archive))
    assert made.diff == predicted.diff
    assert (here / "root/etc/passwd").read_bytes() == b"root::0:0"
    assert os.stat(here / "root/tmp").st_mode & 0o7777 == 0o1777
    assert made.record is not None
    assert made.record.checksum == hashlib.sha256(archive.read_bytes()).hexdigest()
    (here / "root/etc/passwd").write_text("the jail's own")
    assert [step.what for step in made.steps] == [f"get and verify {archive}", f"extract {archive}"]
    assert predicted.steps == ()
    host.programs.clear()
    again = make(archive=str(archive))
    assert not again.plan.changes
    assert again.steps == ()
    assert host.programs == []
    assert (here / "root/etc/passwd").read_text() == "the jail's own"


def test_directories_above_the_root_are_made(host: RootHost, here: Path, archive: Path, make: Make) -> None:
    make(path=f"{here}/root/a/b/", archive=str(archive))
    assert (here / "root/a/b/bin/sh").exists()


def test_an_empty_directory_is_filled(host: RootHost, here: Path, archive: Path, make: Make) -> None:
    (here / "root").mkdir(mode=0o700)
    (here / "root/.zfs").mkdir()
    make(archive=str(archive))
    assert (here / "root/bin/sh").exists()


def test_another_archive_isnt_put_over_a_root(host: RootHost, here: Path, archive: Path, make: Make) -> None:
    make(archive=str(archive))
    outcome = make(archive="/dist/16.0/base.txz")
    assert not outcome.plan.changes
    assert [f"was made from {archive}" in warning for warning in outcome.warnings] == [True]
    outcome = make(
        archive="/mirror/base.txz", checksum=f"sha256:{hashlib.sha256(archive.read_bytes()).hexdigest().upper()}"
    )
    assert not outcome.warnings


def test_a_root_that_was_emptied_or_replaced_by_hand(host: RootHost, here: Path, archive: Path, make: Make) -> None:
    make(archive=str(archive))
    os.rename(here / "root", here / "away")
    assert make(archive=str(archive)).plan.changes
    os.rename(here / "root", here / "away2")
    (here / "root").mkdir()
    (here / "root/precious").touch()
    for options in ({"archive": str(archive)}, {"state": "absent"}):
        with pytest.raises(InputError, match=r"make it|made by"):
            make(**options)
    assert (here / "root/precious").exists()


@pytest.mark.parametrize("is_there", [True, False])
def test_a_root_whose_file_system_isnt_mounted(
    host: RootHost, here: Path, archive: Path, make: Make, is_there: bool
) -> None:
    host.node = str(here)
    make(archive=str(archive))
    os.rename(here / "root", here / "unmounted")
    host.node = "/"
    if is_there:
        (here / "root").mkdir()
    for options in ({"archive": str(archive)}, {"state": "absent"}):
        with pytest.raises(InputError, match=rf"was made on the file system of {here}, and that isn't mounted"):
            make(**options)
        assert make(check_mode=True, **options).warnings
    assert left(here, host) == [record_of(here)] + ["root"] * is_there
    assert not make(state="absent", force=True).warnings
    assert left(here, host) == []
    assert make(archive=str(archive)).plan.changes


def test_a_root_that_is_there_is_refused(host: RootHost, here: Path, archive: Path, make: Make) -> None:
    (here / "root").mkdir()
    (here / "root/file").touch()
    with pytest.raises(InputError, match=r"isn't empty.*leave out archive"):
        make(archive=str(archive))
    assert not make().plan.changes


def test_a_root_that_isnt_there_has_to_be_made_from_something(make: Make) -> None:
    with pytest.raises(InputError, match=r"isn't there.*archive or base"):
        make()
    assert make(check_mode=True).warnings


@pytest.mark.parametrize("where", ["root", "root/sub", "."])
def test_a_running_jails_directory_isnt_filled(
    host: RootHost, here: Path, archive: Path, make: Make, where: str
) -> None:
    host.jails["web"] = str((here / where).resolve())
    with pytest.raises(InputError, match="jail web runs"):
        make(archive=str(archive))
    assert left(here, host) == []


def test_a_service_jail_is_where_the_host_is(host: RootHost, archive: Path, make: Make) -> None:
    host.jails["svcj-nginx"] = "/"
    assert make(archive=str(archive)).plan.changes


@pytest.mark.parametrize("data", [base_set()[:200], b"<html>"], ids=["cut", "no archive"])
def test_a_bad_archive_leaves_nothing(host: RootHost, here: Path, make: Make, data: bytes) -> None:
    archive = archive_of(here, data)
    with pytest.raises(JailError, match="can't be extracted"):
        make(archive=str(archive))
    assert left(here, host) == []


def test_devices_in_an_archive(host: RootHost, here: Path, make: Make) -> None:
    fifo = tarfile.TarInfo("./etc/fifo")
    fifo.type = tarfile.FIFOTYPE
    archive = archive_of(here, base_set(fifo=fifo))
    with pytest.raises(JailError, match=r"holds devices, fifos or sockets \(/etc/fifo\)"):
        make(archive=str(archive))
    assert left(here, host) == []


def test_an_archive_of_nothing(host: RootHost, here: Path, make: Make) -> None:
    with tarfile.open(here / "none.tar", "w"):
        pass
    with pytest.raises(JailError, match="nothing in it"):
        make(archive=f"{here}/none.tar", checksum="none")
    assert left(here, host) == []


def test_a_failure_gives_an_empty_directory_back(host: RootHost, here: Path, archive: Path, make: Make) -> None:
    (here / "root").mkdir(mode=0o750)
    host.before[TAR] = lambda: (here / "root/half").touch()
    host.fails[TAR] = "tar: ./usr/lib/libc.a: Write failed: No space left on device\n" * 9
    with pytest.raises(JailError, match=r"No space left on device; .*\(and 4 more\)"):
        make(archive=str(archive))
    assert os.listdir(here / "root") == []
    assert os.stat(here / "root").st_mode & 0o7777 == 0o750


def test_what_cant_be_undone_is_known_and_cleared_away_by_the_next_run(
    host: RootHost, here: Path, archive: Path, make: Make
) -> None:
    host.before[TAR] = lambda: (here / "root/half").touch()
    host.fails.update({TAR: "tar: Write failed", RM: "rm: Device busy"})
    with pytest.raises(JailError, match=r"Write failed.*the next run clears it away"):
        make(archive=str(archive))
    host.fails.clear()
    host.before.clear()
    assert make(check_mode=True, archive=str(archive)).state == "cut short"
    with pytest.raises(InputError, match="making was cut short"):
        make()
    make(archive=str(archive))
    assert not (here / "root/half").exists()
    assert (here / "root/bin/sh").exists()


def killed(make: Callable[[], object]) -> None:
    """Do something in a child that is killed on the way, or not at all."""
    pid = os.fork()
    if pid == 0:
        try:
            make()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)


@pytest.mark.parametrize("program", [JLS, TAR, "/usr/bin/find"])
def test_killed_at_any_moment(host: RootHost, here: Path, archive: Path, make: Make, program: str) -> None:
    host.before[program] = lambda: os.kill(os.getpid(), signal.SIGKILL)
    killed(lambda: make(archive=str(archive)))
    host.before.clear()
    if (here / "root").exists():
        (here / "root/half").touch()
    assert make(archive=str(archive)).plan.changes
    assert not (here / "root/half").exists()
    assert not make(archive=str(archive)).plan.changes


def test_programs_that_outlive_a_killed_run_hold_its_lock(host: RootHost, here: Path, make: Make) -> None:
    host.network = {URL: base_set()}
    make(path=f"{here}/base", archive=URL, checksum="none")
    make(base=f"{here}/base")
    make(state="absent")
    assert host.kept == {"fetch", "tar", "find", "cp", "chflags", "rm"}


def test_a_run_waits_for_one_that_holds_the_lock(host: RootHost, here: Path, archive: Path, make: Make) -> None:
    lock = f".root-{rootrecord.identity(f'{here}/root')}"
    with locks.held(host, {lock: "it"}, 0), pytest.raises(LockError, match="another run works on it"):
        make(archive=str(archive))
    assert left(here, host) == []


# --- checksums and the cache ------------------------------------------------------------------------------------------


def test_a_download_is_kept_and_verified_again(
    host: RootHost, here: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = base_set()
    host.network = {URL: data, MANIFEST: manifest(data).encode()}
    monkeypatch.setenv("HTTP_PROXY", "http://proxy:3128")
    monkeypatch.setenv("LD_PRELOAD", "/evil.so")
    make(archive=URL)
    assert host.environment == {"HTTP_PROXY": "http://proxy:3128"}
    (kept,) = (here / "cache").iterdir()
    assert kept.read_bytes() == data
    assert os.stat(here / "cache").st_mode & 0o7777 == 0o700
    host.programs.clear()
    make(path=f"{here}/root2", archive=URL)
    assert host.programs.count("fetch") == 1  # the MANIFEST
    kept.write_bytes(b"damaged")
    make(path=f"{here}/root3", archive=URL)
    assert kept.read_bytes() == data


def test_what_isnt_verified_isnt_kept(host: RootHost, here: Path, make: Make) -> None:
    host.network = {URL: base_set()}
    made = make(archive=URL, checksum="none")
    assert os.listdir(here / "cache") == []
    assert made.record is not None
    assert made.record.checksum


@pytest.mark.parametrize(
    ("network", "checksum", "words"),
    [
        ({}, None, "MANIFEST: Not Found.*checksum: sha256:.*checksum: none"),
        ({URL: b"x", MANIFEST: manifest(b"x", "kernel.txz").encode()}, None, "doesn't list base.txz.*checksum: none"),
        ({URL: b"x", MANIFEST: manifest(b"y").encode()}, None, "wrong checksum.*MANIFEST lists"),
        ({URL: b"x"}, f"sha256:{'0' * 64}", "wrong checksum.*the option checksum says 0000"),
        ({URL: "Operation timed out"}, f"sha256:{'0' * 64}", "base.txz can't be fetched: .*timed out"),
        ({URL: "Not Found"}, "none", "can't be fetched: .*Not Found"),
    ],
)
def test_what_cant_be_had_or_verified(
    host: RootHost,
    here: Path,
    make: Make,
    network: dict[str, bytes | str],
    checksum: str | None,
    words: str,
) -> None:
    host.network = network
    with pytest.raises(JailError, match=words):
        make(archive=URL, checksum=checksum)
    assert left(here, host) == []


def test_what_a_killed_download_left_is_replaced(host: RootHost, here: Path, make: Make) -> None:
    data = base_set()
    host.network = {URL: data}
    checksum = f"sha256:{hashlib.sha256(data).hexdigest()}"
    host.before[FETCH] = lambda: os.kill(os.getpid(), signal.SIGKILL)
    killed(lambda: make(archive=URL, checksum=checksum))
    host.before.clear()
    (here / "cache" / f"{hashlib.sha256(data).hexdigest()}.base.txz.new").write_bytes(b"half")
    make(archive=URL, checksum=checksum)
    assert (here / "root/bin/sh").exists()
    assert len(os.listdir(here / "cache")) == 1


def test_a_cache_that_others_can_write_in(host: RootHost, here: Path, make: Make) -> None:
    (here / "cache").mkdir()
    os.chmod(here / "cache", 0o777)
    host.network = {URL: base_set()}
    with pytest.raises(InputError, match="others than root can write in the cache"):
        make(archive=URL, checksum="none")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"archive": "base.txz"}, "neither a URL"),
        ({"archive": "gopher://x/base.txz"}, "neither a URL"),
        ({"archive": "/dist/"}, "is a directory"),
        ({"archive": "/dist/base.txz", "checksum": "sha256:12"}, "neither 'sha256:'"),
        ({"archive": "/dist/base.txz", "checksum": "md5:12"}, "neither 'sha256:'"),
        ({"archive": "/nosuch/base.txz"}, "isn't there"),
        ({"archive": "/dist/base.txz", "timeout": 0}, "timeout 0"),
        ({"archive": "/dist/base.txz", "cache": "cache"}, "isn't an absolute path"),
        ({"path": "jails/web"}, "isn't an absolute path"),
        ({"path": "/"}, "host's own"),
        ({"path": "/usr/lib/jail"}, "/usr/lib is one of the host's own"),
        ({"path": "/var//db/"}, "host's own"),
        ({"base": "relative"}, "base 'relative' isn't"),
        ({"base": "/b", "directories": ["/etc/../.."]}, "isn't the path"),
        ({"base": "/b", "directories": ["/"]}, "isn't the path"),
        ({"base": "/b", "directories": []}, "is empty"),
        ({"base": "/b", "directories": ["var", "/var/db"]}, "one lies in the other"),
        ({"base": "/nosuch"}, "/nosuch/etc can't be copied: No such file"),
    ],
)
def test_bad_input(host: RootHost, here: Path, make: Make, options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        make(**options)
    assert left(here, host) == []


def test_a_path_through_links_of_the_host(host: RootHost, here: Path, archive: Path, make: Make) -> None:
    (here / "disk").mkdir()
    (here / "jails").symlink_to("disk")
    assert make(path=f"{here}/jails/web", archive=str(archive)).path == f"{here}/disk/web"
    host.jails["web"] = f"{here}/disk/web"
    (here / "disk/web/out").symlink_to(here)
    with pytest.raises(InputError, match="lies in a jail"):
        make(path=f"{here}/jails/web/out/new", archive=str(archive))
    (here / "link").symlink_to("disk/web")
    with pytest.raises(InputError, match="is a link"):
        make(path=f"{here}/link", state="absent")


# --- from a base ------------------------------------------------------------------------------------------------------


@pytest.fixture
def base(here: Path, archive: Path, make: Make) -> str:
    make(path=f"{here}/base", archive=str(archive))
    return f"{here}/base"


def test_a_thin_jails_directories(host: RootHost, here: Path, base: str, make: Make) -> None:
    made = make(base=base)
    assert made.record is not None
    assert made.record.parts == ("/etc", "/home", "/root", "/tmp", "/usr/local", "/var")
    assert sorted(os.listdir(here / "root")) == ["etc", "home", "root", "tmp", "usr", "var"]
    assert os.stat(here / "root/tmp").st_mode & 0o7777 == 0o1777
    (here / "root/etc/passwd").write_text("own")
    host.programs.clear()
    assert not make(base=base).plan.changes
    assert not make(base="/another").plan.changes  # when the base is upgraded
    assert host.programs == []


def test_a_directory_that_is_added_is_copied_while_the_others_are_in_use(
    host: RootHost, here: Path, base: str, make: Make
) -> None:
    make(base=base, directories=["etc"])
    host.mounted = [("nullfs", f"{here}/root/etc", f"{here}/thin/etc")]
    (here / "root/etc/passwd").write_text("own")
    added = make(base=base, directories=["etc", "/var"])
    assert added.plan.make == ("/var",)
    assert (here / "root/etc/passwd").read_text() == "own"
    assert (here / "root/var").is_dir()
    with pytest.raises(InputError, match="copied already"):
        make(base=base, directories=["etc/sub"])


def test_a_copy_that_fails_takes_only_itself_away(host: RootHost, here: Path, base: str, make: Make) -> None:
    make(base=base, directories=["etc"])
    host.before[CP] = lambda: (here / "root/var").mkdir()
    host.fails[CP] = "cp: No space left on device"
    with pytest.raises(JailError, match="No space left"):
        make(base=base, directories=["etc", "var"])
    assert os.listdir(here / "root") == ["etc"]
    host.fails.clear()
    host.before.clear()
    assert not make(base=base, directories=["etc"]).plan.changes
    assert make(base=base, directories=["etc", "var"]).plan.changes


def test_a_copy_that_was_killed_is_made_anew(host: RootHost, here: Path, base: str, make: Make) -> None:
    make(base=base, directories=["etc"])
    host.before[CP] = lambda: os.kill(os.getpid(), signal.SIGKILL)
    killed(lambda: make(base=base, directories=["etc", "var"]))
    host.before.clear()
    (here / "root/var").mkdir()
    (here / "root/var/half").touch()
    (here / "root/etc/own").touch()
    assert make(base=base, directories=["etc"]).plan.clear == ("/var",)
    assert os.listdir(here / "root") == ["etc"]
    assert (here / "root/etc/own").exists()
    assert os.stat(here / "root").st_mode & 0o7777 == 0o755
    assert not make(base=base, directories=["etc"]).plan.changes


def test_a_base_that_cant_be_copied_from(host: RootHost, here: Path, base: str, make: Make) -> None:
    (here / "base/opt").symlink_to("/etc")
    with pytest.raises(InputError, match="base/opt is a link"):
        make(base=base, directories=["opt"])
    with pytest.raises(InputError, match="one lies in the other"):
        make(base=base, path=f"{base}/own")
    with pytest.raises(InputError, match="lies in a jail"):
        make(base=f"{base}/opt", directories=["ssh"])
    host.jails["web"] = base
    with pytest.raises(InputError, match="root of jail web"):
        make(base=base)
    assert left(here, host) == [f"host/db/bsd.jail/roots/{rootrecord.identity(base)}.json"]


# --- files ------------------------------------------------------------------------------------------------------------


def test_files_are_put_whenever_they_differ(host: RootHost, here: Path, archive: Path, make: Make) -> None:
    (here / "hosts").write_text("127.0.0.1 localhost\n")
    options = {
        "archive": str(archive),
        "files": put_files(
            {"path": "/etc/resolv.conf", "content": "nameserver 10.0.0.1\n"},
            {"path": "//etc/hosts", "source": f"{here}/hosts", "mode": "0600"},
            {"path": "/new/dir/localtime", "link": "/usr/share/zoneinfo/UTC"},
            {"path": "/etc/motd", "content": ""},
        ),
    }
    first = make(**options)
    assert [file.path for _, file in first.plan.files] == [
        "/etc/resolv.conf",
        "/etc/hosts",
        "/new/dir/localtime",
        "/etc/motd",
    ]
    root = here / "root"
    assert (root / "etc/hosts").read_text() == "127.0.0.1 localhost\n"
    assert os.stat(root / "etc/hosts").st_mode & 0o7777 == 0o600
    assert os.readlink(root / "new/dir/localtime") == "/usr/share/zoneinfo/UTC"
    host.programs.clear()
    assert not make(**options).plan.changes
    assert host.programs == []
    host.jails["web"] = str(root)
    (root / "etc/resolv.conf").write_text("edited, and longer than it was\n")
    os.chmod(root / "etc/hosts", 0o644)
    os.unlink(root / "etc/motd")
    (root / "etc/motd").symlink_to(here / "hosts")
    predicted = make(check_mode=True, **options)
    again = make(**options)
    assert again.diff == predicted.diff
    assert [one["before"] for one in again.diff] == [
        "edited, and longer than it was\n",
        "mode: 0644, owner: 0:0\n127.0.0.1 localhost\n",
        f"link: {here}/hosts\n",
    ]
    assert (here / "hosts").read_text() == "127.0.0.1 localhost\n"
    assert not (root / "etc/motd").is_symlink()
    assert not make(**options).plan.changes
    assert sorted(os.listdir(root / "etc")) == ["hosts", "motd", "passwd", "resolv.conf"]


def test_what_cant_be_shown_is_named(here: Path, make: Make) -> None:
    (here / "root").mkdir()
    os.mkfifo(here / "root/key")
    (here / "binary").write_bytes(b"\xff\xfe")
    (shown,) = make(files=put_files({"path": "/key", "source": f"{here}/binary"})).diff
    assert shown["before"] == "(a special file)\n"
    assert shown["after"] == f"(binary, SHA-256 {hashlib.sha256(bytes([0xFF, 0xFE])).hexdigest()})\n"
    assert (here / "root/key").read_bytes() == b"\xff\xfe"


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ({"path": "etc/x", "content": ""}, "isn't an absolute path"),
        ({"path": "/etc/../../x", "content": ""}, "without '..'"),
        ({"path": "/etc/", "content": ""}, "isn't the path of a file"),
        ({"path": "/etc/x"}, "has none"),
        ({"path": "/etc/x", "content": "", "link": "y"}, "has content and link"),
        ({"path": "/etc/x", "link": "y", "mode": "0644"}, "no mode"),
        ({"path": "/etc/x", "link": ""}, "can't lead to"),
        ({"path": "/etc/x", "content": "", "mode": "u+x"}, "octal digits"),
        ({"path": "/etc/x", "content": "", "mode": 65536}, "octal digits"),
        ({"path": "/etc/x", "source": "x"}, "isn't an absolute path"),
        ({"path": "/etc/x", "source": "/nosuch"}, "/nosuch isn't there"),
        ({"path": "/etc/x", "source": "/etc"}, "isn't a file"),
        ({"path": "/out/x", "content": ""}, "root/out is a link"),
        ({"path": "/etc", "content": ""}, "is a directory"),
        ({"path": "/file/x", "content": ""}, "is a file, not a directory"),
    ],
)
def test_bad_files(host: RootHost, here: Path, make: Make, file: dict[str, Any], words: str) -> None:
    (here / "root/etc").mkdir(parents=True)
    (here / "root/file").touch()
    (here / "root/out").symlink_to(here)
    with pytest.raises(JailError, match=words):
        make(files=put_files(file))
    assert os.listdir(here / "root/etc") == []
    assert not (here / "x").exists()


def test_the_same_file_twice(here: Path, make: Make) -> None:
    (here / "root").mkdir()
    with pytest.raises(InputError, match="there twice"):
        make(files=put_files({"path": "/a", "content": ""}, {"path": "//a", "link": "b"}))


def test_a_link_that_a_jail_put_in_a_sources_way(host: RootHost, here: Path, make: Make) -> None:
    (here / "root").mkdir()
    (here / "secret").write_text("secret")
    (here / "root/cert").symlink_to(here / "secret")
    host.jails["web"] = f"{here}/root"
    with pytest.raises(InputError, match="lies in a jail"):
        make(files=put_files({"path": "/copy", "source": f"{here}/root/cert"}))


# --- absent -----------------------------------------------------------------------------------------------------------


def test_a_root_goes_with_all_that_is_in_it(host: RootHost, here: Path, archive: Path, make: Make) -> None:
    make(archive=str(archive))
    (here / "outside").mkdir()
    (here / "outside/file").touch()
    (here / "root/out").symlink_to(here / "outside")
    predicted = make(check_mode=True, state="absent")
    assert (here / "root/bin/sh").exists()
    removed = make(state="absent")
    assert removed.diff == predicted.diff
    assert removed.state == "absent"
    assert left(here, host) == []
    assert (here / "outside/file").exists()
    host.programs.clear()
    assert not make(state="absent").plan.changes
    assert host.programs == []


def test_what_wasnt_made_here_stays(host: RootHost, here: Path, make: Make) -> None:
    (here / "root").mkdir()
    (here / "root/precious").touch()
    with pytest.raises(InputError, match=r"isn't removed.*didn't make it.*force"):
        make(state="absent")
    assert make(state="absent", force=True).plan.changes
    assert left(here, host) == []
    (here / "root").mkdir()
    assert make(state="absent").plan.changes


def test_who_uses_a_root_is_named(host: RootHost, here: Path, archive: Path, make: Make) -> None:
    make(archive=str(archive))
    root = f"{here}/root"
    uses: list[tuple[Callable[[], object], str]] = [
        (lambda: host.jails.update(web=root), "jail web runs with that path"),
        (lambda: host.jails.update(web=f"{root}/sub"), "jail web runs within it"),
        (lambda: host.jails.update(web=str(here)), "jail web runs around it"),
        (lambda: host.configure("db", f"path={root}"), "jail db is configured with that path"),
        (lambda: host.configure("db", "path=/x", f"mount={root}/etc /x/etc nullfs ro 0 0"), "configured to mount"),
        (lambda: host.mounted.append(("devfs", "devfs", f"{root}/dev")), "devfs is mounted on .*root/dev"),
        (lambda: host.mounted.append(("zfs", "z/root", root)), "is a mount point.*z/root.*destroy"),
        (lambda: host.mounted.append(("nullfs", f"{root}/etc", "/x/etc")), "root/etc is mounted on /x/etc"),
    ]
    for use, words in uses:
        use()
        with pytest.raises(InputError, match=words):
            make(state="absent", force=True)
        assert any(words.split(".*")[0] in warning for warning in make(check_mode=True, state="absent").warnings)
        host.jails.clear()
        host.configured.clear()
        host.mounted.clear()
    make(path=f"{root}/jails/inner", archive=str(archive))
    with pytest.raises(InputError, match="jails/inner within it is a root of its own"):
        make(state="absent")
    assert (here / "root/bin/sh").exists()


@pytest.mark.parametrize("program", [CHFLAGS, RM])
def test_a_removal_that_is_cut_short_goes_on(
    host: RootHost, here: Path, archive: Path, make: Make, program: str
) -> None:
    make(archive=str(archive))
    host.fails[program] = f"{program}: Operation not permitted"
    with pytest.raises(JailError, match="Operation not permitted"):
        make(state="absent")
    host.fails.clear()
    (here / "root/half").touch()
    remade = make(archive=str(archive))
    assert remade.plan.clear == ("/",)
    assert not (here / "root/half").exists()
    host.before[program] = lambda: os.kill(os.getpid(), signal.SIGKILL)
    killed(lambda: make(state="absent"))
    host.before.clear()
    assert make(state="absent").state == "absent"
    assert left(here, host) == []
