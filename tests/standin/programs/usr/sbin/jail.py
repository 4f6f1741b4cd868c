# SPDX-License-Identifier: BSD-2-Clause
"""jail(8): create, modify and remove jails, from jail.conf(5) or the command line (usr.sbin/jail/jail.c)."""

from __future__ import annotations

import os
import socket
from typing import TextIO

import err
import jailset
import options
from jailcommand import CLEAN_STEPS, START_STEPS, STOP_STEPS, CommandError, Commands
from jailconf import (
    CLEANUP,
    DEPEND,
    FAILED,
    OPERATION,
    PARAMS,
    RESTART,
    SET,
    START,
    STOP,
    WILD,
    Jail,
    is_wild,
    load_config,
    show_param,
    warn,
)
from jailimport import check_parameters, import_parameters
from jailparam import strtol
from jailstate import State

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


class _Request:
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


def main(argv: list[str]) -> int:
    request = _Request(argv)
    if request.separator is not None:
        if request.operation or request.operands:
            options.usage(USAGE)
        for jail in load_config(request.config):
            os.write(1, os.fsencode(f"{jail.exhibit(request.separator)}\n"))
        return 0
    jails = request.load()
    state = State(jails, request.verbose)
    state.set_up_dependencies(request.from_file)
    fine = True
    if request.operation & OPERATION == STOP:
        note = request.from_file or len(request.operands) > 1 or is_wild(request.operands[0])
        for target in request.operands:
            choice = state.start(
                target, from_file=request.from_file, operation=request.operation, running=request.without_config
            )
            fine = choice and fine
    else:
        note = False
        target = request.operands[0] if request.operands else None
        if not state.start(target, from_file=request.from_file, operation=request.operation):
            return 1
    return 0 if _Run(request, state, note).all() and fine else 1


