# SPDX-License-Identifier: BSD-2-Clause
"""Doing what plans say, for all jails with one run of jail(8) for all that stop and one for all that start, and undoing
for each jail what was done when that fails half way. The caller holds the jails' locks.

A jail's record says from before jail(8) starts until it has ended that it is at work: whoever comes after a run that
was killed knows what to make of what it finds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ansible_collections.bsd.jail.plugins.module_utils import (
    conf,
    entrypoint,
    jls,
    leftovers,
    liveapply,
    runs,
    state,
    stopping,
)
from ansible_collections.bsd.jail.plugins.module_utils.configured import settings_of
from ansible_collections.bsd.jail.plugins.module_utils.confread import Setting
from ansible_collections.bsd.jail.plugins.module_utils.dependents import unmet
from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError, together
from ansible_collections.bsd.jail.plugins.module_utils.host import Host, Result
from ansible_collections.bsd.jail.plugins.module_utils.jls import Jail
from ansible_collections.bsd.jail.plugins.module_utils.plan import (
    CLEAN,
    MODIFY,
    REMOVE,
    START,
    STOP,
    WRITE,
    Observed,
    Plan,
)
from ansible_collections.bsd.jail.plugins.module_utils.runs import Run
from ansible_collections.bsd.jail.plugins.module_utils.state import RESTARTING, STARTED, STARTING, STOPPING, Record


@dataclass(frozen=True)
class Job:
    """One jail's plan, how it was found, and whether to keep a copy of a file that is replaced or removed."""

    plan: Plan
    found: Observed
    backup: bool = False

    @property
    def name(self) -> str:
        return self.plan.name

    @property
    def is_for_another(self) -> bool:
        """Whether all that was to be done is for another jail's sake: then it is right as it was."""
        return self.plan.is_dependent and set(self.plan.steps) <= {STOP, START} and not self.plan.restart_needed


@dataclass
class Applied:
    """What was done.

    jails: what runs now. failed: why what was planned for a jail wasn't done, and what is the case. complaints: what
    failed after all was done. backups: the copies of old files.
    """

    jails: Mapping[str, Jail]
    failed: dict[str, JailError] = field(default_factory=dict)
    complaints: dict[str, JailError] = field(default_factory=dict)
    backups: dict[str, str] = field(default_factory=dict)


def apply(
    host: Host,
    jobs: Sequence[Job],
    jails: Mapping[str, Jail],
    started: Mapping[str, Mapping[str, Setting]],
    timeout: float | None,
) -> Applied:
    """Do the steps of all jobs.

    jails: what runs. started: what each of that was started with, where that is known. timeout: seconds that jail(8)
    may take for a run, or None. Raises JailError if the host itself fails; what fails with a jail is in the result.
    """
    work = _Work(host, {job.name: job for job in jobs}, started, timeout, Applied(jails))
    work.stop()
    work.change()
    work.start()
    work.undo()
    work.forget()
    return work.done


