# SPDX-License-Identifier: BSD-2-Clause
"""time(1), the program."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time

import err
import options
import program

USAGE = "usage: time [-al] [-h | -p] [-o file] utility [argument ...]"


def main(argv: list[str]) -> int:
    found, command = options.getopt(argv, "ahlo:p", USAGE)
    given = dict(found)
    if not command:
        options.usage(USAGE)
    start = time.monotonic()
    pid = os.fork()
    if pid == 0:
        error = program.execvp(command)
        err.warn("time", command[0], error.errno)
        os._exit(127 if isinstance(error, FileNotFoundError) else 126)
    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    _, status = os.waitpid(pid, 0)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    text = _report(time.monotonic() - start, used, given)
    if "o" in given:
        with open(given["o"], "a" if "a" in given else "w") as file:
            file.write(text)
    else:
        sys.stderr.write(text)
    return program.exit_code(status)


def _report(real: float, used: resource.struct_rusage, given: dict[str, str]) -> str:
    if "p" in given:
        return f"real {real:.2f}\nuser {used.ru_utime:.2f}\nsys {used.ru_stime:.2f}\n"
    if "h" in given:
        return "".join(f"\t{_human(value)}\t{name}" for value, name in _pairs(real, used)) + "\n"
    text = " ".join(f"{value:12.2f} {name}" for value, name in _pairs(real, used))[1:] + "\n"
    return " " + text if "l" not in given else " " + text + f"{used.ru_maxrss:10d}  maximum resident set size\n"


def _pairs(real: float, used: resource.struct_rusage) -> list[tuple[float, str]]:
    return [(real, "real"), (used.ru_utime, "user"), (used.ru_stime, "sys")]


def _human(value: float) -> str:
    minutes, seconds = divmod(value, 60)
    return f"{int(minutes)}m{seconds:.2f}s" if minutes else f"{seconds:.2f}s"
