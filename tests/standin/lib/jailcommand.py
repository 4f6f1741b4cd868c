# SPDX-License-Identifier: BSD-2-Clause
"""The steps of a jail's start and stop, and the commands that they run (usr.sbin/jail/command.c; recorded: exs-*).

Each jail goes through its steps one command at a time; commands of several jails run at once, as many as `jail -p`
allows.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable

import jailrun
import kernel
import signals
from cfjail import FAILED, FROM_FSTAB, FROM_RUNQ, IP4_IFADDR, IP6_IFADDR, KNOWN, REVERSED, SLEEPING, STOP, TIMEOUT, Jail
from jailmount import check_path, device_command, mount_command, words
from jailprocs import Processes
from jailstate import State

# Two steps that aren't parameters: the jail is made or removed, and its processes are told to end.
OP, STOP_TIMEOUT = "@op", "stop.timeout"

START_STEPS = (
    "exec.prepare",
    IP4_IFADDR,
    IP6_IFADDR,
    "mount",
    FROM_FSTAB,
    "mount.devfs",
    "mount.fdescfs",
    "mount.procfs",
    "exec.prestart",
    OP,
    "exec.created",
    "zfs.dataset",
    "vnet.interface",
    "exec.start",
    "command",
    "exec.poststart",
)
STOP_STEPS = (
    "exec.prestop",
    "exec.stop",
    STOP_TIMEOUT,
    OP,
    "exec.poststop",
    "mount.procfs",
    "mount.fdescfs",
    "mount.devfs",
    FROM_FSTAB,
    "mount",
    IP6_IFADDR,
    IP4_IFADDR,
    "exec.release",
)

# What is left of a stop where the jail is gone already.
CLEAN_STEPS = STOP_STEPS[STOP_STEPS.index("exec.poststop") :]

IN_JAIL = ("exec.start", "command", "exec.stop")

_DEVICES = ("mount.devfs", "mount.fdescfs", "mount.procfs")

# What isn't undone after a failed start: it has no counterpart.
_NOT_UNDONE = ("exec.prepare", "exec.prestart", "exec.created", "exec.start", "command", "exec.poststart")

_DEFAULT_STOP_TIMEOUT = 10

_SHELL_CHARACTERS = re.compile(r"""[!"$&'()*;<>?\[\\\]`{|}~]""")


class CommandError(Exception):
    """A step that can't be taken; what is wrong has been said."""


