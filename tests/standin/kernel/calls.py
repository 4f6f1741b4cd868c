# SPDX-License-Identifier: BSD-2-Clause
"""The system calls by name, in the form of lib/kernel.py: keyword arguments in, an answer and the descriptors that go
with it out.
"""

from __future__ import annotations

import dataclasses
import errno
import os
import signal as signals
from collections.abc import Callable
from typing import Any

import devfs
import network
import processes
import tracing
from errors import SystemCallError
from jails import HOST, Jail
from sysctls import OIDS
from system import Caller, System

Answer = tuple[dict[str, Any], tuple[int, ...]]

# FreeBSD's signal numbers where Linux's differ (recorded: sig-4).
TO_LINUX = {
    7: 0,
    10: signals.SIGBUS,
    12: signals.SIGSYS,
    16: signals.SIGURG,
    17: signals.SIGSTOP,
    18: signals.SIGTSTP,
    19: signals.SIGCONT,
    20: signals.SIGCHLD,
    23: signals.SIGIO,
    29: 0,
    30: signals.SIGUSR1,
    31: signals.SIGUSR2,
}


def jail_set(
    system: System, caller: Caller, params: dict[str, Any], create: bool, update: bool, attach: bool
) -> Answer:
    caller.need_root()
    jails = system.jails
    jail = None
    if "path" in params:
        params["path"] = caller.absolute(params["path"])
    if update:
        try:
            jail = jails.find(caller.jail, name=params.get("name"), jid=params.get("jid"))
        except SystemCallError:
            if not create:
                raise
    if jail is None:
        jail = jails.create(caller.jail, params, caller.pid if attach else None)
    else:
        jails.update(jail, params)
    return {"jid": jail.jid}, _keys(jail) if attach else ()


def jail_get(system: System, caller: Caller, name: str | None, jid: int | None, dying: bool) -> Answer:
    jail = system.jails.find(caller.jail, name=name, jid=jid, dying=dying)
    return {"jail": system.jails.describe(jail, caller.jail)}, ()


def jails(system: System, caller: Caller, dying: bool) -> Answer:
    system.jails.bury()
    visible = sorted(system.jails.visible(caller.jail, dying=dying), key=lambda jail: jail.jid)
    return {"jails": [system.jails.describe(jail, caller.jail) for jail in visible]}, ()


def jail_remove(system: System, caller: Caller, jid: int) -> Answer:
    caller.need_root()
    system.jails.remove(_by_jid(system, caller, jid, dying=True))
    return {}, ()


def jail_attach(system: System, caller: Caller, jid: int) -> Answer:
    caller.need_root()
    jail = _by_jid(system, caller, jid)
    if holds_directory(caller.pid):
        raise SystemCallError(errno.EPERM)
    jail.expected.add(caller.pid)
    return {}, _keys(jail)


def holds_directory(pid: int) -> bool:
    """Whether a process has a directory open, which it could leave the jail by. O_PATH descriptors are the
    launcher's.
    """
    for fd in os.listdir(f"{processes.PROC}/{pid}/fd"):
        try:
            with open(f"{processes.PROC}/{pid}/fdinfo/{fd}") as info:
                flags = next(int(line.split()[1], 8) for line in info if line.startswith("flags:"))
            if os.path.isdir(f"{processes.PROC}/{pid}/fd/{fd}") and not flags & os.O_PATH:
                return True
        except OSError:
            continue
    return False


def own_jail(system: System, caller: Caller) -> Answer:
    jail = caller.jail
    addresses = {name: jail.values[name] for name in ("ip4", "ip4.addr", "ip6", "ip6.addr")}
    return {"jid": jail.jid, "addresses": addresses}, ()


def outside(system: System, caller: Caller) -> Answer:
    """The stand-in's root, for a program whose root is a jail's (launcher.c)."""
    return {}, (system.jails.by_jid[HOST].root,)


def jail_of(system: System, caller: Caller, pids: list[int]) -> Answer:
    found = {}
    for pid in pids:
        jail = system.jails.of_process(pid)
        if jail is not None and (jail is caller.jail or jail.is_below(caller.jail)):
            found[pid] = jail.jid
    return {"jails": found}, ()


def list_processes(system: System, caller: Caller) -> Answer:
    found, boot = [], processes.boot_time()
    for pid in processes.pids():
        jail = system.jails.of_process(pid)
        if jail is None or not (jail is caller.jail or jail.is_below(caller.jail)):
            continue
        description = processes.describe(pid, boot)
        if description is not None:
            found.append({**description, "jid": jail.jid, "jail": system.jails.name_for(jail, caller.jail) or "-"})
    return {"processes": found}, ()


def kill(system: System, caller: Caller, target: int, signal: int) -> Answer:
    send(system, caller, target, signal)
    return {}, ()


