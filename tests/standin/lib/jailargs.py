# SPDX-License-Identifier: BSD-2-Clause
"""The command line of jail(8), in each of its forms (usr.sbin/jail/jail.c)."""

from __future__ import annotations

import os
import socket

import options
from cfjail import CLEANUP, SET, START, STOP, Jail
from jailconf import load_config
from jailparam import strtol

USAGE = """usage: jail [-dhilqv] [-J jid_file] [-u username] [-U username]
            -[cmr] param=value ... [command=command ...]
       jail [-dqv] [-f file] -[cmr] [jail]
       jail [-qv] [-f file] -[rR] ['*' | jail ...]
       jail [-dhilqv] [-J jid_file] [-u username] [-U username]
            [-n jailname] [-s securelevel]
            path hostname ip[,...] command ...
       jail [-f file] -e separator"""

_OPERATIONS = {"c": START, "C": CLEANUP, "m": SET, "r": STOP, "R": STOP}

# Options that stand for parameters: with them, no file is read.
_PARAMETERS: dict[str, tuple[tuple[str, str | None], ...]] = {
    "h": (("ip_hostname", None),),
    "l": (("exec.clean", None),),
    "n": (("name", ""),),
    "s": (("securelevel", ""),),
    "u": (("exec.jail_user", ""), ("exec.system_jail_user", None)),
    "U": (("exec.jail_user", ""), ("exec.system_jail_user", "false")),
}

# Parameters of the command line whose commas separate values.
_LISTS = ("ip4.addr", "ip6.addr", "vnet.interface", "zfs.dataset")

# What a jail made by the old command line may do: the defaults of security.jail.* (recorded: sys-2).
_OLD_PERMISSIONS = {
    "allow.set_hostname": None,
    "allow.sysvipc": "false",
    "allow.raw_sockets": "false",
    "allow.chflags": "false",
    "allow.mount": "false",
    "allow.socket_af": "false",
}


class Request:
    """What the command line asks for."""

    def __init__(self, argv: list[str]) -> None:
        self.operation = 0
        self.config = "/etc/jail.conf"
        self.jid_file: str | None = None
        self.limit = -1
        self.verbose = 0
        self.print_jid = self.without_config = self.allow_dying = False
        self.separator: str | None = None
        self.from_file = True
        self.old_style = False
        self.jail = Jail()
        found, self.operands = options.getopt(argv, "cCde:f:hiJ:lmn:p:qrRs:u:U:v", USAGE)
        for letter, value in found:
            self._option(letter, value)
        if not self.from_file and self.operation == STOP:
            options.usage(USAGE)

    def _option(self, letter: str, value: str) -> None:
        self.operation |= _OPERATIONS.get(letter, 0)
        for key, text in _PARAMETERS.get(letter, ()):
            self.jail.add(key, value if text == "" else text)
            self.from_file = False
        if letter == "R":
            self.without_config = True
        elif letter == "d":
            self.allow_dying = True
        elif letter == "e":
            self.separator = value
        elif letter == "f":
            self.config = value
        elif letter == "i":
            self.print_jid, self.verbose = True, -1
        elif letter == "J":
            self.jid_file = value
        elif letter == "p":
            self.limit = strtol(value)[0] or -1
        elif letter in "qv":
            self.verbose = 1 if letter == "v" else -1

    def load(self) -> list[Jail]:
        """The jails that this is about, of a file or of the command line. Which of both also decides from_file."""
        operands = self.operands
        if not self.operation:
            self._read_old_style()
        elif self.operation == STOP:
            if not operands or (not self.without_config and any("=" in operand for operand in operands)):
                options.usage(USAGE)
            self.from_file = not self.without_config and (self.config == "-" or os.path.exists(self.config))
            return load_config(self.config) if self.from_file else []
        elif len(operands) > 1 or (operands and "=" in operands[0]):
            if self.without_config or self.operation & CLEANUP:
                options.usage(USAGE)
            self._read_parameters()
        else:
            if self.without_config or not self.from_file:
                options.usage(USAGE)
            return load_config(self.config)
        self.from_file = False
        return [self.jail]

    def _read_old_style(self) -> None:
        """path hostname ip[,...] command ..."""
        if len(self.operands) < 4 or not self.operands[0].startswith("/"):
            options.usage(USAGE)
        self.operation, self.old_style = START, True
        path, hostname, addresses, *command = self.operands
        self.jail.add("path", path)
        self.jail.add("host.hostname", hostname)
        for address in addresses.split(",") if addresses else []:
            self.jail.add("ip6.addr" if _is_ip6(address) else "ip4.addr", address)
        for word in command:
            self.jail.add("command", word)
        for key, value in _OLD_PERMISSIONS.items():
            self.jail.add(key, value)

    def _read_parameters(self) -> None:
        """param=value ... [command=command ...]"""
        for index, operand in enumerate(self.operands):
            name, equals, value = operand.partition("=")
            if name == "command":
                for word in ([value] if equals else []) + self.operands[index + 1 :]:
                    self.jail.add("command", word)
                return
            if equals and name in _LISTS:
                for part in value.split(","):
                    self.jail.add(name, part)
            else:
                self.jail.add_argument(operand)


def _is_ip6(address: str) -> bool:
    try:
        socket.inet_pton(socket.AF_INET6, address)
    except (OSError, ValueError):
        return False
    return True
