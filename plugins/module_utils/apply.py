# SPDX-License-Identifier: BSD-2-Clause
"""Doing what a plan says with one jail, by jail(8), and undoing it when it fails half way. The caller holds the
jail's lock.

A jail is started and stopped by the text of its record, which says from before jail(8) starts until it has ended that
it is at work: whoever comes after a run that was killed knows what to make of what it finds.
"""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.bsd.jail.plugins.module_utils import conf, entrypoint, jls, state
from ansible_collections.bsd.jail.plugins.module_utils.configured import settings_of
from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import JAIL, Host, Result
from ansible_collections.bsd.jail.plugins.module_utils.jls import Jail
from ansible_collections.bsd.jail.plugins.module_utils.plan import REMOVE, START, STOP, WRITE, Observed, Plan
from ansible_collections.bsd.jail.plugins.module_utils.state import STARTED, STARTING, STOPPING, Record


@dataclass(frozen=True)
class Applied:
    """What was done. backup: the path of the copy of the old file, if one was made. complaint: what failed after it was
    done, for the caller to raise when all else is done.
    """

    backup: str | None = None
    complaint: JailError | None = None


def apply(host: Host, one: Plan, found: Observed, backup: bool, timeout: float | None) -> Applied:
    """Do the steps of one jail.

    backup: whether to keep a copy of a file that is replaced or removed. timeout: seconds that jail(8) may take, or
    None. Raises JailError, which says what is the case now.
    """
    complaint = None
    if STOP in one.steps:
        complaint = _stop(host, one.name, found.started_with or "", timeout)
        entrypoint.end(host, one.name)  # one that waits does so outside of the jail
    copy = None
    try:
        if WRITE in one.steps or REMOVE in one.steps:
            copy = _replace_file(host, one, found, backup)
        if START in one.steps:
            _start(host, one.name, one.effective, timeout)
        elif found.jail is None or STOP in one.steps:
            state.forget(host, one.name)
    except JailError as error:
        raise _undone(host, one, found, error, timeout) from error
    return Applied(copy, complaint)


def note_started(host: Host, name: str, text: str, jail: Jail | None) -> None:
    """After a start, the record is of the jail that runs now. Raises JailError.

    A jail without persist may have ended already (recorded: pst-1).
    """
    if jail is not None:
        state.write(host, name, Record(STARTED, host.boot_id(), jail.jid, text))
        return
    state.forget(host, name)
    if settings_of(text, name).get("persist") is True:
        raise JailError(
            f"jail {name}: jail(8) says that it started it, and now it doesn't run: something removed it at once.",
            jail=name,
        )


def _replace_file(host: Host, one: Plan, found: Observed, backup: bool) -> str | None:
    """Write or remove the jail's file. The text by which a jail still runs is what it must be stopped by: it becomes
    its record. Returns the path of the backup.
    """
    if found.jail is not None and STOP not in one.steps and found.record is None and found.started_with is not None:
        state.write(host, one.name, Record(STARTED, host.boot_id(), found.jail.jid, found.started_with))
    path = found.configured.path(one.name)
    copy = conf.backup(path) if backup and found.text is not None else None
    _put(path, one.text)
    return copy


def _put(path: str, text: str | None) -> None:
    if text is None:
        conf.remove_conf(path)
    else:
        conf.write_conf(path, text)


def _undone(host: Host, one: Plan, found: Observed, error: JailError, timeout: float | None) -> JailError:
    """Put back what was before, and return the error that says what is the case."""
    said = []
    try:
        if one.text != found.text:
            path = found.configured.path(one.name)
            _put(path, found.text)
            said.append(f"{path} is as it was before")
        runs = jls.running(host).get(one.name)
        if runs is not None:
            said.append(f"the jail runs (jid {runs.jid})")
        elif STOP not in one.steps or found.cut_short or found.started_with is None:
            state.forget(host, one.name)
            said.append("the jail doesn't run")
        else:
            _start(host, one.name, found.started_with, timeout)
            note_started(host, one.name, found.started_with, jls.running(host).get(one.name))
            said.append("the jail, which had been stopped, runs again with its old configuration")
    except JailError as second:
        said.append(f"putting it back failed too: {second.message}")
    return type(error)(f"{error.message}. Now {', and '.join(said)}.", **error.details)


def _stop(host: Host, name: str, text: str, timeout: float | None) -> JailError | None:
    """Stop a jail by the configuration that it was started with.

    Returns an error for the caller to raise when all else is done, if jail(8) failed after the jail was gone, as it
    does when exec.poststop fails (recorded: exs-2). Raises CommandError if the jail is still there.
    """
    result = _jail8(host, name, Record(STOPPING, host.boot_id(), 0, text), "-r", timeout)
    if result.rc == 0:
        return None
    jail = jls.running(host).get(name)
    if jail is not None:
        if result.rc > 0:  # else jail(8) was killed, and the record says rightly that a stop was cut short
            state.write(host, name, Record(STARTED, host.boot_id(), jail.jid, text))
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
    result = _jail8(host, name, Record(STARTING, host.boot_id(), 0, text), "-c", timeout)
    if result.rc < 0 and name in jls.running(host):
        _stop(host, name, text, timeout)
    if result.rc != 0:
        raise result.error(f"jail {name} can't be started", name)


def _jail8(host: Host, name: str, record: Record, operation: str, timeout: float | None) -> Result:
    """Run jail(8) on a jail by the text of its record."""
    state.write(host, name, record)
    argv = (JAIL, "-f", state.conf_of_record(host, name), operation, name)
    return host.run_detached(argv, state.output(host, name), timeout)
