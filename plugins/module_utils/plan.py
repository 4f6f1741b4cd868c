# SPDX-License-Identifier: BSD-2-Clause
"""From what is wanted of a jail and what was found to what is to be done: pure, so that a check run tells what a real
one will do.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.bsd.jail.plugins.module_utils import conf, live, params
from ansible_collections.bsd.jail.plugins.module_utils.configured import Configured, elsewhere, settings_of
from ansible_collections.bsd.jail.plugins.module_utils.desired import (
    ABSENT,
    PRESENT,
    RESTARTED,
    STARTED,
    STOPPED,
    Desired,
)
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError
from ansible_collections.bsd.jail.plugins.module_utils.jls import Jail
from ansible_collections.bsd.jail.plugins.module_utils.leftovers import Leftovers
from ansible_collections.bsd.jail.plugins.module_utils.livesteps import LiveObserved, LivePlan
from ansible_collections.bsd.jail.plugins.module_utils.state import Record

STOP, CLEAN, WRITE, REMOVE, MODIFY, START = "stop", "clean", "write", "remove", "modify", "start"


@dataclass(frozen=True)
class Observed:
    """One jail as it was found.

    jail: what runs under the name. text: its file's text. record: what we know of how it was started, if that is
    believed. configured: the whole host's configuration. left: what it left behind, if it was removed by something
    else. live: what jls can't show of a running jail, None if nobody looked.
    """

    name: str
    jail: Jail | None
    text: str | None
    record: Record | None
    configured: Configured
    left: Leftovers = field(default_factory=Leftovers)
    live: LiveObserved | None = None

    @property
    def started_with(self) -> str | None:
        """The configuration that the running jail was started with: by its record, else by its file as it is."""
        if self.record is not None:
            return self.record.text
        if self.jail is None:
            return None
        return self.configured.effective(self.name) or None

    @property
    def changing(self) -> str:
        """The configuration that a live change was about to bring about when it was cut short; '' if none was."""
        return self.record.changing if self.record is not None else ""

    @property
    def cut_short(self) -> bool:
        """Whether jail(8) was ended while it started or stopped the jail."""
        return self.record is not None and self.record.is_under_way


@dataclass(frozen=True)
class Plan:
    """What is to be done with one jail.

    steps: of STOP, CLEAN, WRITE, REMOVE, MODIFY, START, in the order in which they are done.
    text: what its file holds afterwards, None for no file. effective: the configuration that it is started with.
    live: what MODIFY does. recorded: the configuration that it runs with after that.
    restart_needed: the parameters for whose sake a running jail has to be restarted, whether it is or not.
    because: why it is stopped or started for another jail's sake, '' if it isn't.
    is_dependent: whether it is so as one that depends on another.
    children: the jails within it that end with it.
    """

    name: str
    steps: tuple[str, ...]
    text: str | None
    effective: str
    live: LivePlan = field(default_factory=LivePlan)
    recorded: str = ""
    restart_needed: tuple[str, ...] = ()
    because: str = ""
    is_dependent: bool = False
    children: tuple[str, ...] = ()


def text_after(wanted: Desired, found: Observed) -> str | None:
    """What the jail's file is to hold, None for no file. Raises InputError where that mustn't or can't be."""
    if wanted.state == ABSENT:
        text = None
    else:
        text = found.text if wanted.conf is None else conf.render(wanted.conf)
    _check(wanted, found, text)
    return text


def plan(wanted: Desired, found: Observed, after: Configured) -> Plan:
    """What brings a jail from what was found to what is wanted.

    after: the host's configuration when all files are as they are to be. Raises InputError for what can't be.
    """
    text, effective = after.files.get(wanted.name), after.effective(wanted.name)
    change, recorded = LivePlan(), effective
    if found.jail is not None and wanted.state not in (STOPPED, ABSENT):
        old, new = settings_of(found.started_with or effective, wanted.name), settings_of(effective, wanted.name)
        begun = settings_of(found.changing, wanted.name)
        insist = wanted.drift == "kernel"
        change = live.plan(wanted.name, old, new, found.jail, found.live, begun=begun, insist=insist)
        recorded = live.text_after(effective, wanted.name, old, change)
    steps = _steps(wanted, found, text, change, recorded)
    return Plan(wanted.name, steps, text, effective, change, recorded, change.restart_needed)


def differs(one: str, other: str, name: str) -> tuple[str, ...]:
    """The parameters in which two effective configurations of a jail differ."""
    old, new = settings_of(one, name), settings_of(other, name)
    names = [*new, *(parameter for parameter in old if parameter not in new)]
    return tuple(parameter for parameter in names if not params.same(parameter, old.get(parameter), new.get(parameter)))


def _check(wanted: Desired, found: Observed, text: str | None) -> None:
    """Refuse what isn't ours to touch, and what can't be. Raises InputError."""
    name, path = wanted.name, found.configured.path(wanted.name)
    place = elsewhere(found.configured, name)
    if place:
        raise InputError(
            f"jail {name} is configured in {place}: rc.d/jail and jail(8) would see two of them. "
            f"Move what is there to {path}, or choose another name.",
            jail=name,
        )
    if text != found.text and found.text is not None and not conf.is_ours(found.text) and not wanted.force:
        raise InputError(
            f"{path} wasn't written by this collection. Use 'force: true' to have it replaced or removed.", jail=name
        )
    if found.jail is not None and found.started_with is None and wanted.state != PRESENT and not wanted.force:
        raise InputError(
            f"jail {name} runs (jid {found.jail.jid}, path {found.jail.text('path')}), but nothing here configures it: "
            "whatever started it should stop it. Use 'force: true' to have it removed.",
            jail=name,
        )
    if text is None and wanted.state != ABSENT and not (wanted.state == STOPPED and found.jail is not None):
        raise InputError(
            f"jail {name}: path is missing, and there is no {path} that says it.", jail=name, parameter="path"
        )


def _steps(wanted: Desired, found: Observed, text: str | None, change: LivePlan, recorded: str) -> tuple[str, ...]:
    runs = found.jail is not None
    stop = start = clean = modify = False
    if wanted.state in (ABSENT, STOPPED):
        stop, clean = runs, not runs
    elif wanted.state == RESTARTED or (wanted.state == STARTED and found.cut_short):
        stop, start, clean = runs, True, not runs
    elif wanted.state == STARTED:
        stop = runs and bool(change.restart_needed) and wanted.restart == "if_needed"
        start, clean = stop or not runs, not runs
        noted = differs(found.started_with or recorded, recorded, found.name)
        modify = runs and not stop and bool(change.steps or noted or found.changing)
    steps = [
        (STOP, stop),
        (CLEAN, clean and bool(found.left.lines)),
        (REMOVE if text is None else WRITE, text != found.text),
        (MODIFY, modify),
        (START, start),
    ]
    return tuple(step for step, is_due in steps if is_due)
