# SPDX-License-Identifier: BSD-2-Clause
"""A look at a root and at who uses it, and what is to be done then: in a check run, that is all."""

from __future__ import annotations

import os
from dataclasses import replace

from ansible_collections.bsd.jail.plugins.module_utils import (
    baseset,
    beneath,
    jls,
    purge,
    rootcontent,
    rootfiles,
    rootplan,
    rootrecord,
    rootuse,
)
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError
from ansible_collections.bsd.jail.plugins.module_utils.host import Host
from ansible_collections.bsd.jail.plugins.module_utils.rootfiles import RootFile
from ansible_collections.bsd.jail.plugins.module_utils.rootplan import Found, Plan, Wanted


def resolved(host: Host, path: str, parameter: str) -> str:
    """A path of the host without links. Raises InputError for one that goes through a link of a jail's."""
    if os.path.realpath(path) == path:
        return path
    try:
        return beneath.resolve(path, rootuse.jail_paths(host))
    except InputError as error:
        raise InputError(f"{parameter} {path}: {error.message}", parameter=parameter) from error


def decide(host: Host, wanted: Wanted, path: str, check_mode: bool) -> tuple[Plan, Found, list[str]]:
    """What is to be done, what was found, and warnings. Raises JailError where it can't or mustn't be."""
    warnings: list[str] = []
    found = _look(host, path)
    try:
        if found.record is None and not wanted.force:
            _check_mounted(host, path)
        plan = rootplan.decide(wanted, found)
    except InputError as error:
        if not check_mode or found.filled:
            raise
        warnings.append(error.message)
        plan = Plan()
    if plan.clear or plan.make or plan.remove:
        _check_use(host, wanted, plan, path, check_mode, warnings)
    if wanted.present:
        plan = replace(plan, files=_files(host, wanted, plan, found, check_mode, warnings))
    return plan, found, [*plan.warnings, *warnings]


def _look(host: Host, path: str) -> Found:
    try:
        with beneath.opened(path) as directory:
            beneath.check_directory(directory, path)
            inode, node = os.fstat(directory).st_ino, host.fstatfs(directory).node
        filled = bool(purge.contents(path))
    except FileNotFoundError:
        return Found(path)
    except InputError as error:
        raise InputError(f"root {path}: {error.message}", parameter="path") from error
    except OSError as error:
        raise InputError(f"root {path} can't be looked into: {error.strerror}.", parameter="path") from error
    record = rootrecord.read(host, path)
    if record is None or record.inode != inode:
        return Found(path, inode, node, filled)
    parts = tuple(part for part in record.parts if filled and os.path.isdir(path + part))
    return Found(path, inode, node, filled, record, parts)


def _check_mounted(host: Host, path: str) -> None:
    """Refuse a root that isn't there, or is another directory than it was, since its file system isn't: what would be
    made or removed there isn't what is meant. Raises InputError.
    """
    record = rootrecord.read(host, path)
    if record is None:
        return
    here = path
    while not os.path.isdir(here):
        here = os.path.dirname(here)
    with beneath.opened(here) as directory:
        node = host.fstatfs(directory).node
    if node != record.node:
        raise InputError(
            f"root {path} was made on the file system of {record.node}, and that isn't mounted: it would be on {node} "
            "now. If it is gone for good, have the root forgotten (state: absent, force: true).",
            parameter="path",
        )


def _check_use(host: Host, wanted: Wanted, plan: Plan, path: str, check_mode: bool, warnings: list[str]) -> None:
    """Refuse to fill or empty what somebody uses. Raises InputError."""
    if plan.remove:
        used = rootuse.users(host, path)
    else:
        used = rootuse.at_work(host, [f"{path}{part}".rstrip("/") for part in (*plan.clear, *plan.make)])
    if used:
        message = f"root {path} can't be {'removed' if plan.remove else 'made'}: {'; '.join(used)}."
        if not check_mode:
            raise InputError(message, parameter="path")
        warnings.append(message)
    if not plan.make or not wanted.source:
        return
    try:
        if wanted.archive is not None:
            _check_archive(wanted.archive)
        else:
            _check_base(host, wanted, plan, path)
    except InputError as error:
        if not check_mode:
            raise
        warnings.append(error.message)


def _check_archive(archive: baseset.Archive) -> None:
    if not baseset.is_url(archive.place) and not os.path.isfile(archive.place):
        raise InputError(f"the archive {archive.place} isn't there, or isn't a file.", parameter="archive")


def _check_base(host: Host, wanted: Wanted, plan: Plan, path: str) -> None:
    base = wanted.base
    if beneath.is_within(path, base) or beneath.is_within(base, path):
        raise InputError(f"base {base} and root {path}: one lies in the other.", parameter="base")
    record = rootrecord.read(host, base)
    if record is not None and (record.making or record.removing):
        raise InputError(f"base {base}: it isn't whole, its making or removal was cut short.", parameter="base")
    for jail in jls.running(host).values():
        if jail.text("path") == base:
            raise InputError(
                f"base {base} is the root of jail {jail.name}, which runs and may change it.", parameter="base"
            )
    rootcontent.check_directories(base, plan.make)


def _files(
    host: Host, wanted: Wanted, plan: Plan, found: Found, check_mode: bool, warnings: list[str]
) -> tuple[tuple[RootFile, RootFile], ...]:
    """The files to be put. In what has yet to be made, all of them. Raises JailError."""
    files = rootfiles.with_sources(wanted.files, lambda: rootuse.jail_paths(host), check_mode, warnings)
    pairs = []
    for file in files:
        is_new = not found.inode or any(beneath.is_within(file.path, part) for part in (*plan.clear, *plan.make))
        there = RootFile(file.path) if is_new else rootfiles.look(found.path, file)
        if rootfiles.differs(file, there):
            pairs.append((there, file))
    return tuple(pairs)
