# SPDX-License-Identifier: BSD-2-Clause
"""What a stand-in's root looks like: FreeBSD's tree, laid over what machine.py takes of the machine."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from . import fresh, machine
from .zones import ZONES, tzfile

HIDDEN = "usr/libexec/standin"

# FreeBSD's directories. /lib and /lib64 are the machine's, links into /usr.
DIRECTORIES = """
bin boot dev etc etc/jail.conf.d etc/rc.conf.d home libexec media mnt net proc rescue root sbin tmp
usr/bin usr/games usr/home usr/include usr/libexec usr/local usr/local/bin usr/local/etc usr/local/etc/rc.d
usr/local/sbin usr/local/lib usr/lib/compat usr/obj usr/ports usr/sbin usr/src usr/tests
var var/account var/at var/audit var/backups var/cache var/crash var/cron var/db var/empty var/games var/heimdal
var/log var/mail var/msgs var/preserve var/run var/spool var/spool/lock var/tmp var/yp
""".split()

# busybox's applets, where FreeBSD has the program of that name.
APPLETS = {
    "bin": "cat chmod cp date dd df echo ed expr ln ls mkdir mv nproc pwd realpath rm rmdir sleep stty sync test [",
    "usr/bin": """
awk basename bc bunzip2 bzip2 cal chgrp cksum cmp comm cut dc diff dirname du egrep expand false fgrep fold getopt
grep groups gunzip gzip head hexdump id install last less link logname md5sum mkfifo mktemp more nl od paste patch
printf readlink renice reset rev sed seq sha1sum sha256sum sha512sum shuf sort split stat strings tail tar tee touch
tr true truncate tty unexpand uniq unlink unxz unzip uudecode uuencode vi wc which who whoami xxd xz xzcat yes zcat""",
    "usr/sbin": "chown chroot mknod",
}
# The machine's own programs, by the name that they have below HIDDEN. Not all can be busybox's: its `env`, `find` and
# their like run its own applets instead of what is in PATH.
BINARIES = {
    "bsdtar": "bsdtar",
    "busybox": "busybox",
    "gnu-find": "find",
    "nice": "nice",
    "nohup": "nohup",
    "python3": machine.PYTHON,
    "sh": "dash",
    "xargs": "xargs",
}
# Where the launcher runs one of them.
LAUNCHED = ("bin/sh", "usr/bin/nice", "usr/bin/nohup", "usr/bin/xargs")

# Those that run as root for everybody, each of which is a file of its own.
SETUID = frozenset({"sbin/ping", "usr/bin/chpass", "usr/bin/crontab", "usr/bin/su"})

LIBRARIES = ("libc.so.7", "libjail.so.1", "libutil.so.10")
# Where bsdinstall(8) and FreeBSD's installation media have the sets.
SETS = "usr/freebsd-dist"

# What of dash isn't FreeBSD's, replaced by as many bytes: its messages name the line, and the program that a builtin
# complains for (recorded: srv-1, mod-13); its kill knows Linux's signals (sig-4), so /bin/kill has to be found instead.
DASH = {
    b"%s: %d: \0": b"%s: %.0s\0",
    b"%s: %d: %s: \0": b"%.0s%.0s%s: \0",
    b"\0jobs\0kill\0local\0": b"\0jobs\0k\1ll\0local\0",
}


def binaries() -> dict[str, str]:
    """The paths of BINARIES on this machine, by name."""
    return {name: shutil.which(program) or program for name, program in BINARIES.items()}


def assemble(top: Path, build: Path, sources: Path, is_fresh: bool) -> None:
    """Make the upper tree, with Python as FreeBSD's, or as FreeBSD's installer leaves a host.

    top: an empty directory. build: what build.py made (launcher, libc.so.7, back.so, lib/, programs/, kernel/).
    sources: the directory with python/ and base/, whose files go in as they are.
    """
    for name in DIRECTORIES:
        _made(top / name)
    for name in ("tmp", "var/tmp"):
        os.chmod(top / name, 0o1777)
    os.chmod(top / "root", 0o750)
    _programs(top, build)
    _copy_base(top, sources / "base")
    if is_fresh:
        fresh.make(top)
    else:
        _python(top, sources / "python")
    for name, rule in ZONES.items():
        zone = top / "usr/share/zoneinfo" / name
        _made(zone.parent)
        zone.write_bytes(tzfile(rule))
    for name in ("base.txz", "MANIFEST"):
        shutil.copy(build / name, _made(top / SETS))
    shutil.copytree(build / "packages", top, dirs_exist_ok=True)


def _programs(top: Path, build: Path) -> None:
    hidden = top / HIDDEN
    (hidden / "bin").mkdir(parents=True)
    for name in ("lib", "kernel", "programs"):
        shutil.copytree(build / name, hidden / name)
    for name in ("main.py", "back.so", "order.so"):
        shutil.copy(build / name, hidden)
    for name in LIBRARIES:
        shutil.copy(build / name, _made(top / "usr/lib"))
    shutil.copy(machine.FILES[0], top / "libexec/ld-elf.so.1")
    (hidden / "proc").mkdir()
    launcher = hidden / "launcher"
    shutil.copy(build / "launcher", launcher)
    for name, program in binaries().items():
        shutil.copy(program, hidden / "bin" / name)
    for directory, names in APPLETS.items():
        for name in names.split():
            os.link(hidden / "bin/busybox", top / directory / name)
    _shell(hidden / "bin/sh")
    for path in (*LAUNCHED, *(build / "paths").read_text().split()):
        _link(launcher, top / path)
    for path in SETUID:
        (top / path).unlink()
        shutil.copy(launcher, top / path)
        (top / path).chmod(0o4555)


def _shell(path: Path) -> None:
    """Make dash FreeBSD's sh."""
    program = path.read_bytes()
    for dash, freebsd in DASH.items():
        program = program.replace(dash, freebsd)
    path.write_bytes(program)


def _link(launcher: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    os.link(launcher, path)


def _made(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def _python(top: Path, source: Path) -> None:
    """/usr/local/bin/python3, a virtual environment of the machine's: sys.prefix is /usr/local, sitecustomize is
    found.
    """
    name = os.path.basename(machine.PYTHON)
    local = top / "usr/local"
    shutil.copy(machine.PYTHON, local / "bin" / name)
    os.symlink(name, local / "bin/python3")
    (local / "pyvenv.cfg").write_text(f"home = /{HIDDEN}/bin\ninclude-system-site-packages = false\n")
    packages = _made(local / "lib" / name / "site-packages")
    for file in source.glob("*.py"):
        shutil.copy(file, packages)


def _copy_base(top: Path, base: Path) -> None:
    for directory, _names, files in os.walk(base):
        inside = os.path.relpath(directory, base)
        target = _made(top / inside)
        for file in files:
            path = target / file
            shutil.copy(os.path.join(directory, file), path, follow_symlinks=False)
            if inside.startswith(("etc/rc.d", "usr/local/etc/rc.d")):
                path.chmod(0o555)
    (top / "etc/master.passwd").chmod(0o600)
    shutil.copy(top / "etc/passwd", top / "etc/pwd.db")
