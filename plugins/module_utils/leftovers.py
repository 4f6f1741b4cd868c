# SPDX-License-Identifier: BSD-2-Clause
"""What a jail leaves behind that was removed by something else than jail(8)'s own stop: `jail -R`, its last process,
or the end of a jail(8) half way. Its mounts stay and its addresses stay, and `jail -C` doesn't take them away
(recorded: cln-1): we do, by the jail's record. So do its epairs, also where a start failed (recorded: exs-2).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.bsd.jail.plugins.module_utils import (
    addresses,
    beneath,
    epairs,
    livemounts,
    mountplan,
    mounttable,
)
from ansible_collections.bsd.jail.plugins.module_utils.addresses import Alias
from ansible_collections.bsd.jail.plugins.module_utils.configured import settings_of
from ansible_collections.bsd.jail.plugins.module_utils.confread import Setting
from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import IFCONFIG, Host, interface_names
from ansible_collections.bsd.jail.plugins.module_utils.jls import Jail
from ansible_collections.bsd.jail.plugins.module_utils.mounttable import Mounted
from ansible_collections.bsd.jail.plugins.module_utils.state import Record


@dataclass(frozen=True)
class Leftovers:
    """mounts: in the order in which they are unmounted. aliases: addresses on the host's interfaces. epairs: the host's
    ends.
    """

    mounts: tuple[Mounted, ...] = ()
    aliases: tuple[Alias, ...] = ()
    epairs: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """What there is, for people."""
        return tuple(
            [f"mount: {one.special} on {one.node}" for one in self.mounts]
            + [f"address: {alias.text}" for alias in self.aliases]
            + [f"epair: {one}" for one in self.epairs]
        )


def look(
    host: Host,
    gone: Mapping[str, Record],
    jails: Mapping[str, Jail],
    started: Mapping[str, Mapping[str, Setting]],
) -> dict[str, Leftovers]:
    """What jails that don't run have left behind, by their names.

    gone: their records. jails, started: what runs, and what it was started with (addresses.held).
    mount(8) and ifconfig(8) are asked only if there can be anything. Raises JailError.
    """
    settings = {
        name: [settings_of(text, name) for text in (record.text, record.changing) if text]
        for name, record in gone.items()
    }
    lines = {name: [_lines(one) for one in found] for name, found in settings.items()}
    aliases = {name: [addresses.aliases(one) for one in found] for name, found in settings.items()}
    table = mounttable.read(host) if any(one for found in lines.values() for one in found) else ()
    there = addresses.present(host) if any(one for found in aliases.values() for one in found) else frozenset()
    interfaces = interface_names()
    result = {}
    for name in gone:
        held = addresses.held(name, jails, started)
        left = [alias for one in aliases[name] for alias in one if alias.place in there]
        result[name] = Leftovers(
            _mounts([line for one in lines[name] for line in one], table, jails),
            tuple(dict.fromkeys(alias for alias in left if not addresses.is_held(alias, held))),
            tuple(one for one in _epairs(settings[name]) if one in interfaces),
        )
    return result


def _epairs(configurations: Sequence[Mapping[str, Setting]]) -> list[str]:
    return list(dict.fromkeys(one.outside for settings in configurations for one in epairs.members(settings)))


def clean(host: Host, name: str, left: Leftovers) -> None:
    """Unmount what is mounted, take away the addresses and destroy the epairs, all that can be. Raises JailError that
    names the rest.
    """
    wrong = []
    for mounted in left.mounts:
        try:
            host.unmount(mounted.fsid, False)
        except OSError as error:
            wrong.append(f"{mounted.node} can't be unmounted ({error.strerror})")
    for alias in left.aliases:
        result = host.run(*alias.argv(add=False))
        if result.rc != 0:
            wrong.append(str(result.error(f"{alias.text} can't be taken away")))
    for epair in left.epairs:
        result = host.run(IFCONFIG, epair, "destroy")
        if result.rc != 0:
            wrong.append(str(result.error(f"{epair} can't be destroyed")))
    if wrong:
        raise JailError(
            f"jail {name} was removed by something else, and what it left can't be cleaned up: {'; '.join(wrong)}.",
            jail=name,
        )


@dataclass(frozen=True)
class _Point:
    """What a configuration mounts, and where. path: the jail's."""

    path: str
    point: str
    fstype: str
    source: str


def _lines(settings: Mapping[str, Setting]) -> list[_Point]:
    """What a configuration mounts below the jail's path, as far as that is known."""
    value = settings.get("path")
    if not isinstance(value, tuple) or not value[-1].literal:
        return []
    path = os.path.realpath(value[-1].text)
    return [
        _Point(path, mountplan.node(path, line.mount.destination), line.mount.fstype, line.mount.source)
        for line in livemounts.lines(settings, path)
        if line.mount.destination
    ]


def _mounts(lines: Sequence[_Point], table: tuple[Mounted, ...], jails: Mapping[str, Jail]) -> tuple[Mounted, ...]:
    """Of what the jail's configuration mounts, what is mounted, the last first. What lies below another jail's root, or
    carries it, is that jail's too.
    """
    roots = [jail.text("path") for jail in jails.values()]
    ours = [
        line for line in lines if not any(root == line.path or beneath.is_within(root, line.point) for root in roots)
    ]
    return tuple(one for one in reversed(table) if any(_is(one, line) for line in ours))


def _is(one: Mounted, line: _Point) -> bool:
    """Whether a mounted file system is what a configuration mounts; some have their type's name for a source."""
    sources = (line.source, os.path.realpath(line.source), one.fstype)
    return (one.node, one.fstype) == (line.point, line.fstype) and one.special in sources
