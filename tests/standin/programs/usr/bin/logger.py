# SPDX-License-Identifier: BSD-2-Clause
"""logger(1): make an entry in the system log, which is there while syslogd(8) runs."""

from __future__ import annotations

import os
import sys
import time

import kernel
import users
from options import getopt

USAGE = "usage: logger [-46Ais] [-f file] [-h host] [-P port] [-p pri] [-t tag] [-S addr:port] [message ...]"
LOG = "/var/log/messages"


def main(argv: list[str]) -> int:
    given, words = getopt(argv, "46AisH:S:f:h:P:p:t:", USAGE)
    options = dict(given)
    user = users.by_uid(os.getuid())
    tag = options.get("t") or (user.name if user else str(os.getuid()))
    tag += f"[{os.getpid()}]" if "i" in options else ""
    host = str(kernel.sysctl_get()["kern.hostname"]).partition(".")[0]
    lines = [" ".join(words)] if words else open(options["f"]) if "f" in options else sys.stdin  # noqa: SIM115
    for line in lines:
        entry = f"{tag}: {line.rstrip()}"
        if "s" in options:
            print(entry, file=sys.stderr)
        if os.path.exists("/var/run/syslog.pid"):
            with open(LOG, "a") as log:
                log.write(f"{time.strftime('%b %e %H:%M:%S')} {host} {entry}\n")
    return 0
