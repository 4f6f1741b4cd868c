# SPDX-License-Identifier: BSD-2-Clause
"""What varies by run: the kinds of values, and the rules that find them in a recorded answer.

Nothing else varies: outside of a field, an answer has to be the recorded one byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass


def waited(text: str) -> tuple[float, float]:
    """Of time(1)'s line: the seconds in all, and those in which none of its programs computed."""
    real, *rest = (float(number) for number in re.findall(r"\d+\.\d\d", text))
    return real, max(real - sum(rest), 0)


def took_as_long(recorded: str, actual: str) -> bool:
    """How fast a host computes isn't compared; whole seconds of waiting are part of the answer, and so is their end."""
    real, idle = waited(actual)
    recorded_real, recorded_idle = waited(recorded)
    return idle >= int(recorded_idle) - 0.01 and real < 2 * recorded_real + 5


@dataclass(frozen=True)
class Kind:
    """A kind of values that vary.

    pattern: what such a value looks like. identity: it names something, so the same recorded value is the same value
    wherever the group has it, and another is another; a measure or a moment isn't so. agrees: whether an actual value
    is as good as the recorded one. of_host: one host has another than the next; a stand-in, which plays the recording
    host, has the recorded one.
    """

    pattern: str
    identity: bool = False
    agrees: Callable[[str, str], bool] = lambda recorded, actual: True
    of_host: bool = False


MONTH, DAY = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)", "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
TIME = r"\d\d:\d\d:\d\d"
SPENT = r"\d+\.\d\d real +\d+\.\d\d user +\d+\.\d\d sys"

KINDS: dict[str, Kind] = {
    "jid": Kind(r"[1-9]\d*", identity=True),
    "pid": Kind(r"[1-9]\d*", identity=True),
    "cpuset": Kind(r"[1-9]\d*", identity=True),
    "epair": Kind(r"epair\d+", identity=True),
    "fsid": Kind(r"[0-9a-f]{16}", identity=True),
    "hostname": Kind(r"[a-z0-9][a-z0-9.-]*", identity=True, of_host=True),
    "nic": Kind(r"[a-z]+\d+", identity=True, of_host=True),
    "disk": Kind(r"/dev/\S+?", identity=True, of_host=True),
    "release": Kind(r"\d+\.\d+-[A-Z]+\d*(?:-p\d+)?", identity=True, of_host=True),
    "osreldate": Kind(r"\d{7}", identity=True, of_host=True),
    "scope": Kind(r"0x[0-9a-f]+", identity=True),
    "date": Kind(rf"{DAY} {MONTH} [ \d]\d {TIME} (?:UTC )?\d{{4}}"),
    "mtime": Kind(rf"{MONTH} [ \d]\d (?:\d\d:\d\d| \d{{4}})"),
    "seconds": Kind(r"\d+"),
    "microseconds": Kind(r"\d+"),
    "spent": Kind(SPENT, agrees=took_as_long),
    "real": Kind(r"\d+\.\d\d", agrees=took_as_long),
    "cpu": Kind(r"\d+\.\d\d"),
    "cputime": Kind(r"\d+:\d\d\.\d\d"),
    "rate": Kind(r"[ \d]+ [ kMG]Bps", agrees=lambda recorded, actual: len(recorded) == len(actual)),
    "size": Kind(r"[1-9]\d*"),
    "inode": Kind(r"[1-9]\d*"),
    "links": Kind(r"[1-9]\d*"),
}

# Each rule's group is a value of its kind, unless the script itself names what the rule finds: what one asks for
# doesn't vary.
RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("date", f"({KINDS['date'].pattern})"),
        ("mtime", rf"^[-dlps][-rwxsSt]{{9}} .* ({KINDS['mtime'].pattern}) "),  # ls -l
        ("spent", f"^ +({SPENT})$"),  # time(1)
        ("real", r"^real (\d+\.\d\d)$"),  # time -p
        ("cpu", r"^(?:user|sys) (\d+\.\d\d)$"),
        ("cputime", r'"cpu-time":"(\d+:\d\d\.\d\d)"'),  # ps --libxo json
        ("seconds", r'"elapsed-times":"(\d+)"'),
        ("seconds", r"\{ sec = (\d+), usec = \d+ \}"),  # sysctl kern.boottime
        ("microseconds", r"\{ sec = \d+, usec = (\d+) \}"),
        ("rate", r" B([ \d]+ [ kMG]Bps) "),  # fetch
        ("fsid", r"fsid ([0-9a-f]{16})\b"),  # mount -v
        ("scope", r" scopeid (0x[0-9a-f]+)"),  # the interface's index
        ("epair", r"\b(epair\d+)[ab]?\b"),  # the next free number
        ("cpuset", r"\bcpuset\.id=(\d+)"),  # cpusets are numbered through, processes' own included
        ("cpuset", r'"cpuset\.?id": ?"?(\d+)'),
        ("jid", r"\bjid=(\d+)"),
        ("jid", r'"(?:jid|jail-id)": ?"?([1-9]\d*)'),
        ("release", r"\b(\d+\.\d-RELEASE(?:-p\d+)?)"),
        ("osreldate", r"\bosreldate(?:=|: |\":\")(\d{7})"),
    )
)


@dataclass(frozen=True)
class Finder:
    """Finds the values that vary in the lines of a recorded answer.

    varies: the declared values and their kinds. script: the case's. real: what a host is of its own varies too.
    """

    varies: dict[str, str]
    script: str
    real: bool

    def find(self, line: str) -> Iterator[tuple[int, int, str]]:
        """Where they stand: start, end, kind. A declared value is a word of its own; one in ^$ is a line."""
        for value, kind in self.varies.items():
            if self.real or not KINDS[kind].of_host:
                for match in re.finditer(_word(value), line):
                    yield *match.span(), kind
        for kind, rule in RULES:
            if self.real or not KINDS[kind].of_host:
                for match in rule.finditer(line):
                    if not re.search(_word(match[0]), self.script):
                        yield *match.span(1), kind


def _word(value: str) -> str:
    if value.startswith("^"):
        return rf"(?<=^){re.escape(value[1:-1])}(?=\n)"
    return rf"(?<![\w.-]){re.escape(value)}(?![\w-]|\.\d)"
