# SPDX-License-Identifier: BSD-2-Clause
"""syslogd(8): runs, in three processes as FreeBSD's does (recorded: rc-1), and takes no messages."""

from __future__ import annotations

import background


def main(argv: list[str]) -> int:
    return background.run("/var/run/syslog.pid", workers=2)
