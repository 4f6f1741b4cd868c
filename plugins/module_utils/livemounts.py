# SPDX-License-Identifier: BSD-2-Clause
"""What has to be mounted and unmounted so that a running jail has the mounts of another configuration: pure.

jail(8) mounts when a jail starts and unmounts when it stops, and does nothing of it in between (recorded: mod-10).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from ansible_collections.bsd.jail.plugins.module_utils import beneath, fstab, mounttable
from ansible_collections.bsd.jail.plugins.module_utils.confread import Setting
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError
from ansible_collections.bsd.jail.plugins.module_utils.mountplan import (
    NULLFS,
    TMPFS,
    Found,
    Mount,
    at_or_below,
    is_as_wanted,
    node,
)
from ansible_collections.bsd.jail.plugins.module_utils.mounttable import Mounted
from ansible_collections.bsd.jail.plugins.module_utils.params import is_literal

# In jail(8)'s order (FreeBSD's usr.sbin/jail/command.c), and where (recorded: dev-2).
_BY_PARAMETER = {
    "mount.devfs": ("/dev", "devfs"),
    "mount.fdescfs": ("/dev/fd", "fdescfs"),
    "mount.procfs": ("/proc", "procfs"),
}
PARAMETERS = ("mount", *_BY_PARAMETER)
# What jail(8) mounts a jail's /dev with, where nothing else is said (recorded: dev-2).
DEVFS_RULESET = "4"
# Types for which nmount(2) alone is enough; others have a mount program of their own that knows more.
_BY_NMOUNT = frozenset((NULLFS, TMPFS, "devfs", "fdescfs", "procfs", "linprocfs", "linsysfs"))
# For rc(8) and mount -a; mount(8) drops them (recorded: opt-1).
_FOR_FSTAB = frozenset(("noauto", "late", "failok"))


@dataclass(frozen=True)
class Line:
    """One mount of a configuration.

    parameter: what asks for it. mount: what is mounted, its destination '' where that lies outside of the jail's path.
    text: as fstab(5) would have it.
    """

    parameter: str
    mount: Mount
    text: str


@dataclass(frozen=True)
class Change:
    """What is to be done.

    unmounts, mounts: in their order. unmounted: the former as they were configured, in the order of mounting.
    before, after: the lines of fstab(5) that go and come. restart: the parameters for whose sake it takes a restart
    instead; then there is nothing else.
    """

    unmounts: tuple[Mounted, ...] = ()
    mounts: tuple[Mount, ...] = ()
    unmounted: tuple[Mount, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()


def ruleset(settings: Mapping[str, Setting]) -> str:
    """The devfs ruleset that jail(8) mounts the jail's /dev with."""
    value = settings.get("devfs_ruleset")
    return value[-1].text if isinstance(value, tuple) and value else DEVFS_RULESET


def lines(settings: Mapping[str, Setting], path: str) -> tuple[Line, ...]:
    """The mounts of a configuration, as far as they have no variables, in the order in which jail(8) mounts them.

    path: the jail's, as the kernel shows it.
    """
    given = settings.get("path")
    spelled = given[-1].text if isinstance(given, tuple) and given else path
    found = []
    value = settings.get("mount")
    for item in value if isinstance(value, tuple) and is_literal(value) else ():
        fields = fstab.respell(item.text, spelled, path).split()
        if len(fields) < 3 or fields[0].startswith("#"):
            continue
        source, point, fstype = (fstab.decode(field) for field in fields[:3])
        options = tuple(one for one in fields[3].split(",") if one not in _FOR_FSTAB) if len(fields) > 3 else ()
        options = tuple(one for one in options if one != "rw" or "ro" in options)
        destination = (point[len(path.rstrip("/")) :] or "/") if beneath.is_within(point, path) else ""
        found.append(Line("mount", Mount(destination, fstype, source, options), " ".join(fields[:4])))
    for parameter, (destination, fstype) in _BY_PARAMETER.items():
        if settings.get(parameter) is True:
            options = (f"ruleset={ruleset(settings)}",) if fstype == "devfs" else ()
            text = f"{fstype} {node(path, destination)} {fstype}"
            found.append(Line(parameter, Mount(destination, fstype, "", options), text))
    return tuple(found)


