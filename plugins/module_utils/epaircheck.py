# SPDX-License-Identifier: BSD-2-Clause
"""What is asked of the host before epairs are made: their bridges, and whether their names are free."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.bsd.jail.plugins.module_utils import epairs
from ansible_collections.bsd.jail.plugins.module_utils.confread import Setting
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError
from ansible_collections.bsd.jail.plugins.module_utils.host import IFCONFIG, Host, interface_names


def without_bridge(host: Host, wanted: Mapping[str, Mapping[str, Setting]]) -> dict[str, InputError]:
    """The jails of which an epair's bridge isn't there, or is none: one run of ifconfig(8), if any has epairs at all.

    wanted: what jails are to have, by their names. A bridge that exec.prepare may make is no error.
    """
    members = {jail: epairs.members(settings) for jail, settings in wanted.items() if not settings.get("exec.prepare")}
    if not any(members.values()):
        return {}
    bridges = host.run(IFCONFIG, "-g", "bridge").stdout.split()
    interfaces = interface_names()
    errors = {}
    for jail, its in members.items():
        for bridge in [one.bridge for one in its if one.bridge not in bridges]:
            what = "isn't a bridge" if bridge in interfaces else "isn't there"
            errors[jail] = InputError(
                f"jail {jail}: epairs: the bridge {bridge} {what}. Make one with 'ifconfig bridge create name "
                f"{bridge}', or with the role bsd.jail.host, so that it is there after a reboot too.",
                jail=jail,
                parameter="epairs",
            )
    return errors


def with_names_taken(
    wanted: Mapping[str, Mapping[str, Setting]], others: Mapping[str, Mapping[str, Setting]]
) -> dict[str, InputError]:
    """The jails whose epairs would have names that others have: an epair is made in place of one of its name, and its
    jail's end comes back to the host with the name that it has in the jail.

    wanted: what jails are to have. others: what all that are configured have; both by the jails' names.
    """
    errors = {}
    interfaces = interface_names()
    owners: dict[str, set[str]] = {}
    for jail, settings in others.items():
        for one in epairs.members(settings):
            owners.setdefault(one.outside, set()).add(jail)
    for jail, settings in wanted.items():
        for one in epairs.members(settings):
            rivals = sorted(owners.get(one.outside, set()) - {jail})
            if rivals:
                words = f"{one.outside} would be the name of an epair of jail {rivals[0]} too: rename one of the jails."
            elif one.inside in interfaces and one.outside not in interfaces:
                words = f"the host has an interface {one.inside} itself: choose another name."
            else:
                continue
            errors[jail] = InputError(f"jail {jail}: epairs: {words}", jail=jail, parameter="epairs")
    return errors
