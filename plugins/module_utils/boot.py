# SPDX-License-Identifier: BSD-2-Clause
"""Which jails rc.d/jail starts at boot, and keeping those in rc.conf's jail_list that are to be.

With an empty jail_list, rc.d/jail starts all jails of `/etc/jail.conf`; else those in the list, in its order (recorded:
rcd-2, rcd-7, rcd-8). So a list comes as soon as one of them isn't to start, and must not become empty again; when none
is to start, it holds a blank, which rc.d/jail's shell takes for no name at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ansible_collections.bsd.jail.plugins.module_utils import configured, locks, rcconf
from ansible_collections.bsd.jail.plugins.module_utils.configured import Configured, elsewhere
from ansible_collections.bsd.jail.plugins.module_utils.desired import Desired
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, JailError, together
from ansible_collections.bsd.jail.plugins.module_utils.host import Host

_LOCK = {".jail_list": "rc.conf"}

# rc.d/jail makes '_' of a dot and a slash, and its shell words and file names of what else it finds.
_LISTABLE = re.compile(r"[A-Za-z0-9_:@%+,=-]+")


@dataclass(frozen=True)
class AtBoot:
    """What rc.conf says of jails.

    is_enabled: whether rc.d/jail starts any (jail_enable). names: those in jail_list, in its order; None for an empty
    one, by which all jails of /etc/jail.conf start. problem: why that can't be known, '' if it is.
    """

    is_enabled: bool = False
    names: tuple[str, ...] | None = None
    problem: str = ""


@dataclass(frozen=True)
class BootPlan:
    """What is to become of jail_list.

    before: what rc.conf says. names: what jail_list is to hold, as AtBoot has it.
    concerned: the jails that start at boot by one of them, and not by the other.
    warnings: by jail. failed: by jail, why what was asked for can't be.
    """

    before: AtBoot
    names: tuple[str, ...] | None
    concerned: frozenset[str] = frozenset()
    warnings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    failed: Mapping[str, JailError] = field(default_factory=dict)

    @property
    def is_change(self) -> bool:
        """Whether jail_list has to be changed."""
        return self.names != self.before.names

    @property
    def after(self) -> AtBoot:
        """What rc.conf says when that is done."""
        return replace(self.before, names=self.names)


def look(host: Host) -> AtBoot:
    """What rc.conf says of jails."""
    try:
        values = rcconf.read(host, ("jail_enable", "jail_list", "jail_conf"))
    except JailError as error:
        return AtBoot(problem=error.message)
    if values["jail_conf"] != "/etc/jail.conf":
        return AtBoot(problem=f"rc.conf has jail_conf={values['jail_conf']}, which isn't read here.")
    names = tuple(values["jail_list"].split()) if values["jail_list"] else None
    return AtBoot(rcconf.is_yes(values["jail_enable"]), names)


def starts(names: Iterable[str], at_boot: AtBoot, found: Configured) -> dict[str, bool]:
    """Which of some jails start at boot, be it as one that another depends on; none of them is in it where that can't
    be known.
    """
    if _problem(at_boot, found):
        return {}
    if not at_boot.is_enabled:
        return dict.fromkeys(names, False)
    listed = _starting(at_boot, found)
    known = {name: name in listed and not _unmet(name, at_boot, found) for name in names}
    along = {} if all(known.values()) else _along(at_boot, found)
    return {name: is_known or name in along for name, is_known in known.items()}


def plan(wanted: Iterable[Desired], found: Configured, before: AtBoot) -> BootPlan:
    """What has to become of jail_list so that those start at boot that are to, and those don't that aren't.

    found: the host's configuration when all files are as they are to be.
    """
    asked = {one.name: one for one in wanted if one.boots is not None}
    unchanged = BootPlan(before, before.names)
    problem = _problem(before, found)
    if problem:
        return _refused(unchanged, asked, problem)
    there = _starting(before, found)
    away = [name for name, one in asked.items() if not one.boots and name in there]
    new = [name for name, one in asked.items() if one.boots and name not in there]
    stay = [name for name in there if name not in away]
    if before.names is not None:
        names = stay
    elif away:
        obstacle = _obstacle(stay, found)
        if obstacle:
            why = f"for the others to start, jail_list would have to name {obstacle}."
            return _refused(unchanged, {name: asked[name] for name in away}, why)
        names, new = [], [*stay, *new]
    else:
        return _with_warnings(unchanged, asked, found)
    for name in new:
        _insert(names, name, found)
    concerned = frozenset(name for name in asked if (name in there) != (name in names))
    return _with_warnings(BootPlan(before, tuple(names), concerned), asked, found)


def settle(host: Host, wanted: Sequence[Desired], lock_timeout: float) -> BootPlan:
    """Bring jail_list to what it is to be, now that all files are as they are to be; looked at once more, so that two
    runs on different jails don't lose each other's change.

    lock_timeout: seconds to wait for another run. Returns what was done. Raises JailError.
    """
    with locks.held(host, _LOCK, lock_timeout):
        done = plan(wanted, configured.load(host), look(host))
        if done.failed:
            raise together(list(done.failed.values()))
        if done.is_change and done.names is not None:
            rcconf.assign(host, "jail_list", " ".join(done.names) or " ")
    return done


def lines(at_boot: AtBoot) -> str:
    """What jail_list says, for people, a name a line."""
    if at_boot.names is None:
        return "(empty: all jails of /etc/jail.conf)\n"
    return "".join(f"{name}\n" for name in at_boot.names) or "(none)\n"


def _problem(at_boot: AtBoot, found: Configured) -> str:
    """Why it can't be known which jails start; '' if it can."""
    unreadable = next((one.name for one in found.main if one.kind == "unreadable"), "")
    if unreadable and at_boot.names is None:
        return f"{unreadable} can't be read."
    return at_boot.problem


