# SPDX-License-Identifier: BSD-2-Clause
"""From the option `epairs` to the epairs that a jail is to have. What is given ends up in commands for /bin/sh: only
addresses, numbers, and names of letters, digits and a few signs pass here.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Any, Union

from ansible_collections.bsd.jail.plugins.module_utils.conf import read_conf
from ansible_collections.bsd.jail.plugins.module_utils.epairs import NAME_MAX, Epair, ether
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError

# What tells one FreeBSD host from another, made at its first boot (FreeBSD's libexec/rc/rc.d/hostid).
HOSTID = "/etc/hostid"

_DHCP, _SLAAC = "dhcp", "slaac"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]*")
_ETHER = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_MTU = range(72, 65536)  # FreeBSD's sys/net/if.h: IF_MINMTU, IF_MAXMTU

_Interface = Union[ipaddress.IPv4Interface, ipaddress.IPv6Interface]
_Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]


def epairs(jail: str, given: Sequence[Mapping[str, Any]], hostid: str = HOSTID) -> tuple[Epair, ...]:
    """The epairs that are asked for.

    jail: its name. given: the option. hostid: the path of the file that tells the host from others.
    Raises InputError.
    """
    found = tuple(_epair(jail, number, one, hostid) for number, one in enumerate(given))
    _refuse_twice(jail, "the MAC address", [one.ether for one in found])
    _refuse_twice(jail, "the interface", [one.interface for one in found if one.interface])
    _refuse_twice(jail, "the address", [text.partition("/")[0] for one in found for text in one.addresses])
    gateways = [gateway for one in found for gateway in one.gateways]
    for is_inet6 in (False, True):
        its = [one for one in gateways if (":" in one) == is_inet6]
        if len(its) > 1:
            raise _error(jail, f"{its[0]} and {its[1]} are two gateways, and a jail can have one of each family.")
    return found


def _epair(jail: str, number: int, given: Mapping[str, Any], hostid: str) -> Epair:
    words = [str(word).strip() for word in given.get("addresses") or []]
    dhcp, slaac = _DHCP in words, _SLAAC in words
    interfaces = [_interface(jail, word) for word in words if word not in (_DHCP, _SLAAC)]
    gateways = [_gateway(jail, str(word).strip(), interfaces, slaac) for word in given.get("gateway") or []]
    # dhclient-script(8) replaces an interface's IPv4 address; IPv6 addresses of one's own do no harm.
    for one in (*interfaces, *gateways):
        if dhcp and one.version == 4:
            raise _error(jail, f"{_DHCP} and {one} for one interface: leave out one of them.")
        if slaac and one.version == 6 and one in gateways:
            raise _error(jail, f"{_SLAAC} and the gateway {one} for one interface: leave out one of them.")
    mtu = given.get("mtu")
    if mtu is not None and mtu not in _MTU:
        raise _error(jail, f"an mtu of {mtu} can't be: {_MTU[0]} to {_MTU[-1]} bytes can.")
    return Epair(
        number=number,
        bridge=_name(jail, "bridge", str(given["bridge"])),
        ether=_ether(jail, number, given.get("ether"), hostid),
        interface=_name(jail, "interface", str(given["interface"])) if given.get("interface") is not None else "",
        mtu=mtu,
        addresses=tuple(str(one) for one in interfaces),
        gateways=tuple(str(one) for one in gateways),
        dhcp=dhcp,
        slaac=slaac,
    )


def _interface(jail: str, text: str) -> _Interface:
    """An address with its prefix length."""
    address, slash, _prefix = text.partition("/")
    try:
        found = ipaddress.ip_interface(text)
    except ValueError as error:
        raise _error(jail, f"{text!r} is no address: give one such as 10.0.0.2/24, or dhcp or slaac.") from error
    if not slash:
        raise _error(jail, f"the address {text} needs the length of its network's prefix, such as {text}/24.")
    if "%" in address or (found.ip.is_link_local and found.version == 6):
        raise _error(jail, f"{text} is a link-local address: an interface with IPv6 has one by itself.")
    if found.ip.is_unspecified or found.ip.is_multicast or found.ip.is_loopback:
        raise _error(jail, f"{text} can't be the address of an interface.")
    network = found.network
    if network.num_addresses > 2 and (
        found.ip == network.network_address or (found.version == 4 and found.ip == network.broadcast_address)
    ):
        raise _error(jail, f"{text} is the address of a whole network: give that of one interface in it.")
    return found


def _gateway(jail: str, text: str, interfaces: Sequence[_Interface], slaac: bool) -> _Address:
    """A gateway, which the interface has to reach by itself."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError as error:
        raise _error(jail, f"{text!r} can't be a gateway: give an address such as 10.0.0.1.") from error
    if found in [one.ip for one in interfaces]:
        raise _error(jail, f"the gateway {text} is the jail's own address.")
    family = [one for one in interfaces if one.version == found.version]
    is_near = any(found in one.network for one in family)
    if found.version == 6 and found.is_link_local:
        is_near = "%" not in text and (bool(family) or slaac)
    if not is_near:
        raise _error(jail, f"the gateway {text} is in the network of none of the interface's addresses.")
    return found


def _name(jail: str, what: str, text: str) -> str:
    """The name of an interface."""
    if len(text.encode()) > NAME_MAX:
        raise _error(jail, f"the {what} {text!r} has {len(text.encode())} bytes: FreeBSD takes {NAME_MAX} for a name.")
    if not _NAME.fullmatch(text):
        raise _error(jail, f"the {what} {text!r} can't be: use letters, digits and '_', '.', ':', '-' for a name.")
    return text


def _ether(jail: str, number: int, given: object, hostid: str) -> str:
    """The MAC address of the jail's end: by default, always the same on one host."""
    if given is None:
        host = (read_conf(hostid) or "").strip()
        if not host:
            words = f"there is no {hostid} to make a MAC address of. Give ether, or run 'service hostid_save start'."
            raise _error(jail, words)
        return ether(host, jail, str(number))
    text = str(given).strip().lower()
    if not _ETHER.fullmatch(text) or int(text[:2], 16) & 1 or text == "00:00:00:00:00:00":
        raise _error(jail, f"{given!r} can't be the MAC address of an interface: give one such as 02:00:00:00:00:01.")
    return text


def _refuse_twice(jail: str, what: str, values: Sequence[str]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise _error(jail, f"{what} {value} is there twice.")


def _error(jail: str, message: str) -> InputError:
    return InputError(f"jail {jail}: epairs: {message}", jail=jail, parameter="epairs")
