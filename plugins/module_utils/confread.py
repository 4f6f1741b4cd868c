# SPDX-License-Identifier: BSD-2-Clause
"""Reading jail.conf(5): what a file says, statement by statement, with each statement's own text.

jail(8) is the judge of what is right. This reads what is right; of a text that it can't read it says so, and the
caller lets jail(8) say what is wrong. The tokens are those of FreeBSD's usr.sbin/jail/jaillex.l (recorded: conf-9 to
conf-18).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Union

_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r\n]+ | \#[^\n]* | //[^\n]* | /\*.*?\*/)
    | (?P<mark>\+= | [,;={}])
    | (?P<single>'(?:[^'\\]|\\.)*')
    | (?P<double>"(?:[^"\\]|\\.)*")
    | (?P<variable>\$[A-Za-z_][A-Za-z_0-9]* | \$\{[^\n{}]*\})
    | (?P<atom>[A-Za-z0-9_!%&()\-.:<>?@\[\]^`|~]+ | \\(?:[0-7]{1,3}|x[0-9A-Fa-f]{1,2}|.) | [$*+/])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\([0-7]{1,3}|x[0-9A-Fa-f]{1,2}|.)", re.DOTALL)
_VARIABLE = re.compile(r"\$(?:([A-Za-z_][A-Za-z_0-9]*)|\{([^\n\"{}]*)\})")
_LETTERS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\n": ""}


class UnreadableError(Exception):
    """A text that isn't jail.conf(5) as far as we know."""


@dataclass(frozen=True)
class Item:
    """One value of a parameter: its text, and whether that is all (literal) or has `${variables}` in it."""

    text: str
    literal: bool = True


# What a parameter is set to: True or False by its bare name, else its values.
Setting = Union[bool, tuple[Item, ...]]


@dataclass(frozen=True)
class Statement:
    """One statement of a file.

    kind: 'parameter' (variables and `.include` among them), 'jail', or 'unreadable' for a whole file that can't be
    read.
    name: the parameter's name, `$name` for a variable, the jail's name; of what is unreadable, the file's path.
    text: how it stands in the file.
    items, append: a parameter's values, and whether `+=` adds them to earlier ones.
    body: the statements of a jail's block.
    source: the path of the file that it stands in.
    """

    kind: str
    name: str
    text: str
    items: tuple[Item, ...] = ()
    append: bool = False
    body: tuple[Statement, ...] = ()
    source: str = ""

    @property
    def is_literal(self) -> bool:
        """Whether a parameter is given values, all of them without variables."""
        return bool(self.items) and all(item.literal for item in self.items)

    @property
    def is_wildcard(self) -> bool:
        """Whether it sets defaults for other jails: a parameter outside of any block, or a block `*`."""
        return self.kind == "parameter" or (self.kind == "jail" and (self.name == "*" or self.name.endswith(".*")))


def parse(text: str, source: str = "") -> tuple[Statement, ...]:
    """The statements of a file. Raises UnreadableError."""
    tokens = list(_tokens(text))
    statements, position = [], 0
    while position < len(tokens):
        statement, position = _statement(text, tokens, position, source, inside=False)
        if statement is not None:
            statements.append(statement)
    return tuple(statements)


def applying(statements: Iterable[Statement], jail: str) -> list[Statement]:
    """What is set for a jail, in the order in which jail(8) applies it: blocks by their place, so that defaults that
    stand after the jail's own block win over it. All parameters outside of blocks count as one block, at the place of
    the first (FreeBSD's usr.sbin/jail/config.c and jailparse.y).
    """
    everywhere: list[Statement] = []
    blocks: list[Iterable[Statement]] = []
    for statement in statements:
        if statement.kind == "parameter" and not statement.name.startswith("."):
            if not everywhere:
                blocks.append(everywhere)
            everywhere.append(statement)
        elif statement.kind == "jail" and statement.name in ("*", jail):
            blocks.append(statement.body)
    return [inner for block in blocks for inner in block]


def settings(statements: Iterable[Statement], jail: str) -> dict[str, Setting]:
    """What a jail's parameters are after all defaults.

    The names are those of the positive form: `allow.noraw_sockets` sets `allow.raw_sockets` to False.
    """
    result: dict[str, Setting] = {}
    for statement in applying(statements, jail):
        _set(result, statement)
    return result


def block(name: str, statements: Iterable[str]) -> str:
    """The text of a jail's block, without a newline at its end. statements: as they are in the source."""
    return "\n    ".join([f"{name} {{", *statements]) + "\n}"