class _Run:
    """The main loop: take a jail that is ready, go on with it, until there is nothing left to do."""

    def __init__(self, request: _Request, state: State, note_remove: bool) -> None:
        self._request = request
        self._state = state
        self._note_remove = note_remove
        self._verbose = request.verbose
        self._commands = Commands(state, request.verbose, request.limit, self._create, self._remove)
        self._dying_warned = False
        self._jid_file: TextIO | None = None
        if request.jid_file is not None:
            try:
                self._jid_file = open(request.jid_file, "w", buffering=1, errors="surrogateescape")  # noqa: SIM115
            except OSError as error:
                err.err("jail", f"open {request.jid_file}", error.errno)

    def all(self) -> bool:
        """Do it. False if any jail failed."""
        fine = True
        while (jail := self._state.next(self._commands.next_process)) is not None:
            if jail.flags & FAILED:
                fine = False
                if not jail.steps:
                    self._state.done(jail)
                    continue
            if not self._prepare(jail) or not self._commands.finish(jail):
                continue
            self._decide(jail)
            self._operate(jail)
        return fine

    def _prepare(self, jail: Jail) -> bool:
        """Check and import a jail's parameters, and find out whether it runs."""
        if not jail.flags & PARAMS:
            jail.flags |= PARAMS
            if self._request.allow_dying:
                jail.add("allow.dying", None)
            if not check_parameters(jail) or (jail.flags & (START | SET) and not import_parameters(jail)):
                self._state.fail(jail)
                return False
        if jail.known("allow.dying") is not None and not self._dying_warned:
            warn("the 'allow.dying' parameter and '-d' flag are deprecated and have no effect.")
            self._dying_warned = True
        if not jail.jid:
            jailset.find(jail)
        return True

    def _decide(self, jail: Jail) -> None:
        """Turn an operation that depends on what runs into one that doesn't. The jail's other flags are lost with it, as in jail(8)."""
        operation, cleanup = jail.flags & OPERATION, jail.flags & CLEANUP
        if operation == START | SET:
            jail.flags = cleanup | START if jail.jid < 0 else SET
        elif operation == SET | STOP:
            if jail.jid < 0 and not cleanup:
                return
            jail.flags = cleanup | RESTART if jailset.would_change(jail) else SET
        elif operation == START | SET | STOP:
            if jail.jid < 0:
                jail.flags = START
            else:
                jail.flags = cleanup | RESTART if jailset.would_change(jail) else SET
        else:
            return
        if jail.flags == RESTART:
            self._state.reset(jail)

    def _operate(self, jail: Jail) -> None:
        operation = jail.flags & OPERATION
        if operation == START:
            self._start(jail)
        elif operation in (SET, SET | STOP):
            self._modify(jail)
        elif operation in (STOP, RESTART):
            self._stop(jail)

    def _start(self, jail: Jail) -> None:
        if not jail.steps:
            if jail.jid > 0 and not jail.flags & (DEPEND | WILD):
                _warn_quoted(jail, "already exists")
                self._state.fail(jail)
                return
            if self._state.must_wait(jail):
                return
            if jail.jid > 0:
                self._started(jail)
                return
            if jail.flags & CLEANUP:
                jail.flags |= STOP  # with the steps of a start all the same, as jail(8) has it
            self._commands.begin(jail, START_STEPS)
        if self._commands.next(jail):
            return
        if jail.flags & STOP:
            self._stopped(jail)
        else:
            self._started(jail)

    def _started(self, jail: Jail) -> None:
        jailset.clear_persist(jail, self._verbose)
        if self._jid_file is not None:
            self._jid_file.write(self._show(jail) + "\n")
        self._state.done(jail)

    def _show(self, jail: Jail) -> str:
        """A jail's line in the file of -J."""
        if not self._request.old_style:
            return jail.exhibit("\t", with_jid=True)
        words = {}
        for key in ("path", "host.hostname", "ip4.addr", "ip6.addr", "command"):
            param = jail.known(key)
            words[key] = show_param(param, " " if key == "command" else ",", named=False) if param is not None else ""
        addresses = ",".join(text for text in (words["ip4.addr"], words["ip6.addr"]) if text)
        return "\t".join([str(jail.jid), words["path"], words["host.hostname"], addresses, words["command"]])

    def _modify(self, jail: Jail) -> None:
        if jail.jid < 0 and not jail.flags & DEPEND:
            _warn_quoted(jail, "not found")
            self._state.fail(jail)
            return
        if self._state.must_wait(jail):
            return
        if not jail.flags & DEPEND:
            changed = jailset.would_change(jail)
            if changed is not None:
                jail.warn(f"{changed} cannot be changed after creation")
            if changed is not None or not jailset.update(jail, self._verbose):
                self._state.fail(jail)
                return
            if self._verbose > 0 or (self._verbose == 0 and jail.name is not None):
                jail.note("updated\n")
        self._state.done(jail)

    def _stop(self, jail: Jail) -> None:
        if not jail.steps:
            if self._state.must_wait(jail):
                return
            if jail.flags & CLEANUP and jail.jid < 0:
                self._commands.begin(jail, CLEAN_STEPS)
            elif jail.jid < 0:
                if not jail.flags & (DEPEND | WILD):
                    if self._verbose >= 0:
                        _warn_quoted(jail, "not found")
                    self._state.fail(jail)
                self._stopped(jail)
                return
            else:
                self._commands.begin(jail, STOP_STEPS)
        elif jail.flags & FAILED and jail.jid > 0:
            self._stopped(jail)
            return
        if not self._commands.next(jail):
            self._stopped(jail)

    def _stopped(self, jail: Jail) -> None:
        self._state.done(jail)
        if jail.flags & (START | FAILED) == START:
            jail.steps = ()
            jail.flags &= ~(STOP | CLEANUP)
            self._state.reset(jail)
            self._state.requeue(jail, self._state.depend if jail.waiting_for else self._state.ready)

    def _create(self, jail: Jail) -> None:
        if not jailset.create(jail, self._verbose):
            raise CommandError
        if self._request.print_jid:
            os.write(1, b"%d\n" % jail.jid)
        if self._verbose > 0 or (self._verbose == 0 and jail.name is not None):
            jail.note("created\n")
        self._state.done(jail, light=True)

    def _remove(self, jail: Jail) -> None:
        if not jailset.remove(jail, self._verbose, self._note_remove):
            raise CommandError
        if jail.flags & STOP:
            self._state.done(jail, light=True)


def _warn_quoted(jail: Jail, message: str) -> None:
    """Complain about a jail by its name, or its jid where the command line named it."""
    shown = jail.name if jail.name is not None else jail.string("jid") or jail.string("name")
    warn(f'"{shown}" {message}' if shown is not None else "no jail specified")
