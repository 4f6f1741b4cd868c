# SPDX-License-Identifier: BSD-2-Clause
"""netstat(1), as far as it prints the routing table (-r)."""

from __future__ import annotations

import socket

import err
import routing
from options import getopt

USAGE = """\
usage: netstat [-46AaCcLnRSTWx] [-f protocol_family | -p protocol]
       netstat -r [-46AnW] [-F fibnum] [-f address_family]"""


def main(argv: list[str]) -> int:
    given, _rest = getopt(argv, "46AaCcF:f:LnRrSTWx", USAGE)
    options = dict(given)
    if "r" not in options:
        err.errx("netstat", "kvm not available: /dev/mem: No such file or directory")
    asked = {"inet": socket.AF_INET, "inet6": socket.AF_INET6}.get(options.get("f", ""))
    asked = socket.AF_INET if "4" in options else socket.AF_INET6 if "6" in options else asked
    print("Routing tables")
    if asked != socket.AF_INET6:
        _table("Internet", socket.AF_INET, 18)
    if asked != socket.AF_INET:
        _table("Internet6", socket.AF_INET6, 33)
    return 0


def _table(title: str, family: int, width: int) -> None:
    print(f"\n{title}:\n{'Destination':<{width}} {'Gateway':<{width}} Flags     Netif Expire")
    for route in routing.routes(family):
        wide = route.network.prefixlen not in (0, route.network.max_prefixlen)
        destination = f"{route.destination}/{route.network.prefixlen}" if wide else route.destination
        gateway = route.gateway or f"link#{2 if route.host else route.interface.index}"
        flags = "UGS" if route.gateway else "UHS" if route.host and route.interface.unit != "lo0" else "U"
        name = "lo0" if flags == "UHS" else route.interface.name
        print(f"{destination:<{width}} {gateway:<{width}} {flags:<7} {name:>7}")