def _starting(at_boot: AtBoot, found: Configured) -> tuple[str, ...]:
    """The jails that rc.d/jail itself starts where it starts any; jail(8) minds their `depend`."""
    if at_boot.names is not None:
        return at_boot.names
    return tuple(dict.fromkeys(one.name for one in found.main if one.kind == "jail" and not one.is_wildcard))


def _along(at_boot: AtBoot, found: Configured) -> dict[str, str]:
    """The jails that jail(8) starts along with those since they depend on them (recorded: dep-1), and which does."""
    along: dict[str, str] = {}
    for name in _starting(at_boot, found):
        for other in found.needed(name) - {name}:
            along.setdefault(other, name)
    return along


def _refused(one: BootPlan, asked: Mapping[str, Desired], why: str) -> BootPlan:
    """A plan that fails for the jails of which it was said whether they start at boot, and warns of the others."""
    errors = {
        name: InputError(f"jail {name}: whether it starts at boot is left as it is: {why}", jail=name, parameter="boot")
        for name in asked
    }
    return replace(
        one,
        warnings={name: (error.message,) for name, error in errors.items() if asked[name].boot is None},
        failed={name: error for name, error in errors.items() if asked[name].boot is not None},
    )


def _with_warnings(one: BootPlan, asked: Mapping[str, Desired], found: Configured) -> BootPlan:
    """The plan with what it doesn't bring about: said of jails that are to start only where that was asked for."""
    warnings: dict[str, tuple[str, ...]] = {}
    along = {} if all(wanted.boots for wanted in asked.values()) else _along(one.after, found)
    for name, wanted in asked.items():
        why = _missing(name, one.after, found) if wanted.boot else ""
        if why:
            warnings[name] = (f"jail {name} doesn't start at boot: {why} The role bsd.jail.host sees to that.",)
        elif not wanted.boots and name in along:
            warnings[name] = (
                f"jail {name} starts at boot all the same, since {along[name]} does, which depends on it.",
            )
    return replace(one, warnings=warnings)


def _missing(name: str, at_boot: AtBoot, found: Configured) -> str:
    """What a jail that is to start at boot lacks for that; '' for nothing."""
    if not at_boot.is_enabled:
        return "rc.conf doesn't have jail_enable=YES."
    if name not in _starting(at_boot, found):
        return f"/etc/jail.conf doesn't include {found.path(name)}."
    unmet = _unmet(name, at_boot, found)
    if unmet:
        return f"/etc/jail.conf doesn't include {found.path(name)}, and alone, that lacks {unmet}, which it depends on."
    return ""


def _unmet(name: str, at_boot: AtBoot, found: Configured) -> str:
    """A jail that another depends on, and that jail(8) wouldn't know of, since rc.d/jail has it read the other's own
    file alone (recorded: xdp-1); '' for none.
    """
    if at_boot.names is None or name not in found.files or _is_seen(name, found):
        return ""
    inside = {one.name for one in found.own(name) if one.kind == "jail"}
    return next((other for other in found.depends(name) if other not in inside), "")


def _is_seen(name: str, found: Configured) -> bool:
    """Whether rc.d/jail sees that /etc/jail.conf includes a jail's file: it looks for the directory's path there
    (recorded: xdp-2).
    """
    return found.includes(name) and any(
        one.name == ".include" and item.text.startswith(f"{found.conf_dir}/")
        for one in found.main
        if not one.source.startswith(f"{found.conf_dir}/")
        for item in one.items
    )


def _obstacle(names: Iterable[str], found: Configured) -> str:
    """A jail of /etc/jail.conf that rc.d/jail wouldn't start from a list as it does without one, with the reason; ''
    if there is none.
    """
    for name in names:
        places = {one.source for one in found.main if one.kind == "jail" and one.name == name}
        place = elsewhere(found, name)
        if not _LISTABLE.fullmatch(name):
            return f"{name}, and rc.d/jail would take that for something else"
        if place is not None and place not in places:
            return f"{name}, for which rc.d/jail would read {place} then"
        if name in found.files and not _is_seen(name, found):
            return f"{name}, for which rc.d/jail would read {found.path(name)} alone then"
    return ""


def _insert(names: list[str], name: str, found: Configured) -> None:
    """Put a name before the first that depends on it: rc.d/jail goes by the order of the list."""
    position = next((index for index, other in enumerate(names) if name in found.needed(other)), len(names))
    names.insert(position, name)
