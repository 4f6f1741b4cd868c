# SPDX-License-Identifier: BSD-2-Clause
"""What is mounted under a jail's root, and what can be known to be wrong about what is to be done there."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import replace

from ansible_collections.bsd.jail.plugins.module_utils import beneath, jls, mounttable
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError
from ansible_collections.bsd.jail.plugins.module_utils.host import Host
from ansible_collections.bsd.jail.plugins.module_utils.mountplan import (
    NULLFS,
    TMPFS,
    Found,
    Mount,
    Plan,
    is_as_wanted,
    node,
)
from ansible_collections.bsd.jail.plugins.module_utils.mounttable import Mounted
from ansible_collections.bsd.jail.plugins.module_utils.roots import Root


def with_sources(root: Root, wanted: Sequence[Mount], check_mode: bool, warnings: list[str]) -> list[Mount]:
    """The wanted mounts with the sources of nullfs resolved. Raises InputError for one that isn't there, or is neither
    a directory nor a file.

    In a check run, an earlier task might have made it: then it is a warning.
    """
    resolved = []
    for mount in wanted:
        if mount.fstype == NULLFS:
            try:
                source = _resolved(root, mount, [root.path])
                mode = os.stat(source).st_mode
            except FileNotFoundError:
                message = f"{_source(root, mount)} isn't there."
                if not check_mode:
                    raise InputError(message, parameter="mounts") from None
                warnings.append(message)
            except OSError as error:
                raise InputError(
                    f"{_source(root, mount)} can't be used: {error.strerror}.", parameter="mounts"
                ) from error
            else:
                if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
                    raise InputError(
                        f"{_source(root, mount)} is {beneath.kind(mode)}: nullfs takes directories and files.",
                        parameter="mounts",
                    )
                mount = replace(mount, source=source)
        resolved.append(mount)
    return resolved


def _resolved(root: Root, mount: Mount, jails: Sequence[str]) -> str:
    try:
        return beneath.resolve(mount.source, jails)
    except InputError as error:
        raise InputError(f"{_source(root, mount)}: {error.message}", parameter="mounts") from error


def _source(root: Root, mount: Mount) -> str:
    return f"{root.label}: the source {mount.source!r} of the mount with the destination {mount.destination!r}"


def look(host: Host, root: Root, wanted: Sequence[Mount]) -> Found:
    """What is mounted under a root, and whether it is reached there."""
    found = Found(root.path, mounttable.read(host), {})
    astray: dict[str, str] = {}
    covered: list[str] = []
    for mount in wanted:
        if not mount.fstype or any(beneath.is_within(mount.destination, other) for other in covered):
            continue  # it is to be unmounted, or lies in what isn't mounted yet
        there = found.at(mount.destination)
        why = _why_astray(host, root, mount, there[-1] if there else None)
        if why:
            astray[mount.destination] = why
        if why or not there or not is_as_wanted(mount, there[-1], found.table):
            covered.append(mount.destination)
    nodes = [found.node(mount.destination) for mount in wanted]
    filled = frozenset(
        one.fsid
        for one in found.table
        if one.fstype == TMPFS and any(beneath.is_within(one.node, node) for node in nodes) and is_filled(host, one)
    )
    return replace(found, astray=astray, filled=filled)


def _why_astray(host: Host, root: Root, mount: Mount, top: Mounted | None) -> str:
    """Why what the table says is mounted on a place isn't what is seen there, or isn't what it was mounted of any more;
    '' if all is well. Raises InputError for a place that can't be mounted on.
    """
    path = node(root.path, mount.destination)
    try:
        with beneath.opened(path) as here:
            if top is None:
                _check_kind(root, mount, os.fstat(here).st_mode)
            elif host.fstatfs(here).fsid != top.fsid:
                return "its path leads elsewhere now"
            elif mount.fstype == top.fstype == NULLFS and mount.source == top.special:
                return "" if is_same(os.fstat(here), os.stat(mount.source)) else "its source has been replaced since"
    except FileNotFoundError:
        return "its path leads elsewhere now" if top is not None else ""
    except OSError as error:
        raise failed(root, mount.destination, f"{path}: {error.strerror}.") from error
    except InputError as error:
        raise failed(root, mount.destination, error.message) from error
    return ""


def _check_kind(root: Root, mount: Mount, mode: int) -> None:
    """Raise InputError where the file system can't be mounted on what is there."""
    if is_of_file(mount):
        if not stat.S_ISREG(mode):
            raise InputError(f"it is {beneath.kind(mode)}, and the source {mount.source} is a file.")
    elif not stat.S_ISDIR(mode):
        raise InputError(f"it is {beneath.kind(mode)}, and has to be a directory.")


def is_of_file(mount: Mount) -> bool:
    """Whether a file is mounted, on a file."""
    return mount.fstype == NULLFS and os.path.isfile(mount.source)


def is_same(mounted: os.stat_result, source: os.stat_result) -> bool:
    """Whether what is seen through a nullfs is its source: all but the device's number comes from there.

    Inode numbers are unique only on one file system, and a jail may have one to itself: then the generation tells.
    """
    names = ("st_ino", "st_gen", "st_birthtime")  # Linux has the first alone
    return stat.S_IFMT(mounted.st_mode) == stat.S_IFMT(source.st_mode) and all(
        getattr(mounted, name, None) == getattr(source, name, None) for name in names
    )


def is_filled(host: Host, mounted: Mounted) -> bool:
    """Whether a tmpfs holds files, or can't be looked into."""
    try:
        with beneath.opened(mounted.node) as here:
            if host.fstatfs(here).fsid != mounted.fsid:
                return True
            inside = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=here)
            try:
                return bool(os.listdir(inside))
            finally:
                os.close(inside)
    except (OSError, InputError):
        return True


def check(host: Host, root: Root, wanted: Sequence[Mount], plan: Plan, check_mode: bool, warnings: list[str]) -> None:
    """Refuse what can be known to be wrong about a plan. Raises InputError."""
    own = [one.node for one in plan.unmounts if one.node in root.own]
    own += [path for path in (node(root.path, one.destination) for one in plan.mounts) if path in root.own]
    if own:
        raise InputError(
            f"{root.label}: {own[0]} is mounted by the jail's own configuration, and jail(8) sees to that. "
            "Change it there (with bsd.jail.jail: its option mounts).",
            parameter="mounts",
        )
    if not plan.mounts:
        return
    if root.runs and any(one.destination == "/" for one in plan.mounts):
        raise failed(root, "/", "the jail runs, and wouldn't see what is mounted on its root. Stop it first.")
    if not os.path.isdir(root.path):
        message = f"{root.label}: {root.path} isn't there, or isn't a directory."
        if not check_mode:
            raise InputError(message, parameter="root" if root.jail is None else "name")
        warnings.append(message)
    jails = [root.path, *(jail.text("path") for jail in jls.running(host).values())]
    try:
        beneath.resolve(root.given or root.path, jails)
    except InputError as error:
        raise InputError(f"{root.label}: {error.message}", parameter="root" if root.jail is None else "name") from error
    changing = {one.destination for one in plan.mounts}
    for mount in wanted:
        if mount.fstype == NULLFS and mount.destination in changing:
            _resolved(root, mount, jails)


def failed(root: Root, destination: str, why: str) -> InputError:
    """The error that says why a mount can't be."""
    return InputError(f"{root.label}: the mount with the destination {destination!r}: {why}", parameter="mounts")
