# SPDX-License-Identifier: BSD-2-Clause
"""pgrep(1) and pkill(1), which are one program: processes by pattern and by what else is known of them."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import sys
from typing import NoReturn

import err
import jailparam
import kernel
import options
import signals
import users
from proctable import PID_MAX, Process

NOMATCH, BADUSAGE, ERROR = 1, 2, 3
PID_MIN = 5
FIELDS = {"G": "gid", "P": "ppid", "U": "ruid", "g": "pgid", "j": "jid", "s": "sid", "t": "tty", "u": "uid"}
ANY_JAIL = -1
# The classes of regex(7) that Python's expressions don't have.
_CLASSES = {"alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z", "space": r"\s"}
_CLASS = re.compile(r"\[:({}):\]".format("|".join(_CLASSES)))


class _Matcher:
    """One run of either program."""

    def __init__(self, argv: list[str], killing: bool) -> None:
        self.program = err.progname(argv[0])
        self.killing = killing
        self.signum = signals.number("TERM") or 0
        if killing and len(argv) > 1 and argv[1].startswith("-"):
            signum = _signal(argv[1][1:])
            if signum is not None:
                self.signum = signum
                argv = [argv[0], *argv[2:]]
        spec = "F:G:ILP:U:ac:fg:ij:lnos:t:u:vx" if killing else "F:G:LP:SU:ac:d:fg:ij:lnoqs:t:u:vx"
        self.found, self.patterns = options.getopt(argv, spec, self._usage_text(), BADUSAGE)
        self.flags = {letter for letter, _ in self.found}
        self.values = dict(self.found)
        self.lists: dict[str, set[object]] = {}
        for letter, value in self.found:
            if letter in FIELDS:
                self.lists.setdefault(FIELDS[letter], set()).update(
                    self._element(letter, word) for word in value.split(",")
                )

    def _usage_text(self) -> str:
        first = "[-signal] [-ILafilnovx]" if self.killing else "[-LSafilnoqvx] [-d delim]"
        return (
            f"usage: {self.program} {first} [-F pidfile] [-G gid]\n"
            "             [-M core] [-N system] [-P ppid] [-U uid] [-c class] [-g pgrp]\n"
            "             [-j jail] [-s sid] [-t tty] [-u euid] pattern ..."
        )

    def run(self) -> int:
        """Match and act. Returns the exit status."""
        if not self.patterns and not self.lists and not self.flags & {"F", "c", "n", "o"}:
            options.usage(self._usage_text(), BADUSAGE)
        if {"n", "o"} <= self.flags:
            err.errx(self.program, "Options -n and -o are mutually exclusive", ERROR)
        if "L" in self.flags and "F" not in self.flags:
            err.errx(self.program, "Option -L doesn't make sense without -F", ERROR)
        pid = self._pid_in_file(self.values["F"]) if "F" in self.flags else None
        patterns = [self._compiled(pattern) for pattern in self.patterns]
        table = [process for process in kernel.processes() if process["pid"] != os.getpid()]
        chosen = [process for process in table if self._matches(process, patterns, pid)]
        if "a" not in self.flags:
            ancestors = _ancestors(table)
            chosen = [process for process in chosen if process["pid"] not in ancestors]
        if chosen and self.flags & {"n", "o"}:
            chosen.sort(key=lambda process: process["start"])
            chosen = chosen[-1:] if "n" in self.flags else chosen[:1]
        if "v" in self.flags:
            pids = {process["pid"] for process in chosen}
            chosen = [process for process in table if process["pid"] not in pids]
        return 0 if (self._kill(chosen) if self.killing else self._list(chosen)) else NOMATCH

    def _matches(self, process: Process, patterns: list[re.Pattern[str]], pid: int | None) -> bool:
        if pid is not None and process["pid"] != pid:
            return False
        for field, values in self.lists.items():
            if process[field] not in values and not (field == "jid" and ANY_JAIL in values and process["jid"] > 0):
                return False
        text = " ".join(process["args"]) if "f" in self.flags and process["args"] else process["comm"]
        find = re.Pattern.fullmatch if "x" in self.flags else re.Pattern.search
        return not patterns or any(find(pattern, text) for pattern in patterns)

    def _list(self, chosen: list[Process]) -> bool:
        if "q" not in self.flags and chosen:
            print(self.values.get("d", "\n").join(self._shown(process) for process in chosen))
        return bool(chosen)

    def _shown(self, process: Process) -> str:
        if not self.killing and "l" not in self.flags:
            return str(process["pid"])
        words = process["args"] if "f" in self.flags and process["args"] else [process["comm"]]
        return f"{process['pid']} {' '.join(words)}"

    def _kill(self, chosen: list[Process]) -> bool:
        done = False
        for process in chosen:
            if "l" in self.flags:
                print(f"kill -{self.signum} {process['pid']}")
            if "I" in self.flags and not self._confirmed(process):
                done = True
                continue
            try:
                kernel.kill(process["pid"], self.signum)
                done = True
            except OSError as error:
                if error.errno != errno.ESRCH:
                    err.warn(self.program, f"signalling pid {process['pid']}", error.errno)
        if "l" in self.flags and not chosen:
            print("No matching processes belonging to you were found", file=sys.stderr)
        return done

    def _confirmed(self, process: Process) -> bool:
        print(f"kill {self._shown(process)}? ", end="", flush=True)
        return sys.stdin.readline()[:1] in ("y", "Y")

    def _compiled(self, pattern: str) -> re.Pattern[str]:
        try:
            if not pattern:
                raise re.error("empty (sub)expression")
            return re.compile(
                _CLASS.sub(lambda match: _CLASSES[match[1]], pattern), re.IGNORECASE if "i" in self.flags else 0
            )
        except re.error as error:
            err.errx(self.program, f"Cannot compile regular expression `{pattern}' ({error})", BADUSAGE)

    def _pid_in_file(self, path: str) -> int:
        try:
            with open(path) as file:
                if "L" in self.flags:
                    self._must_be_locked(file.fileno(), path)
                line = file.readline()
        except OSError as error:
            err.err(self.program, f"Cannot open pidfile `{path}'", error.errno, ERROR)
        if not line:
            err.errx(self.program, f"Pidfile `{path}' is empty", ERROR)
        number, rest = jailparam.strtol(line)
        if rest.strip() or not PID_MIN <= number <= PID_MAX:
            err.errx(self.program, f"Invalid pid in file `{path}'", ERROR)
        return number

    def _must_be_locked(self, fd: int, path: str) -> None:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        err.errx(self.program, f"File '{path}' can be locked", ERROR)

    def _element(self, letter: str, word: str) -> object:
        """A value in the list of an option: a number as it stands, or what the name means."""
        if not word:
            options.usage(self._usage_text(), BADUSAGE)
        if letter == "t":
            return "" if word == "-" else word.removeprefix("/dev/")
        if re.fullmatch(r"[+-]?[0-9]+", word):
            number = int(word)
            if number == 0 and letter in ("g", "s"):
                return os.getpgrp() if letter == "g" else os.getsid(0)
            return number
        if letter == "j":
            return self._jail(word)
        if letter in ("u", "U"):
            user = users.by_name(word)
            return user.uid if user else self._bad(f"Unknown user `{word}'")
        if letter == "G":
            found = [number for name, number, _ in users.groups() if name == word]
            return found[0] if found else self._bad(f"Unknown group `{word}'")
        return options.usage(self._usage_text(), BADUSAGE)

    def _jail(self, word: str) -> int:
        if word in ("none", "any"):
            return ANY_JAIL if word == "any" else 0
        try:
            return jailparam.jail_getid(word)
        except jailparam.ParamError:
            self._bad(f"Invalid jail ID or name `{word}'")

    def _bad(self, message: str) -> NoReturn:
        err.errx(self.program, message, BADUSAGE)


def _signal(word: str) -> int | None:
    return int(word) if word.isascii() and word.isdigit() else signals.number(word)


def _ancestors(table: list[Process]) -> set[int]:
    parents = {process["pid"]: process["ppid"] for process in table}
    found, pid = set(), os.getppid()
    while pid and pid not in found:
        found.add(pid)
        pid = parents.get(pid, 0)
    return found


def run(argv: list[str], *, killing: bool) -> int:
    """main() of both programs."""
    return _Matcher(argv, killing).run()
