# SPDX-License-Identifier: BSD-2-Clause
"""From what is wanted and what was found to what is to be done, and how that looks: pure, so that a check run tells
what a real one will do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.bsd.jail.plugins.module_utils import conf, params
from ansible_collections.bsd.jail.plugins.module_utils.configured import Configured, elsewhere, inherited, settings_of
from ansible_collections.bsd.jail.plugins.module_utils.confread import Setting
from ansible_collections.bsd.jail.plugins.module_utils.desired import ABSENT, PRESENT, RESTARTED, STOPPED, Desired
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError
from ansible_collections.bsd.jail.plugins.module_utils.jls import Jail, Shown
from ansible_collections.bsd.jail.plugins.module_utils.state import Record

STOP, WRITE, REMOVE, START = "stop", "write", "remove", "start"


@dataclass(frozen=True)
class Observed:
    """One jail as it was found.

    jail: what runs under the name. text: its file's text. record: what we know of how it was started, if that is
    believed. configured: the whole host's configuration.
    """

    name: str
    jail: Jail | None
    text: str | None
    record: Record | None
    configured: Configured

    @property
    def started_with(self) -> str | None:
        """The configuration that the running jail was started with: by its record, else by its file as it is."""
        if self.record is not None:
            return self.record.text
        if self.jail is None or self.text is None:
            return None
        return self.configured.effective(self.name, self.text)

    @property
    def cut_short(self) -> bool:
        """Whether jail(8) was ended while it started or stopped the jail."""
        return self.record is not None and self.record.is_under_way


@dataclass(frozen=True)
class Plan:
    """What is to be done with one jail.

    steps: of STOP, WRITE, REMOVE, START, in the order in which they are done.
    text: what its file holds afterwards, None for no file. effective: the configuration that it is started with.
    restart_needed: the parameters for whose sake a running jail has to be restarted, whether it is or not.
    diff: for people, in the form that Ansible shows.
    """

    name: str
    steps: tuple[str, ...]
    text: str | None
    effective: str
    restart_needed: tuple[str, ...]
    diff: tuple[dict[str, str], ...]


def plan(wanted: Desired, found: Observed) -> Plan:
    """What brings a jail from what was found to what is wanted. Raises InputError where that can't or mustn't be."""
    text = _text_after(wanted, found)
    _check(wanted, found, text)
    effective = found.configured.effective(wanted.name, text)
    needed = () if wanted.state in (STOPPED, ABSENT) else _differences(found, effective)
    steps = _steps(wanted, found, text, needed)
    return Plan(wanted.name, steps, text, effective, needed, tuple(_diff(found, steps, text, effective, needed)))


def _text_after(wanted: Desired, found: Observed) -> str | None:
    if wanted.state == ABSENT:
        return None
    return found.text if wanted.conf is None else conf.render(wanted.conf)


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


def _steps(wanted: Desired, found: Observed, text: str | None, needed: tuple[str, ...]) -> tuple[str, ...]:
    runs = found.jail is not None
    if wanted.state == PRESENT:
        stop = start = False
    elif wanted.state in (ABSENT, STOPPED):
        stop, start = runs, False
    elif wanted.state == RESTARTED or found.cut_short:
        stop, start = runs, True
    else:
        stop = runs and bool(needed) and wanted.restart == "if_needed"
        start = stop or not runs
    steps = [STOP] if stop else []
    if text != found.text:
        steps.append(REMOVE if text is None else WRITE)
    return tuple([*steps, START] if start else steps)


def _differences(found: Observed, effective: str) -> tuple[str, ...]:
    """The parameters in which a running jail isn't as its configuration says: as started, and as the kernel has it
    now.
    """
    if found.jail is None:
        return ()
    new = settings_of(effective, found.name)
    old = new if found.started_with is None else settings_of(found.started_with, found.name)
    names = [*new, *(name for name in old if name not in new)]
    return tuple(
        name for name in names if not params.same(name, old.get(name), new.get(name)) or _drifted(name, new, found.jail)
    )


def _drifted(name: str, new: Mapping[str, Setting], jail: Jail) -> bool:
    if name not in new or (name.endswith(".addr") and new.get("ip_hostname") is True):
        return False  # addresses that jail(8) looks up come to those that are configured
    return params.differs(name, new[name], jail)


def _diff(
    found: Observed, steps: tuple[str, ...], text: str | None, effective: str, needed: tuple[str, ...]
) -> list[dict[str, str]]:
    """The file's text, and what runs: before and after."""
    parts = []
    if text != found.text:
        path = found.configured.path(found.name)
        parts.append({"before_header": path, "after_header": path, "before": found.text or "", "after": text or ""})
    if STOP in steps or START in steps:
        header = f"jail {found.name}"
        before, after = _running_before(found, needed, STOP in steps), _running_after(found, steps, effective, needed)
        parts.append({"before_header": header, "after_header": header, "before": before, "after": after})
    return parts


def _running_before(found: Observed, needed: tuple[str, ...], stops: bool) -> str:
    if found.jail is None:
        return "state: stopped\n"
    old = settings_of(found.started_with or "", found.name)
    lines = [f"state: running{' (its start or stop was cut short)' if found.cut_short else ''}"]
    lines += [
        f"{name}: {_shown(found.jail.parameters[name]) if name in found.jail.parameters else _set(old.get(name))}"
        for name in needed
        if stops
    ]
    return "\n".join(lines) + "\n"


def _running_after(found: Observed, steps: tuple[str, ...], effective: str, needed: tuple[str, ...]) -> str:
    if START not in steps:
        return "state: stopped\n"
    new = settings_of(effective, found.name)
    if STOP in steps:
        return "\n".join(["state: running (restarted)", *(f"{name}: {_set(new.get(name))}" for name in needed)]) + "\n"
    defaults = (f"{name}: {_set(new[name])} (a default)" for name in inherited(effective, found.name))
    return "\n".join(["state: running", *defaults]) + "\n"


def _set(setting: Setting | None) -> str:
    if setting is None:
        return "(not set)"
    return str(setting).lower() if isinstance(setting, bool) else ", ".join(item.text for item in setting)


def _shown(value: Shown) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else ", ".join(value)
