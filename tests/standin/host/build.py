# SPDX-License-Identifier: BSD-2-Clause
"""Compile what a stand-in is made of: the C sources, and Python's byte code, so that programs start quickly.

Made once, and again when one of the sources changes, into build/ beside them.
"""

from __future__ import annotations

import hashlib
import os
import py_compile
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
# Seconds after which an older build is no stand-in's any more that is coming up.
FORGOTTEN = 600
SOURCES = ("native", "lib", "kernel", "programs", "main.py")
COMPILE = {
    "launcher": ["-static", "native/launcher.c"],
    "libc.so.7": ["-shared", "-fPIC", "-Wl,-soname,libc.so.7", "native/libc7.c"],
    "libutil.so.10": ["-shared", "-fPIC", "-Wl,-soname,libutil.so.10", "native/libutil10.c"],
    "back.so": ["-shared", "-fPIC", "native/back.c"],
}


def build() -> Path:
    """Bring build/ up to date: each build is named after its sources' digest, so that one that is there is whole.

    Returns its path. Raises CalledProcessError or PyCompileError when a source doesn't compile.
    """
    builds, stamp = HERE / "build", _stamp()
    target = builds / stamp
    if target.is_dir():
        return target
    new = builds / f"{os.getpid()}.new"
    try:
        _compile(new)
        new.rename(target)
    except OSError:
        if not target.is_dir():  # else another build of the same sources came first
            raise
    finally:
        shutil.rmtree(new, ignore_errors=True)
    for old in builds.iterdir():
        if old != target and time.time() - old.stat().st_mtime > FORGOTTEN:
            shutil.rmtree(old, ignore_errors=True)
    return target


def _compile(new: Path) -> None:
    new.mkdir(parents=True)
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


def _stamp() -> str:
    digest = hashlib.sha256(sys.version.encode())
    for name in SOURCES:
        path = HERE / name
        for source in sorted(path.rglob("*.[cp]*")) if path.is_dir() else [path]:
            if source.suffix in (".c", ".py"):
                digest.update(str(source.relative_to(HERE)).encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()
