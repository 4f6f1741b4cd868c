# SPDX-License-Identifier: BSD-2-Clause
"""What is mounted on the host: one run of mount(8).

The kernel keeps for each file system the path that it was mounted on, whatever becomes of that path, and an fsid, by
which it can be unmounted (recorded: pwd-1, nmt-1). That is all the record of mounts that is needed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ansible_collections.bsd.jail.plugins.module_utils.beneath import is_within
from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import MOUNT, Host

# The options that mount(8) shows, by the words that it has for them (recorded: opt-1; sbin/mount/mount.c).
_WORDS = {
    "asynchronous": "async",
    "noatime": "noatime",
    "noclusterr": "noclusterr",
    "noclusterw": "noclusterw",
    "noexec": "noexec",
    "nosuid": "nosuid",
    "nosymfollow": "nosymfollow",
    "read-only": "ro",
    "suiddir": "suiddir",
    "synchronous": "sync",
    "union": "union",
}
# What turns an option off again that came before it.
_OPPOSITES = {
    "atime": "noatime",
    "clusterr": "noclusterr",
    "clusterw": "noclusterw",
    "exec": "noexec",
    "noasync": "async",
    "noro": "ro",
    "nosuiddir": "suiddir",
    "nosync": "sync",
    "nounion": "union",
    "rw": "ro",
    "suid": "nosuid",
    "symfollow": "nosymfollow",
}
SHOWN = frozenset(_WORDS.values())
GENERAL = SHOWN | frozenset(_OPPOSITES)


@dataclass(frozen=True)
class Mounted:
    """A mounted file system.

    special: what is mounted; file systems without a source have their type's name there. node: the path that it was
    mounted on. options: those that mount(8) shows. fsid: 16 hexadecimal digits.
    """

    fstype: str
    special: str
    node: str
    options: frozenset[str]
    fsid: str


def read(host: Host) -> tuple[Mounted, ...]:
    """Everything that is mounted, in the order of mounting. Raises JailError."""
    result = host.run(MOUNT, "-v", "--libxo", "json")
    if result.rc != 0:
        raise result.error("mount(8) doesn't say what is mounted")
    return parse(result.stdout)


def parse(text: str) -> tuple[Mounted, ...]:
    """Read what `mount -v --libxo json` prints: paths are whole in it (recorded: mnt-8), a tab unescaped. Raises
    JailError.
    """
    try:
        return tuple(
            Mounted(
                str(one["fstype"]),
                str(one["special"]),
                str(one["node"]),
                frozenset(_WORDS[word] for word in one.get("opts", ()) if word in _WORDS),
                str(one.get("fsid", "")),
            )
            for one in json.loads(text, strict=False)["mount"]["mounted"]
        )
    except (ValueError, KeyError, TypeError) as error:
        raise JailError(
            f"mount(8) printed something that can't be read as what is mounted ({error!r}): {text[:200]!r}"
        ) from error


def of_path(table: Sequence[Mounted], path: str) -> Mounted:
    """The file system that a path without links lies on; the root's own, where the table doesn't say."""
    root = Mounted("", "", "/", frozenset(), "")
    return max((root, *(one for one in table if is_within(path, one.node))), key=lambda one: len(one.node))


def shown(options: Iterable[str]) -> frozenset[str]:
    """Which options mount(8) will show of a file system that is mounted with these; a later one undoes an earlier."""
    result: set[str] = set()
    for option in options:
        if option in SHOWN:
            result.add(option)
        else:
            result.discard(_OPPOSITES.get(option, ""))
    return frozenset(result)
