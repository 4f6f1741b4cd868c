# SPDX-License-Identifier: BSD-2-Clause
"""A jail's entrypoint: a program that is prepared first, and let go later.

What waits is a /bin/sh outside of the jail, blocked in opening a fifo for writing. When somebody opens that for
reading, it executes an interpreter, which removes the fifo, enters the jail and executes the program (attach.py): the
pid stays. The fifo's other end closes by itself when the program is executed, else it says why not; so the releaser
knows, however short the program's life. The parent of what waits is another /bin/sh, which writes down the exit status.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import IO

from ansible_collections.bsd.jail.plugins.module_utils import (
    console,
    entryrecord,
    libjail,
    processes,
    program,
    state,
)
from ansible_collections.bsd.jail.plugins.module_utils.command import Finished, run
from ansible_collections.bsd.jail.plugins.module_utils.entryrecord import (
    ENDED,
    RUNNING,
    WAITING,
    Entrypoint,
    clear,
    directory,
    find,
    key,
    state_of,
)
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import Host
from ansible_collections.bsd.jail.plugins.module_utils.libjail import Jail
from ansible_collections.bsd.jail.plugins.module_utils.program import REPORT, SPEC, STDERR, STDIN, STDOUT, Program

__all__ = ["Entrypoint", "Finished", "cleanup", "detach", "find", "prepare", "release", "run", "state_of"]

_STATUS_TIME = 1.0  # seconds for a parent to write down how its child ended
_ABORTED = 128 + signal.SIGABRT

_PID, _GATE = 4, 5
# The parent of what waits. It tells the pid, and what waits goes on only when that has been written down: if we are
# killed before, the gate closes, and it ends.
_KEEPER = f"""
{{
    exec {_PID}>&-
    read -r go <&{_GATE} || exit
    exec {_GATE}<&-
    exec {REPORT}>"$1"
    shift 2
    exec "$@"
}} </dev/null &
echo $! >&{_PID}
exec {SPEC}<&- {_PID}>&- {_GATE}<&- {STDIN}<&- {STDOUT}>&- {STDERR}>&-
wait $!
echo $? >"$2"
"""


def prepare(
    host: Host, jail: Jail, wanted: Program, console_socket: str | None = None, lock_timeout: float = 60
) -> Entrypoint:
    """Start the process that will become a program of the jail when it is released; nothing of the program runs yet.

    console_socket: the path of an AF_UNIX socket outside of the jail, on which the master of a terminal for the program
    is sent; without it the program's input is /dev/null and its output goes to files. lock_timeout: seconds to wait for
    another who works on the jail.

    Raises InputError for what can't be, JailError if another program waits or runs, or the process can't be started.
    """
    wanted.check(jail.name)
    with state.locked(host, [key(jail.name)], lock_timeout):
        refuse_second(host, jail)
        end(host, jail.name)
        with contextlib.ExitStack() as stack:
            terminal = stack.enter_context(console.terminal(jail.name, console_socket)) if console_socket else None
            try:
                return _prepare(host, jail, wanted, terminal)
            except (OSError, JailError) as error:
                clear(host, jail.name)
                if isinstance(error, JailError):
                    raise
                raise JailError(
                    f"jail {jail.name}: {wanted.argv[0]!r} can't be prepared: {error}", jail=jail.name
                ) from error


def refuse_second(host: Host, jail: Jail) -> None:
    """Raise JailError, naming it, if an entrypoint of this instance of the jail waits or runs."""
    found = find(host, jail.name)
    if found is not None and found.jid == jail.jid:
        now = state_of(host, found)
        if now != ENDED:
            raise JailError(
                f"jail {jail.name}: there is an entrypoint already, {now}: {found.argv[0]!r}, pid {found.pid}. "
                "Release it, or end it first.",
                jail=jail.name,
            )


def _prepare(host: Host, jail: Jail, wanted: Program, terminal: int | None) -> Entrypoint:
    base = directory(host, jail.name)
    state.make_directory(host, key(jail.name))
    os.mkdir(base, 0o700)
    fifo = f"{base}/fifo"
    os.mkfifo(fifo, 0o600)
    with contextlib.ExitStack() as stack:
        if terminal is None:
            files = [stack.enter_context(_opened(path)) for path in (os.devnull, f"{base}/stdout", f"{base}/stderr")]
        stdio = [terminal] * 3 if terminal is not None else [file.fileno() for file in files]
        spec = stack.enter_context(program.spec_file(jail, wanted, fifo, terminal is not None))
        pid_read, pid_write = (stack.enter_context(end) for end in program.pipe())
        gate_read, gate_write = (stack.enter_context(end) for end in program.pipe())
        program.start(
            ["/bin/sh", "-c", _KEEPER, "sh", fifo, f"{base}/status", *program.interpreter()],
            {
                SPEC: spec.fileno(),
                _PID: pid_write.fileno(),
                _GATE: gate_read.fileno(),
                **dict(zip((STDIN, STDOUT, STDERR), stdio)),
            },
            detached=True,
        )
        pid_write.close()
        pid = pid_read.read()
        process = processes.find(host, int(pid)) if pid.strip().isdigit() else None
        if process is None:
            raise JailError(f"jail {jail.name}: the process that is to wait couldn't be started.", jail=jail.name)
        made = Entrypoint(
            jail.name, jail.jid, host.boot_id(), process.pid, process.since, wanted.argv, wanted.digest, base
        )
        entryrecord.write(made)
        gate_write.write(b"\n")
    return made


def _opened(path: str) -> IO[bytes]:
    flags = os.O_RDONLY if path == os.devnull else os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
    return os.fdopen(os.open(path, flags, 0o600), "rb" if path == os.devnull else "ab", buffering=0)


def release(
    host: Host, jail: Jail, timeout: float = 30, lock_timeout: float = 60, *, check_mode: bool = False
) -> tuple[Entrypoint, bool]:
    """Let a prepared program go, and return when it has really been executed: the entrypoint, and whether it was us.

    One that was released before is left as it is. timeout: seconds that it may take to be executed. Raises InputError
    if nothing waits, JailError with the reason if the program can't be executed: then nothing of it is left.
    """
    if check_mode:
        found = _prepared(host, jail)
        return found, _waits(host, found)
    with state.locked(host, [key(jail.name)], lock_timeout):
        found = _prepared(host, jail)
        if not _waits(host, found):
            return found, False
        fd = os.open(found.fifo, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        try:
            said = program.read_report(fd, time.monotonic() + timeout)
        finally:
            os.close(fd)
        if said is None:
            raise JailError(
                f"jail {jail.name}: {found.argv[0]!r} (pid {found.pid}) wasn't executed within {timeout:g} seconds, "
                "and isn't given up. Release it again, or end it.",
                jail=jail.name,
            )
        error = program.failure(jail, found.argv, said)
        if error is not None:
            end(host, jail.name)
            raise error
        _refuse_aborted(host, found)
        return found, True


def _refuse_aborted(host: Host, found: Entrypoint) -> None:
    """Raise JailError for a program that was aborted as it was executed: when execve(2) can't go on and can't go back
    either, as without the program's ELF interpreter, the kernel does that (FreeBSD's kern_exec.c).
    """
    if state_of(host, found) != ENDED:
        return
    processes.wait_gone(lambda: [found.pid] if found.status is None else [], _STATUS_TIME)
    if found.status == _ABORTED:
        raise JailError(
            f"jail {found.jail}: {found.argv[0]!r} was aborted as soon as it was executed. Does the jail have its ELF "
            "interpreter (/libexec/ld-elf.so.1)?",
            jail=found.jail,
            rc=found.status,
        )


def _prepared(host: Host, jail: Jail) -> Entrypoint:
    found = find(host, jail.name)
    if found is None or found.jid != jail.jid:
        raise InputError(f"jail {jail.name}: nothing was prepared in it since it was started.", jail=jail.name)
    return found


def _waits(host: Host, found: Entrypoint) -> bool:
    """Whether it waits; if not, it was released before. Raises JailError if it can't be released any more."""
    now, has_fifo = state_of(host, found), os.path.exists(found.fifo)
    if now == RUNNING or (now == ENDED and not has_fifo):
        return False
    if now == WAITING and has_fifo:
        return True
    what = (
        "the process that waited was ended"
        if has_fifo
        else "the fifo at which it waits was removed. End it with the module jail_signal"
    )
    raise JailError(
        f"jail {found.jail}: {found.argv[0]!r} (pid {found.pid}) can't be released: {what}. Prepare it again.",
        jail=found.jail,
    )


