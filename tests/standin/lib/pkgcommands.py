# SPDX-License-Identifier: BSD-2-Clause
"""The commands of pkg(8) that the stand-in has: install, add, delete, info, query, update, which."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from typing import IO

import err
from options import getopt
from pkgdb import Database, Manifest, PkgError, read_manifest
from pkgrepo import Repository

_CHANGING = {"add": "install", "delete": "delete", "install": "install", "remove": "delete"}
_NAMES = ("FreeBSD-ports", "FreeBSD-ports-kmods")


def run(words: list[str], database: Database, repository: Repository, yes: bool) -> int:
    """Run a command. words: its name, options and operands. yes: whether questions are answered so.

    Returns the exit status. Raises PkgError, also for a command that the stand-in hasn't.
    """
    commands: dict[str, Callable[[], int]] = {
        "add": lambda: _add(words, database),
        "delete": lambda: _delete(words, database, yes),
        "info": lambda: _info(words, database),
        "install": lambda: _install(words, database, repository, yes),
        "query": lambda: _query(words, database),
        "remove": lambda: _delete(words, database, yes),
        "update": lambda: _update(words, repository),
    }
    if words[0] not in commands:
        raise PkgError(f"the stand-in's pkg doesn't know the command {words[0]}")
    if words[0] in _CHANGING and os.getuid() != 0:
        raise PkgError(f"Insufficient privileges to {_CHANGING[words[0]]} packages")
    return commands[words[0]]()


def extract(database: Database, archive: IO[bytes], *, automatic: bool, step: str = "", quiet: bool = False) -> None:
    """Install an archive, telling of it as pkg(8) does. step: `[1/2] ` of several."""
    manifest = read_manifest(archive)
    title = f"{manifest['name']}-{manifest['version']}"
    if not quiet:
        print(f"{step}Installing {title}...", flush=True)
    database.install(archive, automatic)
    if not quiet:
        print(f"{step}Extracting {title}: .......... done", flush=True)


def _refused(command: str, found: list[tuple[str, str]], known: str) -> dict[str, str]:
    for letter, _value in found:
        if letter not in known:
            raise PkgError(f"the stand-in's pkg {command} doesn't know -{letter}")
    return dict(found)


def _update(words: list[str], repository: Repository) -> int:
    given = _refused("update", getopt(words, "fqr:", "Usage: pkg update [-fq] [-r reponame]")[0], "fq")
    return _catalogue(repository, quiet="q" in given)


def _catalogue(repository: Repository, *, quiet: bool) -> int:
    problem = repository.unreachable()
    for name in _NAMES:
        if not quiet:
            print(f"Updating {name} repository catalogue...", flush=True)
        if problem is not None:
            url = "https://pkg.FreeBSD.org/FreeBSD:15:amd64/quarterly"
            for file in ("meta.txz", "data.pkg"):
                err.warnx("pkg", f"{url}/{file}: {problem}")
            print(f"Unable to update repository {name}", flush=True)
        elif not quiet:
            print(f"{name} repository is up to date.", flush=True)
    if problem is not None:
        print("Error updating repositories!", file=sys.stderr)
        return 1
    if not quiet:
        print("All repositories are up to date.", flush=True)
    return 0


def _install(words: list[str], database: Database, repository: Repository, yes: bool) -> int:
    usage = "Usage: pkg install [-AfFgiIMnqRUxyX] [-r reponame] <pkg-name> ..."
    found, names = getopt(words, "ACfFgiIMnqRUxyXr:", usage, 64)
    given = _refused("install", found, "AfMnqUy")
    if not names:
        print(usage, file=sys.stderr)
        return 64
    if "U" not in given and _catalogue(repository, quiet="q" in given) != 0:
        return 1
    if "U" in given and repository.unreachable() is not None:
        raise PkgError("Repository FreeBSD-ports cannot be opened. 'pkg update' required")
    wanted = [repository.manifest(name) for name in names]
    steps = _missing(wanted, database, repository, again="f" in given)
    if not steps:
        if "q" not in given:
            print("The most recent versions of packages are already installed")
        return 0
    if "q" not in given:
        _announce(steps, "New packages to be INSTALLED", "Number of packages to be installed")
    if "n" in given:
        return 1
    if not (yes or "y" in given or _confirmed()):
        return 1
    asked = {manifest["name"] for manifest in wanted}
    for number, manifest in enumerate(steps, 1):
        archive = repository.archive(manifest["name"])
        automatic = "A" in given or manifest["name"] not in asked
        extract(database, archive, automatic=automatic, step=f"[{number}/{len(steps)}] ", quiet="q" in given)
    return 0


def _missing(wanted: list[Manifest], database: Database, repository: Repository, *, again: bool) -> list[Manifest]:
    """What has to be installed, each after what it needs. again: those asked for in any case."""
    steps: list[Manifest] = []
    for manifest in wanted:
        needed = [repository.manifest(name) for name in manifest["deps"]]
        for each in (*_missing(needed, database, repository, again=False), manifest):
            there = each["name"] in database.packages and not (again and each is manifest)
            if not there and each not in steps:
                steps.append(each)
    return steps


def _announce(steps: list[Manifest], title: str, total: str) -> None:
    count = len(steps)
    print(f"The following {count} package(s) will be affected (of 0 checked):\n\n{title}:")
    for manifest in steps:
        print(f"\t{manifest['name']}: {manifest['version']}")
    print(f"\n{total}: {count}\n", flush=True)


def _confirmed() -> bool:
    if not sys.stdin.isatty():
        return False
    print("Proceed with this action? [y/N]: ", end="", flush=True)
    return sys.stdin.readline()[:1] in ("y", "Y")


def _add(words: list[str], database: Database) -> int:
    found, files = getopt(words, "IAfqM", "Usage: pkg add [-IAfqM] <pkg-name> ...", 64)
    given = _refused("add", found, "AfqM")
    failed = []
    for path in files:
        try:
            _add_one(path, database, given)
        except PkgError as error:
            err.warnx("pkg", str(error))
            failed.append(path)
    if failed:
        print(f"\nFailed to install the following {len(failed)} package(s): {', '.join(failed)}")
    return 1 if failed else 0


def _add_one(path: str, database: Database, given: dict[str, str]) -> None:
    """What it needs is looked for beside it, as pkg does."""
    try:
        archive = open(path, "rb")  # noqa: SIM115
    except OSError as error:
        raise PkgError(f"{path}: {error.strerror}") from None
    with archive:
        manifest = read_manifest(archive)
        if manifest["name"] in database.packages and "f" not in given:
            print(f"the most recent version of {manifest['name']}-{manifest['version']} is already installed")
            return
        for name, needed in manifest["deps"].items():
            if name not in database.packages:
                beside = os.path.join(os.path.dirname(path), f"{name}-{needed['version']}.pkg")
                if not os.path.exists(beside):
                    raise PkgError(f"Missing dependency '{name}'")
                _add_one(beside, database, {**given, "A": ""})
        extract(database, archive, automatic="A" in given, quiet="q" in given)


def _delete(words: list[str], database: Database, yes: bool) -> int:
    usage = "Usage: pkg delete [-DfginqRxy] <pkg-name> ..."
    found, names = getopt(words, "aDfginqRxyC", usage, 64)
    given = _refused("delete", found, "Dfnqy")
    if not names:
        print(usage, file=sys.stderr)
        return 64
    wanted = [package for package in map(database.find, names) if package is not None]
    for name in names:
        if database.find(name) is None:
            err.warnx("pkg", f"No packages matched for pattern '{name}'\n")
    if not wanted:
        print("Checking integrity... done (0 conflicting)\n0 packages requested for removal: 0 locked, 1 missing")
        return 1
    for package in list(wanted):
        wanted[:0] = [
            database.packages[name]
            for name in database.needing(package["name"])
            if database.packages[name] not in wanted
        ]
    if "q" not in given:
        _announce(wanted, "Installed packages to be REMOVED", "Number of packages to be removed")
    if "n" in given or not (yes or "y" in given or _confirmed()):
        return 1
    for number, package in enumerate(wanted, 1):
        step, title = f"[{number}/{len(wanted)}]", f"{package['name']}-{package['version']}"
        if "q" not in given:
            print(f"{step} Deinstalling {title}...", flush=True)
        database.remove(package["name"])
        if "q" not in given:
            print(f"{step} Deleting files for {title}: ..... done", flush=True)
    return 0


def _info(words: list[str], database: Database) -> int:
    found, names = getopt(words, "aAegoqlx", "Usage: pkg info [-egoql] <pkg-name>", 64)
    given = _refused("info", found, "aegoql")
    packages = [database.find(name) for name in names] if names else database.all()
    if "e" in given:
        return 0 if all(packages) else 1
    status = 0
    for name, package in zip(names or [""] * len(packages), packages, strict=True):
        if package is None:
            err.warnx("pkg", f"No package(s) matching {name}")
            status = 1
        else:
            _shown(package, given, single=bool(names))
    return status


def _shown(package: Manifest, given: dict[str, str], *, single: bool) -> None:
    title = f"{package['name']}-{package['version']}"
    if "l" in given:
        print(f"{title}:" if "q" not in given else "", end="" if "q" in given else "\n")
        for file in package["files"]:
            print(file if "q" in given else f"\t{file}")
    elif "o" in given:
        print(package["origin"] if "q" in given else f"{title:<30} {package['origin']}")
    elif "q" in given:
        print(title)
    elif single:
        for label, key in (("Name", "name"), ("Version", "version"), ("Origin", "origin"), ("Prefix", "prefix")):
            print(f"{label:<15}: {package[key]}")
        print(f"{'Comment':<15}: {package['comment']}")
    else:
        print(f"{title:<30} {package['comment']}")


_FIELDS = {"n": "name", "v": "version", "o": "origin", "c": "comment", "p": "prefix"}


def _query(words: list[str], database: Database) -> int:
    found, operands = getopt(words, "aegixF:", "Usage: pkg query [-aeg] <query-format> <pattern>", 64)
    _refused("query", found, "ag")
    if not operands:
        print("Usage: pkg query [-aeg] <query-format> <pattern>", file=sys.stderr)
        return 64
    form, names = operands[0], operands[1:]
    packages = [package for package in map(database.find, names) if package] if names else database.all()
    for package in packages:
        print("".join(_field(part[1], package) if part[0] == "%" else part for part in re.findall("%.|[^%]+|%$", form)))
    return 0 if packages else 1


def _field(letter: str, package: Manifest) -> str:
    if letter == "a":
        return "1" if package["automatic"] else "0"
    if letter == "%":
        return "%"
    if letter not in _FIELDS:
        raise PkgError(f"the stand-in's pkg query doesn't know %{letter}")
    return str(package[_FIELDS[letter]])
