# SPDX-License-Identifier: BSD-2-Clause
"""One program in a jail, from its start to its end."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, cast

from ansible_collections.bsd.jail.plugins.module_utils import libjail, program
from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError
from ansible_collections.bsd.jail.plugins.module_utils.libjail import Jail
from ansible_collections.bsd.jail.plugins.module_utils.program import REPORT, SPEC, STDERR, STDIN, STDOUT, Program

_CHUNK = 65536
_PAUSE = 0.05  # seconds between two looks for the program's end, while its output is silent
_LAST_ROUNDS = 16
_START_TIME = 60  # seconds for a process to become the program, where there is no other limit


@dataclass(frozen=True)
class Finished:
    """What a program did: its exit status, negative for the signal that ended it, and its output."""

    rc: int
    stdout: bytes
    stderr: bytes


def run(jail: Jail, wanted: Program, stdin: bytes = b"", timeout: float | None = None) -> Finished:
    """Run a program in a jail and wait for its end; not for that of others which it started and left behind.

    timeout: seconds, or None. When they are over, the program and everything that descends from it is killed, wherever
    it has gone; nothing else is.

    Raises InputError for what can't be, JailError with the reason if the program can't be executed, and if its time is
    over, with what it had printed until then in the details `stdout` and `stderr`.
    """
    wanted.check(jail.name)
    deadline = None if timeout is None else time.monotonic() + timeout
    try:
        with _reaping(timeout is not None), contextlib.ExitStack() as stack:
            return _run(stack, jail, wanted, stdin, deadline)
    except OSError as error:
        raise JailError(f"jail {jail.name}: {wanted.argv[0]!r} can't be run: {error}", jail=jail.name) from error


@contextlib.contextmanager
def _reaping(needed: bool) -> Iterator[None]:
    ours = needed and libjail.become_reaper()
    try:
        yield
    finally:
        if ours:
            libjail.stop_reaping()


@dataclass
class _Streams:
    """Our ends of the program's standard streams. unwritten: what is to become its input yet."""

    unwritten: memoryview
    selector: selectors.BaseSelector
    output: dict[IO[bytes], bytearray]

    def exchange(self, pause: float) -> bool:
        """Write and read what can be, waiting at most `pause` seconds for that. Returns whether it was anything."""
        if not self.selector.get_map():
            time.sleep(pause)
            return False
        events = self.selector.select(pause)
        for key, _events in events:
            end = cast(IO[bytes], key.fileobj)
            if end in self.output:
                data = os.read(key.fd, _CHUNK)
                self.output[end] += data
                if not data:
                    self.selector.unregister(end)
            else:
                self._feed(end)
        return bool(events)

    def _feed(self, end: IO[bytes]) -> None:
        try:
            self.unwritten = self.unwritten[os.write(end.fileno(), self.unwritten[:_CHUNK]) :]
        except BrokenPipeError:
            self.unwritten = self.unwritten[:0]
        if not self.unwritten:
            self.selector.unregister(end)
            end.close()


def _run(stack: contextlib.ExitStack, jail: Jail, wanted: Program, stdin: bytes, deadline: float | None) -> Finished:
    theirs, ours = {}, {}
    for number in (STDIN, STDOUT, STDERR, REPORT):
        read, write = (stack.enter_context(end) for end in program.pipe())
        ours[number], theirs[number] = (write, read) if number == STDIN else (read, write)
        os.set_blocking(ours[number].fileno(), False)
    with program.spec_file(jail, wanted, None, False) as spec:
        descriptors = {SPEC: spec.fileno(), **{number: end.fileno() for number, end in theirs.items()}}
        pid = program.start(program.interpreter(), descriptors)
    for end in theirs.values():
        end.close()
    streams = _Streams(
        memoryview(stdin),
        stack.enter_context(selectors.DefaultSelector()),
        {ours[STDOUT]: bytearray(), ours[STDERR]: bytearray()},
    )
    for end in streams.output:
        streams.selector.register(end, selectors.EVENT_READ)
    if stdin:
        streams.selector.register(ours[STDIN], selectors.EVENT_WRITE)
    else:
        ours[STDIN].close()
    said = program.read_report(ours[REPORT].fileno(), deadline or time.monotonic() + _START_TIME)
    status = _await(pid, streams, deadline) if said is not None else None
    stdout, stderr = bytes(streams.output[ours[STDOUT]]), bytes(streams.output[ours[STDERR]])
    if status is None:
        _end(pid, deadline is not None)
        raise JailError(
            f"jail {jail.name}: {wanted.argv[0]!r} took too long, and was ended with all that it had started.",
            jail=jail.name,
            stdout=stdout.decode("utf-8", "backslashreplace"),
            stderr=stderr.decode("utf-8", "backslashreplace"),
        )
    error = program.failure(jail, wanted.argv, said or "")
    if error is not None:
        raise error
    return Finished(os.waitstatus_to_exitcode(status), stdout, stderr)


def _await(pid: int, streams: _Streams, deadline: float | None) -> int | None:
    """Serve the streams until the program has ended. Returns its status, None if it takes too long."""
    pause = 0.001
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            # What it wrote is in the pipes; what others write that it left behind could go on for ever.
            for _round in range(_LAST_ROUNDS):
                if not streams.exchange(0):
                    break
            return status
        if deadline is not None and time.monotonic() >= deadline:
            return None
        pause = 0.001 if streams.exchange(pause) else min(pause * 2, _PAUSE)


def _end(pid: int, reaping: bool) -> None:
    """Kill a child of ours and all that descends from it; again, for what was being made meanwhile."""
    if reaping:
        for _round in range(_LAST_ROUNDS):
            if not libjail.kill_subtree(pid, signal.SIGKILL):
                break
            time.sleep(0.01)
    else:
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
