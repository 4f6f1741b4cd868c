# SPDX-License-Identifier: BSD-2-Clause
"""devfs and fdescfs: device nodes on a tmpfs, as a ruleset shows them.

Rules are FreeBSD's own (`devfs rule -s N add ...`): "path PATTERN hide|unhide", "include N". Set 0 is no ruleset.
"""

from __future__ import annotations

import fnmatch
import os
from pathlib import Path

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
    "ptmx": (5, 2),
}
HIDDEN_FD = "/usr/libexec/standin/proc/self/fd"

# /etc/defaults/devfs.rules, loaded at boot (recorded: dev-1).
RULES: dict[int, list[str]] = {
    1: ["hide"],
    2: [f"path {name} unhide" for name in ("null", "zero", "crypto", "random", "urandom")],
    3: [
        f"path {name} unhide"
        for name in ("ptyp*", "ptyq*", "ttyp*", "ttyq*", "pts", "pts/*", "fd", "fd/*", "stdin", "stdout", "stderr")
    ],
    4: ["include 1", "include 2", "include 3", "path fuse unhide", "path zfs unhide"],
    5: ["include 1", "include 2", "include 3", "include 4", "path pf unhide"],
}


def visible(ruleset: int) -> list[str]:
    """The names that a ruleset leaves visible, in no order."""
    names = [*NODES, "fd"]
    hidden: set[str] = set()
    _apply(ruleset, names, hidden)
    return [name for name in names if name not in hidden]


def _apply(ruleset: int, names: list[str], hidden: set[str], depth: int = 0) -> None:
    for rule in RULES.get(ruleset, []) if depth < 16 else []:
        words = rule.split()
        if words[0] == "include":
            _apply(int(words[1]), names, hidden, depth + 1)
            continue
        pattern = words[1] if words[0] == "path" else "*"
        matching = {name for name in names if fnmatch.fnmatchcase(name, pattern)}
        if "hide" in words:
            hidden |= matching
        elif "unhide" in words:
            hidden -= matching


def fill(path: str, ruleset: int) -> None:
    """Make the nodes on a devfs just mounted."""
    for name in visible(ruleset):
        _make(Path(path), name)


def apply(path: str, ruleset: int) -> None:
    """Apply a ruleset to a mounted devfs: what it hides goes, what it shows comes back."""
    shown = set(visible(ruleset))
    for name in [*NODES, "fd"]:
        node = Path(path) / name
        if name in shown and not os.path.lexists(node):
            _make(Path(path), name)
        elif name not in shown and os.path.lexists(node):
            node.rmdir() if node.is_dir() and not node.is_symlink() else node.unlink()


def _make(path: Path, name: str) -> None:
    what = path / name
    if name == "fd":
        os.mkdir(what)
        return
    device = NODES[name]
    if isinstance(device, str):
        os.symlink(device, what)
    else:
        os.mknod(what, 0o20666, os.makedev(*device))
        os.chmod(what, 0o666)


def fill_fdescfs(path: str) -> None:
    """The descriptors 0 to 2 of whoever looks."""
    for number in range(3):
        os.symlink(f"{HIDDEN_FD}/{number}", os.path.join(path, str(number)))
