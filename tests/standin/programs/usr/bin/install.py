# SPDX-License-Identifier: BSD-2-Clause
"""install(1): copy files with an owner and a mode."""

from __future__ import annotations

import os
import shutil
import stat

import err
import options
import users

PROGRAM = "install"
USAGE = """usage: install [-bCcpSsUv] [-f flags] [-g group] [-m mode] [-o owner] file1 file2
       install [-bCcpSsUv] [-f flags] [-g group] [-m mode] [-o owner] file1 ...
               fileN directory
       install -dU [-vU] [-g group] [-m mode] [-o owner] directory ..."""
EX_USAGE, EX_OSERR = 64, 71


def main(argv: list[str]) -> int:
    found, names = options.getopt(argv, "B:bCcdf:g:l:M:m:N:o:pSsT:Uv", USAGE, EX_USAGE)
    given = dict(found)
    owner = _id(given.get("o"), {user.name: user.uid for user in users.users()} if "o" in given else {}, "user")
    group = _id(given.get("g"), {name: gid for name, gid, _ in users.groups()} if "g" in given else {}, "group")
    mode = int(given.get("m", "755"), 8)
    try:
        if "d" in given:
            for name in names:
                os.makedirs(name, exist_ok=True)
                _own(name, owner, group, mode)
            return 0
        if len(names) < 2:
            options.usage(USAGE, EX_USAGE)
        into = os.path.isdir(names[-1])
        if len(names) > 2 and not into:
            err.errx(PROGRAM, f"{names[-1]}: Not a directory", EX_USAGE)
        for name in names[:-1]:
            _install(name, os.path.join(names[-1], os.path.basename(name)) if into else names[-1], given)
            _own(os.path.join(names[-1], os.path.basename(name)) if into else names[-1], owner, group, mode)
    except OSError as error:
        err.err(PROGRAM, error.filename or "", error.errno, EX_OSERR)
    return 0


def _id(word: str | None, known: dict[str, int], what: str) -> int:
    if word is None:
        return -1
    if word in known:
        return known[word]
    if not word.isdigit():
        err.errx(PROGRAM, f"unknown {what} {word}", EX_USAGE)
    return int(word)


def _install(source: str, target: str, given: dict[str, str]) -> None:
    if "b" in given and os.path.exists(target):
        os.replace(target, target + given.get("B", ".old"))
    if not stat.S_ISREG(os.stat(source).st_mode) and source != "/dev/null":
        err.errx(PROGRAM, f"{source}: Inappropriate file type or format", EX_USAGE)
    if os.path.lexists(target):
        os.unlink(target)
    shutil.copyfile(source, target)
    if "p" in given:
        shutil.copystat(source, target)
    if "v" in given:
        print(f"{PROGRAM}: {source} -> {target}")


def _own(path: str, owner: int, group: int, mode: int) -> None:
    os.chown(path, owner, group)
    os.chmod(path, mode)
