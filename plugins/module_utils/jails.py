# SPDX-License-Identifier: BSD-2-Clause
"""Bringing jails to what is wanted of them: look, plan, and unless it is a check run, do it under the jails' locks,
after a second look.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ansible_collections.bsd.jail.plugins.module_utils import boot, checks, diffs, liveapply, others, state
from ansible_collections.bsd.jail.plugins.module_utils.apply import Applied, Job, apply
from ansible_collections.bsd.jail.plugins.module_utils.boot import BootPlan
from ansible_collections.bsd.jail.plugins.module_utils.configured import Configured
from ansible_collections.bsd.jail.plugins.module_utils.dependents import Extension
from ansible_collections.bsd.jail.plugins.module_utils.desired import ABSENT, STOPPED, Desired
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, JailError, together
from ansible_collections.bsd.jail.plugins.module_utils.host import Host
from ansible_collections.bsd.jail.plugins.module_utils.jls import Jail
from ansible_collections.bsd.jail.plugins.module_utils.plan import MODIFY, START, Plan, plan, text_after
from ansible_collections.bsd.jail.plugins.module_utils.scene import Scene


@dataclass(frozen=True)
class Outcome:
    """What became of one jail, or would in a check run.

    plan: what was done. diff: how that looks, in the form that Ansible shows. conf_path: the path of its file.
    state: 'running', 'stopped' (its file is there) or 'absent', now. jail: what runs now, None for nothing.
    warnings: what the user should know. backup: the path of the copy of its old file, if one was made.
    error: why what was wanted of it isn't so, or what went wrong on the way.
    is_changed: whether anything was done with it and not undone, or would be.
    boot: whether it starts at boot, None if that can't be known.
    """

    plan: Plan
    diff: tuple[dict[str, str], ...]
    conf_path: str
    state: str
    jail: Jail | None
    warnings: tuple[str, ...] = ()
    backup: str | None = None
    error: JailError | None = None
    is_changed: bool = False
    boot: bool | None = None


@dataclass(frozen=True)
class _Decision:
    """What is to be done, after one look at the host.

    after: the host's configuration when all files are as they are to be. plans: of all jails that are concerned.
    boot: what is to become of jail_list. failed: why what was asked for can't be. warnings: by jail.
    """

    scene: Scene
    after: Configured
    plans: Mapping[str, Plan]
    boot: BootPlan
    failed: Mapping[str, JailError]
    warnings: Mapping[str, tuple[str, ...]]

    @property
    def touched(self) -> frozenset[str]:
        """The jails that the plans act on, and those that they need to stay as they are."""
        names = {name for name, one in self.plans.items() if one.steps}
        for name in [name for name, one in self.plans.items() if START in one.steps]:
            names |= self.after.needed(name)
        return frozenset(names)

    @property
    def locks(self) -> frozenset[str]:
        """What has to be locked beside these jails."""
        return frozenset(
            lock for one in self.plans.values() if MODIFY in one.steps for lock in liveapply.locks(one.live)
        )


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
    start or stop them, None for any time.
    Returns what became of each jail, in the order in which they were asked for, and then of those that others depend
    on, or that depend on others. What goes wrong with one jail is in its outcome, and doesn't keep the others from
    being converged; what was done for it is undone, as far as that can be. Raises JailError for what goes wrong with
    all of them.
    """
    host.check()
    names = [one.name for one in wanted]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"jail {name} is asked for twice.", jail=name)
    decision = _decide(host, wanted, check_mode, None)
    # What is in the way may be somebody else's work half done: an address is added before its jail is there.
    if others.wait(host, decision.after, frozenset(decision.failed), lock_timeout):
        decision = _decide(host, wanted, check_mode, None)
    while True:
        owed = decision.scene.owed.keys() & {one.name for one in wanted if one.state in (STOPPED, ABSENT)}
        touched, locks = decision.touched | owed, decision.locks
        if check_mode or not (touched or decision.boot.is_change):
            return _outcomes(decision, Applied(decision.scene.jails), decision.boot, is_done=False)
        with state.locked(host, sorted(touched | locks), lock_timeout):
            jids = {str(jail.jid) for name, jail in decision.scene.jails.items() if name in touched}
            others.wait(host, decision.after, touched | jids, lock_timeout)
            decision = _decide(host, wanted, check_mode, decision)
            if not (decision.touched <= touched and decision.locks <= locks):
                continue  # meanwhile, more came to be concerned: take those locks too
            for name in owed:
                if name not in decision.scene.jails:
                    state.forget(host, name)
            backup = {one.name: one.backup for one in wanted}
            jobs = [
                Job(one, decision.scene.observe(name), backup.get(name, False)) for name, one in decision.plans.items()
            ]
            done = apply(host, jobs, decision.scene.jails, decision.scene.started, timeout)
            settled = _settle(host, wanted, decision, done, lock_timeout)
            return _outcomes(decision, done, settled, is_done=True)


