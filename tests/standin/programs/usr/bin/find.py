# SPDX-License-Identifier: BSD-2-Clause
"""find(1): the machine's, with FreeBSD's options in front of the paths."""

from __future__ import annotations

import machine

_FLAGS = {"E": ["-regextype", "posix-extended"], "X": [], "d": ["-depth"], "s": [], "x": ["-xdev"]}


def main(argv: list[str]) -> int:
    words, links, expression, paths = argv[1:], [], [], []
    while words and words[0].startswith("-") and set(words[0][1:]) <= set("HLPEXdfsx") and len(words[0]) > 1:
        for letter in words.pop(0)[1:]:
            if letter in "HLP":
                links.append(f"-{letter}")
            elif letter == "f":
                paths.append(words.pop(0))
            else:
                expression += _FLAGS[letter]
    while words and words[0] not in ("(", "!") and not words[0].startswith("-"):
        paths.append(words.pop(0))
    return machine.translated(["find", *links, *paths, *expression, *(_translated(word) for word in words)], "gnu-find")


def _translated(word: str) -> str:
    """-perm +MODE, which the machine's writes /MODE."""
    return f"/{word[1:]}" if word[:1] == "+" and word[1:].isdigit() and word[1] == "0" else word
