# SPDX-License-Identifier: BSD-2-Clause
"""Linux's rtnetlink(7): how the stand-in's programs look at, and change, the real interfaces of their network stack.

It needs nothing but a socket, so it works in the smallest jail. Requests that fail raise OSError with the kernel's
errno.
"""

from __future__ import annotations

import itertools
import socket
import struct
from collections.abc import Iterator
from typing import Any

NEWLINK, DELLINK, GETLINK = 16, 17, 18
NEWADDR, DELADDR, GETADDR = 20, 21, 22
NEWROUTE, DELROUTE, GETROUTE = 24, 25, 26
REQUEST, ACK, DUMP, REPLACE, EXCL, CREATE = 0x1, 0x4, 0x300, 0x100, 0x200, 0x400
_ERROR, _DONE = 2, 3
_HEADER = struct.Struct("=IHHII")
_FAMILY = {socket.AF_INET: 4, socket.AF_INET6: 16}

IFF_UP = 1
IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU, IFLA_MASTER, IFLA_LINKINFO, IFLA_IFALIAS = 1, 3, 4, 10, 18, 20
IFLA_AF_SPEC, IFLA_NET_NS_FD = 26, 28
IFA_ADDRESS, IFA_LOCAL, IFA_BROADCAST, IFA_FLAGS = 1, 2, 4, 8
IFA_F_NODAD, IFA_F_DADFAILED, IFA_F_TENTATIVE = 0x02, 0x08, 0x40
RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_PREFSRC = 1, 4, 5, 7
RT_TABLE_MAIN, RT_TABLE_LOCAL = 254, 255
RTN_UNICAST, RTN_LOCAL = 1, 2
RTPROT_BOOT = 3
RT_SCOPE_UNIVERSE, RT_SCOPE_LINK, RT_SCOPE_HOST, RT_SCOPE_NOWHERE = 0, 253, 254, 255
_sequence = itertools.count(1)


def request(kind: int, body: bytes, flags: int = ACK) -> list[tuple[int, bytes]]:
    """Send one message and return the answers to it: (kind, body) each."""
    answers: list[tuple[int, bytes]] = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as sock:
        number = next(_sequence)
        sock.send(_HEADER.pack(_HEADER.size + len(body), kind, flags | REQUEST, number, 0) + body)
        while True:
            data = sock.recv(1 << 18)
            while data:
                length, kind, _flags, _number, _port = _HEADER.unpack_from(data)
                body, data = data[_HEADER.size : length], data[(length + 3) & ~3 :]
                if kind == _DONE:
                    return answers
                if kind == _ERROR:
                    (error,) = struct.unpack_from("=i", body)
                    if error:
                        raise OSError(-error, f"rtnetlink {-error}")
                    return answers
                answers.append((kind, body))
                if not flags & DUMP:
                    return answers


