# SPDX-License-Identifier: BSD-2-Clause
"""kill(1), the program."""

from __future__ import annotations

import sys

import err
import kernel
import signals

PROGRAM = "kill"
USAGE = """usage: kill [-s signal_name] pid ...
       kill -l [exit_status]
       kill -signal_name pid ...
       kill -signal_number pid ..."""


def main(argv: list[str]) -> int:
    words = argv[1:]
    if not words:
        return _usage()
    signum = 15
    if words[0] == "-l":
        return _list(words[1:])
    if words[0] == "-s":
        if len(words) < 2:
            err.warnx(PROGRAM, "option requires an argument -- s")
            return _usage()
        signum = 0 if words[1] == "0" else _by_name(words[1])
        words = words[2:]
    elif words[0].startswith("-") and words[0] not in ("-", "--"):
        word = words.pop(0)[1:]
        signum = int(word) if word.isascii() and word.isdigit() else _by_name(word)
    if words[:1] == ["--"]:
        words = words[1:]
    if not words:
        return _usage()
    return max(_kill(word, signum) for word in words)


def _kill(word: str, signum: int) -> int:
    try:
        pid = int(word)
    except ValueError:
        err.errx(PROGRAM, f"illegal process id: {word}", 2)
    try:
        kernel.kill(pid, signum)
    except OSError as error:
        err.warn(PROGRAM, word, error.errno)
        return 1
    return 0


def _list(words: list[str]) -> int:
    if not words:
        print(signals.LIST)
        return 0
    if len(words) > 1:
        return _usage()
    if not words[0].isascii() or not words[0].isdigit():
        err.errx(PROGRAM, f"illegal signal number: {words[0]}", 2)
    number = int(words[0])
    name = signals.name(number - 128 if number > 128 else number)
    if name is None:
        return _unknown(words[0])
    print(name)
    return 0


def _by_name(word: str) -> int:
    number = signals.number(word)
    if number is None:
        raise SystemExit(_unknown(word))
    return number


def _unknown(word: str) -> int:
    err.warnx(PROGRAM, f"unknown signal {word}; valid signals:")
    print(signals.LIST, file=sys.stderr)
    return 2


def _usage() -> int:
    print(USAGE, file=sys.stderr)
    return 2
