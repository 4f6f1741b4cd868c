# SPDX-License-Identifier: BSD-2-Clause
"""tar(1): FreeBSD's is libarchive's bsdtar, and so is this."""

from __future__ import annotations

import os

import err
import machine

# What strerror(3) has for 0 and for -1.
_WORDS = {"Success": "No error: 0", "Unknown error -1": "Unknown error: -1"}


def main(argv: list[str]) -> int:
    if not _locale():
        err.warnx("tar", "Failed to set default locale")
    return machine.translated(["tar", *argv[1:]], "bsdtar", _message)


def _locale() -> bool:
    """Whether the locale that the environment names (the recording host's: none) is installed. Recorded: tar-1."""
    names = [os.environ.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG")]
    name = next(filter(None, names), "C.UTF-8")
    return name in ("C", "POSIX") or os.path.isdir(f"/usr/share/locale/{name}")


def _message(name: str, line: str) -> str | None:
    """One of bsdtar's, with FreeBSD's words for the error that it ends with."""
    if line == f"{name}: Failed to set default locale":
        return None
    head, colon, words = line.rpartition(": ")
    if words == "Error exit delayed from previous errors.":
        words = words[:-1]
    return f"{head}{colon}{_WORDS.get(words) or err.words(words)}"
