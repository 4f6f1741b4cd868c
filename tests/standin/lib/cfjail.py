# SPDX-License-Identifier: BSD-2-Clause
"""A jail as jail(8) has it in mind: its parameters, and what is to be done with it (struct cfjail of usr.sbin/jail)."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import Any

import err
from jailparam import JailParam, quoted, strtol
from jailparse import ConfParam, ConfString

# jail(8)'s own parameters, which the kernel doesn't get, and those of the kernel that jail(8) looks at itself.
# INTERNAL: not for the kernel. BOOL, INT: checked as such. REVERSED: values undone last to first. IMMUTABLE: set once.
INTERNAL, BOOL, INT, REVERSED, IMMUTABLE, VARIABLE, APPEND, CONVERTED = (1 << bit for bit in range(8))

KNOWN = {
    "allow.dying": INTERNAL | BOOL,
    "command": INTERNAL,
    "depend": INTERNAL,
    "exec.clean": INTERNAL | BOOL,
    "exec.consolelog": INTERNAL,
    "exec.created": INTERNAL,
    "exec.fib": INTERNAL | INT,
    "exec.jail_user": INTERNAL,
    "exec.poststart": INTERNAL,
    "exec.poststop": INTERNAL,
    "exec.prepare": INTERNAL,
    "exec.prestart": INTERNAL,
    "exec.prestop": INTERNAL,
    "exec.release": INTERNAL,
    "exec.start": INTERNAL,
    "exec.stop": INTERNAL,
    "exec.system_jail_user": INTERNAL | BOOL,
    "exec.system_user": INTERNAL,
    "exec.timeout": INTERNAL | INT,
    "interface": INTERNAL,
    "ip_hostname": INTERNAL | BOOL,
    "mount": INTERNAL | REVERSED,
    "mount.devfs": INTERNAL | BOOL,
    "mount.fdescfs": INTERNAL | BOOL,
    "mount.fstab": INTERNAL,
    "mount.procfs": INTERNAL | BOOL,
    "stop.timeout": INTERNAL | INT,
    "vnet.interface": INTERNAL,
    "zfs.dataset": INTERNAL,
    "allow.chflags": 0,
    "allow.mount": 0,
    "allow.raw_sockets": 0,
    "allow.set_hostname": 0,
    "allow.socket_af": 0,
    "allow.sysvipc": 0,
    "devfs_ruleset": 0,
    "host.hostname": 0,
    "ip4.addr": 0,
    "ip6.addr": 0,
    "jid": IMMUTABLE,
    "name": IMMUTABLE,
    "path": 0,
    "persist": 0,
    "securelevel": 0,
    "vnet": 0,
}

# What is to be done with a jail, and how far it is (jail(8)'s JF_ flags).
START, SET, STOP, CLEANUP = 1, 2, 4, 8
DEPEND, WILD, FAILED, PARAMS, RDTUN, PERSIST, TIMEOUT, SLEEPING, FROM_RUNQ = (1 << bit for bit in range(4, 13))
OPERATION = START | SET | STOP
RESTART = START | STOP

# Made from other parameters for the steps of a start; their keys can't be written in a file, and messages omit the '@'.
IP4_IFADDR, IP6_IFADDR, FROM_FSTAB = "@ip4.addr", "@ip6.addr", "@mount.fstab"
_DERIVED = dict.fromkeys((IP4_IFADDR, IP6_IFADDR, FROM_FSTAB), INTERNAL | CONVERTED | REVERSED)


class Param:
    """A parameter of one jail: its name as last written, its values, its flags."""

    def __init__(self, name: str, values: list[ConfString], flags: int) -> None:
        self.name = name
        self.values = values
        self.flags = flags
        self.bad = False

    @property
    def string(self) -> str | None:
        """The last value, which is what counts where only one can."""
        return self.values[-1].text if self.values else None

    @property
    def integer(self) -> int | None:
        return strtol(self.values[-1].text)[0] if self.values else None

    @property
    def is_true(self) -> bool:
        value = not self.values or self.values[-1].text.lower() == "true" or strtol(self.values[-1].text)[0] != 0
        return value != self.name.rpartition(".")[2].startswith("no")


@dataclass
class Dependency:
    """That one jail depends on another.

    light: as a child does on its parent, which only has to be there. seen: it is dealt with.
    """

    dependent: Jail
    dependency: Jail
    light: bool = False
    seen: bool = False


class Jail:
    """A jail that jail(8) is to do something with.

    name: as in the file; None for one of the command line.
    jid: 0 while it isn't known yet whether it runs, -1 when it doesn't.
    flags: the operation and its progress.
    values: the kernel's parameters, once imported.
    The rest is the business of its queue (jailstate) and of its steps (jailcommand).
    """

    def __init__(self, name: str | None = None) -> None:
        self.name = name
        self.jid = 0
        self.flags = 0
        self.params: list[Param] = []
        self.values: list[tuple[JailParam, Any]] = []
        self.queue: list[Jail] = []
        self.dependencies: list[Dependency] = []
        self.dependents: list[Dependency] = []
        self.waiting_for = 0
        self.steps: tuple[str, ...] = ()
        self.step = 0
        self.at: int | None = None
        self.command_line = ""
        self.processes = 0
        self.status = 0
        self.deadline: float | None = None
        self._known: dict[str, Param] = {}

    def known(self, key: str) -> Param | None:
        """A parameter that jail(8) knows, by its plain name or one of the derived keys."""
        return self._known.get(key)

    def forget(self, key: str) -> None:
        """Let a known parameter no longer count, though it stays in the list."""
        self._known.pop(key, None)

    def is_true(self, key: str) -> bool:
        param = self._known.get(key)
        return param is not None and param.is_true

    def string(self, key: str) -> str | None:
        param = self._known.get(key)
        return param.string if param is not None else None

    def integer(self, key: str) -> int | None:
        param = self._known.get(key)
        return param.integer if param is not None else None

    def note(self, message: str) -> None:
        """Say something on standard output."""
        with contextlib.suppress(OSError):
            os.write(1, os.fsencode(f"{self.name}: {message}" if self.name is not None else message))

    def warn(self, message: str) -> None:
        """Complain on standard error."""
        warn(f"{self.name}: {message}" if self.name is not None else message)

    def add(self, key: str, value: str | None) -> None:
        """Add a value to a parameter that jail(8) knows; None to name it only."""
        flags = APPEND | (KNOWN[key] if key in KNOWN else _DERIVED[key])
        self._add(key.lstrip("@"), [] if value is None else [ConfString(value)], flags, key)

    def add_argument(self, argument: str) -> None:
        """Add a parameter of the command line: name or name=value."""
        name, equals, value = argument.partition("=")
        self._add(name, [ConfString(value)] if equals else [], APPEND)

    def add_conf(self, param: ConfParam) -> None:
        """Add a parameter of a file."""
        flags = (VARIABLE if param.is_variable else 0) | (APPEND if param.append else 0)
        self._add(param.name, [value.copy() for value in param.values], flags)

    def _add(self, name: str, values: list[ConfString], flags: int, key: str | None = None) -> None:
        old = self._known.get(key) if key is not None else self._find(name)
        if old is None:
            self._new(name, values, flags, key)
        elif (flags ^ old.flags) & VARIABLE:
            self._refuse(f'variable "${name}" cannot have the same name as a parameter.')
        elif old.flags & IMMUTABLE:
            self._refuse(f'cannot redefine parameter "{old.name}".')
        else:
            old.name = name
            old.values = old.values + values if flags & APPEND and values else values
            old.flags |= flags

    def _new(self, name: str, values: list[ConfString], flags: int, key: str | None) -> None:
        param = Param(name, values, flags)
        self.params.append(param)
        known = key or _known_key(name)
        if known is None:
            return
        if flags & VARIABLE:
            self._refuse(f'variable "${name}" cannot have the same name as a parameter.')
            return
        self._known[known] = param
        param.flags |= KNOWN.get(known, 0)

    def _find(self, name: str) -> Param | None:
        for param in self.params:
            if not param.flags & CONVERTED and equal_options(param.name, name):
                return param
        return None

    def _refuse(self, message: str) -> None:
        self.warn(message)
        self.flags |= FAILED

    def exhibit(self, separator: str, *, with_jid: bool = False) -> str:
        """All parameters in one line, as `jail -e` and the file of `jail -J` show them."""
        words = [f"jid={self.jid}"] if with_jid else []
        words += [show_param(param) for param in self.params if param.name != "jid"]
        return separator.join(words)


def show_param(param: Param, separator: str = ",", *, named: bool = True) -> str:
    """name, or name=value,value with what quotes a value needs; without the name unless named."""
    values = separator.join(quoted(value.text) for value in param.values)
    if not named:
        return values
    return f"{param.name}={values}" if param.values else param.name


def warn(message: str) -> None:
    """warnx(3)."""
    err.warnx("jail", message)


def equal_options(one: str, other: str) -> bool:
    """Whether two names mean one parameter, with or without `no` in front of one of their components."""
    if one == other:
        return True
    ones, others = one.split("."), other.split(".")
    if len(ones) != len(others):
        return False
    differing = [(a, b) for a, b in zip(ones, others, strict=True) if a != b]
    return len(differing) == 1 and differing[0][0] in (f"no{differing[0][1]}", differing[0][1].removeprefix("no"))


def _known_key(name: str) -> str | None:
    """The parameter of KNOWN that a name means, be it by its `no` form."""
    if name in KNOWN:
        return name
    if "no" in name:
        return next((key for key in KNOWN if equal_options(name, key)), None)
    return None
