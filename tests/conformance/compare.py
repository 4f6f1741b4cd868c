# SPDX-License-Identifier: BSD-2-Clause
"""Whether an answer is the recorded one, and how it differs.

A recorded line becomes a pattern that is literal but for its fields (fields.py). So an answer never passes because
something of it was thrown away: what isn't known to vary has to be there, in its place, byte for byte.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from .cases import Case
from .fields import KINDS, Finder

# ps and ls -l make their columns as wide as the values are long.
PS_HEADER = re.compile(r" *P?PID [A-Z% ]+\n")
PS_ROW = re.compile(r" *\d+ .*\n")
LS_ROW = re.compile(r"[-dlps][-rwxsStT]{9} +\d+ .*\n")

Names = dict[tuple[str, str], str]
"""What the things that have an identity are called in this run: (kind, recorded value) to actual value."""


@dataclass(frozen=True)
class Answer:
    """What a script gave: its exit status, and its streams with bytes that aren't UTF-8 written \\xNN."""

    rc: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Field:
    """A value that varies. width: of the right-aligned column that it ends; 0 if it isn't in one."""

    kind: str
    recorded: str
    width: int = 0


@dataclass(frozen=True)
class Line:
    """A recorded line in parts: literal text and fields. loose: its columns are as wide as the values in them."""

    parts: tuple[str | Field, ...]
    loose: bool = False

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Of a line that has this form, each field a group."""
        return re.compile("".join(self._part(part) for part in self.parts))

    def _part(self, part: str | Field) -> str:
        if isinstance(part, Field):
            return (" *" if part.width else "") + f"({KINDS[part.kind].pattern})"
        if self.loose:
            return "".join(" +" if run.startswith(" ") else re.escape(run) for run in re.findall(" +|[^ ]+", part))
        return re.escape(part)

    @cached_property
    def fields(self) -> list[Field]:
        """The fields, in order."""
        return [part for part in self.parts if isinstance(part, Field)]

    def has_form(self, text: str) -> re.Match[str] | None:
        """Match a line that differs in no more than its fields' values and keeps its columns."""
        match = self.pattern.fullmatch(text.lstrip(" ") if self.loose else text)
        if match and all(self._aligned(field, match, i) for i, field in enumerate(self.fields, 1)):
            return match
        return None

    @staticmethod
    def _aligned(field: Field, match: re.Match[str], group: int) -> bool:
        if not field.width:
            return True
        start, end = match.span(group)
        before = match.string[:start]
        width = end - len(before.rstrip(" "))
        return width == field.width or (width > field.width and width == end - start)

    def __str__(self) -> str:
        return "".join(map(self._shown, self.parts))

    @staticmethod
    def _shown(part: str | Field) -> str:
        if isinstance(part, Field):
            return " " * (part.width - len(part.recorded)) + f"<{part.kind} {part.recorded}>"
        return part


def compile_lines(text: str, finder: Finder) -> list[Line]:
    """The lines of a recorded stream."""
    lines, table = [], False
    for line in text.split("\n")[:-1]:
        line += "\n"
        table = bool(PS_HEADER.fullmatch(line)) or (table and bool(PS_ROW.fullmatch(line)))
        loose = table or bool(LS_ROW.fullmatch(line))
        lines.append(Line(tuple(_parts(line.lstrip(" ") if loose else line, finder, loose)), loose))
    return lines


def _parts(line: str, finder: Finder, loose: bool) -> Iterator[str | Field]:
    at = 0
    for start, end, kind in sorted(finder.find(line)):
        if start < at:
            continue
        literal, value = line[at:start], line[start:end]
        spaces = len(literal) - len(literal.rstrip(" "))
        column = not loose and (spaces > 1 or (spaces == 1 and start == 1))
        yield literal[: len(literal) - spaces] if column else literal
        yield Field(kind, value, spaces + len(value) if column else 0)
        at = end
    yield line[at:]


def compare(case: Case, varies: dict[str, str], answer: Answer, names: Names, *, real: bool) -> list[str]:
    """How an answer differs from the recorded one, in lines to be read; nothing if it doesn't.

    varies: what the group declares; the case's own declarations come on top. names: of the things that earlier cases of
    the group have named; what this one names is added if it doesn't differ. real: the answer is a FreeBSD host's.
    """
    finder = Finder({**varies, **case.varies}, case.script, real)
    new: Names = dict(names)
    differences = [] if answer.rc == case.rc else [f"status {answer.rc} instead of {case.rc}"]
    for stream in ("stdout", "stderr"):
        lines = compile_lines(getattr(case, stream), finder)
        differences += _compare_stream(stream, lines, getattr(answer, stream), new)
    if not differences:
        names.update(new)
    return differences


def _compare_stream(stream: str, lines: list[Line], text: str, names: Names) -> list[str]:
    actual = re.findall(r"[^\n]*\n|[^\n]+", text)
    matches = [line.has_form(got) for line, got in zip(lines, actual)]
    if len(lines) == len(actual) and all(matches):
        found = ((line, match) for line, match in zip(lines, matches) if match)
        return [f"{stream}: {problem}" for line, match in found for problem in _values(line, match, names)]
    expected = [str(line) for line in lines]
    shown = [_shown(lines, i, got) for i, got in enumerate(actual)]
    diff = difflib.unified_diff(expected, shown, f"{stream} recorded", f"{stream} now", n=2)
    return [_visible(line if line.endswith("\n") else f"{line} (no newline)") for line in diff]


def _visible(line: str) -> str:
    return re.sub(r"[^\n\t -~\x80-\U0010ffff]", lambda match: f"\\x{ord(match[0]):02x}", line)


def _values(line: Line, match: re.Match[str], names: Names) -> Iterator[str]:
    for field, actual in zip(line.fields, match.groups()):
        kind = KINDS[field.kind]
        if not kind.agrees(field.recorded, actual):
            yield f"{field.kind} is {actual}, recorded {field.recorded}"
        if not kind.identity:
            continue
        known = names.setdefault((field.kind, field.recorded), actual)
        others = [key[1] for key, value in names.items() if key[0] == field.kind and value == actual]
        if known != actual:
            yield f"{field.kind} {field.recorded} is {actual} here and {known} elsewhere"
        elif others != [field.recorded]:
            yield f"{field.kind} {actual} stands for different ones: {', '.join(others)}"


def _shown(lines: list[Line], index: int, got: str) -> str:
    """A line as it came, or, where only its fields' values are new, as the recorded line."""
    near = sorted(range(len(lines)), key=lambda i: abs(i - index))
    return next((str(lines[i]) for i in near if lines[i].has_form(got)), got)
