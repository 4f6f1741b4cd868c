# SPDX-License-Identifier: BSD-2-Clause
"""The hidden Linux programs (HIDDEN/bin) as a program of ours runs them: in its own root, which may be a jail's."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from typing import NoReturn

import err
import kernel
import program

_LIBRARIES = "usr/lib/x86_64-linux-gnu"
_PRELOADED = {"gnu-find": ["order.so"]}


def busybox(argv: list[str]) -> NoReturn:
    """Become a busybox applet; argv[0] says which. It is static, so that its open file is enough in a jail's root."""
    sys.stdout.flush()
    if kernel.OUTSIDE is None:
        os.execv(f"{kernel.HIDDEN}/bin/busybox", argv)
    os.execve(os.open(f"{kernel.HIDDEN[1:]}/bin/busybox", os.O_RDONLY, dir_fd=kernel.OUTSIDE), argv, os.environ)


def binary(name: str, argv: list[str]) -> NoReturn:
    """Become another of the hidden binaries. It needs its libraries: out of the jail's root, and back in.

    An ordinary user stays in the root, and has all loaded by relative paths, as the launcher does it.
    """
    sys.stdout.flush()
    preloaded = _PRELOADED.get(name, [])
    if kernel.OUTSIDE is None:
        libraries = ":".join(f"{kernel.HIDDEN}/{library}" for library in preloaded)
        environment = {**os.environ, "LD_PRELOAD": libraries} if preloaded else os.environ
        os.execve(f"{kernel.HIDDEN}/bin/{name}", argv, environment)
    is_root = os.geteuid() == 0
    way_back = {"STANDIN_ROOT": "/", "STANDIN_CWD": "."} if is_root else {"STANDIN_CWD": "."}
    for variable, place in way_back.items():
        fd = os.open(place, os.O_PATH)
        os.set_inheritable(fd, True)
        os.environ[variable] = str(fd)
    os.fchdir(kernel.OUTSIDE)
    if is_root:
        os.chroot(".")
    top = "/" if is_root else ""
    hidden = f"{top}{kernel.HIDDEN[1:]}"
    loader = f"{top}{_LIBRARIES}/ld-linux-x86-64.so.2"
    libraries = ":".join(f"{hidden}/{library}" for library in ("back.so", *preloaded))
    words = [loader, "--preload", libraries, "--library-path", f"{top}{_LIBRARIES}", "--argv0", argv[0]]
    os.execv(loader, [*words, f"{hidden}/bin/{name}", *argv[1:]])


def translated(argv: list[str], name: str = "busybox", in_form: Callable[[str, str], str | None] | None = None) -> int:
    """Run one of them to its end, with what it says on standard error in FreeBSD's form. Returns its exit status.

    in_form: makes of the program's name and a line that it said FreeBSD's line, or None for none.
    """
    in_form = in_form or _in_form
    sys.stdout.flush()
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(write, 2)
        busybox(argv) if name == "busybox" else binary(name, argv)
    os.close(write)
    with os.fdopen(read, errors="surrogateescape") as said:
        for line in said:
            complaint = in_form(argv[0], line.rstrip("\n"))
            if complaint is not None:
                print(complaint, file=sys.stderr, flush=True)
    return program.exit_code(os.waitpid(pid, 0)[1])


_COMPLAINT = re.compile(r"([^:]+): (?:can(?:'t|not) [a-z ]+ |failed to [a-z ]+ )?['\u2018](.*)['\u2019]: ([^:]+)$")
_OPTION = re.compile(r"[^:]+: (?:invalid|unrecognized) option (?:-- )?'?([^']*)'?$")


def _in_form(name: str, line: str) -> str | None:
    """One line of a complaint; None for a line of busybox's usage message."""
    match = _COMPLAINT.match(line)
    if match:
        return f"{name}: {match[2]}: {err.words(match[3])}"
    match = _OPTION.match(line)
    if match:
        return f"{name}: illegal option -- {match[1]}"
    return line if line.startswith(f"{name}:") else None
