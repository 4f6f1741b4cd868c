# SPDX-License-Identifier: BSD-2-Clause
"""route(8): look at and change the routing table."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import sys
from typing import NoReturn

import err
import jailparam
import kernel
import netif
import routing
from errlist import strerror
from options import getopt
from routing import Network

USAGE = "usage: route [-j jail] [-46dnqtv] command [[modifiers] args]"
REASONS = {
    errno.ESRCH: "not in table",
    errno.EBUSY: "entry in use",
    errno.EADDRINUSE: "gateway uses the same route",
    errno.EEXIST: "route already in table",
}


def main(argv: list[str]) -> int:
    given, words = getopt(argv, "46dj:nqtv", USAGE)
    options = dict(given)
    if not words:
        usage()
    if "j" in options:
        _attach(options["j"])
    request = Request(socket.AF_INET6 if "6" in options else socket.AF_INET, words)
    if request.command in ("get", "show"):
        return request.get()
    if request.command == "flush":
        return request.flush()
    return request.change("q" in options)


def usage(word: str = "") -> NoReturn:
    if word:
        print(f"route: bad keyword: {word}", file=sys.stderr)
    print(USAGE, file=sys.stderr)
    raise SystemExit(os.EX_USAGE)


def _attach(jail: str) -> None:
    try:
        kernel.jail_attach(jailparam.jail_getid(jail))
    except (jailparam.ParamError, kernel.KernelError) as error:
        err.err("route", "jail not found", error.errno)


class Request:
    """What the words of a command line ask for."""

    def __init__(self, family: int, words: list[str]) -> None:
        self.command = words[0]
        self.family = family
        self.kind = ""
        self.length: int | None = None
        self.interface: netif.Interface | None = None
        self.operands: list[str] = []
        self._by_interface = False
        if self.command not in ("add", "delete", "del", "change", "get", "show", "flush"):
            usage(self.command)
        rest = words[1:]
        while rest:
            self._take(rest.pop(0), rest)
        if not self.operands and self.command not in ("flush",):
            usage()

    def _take(self, word: str, rest: list[str]) -> None:
        if word in ("-inet6", "-6"):
            self.family = socket.AF_INET6
        elif word in ("-net", "-host"):
            self.kind = word[1:]
        elif word in ("-interface", "-iface"):
            self._by_interface = True
        elif word in ("-netmask", "-prefixlen", "-fib", "-ifp", "-ifa", "-mtu") and rest:
            value = rest.pop(0)
            if word == "-netmask":
                self.length = int.from_bytes(socket.inet_aton(value), "big").bit_count()
            elif word == "-prefixlen":
                self.length = int(value)
        elif word in ("-inet", "-4", "-static", "-blackhole", "-reject", "-nostatic"):
            return
        elif word.startswith("-"):
            usage(word[1:])
        elif self._by_interface and self.operands:
            self.interface = netif.find(word) or err.errx("route", f"bad address: {word}", os.EX_NOHOST)
            self._by_interface = False
        else:
            self.operands.append(word)

    def _network(self) -> Network:
        word = self.operands[0]
        if word in ("default", "0"):
            return ipaddress.ip_network("::/0" if self.family == socket.AF_INET6 else "0.0.0.0/0")
        try:
            address = ipaddress.ip_interface(word)
        except ValueError:
            err.errx("route", f"bad address: {word}", os.EX_NOHOST)
        length = address.network.prefixlen if "/" in word else self.length
        if length is None:
            length = 64 if self.kind == "net" and address.version == 6 else address.network.max_prefixlen
        return ipaddress.ip_network(f"{address.ip}/{length}", strict=False)

    def change(self, quiet: bool) -> int:
        network = self._network()
        gateway = self.operands[1] if len(self.operands) > 1 else ""
        command = "delete" if self.command == "del" else self.command
        number = 0
        try:
            if command != "add":
                routing.delete(network, gateway if command == "delete" else "")
            if command != "delete":
                routing.add(network, gateway, self.interface)
        except OSError as error:
            number = error.errno or errno.EINVAL
            err.warn("route", "message indicates error", number)
        if not quiet:
            host = network.prefixlen == network.max_prefixlen
            via = gateway or (self.interface.name if self.interface else "")
            head = f"{command} {'host' if host else 'net'} {self.operands[0].partition('/')[0]}"
            tail = f": {REASONS.get(number) or strerror(number)}" if number else ""
            print(head + (f": gateway {via}" if via else "") + tail)
        return 1 if number else 0

    def get(self) -> int:
        word = self.operands[0].partition("/")[0]
        default = "default6" if self.family == socket.AF_INET6 else "default"
        try:
            found = routing.lookup(default if word in ("default", "0") else word)
        except ValueError:
            err.errx("route", f"bad address: {word}", os.EX_NOHOST)
        if found is None:
            err.errx("route", "route has not been found")
        print(f"   route to: {'default' if word in ('default', '0') else word}")
        print(f"destination: {found.destination}")
        if not found.host:
            print(f"       mask: {'default' if found.network.prefixlen == 0 else found.network.netmask}")
        if found.gateway:
            print(f"    gateway: {found.gateway}")
        print("        fib: 0")
        print(f"  interface: {found.interface.name}")
        flags = "GATEWAY,DONE,STATIC" if found.gateway else "HOST,DONE,PINNED" if found.host else "DONE,PINNED"
        print(f"      flags: <UP,{flags}>")
        print(" recvpipe  sendpipe  ssthresh  rtt,msec    mtu        weight    expire")
        print(f"       0         0         0         0  {found.interface.mtu:8}         1         0 ")
        return 0

    def flush(self) -> int:
        for route in routing.routes(self.family):
            if route.gateway:
                routing.delete(route.network, route.gateway)
                print(f"{route.destination:<20} {route.gateway:<20} done")
        return 0
