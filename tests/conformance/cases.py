# SPDX-License-Identifier: BSD-2-Clause
"""The recorded cases: their form on disk, and the list of those that aren't honoured.

A file of cases/ is one group: its cases run one after another on one fresh host, since they build on each other. Each
line's first character says what it is:

    # why the group, or the case, is as it is
    % a script that makes what was there before the group's first case
    ~ KIND VALUE ...      these recorded values vary by run (fields.KINDS); before the first case: in all of them
    == ID: TITLE
    $ the script
    > its standard output
    ! its standard error
    = STATUS SECONDS      its exit status; how long it took where it was recorded, round trip included
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
CASES = HERE / "cases"
WHERE = ("standin", "host", "anywhere", "chance")
NOT_HONOURED = HERE / "not-honoured.txt"


@dataclass
class Case:
    """One question and its recorded answer. `varies` maps a recorded value to the kind that it is of."""

    id: str
    title: str
    script: str = ""
    stdout: str = ""
    stderr: str = ""
    rc: int = 0
    seconds: str = ""
    notes: list[str] = field(default_factory=list)
    varies: dict[str, str] = field(default_factory=dict)


@dataclass
class Group:
    """Cases that share a host, with what has to be there `before` them (a shell script, often empty)."""

    name: str
    notes: list[str] = field(default_factory=list)
    before: str = ""
    varies: dict[str, str] = field(default_factory=dict)
    cases: list[Case] = field(default_factory=list)


@dataclass(frozen=True)
class Unhonoured:
    """An entry of the list.

    where: 'standin'; 'host', for what was so on the recording host; 'anywhere', for both; 'chance', for a matter
    of who comes first: it is never counted as honoured, and never an error.
    """

    where: str
    reason: str


class FormError(Exception):
    """A file of cases, or the list, isn't in its form. The message names the file and the line."""


def parse(name: str, text: str) -> Group:
    """Read a group. Raises FormError."""
    group = Group(name)
    here: Group | Case = group
    for number, line in enumerate(text.split("\n")[:-1], 1):
        mark, body = line[:1], line[2:] + "\n"
        if line.startswith("== "):
            case_id, _, title = line[3:].partition(": ")
            here = Case(case_id, title)
            group.cases.append(here)
        elif mark == "#":
            here.notes.append(line[2:])
        elif mark == "~":
            kind, *values = line[2:].split()
            here.varies.update(dict.fromkeys(values, kind))
        elif mark == "%" and isinstance(here, Group):
            here.before += body
        elif mark == "$" and isinstance(here, Case):
            here.script += body
        elif mark == ">" and isinstance(here, Case):
            here.stdout += body
        elif mark == "!" and isinstance(here, Case):
            here.stderr += body
        elif mark == "=" and isinstance(here, Case):
            status, here.seconds = line[2:].split()
            here.rc = int(status)
        elif line:
            raise FormError(f"{name}.txt line {number}: {line}")
    return group


def form(group: Group) -> str:
    """Write a group: what parse() reads."""
    lines = [*_marked("# ", group.notes), *_marked("% ", _lines(group.before)), *_varying(group.varies)]
    for case in group.cases:
        lines += [""] if lines else []
        lines += [f"== {case.id}: {case.title}", *_marked("# ", case.notes), *_varying(case.varies)]
        lines += [*_marked("$ ", _lines(case.script)), *_marked("> ", _lines(case.stdout))]
        lines += [*_marked("! ", _lines(case.stderr)), f"= {case.rc} {case.seconds}"]
    return "\n".join(lines) + "\n"


def _lines(text: str) -> list[str]:
    return text.split("\n")[:-1]


def _marked(mark: str, lines: Iterable[str]) -> Iterator[str]:
    return (f"{mark}{line}" if line else mark.rstrip() for line in lines)


def _varying(varies: dict[str, str]) -> Iterator[str]:
    for kind in dict.fromkeys(varies.values()):
        yield f"~ {kind} {' '.join(value for value, its in varies.items() if its == kind)}"


def load() -> list[Group]:
    """All groups, by name. Raises FormError."""
    return [parse(path.stem, path.read_text(encoding="utf-8")) for path in sorted(CASES.glob("*.txt"))]


def load_not_honoured(text: str | None = None) -> tuple[int, dict[str, Unhonoured]]:
    """The floor (how many cases a stand-in honours), and the list. Raises FormError."""
    floor, listed = 0, {}
    for number, line in enumerate((NOT_HONOURED.read_text() if text is None else text).splitlines(), 1):
        words = line.split(maxsplit=2)
        if not words or line.startswith("#"):
            continue
        if words[0] == "floor" and len(words) == 2:
            floor = int(words[1])
        elif len(words) == 3 and words[1] in WHERE and words[0] not in listed:
            listed[words[0]] = Unhonoured(words[1], words[2])
        else:
            raise FormError(f"{NOT_HONOURED.name} line {number}: {line}")
    return floor, listed
