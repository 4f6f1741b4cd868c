# SPDX-License-Identifier: BSD-2-Clause
"""Waiting for those who work on jails without knowing of our locks: jail(8) run by people or by a run of ours that was
killed, rc.d/jail, and /etc/rc, under which sshd is up before rc.d/jail has run (recorded: bot-1).
"""

from __future__ import annotations

import getopt
import json
import os
import time
from collections.abc import Collection, Set
from dataclasses import dataclass

from ansible_collections.bsd.jail.plugins.module_utils import runs
from ansible_collections.bsd.jail.plugins.module_utils.configured import Configured
from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError, LockError
from ansible_collections.bsd.jail.plugins.module_utils.host import PS, Host

_RC = ["/etc/rc", "autoboot"]
_RC_JAIL = "/etc/rc.d/jail"
# Of jail(8); `-n` names a jail in its old form.
_OPTIONS = "cCde:f:hiJ:lmn:p:qrRs:u:U:v"
_ALL = "*"


@dataclass(frozen=True)
class Worker:
    """A process that works on jails. names: on which; `*` among them stands for any."""

    pid: int
    command: str
    names: frozenset[str]


def wait(host: Host, configured: Configured, names: Set[str], timeout: float) -> bool:
    """Wait until nobody else works on some jails.

    timeout: seconds. Returns whether anybody did. Raises LockError, which says who still does.
    """
    waited = False
    deadline = time.monotonic() + timeout
    while names:
        at_work = [one for one in workers(host) if _concerns(one, configured, names)]
        if not at_work:
            break
        waited = True
        if time.monotonic() >= deadline:
            one = at_work[0]
            which = ", ".join(sorted(names & one.names) or sorted(names))
            raise LockError(
                f"{one.command!r} (pid {one.pid}), which this run didn't start, is still at work on {which}. "
                "Wait for it, or raise lock_timeout."
            )
        time.sleep(0.2)
    return waited


def workers(host: Host) -> list[Worker]:
    """The processes of the host, outside of any jail, that work on jails: one run of ps(1). Raises JailError."""
    result = host.run(PS, "-axww", "-o", "pid,jid,command", "--libxo", "json")
    if result.rc != 0:
        raise result.error("ps(1) doesn't say what runs")
    try:
        processes = json.loads(result.stdout, strict=False)["process-information"]["process"]
        outside = [(int(one["pid"]), str(one["command"])) for one in processes if int(one["jail-id"]) == 0]
    except (ValueError, KeyError, TypeError) as error:
        raise JailError(f"ps(1) printed something that can't be read as a list of processes ({error!r}).") from error
    found = []
    for pid, command in outside:
        names = _works_on(host, command.split())
        if names and pid != os.getpid():
            found.append(Worker(pid, command, names))
    return found


def _works_on(host: Host, words: list[str]) -> frozenset[str]:
    if words[1:] == _RC:
        return frozenset((_ALL,))
    if words[1:2] == [_RC_JAIL]:
        return frozenset(words[3:] or (_ALL,))
    if not words or os.path.basename(words[0]) != "jail":
        return frozenset()
    try:
        options, rest = getopt.getopt(words[1:], _OPTIONS)
    except getopt.GetoptError:
        return frozenset()
    given = dict(options)
    if "-e" in given or not given.keys() & {"-c", "-m", "-r", "-R", "-C"}:
        return frozenset((given["-n"],)) if "-n" in given else frozenset()
    ours = runs.jails_of(host, given.get("-f", ""))
    if ours:
        return ours
    if any("=" in word for word in rest):
        return frozenset(
            value for word in rest for key, _equals, value in [word.partition("=")] if key in ("name", "jid")
        )
    return frozenset(rest or (_ALL,))


def _concerns(worker: Worker, configured: Configured, names: Collection[str]) -> bool:
    """Whether somebody works on one of some jails. To start one, jail(8) starts those that it depends on."""
    if _ALL in worker.names:
        return True
    needed = {needed for name in worker.names for needed in configured.needed(name)}
    return any(name in needed for name in names)
