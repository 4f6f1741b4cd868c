# SPDX-License-Identifier: BSD-2-Clause
"""The command: choose cases, ask, compare, report."""

from __future__ import annotations

import argparse
import fnmatch
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from .cases import Case, Group, Unhonoured, load, load_not_honoured
from .compare import Names, compare
from .targets import GroupError, Host, StandIn, Target, TargetError

DIFFERS = "DIFFERS"


@dataclass(frozen=True)
class Verdict:
    """What a case came to. error: it has to be looked at."""

    case: Case
    word: str
    honoured: bool
    error: bool
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        details = (f"    {line}".rstrip("\n") for line in self.details)
        return "\n".join((f"{self.word:8} {self.case.id}: {self.case.title}", *details))


def judge(case: Case, differences: list[str], entry: Unhonoured | None) -> Verdict:
    """Hold a comparison against the list."""
    if entry and entry.where == "chance":
        return Verdict(case, "chance", False, False, (entry.reason, *differences))
    if not differences and (entry is None or entry.where != "standin"):
        return Verdict(case, "ok", True, False)
    if not differences:
        return Verdict(case, "honoured", True, True, ("now: take it off the list",))
    if entry:
        return Verdict(case, "listed", False, False, (entry.reason, *differences))
    script = tuple(f"$ {line}" for line in case.script.split("\n")[:-1])
    return Verdict(case, DIFFERS, False, True, (*script, *differences))


def run_group(target: Target, group: Group, wanted: set[str], listed: dict[str, Unhonoured]) -> list[Verdict]:
    """Ask a group's cases up to the last wanted one; judge the wanted ones."""
    last = max(i for i, case in enumerate(group.cases) if case.id in wanted)
    names: Names = {}
    found: dict[str, list[str]] = {}
    try:
        with target.fresh(group) as session:
            for case in group.cases[: last + 1]:
                found[case.id] = compare(case, group.varies, session.run(case.script), names, real=target.real)
    except GroupError as error:
        found = {case.id: [str(error)] for case in group.cases}
    return [judge(case, found[case.id], listed.get(case.id)) for case in group.cases if case.id in wanted]


def choose(groups: list[Group], patterns: list[str]) -> set[str]:
    """The ids that the patterns name: ids, their prefixes, or shell patterns; all without any. Raises ValueError."""
    chosen = set()
    for pattern in patterns or ["*"]:
        ids = {case.id for group in groups for case in group.cases if _named(case.id, pattern)}
        if not ids:
            raise ValueError(f"no case is named {pattern}")
        chosen |= ids
    return chosen


def _named(case_id: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(case_id, pattern) or fnmatch.fnmatchcase(case_id, f"{pattern}-*")


def run_all(target: Target, groups: list[Group], wanted: set[str], listed: dict[str, Unhonoured]) -> Iterator[Verdict]:
    """Run the groups that have wanted cases, several at a time. Raises TargetError.

    Many scripts give a program that they start a fraction of a second; on a busy machine that may be too little. So a
    group with a case that differs is asked once more, alone.
    """
    groups = [group for group in groups if any(case.id in wanted for case in group.cases)]
    again = []
    with ThreadPoolExecutor(target.width) as pool:
        futures = [pool.submit(run_group, target, group, wanted, listed) for group in groups]
        try:
            for group, future in zip(groups, futures):
                verdicts = future.result()
                if target.width > 1 and any(verdict.word == DIFFERS for verdict in verdicts):
                    again.append(group)
                else:
                    yield from verdicts
        finally:
            pool.shutdown(cancel_futures=True)
    for group in again:
        yield from run_group(target, group, wanted, listed)


def main(argv: list[str]) -> int:
    """Return 0 if exactly the listed cases aren't honoured, 1 otherwise, 2 if the host can't be asked."""
    parser = argparse.ArgumentParser(prog="run", description="Ask what a real FreeBSD host was asked, and compare.")
    parser.add_argument(
        "patterns", nargs="*", metavar="CASE", help="an id, a prefix of ids, or a pattern; default: all"
    )
    parser.add_argument("--host", metavar="USER@HOST", help="a FreeBSD host without jails of its own")
    parser.add_argument("-j", type=int, default=3, metavar="N", help="stand-ins at a time (default: 3)")
    parser.add_argument("-v", action="store_true", help="show every case, and the differences of those listed")
    arguments = parser.parse_args(argv)
    groups = load()
    _, listed = load_not_honoured()
    target: Target = Host(arguments.host) if arguments.host else StandIn(arguments.j)
    here = ("host" if target.real else "standin", "anywhere", "chance")
    listed = {case: entry for case, entry in listed.items() if entry.where in here}
    try:
        wanted = choose(groups, arguments.patterns)
    except ValueError as error:
        parser.error(str(error))
    honoured = errors = 0
    failure = ""
    try:
        for verdict in run_all(target, groups, wanted, listed):
            honoured += verdict.honoured
            errors += verdict.error
            if verdict.error or arguments.v:
                print(verdict, flush=True)
    except TargetError as error:
        failure = str(error)
        print(failure)
    if errors:
        print(f"{errors} to look at")
    print(f"honoured {honoured} of {len(wanted)}")
    return 2 if failure else 1 if errors else 0
