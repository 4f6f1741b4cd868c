# SPDX-License-Identifier: BSD-2-Clause
"""What can go wrong, as one family of exceptions. Everything here imports this file; it imports nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# The details that a failed task returns. The jail is in its message, and those that are left are for the library.
_RETURNED = ("parameter", "cmd", "rc", "stdout", "stderr")


class JailError(Exception):
    """Something that the caller asked for can't be done, or wasn't.

    message: one that names the jail, the parameter, what was found and what to do.
    details: for machines, where they apply: `jail` and `parameter` (str), and of a program that failed `cmd` (list of
    str), `rc` (int; negative for a signal), `stdout` and `stderr` (str).
    """

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details

    @property
    def result(self) -> dict[str, Any]:
        """What a task returns that fails for it."""
        returned = {name: self.details[name] for name in _RETURNED if name in self.details}
        return {"msg": self.message, **returned}


class InputError(JailError):
    """What was asked for makes no sense or can't be: nothing was changed."""


class LockError(JailError):
    """Somebody else works on the jail, and didn't finish in time: nothing was changed."""


class CommandError(JailError):
    """A program of the base system failed; `details` has its command line, status and words."""


def together(errors: Sequence[JailError]) -> JailError:
    """One error that says what several say; one alone is returned as it is."""
    if len(errors) == 1:
        return errors[0]
    return JailError(" ".join(f"{one.message.rstrip('.')}." for one in errors))
