# SPDX-License-Identifier: BSD-2-Clause
"""Mount one file system: mount_fs() of mount(8) and the program mount_nullfs(8)."""

from __future__ import annotations

import os
import stat

import err
import kernel
import options
from mounttable import remove_slashes, resolve

EX_USAGE = 64
# Those that mount(8) leaves to mount_TYPE.
BY_PROGRAM = frozenset({"cd9660", "mfs", "msdosfs", "nfs", "nullfs", "smbfs", "udf", "unionfs"})


def split_options(words: list[str]) -> dict[str, str | None]:
    """Options as nmount(2) takes them: a value after '=', None without."""
    found: dict[str, str | None] = {}
    for word in ",".join(words).split(","):
        if word:
            name, equals, value = word.partition("=")
            found[name] = value if equals else None
    return found


def mount_nullfs(arguments: list[str]) -> int:
    """mount_nullfs(8): [-o options] target mount-point. Returns its exit status (recorded: mnt-1 to mnt-4, unm-1)."""
    program = "mount_nullfs"
    usage = "usage: mount_nullfs [-o options] target mount-point"
    found, operands = options.getopt([program, *arguments], "o:", usage)
    if len(operands) != 2:
        options.usage(usage)
    paths = []
    for operand in operands:
        try:
            paths.append(resolve(operand))
        except OSError as error:
            unresolved = operand if operand.startswith("/") or not operand else os.path.join(os.getcwd(), operand)
            err.err(program, unresolved, error.errno, EX_USAGE)
    target, mount_point = paths
    if _is_directory(target) != _is_directory(mount_point):
        err.errx(program, f"{mount_point}: must be same type as {target} (file or directory)", EX_USAGE)
    try:
        kernel.nmount("nullfs", mount_point, target, split_options([value for _, value in found]))
    except OSError as error:
        _fail(program, mount_point, error)
    return 0


def mount_fs(fstype: str, words: list[str], special: str, mount_point: str) -> int:
    """Mount what has no program of its own, in mount(8) itself."""
    special = remove_slashes(special)
    try:
        kernel.nmount(fstype, mount_point, special, split_options(words))
    except OSError as error:
        _fail("mount", special, error)
    return 0


def _fail(program: str, what: str, error: OSError) -> None:
    said = error.message if isinstance(error, kernel.KernelError) else ""
    err.err(program, f"{what}: {said}" if said else what, error.errno)


def _is_directory(path: str) -> bool:
    return stat.S_ISDIR(os.stat(path).st_mode)
