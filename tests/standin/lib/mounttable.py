# SPDX-License-Identifier: BSD-2-Clause
"""What mount(8), umount(8), devfs(8), fuser(1) and fstat(1) ask of the mount table."""

from __future__ import annotations

import os
from typing import Any

Mount = dict[str, Any]


def of_path(table: list[Mount], path: str) -> Mount:
    """The mount that a resolved path lies on: the last of those with the longest mount point above it."""
    best = table[0]
    for mount in table:
        node = mount["node"].rstrip("/")
        if (path + "/").startswith(node + "/") and len(node) >= len(best["node"].rstrip("/")):
            best = mount
    return best


def is_listed(types: str | None, fstype: str) -> bool:
    """Whether a list of types, as -t takes it ('nullfs,tmpfs' or 'nonullfs,tmpfs'), has this type; None has all."""
    if types is None:
        return True
    negated = types.startswith("no")
    return (fstype in types.removeprefix("no").split(",")) != negated


def remove_slashes(path: str) -> str:
    """rmslashes(): doubled and trailing slashes taken out."""
    out = path.replace("//", "/")
    while out != path:
        path, out = out, out.replace("//", "/")
    return out.rstrip("/") or out[:1]


def resolve(path: str) -> str:
    """realpath(3). OSError where there is nothing, an empty path included."""
    if not path:
        raise FileNotFoundError(2, os.strerror(2))
    return os.path.realpath(path, strict=True)
