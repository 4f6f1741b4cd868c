# SPDX-License-Identifier: BSD-2-Clause
"""err(3): messages on standard error, in FreeBSD's words."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from typing import NoReturn

from errlist import strerror


def progname(argv0: str) -> str:
    """The name under which a program speaks: the last component of its argv[0]."""
    return argv0.rpartition("/")[2]


def warnx(program: str, message: str) -> None:
    """Print 'program: message', with the bytes that names have, whatever the encoding."""
    sys.stdout.flush()
    sys.stderr.flush()
    with contextlib.suppress(OSError):
        os.write(2, os.fsencode(f"{program}: {message}\n"))


def warn(program: str, message: str, number: int | None) -> None:
    """Print 'program: message: what the error number means'."""
    warnx(program, f"{message}: {strerror(number or 0)}")


def errx(program: str, message: str, status: int = 1) -> NoReturn:
    """warnx(), and exit with status."""
    warnx(program, message)
    raise SystemExit(status)


def err(program: str, message: str, number: int | None, status: int = 1) -> NoReturn:
    """warn(), and exit with status."""
    warn(program, message, number)
    raise SystemExit(status)


def words(text: str) -> str:
    """FreeBSD's words for what this machine's strerror(3) said."""
    number = next((number for number in errno.errorcode if os.strerror(number) == text), None)
    return text if number is None else strerror(number)
