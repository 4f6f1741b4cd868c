# SPDX-License-Identifier: BSD-2-Clause
"""nc(1): connect to, or listen on, a TCP port, and copy both ways."""

from __future__ import annotations

import os
import select
import socket

import err
from options import getopt, usage

USAGE = (
    "usage: nc [-46DdEFhklMNnrStUuvz] [-e policy] [-I length] [-i interval] [-O length]\n"
    "\t  [-P proxy_username] [-p source_port] [-s source] [-T ToS]\n"
    "\t  [-V rtable] [-w timeout] [-X proxy_protocol]\n"
    "\t  [-x proxy_address[:port]] [destination] [port]"
)
SIZE = 16384


def main(argv: list[str]) -> int:
    options, operands = getopt(argv, "46dklNnw:z", USAGE)
    flags = dict(options)
    family = socket.AF_INET if "4" in flags else socket.AF_INET6 if "6" in flags else socket.AF_UNSPEC
    if len(operands) == 1 and "l" in flags:
        host, port = None, operands[0]
    elif len(operands) == 2:
        host, port = operands
    else:
        usage(USAGE)
    if "l" in flags and "z" in flags:
        err.errx("nc", "cannot use -z and -l")
    if "k" in flags and "l" not in flags:
        err.errx("nc", "must use -l with -k")
    timeout = float(flags["w"]) if "w" in flags else None
    if "l" not in flags:
        connection = _connected(host, port, family, timeout)
        if connection is None:
            return 1
        if "z" not in flags:
            _copy(connection, "d" in flags, "N" in flags, timeout)
        return 0
    listener = _listening(host, port, family)
    while True:
        connection, _address = listener.accept()
        _copy(connection, "d" in flags, "N" in flags, timeout)
        connection.close()
        if "k" not in flags:
            return 0


def _addresses(host: str | None, port: str, family: int, flags: int = 0) -> list[tuple[int, tuple[object, ...]]]:
    try:
        # As bytes: for a string, Python would look for its codec idna, which isn't there within a jail.
        found = socket.getaddrinfo(host and host.encode(), port, family, socket.SOCK_STREAM, 0, flags)
    except socket.gaierror:
        err.errx("nc", "getaddrinfo: Name does not resolve")
    return [(found_family, address) for found_family, _type, _protocol, _name, address in found]


def _connected(host: str | None, port: str, family: int, timeout: float | None) -> socket.socket | None:
    for found, address in _addresses(host, port, family):
        connection = socket.socket(found, socket.SOCK_STREAM)
        connection.settimeout(timeout)
        try:
            connection.connect(address)
        except OSError:
            connection.close()
            continue
        connection.settimeout(None)
        return connection
    return None


def _listening(host: str | None, port: str, family: int) -> socket.socket:
    if host is None and family == socket.AF_UNSPEC:
        family = socket.AF_INET
    failure: int | None = None
    for found, address in _addresses(host, port, family, socket.AI_PASSIVE):
        listener = socket.socket(found, socket.SOCK_STREAM)
        # FreeBSD's SO_REUSEPORT is both to Linux: connections that ended a moment ago aren't in the way.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            listener.bind(address)
        except OSError as error:
            failure = error.errno
            listener.close()
            continue
        listener.listen(1)
        return listener
    err.err("nc", "bind failed", failure)


def _copy(connection: socket.socket, detached: bool, shut: bool, timeout: float | None) -> None:
    """Copy standard input to the connection and the connection to standard output, until the other side is done.

    detached: read no standard input. shut: at the end of standard input, say so to the other side.
    """
    sources: list[socket.socket | int] = [connection] if detached else [connection, 0]
    while sources and sources[0] is connection:
        ready, _, _ = select.select(sources, [], [], timeout)
        if not ready:
            return
        if 0 in ready:
            data = os.read(0, SIZE)
            if data:
                connection.sendall(data)
            else:
                sources.remove(0)
                if shut:
                    connection.shutdown(socket.SHUT_WR)
        if connection in ready:
            data = connection.recv(SIZE)
            if not data:
                return
            os.write(1, data)
