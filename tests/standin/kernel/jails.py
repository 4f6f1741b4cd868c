# SPDX-License-Identifier: BSD-2-Clause
"""Jails: what jail_set(2), jail_get(2), jail_attach(2) and jail_remove(2) do."""

from __future__ import annotations

import errno
import ipaddress
import os
import signal
import time
from dataclasses import dataclass, field
from typing import Any

import doors
import namespaces
import network
import processes
from errors import SystemCallError
from params import BY_NAME, PARAMS

HOST = 0
MAX_AF_IPS = 255
# kern_jail.c knows "disable" and "new" of these by the same flag, and shows it as "disable" (recorded: ip-3, bad-17).
ADDRESS_FAMILIES = {"ip4": "ip4.addr", "ip6": "ip6.addr"}


@dataclass
class Jail:
    """One jail. The host is one too, with jid 0.

    values: what was set of the parameters. uts, net: descriptors of its namespaces; net is its parent's unless it has
    a network stack of its own. root: a descriptor of its root directory, as the kernel's vnode is. sockets: the
    inodes of those made in it by who attached to it; while one of them is open somewhere, a jail that was removed is
    dying.
    """

    jid: int
    name: str
    parent: Jail | None
    path: str
    uts: int
    net: int
    root: int
    values: dict[str, Any]
    own_net: bool = False
    pushed_hostname: str = ""
    expected: set[int] = field(default_factory=set)
    sockets: set[int] = field(default_factory=set)
    dying: bool = False
    uts_inode: int = 0

    def __post_init__(self) -> None:
        self.uts_inode = os.fstat(self.uts).st_ino

    def is_below(self, other: Jail) -> bool:
        """Whether it is a descendant of the other."""
        above = self.parent
        while above is not None:
            if above is other:
                return True
            above = above.parent
        return False


def _hostuuid() -> str:
    """What /etc/rc.d/hostid gave the host at boot."""
    with open("/etc/hostid") as file:
        return file.read().strip()


