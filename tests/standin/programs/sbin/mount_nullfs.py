# SPDX-License-Identifier: BSD-2-Clause
"""mount_nullfs(8)."""

from __future__ import annotations

import mountfs


def main(argv: list[str]) -> int:
    return mountfs.mount_nullfs(argv[1:])
