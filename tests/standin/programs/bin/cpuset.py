# SPDX-License-Identifier: BSD-2-Clause
"""cpuset(1): on which processors a process or a jail runs."""

from __future__ import annotations

import errno
import json
import os

import err
import jailparam
import kernel
import options
import program

PROGRAM = "cpuset"
USAGE = """usage: cpuset [-l cpu-list] [-n policy:domain-list] [-s setid] cmd ...
       cpuset [-l cpu-list] [-n policy:domain-list] [-s setid] -p pid
       cpuset [-c] [-l cpu-list] [-n policy:domain-list] -C -p pid
       cpuset [-c] [-l cpu-list] [-n policy:domain-list]
              [-j jailid | -p pid | -t tid | -s setid | -x irq]
       cpuset -g [-cir]
              [-d domain | -j jailid | -p pid | -t tid | -s setid | -x irq]"""
KEPT = f"{kernel.HIDDEN}/cpuset"


def main(argv: list[str]) -> int:
    found, command = options.getopt(argv, "Ccgij:l:n:p:rs:t:", USAGE)
    given = dict(found)
    jid = _jail(given["j"]) if "j" in given else None
    if "g" in given:
        return _show(jid, int(given["p"]) if "p" in given else os.getpid(), "p" in given)
    if "l" not in given:
        options.usage(USAGE)
    cpus = _cpus(given["l"])
    if jid is not None:
        _keep(jid, cpus)
    pids = [process["pid"] for process in kernel.processes() if process["jid"] == jid] if jid is not None else []
    if "p" in given:
        pids = [int(given["p"])]
    for pid in pids or ([0] if command else []):
        try:
            os.sched_setaffinity(pid, cpus)
        except OSError as error:
            err.err(PROGRAM, "setaffinity", errno.EDEADLK if error.errno == errno.EINVAL else error.errno)
    if command:
        err.err(PROGRAM, command[0], program.execvp(command).errno)
    return 0


def _jail(word: str) -> int:
    try:
        return jailparam.jail_getid(word)
    except jailparam.ParamError as error:
        err.errx(PROGRAM, str(error))


def _cpus(text: str) -> set[int]:
    if text == "all":
        return set(range(os.cpu_count() or 1))
    cpus: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if not first.isdigit() or (last and not last.isdigit()):
            options.usage(USAGE)
        cpus |= set(range(int(first), int(last or first) + 1))
    return cpus


def _sets() -> dict[str, list[int]]:
    try:
        with open(KEPT) as file:
            return dict(json.load(file))
    except FileNotFoundError:
        return {}


def _keep(jid: int, cpus: set[int]) -> None:
    sets = _sets() | {str(jid): sorted(cpus)}
    with open(KEPT, "w") as file:
        json.dump(sets, file)


def _show(jid: int | None, pid: int, given: bool) -> int:
    if jid is not None:
        cpus = _sets().get(str(jid), list(range(os.cpu_count() or 1)))
        what = f"jail {jid}"
    else:
        try:
            cpus = sorted(os.sched_getaffinity(pid))
        except OSError as error:
            err.err(PROGRAM, "getaffinity", error.errno)
        what = f"pid {pid if given else -1}"
    print(f"{what} mask: {', '.join(map(str, cpus))}")
    print(f"{what} domain policy: first-touch mask: 0")
    return 0
