# SPDX-License-Identifier: BSD-2-Clause
"""cp(1): busybox's; with -R a directory with a slash behind it means what is in it."""

from __future__ import annotations

import machine


def main(argv: list[str]) -> int:
    words = argv[1:]
    flags = "".join(word[1:] for word in words if word.startswith("-") and word != "-")
    if set(flags) & set("Rra") and words:
        words = [f"{word}." if word.endswith("/") and word.strip("/") else word for word in words[:-1]] + words[-1:]
    return machine.translated(["cp", *words])
