# SPDX-License-Identifier: BSD-2-Clause
"""The system calls in FreeBSD's C form, as libc.so.7 sends them: a name, flags and an array of vectors.

Request: 'B', the call's name and a NUL, then pid, flags and the number of vectors (32 bits each), then each vector:
whether its pointer is NULL (a byte), its length (32 bits), its bytes. Reply: result, errno, number of vectors, then
each vector's length and new contents.
"""

from __future__ import annotations

import errno
import ipaddress
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import calls
import tracing
from errors import SystemCallError
from jails import Jail
from params import BY_NAME, BY_NO_NAME
from system import Caller, System

JAIL_CREATE, JAIL_UPDATE, JAIL_ATTACH, JAIL_DYING = 1, 2, 4, 8
MNT_BYFSID, MNT_FORCE = 0x8000000, 0x80000
JAILSYS = ("disable", "new", "inherit")


@dataclass
class Request:
    """One call: vectors are the contents (None for a NULL pointer); sizes the lengths of the buffers."""

    system: System
    caller: Caller
    flags: int
    vectors: list[bytes | None]
    sizes: list[int]

    def pairs(self) -> dict[str, int]:
        """Parameter name → index of its value's vector."""
        return {(self.vectors[i] or b"").rstrip(b"\0").decode(): i + 1 for i in range(0, len(self.vectors) - 1, 2)}

    def say(self, message: str) -> None:
        """Put the kernel's words into errmsg, where the caller has room for them."""
        at = self.pairs().get("errmsg")
        if at is not None:
            self.vectors[at] = message.encode()[: self.sizes[at] - 1] + b"\0"


def answer(system: System, body: bytes, fds: list[int]) -> tuple[bytes, tuple[int, ...]]:
    """One call: the reply and the descriptors that go with it."""
    op, _, rest = body[1:].partition(b"\0")
    pid, flags, count = struct.unpack("<IiI", rest[:12])
    at, vectors, sizes = 12, [], []
    for _number in range(count):
        null, length = struct.unpack("<BI", rest[at : at + 5])
        vectors.append(None if null else rest[at + 5 : at + 5 + length])
        sizes.append(length)
        at += 5 + length
    request = Request(system, Caller(system, pid, fds), flags, vectors, sizes)
    out: tuple[int, ...] = ()
    try:
        result, out = CALLS[op.decode()](request)
        number = 0
    except SystemCallError as error:
        result, number = -1, error.number
        request.say(error.message)
    contents = b"".join(struct.pack("<I", len(data or b"")) + (data or b"") for data in request.vectors)
    return struct.pack("<iII", result, number, count) + contents, out


def jail_set(request: Request) -> tuple[int, tuple[int, ...]]:
    params = {}
    for name, at in request.pairs().items():
        if name == "errmsg":
            continue
        if name in BY_NO_NAME:
            params[BY_NO_NAME[name].name] = False
        elif name in BY_NAME:
            params[name] = _import(BY_NAME[name].kind, request.vectors[at])
        else:
            raise SystemCallError(errno.EINVAL, f"unknown parameter: {name}")
    reply, keys = calls.jail_set(
        request.system,
        request.caller,
        params=params,
        create=bool(request.flags & JAIL_CREATE),
        update=bool(request.flags & JAIL_UPDATE),
        attach=bool(request.flags & JAIL_ATTACH),
    )
    return int(reply["jid"]), keys


def _import(kind: str, data: bytes | None) -> Any:
    if kind == "bool":
        return data is None or not data or int.from_bytes(data[:4], "little") != 0
    data = data or b""
    if kind in ("int", "ulong"):
        return int.from_bytes(data, "little", signed=True)
    if kind == "jailsys":
        return JAILSYS[int.from_bytes(data[:4], "little")]
    if kind in ("ip4", "ip6"):
        size = 4 if kind == "ip4" else 16
        return [str(ipaddress.ip_address(data[i : i + size])) for i in range(0, len(data), size)]
    return data.split(b"\0")[0].decode(errors="surrogateescape")


def jail_get(request: Request) -> tuple[int, tuple[int, ...]]:
    pairs = request.pairs()
    jail = _selected(request, pairs)
    values = request.system.jails.describe(jail, request.caller.jail)
    for name, at in pairs.items():
        if name in ("errmsg", "lastjid") or (name == "name" and _selects_by_name(request, pairs)):
            continue
        base = BY_NO_NAME[name].name if name in BY_NO_NAME else name
        if base not in BY_NAME:
            raise SystemCallError(errno.EINVAL, f"unknown parameter: {name}")
        data = _export(BY_NAME[base].kind, values[base] if base == name else not values[base])
        if request.vectors[at] is not None:
            if len(data) > request.sizes[at]:
                raise SystemCallError(errno.EINVAL)
            request.vectors[at] = data
    return jail.jid, ()


def _selected(request: Request, pairs: dict[str, int]) -> Jail:
    jails, viewer = request.system.jails, request.caller.jail
    if "lastjid" in pairs:
        last = int.from_bytes(request.vectors[pairs["lastjid"]] or b"", "little")
        later = [jail for jail in jails.visible(viewer) if jail.jid > last]
        if not later:
            raise SystemCallError(errno.ENOENT, f"no jail after {last}")
        return min(later, key=lambda jail: jail.jid)
    jid = int.from_bytes(request.vectors[pairs["jid"]] or b"", "little") if "jid" in pairs else 0
    if jid:
        return jails.find(viewer, jid=jid)
    name = (
        (request.vectors[pairs["name"]] or b"").split(b"\0")[0].decode(errors="surrogateescape")
        if "name" in pairs
        else ""
    )
    if name:
        return jails.find(viewer, name=name)
    raise SystemCallError(errno.ENOENT, "no jail specified")


