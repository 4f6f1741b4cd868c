# SPDX-License-Identifier: BSD-2-Clause
"""FreeBSD's packages of Python, as pkg(8) takes them: the machine's Python, that says FreeBSD."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from . import machine, rtld
from .package import Package

NAME = os.path.basename(machine.PYTHON)  # python3.11
LIBRARY = f"usr/local/lib/{NAME}"


def make(layer: Path, sources: Path) -> None:
    """Add the packages to a layer that machine.py has made.

    sources: the directory with python/ and base/.
    """
    done = subprocess.run([machine.PYTHON, "--version"], capture_output=True, text=True, check=True)
    version = done.stdout.split()[1]
    flavour = NAME.replace(".", "")
    with Package(
        layer, sources / "base", flavour, version, f"lang/{flavour}", "Interpreted object-oriented programming language"
    ) as package:
        _fill(package, layer, sources / "python")
    with Package(
        layer, sources / "base", "python3", "3_4", "lang/python3", "Meta-port for the Python interpreter 3.x"
    ) as package:
        package.needs(flavour, version)
        package.symbolic_link("usr/local/bin/python3", NAME)


def _fill(package: Package, layer: Path, own: Path) -> None:
    package.file(f"usr/local/bin/{NAME}", rtld.program(machine.PYTHON), 0o755)
    library = layer / machine.LIBRARY[1:]
    for file in sorted(path for path in library.rglob("*") if path.is_file()):
        # The byte code knows its source by its time.
        package.file(
            f"{LIBRARY}/{file.relative_to(library)}", file.read_bytes(), 0o644, mtime=int(file.stat().st_mtime)
        )
    # Beside the library's own: Debian's Python has no site-packages.
    for file in sorted(own.glob("*.py")):
        package.file(f"{LIBRARY}/{file.name}", file.read_bytes())
    extensions = [str(path) for path in library.glob("lib-dynload/*.so")]
    for path in sorted({Path(found) for found in machine.libraries([machine.PYTHON, *extensions])}):
        if path.name not in rtld.LIBRARIES:
            package.file(f"usr/local/lib/{path.name}", path.read_bytes(), 0o644)
