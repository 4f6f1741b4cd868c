# SPDX-License-Identifier: BSD-2-Clause
"""Lines of fstab(5), as the parameter `mount` of jail.conf(5) takes them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

_SPECIAL = re.compile(r"[\s#\\]")
_ESCAPED = re.compile(r"\\([0-7]{3})")


def encode(field: str) -> str:
    """A field of fstab(5): space and the like as `\\040` (recorded: mpl-1)."""
    return _SPECIAL.sub(lambda match: f"\\{ord(match.group()):03o}", field)


def decode(field: str) -> str:
    """The text that a field of fstab(5) stands for."""
    return _ESCAPED.sub(lambda match: chr(int(match.group(1), 8)), field)


def mount_line(source: str, mount_point: str, fstype: str, options: Iterable[str]) -> str:
    """One mount for jail(8), which mounts and unmounts it with the jail. An empty source is given to mount(8) as
    `null`.
    """
    return " ".join(
        [
            encode(source or "null"),
            encode(mount_point),
            encode(fstype),
            ",".join(map(encode, options)) or "rw",
            "0",
            "0",
        ]
    )


def respell(line: str, given: str, resolved: str) -> str:
    """A line with its mount point below `given` spelled with `resolved` in front, without double or trailing slashes
    (recorded: pth-1).
    """
    fields = line.split()
    if len(fields) < 2:
        return line
    point = decode(fields[1])
    if not point.startswith("/"):
        return line
    point = os.path.normpath("/" + point.lstrip("/"))
    for prefix in (os.path.normpath("/" + given.lstrip("/")), resolved):
        if point == prefix or point.startswith(prefix.rstrip("/") + "/"):
            fields[1] = encode((resolved.rstrip("/") + point[len(prefix.rstrip("/")) :]) or "/")
            return " ".join(fields)
    return line
