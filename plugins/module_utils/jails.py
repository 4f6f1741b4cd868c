# SPDX-License-Identifier: BSD-2-Clause
"""Bringing jails to what is wanted of them: look, plan, and unless it is a check run, do it under the jails' locks,
after a second look.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ansible_collections.bsd.jail.plugins.module_utils import checks, conf, configured, jls, state
from ansible_collections.bsd.jail.plugins.module_utils.configured import Configured, dependencies, settings_of
from ansible_collections.bsd.jail.plugins.module_utils.desired import Desired
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, JailError, LockError
from ansible_collections.bsd.jail.plugins.module_utils.host import JAIL, Host, Result
from ansible_collections.bsd.jail.plugins.module_utils.jls import Jail
from ansible_collections.bsd.jail.plugins.module_utils.plan import REMOVE, START, STOP, WRITE, Observed, Plan, plan
from ansible_collections.bsd.jail.plugins.module_utils.state import STARTED, STARTING, STOPPING, Record


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
    found: Mapping[str, Observed]
    plans: tuple[Plan, ...]
    records: Mapping[str, Record]
    configured: Configured


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
        backups = {one.name: _apply(host, again, one, desired, timeout) for one, desired in zip(again.plans, wanted)}
        now = jls.running(host)
        for one in again.plans:
            if START in one.steps:
                _note_jid(host, one.name, one.effective, now.get(one.name))
    return [
        Outcome(
            one,
            again.configured.path(one.name),
            _state(now.get(one.name), one.text),
            now.get(one.name),
            warnings[one.name],
            backups[one.name],
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
    jails, files, boot = jls.running(host), configured.load(host), host.boot_id()
    found, records = {}, {}
    for name in (one.name for one in wanted):
        jail, text = jails.get(name), files.files.get(name)
        record = state.read(host, name)
        if record is not None and record.describes(jail, boot, state.rc_started(host, name)):
            records[name] = record
        if name in records:
            started_with: str | None = records[name].text
        else:
            started_with = files.effective(name, text) if jail is not None and text is not None else None
        cut_short = name in records and records[name].is_under_way
        found[name] = Observed(name, jail, text, started_with, cut_short, files)
    return _Look(jails, found, tuple(plan(one, found[one.name]) for one in wanted), records, files)


def _check(host: Host, look: _Look, check_mode: bool) -> dict[str, tuple[str, ...]]:
    """Refuse what can be known to go wrong. Returns warnings, by jail."""
    warnings: dict[str, tuple[str, ...]] = {}
    for one in look.plans:
        warnings[one.name] = ()
        if STOP in one.steps:
            _refuse_dependents(host, look, one.name)
        if (WRITE in one.steps or START in one.steps) and one.text is not None:
            checks.ask_jail(host, look.configured, one.name, one.text, look.jails, check_mode)
            held = look.found[one.name].started_with or ""
            warnings[one.name] = tuple(
                checks.check_needs(one.name, one.effective, held, check_mode, START in one.steps)
            )
    return warnings


def _refuse_dependents(host: Host, look: _Look, name: str) -> None:
    """Stopping a jail while others depend on it takes the ground from under them, and its children with it (recorded:
    dep-2, att-3).
    """
    boot = host.boot_id()
    dependents = []
    for other, jail in look.jails.items():
        record = state.read(host, other)
        if record is not None and record.describes(jail, boot, state.rc_started(host, other)):
            text = record.text
        else:
            text = look.configured.effective(other, look.configured.files.get(other))
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
    if (
        record is None
        or not record.is_under_way
        or record.boot != host.boot_id()
        or not _is_ours(host, record.pid, name)
    ):
        return
    if not host.wait_gone(record.pid, timeout):
        raise LockError(
            f"jail {name}: a jail(8) that an earlier run began (pid {record.pid}) is still at work on it. "
            "Wait for it, or raise lock_timeout.",
            jail=name,
        )
    jail = jls.running(host).get(name)
    if jail is not None and record.phase == STARTING:
        # It ended by itself, and on failure it would have removed the jail (recorded: exs-2).
        state.write(host, name, replace(record, phase=STARTED, jid=jail.jid, pid=0))


def _is_ours(host: Host, pid: int, name: str) -> bool:
    """Whether a process is the jail(8) of a jail's record: another process of that number has another command line."""
    return pid > 0 and state.conf_of_record(host, name) in host.command_line(pid).split()


