# SPDX-License-Identifier: BSD-2-Clause
"""The repository that pkg(8) fetches from: the packages that the stand-in has, as if they came over the network."""

from __future__ import annotations

import os
from typing import IO

import kernel
import routing
from pkgdb import REPOSITORY, Manifest, PkgError, read_manifest


class Repository:
    """Open from the start: from within a jail there is no way to it."""

    def __init__(self) -> None:
        top = os.open("/", os.O_PATH) if kernel.OUTSIDE is None else kernel.OUTSIDE
        directory = os.open(REPOSITORY, os.O_RDONLY, dir_fd=top)
        self._files = [
            os.fdopen(os.open(name, os.O_RDONLY, dir_fd=directory), "rb")
            for name in sorted(os.listdir(directory))
            if name.endswith(".pkg")
        ]
        os.close(directory)
        if kernel.OUTSIDE is None:
            os.close(top)
        self._archives: dict[str, tuple[Manifest, IO[bytes]]] = {}

    def unreachable(self) -> str | None:
        """Why it can't be fetched from: without a name server or a route to it. None where it can."""
        try:
            with open("/etc/resolv.conf") as file:
                resolves = any(line.split()[:1] == ["nameserver"] for line in file)
        except OSError:
            resolves = False
        if not resolves or routing.lookup("default") is None:
            return "Transient resolver failure"
        return None

    def packages(self) -> dict[str, tuple[Manifest, IO[bytes]]]:
        """All of them: what each says of itself, and its archive."""
        if not self._archives:
            found = [(read_manifest(file), file) for file in self._files]
            self._archives = {manifest["name"]: (manifest, file) for manifest, file in found}
        return self._archives

    def archive(self, name: str) -> IO[bytes]:
        """A package's archive. PkgError where there is none of that name."""
        return self._find(name)[1]

    def manifest(self, name: str) -> Manifest:
        """What a package says of itself. PkgError where there is none of that name, or name and version, or origin."""
        return self._find(name)[0]

    def _find(self, name: str) -> tuple[Manifest, IO[bytes]]:
        for manifest, file in self.packages().values():
            if name in (manifest["name"], f"{manifest['name']}-{manifest['version']}", manifest["origin"]):
                return manifest, file
        raise PkgError(f"No packages available to install matching '{name}' have been found in the repositories")
