# SPDX-License-Identifier: BSD-2-Clause
"""ping(8): send ICMP echo requests."""

from __future__ import annotations

import errno
import math
import os
import select
import socket
import struct
import sys
import time

import err
import kernel
from options import getopt

USAGE = """\
usage: ping [-4] [-AaDdfHnoQqRrv] [-C pcp] [-c count] [-G sweepmaxsize]
            [-g sweepminsize] [-h sweepincrsize] [-i wait] [-l preload]
            [-M mask | time] [-m ttl] [-p pattern] [-S src_addr]
            [-s packetsize] [-t timeout] [-W waittime] [-z tos] IPv4-host
       ping [-6] [-AaDdEfHNnOoquvXY] [-C pcp] [-c count] [-e gateway]
            [-I interface] [-i wait] [-k addrtype] [-l preload]
            [-m hoplimit] [-p pattern] [-S sourceaddr] [-s packetsize]
            [-t timeout] [-W waittime] IPv6-host"""
RAW_SOCKETS = "security.jail.allow_raw_sockets"
# The kinds of request and reply, and the raw protocol, for each family.
KINDS = {socket.AF_INET: (8, 0, socket.IPPROTO_ICMP), socket.AF_INET6: (128, 129, socket.IPPROTO_ICMPV6)}


def main(argv: list[str]) -> int:
    given, hosts = getopt(argv, "46AaC:c:DdEe:fG:g:Hh:I:i:k:l:M:m:NnOop:QqRrS:s:t:uvW:XYz:", USAGE)
    options = dict(given)
    if len(hosts) != 1:
        print(USAGE, file=sys.stderr)
        return os.EX_USAGE
    family, address = _address(hosts[0], options)
    return Ping(family, hosts[0], address, options).run()


def _address(host: str, options: dict[str, str]) -> tuple[int, str]:
    wanted = socket.AF_INET6 if "6" in options else socket.AF_INET if "4" in options else 0
    try:
        # As bytes: for a string, Python would look for its codec idna, which is not there within a jail.
        found = socket.getaddrinfo(host.encode(), None, wanted, socket.SOCK_RAW)
    except socket.gaierror:
        err.errx("ping", f"cannot resolve {host}: Name does not resolve", os.EX_NOHOST)
    return found[0][0], str(found[0][4][0])


def _socket(family: int) -> socket.socket:
    """A raw socket, which a jail has to be allowed, or to have a network stack for."""
    values = kernel.sysctl_get()
    if values["security.jail.jailed"] and not values["security.jail.vnet"] and not values[RAW_SOCKETS]:
        err.err("ping", "ssend socket", errno.EPERM, os.EX_OSERR)
    try:
        return socket.socket(family, socket.SOCK_RAW, KINDS[socket.AddressFamily(family)][2])
    except PermissionError as error:
        err.err("ping", "ssend socket", error.errno, os.EX_OSERR)


class Ping:
    """One run: requests go out in turn, replies are waited for, a summary ends it."""

    def __init__(self, family: int, host: str, address: str, options: dict[str, str]) -> None:
        self.family, self.host, self.address = family, host, address
        self.count = int(options.get("c", "0"))
        self.interval = float(options.get("i", "1"))
        self.wait = float(options.get("W", "10000")) / 1000
        self.deadline = time.monotonic() + float(options["t"]) if "t" in options else math.inf
        self.quiet = "q" in options
        self.size = int(options.get("s", "56"))
        self.socket = _socket(family)
        self.id = os.getpid() & 0xFFFF
        self.sent = 0
        self.times: list[float] = []

    def run(self) -> int:
        print(f"PING {self.host} ({self.address}): {self.size} data bytes")
        try:
            while (not self.count or self.sent < self.count) and time.monotonic() < self.deadline:
                last = self.sent + 1 == self.count
                self._one(self.wait if last else self.interval, stay=not last)
        except KeyboardInterrupt:
            print()
        self._summary()
        return 0 if self.times else 2

    def _one(self, patience: float, stay: bool) -> None:
        number = self.sent
        kind, reply, _protocol = KINDS[socket.AddressFamily(self.family)]
        head = struct.pack("!BBHHH", kind, 0, 0, self.id, number)
        data = bytes(self.size)
        start = time.monotonic()
        packet = head[:2] + struct.pack("!H", _checksum(head + data)) + head[4:] + data
        self.sent += 1
        try:
            self.socket.sendto(packet, (self.address, 0))
        except OSError as error:
            err.warn("ping", "sendto", error.errno)
        end = min(start + patience, self.deadline)
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.socket], [], [], left)[0]:
                break
            answer, (sender, *_rest) = self.socket.recvfrom(65536)
            ttl, body = (answer[8], answer[20:]) if self.family == socket.AF_INET else (64, answer)
            if body[0] == reply and body[4:8] == head[4:8]:
                self._received(sender, number, ttl, len(body), (time.monotonic() - start) * 1000)
                if not stay:
                    break

    def _received(self, sender: str, number: int, ttl: int, size: int, took: float) -> None:
        self.times.append(took)
        if not self.quiet:
            print(f"{size} bytes from {sender}: icmp_seq={number} ttl={ttl} time={took:.3f} ms", flush=True)

    def _summary(self) -> None:
        print(f"\n--- {self.host} ping statistics ---")
        lost = 100 * (self.sent - len(self.times)) / self.sent if self.sent else 0
        print(f"{self.sent} packets transmitted, {len(self.times)} packets received, {lost:.1f}% packet loss")
        if self.times:
            mean = sum(self.times) / len(self.times)
            spread = math.sqrt(max(sum(each * each for each in self.times) / len(self.times) - mean * mean, 0))
            figures = f"{min(self.times):.3f}/{mean:.3f}/{max(self.times):.3f}/{spread:.3f}"
            print(f"round-trip min/avg/max/stddev = {figures} ms")


def _checksum(data: bytes) -> int:
    data += bytes(len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
