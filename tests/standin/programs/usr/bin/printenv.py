# SPDX-License-Identifier: BSD-2-Clause
"""printenv(1)."""

from __future__ import annotations

import os


def main(argv: list[str]) -> int:
    if not argv[1:]:
        for pair in os.environ.items():
            print("=".join(pair))
        return 0
    value = os.environ.get(argv[1])
    if value is None:
        return 1
    print(value)
    return 0
