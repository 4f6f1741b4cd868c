# SPDX-License-Identifier: BSD-2-Clause
"""jot(1): sequences."""

from __future__ import annotations

import random
import sys

import options

USAGE = "usage: jot [-cnr] [-b word] [-w word] [-s string] [-p precision]\n           [reps [begin [end [s]]]]"


def main(argv: list[str]) -> int:
    found, operands = options.getopt(argv, "b:cnp:rs:w:", USAGE)
    given = dict(found)
    if len(operands) > 4:
        options.usage(USAGE)
    texts = [operand if operand != "-" else None for operand in operands] + [None] * (4 - len(operands))
    reps, begin, end, step = (float(text) if text is not None else None for text in texts)
    values = _random(reps, begin, end) if "r" in given else _sequence(reps, begin, end, step)
    precision = int(given["p"]) if "p" in given else max([len(t.partition(".")[2]) for t in texts[1:] if t], default=0)
    words = [_word(value, given, precision) for value in values]
    sys.stdout.write(given.get("s", "\n").join(words) + ("" if "n" in given or not words else "\n"))
    return 0


def _sequence(reps: float | None, begin: float | None, end: float | None, step: float | None) -> list[float]:
    """Three of the four tell the fourth; what is left out is 100 times, from 1, by 1."""
    if step is None and end is not None and begin is not None and reps is not None:
        step = (end - begin) / (reps - 1) if reps > 1 else 0
    if step is None:
        step = 1 if end is None or begin is None or end >= begin else -1
    if begin is None:
        begin = end - step * (reps - 1) if end is not None and reps is not None else 1
    if reps is None:
        reps = int((end - begin + step) / step + 1e-9) if end is not None else 100
    return [begin + step * index for index in range(int(reps))]


def _random(reps: float | None, begin: float | None, end: float | None) -> list[float]:
    low, high = (1 if begin is None else begin), (100 if end is None else end)
    return [float(random.randint(int(low), int(high))) for _ in range(int(100 if reps is None else reps))]


def _word(value: float, given: dict[str, str], precision: int) -> str:
    if "b" in given:
        return given["b"]
    if "c" in given:
        return chr(int(value))
    shape = given.get("w", "")
    if "%" not in shape:
        return f"{shape}{value:.{precision}f}"
    integer = shape[shape.rindex("%") :].lstrip("%0123456789-+ .l")[:1] in "dioxXuc"
    return shape % (int(value) if integer else value)
