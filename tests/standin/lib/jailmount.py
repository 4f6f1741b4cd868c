# SPDX-License-Identifier: BSD-2-Clause
"""A jail's mounts as jail(8) makes them, and its guards (usr.sbin/jail/command.c; recorded: mnt-*, mpl-1, pth-1)."""

from __future__ import annotations

import errno
import os
import re
import stat

import kernel
from cfjail import Jail
from errlist import strerror

_WORD = re.compile(r"[^ \t\f\v\r\n]+")
_VIS = re.compile(r"\\(?:([0-7]{1,3})|([abfnrstv\\])|(.?))")
_VIS_CHARACTERS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "s": " ", "t": "\t", "v": "\v", "\\": "\\"}

# Where below the path each is mounted, and its type.
_DEVICES = {
    "mount.devfs": ("/dev", "devfs"),
    "mount.fdescfs": ("/dev/fd", "fdescfs"),
    "mount.procfs": ("/proc", "procfs"),
}


def words(text: str) -> list[str]:
    """Split at C's white space, as strtok(3) does for jail(8)."""
    return _WORD.findall(text)


def mount_command(jail: Jail, step: str, line: str, down: bool) -> list[str] | None:
    """The command for a line of fstab(5), empty for an empty line; None, the reason said, if there can't be one."""
    name = step.lstrip("@")
    fields = words(line)[:4]
    try:
        fields[:2] = [_unvis(field) for field in fields[:2]]
    except ValueError:
        jail.warn(f"{name}: {line}: fstab parse error")
        return None
    if not fields:
        return []
    if len(fields) < 3:
        jail.warn(f"{name}: {line}: missing information")
        return None
    source, node, fstype = fields[:3]
    if not check_path(jail, name, node, umount_type=fstype if down else None):
        return None
    if down:
        return ["/sbin/umount", "-t", fstype, node]
    return ["/sbin/mount", "-t", fstype, *(["-o", fields[3]] if len(fields) == 4 else []), source, node]


def device_command(jail: Jail, step: str, down: bool) -> list[str] | None:
    """The command for mount.devfs and its like; None, with the reason said, where there can't be one."""
    path = jail.string("path")
    if path is None:
        jail.warn(f"{step}: no jail root path defined")
        return None
    place, fstype = _DEVICES[step]
    node = path + place
    if not check_path(jail, step, node, umount_type=fstype if down else None):
        return None
    if down:
        return ["/sbin/umount", node]
    ruleset = jail.string("devfs_ruleset")
    options = [f"-oruleset={'4' if ruleset is None else ruleset}"] if fstype == "devfs" else []
    return ["/sbin/mount", "-t", fstype, *options, ".", node]


def check_path(jail: Jail, name: str, path: str, *, is_file: bool = False, umount_type: str | None = None) -> bool:
    """Whether a path is absolute and no part of it below the jail's path is a link; False, the reason said, if not.

    The jail's path is compared as it is spelled (recorded: pth-1).
    is_file: the last part needn't exist. umount_type: a file system of that type must be mounted there.
    """
    try:
        if not path.startswith("/"):
            jail.warn(f"{name}: {path}: not an absolute pathname")
            return False
        root = jail.string("path") or ""
        if path.startswith(root) and path[len(root) :].startswith("/"):
            for part in _below(path, len(root)):
                if is_file and part == path and not os.path.lexists(part):
                    break
                if stat.S_ISLNK(os.lstat(part).st_mode):
                    jail.warn(f"{name}: {part} is a symbolic link")
                    return False
        return umount_type is None or _is_mounted(jail, name, path, umount_type)
    except OSError as error:
        jail.warn(f"{name}: {error.filename}: {strerror(error.errno or 0)}")
        return False


def _below(path: str, length: int) -> list[str]:
    """The path up to each slash after a length, and whole."""
    ends = [match.start() for match in re.finditer("/", path) if match.start() > length]
    return [path[:end] for end in ends] + [path]


def _is_mounted(jail: Jail, name: str, path: str, fstype: str) -> bool:
    if not os.path.exists(path):
        raise FileNotFoundError(errno.ENOENT, "", path)
    real = os.path.realpath(path)
    found = next((mount for mount in reversed(kernel.mounts()) if mount["node"] == real), None)
    if found is None:
        jail.warn(f"{name}: {path}: not a mount point")
    elif found["fstype"] != fstype:
        jail.warn(f"{name}: {path}: not a {fstype} mount")
    else:
        return True
    return False


def _unvis(word: str) -> str:
    """strunvis(3), as far as fstab(5) needs it. ValueError for an escape that isn't one."""
    return os.fsdecode(_VIS.sub(_character, os.fsencode(word).decode("latin-1")).encode("latin-1"))


def _character(match: re.Match[str]) -> str:
    octal, letter, other = match.groups()
    if octal is not None:
        return chr(int(octal, 8) & 0xFF)
    if letter is None:
        raise ValueError(other)
    return _VIS_CHARACTERS[letter]
