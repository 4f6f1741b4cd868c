# SPDX-License-Identifier: BSD-2-Clause
"""What of a difference between a jail's epairs can be changed while it runs: their bridges. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.bsd.jail.plugins.module_utils import epairs
from ansible_collections.bsd.jail.plugins.module_utils.confread import Setting
from ansible_collections.bsd.jail.plugins.module_utils.livesteps import MoveMember

# Under which name they take a restart; and the parameters that belong to that.
EPAIRS, PARAMETERS = "epairs", epairs.PARAMETERS


def need_restart(
    jail: str, old: Mapping[str, Setting], new: Mapping[str, Setting], there: Mapping[str, str] | None
) -> bool:
    """Whether a jail's epairs are to be set up differently, on whatever bridges; or aren't there any more, or aren't
    in the jail. That isn't asked of an end that has a name which others may have, and what the jail itself calls it is
    its own affair.

    old, new: what it was started with, and what it shall have. there: the bridges of the host's interfaces
    (epairs.bridges), None if nobody looked.
    """
    if not epairs.same_but_for_bridges(jail, old, new):
        return True
    return there is not None and any(
        one.outside not in there or (one.inside == one.made and one.made in there) for one in epairs.members(new)
    )


def moves(old: Mapping[str, Setting], new: Mapping[str, Setting], there: Mapping[str, str] | None) -> list[MoveMember]:
    """From the bridges on which a jail's epairs are to those of a configuration. Arguments as of `need_restart`, which
    said no.
    """
    now = there if there is not None else {one.outside: one.bridge for one in epairs.members(old)}
    steps = []
    for one in epairs.members(new):
        if now[one.outside] != one.bridge:
            leaves = [MoveMember(one.outside, now[one.outside], False)] if now[one.outside] else []
            steps += [*leaves, MoveMember(one.outside, one.bridge, True)]
    return steps
