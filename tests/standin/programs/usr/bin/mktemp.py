# SPDX-License-Identifier: BSD-2-Clause
"""mktemp(1): make a file or a directory of a name that nobody has."""

from __future__ import annotations

import os
import random
import string
import sys

import err
from options import getopt

USAGE = """\
usage: mktemp [-d] [-p tmpdir] [-q] [-t prefix] [-u] template ...
       mktemp [-d] [-p tmpdir] [-q] [-u] -t prefix"""


def main(argv: list[str]) -> int:
    given, templates = getopt(argv, "dp:qt:u", USAGE)
    options = dict(given)
    directory = os.environ.get("TMPDIR") or options.get("p") or "/tmp"
    if "t" in options:
        templates.append(f"{directory}/{options['t']}.XXXXXXXXXX")
    elif "p" in options:
        templates = [f"{directory}/{template}" for template in templates or ["tmp.XXXXXXXXXX"]]
    elif not templates:
        templates = [f"{directory}/tmp.XXXXXXXXXX"]
    failed = False
    for template in templates:
        try:
            print(_made(template, "d" in options, "u" in options))
        except OSError as error:
            failed = True
            if "q" not in options:
                call = "mkdtemp" if "d" in options else "mkstemp"
                err.warn("mktemp", f"{call} failed on {template}", error.errno)
    sys.stdout.flush()
    return 1 if failed else 0


def _made(template: str, directory: bool, unlink: bool) -> str:
    """mkstemp(3), mkdtemp(3)."""
    head = template.rstrip("X")
    while True:
        letters = random.choices(string.ascii_letters + string.digits, k=len(template) - len(head))
        path = head + "".join(letters)
        try:
            if directory:
                os.mkdir(path, 0o700)
            else:
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            if path == template:
                raise
            continue
        if unlink:
            os.rmdir(path) if directory else os.unlink(path)
        return path
