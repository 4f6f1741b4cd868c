# SPDX-License-Identifier: BSD-2-Clause
"""How a plan looks to people, in the form that Ansible shows: a jail's file and what runs, before and after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ansible_collections.bsd.jail.plugins.module_utils import boot, epairs
from ansible_collections.bsd.jail.plugins.module_utils.boot import BootPlan
from ansible_collections.bsd.jail.plugins.module_utils.configured import Configured, settings_of
from ansible_collections.bsd.jail.plugins.module_utils.confread import Setting
from ansible_collections.bsd.jail.plugins.module_utils.jls import Shown
from ansible_collections.bsd.jail.plugins.module_utils.livesteps import text_of
from ansible_collections.bsd.jail.plugins.module_utils.params import RECORD, change_of
from ansible_collections.bsd.jail.plugins.module_utils.plan import CLEAN, MODIFY, START, STOP, Observed, Plan, differs


def of(one: Plan, found: Observed, after: Configured) -> tuple[dict[str, str], ...]:
    """The differences that a plan makes. after: the host's configuration when all files are as they are to be."""
    parts = []
    if one.text != found.text:
        path = found.configured.path(one.name)
        parts.append(_part(path, found.text or "", one.text or ""))
    if any(step in one.steps for step in (STOP, CLEAN, MODIFY, START)):
        before, after_lines = _before(one, found), _after(one, found, after)
        parts.append(_part(f"jail {one.name}", _lines(before), _lines(after_lines)))
    return tuple(parts)


def of_boot(one: BootPlan) -> tuple[dict[str, str], ...]:
    """The difference that a plan for jail_list makes."""
    return (_part("rc.conf: jail_list", boot.lines(one.before), boot.lines(one.after)),) if one.is_change else ()


def _part(header: str, before: str, after: str) -> dict[str, str]:
    return {"before_header": header, "after_header": header, "before": before, "after": after}


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _before(one: Plan, found: Observed) -> list[str]:
    if found.jail is None:
        return ["state: stopped", *found.left.lines]
    what = "start or stop" if found.cut_short else "change"
    is_cut = found.cut_short or found.changing
    lines = [f"state: running (its {what} was cut short)" if is_cut else "state: running"]
    old = settings_of(found.started_with or "", one.name)
    shown = found.jail.parameters
    if STOP in one.steps:
        lines += [_line(one.name, name, old, shown) for name in one.restart_needed]
    if MODIFY in one.steps:
        lines += [*one.live.before.splitlines(), *(f"{name}: {text_of(old.get(name))}" for name in _noted(one, found))]
    return [*lines, *(f"jail within it: {child}" for child in one.children)]


def _after(one: Plan, found: Observed, after: Configured) -> list[str]:
    new = settings_of(one.effective, one.name)
    if MODIFY in one.steps:
        noted = (f"{name}: {text_of(new.get(name))}" for name in _noted(one, found))
        return ["state: running", *one.live.after.splitlines(), *noted]
    remarks = ["restarted"] * (STOP in one.steps and START in one.steps) + [one.because] * bool(one.because)
    state = "running" if START in one.steps else "stopped"
    lines = [f"state: {state} ({'; '.join(remarks)})" if remarks else f"state: {state}"]
    if STOP in one.steps and START in one.steps:
        lines += [_line(one.name, name, new, {}) for name in one.restart_needed]
    elif START in one.steps:
        lines += [f"{name}: {text_of(new[name])} (a default)" for name in after.inherited(one.name) if name in new]
    return lines


def _line(jail: str, name: str, settings: Mapping[str, Setting], shown: Mapping[str, Shown]) -> str:
    """A parameter for people, as the kernel has it or else as it is configured."""
    value = epairs.text_of(jail, settings) if name == "epairs" else text_of(shown.get(name, settings.get(name)))
    return f"{name}: {value}"


def _noted(one: Plan, found: Observed) -> list[str]:
    """The parameters that matter only when the jail is started or stopped."""
    if found.jail is None or found.started_with is None:
        return []
    changed = differs(found.started_with, one.recorded, one.name)
    return [name for name in changed if change_of(name, found.jail) == RECORD]
