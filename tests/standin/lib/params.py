# SPDX-License-Identifier: BSD-2-Clause
"""The kernel's jail parameters, in the order in which jls lists them (recorded: ls-1, sys-2, sys-3, sys-4)."""

from __future__ import annotations

from typing import Any, NamedTuple


class Param(NamedTuple):
    """One jail parameter of the kernel.

    name: as jls and jail(8) write it.
    kind: 'int', 'ulong', 'bool', 'string', 'jailsys' (disable, new, inherit), 'ip4' or 'ip6' (a list of addresses).
    size: a string's buffer, terminating NUL included, else 0.
    default: what a new jail has (None: the kernel makes it up).
    live: can be changed in a running jail; read-only ones can't be set at all.
    title: sysctl -d's description.
    """

    name: str
    kind: str
    default: Any
    title: str
    size: int = 0
    live: bool = True
    read_only: bool = False
    no_name: str = ""


def _allow(name: str, title: str, default: bool = False) -> Param:
    head, _, tail = name.rpartition(".")
    return Param(name, "bool", default, title, no_name=f"{head}.no{tail}")


# Order: that of `jls -n`. Plain names first, then dotted ones, each sorted.
PARAMS: tuple[Param, ...] = (
    Param("devfs_ruleset", "int", 0, "Ruleset for in-jail devfs mounts"),
    Param("dying", "bool", False, "Jail is in the process of shutting down", read_only=True, no_name="nodying"),
    Param("enforce_statfs", "int", 2, "Jail cannot see all mounted file systems"),
    Param("env", "string", "", "Jail meta information readable by the jail", size=4096),
    Param("host", "jailsys", "new", "Jail host info"),
    Param("ip4", "jailsys", "disable", "Jail IPv4 address virtualization", live=False),
    Param("ip6", "jailsys", "disable", "Jail IPv6 address virtualization", live=False),
    Param("jid", "int", None, "Jail ID", live=False),
    Param("meta", "string", "", "Jail meta information hidden from the jail", size=4096),
    Param("name", "string", None, "Jail name", size=256),
    Param("osreldate", "int", 1501000, "Jail value for kern.osreldate and uname -K", live=False),
    Param("osrelease", "string", "15.1-RELEASE-p1", "Jail value for kern.osrelease and uname -r", size=32, live=False),
    Param("parent", "int", None, "Jail parent ID", read_only=True),
    Param("path", "string", "/", "Jail root path", size=1024, live=False),
    Param("persist", "bool", False, "Jail persistence", no_name="nopersist"),
    Param("securelevel", "int", -1, "Jail secure level"),
    Param("sysvmsg", "jailsys", "disable", "SYSV message queues"),
    Param("sysvsem", "jailsys", "disable", "SYSV semaphores"),
    Param("sysvshm", "jailsys", "disable", "SYSV shared memory"),
    Param("vnet", "jailsys", "inherit", "Virtual network stack", live=False),
    _allow("allow.adjtime", "Jail may adjust system time"),
    _allow("allow.chflags", "Jail may alter system file flags"),
    _allow("allow.extattr", "Jail may set system-level filesystem extended attributes"),
    _allow("allow.mlock", "Jail may lock (unlock) physical pages in memory"),
    _allow("allow.mount", "Jail may mount/unmount jail-friendly file systems in general"),
    _allow("allow.mount.devfs", "Jail may mount the devfs file system"),
    _allow("allow.mount.fdescfs", "Jail may mount the fdescfs file system"),
    _allow("allow.mount.nullfs", "Jail may mount the nullfs file system"),
    _allow("allow.mount.procfs", "Jail may mount the procfs file system"),
    _allow("allow.mount.tmpfs", "Jail may mount the tmpfs file system"),
    _allow("allow.nfsd", "Mountd/nfsd may run in the jail"),
    _allow("allow.quotas", "Jail may set file quotas"),
    _allow("allow.raw_sockets", "Jail may create raw sockets"),
    _allow("allow.read_msgbuf", "Jail may read the kernel message buffer"),
    _allow("allow.reserved_ports", "Jail may bind sockets to reserved ports", True),
    _allow("allow.routing", "Jail may modify routing table"),
    _allow("allow.set_hostname", "Jail may set hostname", True),
    _allow("allow.setaudit", "Jail may set and get audit session state"),
    _allow("allow.settime", "Jail may set system time"),
    _allow("allow.socket_af", "Jail may create sockets other than just UNIX/IPv4/IPv6/route"),
    _allow("allow.suser", "Processes in jail with uid 0 have privilege", True),
    _allow("allow.sysvipc", "Jail may use SYSV IPC"),
    _allow(
        "allow.unprivileged_parent_tampering",
        "Unprivileged parent jail processes may tamper with same-uid processes (signal/debug/cpuset)",
    ),
    _allow("allow.unprivileged_proc_debug", "Unprivileged processes may use process debugging facilities", True),
    Param("children.cur", "int", 0, "Current number of child jails", read_only=True),
    Param("children.max", "int", 0, "Maximum number of child jails"),
    Param("cpuset.id", "int", None, "Jail cpuset ID", read_only=True),
    Param("host.domainname", "string", "", "Jail NIS domainname", size=256),
    Param("host.hostid", "ulong", 0, "Jail host ID"),
    Param("host.hostname", "string", "", "Jail hostname", size=256),
    Param("host.hostuuid", "string", "00000000-0000-0000-0000-000000000000", "Jail host UUID", size=64),
    Param("ip4.addr", "ip4", (), "Jail IPv4 addresses"),
    Param(
        "ip4.saddrsel",
        "bool",
        True,
        "Do (not) use IPv4 source address selection rather than the primary jail IPv4 address.",
        no_name="ip4.nosaddrsel",
    ),
    Param("ip6.addr", "ip6", (), "Jail IPv6 addresses"),
    Param(
        "ip6.saddrsel",
        "bool",
        True,
        "Do (not) use IPv6 source address selection rather than the primary jail IPv6 address.",
        no_name="ip6.nosaddrsel",
    ),
)

BY_NAME: dict[str, Param] = {param.name: param for param in PARAMS}
BY_NO_NAME: dict[str, Param] = {param.no_name: param for param in PARAMS if param.no_name}
