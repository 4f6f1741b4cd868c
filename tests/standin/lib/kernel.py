# SPDX-License-Identifier: BSD-2-Clause
"""System calls of the stand-in's kernel, as its programs make them: one JSON object each way over a Unix socket.

Every function raises KernelError, an OSError whose `message` is the kernel's errmsg (as jail_set(2) and nmount(2)
give it; often empty). The kernel finds the caller's uid and jail by its pid.
"""

from __future__ import annotations

import array
import errno
import json
import os
import socket
import sys
from typing import Any

HIDDEN = "/usr/libexec/standin"
PROC = f"{HIDDEN}/proc"
SOCKET = f"{HIDDEN}/kernel.sock"


class KernelError(OSError):
    """A system call failed.

    errno: the error's number. message: the kernel's own words, where it gave any.
    """

    def __init__(self, number: int, message: str = "") -> None:
        super().__init__(number, os.strerror(number))
        self.message = message


OUTSIDE: int | None = None  # the stand-in's own root, for a program that runs in a jail's root
_kept: socket.socket | None = None


def connect() -> None:
    """Keep a connection to the kernel open: from a jail's root, which has no way to its socket, there is no other."""
    global _kept
    if _kept is None:
        _kept = _connection()


def call(op: str, fds: tuple[int, ...] = (), **args: Any) -> dict[str, Any]:
    """Ask the kernel. Descriptors that it answers with are under 'fds'."""
    sock = _kept or _connection()
    try:
        reply, got = _exchange(sock, json.dumps({"op": op, "pid": os.getpid(), **args}).encode(), fds)
    finally:
        if sock is not _kept:
            sock.close()
    answer: dict[str, Any] = json.loads(reply)
    if answer.get("errno"):
        raise KernelError(answer["errno"], answer.get("message", ""))
    answer["fds"] = got
    return answer


def _connection() -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.connect(SOCKET)
    return sock


def _exchange(sock: socket.socket, body: bytes, fds: tuple[int, ...]) -> tuple[bytes, list[int]]:
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    sock.sendmsg([len(body).to_bytes(4, "little")], rights)
    sock.sendall(body)
    head, ancillary, _, _ = sock.recvmsg(4, socket.CMSG_SPACE(4 * 16), socket.MSG_WAITALL)
    got = array.array("i")
    for _level, _type, data in ancillary:
        got.frombytes(data[: len(data) - len(data) % got.itemsize])
    size, reply = int.from_bytes(head, "little"), b""
    while len(reply) < size:
        chunk = sock.recv(size - len(reply))
        if not chunk:
            raise KernelError(errno.EIO, "the kernel is gone")
        reply += chunk
    return reply, list(got)


# --- jails ------------------------------------------------------------------------------------------------------------


def jail_set(params: dict[str, Any], *, create: bool = False, update: bool = False, attach: bool = False) -> int:
    """jail_set(2): params are typed values by the kernel's names (params.PARAMS): int, bool, str, list of addresses,
    and for jailsys 'disable', 'new', 'inherit'. Returns the jid. With attach, this process is in the jail afterwards.
    """
    answer = call("jail_set", params=params, create=create, update=update, attach=attach)
    if attach:
        _enter(answer["fds"])
    return int(answer["jid"])


def jail_get(*, name: str | None = None, jid: int | None = None, dying: bool = False) -> dict[str, Any]:
    """All parameters of one jail, by the kernel's names. ENOENT with 'jail "x" not found' or 'jail "x" is dying'."""
    return dict(call("jail_get", name=name, jid=jid, dying=dying)["jail"])


def jails(dying: bool = False) -> list[dict[str, Any]]:
    """All parameters of each jail that the caller can see, in the order of their jids."""
    return list(call("jails", dying=dying)["jails"])


def jail_remove(jid: int) -> None:
    """jail_remove(2): kills what runs in it, gives its interfaces back, removes its children too."""
    call("jail_remove", jid=jid)


def jail_attach(jid: int) -> None:
    """jail_attach(2): this process is in the jail afterwards, with the working directory in its root.

    EPERM while it holds an open directory (recorded: att-1).
    """
    _enter(call("jail_attach", jid=jid)["fds"])


def own_jail() -> int:
    """The jid of the jail that this process is in; 0 on the host."""
    return int(call("own_jail")["jid"])


def own_addresses() -> dict[str, Any]:
    """ip4, ip4.addr, ip6 and ip6.addr of the jail that this process is in."""
    return dict(call("own_jail")["addresses"])


def _enter(fds: list[int]) -> None:
    """Become part of a jail: its UTS namespace, its network namespace, its root."""
    import ctypes  # which most programs can do without

    connect()
    uts, net, root = fds
    setns = ctypes.CDLL(None, use_errno=True).setns
    for fd in (uts, net):
        if setns(fd, 0) != 0:
            raise KernelError(ctypes.get_errno())
    os.fchdir(root)
    os.chroot(".")
    for fd in fds:
        os.close(fd)


def jail_of(pids: list[int]) -> dict[int, int]:
    """Which jail (jid, 0 for the host) each process is in, for those that exist and that the caller can see."""
    return {int(pid): jid for pid, jid in call("jail_of", pids=pids)["jails"].items()}


