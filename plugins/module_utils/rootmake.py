# SPDX-License-Identifier: BSD-2-Clause
"""Making a jail's root, giving it files, and removing it.

A record says what is under way before the first file is touched (rootrecord), so that whatever becomes of a run, the
next one knows what to clear away. The programs that fill and empty a root hold its lock, as this process does: if this
one is killed, the next run waits for them.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.bsd.jail.plugins.module_utils import (
    baseset,
    beneath,
    jls,
    locks,
    purge,
    rootcontent,
    rootdiff,
    rootfiles,
    rootplan,
    rootrecord,
    rootuse,
)
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import Host
from ansible_collections.bsd.jail.plugins.module_utils.rootfiles import RootFile
from ansible_collections.bsd.jail.plugins.module_utils.rootplan import Found, Plan, Wanted
from ansible_collections.bsd.jail.plugins.module_utils.rootrecord import Record


@dataclass(frozen=True)
class Step:
    """One that takes its time: what was done, and how many seconds that took."""

    what: str
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """What was done, or would be in a check run.

    path: the root, resolved. state: `present`, `absent` or `cut short`, afterwards; and record: what is written down of
    it, if it was made here. plan: what there was to do. diff: how that looks. warnings: what the user should know.
    steps: what was done of it and took its time.
    """

    path: str
    state: str
    record: Record | None
    plan: Plan
    diff: tuple[dict[str, str], ...]
    warnings: tuple[str, ...]
    steps: tuple[Step, ...]


def converge(host: Host, options: Mapping[str, Any], check_mode: bool = False) -> Outcome:
    """Do what the module's options ask for. Raises JailError.

    In a check run, an earlier task might have made what isn't there, or might have stopped and removed the jails that
    use a root: that is a warning then.
    """
    host.check()
    wanted = rootplan.wanted(options)
    path = os.path.normpath("/" + wanted.path.lstrip("/"))
    if not wanted.present and os.path.islink(path):
        raise InputError(f"root {path} is a link. Give the path that it leads to.", parameter="path")
    path = _resolved(host, path, "path")
    rootuse.refuse_host(host, path)
    if wanted.base:
        wanted = replace(wanted, base=_resolved(host, wanted.base, "base"))
    plan, found, warnings = _decide(host, wanted, path, check_mode)
    record = found.record
    steps: list[Step] = []
    if check_mode or not plan.changes:
        state = "absent" if not found.inode else "cut short" if rootplan.unfinished(found) else "present"
        if state == "absent" and not check_mode:
            rootrecord.forget(host, path)  # of a root that somebody else removed
    else:
        names = {f".root-{rootrecord.identity(one)}": f"root {one}" for one in filter(None, (path, wanted.base))}
        with locks.held(host, names, options["lock_timeout"]) as lock:
            plan, found, warnings = _decide(host, wanted, path, check_mode)
            record = _apply(host, wanted, plan, found, lock, options["lock_timeout"], steps)
        state = "present" if wanted.present else "absent"
    return Outcome(path, state, record, plan, rootdiff.of(wanted, found, plan), tuple(warnings), tuple(steps))


# --- looking ----------------------------------------------------------------------------------------------------------


def _resolved(host: Host, path: str, parameter: str) -> str:
    """A path of the host without links. Raises InputError for one that goes through a link of a jail's."""
    if os.path.realpath(path) == path:
        return path
    try:
        return beneath.resolve(path, rootuse.jail_paths(host))
    except InputError as error:
        raise InputError(f"{parameter} {path}: {error.message}", parameter=parameter) from error


def _decide(host: Host, wanted: Wanted, path: str, check_mode: bool) -> tuple[Plan, Found, list[str]]:
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


# --- doing ------------------------------------------------------------------------------------------------------------


