# SPDX-License-Identifier: BSD-2-Clause
"""Bring a stand-in up, find it, enter it, throw it away: namespaces and a root of its own.

A stand-in is its first process. That process listens on the abstract Unix socket `standin/NAME`: who connects learns
its pid from the kernel, two of one name can't be, and nothing has to be tidied up after one that was killed.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import struct
import time
from pathlib import Path

from . import allowed, linux, root, users
from .build import HERE, build, forget, layer

PREFIX = "standin/"
BOOT_TIMEOUT = 300  # seconds
ROOT_GROUPS = [0, 5]  # wheel and operator, base/etc/group
ENVIRONMENT = {
    "PATH": "/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin",
    "HOME": "/root",
    "USER": "root",
    "LOGNAME": "root",
    "SHELL": "/bin/sh",
}


class StandinError(Exception):
    """What the command prints before it ends with status 1."""


def names() -> list[str]:
    """The names of this user's stand-ins that are up."""
    with open("/proc/net/unix") as sockets:
        found = {line.split()[-1] for line in sockets if f"@{PREFIX}" in line}
    return sorted(name for path in found if _is_own(name := path[1 + len(PREFIX) :]))


def _is_own(name: str) -> bool:
    try:
        pid_of(name)
    except StandinError:
        return False
    return True


def pid_of(name: str) -> int:
    """The pid of a stand-in's first process. StandinError when it isn't up, or another user's."""
    with connected(name) as sock:
        pid, uid, _gid = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    if uid != os.geteuid():
        raise StandinError(f"the stand-in of the name {name} is another user's")
    return int(pid)


def is_open(sock: socket.socket) -> bool:
    """Whether the sshd of the stand-in that this is connected to is there: it isn't from when the stand-in goes down
    until /etc/rc has started it anew.
    """
    try:
        sock.sendall(b"login")
        return sock.recv(3) == b"yes"
    except OSError:
        return False


def connected(name: str) -> socket.socket:
    """A socket to a stand-in's first process, which is closed when that goes down. StandinError when it isn't up."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.connect(f"\0{PREFIX}{name}")
    except OSError:
        sock.close()
        raise StandinError(f"no stand-in of the name {name} is up") from None
    return sock


def up(name: str, *, fresh: bool) -> None:
    """Bring one up; returns when it is. fresh: as FreeBSD's installer leaves a host.

    StandinError when the name is taken or it doesn't come up, with its own words.
    """
    alone = users.only_root() if fresh else None
    if alone is not None:
        raise StandinError(f"a fresh stand-in has a user who isn't root, and {alone}")
    built, machine = build(), layer(list(root.binaries().values()))
    forget(layers=not names())
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(f"\0{PREFIX}{name}")
    except OSError:
        raise StandinError(f"a stand-in of the name {name} is up already") from None
    ready_read, ready_write = os.pipe()
    if os.fork() == 0:
        os.close(ready_read)
        os.setsid()
        try:
            if os.geteuid() != 0:
                users.become_root()
            linux.unshare(allowed.NAMESPACES)
        except OSError as error:
            os.write(ready_write, str(error).encode())
            os._exit(1)
        if os.fork() == 0:
            _first_process(name, (built, machine), fresh, listener, ready_write)
        os._exit(0)
    listener.close()
    os.close(ready_write)
    os.wait()
    with os.fdopen(ready_read) as ready:
        said = ready.read()
    if said != "ready":
        raise StandinError(allowed.problem() or f"{name} did not come up: {said.strip() or 'it ended'}")


def down(name: str) -> None:
    """Throw a stand-in away: end its first process, and with it all else; returns when it is gone."""
    pidfd = os.pidfd_open(pid_of(name))
    signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    select.select([pidfd], [], [])
    os.close(pidfd)


def reboot(name: str, *, crash: bool) -> None:
    """Let a stand-in go down and come up again; returns when its sshd is there, and /etc/rc may still run.

    crash: all at once, without /etc/rc.shutdown. StandinError when it isn't up, or doesn't come up again.
    """
    with connected(name) as sock:
        sock.sendall(b"crash" if crash else b"reboot")
        sock.recv(1)
    deadline = time.monotonic() + BOOT_TIMEOUT
    is_there = False
    while not is_there:
        if time.monotonic() > deadline:
            said = Path(f"/proc/{pid_of(name)}/root/var/log/kernel").read_text(errors="replace")[-500:]
            raise StandinError(f"{name} has no sshd after {BOOT_TIMEOUT} seconds. What /etc/rc said at last:\n{said}")
        time.sleep(0.02)
        with connected(name) as sock:
            is_there = is_open(sock)


def enter(name: str) -> None:
    """Make the children of this process processes of the stand-in, with its root, as sshd's are."""
    pid = pid_of(name)
    own = os.geteuid() == 0  # where there is no other user namespace to enter
    kinds = ("net", "uts", "ipc", "pid", "mnt") if own else ("user", "net", "uts", "ipc", "pid", "mnt")
    for fd in [os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY) for kind in kinds]:
        linux.setns(fd)
        os.close(fd)
    with contextlib.suppress(PermissionError):  # where root is the only user, and its group the only one
        os.setgroups(ROOT_GROUPS)
    os.chdir("/root")


