# SPDX-License-Identifier: BSD-2-Clause
"""nologin(8): the shell of who may not log in."""

from __future__ import annotations


def main(argv: list[str]) -> int:
    print("This account is currently not available.")
    return 1
