# SPDX-License-Identifier: BSD-2-Clause
"""Archives as FreeBSD makes them for its sets and packages: owners by name and number, file flags."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

# When the release was made: 2026-06-02 00:00 UTC.
RELEASED = 1780358400


class Writer:
    """Writes entries into an archive, and counts them."""

    def __init__(self, tar: tarfile.TarFile, base: Path, prefix: str) -> None:
        """tar: an archive open for writing, in PAX_FORMAT. base: the directory with FreeBSD's etc/passwd and etc/group.
        prefix: what the names of entries begin with.
        """
        self.tar = tar
        self.users = _ids(base / "etc/passwd")
        self.groups = _ids(base / "etc/group")
        self.prefix = prefix
        self.count = 0

    def directory(
        self, path: str, mode: int = 0o755, owner: str = "root", group: str = "wheel", flags: str = ""
    ) -> None:
        self._add(self._entry(path, tarfile.DIRTYPE, mode, owner, group, flags))

    def file(self, path: str, content: bytes, mode: int = 0o644, flags: str = "", mtime: int = RELEASED) -> None:
        entry = self._entry(path, tarfile.REGTYPE, mode, "root", "wheel", flags)
        entry.size, entry.mtime = len(content), mtime
        self._add(entry, content)

    def symbolic_link(self, path: str, target: str) -> None:
        entry = self._entry(path, tarfile.SYMTYPE, 0o755, "root", "wheel", "")
        entry.linkname = target
        self._add(entry)

    def hard_link(self, path: str, target: str, mode: int) -> None:
        entry = self._entry(path, tarfile.LNKTYPE, mode, "root", "wheel", "")
        entry.linkname = f"{self.prefix}{target}"
        self._add(entry)

    def _entry(self, path: str, kind: bytes, mode: int, owner: str, group: str, flags: str) -> tarfile.TarInfo:
        entry = tarfile.TarInfo("." if path == "." else f"{self.prefix}{path}")
        entry.type, entry.mode, entry.mtime = kind, mode, RELEASED
        entry.uname, entry.gname = owner, group
        entry.uid, entry.gid = self.users[owner], self.groups[group]
        if flags:
            entry.pax_headers = {"SCHILY.fflags": flags}
        return entry

    def _add(self, entry: tarfile.TarInfo, content: bytes | None = None) -> None:
        self.tar.addfile(entry, None if content is None else io.BytesIO(content))
        self.count += 1


def _ids(path: Path) -> dict[str, int]:
    """Names and numbers of a passwd(5) or group(5)."""
    return {fields[0]: int(fields[2]) for fields in (line.split(":") for line in path.read_text().splitlines())}