class Commands:
    """Runs the commands of all jails.

    limit: how many at once, negative for no limit. create, remove: make and take away a jail, raising CommandError.
    """

    def __init__(
        self, state: State, verbose: int, limit: int, create: Callable[[Jail], None], remove: Callable[[Jail], None]
    ) -> None:
        self._state = state
        self._verbose = verbose
        self._free = limit
        self._create = create
        self._remove = remove
        self._runnable: list[Jail] = []
        self.processes = Processes(state)

    def begin(self, jail: Jail, steps: tuple[str, ...]) -> None:
        """Set a jail before the first of its steps."""
        jail.steps, jail.step, jail.at = steps, -1, None

    def next(self, jail: Jail) -> bool:
        """Take a jail's steps up to one that has to be waited for. False when all are taken."""
        if self._free == 0:
            if jail.flags & FROM_RUNQ:
                self._state.requeue_head(jail, self._runnable)
            else:
                self._state.requeue(jail, self._runnable)
            return True
        jail.flags &= ~FROM_RUNQ
        undoing = jail.flags & (STOP | FAILED) == FAILED
        while self._advance(jail, undoing):
            try:
                if self._run(jail):
                    return True
            except CommandError:
                self._state.fail(jail)
                return True
        return False

    def _advance(self, jail: Jail, undoing: bool) -> bool:
        """Go to the next command of a jail, or back to the one before. False at the end."""
        while True:
            if jail.at is None:
                jail.step += -1 if undoing else 1
                if not 0 <= jail.step < len(jail.steps):
                    return False
            step = jail.steps[jail.step]
            values = self._values(jail, step)
            backwards = undoing or bool(jail.flags & STOP and _flags(step) & REVERSED)
            if jail.at is None:
                jail.at = len(values) - 1 if backwards else 0
            else:
                jail.at += -1 if backwards else 1
            if not 0 <= jail.at < len(values):
                jail.at = None
            elif values[jail.at] and not (undoing and step in _NOT_UNDONE):
                return True

    def _values(self, jail: Jail, step: str) -> list[str]:
        """The commands of one step; one that isn't a list of commands counts as one."""
        if step in (OP, STOP_TIMEOUT):
            return [step]
        param = jail.known(step)
        if param is None:
            return []
        if step in _DEVICES:
            return [step] if param.is_true else []
        if step == "command" and jail.name is None:
            return [step]
        return [value.text for value in param.values]

    def _run(self, jail: Jail) -> bool:
        """Run one command of a jail. True if it has to be waited for."""
        step = jail.steps[jail.step]
        down = bool(jail.flags & (STOP | FAILED))
        if step == STOP_TIMEOUT:
            return self._terminate(jail)
        if step == OP:
            (self._remove if down else self._create)(jail)
            return False
        value = self._values(jail, step)[jail.at or 0]
        background = False
        if step in (IP4_IFADDR, IP6_IFADDR):
            argv = address_command(jail, step, value, down)
        elif step == "vnet.interface":
            argv = ["/sbin/ifconfig", value, "-vnet" if down else "vnet", str(jail.jid)]
        elif step == "zfs.dataset":
            argv = ["/sbin/zfs", "unjail" if down else "jail", str(jail.jid), value]
        elif step in ("mount", FROM_FSTAB):
            argv = _checked(mount_command(jail, step, value, down))
        elif step in _DEVICES:
            argv = _checked(device_command(jail, step, down))
        elif step == "command" and jail.name is None:
            param = jail.known(step)
            argv = [word.text for word in param.values] if param is not None else []
        else:
            argv, background = split_command(value)
        if not argv:
            return False
        return self._start(jail, step, argv, background)

    def _start(self, jail: Jail, step: str, argv: list[str], background: bool) -> bool:
        timeout = jail.integer("exec.timeout")
        jail.deadline = time.time() + timeout if timeout else None
        in_jail = step in IN_JAIL
        log = None
        conslog = jail.string("exec.consolelog") if in_jail else None
        if conslog is not None:
            if not check_path(jail, "exec.consolelog", conslog, is_file=True):
                raise CommandError
            log = jailrun.open_log(jail, conslog)
            if log is None:
                raise CommandError
        username = jail.string("exec.jail_user" if in_jail else "exec.system_user")
        line = " ".join(argv)
        if self._verbose > 0:
            where = " in jail" if in_jail else ""
            jail.note(f"run command{where}{f' as {username}' if username is not None else ''}: {line}\n")
        pid = os.fork()
        if pid == 0:
            jailrun.become(jail, argv, in_jail=in_jail, username=username, log=log, background=background)
        if log is not None:
            os.close(log)
        if background or not self.processes.watch(jail, pid):
            return False
        jail.command_line = line
        self._free -= 1
        return True

    def finish(self, jail: Jail) -> bool:
        """Look at how a jail's command ended, if it had one. False, with the jail failed, if it went wrong."""
        if not jail.flags & SLEEPING:
            return True
        jail.flags &= ~SLEEPING
        timed_out = jail.flags & TIMEOUT
        jail.flags &= ~TIMEOUT
        status, jail.status = jail.status, 0
        if jail.steps[jail.step] == STOP_TIMEOUT:
            return True
        self._free += 1
        if self._runnable:
            first = self._runnable[0]
            first.flags |= FROM_RUNQ
            self._state.requeue(first, self._state.ready)
        if timed_out:
            jail.warn(f"{jail.command_line}: timed out")
        elif os.WIFSIGNALED(status):
            jail.warn(f"{jail.command_line}: exited on signal {signals.from_machine(os.WTERMSIG(status))}")
        elif status:
            jail.warn(f"{jail.command_line}: failed")
        else:
            return True
        self._state.fail(jail)
        return False

    def _terminate(self, jail: Jail) -> bool:
        """Send SIGTERM to all processes of a jail; it waits for their end, stop.timeout seconds at most."""
        timeout = jail.integer(STOP_TIMEOUT)
        if timeout == 0:
            return False
        told = []
        for process in kernel.processes():
            if process["jid"] == jail.jid:
                try:
                    kernel.kill(process["pid"], signal.SIGTERM)
                except OSError:
                    continue
                self.processes.watch(jail, process["pid"])
                told.append(process["pid"])
        if told and self._verbose > 0:
            jail.note(f"sent SIGTERM to: {' '.join(map(str, told))}\n")
        if not jail.processes:
            return False
        jail.deadline = time.time() + (timeout if timeout is not None else _DEFAULT_STOP_TIMEOUT)
        self.processes.sleep(jail)
        return True


def _flags(step: str) -> int:
    return KNOWN.get(step, REVERSED if step in (IP4_IFADDR, IP6_IFADDR, FROM_FSTAB) else 0)


def _checked(argv: list[str] | None) -> list[str]:
    if argv is None:
        raise CommandError
    return argv


def split_command(command: str) -> tuple[list[str], bool]:
    """What runs a command: its words, or the shell if it has a character that is special to one.

    Returns it with whether it is left in the background: a lone '&' at the end needs no shell (recorded: exec-1).
    """
    match = _SHELL_CHARACTERS.search(command)
    background = match is not None and command[match.start() :] == "&"
    if match is not None and not background:
        return ["/bin/sh", "-c", command], False
    return words(command[:-1] if background else command), background


def address_command(jail: Jail, step: str, value: str, down: bool) -> list[str]:
    """ifconfig(8) for `interface|address/prefix option …` (recorded: ip-*, bad-18)."""
    place, _, options = value.partition(" ")
    interface, bar, address = place.partition("|")
    if not bar:
        interface, address = jail.string("interface") or "", place
    bare, slash, mask = address.partition("/")
    if step == IP6_IFADDR:
        family = ["inet6", address, *([] if slash else ["prefixlen", "128"])]
    elif not slash:
        family = ["inet", address, "netmask", "255.255.255.255"]
    elif "." in mask:
        family = ["inet", bare, "netmask", mask]
    else:
        family = ["inet", address]
    return ["/sbin/ifconfig", interface, *family, *([] if down else words(options)), "-alias" if down else "alias"]
