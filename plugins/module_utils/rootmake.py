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
    locks,
    purge,
    rootcontent,
    rootdiff,
    rootfiles,
    rootlook,
    rootplan,
    rootrecord,
    rootuse,
)
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import Host
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
    path = rootlook.resolved(host, path, "path")
    rootuse.refuse_host(host, path)
    if wanted.base:
        wanted = replace(wanted, base=rootlook.resolved(host, wanted.base, "base"))
    plan, found, warnings = rootlook.decide(host, wanted, path, check_mode)
    record = found.record
    steps: list[Step] = []
    if check_mode or not plan.changes:
        state = "absent" if not found.inode else "cut short" if rootplan.unfinished(found) else "present"
        if state == "absent" and not check_mode:
            rootrecord.forget(host, path)  # of a root that somebody else removed
    else:
        names = {f".root-{rootrecord.identity(one)}": f"root {one}" for one in filter(None, (path, wanted.base))}
        with locks.held(host, names, options["lock_timeout"]) as lock:
            plan, found, warnings = rootlook.decide(host, wanted, path, check_mode)
            record = _apply(host, wanted, plan, found, lock, options["lock_timeout"], steps)
        state = "present" if wanted.present else "absent"
    return Outcome(path, state, record, plan, rootdiff.of(wanted, found, plan), tuple(warnings), tuple(steps))


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