def _apply(
    host: Host,
    wanted: Wanted,
    plan: Plan,
    found: Found,
    lock: Sequence[int],
    lock_timeout: float,
    steps: list[Step],
) -> Record | None:
    """Carry out a plan, and note the steps that take their time. Returns the root's record afterwards. Raises
    JailError.
    """
    if plan.remove:
        record = found.record or Record(found.path, found.inode, found.node)
        rootrecord.write(host, replace(record, removing=True))
        with _timed(f"remove {found.path}", steps):
            purge.remove(host, found.path, lock)
        rootrecord.forget(host, found.path)
        return None
    if not (plan.clear or plan.make):
        _put(found.path, plan)
        return found.record
    if wanted.archive is None:
        return _make(host, wanted, plan, found, lock, None, steps)
    with contextlib.ExitStack() as stack:
        with _timed(f"get and verify {wanted.source}", steps):
            archive = stack.enter_context(baseset.verified(host, wanted.archive, lock, lock_timeout))
        return _make(host, wanted, plan, found, lock, archive, steps)


@contextlib.contextmanager
def _timed(what: str, steps: list[Step]) -> Iterator[None]:
    begun = time.monotonic()
    yield
    steps.append(Step(what, time.monotonic() - begun))


def _make(
    host: Host,
    wanted: Wanted,
    plan: Plan,
    found: Found,
    lock: Sequence[int],
    archive: tuple[int, str] | None,
    steps: list[Step],
) -> Record:
    """Make a root, or what of it isn't there, with its files. Raises JailError; then it is as it was before, or, if
    even that fails, known to be unfinished.
    """
    path = found.path
    made: list[beneath.Made] = []
    mode = stat.S_IMODE(os.stat(path).st_mode) if found.inode else 0
    kept = tuple(part for part in found.parts if part not in plan.clear and "/" not in plan.clear)
    try:
        with beneath.opened(path, made) as directory:
            inode, node = os.fstat(directory).st_ino, host.fstatfs(directory).node
    except OSError as error:
        raise JailError(f"root {path} can't be made: {error.strerror}.", parameter="path") from error
    complete = Record(
        path,
        inode,
        node,
        wanted.archive.place if wanted.archive else "",
        archive[1] if archive else "",
        wanted.base,
        (*kept, *plan.make),
    )
    try:
        rootrecord.write(host, replace(complete, parts=kept, making=(*plan.clear, *plan.make)))
        if plan.clear:
            with _timed(f"clear {path} of what was cut short", steps):
                purge.clear(host, path, plan.clear, lock)
        with _timed(f"{'extract' if archive else 'copy'} {wanted.source}", steps):
            if archive is not None:
                rootcontent.extract(host, wanted.source, archive[0], path, lock)
            else:
                rootcontent.copy(host, wanted.base, plan.make, path, lock)
        _put(path, plan)
        os.sync()
        rootrecord.write(host, complete)
    except BaseException as error:
        problem = _undo(host, plan, found, kept, made, mode, lock)
        if problem and isinstance(error, JailError):
            raise JailError(f"{error.message.rstrip('.')}. {problem}", **error.details) from error
        raise
    return complete


def _undo(
    host: Host,
    plan: Plan,
    found: Found,
    kept: tuple[str, ...],
    made: Sequence[beneath.Made],
    mode: int,
    lock: Sequence[int],
) -> str:
    """Take away what was made. Returns what couldn't be done, in words, or ''."""
    try:
        purge.clear(host, found.path, (*plan.clear, *plan.make), lock)
        if kept and found.record is not None:
            rootrecord.write(host, replace(found.record, parts=kept, making=()))
        else:
            rootrecord.forget(host, found.path)
    except (JailError, OSError) as error:
        return f"What was made of it is still there ({error}); the next run clears it away."
    with contextlib.suppress(OSError):
        if mode:
            os.chmod(found.path, mode)
    beneath.unmake(made)
    return ""


def _put(root: str, plan: Plan) -> None:
    for _there, file in plan.files:
        rootfiles.put(root, file)
