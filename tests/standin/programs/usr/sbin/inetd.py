# SPDX-License-Identifier: BSD-2-Clause
"""inetd(8): runs, and listens to nothing."""

from __future__ import annotations

import background


def main(argv: list[str]) -> int:
    return background.run("/var/run/inetd.pid")
