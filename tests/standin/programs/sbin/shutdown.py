# SPDX-License-Identifier: BSD-2-Clause
"""shutdown(8), to reboot at once."""

from __future__ import annotations

import os
import re

import err
import kernel
import options

USAGE = """\
usage: shutdown [-] [-c | -f | -h | -p | -r | -k] [-o [-n]] [-q] time [warning-message ...]
       poweroff"""


def main(argv: list[str]) -> int:
    given, words = options.getopt(argv, "-cfhknopqr", USAGE)
    letters = {letter for letter, _value in given}
    if not words:
        options.usage(USAGE)
    if os.geteuid() != 0:
        err.errx("shutdown", "NOT super-user")
    if letters - {"r", "q"} or "r" not in letters:
        err.errx("shutdown", "a stand-in can only be rebooted (-r)")
    if words[0] != "now" and not re.fullmatch(r"\+0+[a-z]*", words[0]):
        err.errx("shutdown", "a stand-in can only be rebooted now")
    print(f"Shutdown NOW!\nshutdown: [pid {os.getpid()}]", flush=True)
    kernel.reboot()
    return 0
