# SPDX-License-Identifier: BSD-2-Clause
"""The stand-in's interpreter says what FreeBSD's says of the system it runs on (recorded: lib-3)."""

from __future__ import annotations

import os
import sys

RELEASE = "15.1-RELEASE-p1"


def _uname(linux=os.uname):  # type: ignore[no-untyped-def]
    return os.uname_result(("FreeBSD", linux().nodename, RELEASE, f"FreeBSD {RELEASE} JAILHOST", "amd64"))


sys.platform = "freebsd"
os.uname = _uname
for name in ("unshare", "setns", "sched_setaffinity", "sched_getaffinity", "memfd_create", "eventfd", "pidfd_open", "getrandom", "O_TMPFILE"):
    if hasattr(os, name):
        delattr(os, name)