def positive(name: str) -> str | None:
    """`allow.raw_sockets` for `allow.noraw_sockets`; None for a name that has no `no` before its last component."""
    head, dot, tail = name.rpartition(".")
    return f"{head}{dot}{tail[2:]}" if tail.startswith("no") and len(tail) > 2 else None


def _set(result: dict[str, Setting], statement: Statement) -> None:
    name, value = statement.name, statement.items
    if name.startswith((".", "$")):
        return
    if not value:
        base = positive(name)
        result[base or name] = base is None
        return
    before = result.get(name, ())
    result[name] = (before + value) if statement.append and not isinstance(before, bool) else value


def _tokens(text: str) -> Iterator[tuple[str, str, int, int]]:
    """Kind, text, start and end of each token; one that follows another without space is part of the same string."""
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise UnreadableError(f"character {position}")
        if match.lastgroup != "space":
            yield match.lastgroup, match.group(), match.start(), match.end()
        position = match.end()


def _statement(
    text: str, tokens: list[tuple[str, str, int, int]], position: int, source: str, inside: bool
) -> tuple[Statement | None, int]:
    """The statement that begins at a token, and the position after it; None for a lone semicolon."""
    start = tokens[position][2]
    if tokens[position][1] == ";":
        return None, position + 1
    name, position = _string(tokens, position)
    items: list[Item] = []
    append = False
    mark = _mark(tokens, position)
    if mark == "{" and not inside:
        body: list[Statement] = []
        position += 1
        while _mark(tokens, position) != "}":
            inner, position = _statement(text, tokens, position, source, inside=True)
            if inner is not None:
                body.append(inner)
        end = tokens[position][3]
        return Statement("jail", name.text, text[start:end], body=tuple(body), source=source), position + 1
    if mark in ("=", "+="):
        append = mark == "+="
        position += 1
    if mark != ";":
        item, position = _string(tokens, position)
        items.append(item)
        while _mark(tokens, position) == ",":
            item, position = _string(tokens, position + 1)
            items.append(item)
    if _mark(tokens, position) != ";":
        raise UnreadableError(f"character {tokens[position][2]}")
    label = name.text if name.literal else "$" + name.text[2:-1]
    end = tokens[position][3]
    return Statement("parameter", label, text[start:end], tuple(items), append, source=source), position + 1


def _mark(tokens: list[tuple[str, str, int, int]], position: int) -> str:
    """The punctuation at a position, or '' for anything else. Raises UnreadableError at the end of the text."""
    if position >= len(tokens):
        raise UnreadableError("end of text")
    kind, text, _start, _end = tokens[position]
    return text if kind == "mark" else ""


def _string(tokens: list[tuple[str, str, int, int]], position: int) -> tuple[Item, int]:
    """The string at a position, put together from the pieces that touch each other."""
    if _mark(tokens, position):
        raise UnreadableError(f"character {tokens[position][2]}")
    pieces = [_piece(*tokens[position][:2])]
    position += 1
    while position < len(tokens) and tokens[position][0] != "mark" and tokens[position][2] == tokens[position - 1][3]:
        pieces.append(_piece(*tokens[position][:2]))
        position += 1
    return Item("".join(piece.text for piece in pieces), all(piece.literal for piece in pieces)), position


def _piece(kind: str, text: str) -> Item:
    if kind == "variable":
        return Item("${" + text.strip("${}") + "}", literal=False)
    if kind == "double":
        return _double_quoted(text[1:-1])
    return Item(_unescape(text[1:-1] if kind == "single" else text))


def _double_quoted(text: str) -> Item:
    """Escapes undone and variables written `${name}`, up to which no escape reaches."""
    parts, literal, position = [], True, 0
    while position < len(text):
        if text[position] == "$":
            variable = _VARIABLE.match(text, position)
            if variable:
                parts.append("${" + (variable.group(1) or variable.group(2)) + "}")
                literal, position = False, variable.end()
                continue
        escape = _ESCAPE.match(text, position) if text[position] == "\\" else None
        parts.append(_unescape(escape.group()) if escape else text[position])
        position = escape.end() if escape else position + 1
    return Item("".join(parts), literal)


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda match: _escaped(match.group(1)), text)


def _escaped(what: str) -> str:
    if what[0] in "01234567":
        return chr(int(what, 8) & 0xFF)
    if what[0] == "x":
        return chr(int(what[1:], 16)) if len(what) > 1 else "\0"
    return _LETTERS.get(what, what)
