# SPDX-License-Identifier: BSD-2-Clause
"""Make what a stand-in is made of: the C sources compiled, Python's byte code, so that programs start quickly, a base
set for jails, and a copy of what it takes of the machine.

Made once, and again when what it is made of changes, into build/ beside the sources.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import py_compile
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from . import baseset, machine, packages, pythonpkg

HERE = Path(__file__).resolve().parent.parent
# Seconds after which a build is no stand-in's any more that is coming up.
FORGOTTEN = 600
MACHINE = ".machine"
SETS = ("host/archive.py", "host/baseset.py", "host/package.py", "host/packages.py", "host/rtld.py", "host/zones.py")
SOURCES = ("native", "lib", "kernel", "programs", "base", "packages", "main.py", *SETS)
LAYER = ("python", "host/archive.py", "host/package.py", "host/pythonpkg.py", "host/rtld.py")
COMPILE = {
    "launcher": ["-static", "native/launcher.c"],
    "libc.so.7": ["-shared", "-fPIC", "-Wl,-soname,libc.so.7", "native/libc7.c"],
    "libutil.so.10": ["-shared", "-fPIC", "-Wl,-soname,libutil.so.10", "native/libutil10.c"],
    "libjail.so.1": ["-shared", "-fPIC", "-Wl,-soname,libjail.so.1", "native/libjail1.c", "-L{build}", "-l:libc.so.7"],
    "back.so": ["-shared", "-fPIC", "native/back.c"],
    "order.so": ["-shared", "-fPIC", "native/order.c"],
}


def build() -> Path:
    """Bring the build of the sources up to date. Returns its path.

    Raises CalledProcessError or PyCompileError when a source doesn't compile.
    """
    return _made(_stamp(SOURCES), _compile)


def layer(programs: list[str]) -> Path:
    """The copy of what a stand-in takes of the machine, made where it isn't there yet. Returns its path.

    programs: the machine's programs that it runs. Stand-ins that are up live on it.
    """

    def make(new: Path) -> None:
        machine.copy(programs, new)
        pythonpkg.make(new, HERE)

    digest = hashlib.sha256(machine.digest(programs).encode() + _stamp(LAYER).encode())
    return _made(digest.hexdigest() + MACHINE, make)


def forget(*, layers: bool) -> None:
    """Remove what no stand-in was brought up from lately. layers: those too that stand-ins live on."""
    for old in (HERE / "build").iterdir():
        with contextlib.suppress(FileNotFoundError):  # another one forgets as well
            if time.time() - old.stat().st_mtime > FORGOTTEN and (layers or old.suffix != MACHINE):
                shutil.rmtree(old, ignore_errors=True)


def _made(name: str, make: Callable[[Path], None]) -> Path:
    """A directory of build/, named after what it is made of, so that one that is there is whole."""
    builds = HERE / "build"
    target = builds / name
    if target.is_dir():
        os.utime(target)
        return target
    new = builds / f"{os.getpid()}.new"
    new.mkdir(parents=True)
    try:
        make(new)
        new.rename(target)
    except OSError:
        if not target.is_dir():  # else another one has made the same first
            raise
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return target


def _compile(new: Path) -> None:
    for name, arguments in COMPILE.items():
        given = [argument.format(build=new) for argument in arguments]
        subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-o", str(new / name), *given], cwd=HERE, check=True)
    for name in ("lib", "kernel"):
        shutil.copytree(HERE / name, new / name, ignore=shutil.ignore_patterns("__pycache__"))
    (new / "programs").mkdir()
    shutil.copy(HERE / "main.py", new)
    for source in (HERE / "packages").rglob("*.py"):
        shutil.copy(source, new / "programs")
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
    baseset.make(new, HERE / "base")
    packages.make(new, HERE)


def _stamp(sources: tuple[str, ...]) -> str:
    """What tells these sources from others."""
    digest = hashlib.sha256(sys.version.encode())
    for name in sources:
        path = HERE / name
        for source in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if source.is_file() and source.suffix != ".pyc":
                digest.update(str(source.relative_to(HERE)).encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()
