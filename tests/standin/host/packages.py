# SPDX-License-Identifier: BSD-2-Clause
"""FreeBSD's packages of a few programs, whose files are below packages/NAME; pkg(8) is one of them itself."""

from __future__ import annotations

import shutil
from pathlib import Path

from .package import PACKAGES, Package

# Versions, origins and descriptions of those that 15.1's repository has.
KNOWN = {
    "doas": ("6.3p12_3", "security/doas", "Simple sudo alternative to run commands as another user"),
    "pkg": ("2.4.2", "ports-mgmt/pkg", "Package manager"),
    "sudo": ("1.9.17p2", "security/sudo", "Allow others to run commands as root"),
}
DIRECTORIES = {"sudo": {"usr/local/etc/sudoers.d": 0o750}}
SETUID = frozenset({"doas", "sudo"})


def make(build: Path, sources: Path) -> None:
    """Add the packages to a build's tree packages/.

    build: has the launcher. sources: the directory with packages/ and base/.
    """
    top = build / "packages"
    for name, (version, origin, comment) in KNOWN.items():
        with Package(top, sources / "base", name, version, origin, comment) as package:
            _fill(package, sources / "packages" / name, (build / "launcher").read_bytes())
    version = KNOWN["pkg"][0]
    latest = (top / PACKAGES).parent / "Latest"
    latest.mkdir()
    shutil.copy(top / PACKAGES / f"pkg-{version}.pkg", latest / "pkg.pkg")
    for archive in (top / PACKAGES / f"pkg-{version}.pkg", latest / "pkg.pkg"):
        archive.with_name(f"{archive.name}.sig").write_text("A stand-in's signature, which nobody verifies.\n")


def _fill(package: Package, directory: Path, launcher: bytes) -> None:
    for path, mode in DIRECTORIES.get(directory.name, {}).items():
        package.directory(path, mode)
    for file in sorted(path for path in directory.rglob("*") if path.is_file() and path.suffix != ".pyc"):
        path = str(file.relative_to(directory))
        if file.suffix == ".py":
            package.file(path[:-3], launcher, 0o4755 if file.stem in SETUID else 0o755)
        else:
            package.file(path, file.read_bytes(), 0o440 if file.name == "sudoers" else 0o644)
    if directory.name == "pkg":
        package.file("usr/local/sbin/pkg", launcher, 0o755)
