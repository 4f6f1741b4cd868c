# SPDX-License-Identifier: BSD-2-Clause
"""The grammar of jail.conf(5), with jail(8)'s messages and error recovery (usr.sbin/jail/jailparse.y).

conf  : (jail | param ';' | ';')*
jail  : STR '{' conf '}'
param : name [['=' | '+='] string (',' string)*]
"""

from __future__ import annotations

import glob
import os
import re
import sys
from dataclasses import dataclass, field
from typing import NoReturn

import err
from jaillex import EOF, STR, STR1, VAR, VAR1, Lexer, Token, to_str

_MAX_INCLUDE_DEPTH = 32

# After an error, further ones are kept quiet until three tokens in a row were fine (yacc's yyerrflag).
_RECOVERY = 3


@dataclass
class ConfString:
    """A value: its text, and the variables to be put into it, by position and name."""

    text: str = ""
    variables: list[tuple[int, str]] = field(default_factory=list)

    def copy(self) -> ConfString:
        return ConfString(self.text, list(self.variables))


@dataclass
class ConfParam:
    """A parameter as written, or a variable's definition."""

    name: str
    values: list[ConfString] = field(default_factory=list)
    is_variable: bool = False
    append: bool = False


@dataclass
class ConfJail:
    """A jail's block, by its full name; '*' for what stands outside of all."""

    name: str
    params: list[ConfParam] = field(default_factory=list)


class _SyntaxError(Exception):
    """The next token isn't one that the grammar allows here."""


def parse_config(filename: str) -> list[ConfJail]:
    """All blocks of a file ('-' for standard input) and of those that it includes, in order. Errors end jail(8)."""
    blocks = _Blocks()
    _parse_file(filename, blocks)
    return blocks.jails


class _Blocks:
    """What has been read so far, over all files."""

    def __init__(self) -> None:
        self.jails: list[ConfJail] = []
        self.current: ConfJail | None = None
        self.depth = 0
        self._everywhere: ConfJail | None = None

    def add_jail(self, name: str) -> ConfJail:
        jail = ConfJail(name)
        self.jails.append(jail)
        return jail

    def add_param(self, param: ConfParam) -> None:
        if self.current is None and self._everywhere is None:
            self._everywhere = self.add_jail("*")
        jail = self.current or self._everywhere
        if jail is not None:
            jail.params.append(param)


def _parse_file(filename: str, blocks: _Blocks, in_include: bool = False) -> None:
    if filename == "-" and not in_include:
        shown, data = "STDIN", sys.stdin.buffer.read()
    else:
        shown = filename
        try:
            with open(filename, "rb") as file:
                data = file.read()
        except OSError as error:
            err.err("jail", filename, error.errno)
    parser = _Parser(shown, data.decode("latin-1"), blocks)
    parser.conf(None)
    if parser.failed:
        raise SystemExit(1)


class _Parser:
    """One file's parser."""

    def __init__(self, filename: str, text: str, blocks: _Blocks) -> None:
        self._filename = filename
        self._blocks = blocks
        self._lexer = Lexer(text, self._complain)
        self._token: Token | None = None
        self._line = 1
        self._recovering = 0
        self.failed = False

    def conf(self, end: str | None) -> None:
        """What stands between braces, up to and with the end token; None for a whole file."""
        while True:
            try:
                kind = self._peek().kind
                if kind == (end or EOF):
                    self._shift()
                    return
                if kind == ";":
                    self._shift()
                elif kind in (STR, VAR):
                    self._jail_or_param()
                else:
                    raise _SyntaxError
            except _SyntaxError:
                self._recover()

    def _jail_or_param(self) -> None:
        name = self._shift()
        if name.kind == STR and self._peek().kind == "{":
            self._shift()
            parent = self._blocks.current
            self._blocks.current = self._blocks.add_jail(f"{parent.name}.{name.value}" if parent else name.value)
            self.conf("}")
            self._blocks.current = parent
            return
        param = ConfParam(name.value, is_variable=name.kind == VAR)
        named_only = False
        if self._peek().kind in ("=", "+="):
            param.append = self._shift().kind == "+="
            param.values = self._values()
        elif self._peek().kind in (STR, VAR):
            named_only = True
            param.values = self._values()
        self._shift(";")
        if named_only and not param.is_variable and param.name == ".include":
            self._include(param)
        else:
            self._blocks.add_param(param)

    def _values(self) -> list[ConfString]:
        values = [self._string()]
        while self._peek().kind == ",":
            self._shift()
            values.append(self._string())
        return values

    def _string(self) -> ConfString:
        if self._peek().kind not in (STR, VAR):
            raise _SyntaxError
        string = ConfString()
        while True:
            token = self._shift()
            if token.kind in (VAR, VAR1):
                string.variables.append((len(string.text), token.value))
            else:
                string.text += token.value
            if self._peek().kind not in (STR1, VAR1):
                return string

    def _include(self, param: ConfParam) -> None:
        for value in param.values:
            if value.variables:
                self._complain(f"line {self._line}: variables not permitted in '.include' filename")
            else:
                self._include_file(value.text)

    def _include_file(self, filename: str) -> None:
        self._blocks.depth += 1
        if self._blocks.depth > _MAX_INCLUDE_DEPTH:
            err.errx("jail", "maximum include depth exceeded")
        if self._filename != "STDIN" and not filename.startswith("/"):
            filename = os.path.join(os.path.dirname(self._filename), filename)
        if re.search(r"[*?[]", filename):
            for match in sorted(glob.glob(filename), key=os.fsencode):
                _parse_file(match, self._blocks, in_include=True)
        else:
            _parse_file(filename, self._blocks, in_include=True)
        self._blocks.depth -= 1

    def _peek(self) -> Token:
        if self._token is None:
            self._token = self._lexer.next()
            self._line = self._token.line
        return self._token

    def _shift(self, kind: str | None = None) -> Token:
        token = self._peek()
        if kind is not None and token.kind != kind:
            raise _SyntaxError
        self._token = None
        self._recovering = max(0, self._recovering - 1)
        return token

    def _recover(self) -> None:
        """Report what is wrong and go on after the next semicolon, as the grammar's `param : error` does."""
        token = self._peek()
        if self._recovering == 0:
            if token.text:
                self._complain(f"line {self._line}: {to_str(token.text)}: syntax error")
            else:
                self._complain("unexpected EOF")
        self._recovering = _RECOVERY
        while self._peek().kind != ";":
            if self._peek().kind == EOF:
                self._abort()
            self._token = None
        self._shift()

    def _complain(self, message: str) -> None:
        sep = " " if message.startswith("line") else ": "
        err.warnx("jail", f"{self._filename}{sep}{message}")
        self.failed = True

    def _abort(self) -> NoReturn:
        raise SystemExit(1)
