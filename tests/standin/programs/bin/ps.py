# SPDX-License-Identifier: BSD-2-Clause
"""ps(1): process status."""

from __future__ import annotations

import fcntl
import os
import re
import struct
import sys
import termios
import time

import err
import jailparam
import kernel
import options
import psformat
import users
import xo
from proctable import PID_MAX, Process

PROGRAM = "ps"
USAGE = """usage: ps [--libxo] [-AaCcdefHhjlmrSTuvwXxZ] [-O fmt | -o fmt]
          [-D up | down | both] [-G gid[,gid...]] [-J jid[,jid...]] [-M core]
          [-N system] [-p pid[,pid...]] [-t tty[,tty...]] [-U user[,user...]]
       ps -L"""
OPTIONS = "aACcefG:jJ:LlmO:o:p:rSTt:U:uvwXx"
UNLIMITED = 0


def main(argv: list[str]) -> int:
    style, argv = xo.parse_args(argv)
    found, operands = options.getopt([argv[0], *_old_style(argv[1:])], OPTIONS, USAGE)
    flags = {letter for letter, _ in found}
    if "L" in flags:
        print(psformat.keywords(_width(found)))
        return 0
    columns, status = psformat.columns(_formats(found))
    if "c" in flags:
        columns = psformat.without_arguments(columns)
    chosen, bad = _chosen(found, operands)
    if bad:
        return 1
    kept = [process for process in _processes() if _wanted(process, flags, chosen)]
    _sort(kept, flags)
    context = psformat.Context(time.time(), {})
    rows = [[column.value(process, context) for column in columns] for process in kept]
    if style.json:
        instances = [{column.name: text for column, text in zip(columns, row)} for row in rows]
        tree = {"process-information": {"process": instances}} if instances else {}
        sys.stdout.write(xo.dumps(tree, style))
    else:
        sys.stdout.write(psformat.text(columns, rows, _width(found)))
    return status if kept else 1


def _old_style(arguments: list[str]) -> list[str]:
    """`ps aux`, `ps 34`: the first argument needs no dash, and a number that it ends with is a pid."""
    if not arguments or arguments[0].startswith("--"):
        return arguments
    match = re.fullmatch(r"(-?)([A-Za-z]*?)([0-9]*)", arguments[0])
    if match is None:
        return arguments
    letters, number = match[2], match[3]
    if not match[1] and letters.endswith("t") and not number:
        letters = letters[:-1] + "T"
    if number and letters[-1:] not in ("t", "p") and letters[-2:-1] != "t":
        number = ["-p" + number]
    else:
        letters, number = letters + number, []
    return [*([f"-{letters}"] if letters else []), *number, *arguments[1:]]


def _formats(found: list[tuple[str, str]]) -> list[str]:
    """The lists of keywords to show; those of -o stand by themselves, those of the other options go together."""
    formats = []
    for letter, value in found:
        if letter == "o":
            formats.append(value)
        elif letter == "O":
            formats += ["pid", value, "tt state time command"]
        elif letter in psformat.DEFAULTS:
            formats.append(psformat.DEFAULTS[letter])
    return formats or [psformat.DEFAULT]


class _Chosen:
    """What the options ask for by pid, jail, user, group and terminal."""

    def __init__(self) -> None:
        self.lists: dict[str, set[object]] = {}

    def add(self, key: str, value: object) -> None:
        self.lists.setdefault(key, set()).add(value)

    def __bool__(self) -> bool:
        return bool(self.lists)

    def has(self, process: Process) -> bool:
        return any(process[key] in values for key, values in self.lists.items())


def _chosen(found: list[tuple[str, str]], operands: list[str]) -> tuple[_Chosen, bool]:
    chosen, bad = _Chosen(), False
    if any(letter == "T" for letter, _ in found):
        chosen.add("tty", _own_terminal())
    for letter, value in [*found, *(("p", operand) for operand in operands)]:
        if letter not in ("p", "J", "U", "G", "t"):
            continue
        for word in re.split(r"[ \t,]+", value):
            try:
                chosen.add(*_element(letter, word))
            except ValueError as error:
                err.warnx(PROGRAM, str(error))
                bad = True
    return chosen, bad


def _element(letter: str, word: str) -> tuple[str, object]:
    """A member of a list as the key of a process's field and its value. ValueError with the message for a bad one."""
    if letter == "p":
        if not word.isascii() or not word.isdigit():
            raise ValueError(f"Invalid process id: {word}")
        if int(word) > PID_MAX:
            raise ValueError(f"process id too large: {word}")
        return "pid", int(word)
    if letter == "J":
        try:
            return "jid", 0 if word == "0" else jailparam.jail_getid(word)
        except jailparam.ParamError:
            raise ValueError(f"Invalid jail id: {word}") from None
    if letter == "U":
        user = users.by_name(word)
        if user is None and not word.isdigit():
            raise ValueError(f"No such user: {word}")
        return "uid", user.uid if user else int(word)
    if letter == "G":
        gid = next((number for name, number, _ in users.groups() if name == word), None)
        if gid is None and not word.isdigit():
            raise ValueError(f"No such group: {word}")
        return "gid", gid if gid is not None else int(word)
    return "tty", word.removeprefix("/dev/")


def _processes() -> list[Process]:
    """The process table, as this process would see it: itself running, not asleep until the kernel answers."""
    table = kernel.processes()
    for process in table:
        if process["pid"] == os.getpid():
            process["state"] = "R"
    return table


def _wanted(process: Process, flags: set[str], chosen: _Chosen) -> bool:
    if chosen.has(process):
        return True
    if flags & {"a", "A"} or not chosen:
        return bool("x" in flags or "A" in flags or process["tty"]) and bool(
            flags & {"a", "A"} or process["uid"] == os.geteuid()
        )
    return False


def _sort(processes: list[Process], flags: set[str]) -> None:
    if "m" in flags or "v" in flags:
        processes.sort(key=lambda process: -process["vsz"])
    elif "r" in flags or "u" in flags:
        processes.sort(key=lambda process: -psformat.cpu_percentage(process))
    else:
        processes.sort(key=lambda process: (process["tty"], process["pid"]))


def _own_terminal() -> str:
    try:
        return os.ttyname(0).removeprefix("/dev/")
    except OSError:
        err.errx(PROGRAM, "stdin: not a terminal")


def _width(found: list[tuple[str, str]]) -> int:
    """How wide a line may be; without a terminal as wide as it gets."""
    width = UNLIMITED
    if os.environ.get("COLUMNS", "").isdigit():
        width = int(os.environ["COLUMNS"])
    else:
        for fd in (1, 2, 0):
            try:
                columns = struct.unpack("HHHH", fcntl.ioctl(fd, termios.TIOCGWINSZ, b"\0" * 8))[1]
            except OSError:
                continue
            width = max(columns - 1, UNLIMITED)
            break
    wide = sum(letter == "w" for letter, _ in found)
    return UNLIMITED if wide > 1 or width == UNLIMITED else max(width, 131) if wide else width
