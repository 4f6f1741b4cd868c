# SPDX-License-Identifier: BSD-2-Clause
"""kenv(1): the kernel's environment, which nothing here can change."""

from __future__ import annotations

import sys

import err
from options import getopt

USAGE = """\
usage: kenv [-hNq]
       kenv [-qv] variable[=value]
       kenv [-q] -u variable"""
VARIABLES = {
    "kernelname": "/boot/kernel/kernel",
    "smbios.system.maker": "QEMU",
    "smbios.system.product": "Standard PC (i440FX + PIIX, 1996)",
    "vfs.root.mountfrom": "ufs:/dev/vtbd0",
    "kern.racct.enable": "1",
}


def main(argv: list[str]) -> int:
    given, words = getopt(argv, "hNquv", USAGE)
    letters = {letter for letter, _ in given}
    if not words and "u" not in letters:
        for name, value in sorted(VARIABLES.items()):
            print(name if "N" in letters else f'{name}="{value}"')
        return 0
    if len(words) != 1:
        print(USAGE, file=sys.stderr)
        return 1
    name, assigns, _value = words[0].partition("=")
    if assigns or "u" in letters:
        err.err("kenv", f"unable to {'unset' if 'u' in letters else 'set'} {name}", 1)
    if name not in VARIABLES:
        if "q" not in letters:
            err.warnx("kenv", f"unable to get {name}")
        return 1
    print(f'{name}="{VARIABLES[name]}"' if "v" in letters else VARIABLES[name])
    return 0
