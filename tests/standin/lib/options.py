# SPDX-License-Identifier: BSD-2-Clause
"""getopt(3) as FreeBSD has it: options end at the first operand."""

from __future__ import annotations

import sys
from typing import NoReturn

import err


def usage(text: str, status: int = 1) -> NoReturn:
    """Print a usage message on standard error and exit."""
    sys.stdout.flush()
    print(text, file=sys.stderr)
    raise SystemExit(status)


def getopt(argv: list[str], spec: str, usage_text: str, status: int = 1) -> tuple[list[tuple[str, str]], list[str]]:
    """Split argv into options and operands.

    argv: with the program's name first. spec: the option letters, each followed by ':' if it takes a value.
    Returns the options as (letter, value) in order, value '' where there is none, and the operands.
    An unknown option or a missing value prints FreeBSD's message and the usage text, and exits with status.
    """
    found: list[tuple[str, str]] = []
    rest = argv[1:]
    while rest and rest[0].startswith("-") and rest[0] != "-":
        cluster = rest.pop(0)[1:]
        if cluster == "-":
            break
        while cluster:
            letter, cluster = cluster[0], cluster[1:]
            at = spec.find(letter)
            if at < 0 or letter == ":":
                err.warnx(err.progname(argv[0]), f"illegal option -- {letter}")
                usage(usage_text, status)
            if spec[at + 1 : at + 2] != ":":
                found.append((letter, ""))
                continue
            if not cluster and not rest:
                err.warnx(err.progname(argv[0]), f"option requires an argument -- {letter}")
                usage(usage_text, status)
            found.append((letter, cluster or rest.pop(0)))
            cluster = ""
    return found, rest
