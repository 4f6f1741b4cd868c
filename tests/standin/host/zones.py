# SPDX-License-Identifier: BSD-2-Clause
"""A few of FreeBSD's time zones, as tzfile(5) has them: each by its rule alone, without the history."""

from __future__ import annotations

import struct

# The rules of today, as POSIX writes TZ.
ZONES = {
    "America/Los_Angeles": "PST8PDT,M3.2.0,M11.1.0",
    "America/New_York": "EST5EDT,M3.2.0,M11.1.0",
    "America/Sao_Paulo": "<-03>3",
    "Asia/Kolkata": "IST-5:30",
    "Asia/Tokyo": "JST-9",
    "Australia/Sydney": "AEST-10AEDT,M10.1.0,M4.1.0/3",
    "Etc/UTC": "UTC0",
    "Europe/Berlin": "CET-1CEST,M3.5.0,M10.5.0/3",
    "Europe/London": "GMT0BST,M3.5.0/1,M10.5.0",
    "UTC": "UTC0",
}


def tzfile(rule: str) -> bytes:
    """The content of a zone's file, version 2 (RFC 8536): UTC until 1901, and from then on the rule, its footer."""
    types = struct.pack(">lBB4s", 0, 0, 0, b"UTC\0")
    old = struct.pack(">4sc15x6l", b"TZif", b"2", 0, 0, 0, 0, 1, 4) + types
    # Without a transition, glibc would not look at the footer.
    new = struct.pack(">4sc15x6l", b"TZif", b"2", 0, 0, 0, 1, 1, 4) + struct.pack(">qB", -(2**31), 0) + types
    return old + new + f"\n{rule}\n".encode()
