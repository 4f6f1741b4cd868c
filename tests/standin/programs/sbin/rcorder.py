# SPDX-License-Identifier: BSD-2-Clause
"""rcorder(8): put scripts into the order that their PROVIDE, REQUIRE and BEFORE lines ask for."""

from __future__ import annotations

import re
import sys

import err
from options import getopt

USAGE = "usage: rcorder [-gp] [-k <keep>] [-s <skip>] file [file ...]"
LINE = re.compile(r"#\s*(PROVIDE|REQUIRE|REQUIRES|BEFORE|KEYWORD|KEYWORDS):(.*)")


def main(argv: list[str]) -> int:
    given, files = getopt(argv, "gk:ps:", USAGE)
    if not files:
        print(USAGE, file=sys.stderr)
        return 1
    keep = {word for letter, word in given if letter == "k"}
    skip = {word for letter, word in given if letter == "s"}
    order = Order([Script(path) for path in files])
    for script in order.sorted():
        if not script.keyword & skip and (not keep or script.keyword & keep):
            print(script.path)
    return 0


class Script:
    """A file and its dependency lines, which end at the first line that isn't a comment of theirs."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.provide: list[str] = []
        self.require: list[str] = []
        self.before: list[str] = []
        self.keyword: set[str] = set()
        began = False
        try:
            with open(path, errors="replace") as file:
                for line in file:
                    match = LINE.match(line)
                    if match is None:
                        if began:
                            break
                        continue
                    began = True
                    self._take(match[1].rstrip("S") if match[1] != "REQUIRES" else "REQUIRE", match[2].split())
        except OSError:
            err.warn("rcorder", f"could not open {path}", 2)

    def _take(self, kind: str, words: list[str]) -> None:
        if kind == "KEYWORD":
            self.keyword |= set(words)
        else:
            {"PROVIDE": self.provide, "REQUIRE": self.require, "BEFORE": self.before}[kind].extend(words)


class Order:
    """The scripts, each after all that it requires and all that want to be before it."""

    def __init__(self, scripts: list[Script]) -> None:
        self.scripts = scripts
        self.providers: dict[str, list[Script]] = {}
        for script in scripts:
            for name in script.provide:
                self.providers.setdefault(name, []).append(script)
        self.earlier: dict[str, list[Script]] = {}
        for script in scripts:
            for name in script.before:
                for later in self.providers.get(name, []):
                    self.earlier.setdefault(later.path, []).append(script)

    def sorted(self) -> list[Script]:
        done: list[Script] = []
        self._state: dict[str, bool] = {}
        for script in self.scripts:
            self._visit(script, done)
        return done

    def _visit(self, script: Script, done: list[Script]) -> None:
        state = self._state.get(script.path)
        if state is not None:
            if not state:
                err.warnx("rcorder", f"Circular dependency on file `{script.path}'.")
            return
        self._state[script.path] = False
        for name in script.require:
            providers = self.providers.get(name)
            if providers is None:
                err.warnx("rcorder", f"requirement `{name}' in file `{script.path}' has no providers.")
            for earlier in providers or []:
                self._visit(earlier, done)
        for earlier in self.earlier.get(script.path, []):
            self._visit(earlier, done)
        self._state[script.path] = True
        done.append(script)
