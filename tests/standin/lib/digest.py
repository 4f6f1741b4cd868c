# SPDX-License-Identifier: BSD-2-Clause
"""md5(1), sha1(1), sha256(1), sha512(1): one program by many names."""

from __future__ import annotations

import hashlib
import sys

import err
import options


def run(argv: list[str], algorithm: str) -> int:
    """main() of all of them. algorithm: hashlib's name."""
    program = err.progname(argv[0])
    usage = f"usage: {program} [-pqrtx] [-c string] [-s string] [file ...]"
    found, names = options.getopt(argv, "c:pqrs:tx", usage)
    given = dict(found)
    status = 0
    if "s" in given:
        status |= _print(algorithm, f'"{given["s"]}"', hashlib.new(algorithm, given["s"].encode()).hexdigest(), given)
    for name in names or ([] if "s" in given else [""]):
        try:
            data = sys.stdin.buffer.read() if not name else _read(name)
        except OSError as error:
            err.warn(program, name, error.errno)
            status = 1
            continue
        status |= _print(algorithm, name, hashlib.new(algorithm, data).hexdigest(), given)
    return status


def _read(name: str) -> bytes:
    with open(name, "rb") as file:
        return file.read()


def _print(algorithm: str, name: str, value: str, given: dict[str, str]) -> int:
    failed = "c" in given and given["c"].lower() != value
    if "q" in given or not name:
        text = value
    elif "r" in given:
        text = f"{value} {name}"
    else:
        text = f"{algorithm.upper()} ({name}) = {value}"
    print(text + (" [ Failed ]" if failed else ""))
    return 2 if failed else 0
