# SPDX-License-Identifier: BSD-2-Clause
"""devfs and fdescfs: device nodes on a tmpfs, as a ruleset shows them.

Rules are FreeBSD's own (`devfs rule -s N add ...`): "path PATTERN hide|unhide", "include N". Set 0 is no ruleset.
"""

from __future__ import annotations

import ctypes
import fnmatch
import os
import shlex
from pathlib import Path

NOTHING = (0, 0)
MS_BIND, MNT_DETACH, UMOUNT_NOFOLLOW = 4096, 2, 8

_libc = ctypes.CDLL(None, use_errno=True)

# Name and Linux's device number, or the target of a link.
NODES: dict[str, tuple[int, int] | str] = {
    "null": (1, 3),
    "zero": (1, 5),
    "full": (1, 7),
    "random": (1, 8),
    "urandom": "random",
    "stdin": "fd/0",
    "stdout": "fd/1",
    "stderr": "fd/2",
    "tty": (5, 0),
    "console": (5, 1),
    # Disks, with a number that no driver has: to open one is ENXIO.
    "cd0": NOTHING,
    "vtbd0": NOTHING,
}
HIDDEN_FD = "/usr/libexec/standin/proc/self/fd"

DEFAULTS = "/etc/defaults/devfs.rules"

# Rules by number, by ruleset.
RULES: dict[int, dict[int, str]] = {}
# The ruleset that a mounted devfs uses (`devfs ruleset`), by its mount point.
CURRENT: dict[str, int] = {}


def load(path: str) -> None:
    """Load the rulesets of a devfs.rules(5), as rc.d/devfs does at boot; rules are numbered by hundreds."""
    numbers: dict[str, str] = {}
    rules: dict[int, str] = {}
    with open(path) as lines:
        for line in lines:
            words = shlex.split(line, comments=True)
            if words and words[0].startswith("["):
                name, _, number = words[0].strip("[]").partition("=")
                numbers[f"${name}"] = number
                rules = RULES.setdefault(int(number), {})
            elif words:
                rules[len(rules) * 100 + 100] = " ".join(numbers.get(word, word) for word in words[1:])


def _apply(rules: list[str], hidden: set[str], depth: int = 0) -> None:
    """What is hidden after some rules."""
    for rule in rules if depth < 16 else []:
        words = rule.split()
        pattern = words[words.index("path") + 1] if "path" in words else "*"
        matching = {name for name in (*NODES, "fd") if fnmatch.fnmatchcase(name, pattern)}
        if "hide" in words:
            hidden |= matching
        if "unhide" in words:
            hidden -= matching
        if "include" in words:
            _apply(_rules(int(words[words.index("include") + 1])), hidden, depth + 1)


def _rules(ruleset: int) -> list[str]:
    return [rule for _, rule in sorted(RULES.get(ruleset, {}).items())]


def fill(path: str, ruleset: int) -> None:
    """Make the nodes on a devfs just mounted, and use a ruleset from now on."""
    CURRENT[path] = ruleset
    hidden: set[str] = set()
    _apply(_rules(ruleset), hidden)
    for name in (*NODES, "fd"):
        if name not in hidden:
            _make(Path(path), name)


def apply(path: str, rules: list[str]) -> None:
    """Apply rules to a mounted devfs: what they hide goes, what they show comes back, the rest stays as it is."""
    hidden = {name for name in (*NODES, "fd") if not os.path.lexists(Path(path) / name)}
    before = set(hidden)
    _apply(rules, hidden)
    for name in before - hidden:
        _make(Path(path), name)
    for name in hidden - before:
        node = Path(path) / name
        _libc.umount2(os.fsencode(node), UMOUNT_NOFOLLOW | MNT_DETACH)
        node.rmdir() if node.is_dir() and not node.is_symlink() else node.unlink()


def shown(path: str) -> list[str]:
    """The nodes of a devfs that the host's own are shown at (see _make), each a mount of Linux's."""
    return [name for name in NODES if os.path.ismount(os.path.join(path, name))]


def hide(path: str, names: list[str]) -> bool:
    """Show those no more. False, and all is as it was, when one is open."""
    for number, name in enumerate(names):
        if _libc.umount2(os.fsencode(os.path.join(path, name)), UMOUNT_NOFOLLOW) != 0:
            show(path, names[:number])
            return False
    return True


def show(path: str, names: list[str]) -> None:
    """Show the host's nodes of these names at those of a devfs."""
    for name in names:
        _libc.mount(f"/dev/{name}".encode(), os.fsencode(os.path.join(path, name)), b"none", MS_BIND, None)


def _make(path: Path, name: str) -> None:
    what = path / name
    if name == "fd":
        os.mkdir(what)
        return
    device = NODES[name]
    if isinstance(device, str):
        os.symlink(device, what)
        return
    try:
        os.mknod(what, 0o20666, os.makedev(*device))
    except PermissionError:
        # Root of a user namespace makes no device: the host's is shown, where it has one.
        if os.path.exists(f"/dev/{name}"):
            what.touch()
            show(str(path), [name])
            return
        os.mknod(what, 0o20666, os.makedev(*NOTHING))
    os.chmod(what, 0o666)


def fill_fdescfs(path: str) -> None:
    """The descriptors 0 to 2 of whoever looks."""
    for number in range(3):
        os.symlink(f"{HIDDEN_FD}/{number}", os.path.join(path, str(number)))
