# SPDX-License-Identifier: BSD-2-Clause
"""What a stand-in's root looks like: FreeBSD's tree, laid over the machine's own root.

The machine's root is the lowest layer, for Python's library and the shared libraries; whatever else it has is hidden,
by an empty directory where FreeBSD has one of that name, by a whiteout where it hasn't.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from pathlib import Path

HIDDEN = "usr/libexec/standin"
LOADER = "/lib64/ld-linux-x86-64.so.2"

# FreeBSD's directories, each in place of the machine's. /usr, /usr/lib and /usr/share are the machine's with
# FreeBSD's files added: Python's library and the shared libraries lie there. /lib and /lib64 stay the links into /usr
# that they are.
DIRECTORIES = """
bin boot dev etc etc/jail.conf.d etc/rc.conf.d home libexec media mnt net proc rescue root sbin tmp
usr/bin usr/games usr/home usr/include usr/libexec usr/local usr/local/bin usr/local/etc usr/local/etc/rc.d
usr/local/sbin usr/local/lib usr/lib/compat usr/obj usr/ports usr/sbin usr/src usr/tests
var var/account var/at var/audit var/backups var/cache var/crash var/cron var/db var/empty var/games var/heimdal
var/log var/mail var/msgs var/preserve var/run var/spool var/spool/lock var/tmp var/yp
""".split()
KEPT = frozenset({"usr", "lib", "lib64"})

# busybox's applets, where FreeBSD has the program of that name, and the machine's own binaries where busybox won't
# do: its `env`, `find` and their like run its own applets instead of what is in PATH.
APPLETS = {
    "bin": "cat chmod cp date dd df echo ed expr ln ls mkdir mv nproc pwd realpath rm rmdir sleep stty sync test [",
    "usr/bin": """
awk basename bc bunzip2 bzip2 cal chgrp cksum cmp comm cut dc diff dirname du egrep expand false fgrep fold getopt
grep groups gunzip gzip head hexdump id install last less link logname md5sum mkfifo mktemp more nl od paste patch
printf readlink renice reset rev sed seq sha1sum sha256sum sha512sum shuf sort split stat strings tail tar tee touch
tr true truncate tty unexpand uniq unlink unxz unzip uudecode uuencode vi wc which who whoami xxd xz xzcat yes zcat""",
    "usr/sbin": "chown chroot mknod",
}
BINARIES = {
    "bin/sh": "/bin/dash",
    "usr/bin/nice": "",
    "usr/bin/nohup": "",
    "usr/bin/xargs": "",
}

# What of dash isn't FreeBSD's, replaced by as many bytes: its messages name the line, and the program that a builtin
# complains for (recorded: srv-1, mod-13); its kill knows Linux's signals (sig-4), so /bin/kill has to be found instead.
DASH = {
    b"%s: %d: \0": b"%s: %.0s\0",
    b"%s: %d: %s: \0": b"%.0s%.0s%s: \0",
    b"\0jobs\0kill\0local\0": b"\0jobs\0k\1ll\0local\0",
}


def assemble(top: Path, build: Path, sources: Path) -> None:
    """Make the upper tree.

    top: an empty directory. build: what build.py made (launcher, libc.so.7, back.so, lib/, programs/, kernel/).
    sources: the directory with python/ and base/, whose files go in as they are.
    """
    for name in DIRECTORIES:
        _made(top / name)
        os.setxattr(top / name, "trusted.overlay.opaque", b"y")
    for entry in os.listdir("/"):
        if entry not in KEPT and not os.path.lexists(top / entry):
            os.mknod(top / entry, stat.S_IFCHR, os.makedev(0, 0))
    for name in ("tmp", "var/tmp"):
        os.chmod(top / name, 0o1777)
    os.chmod(top / "root", 0o750)
    _programs(top, build)
    _python(top, sources / "python")
    _copy_base(top, sources / "base")


def _programs(top: Path, build: Path) -> None:
    hidden = top / HIDDEN
    (hidden / "bin").mkdir(parents=True)
    for name in ("lib", "kernel", "programs"):
        shutil.copytree(build / name, hidden / name)
    for name in ("main.py", "back.so"):
        shutil.copy(build / name, hidden)
    for name in ("libc.so.7", "libutil.so.10"):
        shutil.copy(build / name, _made(top / "usr/lib"))
    shutil.copy(LOADER, top / "libexec/ld-elf.so.1")
    (hidden / "proc").mkdir()
    launcher = hidden / "launcher"
    shutil.copy(build / "launcher", launcher)
    busybox = hidden / "bin/busybox"
    shutil.copy(shutil.which("busybox") or "", busybox)
    shutil.copy(os.path.realpath("/usr/bin/python3"), hidden / "bin/python3")
    shutil.copy(shutil.which("find") or "", hidden / "bin/gnu-find")
    for directory, names in APPLETS.items():
        for name in names.split():
            os.link(busybox, top / directory / name)
    for path, source in BINARIES.items():
        name = os.path.basename(path)
        shutil.copy(source or shutil.which(name) or "", hidden / "bin" / name)
        _link(launcher, top / path)
    _shell(hidden / "bin/sh")
    for line in (build / "paths").read_text().split():
        _link(launcher, top / line)


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
    binary = os.path.realpath("/usr/bin/python3")
    name = os.path.basename(binary)
    local = top / "usr/local"
    shutil.copy(binary, local / "bin" / name)
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
