# SPDX-License-Identifier: BSD-2-Clause
"""What is to be done about a root: from what is wanted and what was found, without touching the host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.bsd.jail.plugins.module_utils import baseset, beneath, rootfiles
from ansible_collections.bsd.jail.plugins.module_utils.baseset import Archive
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError
from ansible_collections.bsd.jail.plugins.module_utils.rootfiles import RootFile
from ansible_collections.bsd.jail.plugins.module_utils.rootrecord import Record

# What a thin jail has to be able to write (hier(7)). All base sets have these.
DIRECTORIES = ("/etc", "/home", "/root", "/tmp", "/usr/local", "/var")
ALL = ("/",)


@dataclass(frozen=True)
class Wanted:
    """What the module's options ask for.

    path, base: as given. present: whether the root is to be there. archive, base: what it is made from, if anything.
    parts: which of it, as paths within the root: `/` for all. files: the option, checked.
    """

    path: str
    present: bool
    archive: Archive | None = None
    base: str = ""
    parts: tuple[str, ...] = ()
    files: tuple[Mapping[str, Any], ...] = ()
    force: bool = False

    @property
    def source(self) -> str:
        """What it is made from, for messages; '' if it has to be there."""
        return self.archive.place if self.archive else f"directories of {self.base}" if self.base else ""


@dataclass(frozen=True)
class Found:
    """What there is.

    path: resolved. inode: of the directory, 0 if there is none. node: where its file system is mounted. filled: whether
    anything is in it.
    record: what was written down when it was made, if it is still that directory.
    parts: those of the record that are there.
    """

    path: str
    inode: int = 0
    node: str = ""
    filled: bool = False
    record: Record | None = None
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The steps, in their order.

    clear: the parts to be emptied, because their making or removal was cut short. make: the parts to be made.
    remove: whether the root is to go. files: the files to be put, each as it was found and as it is to be.
    warnings: what the user should know.
    """

    clear: tuple[str, ...] = ()
    make: tuple[str, ...] = ()
    remove: bool = False
    files: tuple[tuple[RootFile, RootFile], ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.clear or self.make or self.remove or self.files)


def wanted(options: Mapping[str, Any]) -> Wanted:
    """What the module's options ask for. Raises InputError."""
    path, state = options["path"], options["state"]
    if not path.startswith("/") or "\0" in path:
        raise InputError(f"root {path!r} isn't an absolute path.", parameter="path")
    if state == "absent":
        return Wanted(path, False, force=options["force"])
    files = tuple(rootfiles.wanted_files(options["files"] or ()))
    if options["archive"] is not None:
        archive = baseset.wanted(options["archive"], options["checksum"], options["cache"], options["timeout"])
        return Wanted(path, True, archive, "", ALL, files)
    if options["base"] is None:
        return Wanted(path, True, files=files)
    if not options["base"].startswith("/") or "\0" in options["base"]:
        raise InputError(f"base {options['base']!r} isn't an absolute path.", parameter="base")
    parts = DIRECTORIES if options["directories"] is None else _parts(options["directories"])
    return Wanted(path, True, None, options["base"], parts, files)


def _parts(directories: Sequence[str]) -> tuple[str, ...]:
    """The option `directories`, as absolute paths within the root. Raises InputError."""
    parts: list[str] = []
    for given in directories:
        names = beneath.components(given)
        part = "/" + "/".join(names)
        if not names or "." in names or ".." in names or "\0" in given:
            raise InputError(
                f"directories: {given!r} isn't the path of a directory in the base.", parameter="directories"
            )
        for other in parts:
            if beneath.is_within(part, other) or beneath.is_within(other, part):
                raise InputError(
                    f"directories: of {part} and {other}, one lies in the other: it comes with that.",
                    parameter="directories",
                )
        parts.append(part)
    if not parts:
        raise InputError("directories is empty: a thin jail needs some of its own.", parameter="directories")
    return tuple(parts)


def decide(want: Wanted, found: Found) -> Plan:
    """What is to be done, but for the files. Raises InputError."""
    if not want.present:
        return _removal(want, found)
    record = found.record
    cut = unfinished(found)
    if not want.source:
        if cut:
            raise InputError(
                f"root {found.path}: {_cut_short(record)}. Give archive or base again, which begins anew, or remove it "
                "(state: absent).",
                parameter="path",
            )
        if not found.inode:
            raise InputError(
                f"root {found.path} isn't there. Say what to make it from: archive or base.", parameter="path"
            )
        return Plan()
    if found.filled and record is None:
        raise InputError(
            f"root {found.path} isn't empty, and wasn't made by bsd.jail.jail_root: {want.source} isn't put into it. "
            f"For a root that is there already, leave out {'archive' if want.archive else 'base'}.",
            parameter="path",
        )
    make = tuple(part for part in want.parts if part not in found.parts or part in cut or "/" in cut)
    if record is None or not found.parts or "/" in cut:
        return Plan(clear=cut, make=make)
    warnings = _other_source(want, record, found.path)
    if warnings:
        return Plan(warnings=warnings)
    _refuse_overlap(make, found.parts)
    return Plan(clear=cut, make=make)


def unfinished(found: Found) -> tuple[str, ...]:
    """The parts whose making or removal was cut short."""
    if found.record is None:
        return ()
    return ALL if found.record.removing else found.record.making


def _cut_short(record: Record | None) -> str:
    return f"its {'removal' if record and record.removing else 'making'} was cut short"


def _other_source(want: Wanted, record: Record, path: str) -> tuple[str, ...]:
    """A warning, if a root that is there was made from something else."""
    if want.archive is not None:
        if want.archive.checksum:
            same = record.checksum == want.archive.checksum
        else:
            same = record.archive == want.archive.place
    else:
        # The directories of a thin jail outlive its base.
        same = bool(record.base)
    if same:
        return ()
    return (
        f"root {path} was made from {record.source}, and stays as it is: {want.source} isn't put over it. "
        "To upgrade it, use freebsd-update(8) or pkg(8), or make a new root at another path.",
    )


def _refuse_overlap(make: Sequence[str], there: Sequence[str]) -> None:
    for part in make:
        for other in there:
            if part != other and (beneath.is_within(part, other) or beneath.is_within(other, part)):
                raise InputError(
                    f"directories: {other} has been copied already, and {part} can't be copied beside it: one lies in "
                    "the other.",
                    parameter="directories",
                )


def _removal(want: Wanted, found: Found) -> Plan:
    if not found.inode:
        return Plan()
    if found.filled and found.record is None and not want.force:
        raise InputError(
            f"root {found.path} isn't removed: bsd.jail.jail_root didn't make it. "
            "With 'force: true', it is removed all the same.",
            parameter="path",
        )
    return Plan(remove=True)
