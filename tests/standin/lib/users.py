# SPDX-License-Identifier: BSD-2-Clause
"""getpwnam(3), getgrouplist(3) and their like: from the files of the caller's root, without Linux's name service.

As on FreeBSD, a user is known when pwd_mkdb(8) has put it into pwd.db, whatever passwd says. Here, that is a text too.
"""

from __future__ import annotations

from typing import NamedTuple


class User(NamedTuple):
    """A line of passwd(5)."""

    name: str
    uid: int
    gid: int
    directory: str
    shell: str


def _lines(path: str) -> list[list[str]]:
    with open(path, errors="surrogateescape") as file:
        return [line.rstrip("\n").split(":") for line in file if line.strip() and not line.startswith("#")]


def users() -> list[User]:
    """All users. FileNotFoundError where there are none (recorded: jexec-8)."""
    return [User(f[0], int(f[2]), int(f[3]), f[5], f[6]) for f in _lines("/etc/pwd.db") if len(f) == 7]


def by_name(name: str) -> User | None:
    """The user of that name. FileNotFoundError where there are no users at all."""
    return next((user for user in users() if user.name == name), None)


def by_uid(uid: int) -> User | None:
    """The user with that number; None too where there are no users at all."""
    try:
        return next((user for user in users() if user.uid == uid), None)
    except FileNotFoundError:
        return None


def groups() -> list[tuple[str, int, list[str]]]:
    """All groups: name, number, members."""
    try:
        return [(f[0], int(f[2]), f[3].split(",")) for f in _lines("/etc/group") if len(f) == 4]
    except FileNotFoundError:
        return []


def group_name(gid: int) -> str | None:
    """The name of a group, None if it has none."""
    return next((name for name, number, _ in groups() if number == gid), None)


def group_list(user: User) -> list[int]:
    """The groups of a user, its own first."""
    found = [user.gid]
    for _, number, members in groups():
        if user.name in members and number not in found:
            found.append(number)
    return found
