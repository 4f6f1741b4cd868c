# SPDX-License-Identifier: BSD-2-Clause
"""ntpd(8): runs, and leaves the clock alone."""

from __future__ import annotations

import background


def main(argv: list[str]) -> int:
    return background.run("/var/db/ntp/ntpd.pid")
