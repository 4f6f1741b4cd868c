# SPDX-License-Identifier: BSD-2-Clause
"""The words of jail.conf(5), as jail(8)'s lexer makes them (usr.sbin/jail/jaillex.l; recorded: conf-9 to conf-14).

The text is a file's bytes, decoded as Latin-1: one character is one byte, as the lexer and its messages have it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass

# Kinds of tokens. STR and VAR begin a string, STR1 and VAR1 continue it; the others are their own text.
STR, STR1, VAR, VAR1, EOF = "STR", "STR1", "VAR", "VAR1", "EOF"

_BLANK = re.compile(r"[ \t\r\n]+|#.*|//.*|/\*(?:[^*]|\*+[^*/])*\*+/")
_RESERVED = re.compile(r"\+=|[,;={}]")
_ATOM = re.compile(r"[A-Za-z0-9_!%&()\-.:<>?@\[\]^`|~]+|\\(?:[0-7]{1,3}|x[0-9A-Fa-f]{1,2}|[\s\S])|[$*+/\\]")
_SINGLE = re.compile(r"'(?:[^'\\]|\\[\s\S])*'")
_DOUBLE = re.compile(r'"(?:[^"\\]|\\[\s\S])*"')
_DOUBLE_REST = re.compile(r'[^"$\\](?:[^"\\]|\\[\s\S])*"')
_VARIABLE = re.compile(r"\$[A-Za-z_][A-Za-z_0-9]*")
_BRACED = re.compile(r"\$\{(?:\\[\s\S]|[^\n{}])*\}")
_BRACED_IN_DOUBLE = re.compile(r'\$\{(?:\\[\s\S]|[^\n"{}])*\}')
_UNTERMINATED = {
    "comment": re.compile(r"/\*[\s\S]*"),
    "string": re.compile(r"""'(?:[^\n'\\]|\\.)*|"(?:[^\n"\\]|\\.)*"""),
    "variable": re.compile(r"\$\{(?:\\.|[^\n{}])*"),
}
_UNTERMINATED_IN_DOUBLE = re.compile(r'\$\{(?:\\.|[^\n"{}])*')

_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{0,2})|([\s\S]?))")
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\n": ""}


@dataclass(frozen=True)
class Token:
    """One word: its kind, its value (text, or a variable's name), its text as written, and the line that it ends in."""

    kind: str
    value: str
    text: str
    line: int


class Lexer:
    """Splits text into tokens. complain gets each 'line N: unterminated …' and goes on."""

    def __init__(self, text: str, complain: Callable[[str], None]) -> None:
        self._text = text
        self._complain = complain
        self._at = 0
        self._line = 1
        self._in_string = False
        self._in_double = False

    def next(self) -> Token:
        """The next token; EOF again and again at the end."""
        while True:
            token = self._double() if self._in_double else self._plain()
            if token is not None:
                return token

    def _plain(self) -> Token | None:
        """One step outside of double quotes; None where there was no token yet."""
        if self._at >= len(self._text):
            return Token(EOF, "", "", self._line)
        if match := _BLANK.match(self._text, self._at):
            self._take(match[0])
            self._in_string = False
        elif match := _UNTERMINATED["comment"].match(self._text, self._at):
            self._unterminated("comment", match[0])
        elif match := _RESERVED.match(self._text, self._at):
            self._in_string = False
            return self._token(match[0], match[0])
        elif match := _SINGLE.match(self._text, self._at):
            return self._string(match[0], match[0][1:-1])
        elif match := _DOUBLE.match(self._text, self._at):
            return self._quoted(match[0], 1)
        elif match := _UNTERMINATED["string"].match(self._text, self._at):
            self._unterminated("string", match[0])
        elif match := _VARIABLE.match(self._text, self._at) or _BRACED.match(self._text, self._at):
            return self._variable(match[0])
        elif match := _UNTERMINATED["variable"].match(self._text, self._at):
            self._unterminated("variable", match[0])
        elif match := _ATOM.match(self._text, self._at):
            return self._string(match[0], match[0])
        else:
            char = self._text[self._at]
            # The parser gets a signed char: a byte above 127 is negative, which is the end of the file to it
            # (recorded: conf-11, conf-14).
            return self._token(char if "\0" < char < "\x80" else EOF, char)
        return None

    def _double(self) -> Token | None:
        """One step inside of double quotes, after a variable in them."""
        if match := _VARIABLE.match(self._text, self._at) or _BRACED_IN_DOUBLE.match(self._text, self._at):
            return self._variable(match[0])
        if match := _UNTERMINATED_IN_DOUBLE.match(self._text, self._at):
            self._unterminated("variable", match[0])
        elif match := _DOUBLE_REST.match(self._text, self._at):
            return self._quoted(match[0], 0)
        elif match := _ATOM.match(self._text, self._at):
            return self._string(match[0], match[0])
        else:
            if self._text.startswith('"', self._at):
                self._take('"')
            self._in_double = False
        return None

    def _quoted(self, text: str, skip: int) -> Token:
        """A string in double quotes up to its end, or to the first variable in it."""
        at = skip
        while at < len(text) - 1 and text[at] != "$":
            at += 2 if text[at] == "\\" else 1
        self._in_double = at < len(text) - 1
        return self._string(text[:at] if self._in_double else text, text[skip:at])

    def _string(self, text: str, content: str) -> Token:
        kind = STR1 if self._in_string else STR
        self._in_string = True
        return self._token(kind, text, _value(content))

    def _variable(self, text: str) -> Token:
        kind = VAR1 if self._in_string else VAR
        self._in_string = True
        return self._token(kind, text, _value(text[2:-1] if text.startswith("${") else text[1:]))

    def _unterminated(self, what: str, text: str) -> None:
        self._take(text)
        self._complain(f"line {self._line}: unterminated {what}")

    def _token(self, kind: str, text: str, value: str = "") -> Token:
        self._take(text)
        return Token(kind, value, text, self._line)

    def _take(self, text: str) -> None:
        self._at += len(text)
        self._line += text.count("\n")


def to_str(text: str) -> str:
    """Latin-1 text of the lexer as an ordinary string, whose bytes are what the file had."""
    return os.fsdecode(text.encode("latin-1"))


def _value(content: str) -> str:
    """A string's value: escapes replaced, and cut at a NUL, which ends a string in C."""
    return to_str(_ESCAPE.sub(_unescape, content).partition("\0")[0])


def _unescape(match: re.Match[str]) -> str:
    octal, hexadecimal, char = match.groups()
    if octal is not None:
        return chr(int(octal, 8) & 0xFF)
    if hexadecimal is not None:
        return chr(int(hexadecimal or "0", 16))
    return _ESCAPED.get(char, char)
