# SPDX-License-Identifier: BSD-2-Clause
"""Removing what is in a root, all of it or some directories: file flags first, for they keep files from being removed
(recorded: flg-1).

chflags(1) and rm(1) follow no link and stay on the root's file system. That nobody uses the root has been made sure of
before (rootuse); its directory is shut while they work, so that no user of the host puts something in their way.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence

from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import Host

CHFLAGS = "/bin/chflags"
RM = "/bin/rm"
_NO_FLAGS = "noschg,nosappnd,nosunlnk,nouchg,nouappnd,nouunlnk"
# What UFS and ZFS have at the top of a file system for its snapshots.
_SNAPSHOTS = (".snap", ".zfs")


def contents(root: str) -> list[str]:
    """The names in a root's directory. Raises OSError."""
    return sorted(name for name in os.listdir(root) if name not in _SNAPSHOTS)


def clear(host: Host, root: str, parts: Sequence[str], keep: Sequence[int]) -> None:
    """Remove parts of a root, or with `/` all that is in it, but not the directory itself.

    root: resolved. parts: absolute paths within the root, without links. keep: descriptors that the programs inherit.
    Raises JailError.
    """
    names = contents(root)
    paths = [f"{root}/{name}" for name in names] if "/" in parts else [f"{root}{part}" for part in parts]
    paths = [path for path in paths if os.path.lexists(path)]
    if not paths:
        return
    mode = stat.S_IMODE(os.stat(root).st_mode)
    os.chmod(root, 0o700)
    try:
        result = host.run(CHFLAGS, "-R", "-P", "-x", _NO_FLAGS, *([root] if "/" in parts else paths), keep=keep)
        if result.rc != 0:
            raise result.brief().error(f"root {root}: the flags of files can't be cleared")
        result = host.run(RM, "-rfx", "--", *paths, keep=keep)
        if result.rc != 0:
            raise result.brief().error(f"root {root}: what is in it can't be removed")
    finally:
        os.chmod(root, mode)


def remove(host: Host, root: str, keep: Sequence[int]) -> None:
    """Remove a root's directory with all that is in it. Raises JailError."""
    clear(host, root, ("/",), keep)
    try:
        os.rmdir(root)
    except OSError as error:
        raise JailError(f"root {root}: the directory can't be removed: {error.strerror}.") from error
