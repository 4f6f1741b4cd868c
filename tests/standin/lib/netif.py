# SPDX-License-Identifier: BSD-2-Clause
"""The network interfaces of this process's network stack, as FreeBSD sees them.

Each is a real Linux interface of the same name. lo0 is Linux's loopback, bridges are bridges, an epair is a veth pair,
and a cloned loopback or an Ethernet card is one end of a veth pair whose other end nobody sees (a Linux bridge couldn't
move to another network stack). What FreeBSD knows and Linux doesn't is kept in the interface's alias, which moves along
with it; what has no such alias isn't FreeBSD's and isn't shown.
"""

from __future__ import annotations

import errno
import ipaddress
import itertools
import json
import os
import re
import time
from dataclasses import dataclass, field
from socket import AF_INET, AF_INET6

import kernel
import rtnetlink
from rtnetlink import attribute

UP, BROADCAST, LOOPBACK, RUNNING, PROMISC = 0x1, 0x2, 0x8, 0x40, 0x100
SIMPLEX, MULTICAST, LOWER_UP = 0x800, 0x8000, 0x1000000
NAME_MAX = 15


@dataclass(frozen=True)
class Driver:
    """What interfaces of one kind have in common.

    flags: those that they have always. group: the one that they are made in. mtu: in bytes.
    options, nd6, media: as ifconfig(8) prints them. clones: ifconfig can make and destroy them.
    """

    flags: int
    group: str
    mtu: int
    options: str
    nd6: int
    media: str = ""
    clones: bool = True


ETHERNET = BROADCAST | SIMPLEX | MULTICAST
DRIVERS = {
    "lo": Driver(LOOPBACK | MULTICAST, "lo", 16384, "680003<RXCSUM,TXCSUM,LINKSTATE,RXCSUM_IPV6,TXCSUM_IPV6>", 0x21),
    "bridge": Driver(ETHERNET, "bridge", 1500, "10<VLAN_HWTAGGING>", 0x9),
    "epair": Driver(
        ETHERNET | RUNNING | LOWER_UP,
        "epair",
        1500,
        "60000b<RXCSUM,TXCSUM,VLAN_MTU,RXCSUM_IPV6,TXCSUM_IPV6>",
        0x29,
        "Ethernet 10Gbase-T (10Gbase-T <full-duplex>)",
    ),
    "vtnet": Driver(
        ETHERNET | RUNNING | LOWER_UP,
        "",
        1500,
        "4c07bb<RXCSUM,TXCSUM,VLAN_MTU,VLAN_HWTAGGING,JUMBO_MTU,VLAN_HWCSUM,TSO4,TSO6,LRO,VLAN_HWTSO,LINKSTATE,TXCSUM_IPV6>",
        0x29,
        "Ethernet autoselect (10Gbase-T <full-duplex>)",
        clones=False,
    ),
}


@dataclass
class Interface:
    """One interface.

    unit: the name that its driver gave it. index: FreeBSD's interface index, and linux: Linux's. serial: orders
    interfaces by when they came to this stack. home: the stack that it was made in. bridge: the one that it is a member
    of, or ''.
    inet: (address, prefix length, broadcast) each; inet6: (address, prefix length). unsure: of the latter those that
    can't be used, for 'tentative' (it is being looked who else has them) or 'duplicated'.
    """

    name: str
    driver: str
    unit: str
    groups: list[str]
    home: int
    index: int = 0
    serial: int = 0
    linux: int = 0
    description: str = ""
    up: bool = False
    mtu: int = 1500
    ether: str = ""
    bridge: str = ""
    inet: list[tuple[str, int, str]] = field(default_factory=list)
    inet6: list[tuple[str, int]] = field(default_factory=list)
    unsure: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> Driver:
        return DRIVERS[self.driver]

    @property
    def flags(self) -> int:
        """IFF_* as ifconfig(8) prints them, netlink's LOWER_UP among them."""
        flags = self.kind.flags
        if self.up:
            flags |= UP | RUNNING | LOWER_UP
        if self.bridge:
            flags |= PROMISC
        return flags


def interfaces() -> list[Interface]:
    """All interfaces of this stack, in FreeBSD's order: as they came to it."""
    links = rtnetlink.links()
    names = {link["index"]: link["name"] for link in links}
    addresses = rtnetlink.addresses()
    found = []
    for link in links:
        if not link["alias"]:
            continue
        known = json.loads(link["alias"])
        own = [each for each in addresses if each["index"] == link["index"]]
        inet = [each for each in own if each["family"] == AF_INET]
        inet6 = [each for each in own if each["family"] == AF_INET6]
        found.append(
            Interface(
                **known,
                linux=link["index"],
                name=link["name"],
                up=link["up"],
                mtu=link["mtu"],
                ether="" if known["driver"] == "lo" else link["address"],
                bridge=names.get(link["master"], ""),
                inet=[(each["address"], each["length"], each["broadcast"]) for each in inet],
                inet6=_inet6([(each["address"], each["length"]) for each in inet6]),
                unsure={each["address"]: word for each in inet6 for word in _unsure(each["flags"])},
            )
        )
    return sorted(found, key=lambda interface: interface.serial)


