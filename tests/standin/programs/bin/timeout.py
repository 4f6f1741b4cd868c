# SPDX-License-Identifier: BSD-2-Clause
"""timeout(1): run a command with a time limit, and end all that it started."""

from __future__ import annotations

import ctypes
import os
import signal
import time

import err
import kernel
import options
import proctable
import program
import signals

PROGRAM = "timeout"
USAGE = (
    "Usage: timeout [-f | --foreground] [-k time | --kill-after time] [-p | --preserve-status]"
    " [-s signal | --signal signal]  [-v | --verbose] <duration> <command> [arg ...]"
)
EXPIRED, INTERNAL, CANNOT_RUN, NOT_FOUND = 124, 125, 126, 127
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONG = {"--foreground": "-f", "--kill-after": "-k", "--preserve-status": "-p", "--signal": "-s", "--verbose": "-v"}
PR_SET_CHILD_SUBREAPER = 36


def main(argv: list[str]) -> int:
    found, operands = options.getopt([argv[0], *_short(argv[1:])], "fk:ps:v", USAGE, INTERNAL)
    given = dict(found)
    if len(operands) < 2:
        options.usage(USAGE, INTERNAL)
    signum = _signal(given.get("s", "TERM"))
    limit, kill_after = _duration(operands[0]), _duration(given.get("k", "0"))
    if "f" not in given:
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    pid = os.fork()
    if pid == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, set())
        error = program.execvp(operands[1:])
        err.warn(PROGRAM, f"exec({operands[1]})", error.errno)
        os._exit(NOT_FOUND if isinstance(error, FileNotFoundError) else CANNOT_RUN)
    status = _wait(pid, limit)
    if status is not None:
        return program.exit_code(status)
    _kill(pid, signum, "f" in given)
    status = _wait(pid, kill_after)
    if status is None:
        _kill(pid, signals.number("KILL") or 0, "f" in given)
        status = _wait(pid, 0)
    return program.exit_code(status or 0) if "p" in given else EXPIRED


def _short(words: list[str]) -> list[str]:
    """Long options as short ones, up to the first operand."""
    out: list[str] = []
    for index, word in enumerate(words):
        name, _, value = word.partition("=")
        if name in LONG:
            out += [LONG[name] + value]
        elif (word.startswith("-") and word != "-") or (out and out[-1] in ("-k", "-s")):
            out.append(word)
        else:
            return out + words[index:]
    return out


def _duration(text: str) -> float:
    unit = UNITS.get(text[-1:], 1)
    number = text[:-1] if text[-1:] in UNITS else text
    try:
        value = float(number) * unit
    except ValueError:
        err.errx(PROGRAM, "duration is not a number", INTERNAL)
    if value < 0:
        err.errx(PROGRAM, "invalid duration", INTERNAL)
    return value


def _signal(word: str) -> int:
    number = int(word) if word.isdigit() else signals.number(word)
    if number is None:
        err.errx(PROGRAM, "invalid signal", INTERNAL)
    return number


def _wait(pid: int, limit: float) -> int | None:
    """The wait status, or None when the limit (seconds; 0: none) has passed."""
    end = time.monotonic() + limit if limit else None
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status
        left = 3600.0 if end is None else end - time.monotonic()
        if left <= 0:
            return None
        signal.sigtimedwait({signal.SIGCHLD}, left)


def _kill(pid: int, signum: int, foreground: bool) -> None:
    pids = [pid] if foreground else [pid, *proctable.descendants(kernel.processes(), os.getpid())]
    for target in dict.fromkeys(pids):
        try:
            kernel.kill(target, signum)
        except OSError:
            continue
