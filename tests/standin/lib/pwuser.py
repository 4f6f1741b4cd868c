# SPDX-License-Identifier: BSD-2-Clause
"""pw(8)'s commands for users. Each prints FreeBSD's message and exits with its status when it fails."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time

import err
import password
import pwgroup
from pwdb import Account, Database, Group

OPTIONS = "C:qn:u:c:d:e:p:g:G:mM:k:s:oL:i:w:h:H:DFPb:NY:l:raR:x:"
FIRST, LAST = 1001, 32000
LOCKED = "*LOCKED*"


def run(command: str, database: Database, options: dict[str, str]) -> int:
    """Do what one command line asks for."""
    if command == "add":
        _add(database, options)
        return 0
    if command == "next":
        print(f"{_next_uid(database)}:{pwgroup.next_gid(database)}")
        return 0
    if command == "show":
        for account in database.accounts if "a" in options else [_named(database, options)]:
            print(account.line("*"))
        return 0
    account = _named(database, options)
    if command == "del":
        _delete(database, account, "r" in options)
        return 0
    if command == "mod":
        _modify(database, account, options)
    elif command == "lock":
        if account.password.startswith(LOCKED):
            err.errx("pw", f"user '{account.name}' is already locked", os.EX_NOPERM)
        account.password = LOCKED + account.password
    else:
        if not account.password.startswith(LOCKED):
            err.errx("pw", f"user '{account.name}' is not locked", os.EX_NOPERM)
        account.password = account.password.removeprefix(LOCKED)
    database.save_accounts()
    return 0


def _named(database: Database, options: dict[str, str]) -> Account:
    name = options.get("n", "")
    account = database.account(name) if name else database.account(uid=int(options.get("u") or -1))
    if account is None:
        if not name and "u" not in options:
            err.errx("pw", "user name or id required", os.EX_DATAERR)
        what = f"user `{name}'" if name else f"uid `{options['u']}'"
        err.errx("pw", f"no such {what}", os.EX_NOUSER)
    return account


def _check_name(name: str) -> None:
    if not name:
        err.errx("pw", "login name required", os.EX_DATAERR)
    wrong = re.search(r"[ ,\t:+&#%^()!@~*?<>=|\\/\";\x00-\x1f\x7f-\xff]", name)
    if name[0] == "-":
        wrong = re.match("-", name)
    if wrong:
        words = f"invalid character `{wrong[0]}' at position {wrong.start()} in userid/group name"
        err.errx("pw", words, os.EX_DATAERR)
    if len(name) > 32:
        err.errx("pw", f"name too long `{name}' (max is 32)", os.EX_DATAERR)


def _next_uid(database: Database) -> int:
    taken = {account.uid for account in database.accounts}
    return next(number for number in range(FIRST, LAST + 1) if number not in taken)


def _check_uid(database: Database, uid: int, options: dict[str, str]) -> int:
    if "o" not in options and database.account(uid=uid) is not None:
        err.errx("pw", f"uid `{uid}' has already been allocated", os.EX_DATAERR)
    return uid


def _group(database: Database, word: str) -> Group:
    group = database.group(word) or (database.group(gid=int(word)) if word.isdigit() else None)
    if group is None:
        err.errx("pw", f"group `{word}' does not exist", os.EX_NOUSER)
    return group


def _check_groups(database: Database, text: str) -> list[Group]:
    return [_group(database, word) for word in text.replace(",", " ").split()]


def _time(text: str) -> int:
    """A date as pw(8) takes one: seconds, +N with a unit, dd-mmm-yyyy."""
    match = re.fullmatch(r"\+(\d+)([smhdwoy]?)", text)
    if match:
        unit = {"": 86400, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "o": 2592000, "y": 31536000}
        return int(time.time()) + int(match[1]) * unit[match[2]]
    if text.isdigit():
        return int(text)
    for form in ("%d-%b-%Y", "%d-%b-%y", "%d-%m-%Y"):
        with contextlib.suppress(ValueError):
            return int(time.mktime(time.strptime(text, form)))
    err.errx("pw", f"Invalid date: `{text}'", os.EX_DATAERR)


def _password(options: dict[str, str], default: str) -> str:
    """The encrypted password: read encrypted (-H) or plain (-h) from a descriptor, '-' for none."""
    letter = "H" if "H" in options else "h"
    if letter not in options:
        return default
    if options[letter] == "-":
        return "*"
    if not options[letter].isdigit():
        err.errx("pw", "'-h' expects a file descriptor or '-'", os.EX_USAGE)
    with open(int(options[letter]), closefd=False) as file:
        line = file.readline().rstrip("\n")
    if letter == "H":
        return line
    return password.encrypted(line)


def _add(database: Database, options: dict[str, str]) -> None:
    name = options.get("n", "")
    _check_name(name)
    if database.account(name) is not None:
        err.errx("pw", f"login name `{name}' already exists", os.EX_DATAERR)
    uid = _check_uid(database, int(options["u"]), options) if "u" in options else _next_uid(database)
    others = _check_groups(database, options.get("G", ""))
    account = Account(
        name,
        _password(options, "*"),
        uid,
        _primary_group(database, name, uid, options.get("g", "")),
        options.get("L", ""),
        _time(options.get("p") or "0"),
        _time(options.get("e") or "0"),
        options.get("c", "User &"),
        options.get("d") or f"{options.get('b', '/home')}/{name}",
        _shell(options.get("s", "sh")),
    )
    for group in others:
        if name not in group.members:
            group.members.append(name)
    database.accounts.append(account)
    database.accounts.sort(key=lambda each: each.uid)
    database.save_groups()
    database.save_accounts()
    if "m" in options:
        _make_home(account, options)


def _primary_group(database: Database, name: str, uid: int, wanted: str) -> int:
    """The number of a user's own group, which is made if none is asked for."""
    if wanted:
        return _group(database, wanted).gid
    there = database.group(name)
    if there is not None:
        return there.gid
    gid = pwgroup.next_gid(database, uid)
    database.groups.append(Group(name, gid))
    database.groups.sort(key=lambda group: group.gid)
    return gid


