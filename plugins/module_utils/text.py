# SPDX-License-Identifier: BSD-2-Clause
"""Text that may hold bytes which aren't UTF-8: FreeBSD's file names, files and programs don't care."""

from __future__ import annotations

from typing import Any


def readable(value: Any) -> Any:
    """A result for Ansible, which refuses what isn't UTF-8: such bytes, kept as surrogate escapes in the strings of
    `value`, become `\\xNN`.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    if isinstance(value, dict):
        return {key: readable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [readable(item) for item in value]
    return value
