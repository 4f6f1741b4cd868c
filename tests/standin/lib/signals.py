# SPDX-License-Identifier: BSD-2-Clause
"""FreeBSD's signals: their names by number (recorded: sig-4), and what this machine calls them."""

from __future__ import annotations

import signal

NAMES = (
    "HUP INT QUIT ILL TRAP ABRT EMT FPE KILL BUS SEGV SYS PIPE ALRM TERM URG "
    "STOP TSTP CONT CHLD TTIN TTOU IO XCPU XFSZ VTALRM PROF WINCH INFO USR1 USR2"
).split()
LIST = f"{' '.join(NAMES[:16])}\n{' '.join(NAMES[16:])}"
RTMIN, RTMAX = 65, 126


def number(word: str) -> int | None:
    """The number of a signal by its name, with or without SIG, in any case; None if there is none."""
    name = word.upper().removeprefix("SIG")
    return NAMES.index(name) + 1 if name in NAMES else None


def name(signum: int) -> str | None:
    """The name of a signal by its number, without SIG; None if there is none."""
    if 1 <= signum <= len(NAMES):
        return NAMES[signum - 1]
    if signum == RTMIN:
        return "RTMIN"
    if signum == RTMAX:
        return "RTMAX"
    if RTMIN < signum < RTMAX:
        return f"RTMIN+{signum - RTMIN}" if signum - RTMIN < RTMAX - signum else f"RTMAX-{RTMAX - signum}"
    return None


def from_machine(signum: int) -> int:
    """FreeBSD's number of one of this machine's signals, as a wait status gives it."""
    return number(signal.Signals(signum).name) or signum