def _first_process(name: str, built: tuple[Path, Path], fresh: bool, listener: socket.socket, ready: int) -> None:
    """In the new namespaces: make the root, go into it, and become the kernel."""
    try:
        listener.listen()
        _make_root(*built, fresh)
        log = os.open("/var/log/kernel", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        null = os.open("/dev/null", os.O_RDONLY)
        for fd, target in ((null, 0), (log, 1), (log, 2)):
            os.dup2(fd, target)
        socket.sethostname("jailhost.example.org")
        os.set_inheritable(listener.fileno(), True)
        os.set_inheritable(ready, True)
        python = f"/{root.HIDDEN}/bin/python3"
        argv = ["init", "-I", "-S", f"/{root.HIDDEN}/kernel/main.py", str(listener.fileno()), str(ready), name]
        os.execve(python, argv, ENVIRONMENT)
    except BaseException as error:
        os.write(ready, f"{type(error).__name__}: {error}".encode())
        raise
    finally:
        os._exit(1)


def _make_root(built: Path, machine: Path, fresh: bool) -> None:
    linux.mount("none", "/", "none", linux.MS_REC | linux.MS_PRIVATE)
    # Anywhere but above this checkout, which has to stay in sight.
    place = next(path for path in map(Path, ("/tmp", "/mnt", "/media", "/srv")) if not HERE.is_relative_to(path))
    linux.mount("standin", place, "tmpfs", 0, "mode=755")
    lower, top, upper, work, new = (place / layer for layer in ("machine", "top", "upper", "work", "root"))
    for path in (lower, top, upper, work, new):
        path.mkdir()
    linux.mount(machine, lower, "none", linux.MS_BIND)
    root.assemble(top, built, HERE, fresh)
    linux.mount("standin", new, "overlay", 0, users.overlay(f"{top}:{lower}", upper, work))
    linux.mount("proc", new / root.HIDDEN / "proc", "proc")
    _make_dev(new)
    os.chdir(new)
    old = new / root.HIDDEN / "old"
    old.mkdir()
    linux.pivot_root(".", old)
    os.chdir("/")
    linux.umount(f"/{root.HIDDEN}/old", linux.MNT_DETACH)
    os.rmdir(f"/{root.HIDDEN}/old")


def _make_dev(new: Path) -> None:
    dev = new / "dev"
    linux.mount("devfs", dev, "tmpfs", linux.MS_NOSUID, "mode=755")
    for name, (major, minor) in {
        "null": (1, 3),
        "zero": (1, 5),
        "full": (1, 7),
        "random": (1, 8),
        "urandom": (1, 9),
        "tty": (5, 0),
        "cd0": (0, 0),
        "vtbd0": (0, 0),
    }.items():
        try:
            os.mknod(dev / name, 0o20666, os.makedev(major, minor))
            os.chmod(dev / name, 0o666)
        except PermissionError:  # in a user namespace, where the machine's own can still be shown
            (dev / name).touch()
            linux.mount(f"/dev/{name}", dev / name, "none", linux.MS_BIND)
    (dev / "pts").mkdir()
    linux.mount("devpts", dev / "pts", "devpts", linux.MS_NOSUID, "newinstance,ptmxmode=0666,mode=620")
    os.symlink("pts/ptmx", dev / "ptmx")
    os.symlink(f"/{root.HIDDEN}/proc/self/fd", dev / "fd")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.symlink(f"fd/{number}", dev / name)
