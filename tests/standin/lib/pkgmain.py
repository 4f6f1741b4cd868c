# SPDX-License-Identifier: BSD-2-Clause
"""The command line of pkg(7), which fetches and installs pkg(8), and of that itself."""

from __future__ import annotations

import os
import re
import sys

import err
import jailparam
import kernel
import pkgcommands
from pkgdb import Database, PkgError
from pkgrepo import Repository

INSTALLED = "/usr/local/sbin/pkg"
SITE = "pkg+https://pkg.FreeBSD.org/FreeBSD:15:amd64/quarterly"
QUESTION = """The package management tool is not yet installed on your system.
Do you want to fetch and install it now? [y/N]: """
UNATTENDED = """The package management tool is not yet installed on your system.
Please set ASSUME_ALWAYS_YES=yes environment variable to be able to bootstrap in non-interactive (stdin not being a tty)
"""
USAGE = """Usage: pkg [-v] [-d] [-l] [-N] [-j <jail name or id>|-c <chroot path>|-r <rootdir>] \
[-C <configuration file>] [-R <repo config dir>] [-o var=value] [-4|-6] <command> [<args>]

For more information on available commands and options see 'pkg help'."""


def main(argv: list[str]) -> int:
    repository = Repository()
    try:
        there = os.access(INSTALLED, os.X_OK) or err.progname(argv[0]) == "pkg-static"
        if not there or "bootstrap" in argv[1:3]:
            status = _bootstrap(argv[1:], repository)
            if status is not None:
                return status
        return _pkg(argv[1:], repository)
    except PkgError as error:
        err.warnx("pkg", str(error))
        return 1


def says_yes() -> bool:
    """Whether the environment answers all questions."""
    return os.environ.get("ASSUME_ALWAYS_YES", "").lower() in ("yes", "true", "on", "1")


def _bootstrap(words: list[str], repository: Repository) -> int | None:
    """usr.sbin/pkg/pkg.c. Returns its exit status; None when pkg(8) is there, for the rest of the command line."""
    flags = "".join(word.lstrip("-") for word in words if word.startswith("-") and word != "-")
    operands = [word for word in words if not word.startswith("-")]
    only, add = operands[:1] == ["bootstrap"], operands[:1] == ["add"]
    if only and len(operands) > 1:
        print("Too many arguments\nUsage: pkg [-4|-6] bootstrap [-f] [-y]", file=sys.stderr)
        return 1
    if os.access(INSTALLED, os.X_OK) and "f" not in flags:
        print(f"pkg already bootstrapped at {INSTALLED}")
        return 0
    if "N" in flags:
        err.errx("pkg", "pkg is not installed")
    if add and len(operands) == 2 and re.match(r"pkg(-devel)?-[^-]*$|pkg\.", os.path.basename(operands[1])):
        return _bootstrap_from(operands[1])
    if "y" not in flags and not says_yes():
        if not sys.stdin.isatty():
            print(UNATTENDED, end="", file=sys.stderr)
            return 1
        print(QUESTION, end="", flush=True)
        if sys.stdin.readline()[:1] not in ("y", "Y"):
            return 1
    print(f"Bootstrapping pkg from {SITE}, please wait...", flush=True)
    url = f"{SITE.removeprefix('pkg+')}/Latest/pkg.pkg"
    problem = repository.unreachable()
    if problem is not None:
        err.warnx("pkg", f"Error fetching {url}: {problem}")
        print(f"Address resolution failed for {SITE.removeprefix('pkg+')}.", file=sys.stderr)
        print("Consider changing PACKAGESITE.", file=sys.stderr)
        return 1
    print("Verifying signature with trusted certificate pkg.freebsd.org.2013102301... done")
    pkgcommands.extract(Database(""), repository.archive("pkg"), automatic=False)
    return 0 if only else None


def _bootstrap_from(path: str) -> int:
    """Install pkg(8) from its own package, which a signature has to lie beside."""
    if not os.access(path, os.R_OK):
        print(f"No such file: {path}", file=sys.stderr)
        return 1
    if not os.path.exists(f"{path}.sig"):
        print("Signature for pkg not available.", file=sys.stderr)
        return 1
    print("Verifying signature with trusted certificate pkg.freebsd.org.2013102301... done")
    with open(path, "rb") as archive:
        pkgcommands.extract(Database(""), archive, automatic=False)
    return 0


def _pkg(words: list[str], repository: Repository) -> int:
    """pkg(8): its own options, then a command's."""
    root = ""
    while words and words[0].startswith("-"):
        option, value = words[0][1:2], words[0][2:]
        if option not in "vdlNjcrCRo46":
            err.warnx("pkg", f"illegal option -- {option}")
            print(USAGE, file=sys.stderr)
            return 64
        words = words[1:] if value or option not in "jcrCRo" else words[2:] if (value := "".join(words[1:2])) else []
        if option == "j":
            _attach(value)
        elif option == "c":
            os.chdir(value)
            os.chroot(".")
        elif option == "r":
            root = value.rstrip("/")
        elif option == "v":
            print(Database("").packages["pkg"]["version"])
            return 0
        elif option == "N" and not words:
            _count(Database(root))
            return 0
        elif option in "CRo":
            raise PkgError(f"the stand-in's pkg doesn't know -{option}")
    if not words:
        print(f"pkg: not enough arguments\n{USAGE}", file=sys.stderr)
        return 64
    return pkgcommands.run(words, Database(root), repository, says_yes())


def _count(database: Database) -> None:
    print(f"pkg: {len(database.packages)} packages installed", file=sys.stderr)


def _attach(jail: str) -> None:
    try:
        kernel.jail_attach(jailparam.jail_getid(jail))
    except (jailparam.ParamError, OSError) as error:
        raise PkgError(f"unable to attach to jail {jail}: {error}") from None
