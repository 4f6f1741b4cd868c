# SPDX-License-Identifier: BSD-2-Clause
"""What of the difference between a jail's configurations can be changed while it runs, and what takes a restart: pure,
so that a check run tells what a real one will do.

There are three configurations: as it was started (and changed since), the new one, and what the kernel has now, which
somebody may have changed by hand. The table in params.py says for each parameter what it takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ansible_collections.bsd.jail.plugins.module_utils import addresses, confread, liveepairs, livemounts
from ansible_collections.bsd.jail.plugins.module_utils.conf import no_form, quote
from ansible_collections.bsd.jail.plugins.module_utils.confread import Setting, Statement
from ansible_collections.bsd.jail.plugins.module_utils.jls import Jail
from ansible_collections.bsd.jail.plugins.module_utils.livesteps import (
    ApplyRules,
    ChangeMounts,
    LiveObserved,
    LivePlan,
    MoveAlias,
    MoveInterface,
    Set,
    Step,
)
from ansible_collections.bsd.jail.plugins.module_utils.params import (
    BY_NAME,
    RECORD,
    RESTART,
    change_of,
    differs,
    is_literal,
    number,
    same,
)

# What can't be changed by itself when one of these takes a restart: it belongs to what will be there then.
_ADDRESSES = ("interface", "ip4.addr", "ip6.addr")
_BELONGS = {
    "path": livemounts.PARAMETERS,
    "vnet": ("vnet.interface", *_ADDRESSES),
    liveepairs.EPAIRS: liveepairs.PARAMETERS,
    "ip4": _ADDRESSES,
    "ip6": _ADDRESSES,
    "host": ("host.hostname", "host.domainname", "host.hostid", "host.hostuuid"),
}


def plan(
    name: str,
    old: Mapping[str, Setting],
    new: Mapping[str, Setting],
    kernel: Jail,
    observed: LiveObserved | None,
    *,
    begun: Mapping[str, Setting] | None = None,
    insist: bool = False,
) -> LivePlan:
    """What of the difference between configurations can be changed live, and what needs a restart.

    old: what the jail was started with, as changed live since. new: what it shall have. kernel: what it has now.
    observed: what else there is; None if nobody looked: then all is taken to be as it was started.
    begun: what an earlier change that was cut short was about to give it.
    insist: whether what the jail may change itself is put right too (design: `drift: kernel`).
    Raises InputError for an address that is the host's own, and for what is in the way of mounts.
    """
    return _Difference(name, old, begun or {}, new, kernel, observed or LiveObserved(), insist).plan()


def text_after(text: str, name: str, old: Mapping[str, Setting], plan: LivePlan) -> str:
    """The configuration that a jail runs with after a live change: the new one, with the old values of what it still
    takes a restart for. By that it is stopped.

    text: the new configuration, effective, readable. old: what the jail was started with.
    """
    stays = (*plan.restart_needed, *plan.waiting)
    if not stays:
        return text
    parts = []
    for one in confread.parse(text):
        is_ours = one.kind == "jail" and one.name == name
        parts.append(_with_old(one, old, stays) if is_ours else one.text)
    return "".join(f"{part}\n" for part in parts)


def _with_old(block: Statement, old: Mapping[str, Setting], parameters: tuple[str, ...]) -> str:
    body = [
        one.text
        for one in block.body
        if one.name not in parameters and (one.items or confread.positive(one.name) not in parameters)
    ]
    for parameter in parameters:
        setting = old.get(parameter)
        if isinstance(setting, bool):
            body.append(f"{parameter if setting else no_form(parameter)};")
        elif setting:
            body.append(f"{parameter} = {', '.join(quote(item.text, not item.literal) for item in setting)};")
    return confread.block(block.name, body)


@dataclass
class _Difference:
    """One comparison, step by step."""

    name: str
    old: Mapping[str, Setting]
    begun: Mapping[str, Setting]
    new: Mapping[str, Setting]
    kernel: Jail
    observed: LiveObserved
    insist: bool
    restart: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    sets: list[Set] = field(default_factory=list)

    def plan(self) -> LivePlan:
        for parameter in dict.fromkeys((*self.new, *self.old, *self.begun)):
            self._compare(parameter)
        if any(map(self._is_changed, _ADDRESSES)) and not all(map(self._is_literal, _ADDRESSES)):
            for parameter in filter(self._is_changed, _ADDRESSES):
                self._restart(parameter)
        self._together(_ADDRESSES)
        self._together(livemounts.PARAMETERS)
        epairs = (self.old, self.new, self.observed.bridges)
        if liveepairs.need_restart(self.name, *epairs):
            self._restart(liveepairs.EPAIRS)
        for parameter in [one for first in self.restart for one in _BELONGS.get(first, ())]:
            self._wait(parameter)
        moves_in, moves_out = self._interfaces()
        come, go = self._aliases()
        mounts = self._mounts()
        rules = self._rules(mounts)
        sets = [one for one in self.sets if not self._stays(one.parameter)]
        bridges = [] if self._stays(liveepairs.EPAIRS) else liveepairs.moves(*epairs)
        steps: tuple[Step, ...] = (*come, *moves_in, *sets, *rules, *moves_out, *go, *bridges, *mounts)
        return LivePlan(steps, tuple(self.restart), tuple(self.waiting))

    # --- what the kernel has ----------------------------------------------------------------------------------------

    def _compare(self, parameter: str) -> None:
        """Take a parameter for one that jail -m sets, one that takes a restart, or neither."""
        change = change_of(parameter, self.kernel)
        if change == RECORD:
            return
        if parameter == "securelevel" and self._is_literal(parameter):
            self._securelevel()
        elif change == RESTART or not self._is_literal(parameter):
            if self._is_different(parameter):
                self._restart(parameter)  # only jail(8) knows what variables come to
        elif parameter == "persist":
            self._persist()
        elif parameter in self.kernel.parameters and self._is_different(parameter):
            self._set(parameter, self.new.get(parameter))

    def _is_changed(self, parameter: str) -> bool:
        before = (self.old, self.begun) if self.begun else (self.old,)
        return not all(same(parameter, one.get(parameter), self.new.get(parameter)) for one in before)

    def _is_literal(self, parameter: str) -> bool:
        return all(is_literal(settings.get(parameter, ())) for settings in (self.old, self.new))

    def _is_different(self, parameter: str) -> bool:
        setting, changed = self.new.get(parameter), self._is_changed(parameter)
        if parameter == "jid":
            return _words(self.new, "jid") not in ([], [str(self.kernel.jid)])
        if parameter not in self.kernel.parameters or not self._is_literal(parameter):
            return changed
        if setting is None:
            known = BY_NAME.get(parameter)
            return not (known and known.default and self.kernel.text(parameter) == known.default)
        if parameter in _ADDRESSES and self.new.get("ip_hostname") is True:
            return changed  # addresses that jail(8) looks up come to those that are configured
        return differs(parameter, setting, self.kernel, self.insist or changed)

    def _set(self, parameter: str, value: Setting | None) -> None:
        self.sets.append(Set(parameter, self.kernel.parameters[parameter], value))

    def _securelevel(self) -> None:
        """It is raised live, and never lowered: neither when the jail raised it itself (recorded: drf-1), nor when the
        configuration lowers it, which takes a restart.
        """
        before, wanted = (_level(settings) for settings in (self.old, self.new))
        now = number(self.kernel.text("securelevel"))
        if wanted > now:
            self._set("securelevel", self.new.get("securelevel"))
        elif wanted < now and wanted < before:
            self._restart("securelevel")

    def _persist(self) -> None:
        """A jail in which nothing runs is gone with its persist, without its exec.stop (recorded: mod-12)."""
        wanted = _is_true(self.new.get("persist", False))
        if wanted == self.kernel.parameters.get("persist"):
            return
        if wanted or self.observed.occupied:
            self._set("persist", wanted)
        else:
            self._restart("persist")

    # --- what waits for a restart -----------------------------------------------------------------------------------

    def _restart(self, parameter: str) -> None:
        if parameter not in self.restart:
            self.restart.append(parameter)

    def _wait(self, parameter: str) -> None:
        """Let a parameter that isn't as it shall be wait for the restart that another one takes."""
        differs = self._is_changed(parameter) or any(one.parameter == parameter for one in self.sets)
        if differs and not self._stays(parameter):
            self.waiting.append(parameter)

    def _stays(self, parameter: str) -> bool:
        return parameter in self.restart or parameter in self.waiting

    def _together(self, parameters: Iterable[str]) -> None:
        """If one of them takes a restart, all of them wait for it."""
        if any(parameter in self.restart for parameter in parameters):
            for parameter in parameters:
                self._wait(parameter)

    # --- what jail -m accepts, and doesn't do -----------------------------------------------------------------------

    def _interfaces(self) -> tuple[list[MoveInterface], list[MoveInterface]]:
        if self._stays("vnet.interface") or not self._is_literal("vnet.interface"):
            return [], []
        old, begun, new = (_words(one, "vnet.interface") for one in (self.old, self.begun, self.new))
        inside = frozenset(old) if self.observed.interfaces is None else self.observed.interfaces
        come = [MoveInterface(one, True) for one in new if one not in inside]
        go = [MoveInterface(one, False) for one in dict.fromkeys(old + begun) if one not in new and one in inside]
        return come, go

    def _aliases(self) -> tuple[list[MoveAlias], list[MoveAlias]]:
        if any(self._stays(parameter) for parameter in _ADDRESSES):
            return [], []
        known = [alias for one in (self.begun, self.old) for alias in addresses.aliases(one)]
        old = {alias.place: alias for alias in known}
        new = {alias.place: alias for alias in addresses.aliases(self.new)}
        there = frozenset(old) if self.observed.on_host is None else self.observed.on_host
        by_others = self.observed.by_others
        addresses.refuse_hosts_own(self.name, new.values(), there, old, by_others)
        come = [
            MoveAlias(old[place] if place in there else None, alias)
            for place, alias in new.items()
            if place not in there or any(one.place == place and one != alias for one in known)
        ]
        go = [
            MoveAlias(alias, None)
            for place, alias in old.items()
            if place not in new and place in there and not addresses.is_held(alias, by_others)
        ]
        return come, go

    def _mounts(self) -> list[ChangeMounts]:
        if any(self._stays(parameter) for parameter in livemounts.PARAMETERS):
            return []
        path, observed = self.kernel.text("path"), self.observed
        change = livemounts.change(
            self.name,
            path,
            livemounts.had(self.old, self.begun, path),
            livemounts.lines(self.new, path),
            observed.mounted,
            observed.busy,
        )
        for parameter in change.restart:
            self._restart(parameter)
        self._together(livemounts.PARAMETERS)
        if not change.unmounts and not change.mounts:
            return []
        return [ChangeMounts(path, change.unmounts, change.mounts, change.unmounted, change.before, change.after)]

    def _rules(self, mounts: list[ChangeMounts]) -> list[ApplyRules]:
        """The ruleset of a /dev that stays mounted."""
        old, new = livemounts.ruleset(self.old), livemounts.ruleset(self.new)
        stays = self.old.get("mount.devfs") is True and self.new.get("mount.devfs") is True
        begun = livemounts.ruleset(self.begun) if self.begun else old
        if (
            old == begun == new
            or not stays
            or any(mount.destination == "/dev" for step in mounts for mount in step.mounts)
        ):
            return []
        if not self.observed.closed:
            self._restart("devfs_ruleset")
            return []
        return [ApplyRules(self.kernel.text("path").rstrip("/") + "/dev", old, new)]


def _words(settings: Mapping[str, Setting], parameter: str) -> list[str]:
    value = settings.get(parameter)
    return [item.text for item in value] if isinstance(value, tuple) else []


def _level(settings: Mapping[str, Setting]) -> int:
    """A configuration's securelevel; a new jail has -1 (recorded: ls-2)."""
    return number((_words(settings, "securelevel") or ["-1"])[-1])


def _is_true(setting: Setting) -> bool:
    return setting if isinstance(setting, bool) else setting[-1].text.lower() not in ("false", "0")