def _selects_by_name(request: Request, pairs: dict[str, int]) -> bool:
    return "lastjid" not in pairs and not ("jid" in pairs and any(request.vectors[pairs["jid"]] or b""))


def _export(kind: str, value: Any) -> bytes:
    if kind == "bool":
        return int(bool(value)).to_bytes(4, "little")
    if kind == "int":
        return int(value).to_bytes(4, "little", signed=True)
    if kind == "ulong":
        return int(value).to_bytes(8, "little")
    if kind == "jailsys":
        return JAILSYS.index(value).to_bytes(4, "little")
    if kind in ("ip4", "ip6"):
        return b"".join(ipaddress.ip_address(address).packed for address in value)
    return str(value).encode(errors="surrogateescape") + b"\0"


def jail_remove(request: Request) -> tuple[int, tuple[int, ...]]:
    calls.jail_remove(request.system, request.caller, jid=request.flags)
    return 0, ()


def jail_attach(request: Request) -> tuple[int, tuple[int, ...]]:
    return 0, calls.jail_attach(request.system, request.caller, jid=request.flags)[1]


def made_socket(request: Request) -> tuple[int, tuple[int, ...]]:
    request.caller.jail.sockets.add(int.from_bytes(request.vectors[0] or b"", "little"))
    return 0, ()


def kill(request: Request) -> tuple[int, tuple[int, ...]]:
    pid = int.from_bytes(request.vectors[0] or b"", "little", signed=True)
    calls.send(request.system, request.caller, pid, request.flags)
    return 0, ()


def reap_kill(request: Request) -> tuple[int, tuple[int, ...]]:
    subtree = int.from_bytes(request.vectors[0] or b"", "little")
    killed = calls.reap_kill(request.system, request.caller, request.flags, subtree)
    request.vectors[0] = killed.to_bytes(4, "little")
    return 0, ()


def trace_ctl(request: Request) -> tuple[int, tuple[int, ...]]:
    tracing.control(request.caller.pid, bool(request.flags))
    return 0, ()


def nmount(request: Request) -> tuple[int, tuple[int, ...]]:
    options: dict[str, str | None] = {}
    for name, at in request.pairs().items():
        data = request.vectors[at]
        options[name] = data.split(b"\0")[0].decode(errors="surrogateescape") if data is not None else None
    special = options.get("from") or options.get("target") or ""
    calls.nmount(request.system, request.caller, fstype=options["fstype"] or "", special=special, options=options)
    return 0, ()


def unmount(request: Request) -> tuple[int, tuple[int, ...]]:
    name = (request.vectors[0] or b"").rstrip(b"\0").decode(errors="surrogateescape")
    if request.flags & MNT_BYFSID:
        # "FSID:%d:%d", the two halves of the fsid as mount -v prints their bytes.
        _word, low, high = name.split(":")
        name = struct.pack("<ii", int(low), int(high)).hex()
    else:
        name = next((mount.fsid for mount in reversed(request.system.mounts.current()) if mount.node == name), "")
    calls.unmount(request.system, request.caller, fsid=name, force=bool(request.flags & MNT_FORCE))
    return 0, ()


def fstatfs(request: Request) -> tuple[int, tuple[int, ...]]:
    mount = request.system.mounts.of_descriptor(request.caller.fds[0])
    names = [text.encode(errors="surrogateescape") for text in (mount.fstype, mount.special, mount.node)]
    # struct statfs of FreeBSD's sys/mount.h, without the figures.
    request.vectors[0] = struct.pack("=I188x8s80x16s1024s1024s", 0x20140518, bytes.fromhex(mount.fsid), *names)
    return 0, ()


def sysctl(request: Request) -> tuple[int, tuple[int, ...]]:
    name = (request.vectors[0] or b"").rstrip(b"\0").decode()
    values = calls.sysctl_values(request.system, request.caller.jail)
    if name not in values:
        raise SystemCallError(errno.ENOENT)
    value = values[name]
    if name == "kern.boot_id":
        data = bytes.fromhex(value)
    elif name == "kern.boottime":
        data = struct.pack("<qq", int(value), int(value % 1 * 1e6))
    elif isinstance(value, int):
        data = struct.pack("<i", value)
    else:
        data = str(value).encode() + b"\0"
    if not request.flags and len(data) > request.sizes[1]:
        raise SystemCallError(errno.ENOMEM)
    request.vectors[1] = data
    return 0, ()


CALLS: dict[str, Callable[[Request], tuple[int, tuple[int, ...]]]] = {
    "jail_set": jail_set,
    "jail_get": jail_get,
    "jail_remove": jail_remove,
    "jail_attach": jail_attach,
    "made_socket": made_socket,
    "kill": kill,
    "reap_kill": reap_kill,
    "trace_ctl": trace_ctl,
    "nmount": nmount,
    "unmount": unmount,
    "fstatfs": fstatfs,
    "sysctl": sysctl,
}