def attribute(kind: int, value: bytes | str | int) -> bytes:
    """One attribute: bytes as they are, a string with its NUL, a number of 32 bits."""
    if isinstance(value, str):
        value = value.encode() + b"\0"
    elif isinstance(value, int):
        value = struct.pack("=I", value)
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The attributes in a message, the kind without its flags."""
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        yield kind & 0x3FFF, data[4:length]
        data = data[(length + 3) & ~3 :]


# --- links ------------------------------------------------------------------------------------------------------------


def link_message(index: int = 0, flags: int = 0, change: int = 0) -> bytes:
    """struct ifinfomsg."""
    return struct.pack("=BxHiII", 0, 0, index, flags, change)


def links() -> list[dict[str, Any]]:
    """Every interface: index, up, name, mtu, address, master (an index, 0 for none), alias ('' for none)."""
    found = []
    for _kind, body in request(GETLINK, link_message(), DUMP):
        _family, _type, index, flags, _change = struct.unpack_from("=BxHiII", body)
        known = dict(attributes(body[16:]))
        found.append(
            {
                "index": index,
                "up": bool(flags & IFF_UP),
                "name": known[IFLA_IFNAME].rstrip(b"\0").decode(),
                "mtu": int.from_bytes(known[IFLA_MTU], "little"),
                "address": known.get(IFLA_ADDRESS, b"").hex(":"),
                "master": int.from_bytes(known.get(IFLA_MASTER, b""), "little"),
                "alias": known.get(IFLA_IFALIAS, b"").rstrip(b"\0").decode(),
            }
        )
    return found


def link_index(name: str) -> int:
    """The Linux index of an interface. Raises OSError ENODEV."""
    (_kind, body), *_rest = request(GETLINK, link_message() + attribute(IFLA_IFNAME, name), 0)
    return int(struct.unpack_from("=BxHi", body)[2])


def add_link(name: str, kind: str, peer: str = "") -> None:
    """A new 'bridge', or 'veth' with its peer (the kernel names it unless told)."""
    info = attribute(1, kind.encode())
    if peer:
        info += attribute(2, attribute(1, link_message() + attribute(IFLA_IFNAME, peer)))
    body = link_message() + attribute(IFLA_IFNAME, name) + attribute(IFLA_LINKINFO, info)
    request(NEWLINK, body, ACK | CREATE | EXCL)


def set_link(index: int, *settings: bytes, up: bool | None = None) -> None:
    """Change an interface: attributes, and whether it is up."""
    request(NEWLINK, link_message(index, IFF_UP if up else 0, 0 if up is None else IFF_UP) + b"".join(settings))


def delete_link(index: int) -> None:
    request(DELLINK, link_message(index))


def no_generated_addresses() -> bytes:
    """The setting that keeps Linux from giving an interface an IPv6 link-local address."""
    return attribute(IFLA_AF_SPEC, attribute(socket.AF_INET6, attribute(8, b"\1")))


# --- addresses --------------------------------------------------------------------------------------------------------


def addresses() -> list[dict[str, Any]]:
    """Every address: index (of its interface), family, address, length, broadcast ('' for none), flags (IFA_F_*)."""
    found = []
    for _kind, body in request(GETADDR, struct.pack("=BBBBI", 0, 0, 0, 0, 0), DUMP):
        family, length, flags, _scope, index = struct.unpack_from("=BBBBI", body)
        if family in _FAMILY:
            known = dict(attributes(body[8:]))
            broadcast = socket.inet_ntop(family, known[IFA_BROADCAST]) if IFA_BROADCAST in known else ""
            address = socket.inet_ntop(family, known.get(IFA_LOCAL) or known[IFA_ADDRESS])
            found.append(
                {
                    "index": index,
                    "family": family,
                    "address": address,
                    "length": length,
                    "broadcast": broadcast,
                    "flags": int.from_bytes(known.get(IFA_FLAGS, bytes([flags])), "little"),
                }
            )
    return found


def change_address(
    kind: int,
    index: int,
    address: str,
    length: int,
    broadcast: str = "",
    scope: int = RT_SCOPE_UNIVERSE,
    dad: bool = False,
) -> None:
    """Add (NEWADDR) or delete (DELADDR) an address. dad: whether Linux looks first who else has one of IPv6."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    packed = socket.inet_pton(family, address)
    body = struct.pack("=BBBBI", family, length, 0, scope, index)
    body += attribute(IFA_LOCAL, packed) + attribute(IFA_ADDRESS, packed)
    if family == socket.AF_INET6 and not dad:
        body += attribute(IFA_FLAGS, IFA_F_NODAD)
    if broadcast:
        body += attribute(IFA_BROADCAST, socket.inet_pton(family, broadcast))
    request(kind, body, ACK | (CREATE | EXCL if kind == NEWADDR else 0))


# --- routes -----------------------------------------------------------------------------------------------------------


def routes(family: int) -> list[dict[str, Any]]:
    """Every route: table, type, destination, length, gateway ('' for none), index (of the interface, 0 for none)."""
    found = []
    for _kind, body in request(GETROUTE, struct.pack("=BBBBBBBBI", family, *(0,) * 8), DUMP):
        _family, length, _src, _tos, table, _protocol, _scope, kind, _flags = struct.unpack_from("=BBBBBBBBI", body)
        known = dict(attributes(body[12:]))
        destination = known.get(RTA_DST, bytes(_FAMILY[socket.AddressFamily(family)]))
        found.append(
            {
                "table": table,
                "type": kind,
                "destination": socket.inet_ntop(family, destination),
                "length": length,
                "gateway": socket.inet_ntop(family, known[RTA_GATEWAY]) if RTA_GATEWAY in known else "",
                "index": int.from_bytes(known.get(RTA_OIF, b""), "little"),
            }
        )
    return found


def change_route(
    kind: int,
    destination: str,
    length: int,
    *,
    gateway: str = "",
    index: int = 0,
    table: int = RT_TABLE_MAIN,
    route: int = RTN_UNICAST,
    scope: int = RT_SCOPE_UNIVERSE,
    replace: bool = False,
) -> None:
    """Add (NEWROUTE) or delete (DELROUTE) a route."""
    family = socket.AF_INET6 if ":" in destination else socket.AF_INET
    protocol = RTPROT_BOOT if kind == NEWROUTE else 0
    body = struct.pack("=BBBBBBBBI", family, length, 0, 0, table, protocol, scope, route, 0)
    if length:
        body += attribute(RTA_DST, socket.inet_pton(family, destination))
    if gateway:
        body += attribute(RTA_GATEWAY, socket.inet_pton(family, gateway))
    if index:
        body += attribute(RTA_OIF, index)
    request(kind, body, ACK | ((CREATE | (REPLACE if replace else EXCL)) if kind == NEWROUTE else 0))