def processes() -> list[dict[str, Any]]:
    """Every process that the caller can see: pid, ppid, pgid, sid, jid, uid, ruid, gid, state (Linux's letter), comm,
    args (list), start (epoch, float), cpu (seconds), vsz and rss (KiB), tty ('' for none), threads.
    """
    return list(call("processes")["processes"])


def kill(pid: int, signal: int) -> None:
    """kill(2) with FreeBSD's signal numbers; reaches only what is in the caller's jail or below."""
    call("kill", target=pid, signal=signal)


def attach_tracer(pid: int) -> None:
    """ptrace(2): EPERM for a process that has turned tracing off, ESRCH for one that the caller can't see."""
    call("attach_tracer", target=pid)


# --- mounts -----------------------------------------------------------------------------------------------------------


def mounts() -> list[dict[str, Any]]:
    """The mount table in order, as getfsstat(2) shows it to the caller: fstype, special, node, flags (list of mount
    -p's option words), fsid (16 hexadecimal digits).
    """
    return list(call("mounts")["mounts"])


def statfs(path: str) -> dict[str, Any]:
    """statfs(2): the entry of mounts() for the file system that a path lies on. OSError where there is nothing."""
    fd = os.open(path, os.O_PATH)
    try:
        return {name: value for name, value in call("statfs", fds=(fd,)).items() if name != "fds"}
    finally:
        os.close(fd)


def nmount(fstype: str, fspath: str, special: str, options: dict[str, str | None]) -> None:
    """nmount(2). fspath may be '.', whatever its path has become (recorded: nmt-1)."""
    fd = os.open(fspath, os.O_PATH)
    try:
        fds = [fd]
        if fstype == "nullfs":
            fds.append(os.open(special, os.O_PATH))
        call("nmount", fds=tuple(fds), fstype=fstype, special=special, options=options)
        for extra in fds[1:]:
            os.close(extra)
    finally:
        os.close(fd)


def unmount(fsid: str, force: bool = False) -> None:
    """unmount(2) with MNT_BYFSID."""
    call("unmount", fsid=fsid, force=force)


# --- interfaces between jails -----------------------------------------------------------------------------------------


def if_vnet(interface: str, jid: int) -> None:
    """SIOCSIFVNET: move an interface of the caller's network stack into a jail's."""
    call("if_vnet", interface=interface, jid=jid)


def if_units() -> tuple[int, list[str]]:
    """The caller's network stack, and the units of interfaces that were made in it, wherever they are now."""
    answer = call("if_units")
    return int(answer["home"]), list(answer["units"])


def if_reclaim(interface: str, jid: int) -> None:
    """SIOCSIFRVNET: take an interface back out of a jail's network stack."""
    call("if_reclaim", interface=interface, jid=jid)


# --- sysctl -----------------------------------------------------------------------------------------------------------


def sysctl_get() -> dict[str, Any]:
    """What the kernel knows of sysctl: kern.boottime (float), kern.boot_id (hex), kern.hostname, kern.securelevel,
    security.jail.jailed, … as the caller's jail sees them.
    """
    return dict(call("sysctl")["values"])


def kenv() -> dict[str, str]:
    """What the boot loader put into the kernel's environment."""
    return dict(call("kenv")["variables"])


def sysctl_set(name: str, value: Any) -> None:
    """Set one of kern.hostname, kern.domainname, kern.hostuuid, kern.hostid, kern.securelevel of the caller's jail,
    or of the host.
    """
    call("sysctl_set", name=name, value=value)


# --- up and down ------------------------------------------------------------------------------------------------------


def listen() -> None:
    """Let in who comes by ssh, as sshd(8) does."""
    call("listen")


def reboot() -> None:
    """Go down by /etc/rc.shutdown, and come up again."""
    call("reboot")


def die(program: str, message: str, status: int = 1) -> None:
    """errx(3): print 'program: message' and exit."""
    sys.stdout.flush()
    print(f"{program}: {message}", file=sys.stderr)
    raise SystemExit(status)


# --- devfs ------------------------------------------------------------------------------------------------------------


def devfs_rules() -> tuple[dict[int, dict[int, str]], dict[str, int]]:
    """The kernel's devfs rulesets, number → rule's number → rule ("include 1", "path null unhide", "hide"), and the
    ruleset that each mounted devfs uses, by its mount point.
    """
    answer = call("devfs_rules")
    rules = {int(ruleset): {int(n): rule for n, rule in rules.items()} for ruleset, rules in answer["rules"].items()}
    return rules, answer["current"]


def devfs_set_rules(ruleset: int, rules: dict[int, str]) -> None:
    """Replace a ruleset; without rules there is none any more."""
    call("devfs_set_rules", ruleset=ruleset, rules=rules)


def devfs_use(path: str, ruleset: int) -> None:
    """Let the devfs mounted on path use a ruleset (`devfs ruleset N`); nothing is applied."""
    call("devfs_use", path=path, ruleset=ruleset)


def devfs_apply(path: str, rules: list[str]) -> None:
    """Apply rules to the devfs mounted on path."""
    call("devfs_apply", path=path, rules=rules)
