# SPDX-License-Identifier: BSD-2-Clause
"""Runs on a FreeBSD host: takes one jail through configurations, and prints as JSON what came of each.
test_live_changes.py sends it there, with the library beside it.

Arguments: what to do, one of WHAT, and a file with configurations, as the module jail takes them.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from ansible_collections.bsd.jail.plugins.module_utils import jls, liveapply, mounttable
from ansible_collections.bsd.jail.plugins.module_utils.desired import desired
from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import IFCONFIG, Host
from ansible_collections.bsd.jail.plugins.module_utils.jails import Outcome, converge

NAME = "live"
HOST = Host()
# What the kernel makes up for each instance of a jail.
MADE_UP = ("jid", "cpuset.id", "parent", "children.cur")
OPTIONS: dict[str, Any] = {
    "name": NAME,
    "state": "started",
    "restart": "if_needed",
    "force": False,
    "backup": False,
    "dependents": None,
    "children": "refuse",
    "drift": "configured",
    "verify": [],
    "boot": None,
}


def run(check_mode: bool = False, **options: Any) -> Outcome:
    """Converge the jail, as the module does. Raises what went wrong."""
    outcome = converge(HOST, [desired({**OPTIONS, **options})], check_mode=check_mode)[0]
    if outcome.error is not None:
        raise outcome.error
    return outcome


def on_lo1() -> list[str]:
    """The addresses of lo1, but for the one that it gives itself."""
    lines = [line.split() for line in HOST.run(IFCONFIG, "lo1").stdout.splitlines()]
    return sorted(" ".join(words) for words in lines if words[0] in ("inet", "inet6") and "%" not in words[1])


def state() -> dict[str, Any]:
    """All that there is of the jail on the host."""
    jail = jls.running(HOST)[NAME]
    root = jail.text("path")
    dev = sorted(os.listdir(f"{root}/dev")) if os.path.isdir(f"{root}/dev") else []
    inside = jail.text("vnet") == "new"
    return {
        "kernel": {name: value for name, value in jail.parameters.items() if name not in MADE_UP},
        "mounts": sorted(
            [one.node, one.fstype, one.special, sorted(one.options)]
            for one in mounttable.read(HOST)
            if one.node.startswith("/jails/")
        ),
        "dev": dev,
        "addresses": on_lo1(),
        "interfaces": sorted(HOST.run(IFCONFIG, "-l").stdout.split()),
        "inside": sorted(HOST.run(IFCONFIG, "-j", str(jail.jid), "-l").stdout.split()) if inside else [],
    }


def differences(expected: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """What isn't as expected: what it should be, and what it is."""
    return {what: [expected[what], found[what]] for what in found if found[what] != expected[what]}


def circuit(names: list[str]) -> list[str]:
    """A way that takes each step from one to another exactly once (Hierholzer's algorithm)."""
    left = {name: [other for other in reversed(names) if other != name] for name in names}
    way, stack = [], [names[0]]
    while stack:
        if left[stack[-1]]:
            stack.append(left[stack[-1]].pop())
        else:
            way.append(stack.pop())
    return way[::-1]


def shown(outcome: Outcome) -> dict[str, Any]:
    return {"steps": list(outcome.plan.steps), "diff": list(outcome.diff)}


def transition(configurations: dict[str, Any], fresh: dict[str, Any], before: str, after: str) -> dict[str, Any]:
    wanted = configurations[after]
    old = jls.running(HOST)[NAME].jid
    check = run(check_mode=True, **wanted)
    real = run(**wanted)
    again = run(**wanted)
    return {
        "before": before,
        "after": after,
        "check": shown(check),
        "real": shown(real),
        "again": shown(again),
        "restarted": jls.running(HOST)[NAME].jid != old,
        "why": list(real.plan.restart_needed),
        "wrong": differences(fresh[after], state()),
    }


def transitions(configurations: dict[str, Any]) -> None:
    """From each configuration to each other."""
    fresh = {}
    for name, wanted in configurations.items():
        run(**wanted)
        fresh[name] = state()
        run(state="absent")
    way = circuit(list(configurations))
    run(**configurations[way[0]])
    for before, after in zip(way, way[1:]):
        print(json.dumps(transition(configurations, fresh, before, after)), flush=True)
    run(state="absent")


def twice(forms: list[dict[str, Any]]) -> None:
    """Each configuration two times, then away."""
    for form in forms:
        print(json.dumps({"first": shown(run(**form)), "second": shown(run(**form))}))
        run(state="absent")


def leftovers() -> dict[str, Any]:
    """What a jail could leave on the host."""
    mounts = [one.node for one in mounttable.read(HOST) if one.node.startswith("/jails/")]
    return {"mounts": mounts, "addresses": on_lo1()}


def change_until(count: int, **options: Any) -> bool:
    """Begin a change in a process of its own, which is killed after some of its steps. Returns whether it was."""
    pid = os.fork()
    if pid == 0:
        done = 0
        do, modify = liveapply._do, liveapply._modify

        def one_more() -> None:
            nonlocal done
            if done == count:
                os.kill(os.getpid(), signal.SIGKILL)
            done += 1

        def do_or_die(*arguments: Any) -> None:
            one_more()
            do(*arguments)

        def modify_or_die(*arguments: Any) -> None:
            one_more()
            modify(*arguments)

        setattr(liveapply, "_do", do_or_die)  # noqa: B010
        setattr(liveapply, "_modify", modify_or_die)  # noqa: B010
        run(**options)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def killed(given: dict[str, Any]) -> None:
    """A change from one configuration to another that is killed at each of its steps; then the change again, the change
    back, or the end of the jail.
    """
    fresh, nothing = {}, leftovers()
    for name, wanted in given.items():
        run(**wanted)
        fresh[name] = state()
        run(state="absent")
    step = 0
    while True:
        found: dict[str, Any] = {"step": step}
        for name in given:
            run(**given["before"])
            jid = jls.running(HOST)[NAME].jid
            was_killed = change_until(step, **given["after"])
            run(**given[name])
            found[name] = differences(fresh[name], state())
            found[f"{name}, restarted"] = jls.running(HOST)[NAME].jid != jid
            found[f"{name}, again"] = shown(run(**given[name]))
            run(state="absent")
        run(**given["before"])
        change_until(step, **given["after"])
        try:
            run(state="absent")
        except JailError as error:
            found["absent"] = error.message
            run(state="absent")
        found["left"] = differences(nothing, leftovers())
        print(json.dumps(found), flush=True)
        if not was_killed:
            return
        step += 1


def main() -> None:
    with open(sys.argv[2]) as file:
        given: Any = json.load(file)
    WHAT[sys.argv[1]](given)


WHAT: dict[str, Callable[[Any], None]] = {"transitions": transitions, "twice": twice, "killed": killed}

if __name__ == "__main__":
    main()
