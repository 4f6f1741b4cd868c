# SPDX-License-Identifier: BSD-2-Clause
"""env(1)."""

from __future__ import annotations

import os
import shlex

import err
import options
import program

USAGE = """usage: env [-0iv] [-L|-U user[/class]] [-u name] [name=value ...]
       env [-0iv] [-L|-U user[/class]] [-P altpath] [-S string] [-u name]
           [name=value ...] utility [argument ...]"""


def main(argv: list[str]) -> int:
    found, words = options.getopt(argv, "-0iP:S:u:v", USAGE)
    given = dict(found)
    if "S" in given:
        words = shlex.split(given["S"]) + words
    environment = {} if given.keys() & {"i", "-"} else dict(os.environ)
    for letter, value in found:
        if letter == "u":
            environment.pop(value, None)
    while words and "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        environment[name] = value
    if not words:
        end = "\0" if "0" in given else "\n"
        print("".join(f"{name}={value}{end}" for name, value in environment.items()), end="")
        return 0
    search = {"PATH": given["P"]} if "P" in given else {}
    error = program.execvp(words, environment | search if search else environment)
    err.err("env", words[0], error.errno, 127 if isinstance(error, FileNotFoundError) else 126)
