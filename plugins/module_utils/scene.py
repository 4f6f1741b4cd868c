# SPDX-License-Identifier: BSD-2-Clause
"""The host as one look finds it: what runs, what is configured, and what the records say."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.bsd.jail.plugins.module_utils import (
    addresses,
    boot,
    configured,
    jls,
    leftovers,
    livelook,
    state,
)
from ansible_collections.bsd.jail.plugins.module_utils.boot import AtBoot
from ansible_collections.bsd.jail.plugins.module_utils.configured import Configured, settings_of
from ansible_collections.bsd.jail.plugins.module_utils.confread import Setting
from ansible_collections.bsd.jail.plugins.module_utils.desired import Desired
from ansible_collections.bsd.jail.plugins.module_utils.host import Host
from ansible_collections.bsd.jail.plugins.module_utils.jls import Jail
from ansible_collections.bsd.jail.plugins.module_utils.leftovers import Leftovers
from ansible_collections.bsd.jail.plugins.module_utils.livesteps import LiveObserved
from ansible_collections.bsd.jail.plugins.module_utils.plan import MODIFY, Observed, Plan
from ansible_collections.bsd.jail.plugins.module_utils.state import Record


@dataclass
class Scene:
    """One look at the host.

    names: the jails that were asked for. jails: what runs, by name. boot: kern.boot_id. at_boot: what rc.conf says.
    owed: what each jail was started with that was taken down to be started again, and wasn't. left: what jails left
    behind.
    """

    host: Host
    names: tuple[str, ...]
    jails: Mapping[str, Jail]
    configured: Configured
    boot: str
    at_boot: AtBoot
    owed: dict[str, str] = field(default_factory=dict)
    left: dict[str, Leftovers] = field(default_factory=dict)
    _observed: dict[str, Observed] = field(default_factory=dict)

    @classmethod
    def look(cls, host: Host, names: Sequence[str]) -> Scene:
        """One run of jls(8), the files, and the records. Raises JailError."""
        scene = cls(host, tuple(names), jls.running(host), configured.load(host), host.boot_id(), boot.look(host))
        gone: dict[str, Record] = {}
        for name in dict.fromkeys((*names, *state.names(host))):
            record = state.read(host, name)
            if record is None or name in scene.jails or record.boot != scene.boot:
                continue
            if record.is_to_run:
                scene.owed[name] = record.text
            if not record.is_clean and (name in names or name in scene.owed):
                gone[name] = record
        if gone:
            scene.left = leftovers.look(host, gone, scene.jails, scene.started)
        return scene

    def observe(self, name: str) -> Observed:
        """How a jail was found."""
        if name not in self._observed:
            jail = self.jails.get(name)
            self._observed[name] = Observed(
                name,
                jail,
                self.configured.files.get(name),
                self._record(name, jail),
                self.configured,
                self.left.get(name, Leftovers()),
            )
        return self._observed[name]

    def _record(self, name: str, jail: Jail | None) -> Record | None:
        """The record of a running jail, if it is believed."""
        if jail is None:
            return None
        record = state.read(self.host, name)
        if record is None or not record.describes(jail, self.boot, state.rc_started(self.host, name)):
            return None
        return record

    @functools.cached_property
    def started(self) -> Mapping[str, Mapping[str, Setting]]:
        """What each running jail was started with, where that is known."""
        texts = {name: self.observe(name).started_with for name in self.jails}
        return {name: settings_of(text, name) for name, text in texts.items() if text is not None}

    def parts_to_look_at(self, wanted: Desired, one: Plan) -> frozenset[str]:
        """What has to be looked at that jls can't show: all if the jail is changed live, else what is to be
        verified.
        """
        if wanted.name not in self.jails:
            return frozenset()
        return frozenset(livelook.PARTS) if MODIFY in one.steps else wanted.verify

    def look_closer(self, name: str, effective: str, parts: frozenset[str]) -> LiveObserved:
        """Look at what jls can't show of a running jail. Raises JailError."""
        found = self.observe(name)
        old = settings_of(found.started_with or effective, name)
        by_others = addresses.held(name, self.jails, self.started)
        new, begun = settings_of(effective, name), settings_of(found.changing, name)
        return livelook.look(self.host, name, self.jails[name], old, new, begun, by_others, parts)