def send(system: System, caller: Caller, pid: int, signal: int) -> None:
    """kill(2): a process, a process group (negative), or all that the caller may (-1), within its jail and below."""
    if not 0 <= signal <= 128:
        raise SystemCallError(errno.EINVAL)
    reach = set(system.jails.processes_of(caller.jail, below=True))
    if pid == -1:
        targets = [target for target in reach if target not in (1, caller.pid)]
    elif pid <= 0:
        group = -pid or os.getpgid(caller.pid)
        targets = [target for target in reach if _group(target) == group]
    else:
        targets = [pid] if _in_reach(system, caller, pid) else []  # a zombie takes any signal, and stays one
    if not targets:
        raise SystemCallError(errno.ESRCH)
    allowed = [target for target in targets if caller.uid in (0, processes.uid_of(target))]
    if not allowed:
        raise SystemCallError(errno.EPERM)
    number = TO_LINUX.get(signal, signal)
    if signal and not number:
        return
    for target in allowed:
        try:
            os.kill(target, number)
        except ProcessLookupError:
            continue


def attach_tracer(system: System, caller: Caller, target: int) -> Answer:
    """ptrace(2)'s PT_ATTACH, as far as to whether it may."""
    if not _in_reach(system, caller, target):
        raise SystemCallError(errno.ESRCH)
    if tracing.is_off(target) or caller.uid not in (0, processes.uid_of(target)):
        raise SystemCallError(errno.EPERM)
    return {}, ()


def reap_kill(system: System, caller: Caller, signal: int, subtree: int) -> int:
    """procctl(2)'s PROC_REAP_KILL of a subtree: signal a child and all that descends from it. Returns how many there
    were.

    What became the caller's child because its parent ended is told from its other children by having started after
    that child.
    """
    _began[caller.pid] = began = processes.started(subtree) or _began.get(caller.pid, 0)
    found = [subtree] + [pid for pid in _children(caller.pid) if pid != subtree and processes.started(pid) > began]
    for parent in found:
        found += [pid for pid in _children(parent) if pid not in found]
    alive = [pid for pid in found if processes.state_of(pid) not in ("", "Z")]
    if not alive:
        raise SystemCallError(errno.ESRCH)
    for pid in alive:
        send(system, caller, pid, signal)
    return len(alive)


_began: dict[int, int] = {}  # reaper → when the subtree that it killed last had started


def _children(parent: int) -> list[int]:
    return [pid for pid in processes.pids() if processes.parent_of(pid) == parent]


def _in_reach(system: System, caller: Caller, pid: int) -> bool:
    jail = system.jails.of_process(pid)
    return jail is not None and (jail is caller.jail or jail.is_below(caller.jail))


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def mounts(system: System, caller: Caller) -> Answer:
    root = caller.jail.path
    table = []
    for mount in system.mounts.current():
        node = mount.node
        if root != "/":
            if node != root and not node.startswith(f"{root}/"):
                continue
            node = node[len(root) :] or "/"
        table.append({**dataclasses.asdict(mount), "node": node})
    return {"mounts": table}, ()


def statfs(system: System, caller: Caller) -> Answer:
    mount = system.mounts.of_descriptor(caller.fds[0])
    return next((row for row in mounts(system, caller)[0]["mounts"] if row["fsid"] == mount.fsid), {}), ()


def nmount(system: System, caller: Caller, fstype: str, special: str, options: dict[str, str | None]) -> Answer:
    caller.need_root()
    if caller.jail.jid != HOST and not (
        caller.jail.values["allow.mount"] and caller.jail.values.get(f"allow.mount.{fstype}")
    ):
        raise SystemCallError(errno.EPERM)
    source = caller.fds[1] if len(caller.fds) > 1 else None
    system.mounts.nmount(fstype, caller.fds[0], source, special, options)
    return {}, ()


def unmount(system: System, caller: Caller, fsid: str, force: bool) -> Answer:
    caller.need_root()
    system.mounts.unmount(fsid, force)
    return {}, ()


def devfs_rules(system: System, caller: Caller) -> Answer:
    return {"rules": devfs.RULES, "current": devfs.CURRENT}, ()


def devfs_set_rules(system: System, caller: Caller, ruleset: int, rules: dict[str, str]) -> Answer:
    caller.need_root()
    devfs.RULES[ruleset] = {int(number): rule for number, rule in rules.items()}
    if not rules:
        del devfs.RULES[ruleset]
    return {}, ()


def devfs_use(system: System, caller: Caller, path: str, ruleset: int) -> Answer:
    caller.need_root()
    devfs.CURRENT[path] = ruleset
    return {}, ()


def devfs_apply(system: System, caller: Caller, path: str, rules: list[str]) -> Answer:
    caller.need_root()
    devfs.apply(path, rules)
    return {}, ()


def if_vnet(system: System, caller: Caller, interface: str, jid: int) -> Answer:
    caller.need_root()
    jail = _by_jid(system, caller, jid)
    if not jail.own_net:
        raise SystemCallError(errno.EEXIST)
    _move(interface, caller.jail.net, jail.net)
    return {}, ()


def if_units(system: System, caller: Caller) -> Answer:
    home = network.identity(caller.jail.net)
    stacks = {jail.net for jail in system.jails.by_jid.values() if not jail.dying}
    return {"home": home, "units": network.units(home, sorted(stacks))}, ()


