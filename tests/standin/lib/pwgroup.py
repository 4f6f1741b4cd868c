# SPDX-License-Identifier: BSD-2-Clause
"""pw(8)'s commands for groups. Each prints FreeBSD's message and exits with its status when it fails."""

from __future__ import annotations

import os

import err
from pwdb import Database, Group

OPTIONS = "C:qn:g:l:aFPoM:d:m:h:H:NYK:"
FIRST, LAST = 1001, 32000


def run(command: str, database: Database, options: dict[str, str]) -> int:
    """Do what one command line asks for."""
    if command == "add":
        return _add(database, options)
    if command == "next":
        print(next_gid(database))
        return 0
    if command == "show":
        return _show(database, options)
    group = _named(database, options)
    if command == "del":
        database.groups.remove(group)
    else:
        _modify(database, group, options)
    database.save_groups()
    return 0


def next_gid(database: Database, wanted: int | None = None) -> int:
    """A number that no group has: the wanted one if that is free."""
    taken = {group.gid for group in database.groups}
    if wanted is not None and wanted not in taken:
        return wanted
    return next(number for number in range(FIRST, LAST + 1) if number not in taken)


def members(database: Database, text: str) -> list[str]:
    """The users that a list names; a name that no user has is an error."""
    found = []
    for name in text.replace(",", " ").split():
        account = database.account(name) or (database.account(uid=int(name)) if name.isdigit() else None)
        if account is None:
            err.errx("pw", f"user `{name}' does not exist", os.EX_NOUSER)
        found.append(account.name)
    return found


def _named(database: Database, options: dict[str, str]) -> Group:
    name, number = options.get("n", ""), options.get("g", "")
    if not name and not number:
        err.errx("pw", "group name or id required", os.EX_DATAERR)
    group = database.group(name) or (database.group(gid=int(name)) if name.isdigit() else None)
    if not name:
        group = database.group(gid=int(number))
    if group is None:
        err.errx("pw", f"unknown group `{name}'" if name else f"unknown gid `{number}'", os.EX_DATAERR)
    return group


def _add(database: Database, options: dict[str, str]) -> int:
    name = options.get("n", "")
    if not name:
        err.errx("pw", "group name required", os.EX_DATAERR)
    if database.group(name) is not None:
        err.errx("pw", f"group name `{name}' already exists", os.EX_DATAERR)
    gid = int(options["g"]) if "g" in options else next_gid(database)
    if "o" not in options and database.group(gid=gid) is not None:
        err.errx("pw", f"gid `{gid}' has already been allocated", os.EX_DATAERR)
    database.groups.append(Group(name, gid, members=members(database, options.get("M", ""))))
    database.groups.sort(key=lambda group: group.gid)
    database.save_groups()
    return 0


def _modify(database: Database, group: Group, options: dict[str, str]) -> None:
    if "g" in options and options.get("n"):
        gid = int(options["g"])
        other = database.group(gid=gid)
        if "o" not in options and other is not None and other is not group:
            err.errx("pw", f"gid `{gid}' has already been allocated", os.EX_DATAERR)
        group.gid = gid
    if "l" in options:
        group.name = options["l"]
    if "M" in options:
        group.members = members(database, options["M"])
    for name in members(database, options.get("m", "")):
        if name not in group.members:
            group.members.append(name)
    gone = options.get("d", "").replace(",", " ").split()
    group.members = [name for name in group.members if name not in gone]


def _show(database: Database, options: dict[str, str]) -> int:
    for group in database.groups if "a" in options else [_named(database, options)]:
        print(group.line())
    return 0
