# SPDX-License-Identifier: BSD-2-Clause
"""kenv(1): the kernel's environment, what loader.conf(5) has included; nothing here can change it."""

from __future__ import annotations

import sys

import err
import kernel
from options import getopt

USAGE = """\
usage: kenv [-hNq]
       kenv [-qv] variable[=value]
       kenv [-q] -u variable"""
OF_THE_MACHINE = {
    "kernelname": "/boot/kernel/kernel",
    "smbios.system.maker": "QEMU",
    "smbios.system.product": "Standard PC (i440FX + PIIX, 1996)",
    "vfs.root.mountfrom": "ufs:/dev/vtbd0",
}


def main(argv: list[str]) -> int:
    given, words = getopt(argv, "hNquv", USAGE)
    letters = {letter for letter, _ in given}
    variables = OF_THE_MACHINE | kernel.kenv()
    if not words and "u" not in letters:
        for name, value in sorted(variables.items()):
            print(name if "N" in letters else f'{name}="{value}"')
        return 0
    if len(words) != 1:
        print(USAGE, file=sys.stderr)
        return 1
    name, assigns, _value = words[0].partition("=")
    if assigns or "u" in letters:
        err.err("kenv", f"unable to {'unset' if 'u' in letters else 'set'} {name}", 1)
    if name not in variables:
        if "q" not in letters:
            err.warnx("kenv", f"unable to get {name}")
        return 1
    print(f'{name}="{variables[name]}"' if "v" in letters else variables[name])
    return 0
