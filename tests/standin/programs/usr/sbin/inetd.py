# SPDX-License-Identifier: BSD-2-Clause
"""inetd(8): listens to TCP ports, and starts a program for each client. Of the services within it, it has daytime."""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from collections.abc import Iterator
from typing import NamedTuple

import background
import err
import options
import program
import users

PROGRAM = "inetd"
USAGE = (
    "usage: inetd [-dlWw] [-a address] [-C rate] [-c maximum] [-p filename] [-R rate] [-s maximum]\n"
    "             [configuration_file]"
)
FAMILIES = {"tcp": socket.AF_INET, "tcp4": socket.AF_INET, "tcp6": socket.AF_INET6, "tcp46": socket.AF_INET6}
INTERNAL = "internal"


class Service(NamedTuple):
    """A line of inetd.conf(5): of a `stream` over TCP, `nowait`."""

    name: str
    protocol: str
    user: users.User
    argv: tuple[str, ...]


def main(argv: list[str]) -> int:
    found, operands = options.getopt(argv, "a:C:c:dlp:R:s:Ww", USAGE)
    path = operands[0] if operands else "/etc/inetd.conf"
    services = list(_read(path))
    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    if not background.begin(dict(found).get("p", "/var/run/inetd.pid")):
        return 0
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    listening: dict[Service, socket.socket] = {}
    while True:
        for gone in listening.keys() - set(services):
            listening.pop(gone).close()
        for service in services:
            if service not in listening:
                listening[service] = _listen(service)
        ready, _, _ = select.select([woken, *(bound.fileno() for bound in listening.values())], [], [])
        for service, bound in listening.items():
            if bound.fileno() in ready:
                _serve(service, bound)
        if woken in ready and signal.SIGHUP in os.read(woken, 64):
            services = list(_read(path))


def _read(path: str) -> Iterator[Service]:
    with open(path) as file:
        lines = [line.split() for line in file if line.strip() and not line.startswith("#")]
    for words in lines:
        name, kind, protocol, wait, user = (words + [""] * 5)[:5]
        known = users.by_name(user.split(":")[0].split("/")[0])
        if kind != "stream" or protocol not in FAMILIES or not wait.startswith("nowait") or known is None:
            err.errx(PROGRAM, f"the stand-in doesn't serve {' '.join(words)}")
        if words[5:] == [INTERNAL] and name != "daytime":
            err.errx(PROGRAM, f"the stand-in's inetd has no {name}")
        yield Service(name, protocol, known, tuple(words[5:]))


def _listen(service: Service) -> socket.socket:
    bound = socket.socket(FAMILIES[service.protocol], socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if bound.family == socket.AF_INET6:
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(service.protocol == "tcp6"))
    bound.bind(("", socket.getservbyname(service.name, "tcp")))
    bound.listen()
    return bound


def _serve(service: Service, bound: socket.socket) -> None:
    client, _address = bound.accept()
    if service.argv == (INTERNAL,):
        client.sendall(time.strftime("%a %b %e %H:%M:%S %Y\r\n").encode())
    elif os.fork() == 0:
        for fd in range(3):
            os.dup2(client.fileno(), fd)
        os.setgroups(users.group_list(service.user))
        os.setgid(service.user.gid)
        os.setuid(service.user.uid)
        for number in (signal.SIGCHLD, signal.SIGHUP, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        program.execvp(list(service.argv[1:]), path=service.argv[0])
        os._exit(1)
    client.close()
