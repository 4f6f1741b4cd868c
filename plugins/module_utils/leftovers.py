# SPDX-License-Identifier: BSD-2-Clause
"""What a jail leaves behind that was removed by something else than jail(8)'s own stop: `jail -R`, its last process,
or the end of a jail(8) half way. Its mounts stay and its addresses stay, and `jail -C` doesn't take them away
(recorded: cln-1): we do, by the jail's record.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.bsd.jail.plugins.module_utils import addresses, beneath, livemounts, mountplan, mounttable
from ansible_collections.bsd.jail.plugins.module_utils.addresses import Alias
from ansible_collections.bsd.jail.plugins.module_utils.configured import settings_of
from ansible_collections.bsd.jail.plugins.module_utils.confread import Setting
from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import Host
from ansible_collections.bsd.jail.plugins.module_utils.jls import Jail
from ansible_collections.bsd.jail.plugins.module_utils.mounttable import Mounted


@dataclass(frozen=True)
class Leftovers:
    """mounts: in the order in which they are unmounted. aliases: addresses on the host's interfaces."""

    mounts: tuple[Mounted, ...] = ()
    aliases: tuple[Alias, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """What there is, for people."""
        return tuple(
            [f"mount: {one.special} on {one.node}" for one in self.mounts]
            + [f"address: {alias.text}" for alias in self.aliases]
        )


def look(
    host: Host,
    gone: Mapping[str, str],
    jails: Mapping[str, Jail],
    started: Mapping[str, Mapping[str, Setting]],
) -> dict[str, Leftovers]:
    """What jails that don't run have left behind, by their names.

    gone: what each of them was started with. jails, started: what runs, and what it was started with (addresses.held).
    mount(8) and ifconfig(8) are asked only if there can be anything. Raises JailError.
    """
    settings = {name: settings_of(text, name) for name, text in gone.items()}
    lines = {name: livemounts.lines(one, _path(one)) for name, one in settings.items() if _path(one)}
    table = mounttable.read(host) if any(lines.values()) else ()
    there = addresses.present(host) if any(addresses.aliases(one) for one in settings.values()) else frozenset()
    return {
        name: Leftovers(
            _mounts(lines.get(name, ()), _path(one), table, jails),
            tuple(
                alias
                for alias in addresses.aliases(one)
                if alias.place in there and not addresses.is_held(alias, addresses.held(name, jails, started))
            ),
        )
        for name, one in settings.items()
    }


def clean(host: Host, name: str, left: Leftovers) -> None:
    """Unmount what is mounted and take away the addresses, all that can be. Raises JailError that names the rest."""
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
    if wrong:
        raise JailError(
            f"jail {name} was removed by something else, and what it left can't be cleaned up: {'; '.join(wrong)}.",
            jail=name,
        )


def _path(settings: Mapping[str, Setting]) -> str:
    """The jail's path, without links; '' if that isn't known."""
    value = settings.get("path")
    if not isinstance(value, tuple) or not value[-1].literal:
        return ""
    return os.path.realpath(value[-1].text)


def _mounts(
    lines: tuple[livemounts.Line, ...], path: str, table: tuple[Mounted, ...], jails: Mapping[str, Jail]
) -> tuple[Mounted, ...]:
    """Of what the jail's configuration mounts, what is mounted, the last first. What lies below another jail's root, or
    carries it, is that jail's too.
    """
    found: list[Mounted] = []
    roots = [jail.text("path") for jail in jails.values()]
    for line in lines:
        if not line.mount.destination:
            continue
        point = mountplan.node(path, line.mount.destination)
        if any(root == path or beneath.is_within(root, point) for root in roots):
            continue
        found += [
            one
            for one in table
            if one.node == point
            and one.fstype == line.mount.fstype
            and one.special in (line.mount.source, one.fstype)
            and one not in found
        ]
    return tuple(sorted(found, key=table.index, reverse=True))
