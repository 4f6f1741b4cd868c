# SPDX-License-Identifier: BSD-2-Clause
"""Compile what a stand-in is made of: the C sources, and Python's byte code, so that programs start quickly.

Made once into build/ beside the sources and again when one of them changes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import py_compile
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
SOURCES = ("native", "lib", "kernel", "programs", "main.py")
COMPILE = {
    "launcher": ["-static", "native/launcher.c"],
    "libc.so.7": ["-shared", "-fPIC", "-Wl,-soname,libc.so.7", "native/libc7.c"],
    "libutil.so.10": ["-shared", "-fPIC", "-Wl,-soname,libutil.so.10", "native/libutil10.c"],
    "back.so": ["-shared", "-fPIC", "native/back.c"],
}


def build() -> Path:
    """Bring build/ up to date. Returns its path. Raises CalledProcessError or PyCompileError when a source doesn't
    compile.
    """
    target, stamp = HERE / "build", _stamp()
    if _read(target / "stamp") == stamp:
        return target
    new = HERE / f"build.{os.getpid()}"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    for name, arguments in COMPILE.items():
        subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-o", str(new / name), *arguments], cwd=HERE, check=True)
    for name in ("lib", "kernel"):
        shutil.copytree(HERE / name, new / name, ignore=shutil.ignore_patterns("__pycache__"))
    (new / "programs").mkdir()
    shutil.copy(HERE / "main.py", new)
    paths = []
    for source in sorted((HERE / "programs").rglob("*.py")):
        shutil.copy(source, new / "programs")
        paths.append(str(source.relative_to(HERE / "programs"))[:-3])
    (new / "paths").write_text("\n".join(paths))
    for source in (*new.glob("lib/*.py"), *new.glob("kernel/*.py"), *new.glob("programs/*.py")):
        py_compile.compile(
            str(source),
            dfile=str(source.relative_to(new)),
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
    (new / "stamp").write_text(stamp)
    _replace(new, target)
    return target


def _replace(new: Path, target: Path) -> None:
    """Two builds at once are no harm: the later one stays."""
    old = HERE / f"build.{os.getpid()}.old"
    with contextlib.suppress(FileNotFoundError):
        target.rename(old)
    try:
        new.rename(target)
    except OSError:
        shutil.rmtree(new)
    shutil.rmtree(old, ignore_errors=True)


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None


def _stamp() -> str:
    digest = hashlib.sha256(sys.version.encode())
    for name in SOURCES:
        path = HERE / name
        for source in sorted(path.rglob("*.[cp]*")) if path.is_dir() else [path]:
            if source.suffix in (".c", ".py"):
                digest.update(str(source.relative_to(HERE)).encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()