def _shell(word: str) -> str:
    if not word or "/" in word:
        return word
    for directory in ("/bin", "/usr/bin", "/usr/local/bin"):
        if os.access(f"{directory}/{word}", os.X_OK):
            return f"{directory}/{word}"
    err.errx("pw", f"can't find shell `{word}' in shell paths", os.EX_OSFILE)


def _make_home(account: Account, options: dict[str, str]) -> None:
    """The home directory with the files of the skeleton; one that is there keeps what it has."""
    if not os.path.isdir(account.home):
        os.makedirs(account.home)
        os.chmod(account.home, int(options["M"], 8) if "M" in options else 0o755)
    skeleton = options.get("k", "/usr/share/skel")
    for directory, names, files in os.walk(skeleton):
        inside = os.path.relpath(directory, skeleton)
        for name in [*names, *files]:
            target = os.path.normpath(os.path.join(account.home, inside, re.sub("^dot[.]", ".", name)))
            if os.path.lexists(target):
                continue
            if name in names:
                os.mkdir(target)
            else:
                shutil.copy(os.path.join(directory, name), target)
            os.chown(target, account.uid, account.gid)
    os.chown(account.home, account.uid, account.gid)


def _modify(database: Database, account: Account, options: dict[str, str]) -> None:
    if "l" in options:
        _check_name(options["l"])
        if database.account(options["l"]) is not None:
            err.errx("pw", f"login name `{options['l']}' already exists", os.EX_DATAERR)
        for group in database.groups:
            group.members = [options["l"] if name == account.name else name for name in group.members]
        account.name = options["l"]
    if "u" in options and options.get("n") and int(options["u"]) != account.uid:
        account.uid = _check_uid(database, int(options["u"]), options)
    if "g" in options:
        account.gid = _group(database, options["g"]).gid
    if "G" in options:
        wanted = _check_groups(database, options["G"])
        for group in database.groups:
            if group in wanted and account.name not in group.members:
                group.members.append(account.name)
            elif group not in wanted and account.name in group.members:
                group.members.remove(account.name)
    account.gecos = options.get("c", account.gecos)
    account.home = options.get("d", account.home)
    account.login_class = options.get("L", account.login_class)
    account.password = _password(options, account.password)
    if "s" in options:
        account.shell = _shell(options["s"])
    if "e" in options:
        account.expire = _time(options["e"])
    if "p" in options:
        account.change = _time(options["p"])
    database.save_groups()
    if "m" in options:
        _make_home(account, options)


def _delete(database: Database, account: Account, files: bool) -> None:
    if account.name == "root":
        err.errx("pw", "cannot remove user 'root'", os.EX_DATAERR)
    database.accounts.remove(account)
    for group in database.groups:
        group.members = [name for name in group.members if name != account.name]
    own = database.group(account.name)
    if own is not None and own.gid == account.gid and not own.members:
        database.groups.remove(own)
    database.save_groups()
    database.save_accounts()
    for path in (f"/var/cron/tabs/{account.name}", f"/var/mail/{account.name}"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
    if files and account.home not in ("/", "/nonexistent") and os.path.isdir(account.home):
        shutil.rmtree(account.home)
