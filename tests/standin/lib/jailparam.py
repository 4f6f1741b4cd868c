# SPDX-License-Identifier: BSD-2-Clause
"""What libjail does for jail(8), jls(8) and jexec(8): jail parameters between their text and the kernel's typed values.

The messages are libjail's own (lib/libjail/jail.c): a caller puts its program's name in front and exits.
"""

from __future__ import annotations

import errno
import re
import socket
from collections.abc import Iterable
from typing import Any, NamedTuple

import kernel
from errlist import strerror
from params import BY_NAME, BY_NO_NAME, Param

JAILSYS = ("disable", "new", "inherit")

_INTEGER = re.compile(r"[ \t\n\v\f\r]*([+-]?[0-9]+)")


class ParamError(Exception):
    """libjail's refusal; its text is jail_errmsg, a message without a program's name. errno: the error's number."""

    def __init__(self, message: str, number: int = errno.EINVAL) -> None:
        super().__init__(message)
        self.errno = number


class JailParam(NamedTuple):
    """A parameter as it was asked for, as struct jailparam keeps it.

    name: as written, which may be the `no` form or have a key (`meta.owner`).
    param: the kernel's parameter that it means.
    negated: whether the name is the `no` form of a boolean.
    """

    name: str
    param: Param
    negated: bool = False

    @property
    def is_list(self) -> bool:
        """Whether it takes several values."""
        return self.param.kind in ("ip4", "ip6")

    @property
    def create_only(self) -> bool:
        """Whether it can only be given when a jail is made (the kernel's CTLFLAG_RDTUN)."""
        return not self.param.live and not self.param.read_only


def strtol(text: str) -> tuple[int, str]:
    """strtol(3), base 10: the number that text starts with (0 for none), and what follows it."""
    match = _INTEGER.match(text)
    if match is None:
        return 0, text
    return int(match[1]), text[match.end() :]


def init(name: str) -> JailParam:
    """Look a parameter up, as jailparam_init(3) does. Raises ParamError for one that the kernel doesn't have."""
    param = BY_NAME.get(name)
    if param is not None:
        return JailParam(name, param)
    param = BY_NO_NAME.get(name)
    if param is not None:
        return JailParam(name, param, negated=True)
    param = BY_NAME.get(name.partition(".")[0])
    if param is not None and param.name in ("env", "meta"):
        return JailParam(name, param)
    raise ParamError(f"unknown parameter: {name}", errno.ENOENT)


def import_value(jp: JailParam, text: str | None) -> Any:
    """A parameter's typed value from its text, as jailparam_import(3) makes it.

    text: None where the name stood alone, and the value is None too then.
    Returns int, bool, str, a list of addresses, or for jailsys one of JAILSYS.
    Raises ParamError for a text that is no such value (recorded: bad-15, bad-16, bad-22, bad-25).
    """
    if text is None:
        return None
    kind = jp.param.kind
    if kind == "string":
        return text
    if kind in ("ip4", "ip6"):
        return [] if text in ("", "-") else [_address(jp, part) for part in text.split(",")]
    if kind == "bool":
        index = _enum(("false", "true"), text)
        if index is None:
            raise ParamError(f'{jp.name}: unknown boolean value "{text}"')
        return index != 0
    if kind == "jailsys":
        index = 1 if text == "" else _enum(JAILSYS, text)
        if index is None:
            raise ParamError(f'{jp.name}: unknown jailsys value "{text}"')
        return JAILSYS[index] if 0 <= index < len(JAILSYS) else str(index)
    number, rest = strtol(text)
    if rest:
        raise ParamError(f'{jp.name}: non-integer value "{text}"')
    return number % 2**64 if kind == "ulong" else (number + 2**31) % 2**32 - 2**31


def _enum(words: tuple[str, ...], text: str) -> int | None:
    """The index of a word, whatever its case, or the number that text is; None if it is neither."""
    if text.lower() in words:
        return words.index(text.lower())
    number, rest = strtol(text)
    return None if rest else number


def _address(jp: JailParam, text: str) -> str:
    """An address in inet_ntop(3)'s form."""
    family, version = (socket.AF_INET, 4) if jp.param.kind == "ip4" else (socket.AF_INET6, 6)
    try:
        return socket.inet_ntop(family, socket.inet_pton(family, text))
    except (OSError, ValueError):
        raise ParamError(f"{jp.name}: not an IPv{version} address: {text}") from None


def export_value(param: Param, value: Any) -> str:
    """The text of a typed value, unquoted, as jailparam_export(3) gives it: lists with commas, booleans in words."""
    if param.kind == "bool":
        return "true" if value else "false"
    if param.kind in ("ip4", "ip6"):
        return ",".join(value)
    return str(value)


def quoted(value: str) -> str:
    """A value as `jls -q`, `jls -n`, `jail -e` and `jail -v` print it: in quotes if that needs them."""
    quote = '"'
    if "'" in value:
        quote = '"'
    elif '"' in value:
        quote = "'"
    elif value and " " not in value and "\t" not in value:
        quote = ""
    escaped = value.replace("\\", "\\\\")
    return quote + (escaped.replace(quote, "\\" + quote) if quote else escaped) + quote


def jail_set(values: Iterable[tuple[JailParam, Any]], *, create: bool = False, update: bool = False) -> int:
    """jailparam_set(3): make or change a jail by parameters as import_value() gave them. Returns its jid.

    A name that stood alone is true for a boolean, new for jailsys, and else empty.
    Raises ParamError with the kernel's words, or with 'jail_set: ' and the error's where it had none.
    """
    params: dict[str, Any] = {}
    for jp, value in values:
        if jp.param.kind == "bool":
            params[jp.param.name] = (value is None or value) != jp.negated
        elif value is None and jp.name == jp.param.name:
            params[jp.name] = import_value(jp, "")
        else:
            params[jp.name] = value
    try:
        return kernel.jail_set(params, create=create, update=update)
    except kernel.KernelError as error:
        raise ParamError(error.message or f"jail_set: {strerror(error.errno or 0)}", error.errno or 0) from error


def jail_getid(name: str) -> int:
    """The jid of a running jail, by its name or by its jid in digits, as jail_getid(3) finds it.

    Raises ParamError: 'jail "x" not found', 'jail 99 not found', 'jail "x" is dying'.
    """
    number, rest = strtol(name)
    try:
        found = kernel.jail_get(jid=number) if name and not rest else kernel.jail_get(name=name)
    except kernel.KernelError as error:
        raise ParamError(error.message or f"jail_get: {strerror(error.errno or 0)}", error.errno or 0) from error
    return int(found["jid"])
