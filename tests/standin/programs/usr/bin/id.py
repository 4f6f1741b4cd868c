# SPDX-License-Identifier: BSD-2-Clause
"""id(1)."""

from __future__ import annotations

import os

import err
import options
import users

USAGE = """usage: id [user]
       id -A
       id -G [-n] [user]
       id -M
       id -P [user]
       id -c
       id -d [user]
       id -g [-nr] [user]
       id -p [user]
       id -s [user]
       id -u [-nr] [user]"""


def main(argv: list[str]) -> int:
    found, operands = options.getopt(argv, "GPcdgnprsu", USAGE)
    given = {letter for letter, _ in found}
    if len(operands) > 1:
        options.usage(USAGE)
    user = _user(operands[0]) if operands else None
    uid, gid, groups = _ids(user, "r" in given)
    if "c" in given:
        print("default")
    elif given & {"P", "d", "s"}:
        _print_passwd(user or users.by_uid(uid), given)
    elif "u" in given:
        print(_user_name(uid) if "n" in given else uid)
    elif "g" in given:
        print(_group_name(gid) if "n" in given else gid)
    elif "G" in given:
        print(" ".join(_group_name(group) if "n" in given else str(group) for group in groups))
    elif "p" in given:
        print(f"uid\t{_user_name(uid)}\ngroups\t{' '.join(_group_name(group) for group in groups)}")
    else:
        print(f"uid={_both(uid, _user_name(uid))} gid={_both(gid, _group_name(gid))}", end=" ")
        print(f"groups={','.join(_both(group, _group_name(group)) for group in groups)}")
    return 0


def _user(name: str) -> users.User:
    user = users.by_name(name) or (users.by_uid(int(name)) if name.isdigit() else None)
    if user is None:
        err.errx("id", f"{name}: no such user")
    return user


def _ids(user: users.User | None, real: bool) -> tuple[int, int, list[int]]:
    if user is not None:
        return user.uid, user.gid, users.group_list(user)
    uid, gid = (os.getuid(), os.getgid()) if real else (os.geteuid(), os.getegid())
    return uid, gid, [gid, *(group for group in os.getgroups() if group != gid)]


def _user_name(uid: int) -> str:
    user = users.by_uid(uid)
    return user.name if user else str(uid)


def _group_name(gid: int) -> str:
    return users.group_name(gid) or str(gid)


def _both(number: int, name: str) -> str:
    return f"{number}({name})" if name != str(number) else name


def _print_passwd(user: users.User | None, given: set[str]) -> None:
    if user is None:
        err.errx("id", "no such user")
    if "d" in given:
        print(user.directory)
    elif "s" in given:
        print(user.shell)
    else:
        print(f"{user.name}:*:{user.uid}:{user.gid}::0:0:{user.name}:{user.directory}:{user.shell}")