def if_reclaim(system: System, caller: Caller, interface: str, jid: int) -> Answer:
    caller.need_root()
    jail = _by_jid(system, caller, jid)
    _move(interface, jail.net, caller.jail.net)
    return {}, ()


def _move(interface: str, source: int, target: int) -> None:
    try:
        network.move(interface, source, target)
    except OSError as error:
        raise SystemCallError(error.errno or errno.ENXIO) from None


SETTABLE = {
    "kern.hostname": "host.hostname",
    "kern.domainname": "host.domainname",
    "kern.hostuuid": "host.hostuuid",
    "kern.hostid": "host.hostid",
    "kern.securelevel": "securelevel",
}

# What a jail is allowed, by the names from before each jail had parameters.
OLD_NAMES = {
    "security.jail.set_hostname_allowed": "allow.set_hostname",
    "security.jail.sysvipc_allowed": "allow.sysvipc",
    "security.jail.allow_raw_sockets": "allow.raw_sockets",
    "security.jail.chflags_allowed": "allow.chflags",
    "security.jail.mlock_allowed": "allow.mlock",
    "security.jail.mount_allowed": "allow.mount",
    "security.jail.mount_devfs_allowed": "allow.mount.devfs",
    "security.jail.mount_fdescfs_allowed": "allow.mount.fdescfs",
    "security.jail.mount_nullfs_allowed": "allow.mount.nullfs",
    "security.jail.mount_procfs_allowed": "allow.mount.procfs",
    "security.jail.mount_tmpfs_allowed": "allow.mount.tmpfs",
}


def sysctl(system: System, caller: Caller) -> Answer:
    return {"values": sysctl_values(system, caller.jail)}, ()


def sysctl_values(system: System, jail: Jail) -> dict[str, Any]:
    """What the kernel knows of sysctl, as a jail sees it."""
    values = {name: jail.values[param] for name, param in SETTABLE.items()}
    return values | {
        **{oid.name: system.kenv.get(oid.name, oid.value) for oid in OIDS.values() if oid.access == "t"},
        "kern.hostname": system.jails.hostname(jail),
        "kern.boottime": system.boot_time,
        "kern.boot_id": system.boot_id.hex(),
        "kern.ostype": "FreeBSD",
        "kern.osrelease": jail.values["osrelease"],
        "kern.osreldate": jail.values["osreldate"],
        "security.jail.jailed": int(jail.jid != HOST),
        "security.jail.vnet": int(jail.own_net),
        **{name: int(jail.values[param]) for name, param in OLD_NAMES.items() if jail.jid != HOST},
        "security.jail.children.cur": len(system.jails.visible(jail)),
        "security.jail.children.max": jail.values["children.max"],
        "security.jail.enforce_statfs": jail.values["enforce_statfs"],
        "security.jail.devfs_ruleset": jail.values["devfs_ruleset"],
    }


def sysctl_set(system: System, caller: Caller, name: str, value: Any) -> Answer:
    caller.need_root()
    jail = caller.jail
    if name == "kern.hostname" and not jail.values["allow.set_hostname"]:
        raise SystemCallError(errno.EPERM)
    if name == "kern.hostname":
        system.jails.set_hostname(jail, str(value))
    elif name == "kern.securelevel" and int(value) < jail.values["securelevel"]:
        raise SystemCallError(errno.EPERM)
    else:
        jail.values[SETTABLE[name]] = value
    return {}, ()


def kenv(system: System, caller: Caller) -> Answer:
    return {"variables": system.kenv}, ()


def listen(system: System, caller: Caller) -> Answer:
    """sshd(8) is there now."""
    caller.need_root()
    system.power.logins = True
    return {}, ()


def reboot(system: System, caller: Caller) -> Answer:
    caller.need_root()
    if caller.jail.jid != HOST:
        raise SystemCallError(errno.EPERM)
    system.power.reboot()
    return {}, ()


def _by_jid(system: System, caller: Caller, jid: int, *, dying: bool = False) -> Jail:
    try:
        return system.jails.find(caller.jail, jid=jid, dying=dying)
    except SystemCallError as error:
        raise SystemCallError(errno.EINVAL, error.message) from None


def _keys(jail: Jail) -> tuple[int, int, int]:
    return jail.uts, jail.net, jail.root


CALLS: dict[str, Callable[..., Answer]] = {
    "jail_set": jail_set,
    "jail_get": jail_get,
    "jails": jails,
    "jail_remove": jail_remove,
    "jail_attach": jail_attach,
    "own_jail": own_jail,
    "outside": outside,
    "jail_of": jail_of,
    "processes": list_processes,
    "kill": kill,
    "attach_tracer": attach_tracer,
    "mounts": mounts,
    "statfs": statfs,
    "nmount": nmount,
    "unmount": unmount,
    "devfs_rules": devfs_rules,
    "devfs_set_rules": devfs_set_rules,
    "devfs_use": devfs_use,
    "devfs_apply": devfs_apply,
    "if_vnet": if_vnet,
    "if_reclaim": if_reclaim,
    "if_units": if_units,
    "kenv": kenv,
    "listen": listen,
    "reboot": reboot,
    "sysctl": sysctl,
    "sysctl_set": sysctl_set,
}
