# SPDX-License-Identifier: BSD-2-Clause
"""Mounting file systems into a jail's root, and unmounting them, whoever owns what is inside of it.

A directory is verified component by component, and mounted on from within: nmount(2) with the path `.`. So whatever
somebody puts in its way meanwhile, the mount is on that directory. A file can't be mounted on so; therefore each mount
is looked for afterwards on the way that it was meant to be reached, and taken back, by its fsid, if it isn't there.
mount(8) would follow links (recorded: esc-1), so it is only asked what is mounted.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.bsd.jail.plugins.module_utils import (
    beneath,
    configured,
    mountlook,
    mounttable,
    others,
    roots,
    state,
)
from ansible_collections.bsd.jail.plugins.module_utils.beneath import Made
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import FSTAT, Host
from ansible_collections.bsd.jail.plugins.module_utils.mountlook import failed, is_of_file, is_same
from ansible_collections.bsd.jail.plugins.module_utils.mountplan import (
    NULLFS,
    Found,
    Mount,
    Plan,
    node,
    plan_mount,
    plan_unmount,
    wanted_mounts,
)
from ansible_collections.bsd.jail.plugins.module_utils.mounttable import Mounted
from ansible_collections.bsd.jail.plugins.module_utils.roots import NoSuchJailError, Root

# Held beside the jail's lock, because roots can lie in one another. No jail has that name.
LOCK = ".mounts"


@dataclass(frozen=True)
class Outcome:
    """What was done, or would be in a check run.

    root: where, None in a check run for a jail that isn't there yet. plan: the steps.
    made: the directories and files that were made to mount on. warnings: what the user should know.
    """

    root: Root | None
    plan: Plan
    made: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def converge(host: Host, options: Mapping[str, Any], check_mode: bool = False) -> Outcome:
    """Do what the module's options ask for. Raises JailError.

    In a check run, an earlier task might have made the jail: if it isn't there, that is a warning, and nothing is
    mounted in it.
    """
    unmount = options["state"] == "unmounted"
    try:
        root = roots.of_path(options["root"]) if options["name"] is None else roots.of_jail(host, options["name"])
    except NoSuchJailError as error:
        if not check_mode:
            raise
        label = f"jail {options['name']}"
        plan = (plan_unmount if unmount else plan_mount)(
            label, wanted_mounts(label, options["mounts"], unmount), Found("", (), {}), options["force"]
        )
        return Outcome(None, plan, warnings=(error.message,))
    return (unmount_all if unmount else mount_all)(
        host,
        root,
        wanted_mounts(root.label, options["mounts"], unmount),
        force=options["force"],
        check_mode=check_mode,
        lock_timeout=options["lock_timeout"],
    )


def mount_all(
    host: Host,
    root: Root,
    wanted: Sequence[Mount],
    *,
    force: bool = False,
    check_mode: bool = False,
    lock_timeout: float = 60,
) -> Outcome:
    """See to it that all wanted mounts are there, in their order (mountplan.wanted_mounts). Those that are there
    aren't touched; those that are there otherwise are replaced.

    force: unmount what is busy, what is mounted below, and what holds files. lock_timeout: seconds.
    Raises JailError; then what was mounted and made is taken away again, and a nullfs that was to be replaced is back.
    """
    return _converge(host, root, wanted, plan_mount, force, check_mode, lock_timeout)


def unmount_all(
    host: Host,
    root: Root,
    wanted: Sequence[Mount],
    *,
    force: bool = False,
    check_mode: bool = False,
    lock_timeout: float = 60,
) -> Outcome:
    """See to it that nothing is mounted on the destinations of some mounts, in reverse order.

    force: unmount what is busy, and what is mounted below. lock_timeout: seconds.
    Raises JailError, which tells of each that can't be unmounted; the others are.
    """
    return _converge(host, root, wanted, plan_unmount, force, check_mode, lock_timeout)


def _converge(
    host: Host,
    root: Root,
    wanted: Sequence[Mount],
    make_plan: Callable[[str, Sequence[Mount], Found, bool], Plan],
    force: bool,
    check_mode: bool,
    lock_timeout: float,
) -> Outcome:
    host.check()
    warnings: list[str] = []

    def look_and_plan() -> tuple[Found, Plan]:
        resolved = mountlook.with_sources(root, wanted, check_mode, warnings)
        found = mountlook.look(host, root, resolved)
        plan = make_plan(root.label, resolved, found, force)
        mountlook.check(host, root, wanted, plan, check_mode, warnings)
        return found, plan

    found, plan = look_and_plan()
    if check_mode or not (plan.unmounts or plan.mounts):
        return Outcome(root, plan, warnings=tuple(warnings))
    names = [] if root.jail is None else [root.jail.replace("/", "%2f")]
    with state.locked(host, [*names, LOCK], lock_timeout):
        if root.jail is not None:
            others.wait(host, configured.load(host), {root.jail}, lock_timeout)
            root = roots.of_jail(host, root.jail)
        found, plan = look_and_plan()
        made = carry_out(host, root, plan, found, force) if plan.mounts else _unmount(host, root, plan, force)
    return Outcome(root, plan, tuple(made), tuple(warnings))


# --- mounting ---------------------------------------------------------------------------------------------------------


def carry_out(host: Host, root: Root, plan: Plan, found: Found, force: bool) -> list[str]:
    """Do a plan that mounts. Returns the paths of what was made to mount on. The caller holds the locks.

    Raises JailError; then what was mounted and made is taken away again, and a nullfs that was to be replaced is back.
    """
    known = {one.fsid for one in found.table}
    gone: list[Mounted] = []
    done: list[str] = []
    made: list[Made] = []
    try:
        for one in plan.unmounts:
            _unmount_one(host, root, one, force)
            gone.append(one)
        for mount in plan.mounts:
            done.append(_mount_one(host, root, mount, known, made))
            known.add(done[-1])
    except BaseException as error:
        left = _undo(host, root, done, made, gone, known)
        if left and isinstance(error, JailError):
            raise type(error)(f"{error.message} Undoing it: {' '.join(left)}", **error.details) from error
        raise
    return [one.path for one in made]


def _mount_one(host: Host, root: Root, mount: Mount, known: set[str], made: list[Made]) -> str:
    """Mount one file system, and see to it that it is where it should be. Returns its fsid."""
    path = node(root.path, mount.destination)
    try:
        if is_of_file(mount):
            with beneath.opened(os.path.dirname(path), made) as directory:
                beneath.make_file(directory, path, made)
                host.fstatfs(directory)  # if that fails, it had better be before there is a mount
                host.nmount(directory, os.path.basename(path), mount.fstype, mount.source, mount.options)
        else:
            with beneath.opened(path, made) as directory:
                beneath.check_directory(directory, path)
                host.fstatfs(directory)
                host.nmount(directory, ".", mount.fstype, mount.source or "null", mount.options)
        return _verified(host, root, mount, path, known)
    except OSError as error:
        raise failed(root, mount.destination, f"{path}: {error.strerror}.") from error
    except InputError as error:
        raise failed(root, mount.destination, error.message) from error


def _verified(host: Host, root: Root, mount: Mount, path: str, known: set[str]) -> str:
    """The fsid of what was just mounted, if its path leads to it and nullfs shows its source. Otherwise it is taken
    away again. Raises InputError.
    """
    with contextlib.suppress(OSError, JailError), beneath.opened(path) as here:
        there = host.fstatfs(here)
        if there.fsid not in known and there.fstype == mount.fstype and there.node == path:
            if mount.fstype != NULLFS:
                return there.fsid
            with beneath.opened(mount.source) as source:
                if is_same(os.fstat(here), os.fstat(source)):
                    return there.fsid
    for one in mounttable.read(host):
        is_ours = one.special == mount.source if mount.fstype == NULLFS else beneath.is_within(one.node, root.path)
        if is_ours and one.fsid not in known and one.fstype == mount.fstype:
            try:
                host.unmount(one.fsid, True)
            except OSError as error:
                raise InputError(
                    "somebody changed what lies on its way while it was mounted. "
                    f"It is on {one.node}, and can't be unmounted: {error.strerror}."
                ) from error
    raise InputError(
        "somebody changed what lies on its way, or its source, while it was mounted. It is unmounted again."
    )


def _undo(
    host: Host, root: Root, done: Sequence[str], made: Sequence[Made], gone: Sequence[Mounted], known: set[str]
) -> list[str]:
    """Unmount what was mounted, remove what was made, and mount again those nullfs that had been unmounted, of which
    mount(8) tells all. Returns what isn't as it was.
    """
    left = []
    for fsid in reversed(done):
        try:
            host.unmount(fsid, True)
        except OSError as error:
            left.append(f"the file system with the fsid {fsid} can't be unmounted: {error.strerror}.")
    beneath.unmake(made)
    for one in reversed(gone):
        if one.fstype != NULLFS:
            left.append(f"{one.node} ({one.fstype}) was unmounted, and isn't mounted again.")
            continue
        destination = one.node[len(root.path.rstrip("/")) :] or "/"
        before = Mount(destination, NULLFS, one.special, tuple(sorted(one.options)))
        try:
            known.add(_mount_one(host, root, before, known, []))
        except JailError as error:
            left.append(f"{one.node} was unmounted, and can't be mounted again: {error.message}")
    return left


# --- unmounting -------------------------------------------------------------------------------------------------------


def _unmount(host: Host, root: Root, plan: Plan, force: bool) -> list[str]:
    """Do a plan that only unmounts: all that can be. Raises JailError that tells of the others."""
    problems = []
    for one in plan.unmounts:
        try:
            _unmount_one(host, root, one, force)
        except JailError as error:
            problems.append(error.message)
    if problems:
        raise JailError(" ".join(problems), jail=root.jail)
    return []


def _unmount_one(host: Host, root: Root, one: Mounted, force: bool) -> None:
    try:
        host.unmount(one.fsid, force)
    except OSError as error:
        if error.errno == errno.ENOENT:
            return  # somebody else was faster
        users = _users(host, one) if error.errno == errno.EBUSY else ""
        raise JailError(
            f"{root.label}: {one.node} can't be unmounted: {error.strerror}{users}.", jail=root.jail
        ) from error


def _users(host: Host, one: Mounted) -> str:
    """Who keeps a file system busy, where fstat(1) can tell (recorded: bsy-1)."""
    try:
        lines = host.run(FSTAT, "-f", one.node).stdout.splitlines()[1:]
    except JailError:
        return ""
    users = sorted({f"{fields[1]} (pid {fields[2]})" for fields in map(str.split, lines) if len(fields) > 2})
    return f". It is used by {', '.join(users)}. Use 'force: true' to unmount it all the same" if users else ""
