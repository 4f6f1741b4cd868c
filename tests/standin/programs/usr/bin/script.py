# SPDX-License-Identifier: BSD-2-Clause
"""script(1): run a command on a terminal of its own."""

from __future__ import annotations

import os
import pty
import select
import sys
import termios
import time
import tty

import err
import options
import program

PROGRAM = "script"
USAGE = """usage: script [-aeFfkpqrw] [-t time] [file [command ...]]
       script [-deq] [-T fmt] [-t time] [file]"""


def main(argv: list[str]) -> int:
    found, operands = options.getopt(argv, "aeFfkqt:w", USAGE)
    given = dict(found)
    name = operands[0] if operands else "typescript"
    command = operands[1:] or [os.environ.get("SHELL", "/bin/sh"), "-i"]
    try:
        log = os.open(name, os.O_WRONLY | os.O_CREAT | (os.O_APPEND if "a" in given else os.O_TRUNC), 0o666)
    except OSError as error:
        err.err(PROGRAM, name, error.errno)
    _say(given, f"Script started, output file is {name}\n")
    sys.stdout.flush()
    pid, master = pty.fork()
    if pid == 0:
        err.warn(PROGRAM, command[0], program.execvp(command).errno)
        os._exit(1)
    saved = termios.tcgetattr(0) if os.isatty(0) else None
    if saved:
        tty.setraw(0)
    if "q" not in given:
        os.write(log, f"Script started on {time.strftime('%c')}\n".encode())
    _copy(master, log)
    _, status = os.waitpid(pid, 0)
    if saved:
        termios.tcsetattr(0, termios.TCSADRAIN, saved)
    if "q" not in given:
        os.write(log, f"\nScript done on {time.strftime('%c')}\n".encode())
    _say(given, f"\nScript done, output file is {name}\n")
    return program.exit_code(status)


def _say(given: dict[str, str], text: str) -> None:
    if "q" not in given:
        sys.stdout.write(text)


def _copy(master: int, log: int) -> None:
    """Between the terminal and our streams.

    The end of standard input is typed as an end of file, which FreeBSD's terminal echoes (recorded: tty-1).
    """
    watched = [master, 0]
    while True:
        for fd in select.select(watched, [], [])[0]:
            try:
                data = os.read(fd, 65536)
            except OSError:
                data = b""
            if fd == 0:
                os.write(master, data or b"\x04")
                if not data:
                    watched.remove(0)
                    _show(b"^D\b\b", log)
            elif not data:
                return
            else:
                _show(data, log)


def _show(data: bytes, log: int) -> None:
    os.write(1, data)
    os.write(log, data)
