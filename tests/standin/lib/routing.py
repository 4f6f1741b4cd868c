# SPDX-License-Identifier: BSD-2-Clause
"""The routing table of this process's network stack, as FreeBSD's route(8) and netstat(1) see it."""

from __future__ import annotations

import errno
import ipaddress
from dataclasses import dataclass
from socket import AF_INET, AF_INET6

import netif
import rtnetlink

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Route:
    """One route. gateway: an address, '' for what is on the link."""

    network: Network
    gateway: str
    interface: netif.Interface

    @property
    def host(self) -> bool:
        return self.network.prefixlen == self.network.max_prefixlen

    @property
    def destination(self) -> str:
        """As route(8) prints it."""
        return "default" if self.network.prefixlen == 0 else str(self.network.network_address)


def routes(family: int) -> list[Route]:
    """What is routed, the default route first, without broadcasts and what else Linux keeps for itself."""
    by_index = {interface.linux: interface for interface in netif.interfaces()}
    found = []
    for entry in rtnetlink.routes(family):
        kinds = {rtnetlink.RT_TABLE_MAIN: rtnetlink.RTN_UNICAST, rtnetlink.RT_TABLE_LOCAL: rtnetlink.RTN_LOCAL}
        if kinds.get(entry["table"]) == entry["type"] and entry["index"] in by_index:
            network = ipaddress.ip_network(f"{entry['destination']}/{entry['length']}", strict=False)
            found.append(Route(network, entry["gateway"], by_index[entry["index"]]))
    return sorted(found, key=lambda route: (route.network.prefixlen > 0, int(route.network.network_address)))


def lookup(destination: str) -> Route | None:
    """The route that a packet to an address takes, 'default' asks for the default one."""
    family = AF_INET6 if ":" in destination else AF_INET
    if destination in ("default", "default6"):
        family = AF_INET6 if destination == "default6" else AF_INET
        return next((route for route in routes(family) if route.network.prefixlen == 0), None)
    address = ipaddress.ip_address(destination)
    fitting = [route for route in routes(family) if address in route.network]
    return max(fitting, key=lambda route: route.network.prefixlen, default=None)


def add(network: Network, gateway: str, interface: netif.Interface | None) -> None:
    """Raises OSError: EEXIST, ENETUNREACH for a gateway that no interface's network has."""
    if any(route.network == network for route in routes(AF_INET6 if network.version == 6 else AF_INET)):
        raise OSError(errno.EEXIST, str(network))
    rtnetlink.change_route(
        rtnetlink.NEWROUTE,
        str(network.network_address),
        network.prefixlen,
        gateway=gateway,
        index=interface.linux if interface else 0,
        scope=rtnetlink.RT_SCOPE_LINK if interface and not gateway else rtnetlink.RT_SCOPE_UNIVERSE,
    )


def delete(network: Network, gateway: str) -> None:
    """Raises OSError ESRCH."""
    where = str(network.network_address), network.prefixlen
    rtnetlink.change_route(rtnetlink.DELROUTE, *where, gateway=gateway, scope=rtnetlink.RT_SCOPE_NOWHERE)
