# SPDX-License-Identifier: BSD-2-Clause
"""mktemp(1)."""

from __future__ import annotations

import os
import random
import re
import string

import err
import options

USAGE = """usage: mktemp [-d] [-p tmpdir] [-q] [-t prefix] [-u] template ...
       mktemp [-d] [-p tmpdir] [-q] [-u] -t prefix"""


def main(argv: list[str]) -> int:
    found, templates = options.getopt(argv, "dp:qt:u", USAGE)
    given = dict(found)
    directory = os.environ.get("TMPDIR") or given.get("p") or "/tmp"
    if "t" in given or not templates:
        templates = [f"{directory.rstrip('/')}/{given.get('t', 'tmp')}.XXXXXXXXXX", *templates]
    elif "p" in given:
        templates = [
            template if template.startswith("/") else f"{directory.rstrip('/')}/{template}" for template in templates
        ]
    status = 0
    for template in templates:
        try:
            print(_make(template, given))
        except OSError as error:
            if "q" not in given:
                err.warn("mktemp", f"{'mkdtemp' if 'd' in given else 'mkstemp'} failed on {template}", error.errno)
            status = 1
    return status


def _make(template: str, given: dict[str, str]) -> str:
    letters = string.ascii_letters + string.digits
    while True:
        name = re.sub("X+$", lambda match: "".join(random.choices(letters, k=len(match[0]))), template)
        try:
            if "u" in given:
                return name
            if "d" in given:
                os.mkdir(name, 0o700)
            else:
                os.close(os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
            return name
        except FileExistsError:
            if name == template:
                raise