class Jails:
    """All jails of the stand-in."""

    def __init__(self) -> None:
        values = {param.name: param.default for param in PARAMS} | {
            "host.hostname": os.uname().nodename,
            "host.hostuuid": _hostuuid(),
            "children.max": 999999,
        }
        root = os.open("/", os.O_PATH | os.O_CLOEXEC)
        host = Jail(HOST, "", None, "/", namespaces.own("uts"), namespaces.own("net"), root, values)
        host.pushed_hostname = os.uname().nodename
        self.by_jid: dict[int, Jail] = {HOST: host}
        self._last = 0
        self._seen: dict[int, Jail] = {}

    # --- who is where -----------------------------------------------------------------------------------------------

    def of_process(self, pid: int) -> Jail | None:
        """The jail of a process. A zombie has no namespace any more: it is where it was seen last, else where its
        parent is.
        """
        inode = processes.uts_of(pid)
        if inode is None:
            if processes.state_of(pid) not in ("Z", "X"):
                return None
            parent = processes.parent_of(pid)
            return self._seen.get(pid) or (self.of_process(parent) if parent else self.by_jid[HOST])
        for jail in self.by_jid.values():
            if jail.uts_inode == inode:
                self._seen[pid] = jail
                return jail
        return None

    def processes_of(self, jail: Jail, *, below: bool = False) -> list[int]:
        """The pids in a jail, zombies apart; below: those in its children too."""
        found = []
        for pid in processes.pids():
            where = self.of_process(pid)
            inside = where is not None and (where is jail or (below and where.is_below(jail)))
            if inside and processes.state_of(pid) not in ("Z", "X", ""):
                found.append(pid)
        return found

    def visible(self, viewer: Jail, *, dying: bool = False) -> list[Jail]:
        """The jails below the viewer's; dying: those that are, too."""
        return [jail for jail in self.by_jid.values() if jail.is_below(viewer) and (dying or not jail.dying)]

    def name_for(self, jail: Jail, viewer: Jail) -> str:
        """Its name as seen from the viewer's jail."""
        return jail.name[len(viewer.name) + 1 :] if viewer.name else jail.name

    def find(self, viewer: Jail, *, name: str | None = None, jid: int | None = None, dying: bool = False) -> Jail:
        """A jail by name (or a name of digits that is a jid) or by jid; one that is dying only if asked for. ENOENT
        in the kernel's words.
        """
        if jid is None and name is not None and name.isdigit():
            jid = int(name)
        what = f'"{name}"' if name is not None else str(jid)
        matching = [
            jail
            for jail in self.visible(viewer, dying=True)
            if jail.jid == jid or (name is not None and self.name_for(jail, viewer) == name)
        ]
        for jail in matching:
            if not jail.dying:
                return jail
        if matching and dying:
            return matching[0]
        raise SystemCallError(errno.ENOENT, f"jail {what} is dying" if matching else f"jail {what} not found")

    # --- reading ----------------------------------------------------------------------------------------------------

    def describe(self, jail: Jail, viewer: Jail) -> dict[str, Any]:
        """All its parameters, in the order of PARAMS."""
        values = dict(jail.values)
        children = [other for other in self.by_jid.values() if other.is_below(jail)]
        path = jail.path
        if viewer.path != "/" and path.startswith(viewer.path):
            path = path[len(viewer.path) :] or "/"
        values |= {
            "jid": jail.jid,
            "name": self.name_for(jail, viewer),
            "parent": jail.parent.jid if jail.parent and jail.parent is not viewer else 0,
            "path": path,
            "dying": jail.dying,
            "children.cur": len(children),
            "host.hostname": self.hostname(jail),
        }
        return {param.name: values[param.name] for param in PARAMS}

    def hostname(self, jail: Jail) -> str:
        """The host name: what was set, unless somebody in the jail has set another since; the parent's where that is
        inherited.
        """
        if jail.values["host"] == "inherit" and jail.parent is not None:
            return self.hostname(jail.parent)
        current = namespaces.hostname(jail.uts)
        if current != os.fsdecode(os.fsencode(jail.pushed_hostname)[:64]):
            jail.pushed_hostname = jail.values["host.hostname"] = current
        return str(jail.values["host.hostname"])

    def set_hostname(self, jail: Jail, name: str) -> None:
        """Set it, for what asks Linux as well."""
        jail.values["host.hostname"] = jail.pushed_hostname = name
        namespaces.set_hostname(jail.uts, name)

    # --- creating and changing --------------------------------------------------------------------------------------

    def create(self, creator: Jail, params: dict[str, Any], attaching: int | None) -> Jail:
        """jail_set(2) with JAIL_CREATE.

        params: typed values. attaching: the pid of a process that is about to enter, or None.
        """
        params = dict(params)
        jid, name = params.pop("jid", None), params.pop("name", None)
        if jid is None and name is not None and name.isdigit() and not name.startswith("0"):
            jid = int(name)  # recorded: bad-5, bad-12
        parent, name = self._place(creator, name, jid)
        if jid and any(jail.jid == jid for jail in self.by_jid.values()):
            raise SystemCallError(errno.EEXIST, f"jail {jid} already exists")
        self._check(params)
        if not params.get("persist") and attaching is None:
            raise SystemCallError(errno.EINVAL, "new jail must persist or attach")
        if len([jail for jail in self.by_jid.values() if jail.is_below(parent)]) >= parent.values["children.max"]:
            raise SystemCallError(errno.EPERM)
        vnet = params.get("vnet") == "new"
        if vnet and (params.get("ip4.addr") or params.get("ip6.addr")):
            raise SystemCallError(errno.EINVAL, "vnet jails cannot have IP address restrictions")
        path, root = self._open_root(creator, str(params.pop("path", "/")))
        values = {param.name: param.default for param in PARAMS}
        values |= {"osreldate": parent.values["osreldate"], "osrelease": parent.values["osrelease"]}
        if vnet:
            values |= {"ip4": "inherit", "ip6": "inherit"}
        self._last = jid or self._last + 1
        values["cpuset.id"] = self._free_cpuset()
        name = name or str(self._last)
        full = f"{parent.name}.{name}" if parent.name else name
        net = namespaces.new_net() if vnet else parent.net
        jail = Jail(self._last, full, parent, path, namespaces.new_uts(), net, root, values, own_net=vnet)
        if attaching is not None:
            jail.expected.add(attaching)
        self._apply(jail, params)
        if "host.hostname" not in params:
            self.set_hostname(jail, "")
        self.by_jid[jail.jid] = jail
        return jail

    def update(self, jail: Jail, params: dict[str, Any]) -> None:
        """jail_set(2) with JAIL_UPDATE."""
        params = {name: value for name, value in params.items() if name not in ("jid", "name")}
        self._check(params)
        for name, value in params.items():
            if not BY_NAME[name].live and not self._same(jail, name, value):
                raise SystemCallError(errno.EINVAL, f"{name} cannot be changed after creation")
        params.pop("path", None)
        self._apply(jail, params)
        self.end_empty()

    def _same(self, jail: Jail, name: str, value: Any) -> bool:
        if name == "path":
            return bool(os.path.realpath(value) == jail.path)
        if name in ADDRESS_FAMILIES and value == "new":
            return False
        return bool(jail.values[name] == value)

    def _place(self, creator: Jail, name: str | None, jid: int | None) -> tuple[Jail, str | None]:
        """The parent that a name says, and the rest of the name."""
        if not name:
            return creator, None
        above, dot, last = name.rpartition(".")
        parent = creator
        if dot:
            try:
                parent = self.find(creator, name=above)
            except SystemCallError:
                raise SystemCallError(errno.ENOENT, f'jail "{above}" not found') from None
        if last.isdigit() and (jid is None or str(jid) != last):
            raise SystemCallError(errno.EINVAL, "name cannot be numeric (unless it is the jid)")
        for jail in self.visible(creator):
            if self.name_for(jail, creator) == name:
                raise SystemCallError(errno.EEXIST, f'jail "{name}" already exists')
        if len(os.fsencode(name)) > 255:
            raise SystemCallError(errno.ENAMETOOLONG)
        return parent, last

    def _check(self, params: dict[str, Any]) -> None:
        for name, value in params.items():
            param = BY_NAME.get(name)
            if param is None or param.read_only:
                raise SystemCallError(errno.EINVAL, f"unknown parameter: {name}")
            if param.kind == "string":
                self._check_string(name, len(os.fsencode(value)) + 1, param.size)
            elif param.kind in ("ip4", "ip6"):
                if len(value) > MAX_AF_IPS:
                    raise SystemCallError(errno.EINVAL, f"too many IPv{param.kind[2]} addresses")
                if len(set(value)) < len(value):
                    raise SystemCallError(errno.EINVAL)
            elif (name, value) == ("host", "disable") or (name == "enforce_statfs" and value not in (0, 1, 2)):
                raise SystemCallError(errno.EINVAL)

    @staticmethod
    def _check_string(name: str, length: int, size: int) -> None:
        if length <= size:
            return
        if name in ("meta", "env"):
            raise SystemCallError(errno.EFBIG if length <= 65536 else errno.EINVAL)
        raise SystemCallError(errno.ENAMETOOLONG)

    def _open_root(self, creator: Jail, path: str) -> tuple[str, int]:
        """A jail's root, seen from its creator's."""
        inside = os.path.join(creator.path, path.lstrip("/")) if creator.path != "/" else path
        try:
            root = os.open(inside, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise SystemCallError(error.errno or errno.ENOENT) from None
        return os.path.realpath(inside), root

    def _free_cpuset(self) -> int:
        used = {jail.values["cpuset.id"] for jail in self.by_jid.values()}
        return next(number for number in range(3, 1 << 30) if number not in used)

    def _apply(self, jail: Jail, params: dict[str, Any]) -> None:
        for name, value in params.items():
            if name == "host.hostname":
                self.set_hostname(jail, str(value))
            elif name in ADDRESS_FAMILIES:
                jail.values[name] = "inherit" if value == "inherit" else "disable"
            elif name in ADDRESS_FAMILIES.values():
                jail.values[name] = self._sorted(value)
                if not jail.own_net:
                    jail.values[name[:3]] = "disable"
            else:
                jail.values[name] = value

    @staticmethod
    def _sorted(addresses: list[str]) -> list[str]:
        """The first stays the first, the others are sorted (recorded: nrm-1)."""
        parsed = [ipaddress.ip_address(address) for address in addresses]
        return [str(address) for address in [*parsed[:1], *sorted(parsed[1:])]]

    # --- ending -----------------------------------------------------------------------------------------------------

    def remove(self, jail: Jail) -> None:
        """jail_remove(2): with its children, their processes and all."""
        for child in [other for other in self.by_jid.values() if other.parent is jail and not other.dying]:
            self.remove(child)
        deadline = time.monotonic() + 5
        while pids := self.processes_of(jail):
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            if time.monotonic() > deadline:
                break
            time.sleep(0.002)
        if jail.dying:
            return
        if jail.own_net and jail.parent is not None:
            for interface in network.visitors(jail.net):
                network.move(interface, jail.net, jail.parent.net)
            doors.remove(jail.net)
            os.close(jail.net)
        os.close(jail.root)
        if self._open_sockets(jail):
            jail.dying = True
        else:
            self._forget(jail)

    def _forget(self, jail: Jail) -> None:
        os.close(jail.uts)
        del self.by_jid[jail.jid]
        self._seen = {pid: where for pid, where in self._seen.items() if where is not jail}

    @staticmethod
    def _open_sockets(jail: Jail) -> bool:
        if not jail.sockets:
            return False
        there = {f"socket:[{inode}]" for inode in jail.sockets}
        return any(there & processes.open_files(pid) for pid in processes.pids())

    def bury(self) -> None:
        """Let go of the dying jails that nothing keeps any more."""
        for jail in [jail for jail in self.by_jid.values() if jail.dying and not self._open_sockets(jail)]:
            self._forget(jail)

    def pause(self) -> float | None:
        """How long the kernel may wait before it looks for jails that ended with their last process."""
        waiting = any(
            not jail.dying and not jail.values["persist"] for jail in self.by_jid.values() if jail.jid != HOST
        )
        return 0.05 if waiting else None

    def end_empty(self) -> None:
        """Remove the jails that don't persist and in which nothing runs."""
        for jail in [jail for jail in self.by_jid.values() if jail.jid != HOST and not jail.values["persist"]]:
            if jail.dying or jail.jid not in self.by_jid:
                continue
            inside = set(self.processes_of(jail))
            if jail.expected:
                jail.expected = {
                    pid for pid in jail.expected if pid not in inside and processes.state_of(pid) not in ("", "Z", "X")
                }
            has_children = any(other.parent is jail and not other.dying for other in self.by_jid.values())
            if not inside and not jail.expected and not has_children:
                self.remove(jail)
