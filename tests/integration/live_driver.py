# SPDX-License-Identifier: BSD-2-Clause
"""Runs on a FreeBSD host: takes one jail through configurations, and prints as JSON what came of each.
test_live_changes.py sends it there, with the library beside it.

Arguments: `transitions` and a file with the configurations, as the module jail takes them, by their names; or `twice`
and a file with a list of them.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from ansible_collections.bsd.jail.plugins.module_utils import jls, mounttable
from ansible_collections.bsd.jail.plugins.module_utils.desired import desired
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
}


def run(check_mode: bool = False, **options: Any) -> Outcome:
    """Converge the jail, as the module does. Raises what went wrong."""
    outcome = converge(HOST, [desired({**OPTIONS, **options})], check_mode=check_mode)[0]
    if outcome.error is not None:
        raise outcome.error
    return outcome


def state() -> dict[str, Any]:
    """All that there is of the jail on the host."""
    jail = jls.running(HOST)[NAME]
    root = jail.text("path")
    dev = sorted(os.listdir(f"{root}/dev")) if os.path.isdir(f"{root}/dev") else []
    lines = [line.split() for line in HOST.run(IFCONFIG, "lo1").stdout.splitlines()]
    inside = jail.text("vnet") == "new"
    return {
        "kernel": {name: value for name, value in jail.parameters.items() if name not in MADE_UP},
        "mounts": sorted(
            [one.node, one.fstype, one.special, sorted(one.options)]
            for one in mounttable.read(HOST)
            if one.node.startswith("/jails/")
        ),
        "dev": dev,
        "addresses": sorted(
            " ".join(words) for words in lines if words[0] in ("inet", "inet6") and "%" not in words[1]
        ),
        "interfaces": sorted(HOST.run(IFCONFIG, "-l").stdout.split()),
        "inside": sorted(HOST.run(IFCONFIG, "-j", str(jail.jid), "-l").stdout.split()) if inside else [],
    }


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
    now = state()
    return {
        "before": before,
        "after": after,
        "check": shown(check),
        "real": shown(real),
        "again": shown(again),
        "restarted": jls.running(HOST)[NAME].jid != old,
        "why": list(real.plan.restart_needed),
        "wrong": {what: [fresh[after][what], now[what]] for what in now if now[what] != fresh[after][what]},
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


def main() -> None:
    with open(sys.argv[2]) as file:
        given = json.load(file)
    (transitions if sys.argv[1] == "transitions" else twice)(given)


if __name__ == "__main__":
    main()
