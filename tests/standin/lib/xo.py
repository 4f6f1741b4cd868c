# SPDX-License-Identifier: BSD-2-Clause
"""libxo(3): its --libxo option, and its JSON with its own spacing (recorded: ls-4, ls-8, mnt-1, ps-2)."""

from __future__ import annotations

from typing import Any, NamedTuple

import err


class Style(NamedTuple):
    """How to print: JSON or text, and if JSON, whether with line breaks."""

    json: bool = False
    pretty: bool = False


def parse_args(argv: list[str]) -> tuple[Style, list[str]]:
    """xo_parse_args(3): take the --libxo options out of argv. Returns the style and what is left of argv."""
    words: list[str] = []
    rest = argv[:1]
    arguments = iter(argv[1:])
    for argument in arguments:
        if argument == "--libxo":
            value = next(arguments, None)
            if value is None:
                err.errx(err.progname(argv[0]), "missing libxo option")
            words += value.split(",")
        elif argument.startswith("--libxo="):
            words += argument[8:].split(",")
        elif argument.startswith("--libxo:"):
            words += [{"J": "json", "P": "pretty", "T": "text"}.get(letter, letter) for letter in argument[8:]]
        else:
            rest.append(argument)
            if argument == "--":
                rest += arguments
    for word in words:
        if word not in ("json", "pretty", "text", ""):
            err.errx(err.progname(argv[0]), f"invalid libxo option: {word}")
    return Style("json" in words and "text" not in words, "pretty" in words), rest


def dumps(tree: dict[str, Any], style: Style, version: str = "") -> str:
    """The text of a document: dictionaries are containers and instances, lists are lists, the other values leaves.

    A tree without content is what a program prints that ends before it has opened anything (recorded: ps-1).
    """
    if not tree:
        return "{ }\n"
    if style.pretty:
        head = f'  "__version": "{version}", \n' if version else ""
        return "{\n" + head + _pretty_members(tree, "  ") + "\n}\n"
    head = f'"__version": "{version}", ' if version else ""
    return "{" + head + _members(tree) + "}\n"


def latin1(text: str) -> str:
    """What a program without setlocale(3) prints for a UTF-8 value in text: Latin-1 (recorded: loc-1, nam-1)."""
    return text.encode("latin-1", "replace").decode("utf-8", "surrogateescape")


def _leaf(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    # Other control characters go out as they are (recorded: tab-1).
    quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{quoted}"'


def _members(tree: dict[str, Any]) -> str:
    parts: list[str] = []
    for name, value in tree.items():
        if isinstance(value, dict):
            text = f'"{name}": {{{_members(value)}}}'
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            text = f'"{name}": [' + ", ".join("{" + _members(item) + "}" for item in value) + "]"
        elif isinstance(value, list):
            text = f'"{name}": [' + ",".join(_leaf(item) for item in value) + "]"
        else:
            parts.append(("," if parts else "") + f'"{name}":{_leaf(value)}')
            continue
        parts.append((", " if parts else "") + text)
    return "".join(parts)


def _pretty_members(tree: dict[str, Any], indent: str) -> str:
    return ",\n".join(f'{indent}"{name}": {_pretty(value, indent)}' for name, value in tree.items())


def _pretty(value: Any, indent: str) -> str:
    deeper = indent + "  "
    if isinstance(value, dict):
        return "{\n" + _pretty_members(value, deeper) + "\n" + indent + "}"
    if isinstance(value, list):
        items = ",\n".join(deeper + _pretty(item, deeper) for item in value)
        return "[\n" + items + ("\n" if items else "") + indent + "]"
    return _leaf(value)
