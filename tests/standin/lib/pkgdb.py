# SPDX-License-Identifier: BSD-2-Clause
"""What pkg(8) has installed in a root, and what it can get."""

from __future__ import annotations

import json
import os
from typing import IO, Any

ABI = "FreeBSD:15:amd64"
REPOSITORY = f"usr/freebsd-dist/packages/{ABI}/All"

Manifest = dict[str, Any]


class PkgError(Exception):
    """What pkg(8) says before it fails."""


class Database:
    """The packages installed in a root. FreeBSD's is SQLite's, this one JSON's, in a file of another name."""

    def __init__(self, root: str) -> None:
        """root: the directory that is the packages' /, '' for this process's own."""
        self.root = root
        self.path = f"{root}/var/db/pkg/local.json"
        self.packages: dict[str, Manifest] = {}
        if os.path.exists(self.path):
            with open(self.path) as file:
                self.packages = json.load(file)

    def save(self) -> None:
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        with open(f"{self.path}.new", "w") as file:
            json.dump(self.packages, file)
        os.rename(f"{self.path}.new", self.path)

    def find(self, name: str) -> Manifest | None:
        """The installed package of that name, or name and version."""
        for package in self.packages.values():
            if name in (package["name"], f"{package['name']}-{package['version']}", package["origin"]):
                return package
        return None

    def all(self) -> list[Manifest]:
        """The installed packages, by name."""
        return [package for _name, package in sorted(self.packages.items())]

    def needing(self, name: str) -> list[str]:
        """The names of the installed packages that need that one."""
        return sorted(each for each, package in self.packages.items() if name in package["deps"])

    def install(self, archive: IO[bytes], automatic: bool) -> None:
        """Extract a package, and note it. automatic: whether nobody asked for it by name."""
        import tarfile

        with tarfile.open(fileobj=archive) as tar:
            tar.extraction_filter = lambda entry, _path: entry  # newer Pythons would leave setuid out
            manifest = _manifest(tar)
            files = []
            for entry in tar:
                if entry.name.startswith("+"):
                    continue
                entry.name = entry.name.lstrip("/")
                files.append(f"/{entry.name}")
                path = f"{self.root}/{entry.name}"
                os.makedirs(os.path.dirname(path), exist_ok=True)
                if os.path.lexists(path) and not entry.isdir():
                    os.unlink(path)
                tar.extract(entry, f"{self.root}/")
        self.packages[manifest["name"]] = {**manifest, "files": files, "automatic": automatic}
        self.save()

    def remove(self, name: str) -> None:
        """Take an installed package's files away, and the directories that they leave empty."""
        for file in reversed(self.packages.pop(name)["files"]):
            path = f"{self.root}{file}"
            if os.path.lexists(path) and not os.path.isdir(path):
                os.unlink(path)
            _prune(path if os.path.isdir(path) else os.path.dirname(path), f"{self.root}/usr/local")
        self.save()


def _prune(directory: str, top: str) -> None:
    while directory.startswith(f"{top}/") and os.path.isdir(directory) and not os.listdir(directory):
        os.rmdir(directory)
        directory = os.path.dirname(directory)


def _manifest(tar: Any) -> Manifest:
    """It is among the first entries; to ask for it by name would read them all."""
    for entry in tar:
        if entry.name == "+MANIFEST":
            manifest: Manifest = json.load(tar.extractfile(entry))
            return manifest
    raise KeyError("+MANIFEST")


def read_manifest(archive: IO[bytes]) -> Manifest:
    """What a package says of itself; the archive is at its beginning before and after. PkgError where it is none."""
    import tarfile

    try:
        with tarfile.open(fileobj=archive) as tar:
            return _manifest(tar)
    except (tarfile.TarError, KeyError, ValueError, EOFError) as error:
        raise PkgError(f"{archive.name} is not a valid package: {error}") from None
    finally:
        archive.seek(0)