@dataclass
class _Work:
    """The jobs of one call, phase by phase.

    undoable: the jobs that failed after the jail's stop, if it had one.
    """

    host: Host
    jobs: Mapping[str, Job]
    started: Mapping[str, Mapping[str, Setting]]
    timeout: float | None
    done: Applied
    undoable: list[Job] = field(default_factory=list)

    def _with(self, *steps: str) -> list[Job]:
        """The jobs that have one of some steps still before them."""
        return [
            job
            for job in self.jobs.values()
            if job.name not in self.done.failed and any(step in job.plan.steps for step in steps)
        ]

    # --- stopping -------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Stop jails, each by the configuration that it was started with.

        Where jail(8) fails after a jail is gone, as it does when exec.poststop fails (recorded: exs-2), that is said
        when all else is done.
        """
        jobs = self._with(STOP)
        if not jobs:
            return
        records = {
            job.name: replace(
                self._record(RESTARTING if START in job.plan.steps else STOPPING, job.found.started_with or ""),
                changing=job.found.changing,
            )
            for job in jobs
        }
        run, result = self._jail8(runs.REMOVE, records, stopping.texts(records, self.done.jails, self.started))
        self._look_again(result)
        for job in jobs:
            jail = self.done.jails.get(job.name)
            if jail is not None:
                if result.rc > 0:  # else jail(8) was killed, and the record says rightly that a stop was cut short
                    self._note(job.name, STARTED, records[job.name].text, jail.jid, job.found.changing)
                self.done.failed[job.name] = run.error(
                    result,
                    f"jail {job.name} can't be stopped, and still runs (jid {jail.jid}). Repair what its exec.prestop "
                    f"or exec.stop needs, or remove it with 'jail -R {job.name}', which runs neither; a later run "
                    "cleans up after that",
                    job.name,
                )
                continue
            if result.rc != 0 and run.said_something(result, job.name):
                self.done.complaints[job.name] = run.error(
                    result, f"jail {job.name} was stopped, but what follows that failed", job.name
                )
            if job.name in self.done.complaints or job.found.changing:
                first = [error for name, error in self.done.complaints.items() if name == job.name]
                errors = [*first, *self._clean_after(job.name, records[job.name])]
                if errors:
                    self.done.complaints[job.name] = together(errors)
            self._note(job.name, records[job.name].phase, records[job.name].text)
            entrypoint.end(self.host, job.name)  # one that waits does so outside of the jail
        runs.forget(self.host, run)

    def _clean_after(self, name: str, record: Record) -> list[JailError]:
        """Take away what jail(8) didn't after a jail was gone. Returns what is wrong with that."""
        try:
            left = leftovers.look(self.host, {name: record}, self.done.jails, self.started)
            leftovers.clean(self.host, name, left[name])
        except JailError as error:
            return [error]
        return []

    # --- files, and what runs on ----------------------------------------------------------------------------------

    def change(self) -> None:
        """Clean up, replace files, and change what runs on."""
        for job in self._with(CLEAN, WRITE, REMOVE, MODIFY):
            try:
                if CLEAN in job.plan.steps:
                    leftovers.clean(self.host, job.name, job.found.left)
                if WRITE in job.plan.steps or REMOVE in job.plan.steps:
                    self._replace_file(job)
                if MODIFY in job.plan.steps and job.found.jail is not None:
                    self._change_live(job, job.found.jail.jid)
            except JailError as error:
                self._fail(job, error)
        if any(job.plan.live.steps for job in self._with(MODIFY)):
            self._look_again()

    def _change_live(self, job: Job, jid: int) -> None:
        """Change a running jail. Until that is done its record says what it is about to become."""
        text = job.found.started_with or job.plan.recorded
        self._note(job.name, STARTED, text, jid, job.plan.recorded)
        try:
            liveapply.apply(self.host, job.name, jid, job.plan.live)
        except JailError as error:
            if not error.details.get("left"):
                self._note(job.name, STARTED, text, jid, job.found.changing)
            raise
        self._note(job.name, STARTED, job.plan.recorded, jid)

    def _replace_file(self, job: Job) -> None:
        """Write or remove a jail's file. The text by which the jail still runs is what it must be stopped by: it
        becomes its record.
        """
        found, text = job.found, job.found.started_with
        if found.jail is not None and STOP not in job.plan.steps and found.record is None and text is not None:
            self._note(job.name, STARTED, text, found.jail.jid)
        path = found.configured.path(job.name)
        if job.backup and found.text is not None:
            self.done.backups[job.name] = conf.backup(path)
        _put(path, job.plan.text)

    # --- starting -------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start jails."""
        jobs = self._with(START)
        if jobs:
            failed = self._start({job.name: job.plan.effective for job in jobs})
            for name, error in failed.items():
                self._fail(self.jobs[name], error)

    def _start(self, texts: Mapping[str, str]) -> dict[str, JailError]:
        """Start jails by their configurations. jail(8) cleans up after a start that fails, but for what exec.prestart
        made; after a run of it that was killed, we do. Returns what failed.
        """
        failed: dict[str, JailError] = {
            name: JailError(f"jail {name} can't be started: it depends on {other}, which doesn't run.", jail=name)
            for name, other in unmet(texts, self.done.jails).items()
        }
        texts = {name: text for name, text in texts.items() if name not in failed}
        if not texts:
            return failed
        records = {name: self._record(STARTING, text) for name, text in texts.items()}
        run, result = self._jail8(runs.CREATE, records, texts)
        self._look_again()
        half = {name: record for name, record in records.items() if result.rc < 0 and name in self.done.jails}
        if half:
            stopping = {name: replace(record, phase=STOPPING) for name, record in half.items()}
            second, _result = self._jail8(runs.REMOVE, stopping, {name: one.text for name, one in half.items()})
            runs.forget(self.host, second)
            self._look_again()
        for name, text in texts.items():
            jail = self.done.jails.get(name)
            if jail is not None and name not in half:
                self._note(name, STARTED, text, jail.jid)
            elif result.rc != 0:
                error = run.error(result, f"jail {name} can't be started", name)
                failed[name] = together([error, *self._clean_after(name, records[name])])
            elif settings_of(text, name).get("persist") is True:
                failed[name] = JailError(
                    f"jail {name}: jail(8) says that it started it, and now it doesn't run: something removed it at "
                    "once",
                    jail=name,
                )
        runs.forget(self.host, run)
        return failed

    # --- undoing --------------------------------------------------------------------------------------------------

    def undo(self) -> None:
        """Put back what was before, for the jails with which something failed after they were stopped, or that weren't
        running; and say in their errors what is the case.
        """
        said: dict[str, list[str]] = {job.name: [] for job in self.undoable}
        back = {}
        for job in self.undoable:
            try:
                if job.plan.text != job.found.text:
                    path = job.found.configured.path(job.name)
                    _put(path, job.found.text)
                    said[job.name].append(f"{path} is as it was before")
            except JailError as error:
                said[job.name].append(f"putting it back failed too: {error.message}")
            if STOP in job.plan.steps and not job.found.cut_short and job.found.started_with is not None:
                back[job.name] = job.found.started_with
        back = {name: text for name, text in back.items() if name not in self.done.jails}
        again = self._start(back) if back else {}
        for job in self.undoable:
            name = job.name
            jail = self.done.jails.get(name)
            if name in again:
                said[name].append(f"putting it back failed too: {again[name].message}")
            elif name in back:
                said[name].append("the jail, which had been stopped, runs again with its old configuration")
            elif jail is not None:
                said[name].append(f"the jail runs (jid {jail.jid})")
            else:
                said[name].append("the jail doesn't run")
            if name in back and name not in again and job.is_for_another:
                del self.done.failed[name]
                continue
            first = self.done.failed[name]
            now = f"{first.message.rstrip('.')}. Now {', and '.join(said[name])}."
            self.done.failed[name] = type(first)(now, **first.details)

    def forget(self) -> None:
        """Forget what isn't any more; but not that a jail was taken down for another's restart, and wasn't brought up
        again.
        """
        for job in self.jobs.values():
            if job.name in self.done.jails or not job.plan.steps:
                continue
            if job.is_for_another and START in job.plan.steps and job.name in self.done.failed:
                self._note(job.name, RESTARTING, job.plan.effective)
            else:
                state.forget(self.host, job.name)
        runs.prune(self.host, state.runs_known(self.host))

    # --- what they share ------------------------------------------------------------------------------------------

    def _fail(self, job: Job, error: JailError) -> None:
        self.done.failed[job.name] = error
        self.undoable.append(job)

    def _record(self, phase: str, text: str) -> Record:
        return Record(phase, self.host.boot_id(), 0, text)

    def _note(self, name: str, phase: str, text: str, jid: int = 0, changing: str = "") -> None:
        """Write down what is the case when no jail(8) is at work."""
        state.write(self.host, name, Record(phase, self.host.boot_id(), jid, text, status=0, changing=changing))

    def _look_again(self, result: Result | None = None) -> None:
        """Ask jls(8) what runs now. result: of a stop; if that went well, it is known without."""
        if result is not None and result.rc == 0:
            gone = {job.name for job in self.jobs.values() if STOP in job.plan.steps}
            self.done.jails = {name: jail for name, jail in self.done.jails.items() if name not in gone}
        else:
            self.done.jails = jls.running(self.host)

    def _jail8(self, operation: str, records: Mapping[str, Record], texts: Mapping[str, str]) -> tuple[Run, Result]:
        """Run jail(8) on jails."""
        run = runs.prepare(self.host, operation, texts)
        for name, record in records.items():
            state.write(self.host, name, replace(record, run=run.identity))
        return run, runs.go(self.host, run, self.timeout)


def _put(path: str, text: str | None) -> None:
    if text is None:
        conf.remove_conf(path)
    else:
        conf.write_conf(path, text)