def _settle(host: Host, wanted: Sequence[Desired], decision: _Decision, done: Applied, lock_timeout: float) -> BootPlan:
    """What starts at boot, when all else is done."""
    if not decision.boot.is_change:
        return decision.boot
    try:
        well = [one for one in wanted if one.name not in decision.failed and one.name not in done.failed]
        return boot.settle(host, well, lock_timeout)
    except JailError as error:
        for name in decision.boot.concerned - done.failed.keys():
            message = f"jail {name}: what is to start at boot can't be changed: {error.message}"
            before = done.complaints.get(name)
            complaint = type(error)(message, **error.details)
            done.complaints[name] = complaint if before is None else together([before, complaint])
        return replace(decision.boot, names=decision.boot.before.names, concerned=frozenset())


def _decide(host: Host, wanted: Sequence[Desired], check_mode: bool, before: _Decision | None) -> _Decision:
    """Look, and plan. before: an earlier decision; what was checked for that isn't checked again."""
    scene = Scene.look(host, [one.name for one in wanted])
    failed: dict[str, JailError] = {}
    while True:
        feasible = [one for one in wanted if one.name not in failed]
        after, plans, problems = _plan(scene, feasible)
        warnings: dict[str, tuple[str, ...]] = {}
        if before is not None and before.plans == plans:
            warnings = dict(before.warnings)
        elif not problems:
            warnings, problems = checks.check(host, scene, after, plans, check_mode)
        at_boot = boot.plan(feasible, after, scene.at_boot)
        problems = problems or dict(at_boot.failed)
        if not problems:
            return _Decision(scene, after, plans, at_boot, failed, warnings)
        # What one of them can't have may be what another needs: all is thought through again without it.
        failed.update(problems)


def _plan(scene: Scene, wanted: Sequence[Desired]) -> tuple[Configured, dict[str, Plan], dict[str, JailError]]:
    """The host's configuration as it is to be, the plans for all jails that are concerned, and what can't be."""
    texts: dict[str, str | None] = {}
    plans: dict[str, Plan] = {}
    problems: dict[str, JailError] = {}
    for one in wanted:
        try:
            texts[one.name] = text_after(one, scene.observe(one.name))
        except InputError as error:
            problems[one.name] = error
    after = scene.configured.replaced(texts)
    for one in wanted:
        if one.name in texts:
            try:
                plans[one.name] = _plan_one(scene, one, after)
            except InputError as error:
                problems[one.name] = error
    if problems:
        return after, plans, problems
    extension = Extension(plans, {one.name: one for one in wanted}, scene.jails, after, scene.observe, scene.owed)
    extension.extend()
    return after, extension.plans, extension.failed


def _plan_one(scene: Scene, wanted: Desired, after: Configured) -> Plan:
    """One jail's plan; where it is one to change what runs, after a look at what jls can't show."""
    found = scene.observe(wanted.name)
    first = plan(wanted, found, after)
    parts = scene.parts_to_look_at(wanted, first)
    if not parts:
        return first
    return plan(wanted, replace(found, live=scene.look_closer(wanted.name, first.effective, parts)), after)


def _outcomes(decision: _Decision, done: Applied, at_boot: BootPlan, is_done: bool) -> list[Outcome]:
    """What became of all jails, those that can't be had among them, and of jail_list. is_done: whether it was done, or
    would be.
    """
    scene = decision.scene
    starts = boot.starts(
        scene.names, at_boot.after if is_done else at_boot.before, decision.after if is_done else scene.configured
    )
    outcomes = []
    parts = diffs.of_boot(at_boot)
    for name in dict.fromkeys((*scene.names, *decision.plans)):
        found, jail = scene.observe(name), done.jails.get(name)
        one = decision.plans.get(name) or Plan(name, (), found.text, "")
        error = decision.failed.get(name) or done.failed.get(name) or done.complaints.get(name)
        is_as_planned = name not in done.failed
        diff = diffs.of(one, found, decision.after) if is_as_planned else ()
        if name in at_boot.concerned:
            diff, parts = (*diff, *parts), ()
        outcomes.append(
            Outcome(
                plan=one,
                diff=diff,
                conf_path=scene.configured.path(name),
                state=_state(jail, one.text if is_done and is_as_planned else found.text),
                jail=jail,
                warnings=(*decision.warnings.get(name, ()), *at_boot.warnings.get(name, ())),
                backup=done.backups.get(name),
                error=error,
                is_changed=(bool(one.steps) and is_as_planned) or name in at_boot.concerned,
                boot=starts.get(name),
            )
        )
    return outcomes


def _state(jail: Jail | None, text: str | None) -> str:
    if jail is not None:
        return "running"
    return "absent" if text is None else "stopped"
