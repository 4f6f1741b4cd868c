# SPDX-License-Identifier: BSD-2-Clause
"""Network stacks: the host's at boot, that of a vnet jail, and interfaces that go from one to another."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
from collections.abc import Iterator

import doors
import netif
import rtnetlink
from kernel import PROC

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def boot() -> list[netif.Interface]:
    """The interfaces of the recorded host (net-1) as its kernel finds them, in a network namespace that is new."""
    _prepare()
    rtnetlink.add_link("vtnet0", "veth")
    present: list[netif.Interface] = []
    vtnet0 = netif.Interface("vtnet0", "vtnet", "vtnet0", [], _here(), ether="52:54:00:12:34:56")
    netif.add(vtnet0, present)
    return [vtnet0, _loopback(present)]


def configure(vtnet0: netif.Interface, lo0: netif.Interface) -> None:
    """What /etc/rc makes of them by the recorded host's rc.conf (base-2)."""
    netif.bring_up(lo0)
    netif.add_address(lo0, "127.0.0.1", 8)
    netif.add_address(vtnet0, "10.0.2.15", 24)
    rtnetlink.change_route(rtnetlink.NEWROUTE, "0.0.0.0", 0, gateway="10.0.2.2")


def vnet() -> None:
    """A vnet jail's own stack, in a network namespace that is new: nothing but lo0, which is down (recorded: net-1)."""
    _prepare()
    _loopback([])
    doors.add()


def move(interface: str, source: int, target: int) -> None:
    """SIOCSIFVNET: take an interface out of one network namespace into another, where it is the newest.

    source, target: descriptors of the namespaces. Raises OSError: ENXIO without such an interface, EEXIST where the
    other has one of that name.
    """
    with _within(source):
        found = netif.find(interface)
        if found is None:
            raise OSError(errno.ENXIO, interface)
        rtnetlink.set_link(found.linux, rtnetlink.attribute(rtnetlink.IFLA_NET_NS_FD, target))
    with _within(target):
        found.groups = found.groups[:1]
        found.linux = rtnetlink.link_index(interface)  # a new one where the old one is taken
        netif.attach(found, [other for other in netif.interfaces() if other.name != interface])


def identity(stack: int) -> int:
    """What tells a network namespace (a descriptor of it) from another."""
    return os.fstat(stack).st_ino


def visitors(stack: int) -> list[str]:
    """The interfaces in a network namespace that were made in another one, in the order of ifconfig -l.

    They go back when it ends, and those that were made in it go with it.
    """
    with _within(stack):
        return [interface.name for interface in netif.interfaces() if interface.home != identity(stack)]


def units(home: int, stacks: list[int]) -> list[str]:
    """The units of what was made in one network namespace (its identity) and is in any of these now."""
    found = []
    for stack in stacks:
        with _within(stack):
            found += [interface.unit for interface in netif.interfaces() if interface.home == home]
    return found


def _here() -> int:
    return os.stat(f"{PROC}/thread-self/ns/net").st_ino


def _prepare() -> None:
    """What Linux has to do otherwise in a new network stack, so that addresses and routes behave as FreeBSD's."""
    for setting, value in {
        # An address goes alone, not with all others of its net.
        "ipv4/conf/all/promote_secondaries": "1",
        "ipv4/conf/default/promote_secondaries": "1",
        # IPv6 addresses stay when an interface goes down.
        "ipv6/conf/all/keep_addr_on_down": "1",
        "ipv6/conf/default/keep_addr_on_down": "1",
        "ipv6/conf/default/accept_ra": "0",
    }.items():
        with open(f"{PROC}/sys/net/{setting}", "w") as file:
            file.write(value)


def _loopback(present: list[netif.Interface]) -> netif.Interface:
    lo0 = netif.Interface("lo0", "lo", "lo0", ["lo"], _here())
    rtnetlink.set_link(rtnetlink.link_index("lo"), rtnetlink.attribute(rtnetlink.IFLA_IFNAME, "lo0"))
    netif.add(lo0, present)
    return lo0


@contextlib.contextmanager
def _within(stack: int) -> Iterator[None]:
    """This thread in another network namespace for a while."""
    home = os.open(f"{PROC}/thread-self/ns/net", os.O_RDONLY)
    try:
        _setns(stack)
        yield
    finally:
        _setns(home)
        os.close(home)


def _setns(stack: int) -> None:
    if _libc.setns(stack, _CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