def _apply(host: Host, look: _Look, one: Plan, wanted: Desired, timeout: float | None) -> str | None:
    """Do the steps of one jail. Returns the path of the backup, if one was made."""
    found, path = look.found[one.name], look.configured.path(one.name)
    complaint = None
    if STOP in one.steps:
        complaint = _stop(host, one.name, found.started_with or "", look.records.get(one.name), timeout)
    copy = None
    try:
        if WRITE in one.steps or REMOVE in one.steps:
            copy = _replace_file(host, one, wanted, found, path)
        if START in one.steps:
            _start(host, one.name, one.effective, timeout)
        elif found.jail is None or STOP in one.steps:
            state.forget(host, one.name)
    except JailError as error:
        raise _undone(host, one, found, path, error, timeout) from error
    if complaint is not None:
        raise complaint
    return copy


def _replace_file(host: Host, one: Plan, wanted: Desired, found: Observed, path: str) -> str | None:
    """Write or remove the jail's file. One that still runs by the old text must be stopped by that: it becomes its
    record.
    """
    if found.jail is not None and STOP not in one.steps and found.started_with is not None:
        record = state.read(host, one.name)
        if record is None or record.text != found.started_with:
            state.write(host, one.name, Record(STARTED, host.boot_id(), found.jail.jid, 0, found.started_with))
    copy = conf.backup(path) if wanted.backup and found.text is not None else None
    if one.text is None:
        conf.remove_conf(path)
    else:
        conf.write_conf(path, one.text)
    return copy


def _undone(host: Host, one: Plan, found: Observed, path: str, error: JailError, timeout: float | None) -> JailError:
    """Put back what was before, and return the error that says what is the case."""
    said = []
    try:
        if one.text != found.text:
            if found.text is None:
                conf.remove_conf(path)
            else:
                conf.write_conf(path, found.text)
            said.append(f"{path} is as it was before")
        if STOP not in one.steps:
            if found.jail is None:
                state.forget(host, one.name)
        elif found.cut_short or found.started_with is None:
            state.forget(host, one.name)
            said.append("the jail doesn't run")
        else:
            _start(host, one.name, found.started_with, timeout)
            _note_jid(host, one.name, found.started_with, jls.running(host).get(one.name))
            said.append("the jail, which had been stopped, runs again with its old configuration")
    except JailError as second:
        said.append(f"putting it back failed too: {second.message}")
    now = f". Now {', and '.join(said)}." if said else ""
    return type(error)(error.message + now, **error.details)


def _stop(host: Host, name: str, text: str, record: Record | None, timeout: float | None) -> JailError | None:
    """Stop a jail by the configuration that it was started with.

    Returns an error for the caller to raise when all else is done, if jail(8) failed after the jail was gone, as it
    does when exec.poststop fails (recorded: exs-2). Raises CommandError if the jail is still there.
    """
    result = _jail8(host, name, Record(STOPPING, host.boot_id(), record.jid if record else 0, 0, text), "-r", timeout)
    if result.rc == 0:
        return None
    jail = jls.running(host).get(name)
    if jail is not None:
        if result.rc > 0:  # else jail(8) was killed, and the record says rightly that a stop was cut short
            state.write(host, name, Record(STARTED, host.boot_id(), jail.jid, 0, text))
        raise result.error(
            f"jail {name} can't be stopped, and still runs (jid {jail.jid}). Repair what its exec.prestop or exec.stop "
            f"needs, or remove it with 'jail -R {name}', which runs neither and leaves its mounts and addresses",
            name,
        )
    return result.error(f"jail {name} was stopped, but what follows that failed", name)


def _start(host: Host, name: str, text: str, timeout: float | None) -> None:
    """Start a jail. jail(8) cleans up after a start that fails; after one that was killed, we do. Raises
    CommandError.
    """
    result = _jail8(host, name, Record(STARTING, host.boot_id(), 0, 0, text), "-c", timeout)
    if result.rc < 0 and name in jls.running(host):
        _jail8(host, name, Record(STOPPING, host.boot_id(), 0, 0, text), "-r", timeout)
    if result.rc != 0:
        raise result.error(f"jail {name} can't be started", name)


def _jail8(host: Host, name: str, record: Record, operation: str, timeout: float | None) -> Result:
    """Run jail(8) on a jail by the text of its record, which says from before it starts until it has ended that it is
    at work.
    """
    state.write(host, name, record)
    return host.run_detached(
        (JAIL, "-f", state.conf_of_record(host, name), operation, name),
        output=f"{state.directory(host, name)}/jail",
        started=lambda pid: state.write(host, name, replace(record, pid=pid)),
        timeout=timeout,
    )


def _note_jid(host: Host, name: str, text: str, jail: Jail | None) -> None:
    """After a start, the record is of the jail that runs now; one without persist may have ended already (recorded:
    pst-1). Raises JailError.
    """
    if jail is not None:
        state.write(host, name, Record(STARTED, host.boot_id(), jail.jid, 0, text))
        return
    state.forget(host, name)
    if settings_of(text, name).get("persist") is True:
        raise JailError(
            f"jail {name}: jail(8) says that it started it, and now it doesn't run: something removed it at once.",
            jail=name,
        )