def _unsure(flags: int) -> list[str]:
    """FreeBSD's word for an address that can't be used, by Linux's flags."""
    if flags & rtnetlink.IFA_F_DADFAILED:
        return ["duplicated"]
    return ["tentative"] if flags & rtnetlink.IFA_F_TENTATIVE else []


def _inet6(addresses: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """In FreeBSD's order: as they came, ::1 and the link-local one first. Linux lists by scope, the newest first."""
    rest = [each for each in addresses if each[0] != "::1" and not each[0].startswith("fe80:")]
    first = [each for each in addresses if each not in rest]
    return sorted(first, reverse=True, key=lambda each: each[0] == "::1") + rest[::-1]


def find(name: str) -> Interface | None:
    """The interface of that name, if there is one."""
    return next((interface for interface in interfaces() if interface.name == name), None)


def create(name: str) -> str:
    """SIOCIFCREATE2: make an interface, 'lo7' or the next free one for 'lo'.

    Returns its name, for an epair that of its a end. Raises OSError: EINVAL for a name that no cloner knows, EEXIST.
    """
    match = re.fullmatch(r"([a-z]+)(\d*)", name)
    if not match or not DRIVERS.get(match[1], DRIVERS["vtnet"]).clones:
        raise OSError(errno.EINVAL, name)
    driver, wanted = match[1], match[2]
    present = interfaces()
    home, units = kernel.if_units()
    taken = {other.rstrip("ab") for other in units}
    for number in [int(wanted)] if wanted else itertools.count():
        unit = f"{driver}{number}"
        ends = [f"{unit}a", f"{unit}b"] if driver == "epair" else [unit]
        try:
            if unit in taken:
                raise OSError(errno.EEXIST, unit)
            kind, peer = ("bridge", "") if driver == "bridge" else ("veth", ends[-1] if driver == "epair" else "")
            rtnetlink.add_link(ends[0], kind, peer)
            break
        except OSError as error:
            # Somebody else may take a unit at the same time.
            if wanted or error.errno != errno.EEXIST:
                raise
    for end in ends:
        add(Interface(end, driver, end, [DRIVERS[driver].group], home), present)
    return ends[0]


def add(interface: Interface, present: list[Interface]) -> None:
    """Set up a Linux interface that was just made as this interface of FreeBSD's, beside those that are present."""
    interface.linux = rtnetlink.link_index(interface.name)
    settings = [rtnetlink.no_generated_addresses(), _mtu(interface.kind.mtu)]
    if interface.driver != "lo":
        interface.ether = interface.ether or _ethernet_address(interface)
        settings.append(_ether(interface.ether))
    rtnetlink.set_link(interface.linux, *settings)
    attach(interface, present)


def attach(interface: Interface, present: list[Interface]) -> None:
    """Make an interface the newest of this stack."""
    taken = {other.index for other in present}
    interface.index = next(n for n in range(1, len(taken) + 2) if n not in taken)
    interface.serial = time.monotonic_ns()
    present.append(interface)
    remember(interface)


def _ethernet_address(interface: Interface) -> str:
    """One as FreeBSD makes them up: 58:9c:fc:… for bridges, 02:…:0a and 02:…:0b for the ends of an epair."""
    octets = list(os.urandom(6))
    if interface.driver == "bridge":
        octets[:3] = 0x58, 0x9C, 0xFC
    else:
        octets[0], octets[5] = 0x02, 0x0B if interface.unit.endswith("b") else 0x0A
    return ":".join(f"{octet:02x}" for octet in octets)


def destroy(interface: Interface) -> None:
    """SIOCIFDESTROY, an epair with its other end. Raises OSError EINVAL for what isn't a clone."""
    if not interface.kind.clones or interface.unit == "lo0":
        raise OSError(errno.EINVAL, interface.name)
    rtnetlink.delete_link(interface.linux)


def remember(interface: Interface) -> None:
    """Write down what FreeBSD alone knows of an interface. Raises OSError ENAMETOOLONG where that is too much."""
    known = {"driver": interface.driver, "unit": interface.unit, "index": interface.index, "serial": interface.serial}
    known |= {"groups": interface.groups, "home": interface.home} | (
        {"description": interface.description} if interface.description else {}
    )
    alias = json.dumps(known, separators=(",", ":"))
    if len(alias) > 255:
        raise OSError(errno.ENAMETOOLONG, interface.name)
    rtnetlink.set_link(interface.linux, attribute(rtnetlink.IFLA_IFALIAS, alias.encode()))


def rename(interface: Interface, name: str) -> None:
    """SIOCSIFNAME, of an interface that is up too. Raises OSError: ENAMETOOLONG, EEXIST."""
    if len(name.encode()) > NAME_MAX:
        raise OSError(errno.ENAMETOOLONG, name)
    new = attribute(rtnetlink.IFLA_IFNAME, name)
    try:
        rtnetlink.set_link(interface.linux, new)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        # Linux before 6.2 renames only what is down.
        rtnetlink.set_link(interface.linux, up=False)
        rtnetlink.set_link(interface.linux, new)
        rtnetlink.set_link(interface.linux, up=True)
    interface.name = name


def set_mtu(interface: Interface, mtu: int) -> None:
    rtnetlink.set_link(interface.linux, _mtu(mtu))


def _mtu(mtu: int) -> bytes:
    return attribute(rtnetlink.IFLA_MTU, mtu)


def set_ether(interface: Interface, ether: str) -> None:
    """Raises OSError EINVAL for an address of a group."""
    if int(ether[:2], 16) & 1:
        raise OSError(errno.EINVAL, ether)
    rtnetlink.set_link(interface.linux, _ether(ether))


def _ether(ether: str) -> bytes:
    return attribute(rtnetlink.IFLA_ADDRESS, bytes.fromhex(ether.replace(":", "")))


def set_bridge(interface: Interface, bridge: Interface | None) -> None:
    """Make an interface a member of a bridge, or of none."""
    rtnetlink.set_link(interface.linux, attribute(rtnetlink.IFLA_MASTER, bridge.linux if bridge else 0))
    interface.bridge = bridge.name if bridge else ""


def bring_up(interface: Interface) -> None:
    """IFF_UP. A loopback interface gets its link-local address, and lo0 ::1, as in6_ifattach(9) gives them."""
    rtnetlink.set_link(interface.linux, up=True)
    interface.up = True
    if interface.unit == "lo0" and not interface.inet:
        # Linux gives its loopback 127.0.0.1 and ::1; FreeBSD only the latter.
        rtnetlink.change_address(rtnetlink.DELADDR, interface.linux, "127.0.0.1", 8)
    present = {address for address, _ in interface.inet6}
    if interface.driver == "lo" and "fe80::1" not in present:
        rtnetlink.change_address(rtnetlink.NEWADDR, interface.linux, "fe80::1", 64, scope=rtnetlink.RT_SCOPE_LINK)


def bring_down(interface: Interface) -> None:
    """Not IFF_UP. Addresses stay, IPv6 ones too (kernel/network.py)."""
    rtnetlink.set_link(interface.linux, up=False)
    interface.up = False


def add_address(interface: Interface, address: str, length: int, broadcast: str = "") -> None:
    """SIOCAIFADDR: add an address, or give the one that is there this prefix length (recorded: vnm-2)."""
    old = _length(interface, address)
    if old == length:
        return
    if old is not None:
        rtnetlink.change_address(rtnetlink.DELADDR, interface.linux, address, old)
    if not interface.up:
        bring_up(interface)
    if ":" in address or interface.driver == "lo":
        broadcast = ""
    elif not broadcast:
        broadcast = str(ipaddress.IPv4Network(f"{address}/{length}", strict=False).broadcast_address)
    # Only where somebody could answer: Linux doesn't look on what has no carrier, as a bridge without members, ever.
    dad = interface.driver == "epair"
    rtnetlink.change_address(rtnetlink.NEWADDR, interface.linux, address, length, broadcast, dad=dad)
    if interface.unit == "lo0" and ":" not in address and length < 32:
        # On FreeBSD an address of a loopback interface is that address alone, on Linux the whole net is.
        rtnetlink.change_route(
            rtnetlink.DELROUTE,
            str(ipaddress.IPv4Network(f"{address}/{length}", strict=False).network_address),
            length,
            index=interface.linux,
            table=rtnetlink.RT_TABLE_LOCAL,
            route=rtnetlink.RTN_LOCAL,
            scope=rtnetlink.RT_SCOPE_HOST,
        )


def delete_address(interface: Interface, address: str) -> None:
    """SIOCDIFADDR, whatever the prefix length. Raises OSError EADDRNOTAVAIL."""
    length = _length(interface, address)
    if length is None:
        raise OSError(errno.EADDRNOTAVAIL, address)
    rtnetlink.change_address(rtnetlink.DELADDR, interface.linux, address, length)


def _length(interface: Interface, address: str) -> int | None:
    """The prefix length of one of its addresses, None for one that it doesn't have."""
    known = {present: length for present, length, _broadcast in interface.inet} | dict(interface.inet6)
    return known.get(address)
