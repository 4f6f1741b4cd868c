# SPDX-License-Identifier: BSD-2-Clause
"""md5(1)."""

from __future__ import annotations

import digest


def main(argv: list[str]) -> int:
    return digest.run(argv, "md5")
