# SPDX-License-Identifier: BSD-2-Clause
"""What a stand-in needs of the machine, and how to say that it isn't there."""

from __future__ import annotations

import platform
import shutil
import sys
from pathlib import Path

# Debian's package for each thing that is looked for.
PROGRAMS = {
    "bsdtar": "libarchive-tools",
    "gcc": "gcc",
    "busybox": "busybox-static",
    "dash": "dash",
    "find": "findutils",
}
FILES = {"/usr/bin/python3": "python3", "/usr/include/stdlib.h": "libc6-dev"}


def missing() -> list[str]:
    """The Debian packages that are missing, sorted."""
    wanted = {package for program, package in PROGRAMS.items() if shutil.which(program) is None}
    wanted |= {package for file, package in FILES.items() if not Path(file).exists()}
    return sorted(wanted)


def problem() -> str | None:
    """Why no stand-in can be brought up here, or None."""
    if sys.platform != "linux":
        return f"a stand-in is a Linux sandbox; this is {platform.system()}"
    if tuple(map(int, platform.release().split(".")[:1])) < (5,):
        return f"a stand-in needs Linux 5.x or newer; this is {platform.release()}"
    packages = missing()
    if packages:
        return f"these packages are missing: {' '.join(packages)} (apt-get install {' '.join(packages)})"
    return None