def detach(
    host: Host,
    jail: Jail,
    wanted: Program,
    console_socket: str | None = None,
    timeout: float = 30,
    *,
    check_mode: bool = False,
) -> tuple[Entrypoint | None, bool]:
    """Have a program run: prepare and release it, unless this very program was, and runs.

    Returns the entrypoint, None if there is none yet in check mode, and whether anything was, or would be, done. The
    arguments, and what is raised, are those of `prepare` and `release`.
    """
    found = find(host, jail.name)
    if found is not None and found.jid == jail.jid and found.digest == wanted.digest:
        now = state_of(host, found)
        if now == RUNNING:
            return found, False
        if now == WAITING:
            return release(host, jail, timeout, check_mode=check_mode)
    if check_mode:
        refuse_second(host, jail)
        return None, True
    prepare(host, jail, wanted, console_socket)
    return release(host, jail, timeout)


def jail_of(host: Host, name: str, check_mode: bool = False) -> Jail:
    """The running jail of a name or jid. What was prepared in one that doesn't run any more is ended and forgotten.

    Raises JailError if there is none.
    """
    try:
        return libjail.get(name)
    except JailError:
        if not check_mode and find(host, name) is not None:
            cleanup(host, name)
        raise


def cleanup(host: Host, jail: str, timeout: float = 10, lock_timeout: float = 60) -> bool:
    """End what was prepared in a jail, waiting or running, and remove its fifo and record. Nothing fails because
    something is gone already, the jail included.

    timeout: seconds between SIGTERM and SIGKILL for a program that runs. Returns whether there was anything.
    """
    with state.locked(host, [key(jail)], lock_timeout):
        return end(host, jail, timeout)


def end(host: Host, jail: str, timeout: float = 10) -> bool:
    """`cleanup`, for who holds the jail's lock."""
    found = find(host, jail)
    if found is not None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            now = state_of(host, found)
            if now == WAITING:
                # A process of ours, outside of the jail.
                with contextlib.suppress(ProcessLookupError):
                    os.kill(found.pid, signal.SIGKILL)
            elif now == RUNNING:
                with contextlib.suppress(JailError):
                    processes.kill(Jail(found.jid, jail, ""), [found.pid], number)
            if not processes.wait_gone(lambda: _left(host, found), timeout):
                break
    return clear(host, jail)


def _left(host: Host, entrypoint: Entrypoint) -> list[int]:
    return [] if state_of(host, entrypoint) == ENDED else [entrypoint.pid]
