# SPDX-License-Identifier: BSD-2-Clause
"""ldconfig(8): what Python's ctypes.util.find_library asks. The machine's loader needs no hints, so none are kept."""

from __future__ import annotations

import os
import re

from options import getopt

USAGE = "usage: ldconfig [-32] [-BRimrsv] [-f hints_file] [directory | file ...]"
DIRECTORIES = ("/lib", "/usr/lib", "/usr/lib/compat", "/usr/local/lib")
LIBRARY = re.compile(r"lib(.+)\.so\.(\d+)")


def main(argv: list[str]) -> int:
    if argv[1:2] in (["-32"], ["-elf"]):
        del argv[1]
    given, _directories = getopt(argv, "BRf:imrsv", USAGE)
    if ("r", "") in given:
        print(f"/var/run/ld-elf.so.hints:\n\tsearch directories: {':'.join(DIRECTORIES)}")
        for number, (name, path) in enumerate(_libraries()):
            print(f"\t{number}:-l{name} => {path}")
    return 0


def _libraries() -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for directory in filter(os.path.isdir, DIRECTORIES):
        for file in sorted(os.listdir(directory)):
            match = LIBRARY.fullmatch(file)
            if match:
                found.setdefault(f"{match[1]}.{match[2]}", f"{directory}/{file}")
    return list(found.items())
