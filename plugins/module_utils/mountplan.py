# SPDX-License-Identifier: BSD-2-Clause
"""Which mounts are wanted, and what has to be done for them: pure, so that a check run tells what a real one will."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.bsd.jail.plugins.module_utils import fstab, mounttable
from ansible_collections.bsd.jail.plugins.module_utils.beneath import is_within
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError
from ansible_collections.bsd.jail.plugins.module_utils.mounttable import Mounted

NULLFS, TMPFS = "nullfs", "tmpfs"
# The ruleset devfsrules_jail, which jail(8) mounts a jail's /dev with unless told otherwise (recorded: dev-2).
_DEVFS_RULESET = "ruleset=4"
_TYPE = re.compile(r"[A-Za-z0-9_.-]{1,15}")
# nmount(2) has names of its own among the options, and mount(8) commands (sys/kern/vfs_mount.c, sbin/mount/mntopts.h).
_NO_OPTIONS = frozenset("errmsg fspath fstype from target update reload snapshot force current".split())
# These tell rc(8) and mount -a when to mount; mount(8) drops them (recorded: opt-1).
_FOR_FSTAB = frozenset(("noauto", "late", "failok"))
# nullfs takes any word, and says nothing (recorded: mnt-3). These mean something to it (mount_nullfs(8)).
# Of the options that a nullfs has, those that mount(8) shows (nullfs_statfs() of sys/fs/nullfs/null_vfsops.c).
_NULLFS_SHOWS = frozenset(("ro", "noexec", "nosuid", "nosymfollow", "union"))
_NULLFS = mounttable.GENERAL | frozenset(("cache", "nocache", "unixbypass", "nounixbypass"))


@dataclass(frozen=True)
class Mount:
    """A mount that is wanted.

    destination: as the jail sees it, absolute, `/` for the root itself. fstype: nullfs, tmpfs, ....
    source: for nullfs an absolute path of the host; '' for none. options: `name` or `name=value`.
    """

    destination: str
    fstype: str = ""
    source: str = ""
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """What was found under a root.

    root: its resolved path. table: what is mounted on the host, in the order of mounting.
    astray: by destination, why what is mounted there isn't what is wanted, though the table says so.
    filled: the fsids of those tmpfs that hold files, or may.
    """

    root: str
    table: tuple[Mounted, ...]
    astray: Mapping[str, str]
    filled: frozenset[str] = frozenset()

    def node(self, destination: str) -> str:
        """The path on the host of a place in the jail."""
        return node(self.root, destination)

    def at(self, destination: str) -> list[Mounted]:
        """What is mounted on a place, the topmost last."""
        return [one for one in self.table if one.node == self.node(destination)]


@dataclass(frozen=True)
class Plan:
    """What is to be done.

    unmounts, mounts: each in the order in which they are done. before, after: lines of fstab(5), for people.
    """

    unmounts: tuple[Mounted, ...]
    mounts: tuple[Mount, ...]
    before: str
    after: str


def node(root: str, destination: str) -> str:
    """The path on the host of a place in a jail."""
    return root.rstrip("/") + destination if destination != "/" else root


def wanted_mounts(label: str, mounts: Sequence[Mapping[str, Any]], unmount: bool = False) -> tuple[Mount, ...]:
    """What the option `mounts` asks for, in the order of mounting: as given, but none before what it lies in.

    label: what to call the jail in messages. unmount: only the destinations matter. Raises InputError.
    """
    result: dict[str, Mount] = {}
    for given in mounts:
        mount = _unmount_of(label, given) if unmount else _mount_of(label, given)
        if mount.destination in result:
            raise _refused(label, mount.destination, "two mounts have this destination.")
        result[mount.destination] = mount
    ordered: dict[str, Mount] = {}
    for destination in result:
        above = [other for other in result if is_within(destination, other)]
        ordered.update((other, result[other]) for other in sorted(above, key=len) if other not in ordered)
    return tuple(ordered.values())


def _unmount_of(label: str, given: Mapping[str, Any]) -> Mount:
    return Mount(_destination(label, given["destination"]))


def _mount_of(label: str, given: Mapping[str, Any]) -> Mount:
    destination = _destination(label, given["destination"])
    fstype, source = given.get("type") or "", given.get("source") or ""
    options = tuple(one for one in given.get("options") or () if one not in _FOR_FSTAB)
    if not _TYPE.fullmatch(fstype):
        raise _refused(label, destination, f"type is {fstype!r}: give one of FreeBSD's, such as nullfs or tmpfs.")
    if "\0" in source:
        raise _refused(label, destination, "a source can't hold a NUL character.")
    _check_options(label, destination, fstype, options)
    if fstype == NULLFS and not source.startswith("/"):
        raise _refused(label, destination, f"source is {source!r}: for nullfs, give an absolute path of the host.")
    if fstype == "devfs" and not any(one.startswith("ruleset=") for one in options):
        options += (_DEVFS_RULESET,)
    return Mount(destination, fstype, source, options)


def _destination(label: str, given: str) -> str:
    if not given.startswith("/"):
        raise _refused(label, given, "it isn't absolute. Give it as the jail sees it.")
    if ".." in given.split("/"):
        raise _refused(label, given, "it has '..' in it. Give it without.")
    if "\0" in given:
        raise _refused(label, given, "it holds a NUL character.")
    return os.path.normpath("/" + given.lstrip("/"))


def _check_options(label: str, destination: str, fstype: str, options: tuple[str, ...]) -> None:
    for option in options:
        name = option.partition("=")[0]
        if not name or re.search(r"[,\s\0]", option):
            raise _refused(label, destination, f"{option!r} isn't one option. Give a list, each by itself.")
        if name in _NO_OPTIONS:
            raise _refused(label, destination, f"{name} isn't an option of a file system.")
        if fstype == NULLFS and name not in _NULLFS:
            known = ", ".join(sorted(_NULLFS))
            raise _refused(
                label, destination, f"nullfs has no option {option!r}, but would keep silent. It has: {known}."
            )


def _refused(label: str, destination: str, why: str) -> InputError:
    return InputError(f"{label}: the mount with the destination {destination!r}: {why}", parameter="mounts")


def is_as_wanted(mount: Mount, mounted: Mounted, table: Sequence[Mounted]) -> bool:
    """Whether a mounted file system is the one that is wanted, as far as mount(8) tells: sizes and the like it doesn't.

    table: what else is mounted. A source is compared where there is one: file systems without a source have their
    type's name in its place.
    """
    if mounted.fstype != mount.fstype:
        return False
    if mounted.special != mounted.fstype and mount.source not in ("", mounted.special):
        return False
    asked = mounttable.shown(mount.options)
    if mount.fstype != NULLFS:
        return mounted.options == asked
    # A nullfs shows these of its own, and beside them whatever the file system of its source has.
    asked &= _NULLFS_SHOWS
    return asked <= mounted.options <= asked | mounttable.of_path(table, mount.source).options


def plan_mount(label: str, wanted: Sequence[Mount], found: Found, force: bool) -> Plan:
    """What makes wanted mounts be there. One that has to be replaced takes along what is mounted below it, which has to
    be wanted too, or forced; and a tmpfs loses its files, which has to be forced. Raises InputError.
    """
    changing: list[str] = []
    for mount in wanted:
        there = found.at(mount.destination)
        is_right = bool(there) and is_as_wanted(mount, there[-1], found.table) and mount.destination not in found.astray
        if not is_right or any(is_within(mount.destination, other) for other in changing):
            changing.append(mount.destination)
    unmounts = at_or_below(found, changing)
    if not force:
        _check_strangers(label, found, unmounts, [mount.destination for mount in wanted])
        for one in unmounts:
            if one.fsid in found.filled:
                raise InputError(
                    f"{label}: the tmpfs on {one.node} isn't as asked for, and to replace it loses the files in it. "
                    "Use 'force: true' for that.",
                    parameter="mounts",
                )
    mounts = tuple(mount for mount in wanted if mount.destination in changing)
    kept = [mount for mount in wanted if mount.destination not in changing]
    before = [_line_of_mount(found, mount) for mount in kept] + [_line(one, found) for one in reversed(unmounts)]
    after = [_line_of_mount(found, mount) for mount in (*kept, *mounts)]
    return Plan(unmounts, mounts, "".join(before), "".join(after))


def plan_unmount(label: str, wanted: Sequence[Mount], found: Found, force: bool) -> Plan:
    """What makes nothing be mounted on the destinations of wanted mounts. What is mounted below them has to be among
    them, or forced. Raises InputError.
    """
    destinations = [mount.destination for mount in wanted]
    unmounts = at_or_below(found, [one for one in destinations if found.at(one)])
    if not force:
        _check_strangers(label, found, unmounts, destinations)
    return Plan(unmounts, (), "".join(_line(one, found) for one in reversed(unmounts)), "")


def at_or_below(found: Found, destinations: Sequence[str]) -> tuple[Mounted, ...]:
    """What is mounted on places and below them, the last mounted first."""
    nodes = [found.node(one) for one in destinations]
    return tuple(one for one in reversed(found.table) if any(is_within(one.node, node) for node in nodes))


def _check_strangers(label: str, found: Found, unmounts: Sequence[Mounted], destinations: Sequence[str]) -> None:
    """Refuse to take away, or to hide, what nobody spoke of. Raises InputError."""
    nodes = [found.node(one) for one in destinations]
    strangers = [one.node for one in unmounts if one.node not in nodes]
    if strangers:
        raise InputError(
            f"{label}: {', '.join(strangers)} is mounted below what is to be changed. Name it in mounts too, or use "
            "'force: true' to have it unmounted.",
            parameter="mounts",
        )


def _line_of_mount(found: Found, mount: Mount) -> str:
    return fstab.mount_line(mount.source, found.node(mount.destination), mount.fstype, mount.options) + "\n"


def _line(mounted: Mounted, found: Found) -> str:
    line = fstab.mount_line(mounted.special, mounted.node, mounted.fstype, sorted(mounted.options))
    why = next((text for place, text in found.astray.items() if found.node(place) == mounted.node), "")
    return f"{line} # {why}\n" if why else f"{line}\n"
