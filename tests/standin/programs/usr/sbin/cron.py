# SPDX-License-Identifier: BSD-2-Clause
"""cron(8): runs, and never anything else."""

from __future__ import annotations

import background


def main(argv: list[str]) -> int:
    return background.run("/var/run/cron.pid")
