# SPDX-License-Identifier: BSD-2-Clause
"""rctl(8): resource limits. Rules are kept and shown, but limit nothing; what can't be measured is 0."""

from __future__ import annotations

import errno
import os
import time

import err
import jailparam
import kernel
import options

PROGRAM = "rctl"
USAGE = """usage: rctl [ -h ] [-a rule ... | -l filter ... | -n | -r filter ... | -u filter ... | filter ...]"""
RULES = f"{kernel.HIDDEN}/rctl"
RESOURCES = (
    "cputime datasize stacksize coredumpsize memoryuse memorylocked maxproc openfiles vmemoryuse pseudoterminals"
    " swapuse nthr msgqqueued msgqsize nmsgq nsem nsemop nshm shmsize wallclock pcpu readbps writebps readiops"
    " writeiops"
).split()
ACTIONS = ("deny", "log", "devctl", "throttle")
SUBJECTS = ("process", "user", "loginclass", "jail")


def main(argv: list[str]) -> int:
    found, operands = options.getopt(argv, "ahlnru", USAGE)
    given = {letter for letter, _ in found}
    verbs = given & {"a", "l", "r", "u"}
    if len(verbs) > 1 or (verbs and not operands):
        options.usage(USAGE)
    if kernel.sysctl_get()["kern.racct.enable"] != "1":
        err.errx(PROGRAM, "RACCT/RCTL present, but disabled; enable using kern.racct.enable=1 tunable")
    act = {"a": _add, "r": _remove, "u": _usage_of}.get("".join(verbs), _show)
    return max([act(operand, "h" in given) for operand in operands or [""]])


def _rules() -> list[str]:
    try:
        with open(RULES) as file:
            return file.read().split("\n")[:-1]
    except FileNotFoundError:
        return []


def _keep(rules: list[str]) -> None:
    with open(RULES, "w") as file:
        file.write("".join(f"{rule}\n" for rule in rules))


def _complain(what: str, rule: str, number: int) -> int:
    err.warn(PROGRAM, f"failed to {what} '{rule}'", number)
    return 1


def _add(rule: str, _human: bool) -> int:
    if os.geteuid() != 0:
        return _complain("add rule", rule, errno.EPERM)
    parts = rule.split(":")
    action, _, amount = parts[3].partition("=") if len(parts) == 4 else ("", "", "")
    known = len(parts) == 4 and parts[0] in SUBJECTS and parts[1] and parts[2] in RESOURCES
    if not known or not (action in ACTIONS or action.startswith("sig")) or not amount[:1].isdigit():
        return _complain("add rule", rule, errno.EINVAL)
    rules = _rules()
    if rule not in rules:
        _keep([*rules, rule])
    return 0


def _matches(rule: str, wanted: str) -> bool:
    """Whether a rule has all that a filter names; an empty part is any."""
    have = rule.split(":")
    return all(
        not part or have[index] == part or have[index].startswith(f"{part}=")
        for index, part in enumerate(wanted.split(":"))
    )


def _remove(wanted: str, _human: bool) -> int:
    if os.geteuid() != 0:
        return _complain("remove rule", wanted, errno.EPERM)
    rules = _rules()
    left = [rule for rule in rules if not _matches(rule, wanted)]
    if len(left) == len(rules):
        return _complain("remove rule", wanted, errno.ESRCH)
    _keep(left)
    return 0


def _show(wanted: str, _human: bool) -> int:
    for rule in _rules():
        if _matches(rule, wanted):
            print(rule)
    return 0


def _usage_of(subject: str, human: bool) -> int:
    kind, _, name = subject.partition(":")
    if kind not in SUBJECTS or not name:
        return _complain("show resource consumption for", subject, errno.EINVAL)
    mine = [process for process in kernel.processes() if _belongs(process, kind, name.rstrip(":"))]
    measured = {
        "cputime": sum(int(process["cpu"]) for process in mine),
        "memoryuse": sum(process["rss"] for process in mine) * 1024,
        "maxproc": len(mine),
        "vmemoryuse": sum(process["vsz"] for process in mine) * 1024,
        "nthr": sum(process["threads"] for process in mine),
        "wallclock": sum(int(time.time() - process["start"]) for process in mine),
    }
    for resource in RESOURCES:
        amount = measured.get(resource, 0)
        print(f"{resource}={_human(amount) if human else amount}")
    return 0


def _belongs(process: dict[str, object], kind: str, name: str) -> bool:
    if kind == "process":
        return str(process["pid"]) == name
    if kind == "user":
        return name in (str(process["uid"]), process["user"])
    if kind == "jail":
        try:
            return process["jid"] == jailparam.jail_getid(name)
        except jailparam.ParamError:
            return False
    return False


def _human(amount: float) -> str:
    for unit in ("", "K", "M", "G", "T"):
        if amount < 1024 or unit == "T":
            return f"{amount:.0f}{unit}"
        amount /= 1024
    return str(amount)
