# SPDX-License-Identifier: BSD-2-Clause
"""What we know of a root that we made: from what, and how far that has come.

A root's record lies outside of the root, where no jail can write it, and outlives a boot: in `/var/db/bsd.jail/roots`,
under a name that is a hash of the root's path, which may be longer than a name can be.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass

from ansible_collections.bsd.jail.plugins.module_utils import locks
from ansible_collections.bsd.jail.plugins.module_utils.conf import read_conf, remove_conf, write_conf
from ansible_collections.bsd.jail.plugins.module_utils.host import Host


@dataclass(frozen=True)
class Record:
    """What was written down of a root.

    path: the root, resolved. inode: of its directory, which tells it from another one that has come to lie there.
    node: where the file system is mounted that it was made on.
    archive, checksum: where the archive is that it was extracted from, and the SHA-256 of that in hexadecimal digits.
    base: the root that directories were copied from. Of archive and base, one is ''.
    parts: what has been made, as paths within the root: `/` for all of it.
    making: what is being made, or was when that was cut short.
    removing: whether the root is being removed, or was when that was cut short.
    """

    path: str
    inode: int
    node: str
    archive: str = ""
    checksum: str = ""
    base: str = ""
    parts: tuple[str, ...] = ()
    making: tuple[str, ...] = ()
    removing: bool = False

    @property
    def source(self) -> str:
        """What the root was made from, for messages; '' if it wasn't made here."""
        return self.archive or (f"directories of {self.base}" if self.base else "")


def identity(path: str) -> str:
    """What a root is called in names of files, by its resolved path."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()


def read(host: Host, path: str) -> Record | None:
    """The record of the root with a resolved path, or None if there is none that can be read."""
    return _parsed(read_conf(_file(host, path)))


def all_of(host: Host) -> list[Record]:
    """The records of all roots."""
    try:
        names = sorted(os.listdir(_directory(host)))
    except FileNotFoundError:
        return []
    records = (_parsed(read_conf(f"{_directory(host)}/{name}")) for name in names if name.endswith(".json"))
    return [record for record in records if record is not None]


def write(host: Host, record: Record) -> None:
    """Write a root's record; it is on the disk when this returns. Raises JailError."""
    directory = _directory(host)
    locks.make_private(directory)
    write_conf(_file(host, record.path), json.dumps(asdict(record)) + "\n")
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def forget(host: Host, path: str) -> None:
    """Remove a root's record, if there is one. Raises JailError."""
    remove_conf(_file(host, path))


def _directory(host: Host) -> str:
    return f"{host.var_db}/bsd.jail/roots"


def _file(host: Host, path: str) -> str:
    return f"{_directory(host)}/{identity(path)}.json"


def _parsed(text: str | None) -> Record | None:
    try:
        fields = json.loads(text or "")
        return Record(
            str(fields["path"]),
            int(fields["inode"]),
            str(fields["node"]),
            str(fields["archive"]),
            str(fields["checksum"]),
            str(fields["base"]),
            tuple(map(str, fields["parts"])),
            tuple(map(str, fields["making"])),
            bool(fields["removing"]),
        )
    except (ValueError, KeyError, TypeError):
        return None
