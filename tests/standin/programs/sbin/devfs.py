# SPDX-License-Identifier: BSD-2-Clause
"""devfs(8): rules for what a mounted devfs shows."""

from __future__ import annotations

import errno
import os
import sys
from typing import NoReturn

import err
import kernel
import options
import users

USAGE = """usage: devfs [-m mount-point] [-s ruleset] rule ...
       devfs [-m mount-point] ruleset ruleset"""
TYPES = ("disk", "mem", "tape", "tty")
RULE, RULESET = "devfs rule", "devfs ruleset"


def main(argv: list[str]) -> int:
    found, words = options.getopt(argv, "m:s:", USAGE)
    given = dict(found)
    path = os.path.realpath(given.get("m", "/dev"))
    if not any(mount["node"] == path and mount["fstype"] == "devfs" for mount in kernel.mounts()):
        err.err(
            "devfs",
            f"ioctl {path}" if os.path.isdir(path) else path,
            errno.ENOTTY if os.path.isdir(path) else errno.ENOENT,
        )
    if words[:1] == ["ruleset"]:
        if len(words) != 2:
            options.usage(USAGE)
        kernel.devfs_use(path, _number(RULESET, words[1]))
        return 0
    if words[:1] != ["rule"]:
        options.usage(USAGE)
    found, words = options.getopt([RULE, *words[1:]], "s:", USAGE)
    given |= dict(found)
    if not words:
        options.usage(USAGE)
    return _Rules(path, _number(RULE, given["s"]) if "s" in given else None).act(words[0], words[1:])


def _number(program: str, word: str) -> int:
    if not word.isascii() or not word.isdigit() or int(word) > 65535:
        err.errx(program, f"error converting to number: {word}")
    return int(word)


class _Rules:
    """A ruleset and the devfs that it is for; without a ruleset's number, the one which that devfs uses."""

    def __init__(self, path: str, ruleset: int | None) -> None:
        self.path = path
        self.all, current = kernel.devfs_rules()
        self.ruleset = ruleset or current.get(path, 0)
        self.rules = self.all.get(self.ruleset, {})

    def act(self, verb: str, words: list[str]) -> int:
        """Do one of the subcommands. Returns the exit status."""
        if verb == "showsets" and not words:
            print("".join(f"{number}\n" for number in sorted(self.all)), end="")
        elif verb == "show":
            numbers = [_number(RULE, words[0])] if words else sorted(self.rules)
            print("".join(f"{number} {self.rules[number]}\n" for number in numbers if number in self.rules), end="")
        elif verb == "add" and words:
            for rule in self._given(words):
                self._add(rule)
        elif verb == "apply" and words:
            self._apply(words)
        elif verb == "applyset" and not words:
            kernel.devfs_apply(self.path, [rule for _, rule in sorted(self.rules.items())])
        elif verb == "del" and len(words) == 1:
            self._delete(_number(RULE, words[0]))
        elif verb == "delset" and not words:
            kernel.devfs_set_rules(self.ruleset, {})
        elif verb in ("showsets", "add", "apply", "applyset", "del", "delset"):
            options.usage(USAGE)
        else:
            err.errx(RULE, f"unknown command: {verb}")
        return 0

    def _given(self, words: list[str]) -> list[list[str]]:
        """The rules given: on standard input for '-', else the one that the words are."""
        return [line.split() for line in sys.stdin if line.strip()] if words == ["-"] else [words]

    def _add(self, words: list[str]) -> None:
        number, rule = _parsed(words)
        if self.ruleset == 0:
            err.err(RULE, "ioctl DEVFSIO_RADD", errno.EIO)
        if number in self.rules:
            err.err(RULE, "ioctl DEVFSIO_RADD", errno.EEXIST)
        self.rules[number or (max(self.rules, default=0) // 100 + 1) * 100] = rule
        kernel.devfs_set_rules(self.ruleset, self.rules)

    def _apply(self, words: list[str]) -> None:
        if len(words) == 1 and words[0].isdigit():
            if int(words[0]) not in self.rules:
                err.err(RULE, "ioctl DEVFSIO_RAPPLYID", errno.ENOENT)
            kernel.devfs_apply(self.path, [self.rules[int(words[0])]])
            return
        kernel.devfs_apply(self.path, [_parsed(rule)[1] for rule in self._given(words)])

    def _delete(self, number: int) -> None:
        if self.rules.pop(number, None) is None:
            err.err(RULE, "ioctl DEVFSIO_RDEL", errno.ENOENT)
        kernel.devfs_set_rules(self.ruleset, self.rules)


def _parsed(words: list[str]) -> tuple[int, str]:
    """A rule's number (0: none given) and its words in the order in which devfs shows them."""
    words = list(words)
    number = int(words.pop(0)) if words and words[0].isdigit() else 0
    parts: dict[str, str] = {}
    while words:
        word = words.pop(0)
        if word in ("hide", "unhide"):
            parts[word] = word
            continue
        if word not in ("type", "path", "user", "group", "mode", "include"):
            err.errx(RULE, f"unknown argument: {word}")
        if not words:
            err.errx(RULE, f"expecting argument for {word}")
        parts[word] = f"{word} {_argument(word, words.pop(0))}"
    if not parts:
        err.errx(RULE, "unexpected end of rulespec")
    order = ("type", "path", "hide", "unhide", "user", "group", "mode", "include")
    return number, " ".join(parts[word] for word in order if word in parts)


def _argument(word: str, value: str) -> str:
    if word == "type" and value not in TYPES:
        err.errx(RULE, f"unknown type: {value}")
    if word == "user" and users.by_name(value) is None and not value.isdigit():
        _not_a_number(value)
    if word == "group" and not any(name == value for name, _, _ in users.groups()) and not value.isdigit():
        _not_a_number(value)
    if word == "mode" and (not value or value.strip("01234567")):
        err.errx(RULE, f"invalid mode: {value}")
    if word == "mode":
        return f"{int(value, 8):o}"
    return str(_number(RULE, value)) if word == "include" else value


def _not_a_number(value: str) -> NoReturn:
    err.errx(RULE, f"error converting to number: {value}")
