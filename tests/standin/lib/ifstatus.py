# SPDX-License-Identifier: BSD-2-Clause
"""What ifconfig(8) prints of interfaces."""

from __future__ import annotations

import kernel
from netif import Interface

FLAGS = {
    0x1: "UP",
    0x2: "BROADCAST",
    0x8: "LOOPBACK",
    0x40: "RUNNING",
    0x100: "PROMISC",
    0x800: "SIMPLEX",
    0x8000: "MULTICAST",
    0x1000000: "LOWER_UP",
}
ND6 = {0x1: "PERFORMNUD", 0x8: "IFDISABLED", 0x20: "AUTO_LINKLOCAL"}
LINK_FAMILIES = ("ether", "link", "lladdr")


def visible(interfaces: list[Interface]) -> list[Interface]:
    """The interfaces as the caller's jail may see them: without a network stack of its own, only its addresses."""
    values = kernel.sysctl_get()
    if values["security.jail.jailed"] and not values["security.jail.vnet"]:
        own = kernel.own_addresses()
        for interface in interfaces:
            if own["ip4"] != "inherit":
                interface.inet = [each for each in interface.inet if each[0] in own["ip4.addr"]]
            if own["ip6"] != "inherit":
                interface.inet6 = [each for each in interface.inet6 if each[0] in own["ip6.addr"]]
    return interfaces


def show(interface: Interface, family: str, members: list[Interface]) -> None:
    """Print an interface's status, of one address family or ('') of all. members: those of a bridge."""
    print(f"{interface.name}: flags={bits(interface.flags, FLAGS)} metric 0 mtu {interface.mtu}")
    if interface.description:
        print(f"\tdescription: {interface.description}")
    print(f"\toptions={interface.kind.options}")
    if interface.ether and (not family or family in LINK_FAMILIES):
        print(f"\tether {interface.ether}")
    if family in ("", "inet"):
        for address, length, broadcast in interface.inet:
            tail = f" broadcast {broadcast}" if broadcast else ""
            print(f"\tinet {address} netmask 0x{0xFFFFFFFF << 32 - length & 0xFFFFFFFF:x}{tail}")
    if family in ("", "inet6"):
        for address, length in interface.inet6:
            local = address.startswith("fe80:")
            scoped, tail = (f"%{interface.name}", f" scopeid 0x{interface.index:x}") if local else ("", "")
            word = f" {interface.unsure[address]}" if address in interface.unsure else ""
            print(f"\tinet6 {address}{scoped} prefixlen {length}{word}{tail}")
    if family:
        return
    if interface.driver == "bridge":
        _bridge(members)
    if interface.groups:
        print("\tgroups: " + " ".join(interface.groups))
    if interface.kind.media:
        print(f"\tmedia: {interface.kind.media}\n\tstatus: active")
    nd6 = interface.kind.nd6 & ~0x8 if interface.inet6 else interface.kind.nd6
    print(f"\tnd6 options={bits(nd6, ND6)}")


def _bridge(members: list[Interface]) -> None:
    print("\tid 00:00:00:00:00:00 priority 32768 hellotime 2 fwddelay 15")
    print("\tmaxage 20 holdcnt 6 proto rstp maxaddr 2000 timeout 1200")
    print("\troot id 00:00:00:00:00:00 priority 32768 ifcost 0 port 0")
    print("\tbridge flags=0<>")
    for member in members:
        print(f"\tmember: {member.name} flags=143<LEARNING,DISCOVER,AUTOEDGE,AUTOPTP>")
        print(f"\t        ifmaxaddr 0 port {member.index} priority 128 path cost 2000")


def bits(value: int, names: dict[int, str]) -> str:
    """As the kernel's printf %b: the number and the names of its bits."""
    return f"{value:x}<{','.join(name for bit, name in names.items() if value & bit)}>"
