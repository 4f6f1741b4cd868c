# SPDX-License-Identifier: BSD-2-Clause
"""pgrep(1)."""

from __future__ import annotations

import procmatch


def main(argv: list[str]) -> int:
    return procmatch.run(argv, killing=False)
