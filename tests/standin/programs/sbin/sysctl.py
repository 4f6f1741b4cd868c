# SPDX-License-Identifier: BSD-2-Clause
"""sysctl(8): get or set kernel state."""

from __future__ import annotations

import os
import re
import sys

import err
import jailparam
import kernel
import sysctls
from options import getopt
from sysctls import Oid
from sysctlstate import INTEGERS, State

USAGE = """\
usage: sysctl [-j jail] [-bdeFhiJlNnoqTtVWx] [ -B <bufsize> ] [-f filename] name[=value] ...
       sysctl [-j jail] [-bdeFhJlNnoqTtVWx] [ -B <bufsize> ] -a"""


def main(argv: list[str]) -> int:
    given, names = getopt(argv, "AabB:def:FhiJj:lNnoqTtVWwXx", USAGE)
    options = dict(given)
    if "j" in options:
        _enter(options["j"])
    if "a" in options or "A" in options:
        names = [oid.name for oid in sysctls.OIDS.values() if "." not in oid.name]
    elif not names and "f" not in options:
        print(USAGE, file=sys.stderr)
        return 1
    state = State()
    failures = 0
    if "f" in options:
        names = _file(options["f"]) + names
    for word in names:
        failures += _one(state, options, word)
    return 1 if failures else 0


def _enter(jail: str) -> None:
    try:
        kernel.jail_attach(jailparam.jail_getid(jail))
    except (jailparam.ParamError, kernel.KernelError) as error:
        err.errx("sysctl", str(error))


def _file(path: str) -> list[str]:
    """The settings of a sysctl.conf(5)."""
    try:
        with open(path) as file:
            lines = [line.partition("#")[0].strip() for line in file]
    except OSError as error:
        err.err("sysctl", path, error.errno, os.EX_NOINPUT)
    return [line for line in lines if line]


def _one(state: State, options: dict[str, str], word: str) -> bool:
    """Show, or set, what one operand names. Returns whether it failed."""
    name, equals, new = word.partition("=")
    name = name.strip()
    oid = sysctls.OIDS.get(name)
    if oid is None:
        if "i" in options:
            return False
        if "q" not in options:
            err.warnx("sysctl", f"unknown oid '{name}'")
        return True
    if equals:
        return _set(state, options, oid, new.strip())
    if oid.kind != "node":
        _show(state, options, oid)
        return False
    wanted = [oid, *sysctls.below(name)] if "d" in options else sysctls.below(name)
    for each in wanted:
        if each.kind != "node" or {"d", "t", "l"} & set(options):
            _show(state, options, each)
    return False


def _show(state: State, options: dict[str, str], oid: Oid) -> None:
    if "N" in options:
        print(oid.name)
        return
    head = "" if "n" in options else oid.name + ("=" if "e" in options else ": ")
    if "d" in options or "t" in options:
        print(head + (oid.title if "d" in options else sysctls.TYPES[oid.kind]))
        return
    if ("W" in options and oid.access != "w") or ("T" in options and oid.access != "t"):
        return
    if "b" in options:
        sys.stdout.flush()
        sys.stdout.buffer.write(state.packed(oid))
        return
    text = state.text(oid)
    if text is not None:
        print(head + (hex(int(text)) if "x" in options and oid.kind in INTEGERS else text))


def _set(state: State, options: dict[str, str], oid: Oid, new: str) -> bool:
    problem = _problem(oid, new)
    if problem:
        err.warnx("sysctl", problem)
        if oid.access == "t" and oid.kind != "node":
            err.warnx("sysctl", "Tunable values are set in /boot/loader.conf")
        return True
    old = state.text(oid)
    try:
        state.set(oid, new)
    except OSError as error:
        err.warn("sysctl", f"{oid.name}={new}", error.errno)
        return True
    if "q" not in options:
        head = "" if "n" in options else oid.name + ("=" if "e" in options else ": ")
        print(f"{head}{old} -> {state.text(oid)}")
    return False


def _problem(oid: Oid, new: str) -> str:
    """Why this can't be set, '' if it can."""
    if oid.kind == "node":
        return f"oid '{oid.name}' isn't a leaf node"
    if oid.access == "t":
        return f"oid '{oid.name}' is a read only tunable"
    if oid.access != "w":
        return f"oid '{oid.name}' is read only"
    if oid.kind in INTEGERS and not new:
        return "empty numeric value"
    if oid.kind in INTEGERS and not re.fullmatch(r"[-+]?(0[xX][0-9a-fA-F]+|\d+)", new):
        return f"invalid {sysctls.TYPES[oid.kind]} '{new}'"
    return ""
