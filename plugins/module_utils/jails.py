# SPDX-License-Identifier: BSD-2-Clause
"""Bringing jails to what is wanted of them: look, plan, and unless it is a check run, do it under the jails' locks,
after a second look.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.bsd.jail.plugins.module_utils import checks, configured, jls, state
from ansible_collections.bsd.jail.plugins.module_utils.apply import apply, note_started
from ansible_collections.bsd.jail.plugins.module_utils.configured import Configured, dependencies, settings_of
from ansible_collections.bsd.jail.plugins.module_utils.desired import Desired
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, LockError
from ansible_collections.bsd.jail.plugins.module_utils.host import JAIL, Host
from ansible_collections.bsd.jail.plugins.module_utils.jls import Jail
from ansible_collections.bsd.jail.plugins.module_utils.plan import START, STOP, WRITE, Observed, Plan, plan


@dataclass(frozen=True)
class Outcome:
    """What became of one jail, or would in a check run.

    plan: what was done. conf_path: the path of its file.
    state: 'running', 'stopped' (its file is there) or 'absent', now. jail: what runs now, None for nothing.
    warnings: what the user should know. backup: the path of the copy of its old file, if one was made.
    """

    plan: Plan
    conf_path: str
    state: str
    jail: Jail | None
    warnings: tuple[str, ...] = ()
    backup: str | None = None


@dataclass(frozen=True)
class _Look:
    """The host as one look found it."""

    jails: Mapping[str, Jail]
    configured: Configured
    found: Mapping[str, Observed]
    plans: tuple[Plan, ...]


def converge(
    host: Host,
    wanted: Sequence[Desired],
    *,
    check_mode: bool = False,
    lock_timeout: float = 60,
    timeout: float | None = None,
) -> list[Outcome]:
    """Bring jails to what is wanted of them, and say what was done, or in check mode, what would be.

    lock_timeout: seconds to wait for others that work on the same jails. timeout: seconds that jail(8) may take to
    start or stop one, None for any time. Raises JailError; what was done for that jail is undone, as far as that can
    be, and the message says what is the case.
    """
    host.check()
    look = _look(host, wanted)
    if not any(one.steps for one in look.plans):
        return [_as_found(look, one, ()) for one in look.plans]
    warnings = _check(host, look, check_mode)
    if check_mode:
        return [_as_found(look, one, warnings[one.name]) for one in look.plans]
    with state.locked(host, _touched(look), lock_timeout):
        for desired in wanted:
            _wait_for_jail8(host, desired.name, lock_timeout)
        again = _look(host, wanted)
        if again.plans != look.plans:
            warnings = _check(host, again, check_mode)
        done = {
            one.name: apply(host, one, again.found[one.name], desired.backup, timeout)
            for one, desired in zip(again.plans, wanted)
        }
        now = jls.running(host)
        for one in again.plans:
            if START in one.steps:
                note_started(host, one.name, one.effective, now.get(one.name))
    for applied in done.values():
        if applied.complaint is not None:
            raise applied.complaint
    return [
        Outcome(
            one,
            again.configured.path(one.name),
            _state(now.get(one.name), one.text),
            now.get(one.name),
            warnings[one.name],
            done[one.name].backup,
        )
        for one in again.plans
    ]


def _as_found(look: _Look, one: Plan, warnings: tuple[str, ...]) -> Outcome:
    jail = look.jails.get(one.name)
    return Outcome(one, look.configured.path(one.name), _state(jail, look.found[one.name].text), jail, warnings)


def _state(jail: Jail | None, text: str | None) -> str:
    if jail is not None:
        return "running"
    return "absent" if text is None else "stopped"


def _look(host: Host, wanted: Sequence[Desired]) -> _Look:
    """One run of jls(8), and the files."""
    jails, files = jls.running(host), configured.load(host)
    found = {one.name: _observe(host, one.name, jails.get(one.name), files) for one in wanted}
    return _Look(jails, files, found, tuple(plan(one, found[one.name]) for one in wanted))


def _observe(host: Host, name: str, jail: Jail | None, files: Configured) -> Observed:
    record = state.read(host, name)
    believed = record is not None and record.describes(jail, host.boot_id(), state.rc_started(host, name))
    return Observed(name, jail, files.files.get(name), record if believed else None, files)


def _check(host: Host, look: _Look, check_mode: bool) -> dict[str, tuple[str, ...]]:
    """Refuse what can be known to go wrong. Returns warnings, by jail."""
    warnings: dict[str, tuple[str, ...]] = {}
    for one in look.plans:
        warnings[one.name] = ()
        if STOP in one.steps:
            _refuse_dependents(host, look, one.name)
            warnings[one.name] += _edited_since(host, look.found[one.name])
        if (WRITE in one.steps or START in one.steps) and one.text is not None:
            checks.ask_jail(host, look.configured, one.name, one.text, look.jails, check_mode)
            held = look.found[one.name].started_with or ""
            warnings[one.name] += tuple(
                checks.check_needs(one.name, one.effective, held, check_mode, START in one.steps)
            )
    return warnings


def _edited_since(host: Host, found: Observed) -> tuple[str, ...]:
    """A warning about a jail that rc.d/jail started by another text than its file has now, which nobody kept."""
    path, started = found.configured.path(found.name), state.rc_started(host, found.name)
    if found.record is not None or found.text is None or not 0 < started < os.stat(path).st_mtime:
        return ()
    return (
        f"jail {found.name}: {path} was edited after the jail was started by it. It is stopped by what that says now: "
        "what its old text mounted or added may be left.",
    )


def _refuse_dependents(host: Host, look: _Look, name: str) -> None:
    """Stopping a jail while others depend on it takes the ground from under them, and its children with it (recorded:
    dep-2, att-3).
    """
    dependents = []
    for other, jail in look.jails.items():
        found = _observe(host, other, jail, look.configured)
        text = found.started_with or look.configured.effective(other, found.text)
        if name in dependencies(settings_of(text, other)):
            dependents.append(other)
    children = [other for other in look.jails if other.startswith(f"{name}.")]
    for others, relation in ((dependents, "depend on it"), (children, "are within it")):
        if others:
            raise InputError(
                f"jail {name} can't be stopped while jails run that {relation}: {', '.join(sorted(others))}. "
                "Stop them first.",
                jail=name,
            )


def _touched(look: _Look) -> list[str]:
    """The jails that the plans act on, and those that jail(8) starts along with them."""
    names = [one.name for one in look.plans if one.steps]
    for one in look.plans:
        if START in one.steps:
            names += look.configured.needed(one.name, one.text)
    return names


def _wait_for_jail8(host: Host, name: str, timeout: float) -> None:
    """Wait for a jail(8) that an earlier run started and that survived it. Raises LockError."""
    record = state.read(host, name)
    if record is None or not record.is_under_way or record.boot != host.boot_id():
        return
    left = host.wait_for(f"{JAIL} -f {state.conf_of_record(host, name)} ", timeout)
    if left:
        raise LockError(
            f"jail {name}: a jail(8) that an earlier run began (pid {left[-1]}) is still at work on it. "
            "Wait for it, or raise lock_timeout.",
            jail=name,
        )
