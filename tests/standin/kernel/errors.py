# SPDX-License-Identifier: BSD-2-Clause
"""How a system call fails."""

from __future__ import annotations

import os


class SystemCallError(Exception):
    """A system call fails.

    number: errno. message: what FreeBSD's kernel says in errmsg, where it says something.
    """

    def __init__(self, number: int, message: str = "") -> None:
        super().__init__(os.strerror(number), message)
        self.number = number
        self.message = message
