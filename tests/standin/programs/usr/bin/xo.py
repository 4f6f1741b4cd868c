# SPDX-License-Identifier: BSD-2-Clause
"""xo(1): format fields as text or as JSON."""

from __future__ import annotations

import re
import sys
from typing import Any

import options
import xo

USAGE = "Usage: xo [options] format [fields]"
_PART = re.compile(r"\{([^}:]*):([^}/]*)(?:/([^}/]*))?(?:/[^}]*)?\}|\{\{|\}\}|[^{}]+")
_ESCAPES = {r"\n": "\n", r"\t": "\t", r"\r": "\r", r"\\": "\\"}


def main(argv: list[str]) -> int:
    style, argv = xo.parse_args(argv)
    short = {"--json": "-J", "--pretty": "-p", "--text": "-T", "--wrap": "-w"}
    found, operands = options.getopt([short.get(word, word) for word in argv], "JTpw:", USAGE)
    given = dict(found)
    style = xo.Style(style.json or "J" in given, style.pretty or "p" in given)
    if not operands:
        options.usage(USAGE)
    text, fields = _formatted(_unescaped(operands[0]), operands[1:])
    if style.json:
        for name in reversed(given.get("w", "").split("/") if given.get("w") else []):
            fields = {name: fields}
        text = xo.dumps(fields, style)
    sys.stdout.write(text)
    return 0


def _unescaped(text: str) -> str:
    return re.sub(r"\\[ntr\\]", lambda match: _ESCAPES[match[0]], text)


def _formatted(shape: str, values: list[str]) -> tuple[str, dict[str, Any]]:
    """The text, and the value fields by name."""
    out, fields = "", {}
    left = iter(values)
    for match in _PART.finditer(shape):
        if match[1] is None:
            out += {"{{": "{", "}}": "}"}.get(match[0], match[0])
            continue
        role = next((letter for letter in match[1] if letter in "DLNPTUW"), "V")
        content, conversion = match[2], match[3]
        if role == "V" or (not content and role != "P"):
            text = next(left, "")
            number = (conversion or "%s")[-1] in "diuxX"
            value: int | str = int(text, 0) if number else text
            shown = (conversion or "%s").replace("u", "d") % value
            if role == "V":
                fields[content] = value
        else:
            shown = content
        colon, blank = ":" if "c" in match[1] else "", " " if "w" in match[1] else ""
        out += shown + colon + blank
    return out, fields
