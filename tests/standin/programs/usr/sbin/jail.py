# SPDX-License-Identifier: BSD-2-Clause
"""jail(8): create, modify and remove jails, from jail.conf(5) or the command line (usr.sbin/jail/jail.c)."""

from __future__ import annotations

import os
from typing import TextIO

import err
import jailset
import options
from cfjail import (
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
    show_param,
    warn,
)
from jailargs import USAGE, Request
from jailcommand import CLEAN_STEPS, START_STEPS, STOP_STEPS, CommandError, Commands
from jailconf import is_wild, load_config
from jailimport import check_parameters, import_parameters
from jailstate import State


def main(argv: list[str]) -> int:
    request = Request(argv)
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
    operands = request.operands
    note = request.operation == STOP and (request.from_file or len(operands) > 1 or is_wild(operands[0]))
    if request.operation & OPERATION == STOP:
        for operand in operands:
            choice = state.start(
                operand, from_file=request.from_file, operation=request.operation, running=request.without_config
            )
            fine = choice and fine
    else:
        target = operands[0] if operands else None
        if not state.start(target, from_file=request.from_file, operation=request.operation):
            return 1
    return 0 if _Run(request, state, note).all() and fine else 1


class _Run:
    """The main loop: take a jail that is ready, go on with it, until there is nothing left to do."""

    def __init__(self, request: Request, state: State, note_remove: bool) -> None:
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
        while (jail := self._state.next(self._commands.processes.next)) is not None:
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
        """Turn an operation that depends on what runs into one that doesn't.

        The jail's other flags are lost with it, and with them that its parameters are imported: as in jail(8).
        """
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
