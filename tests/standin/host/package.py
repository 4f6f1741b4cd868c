# SPDX-License-Identifier: BSD-2-Clause
"""Packages as pkg(8) takes them: an archive of the files, after a manifest of what it is.

They lie where FreeBSD's installation media have them, and that is where the stand-in's pkg(8) fetches them from.
"""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from types import TracebackType
from typing import Any

from .archive import Writer

ABI = "FreeBSD:15:amd64"
PACKAGES = f"usr/freebsd-dist/packages/{ABI}/All"


class Package:
    """A package that is being made: a context, at whose end the archive is there."""

    def __init__(self, top: Path, base: Path, name: str, version: str, origin: str, comment: str) -> None:
        """top: the tree that it goes into, at PACKAGES. base: the directory with FreeBSD's etc/passwd and etc/group."""
        self.path = top / PACKAGES / f"{name}-{version}.pkg"
        self.base = base
        self.manifest: dict[str, Any] = {
            "name": name,
            "version": version,
            "origin": origin,
            "comment": comment,
            "abi": ABI,
            "prefix": "/usr/local",
            "deps": {},
        }
        self.entries: list[tuple[str, bytes | str, int, int | None]] = []
        self.directories: dict[str, int] = {}

    def needs(self, name: str, version: str) -> None:
        """Another package has to be there first."""
        self.manifest["deps"][name] = {"version": version}

    def file(self, path: str, content: bytes, mode: int = 0o644, mtime: int | None = None) -> None:
        self.entries.append((path, content, mode, mtime))

    def directory(self, path: str, mode: int) -> None:
        self.directories[path] = mode

    def symbolic_link(self, path: str, target: str) -> None:
        self.entries.append((path, target, 0o755, None))

    def __enter__(self) -> Package:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.manifest["flatsize"] = sum(len(content) for _path, content, _mode, _mtime in self.entries)
        with tarfile.open(self.path, "w:gz", format=tarfile.PAX_FORMAT, compresslevel=1) as tar:
            for name in ("+COMPACT_MANIFEST", "+MANIFEST"):
                Writer(tar, self.base, "").file(name, json.dumps(self.manifest).encode())
            writer = Writer(tar, self.base, "/")
            for path, mode in self.directories.items():
                writer.directory(path, mode)
            for path, content, mode, mtime in self.entries:
                if isinstance(content, str):
                    writer.symbolic_link(path, content)
                elif mtime is None:
                    writer.file(path, content, mode)
                else:
                    writer.file(path, content, mode, mtime=mtime)
