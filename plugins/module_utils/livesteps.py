# SPDX-License-Identifier: BSD-2-Clause
"""The steps of a live change, as plain data: what live.py plans and liveapply.py does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Union

from ansible_collections.bsd.jail.plugins.module_utils.addresses import Alias, Place
from ansible_collections.bsd.jail.plugins.module_utils.confread import Setting
from ansible_collections.bsd.jail.plugins.module_utils.jls import Shown
from ansible_collections.bsd.jail.plugins.module_utils.mountplan import Mount
from ansible_collections.bsd.jail.plugins.module_utils.mounttable import Mounted


@dataclass(frozen=True)
class LiveObserved:
    """What jls can't show of a running jail, and of its host (livelook.look). None: nobody looked, then it is taken to
    be as the jail was started, and to be in nothing's way.

    mounted: all that is mounted on the host. busy: the paths of those mounts of the jail that are in use.
    on_host: the addresses of the host's interfaces. by_others: those that other running jails need.
    interfaces: those in the jail's own network stack. bridges: the bridge of each of the host's, '' for none.
    occupied: whether a process runs in the jail.
    closed: whether the new devfs ruleset can be applied over the old one, and shows then what it shows by itself.
    """

    mounted: tuple[Mounted, ...] | None = None
    busy: frozenset[str] = frozenset()
    on_host: frozenset[Place] | None = None
    by_others: frozenset[Place] = frozenset()
    interfaces: frozenset[str] | None = None
    bridges: Mapping[str, str] | None = None
    occupied: bool = True
    closed: bool = True


@dataclass(frozen=True)
class Set:
    """`jail -m` of one parameter. was: what the kernel has. value: what it shall have, None for a new jail's."""

    parameter: str
    was: Shown
    value: Setting | None

    @property
    def before(self) -> tuple[str, ...]:
        return (f"{self.parameter}: {text_of(self.was)}",)

    @property
    def after(self) -> tuple[str, ...]:
        return (f"{self.parameter}: {'(as in a new jail)' if self.value is None else text_of(self.value)}",)


@dataclass(frozen=True)
class MoveAlias:
    """An address that an interface of the host gets, loses, or has with another netmask. old, new: None for none."""

    old: Alias | None
    new: Alias | None

    @property
    def before(self) -> tuple[str, ...]:
        return () if self.old is None else (f"address: {self.old.text}",)

    @property
    def after(self) -> tuple[str, ...]:
        return () if self.new is None else (f"address: {self.new.text}",)


@dataclass(frozen=True)
class MoveInterface:
    """An interface that moves into the jail's network stack, or out of it."""

    interface: str
    inside: bool

    @property
    def before(self) -> tuple[str, ...]:
        return () if self.inside else (f"vnet.interface: {self.interface}",)

    @property
    def after(self) -> tuple[str, ...]:
        return (f"vnet.interface: {self.interface}",) if self.inside else ()


@dataclass(frozen=True)
class MoveMember:
    """An interface of the host that joins a bridge, or leaves it."""

    interface: str
    bridge: str
    joins: bool

    @property
    def before(self) -> tuple[str, ...]:
        return () if self.joins else (f"bridge of {self.interface}: {self.bridge}",)

    @property
    def after(self) -> tuple[str, ...]:
        return (f"bridge of {self.interface}: {self.bridge}",) if self.joins else ()


@dataclass(frozen=True)
class ApplyRules:
    """A devfs ruleset for the jail's /dev. path: where that is mounted. old, new: numbers of rulesets."""

    path: str
    old: str
    new: str

    @property
    def before(self) -> tuple[str, ...]:
        return (f"{self.path}: ruleset {self.old}",)

    @property
    def after(self) -> tuple[str, ...]:
        return (f"{self.path}: ruleset {self.new}",)


@dataclass(frozen=True)
class ChangeMounts:
    """What is unmounted and mounted, in that order.

    path: the jail's. unmounted: what is unmounted, as it was configured. before, after: lines of fstab(5).
    """

    path: str
    unmounts: tuple[Mounted, ...]
    mounts: tuple[Mount, ...]
    unmounted: tuple[Mount, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]


Step = Union[Set, MoveAlias, MoveInterface, MoveMember, ApplyRules, ChangeMounts]


@dataclass(frozen=True)
class LivePlan:
    """What becomes of a running jail.

    steps: what is done to it, in that order. restart_needed: the parameters that can't be changed live.
    waiting: those that could, but belong to one of these, and so wait for the restart too.
    """

    steps: tuple[Step, ...] = ()
    restart_needed: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()

    @property
    def before(self) -> str:
        """What the steps change, as it is now: lines for people."""
        return "".join(f"{line}\n" for step in self.steps for line in step.before)

    @property
    def after(self) -> str:
        """What the steps change, as it will be."""
        return "".join(f"{line}\n" for step in self.steps for line in step.after)


def text_of(value: Setting | Shown | None) -> str:
    """A value for people."""
    if value is None:
        return "(not set)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return value
    return ", ".join(item if isinstance(item, str) else item.text for item in value)
