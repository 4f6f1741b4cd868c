# SPDX-License-Identifier: BSD-2-Clause
"""date(1): show the time."""

from __future__ import annotations

import calendar
import errno
import os
import re
import sys
import time

import err
import options

PROGRAM = "date"
USAGE = """usage: date [-jnRu] [-I[date|hours|minutes|seconds|ns]] [-f input_fmt]
            [-z output_zone] [-r filename|seconds] [-v[+|-]val[y|m|w|d|H|M|S]]
            [[[[[[cc]yy]mm]dd]HH]MM[.SS] | new_date] [+output_fmt]"""
ISO = {"": "%F", "date": "%F", "hours": "%FT%H%:z", "minutes": "%FT%H:%M%:z", "seconds": "%FT%T%:z"}
UNITS = {"w": 7 * 86400, "d": 86400, "H": 3600, "M": 60, "S": 1}
FIELDS = {"y": 0, "m": 1, "d": 2, "H": 3, "M": 4, "S": 5}


def main(argv: list[str]) -> int:
    words = [word if word != "-I" else "-Idate" for word in argv[1:]]
    found, operands = options.getopt([argv[0], *words], "f:I:jnRr:uv:z:", USAGE)
    given = dict(found)
    if "u" in given or "z" in given:
        os.environ["TZ"] = given.get("z", "UTC")
        time.tzset()
    shape = "%a %b %e %T %Z %Y"
    if operands and operands[-1].startswith("+"):
        shape = operands.pop()[1:]
    elif "R" in given:
        shape = "%a, %d %b %Y %T %z"
    elif "I" in given:
        if given["I"] not in ISO:
            options.usage(USAGE)
        shape = ISO[given["I"]]
    moment = _moment(given, operands)
    for letter, value in found:
        if letter == "v":
            moment = _adjusted(moment, value)
    zone = time.strftime("%z", time.localtime(moment))
    shape = (
        shape.replace("%:z", f"{zone[:3]}:{zone[3:]}")
        .replace("%s", str(int(moment)))
        .replace("%+", "%a %b %e %T %Z %Y")
    )
    sys.stdout.write(time.strftime(shape, time.localtime(moment)) + "\n")
    return 0


def _moment(given: dict[str, str], operands: list[str]) -> float:
    if "r" in given:
        if re.fullmatch("-?[0-9]+|0x[0-9a-fA-F]+", given["r"]):
            return int(given["r"], 0) if given["r"].startswith("0x") else int(given["r"])
        try:
            return os.stat(given["r"]).st_mtime
        except OSError as error:
            err.err(PROGRAM, given["r"], error.errno)
    if not operands:
        return time.time()
    moment = _parsed(operands[0], given.get("f"))
    if "j" not in given:
        err.err(PROGRAM, "settimeofday (timeval)", errno.EPERM)
    return moment


def _parsed(text: str, shape: str | None) -> float:
    now = time.localtime()
    if shape is None:
        match = re.fullmatch(r"((((([0-9]{2})?[0-9]{2})?[0-9]{2})?[0-9]{2})?[0-9]{2})?[0-9]{2}(\.[0-9]{2})?", text)
        if match is None:
            err.warnx(PROGRAM, "illegal time format")
            options.usage(USAGE)
        digits, _, seconds = text.partition(".")
        shape = "%Y%m%d%H%M"[-len(digits) :] if len(digits) == 12 else "%y%m%d%H%M"[-len(digits) :]
        text, shape = digits + (seconds or "00"), shape + "%S"
    if shape == "%s":
        return float(text)
    try:
        parts = time.strptime(text, shape)
    except ValueError:
        err.warnx(PROGRAM, f"Failed conversion of ``{text}'' using format ``{shape}''")
        options.usage(USAGE)
    # What the format doesn't say is now's.
    missing = [
        not any(letter in shape for letter in letters)
        for letters in ("yYcDFsx", "mbBcDFx", "dejcDFx", "HIkTRcX", "MTRcX", "STcX")
    ]
    values = [now[index] if missing[index] else parts[index] for index in range(6)]
    return _epoch(values)


def _adjusted(moment: float, value: str) -> float:
    match = re.fullmatch("([+-]?)([0-9]+)([ymwdHMS])", value)
    if match is None:
        err.errx(PROGRAM, f"{value}: Cannot apply date adjustment")
    sign, number, unit = match[1], int(match[2]), match[3]
    fields = list(time.localtime(moment)[:6])
    if not sign:
        fields[FIELDS[unit]] = number
        return _epoch(fields)
    number = -number if sign == "-" else number
    if unit in UNITS:
        return moment + number * UNITS[unit]
    months = fields[0] * 12 + fields[1] - 1 + number * (12 if unit == "y" else 1)
    fields[0], fields[1] = months // 12, months % 12 + 1
    fields[2] = min(fields[2], calendar.monthrange(fields[0], fields[1])[1])
    return _epoch(fields)


def _epoch(fields: list[int]) -> float:
    year, month, day, hour, minute, second = fields
    return time.mktime((year, month, day, hour, minute, second, 0, 0, -1))