def had(old: Mapping[str, Setting], begun: Mapping[str, Setting], path: str) -> tuple[Line, ...]:
    """The mounts that a jail may have: those that it was started with, and those that a change which was cut short was
    about to give it.
    """
    lines_of_old = lines(old, path)
    places = {line.mount.destination for line in lines_of_old}
    return (*lines_of_old, *(line for line in lines(begun, path) if line.mount.destination not in places))


def change(
    name: str,
    path: str,
    old: Sequence[Line],
    new: Sequence[Line],
    table: Sequence[Mounted] | None,
    busy: Collection[str] = (),
) -> Change:
    """From the mounts of one configuration to those of another.

    old, new: what the jail was started with, or changed to since, and what it shall have. table: what is mounted on the
    host; None if nobody looked: then what it was started with. busy: the paths of mounts that are in use.
    Raises InputError if something that isn't the jail's is mounted below what has to be unmounted.
    """
    found = Found(path, tuple(table) if table is not None else _as_started(path, old), {})
    had, wanted = {line.mount.destination: line for line in old}, {line.mount.destination: line for line in new}
    leaving = [place for place, line in had.items() if place not in wanted and _is_there(found, line)]
    changing: list[str] = []
    for place, line in wanted.items():
        is_below = any(place and beneath.is_within(place, above) for above in (*leaving, *changing))
        if is_below or not _is_right(found, line, had.get(place)):
            changing.append(place)
    if "" in changing or "" in leaving:
        return Change(restart=("mount",))
    unmounts = at_or_below(found, [place for place in (*leaving, *changing) if found.at(place)])
    by_node = {node(path, place): line for place, line in (*wanted.items(), *had.items())}
    restart = {by_node[one.node].parameter for one in unmounts if one.node in busy and one.node in by_node}
    restart |= {
        wanted[place].parameter for place in changing if wanted[place].mount.fstype not in _BY_NMOUNT or place == "/"
    }
    restart |= {had[place].parameter for place in leaving if place == "/"}
    if restart:
        return Change(restart=tuple(sorted(restart)))
    _refuse_strangers(name, unmounts, by_node)
    mounts = [line for place, line in wanted.items() if place in changing]
    return Change(
        unmounts,
        tuple(line.mount for line in mounts),
        tuple(by_node[one.node].mount for one in reversed(unmounts)),
        tuple(by_node[one.node].text for one in reversed(unmounts)),
        tuple(line.text for line in mounts),
    )


def _as_started(path: str, old: Sequence[Line]) -> tuple[Mounted, ...]:
    return tuple(
        Mounted(
            line.mount.fstype,
            line.mount.source if line.mount.fstype == NULLFS else line.mount.fstype,
            node(path, line.mount.destination),
            mounttable.shown(line.mount.options),
            "",
        )
        for line in old
    )


def _is_there(found: Found, line: Line) -> bool:
    there = found.at(line.mount.destination) if line.mount.destination else []
    return not line.mount.destination or (bool(there) and there[-1].fstype == line.mount.fstype)


def _is_right(found: Found, line: Line, before: Line | None) -> bool:
    """Whether a mount is there as it should be.

    Options that mount(8) doesn't show are compared with what it was mounted with. A devfs isn't mounted anew for its
    ruleset.
    """
    if before is not None and _remembered(before) != _remembered(line):
        return False
    if not line.mount.destination:
        return before is not None
    there = found.at(line.mount.destination)
    return bool(there) and is_as_wanted(line.mount, there[-1], found.table)


def _remembered(line: Line) -> object:
    """What a mount was mounted with, in a form that can be compared."""
    mount = replace(line.mount, source="") if line.mount.fstype != NULLFS else line.mount
    return mount.fstype, mount.source, frozenset(mount.options) if line.parameter != "mount.devfs" else ()


def _refuse_strangers(name: str, unmounts: Sequence[Mounted], ours: Collection[str]) -> None:
    strangers = [one.node for one in unmounts if one.node not in ours]
    if strangers:
        raise InputError(
            f"jail {name}: {', '.join(strangers)} is mounted below what has to be unmounted, and isn't in the jail's "
            "configuration. Unmount it first, for example with bsd.jail.jail_mount.",
            jail=name,
            parameter="mount",
        )
