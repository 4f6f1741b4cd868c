# SPDX-License-Identifier: BSD-2-Clause
"""What a stand-in takes of the machine as it is: Python's library, shared libraries of its programs, a locale.

It is the lowest layer of a stand-in's root. It is a copy, for the machine's own root has file systems mounted in it,
which an ordinary user can't have an overlay without.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

PYTHON = os.path.realpath("/usr/bin/python3")
LIBRARY = f"/usr/lib/{os.path.basename(PYTHON)}"
LIBRARIES = "/lib/x86_64-linux-gnu"
# Of Python's library: what compiles C against it, tests it, or has windows.
WITHOUT = shutil.ignore_patterns("config-*", "test", "idlelib", "tkinter", "_tkinter*", "turtledemo", "dist-packages")
# No program is linked with libgcc_s: glibc opens it where a thread ends.
FILES = (
    "/lib64/ld-linux-x86-64.so.2",
    f"{LIBRARIES}/ld-linux-x86-64.so.2",
    f"{LIBRARIES}/libgcc_s.so.1",
)


def digest(programs: Iterable[str]) -> str:
    """What tells one machine's copy from another's: its programs as they are, and whose the copy is."""
    known = hashlib.sha256(Path(__file__).read_bytes())
    for program in programs:
        status = os.stat(program)
        known.update(f"{program} {status.st_size} {status.st_mtime_ns} {os.geteuid()}\n".encode())
    return known.hexdigest()


def copy(programs: Iterable[str], target: Path) -> None:
    """Copy Python's library, the shared libraries of these programs, and the locale C.UTF-8, to target."""
    shutil.copytree(LIBRARY, target / LIBRARY[1:], symlinks=True, ignore=WITHOUT)
    extensions = (target / LIBRARY[1:]).glob("lib-dynload/*.so")
    for file in {*FILES, *libraries([*programs, *map(str, extensions)])}:
        place = target / os.path.realpath(os.path.dirname(file))[1:]
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, place)
    for locale in Path("/usr/lib/locale").glob("C.*"):
        shutil.copytree(locale, target / str(locale)[1:])
    for name in ("lib", "lib64"):
        os.symlink(f"usr/{name}", target / name)


def libraries(programs: list[str]) -> list[str]:
    """The paths of the shared libraries that these programs are linked with; static ones have none."""
    done = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=False)
    return re.findall(r"=> (/\S+) \(", done.stdout)
