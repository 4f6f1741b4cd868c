# SPDX-License-Identifier: BSD-2-Clause
"""The configuration file of one jail, as text for jail(8): names, quoting, and how the file is written."""

from __future__ import annotations

import contextlib
import os
import re
import time
from dataclasses import dataclass
from typing import Union

from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, JailError

CONF_DIR = "/etc/jail.conf.d"
HEADER = "# Written by Ansible (bsd.jail.jail). Changes made here are overwritten."

# A parameter's value: True and False for one that is set by its bare name, else the strings of its list.
Value = Union[bool, tuple[str, ...]]

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*")
_MAX_NAME = 200
_BETWEEN = ",\n        "


@dataclass(frozen=True)
class JailConf:
    """The configuration of one jail.

    name: the jail's name.
    parameters: names (as in jail.conf(5)) and values, in the order in which they are written.
    expand: those parameters in whose values jail(8) is to expand `$name` and `${name}`.
    around: commands of our own, literal: a parameter, those before its other values, and those after. Where it has no
    others here, they come after its defaults.
    """

    name: str
    parameters: tuple[tuple[str, Value], ...]
    expand: frozenset[str] = frozenset()
    around: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = ()


def check_name(name: str) -> None:
    """Refuse a name that jail(8), rc.d/jail, rc.conf or the file system would take for something else (recorded:
    nam-1, nam-2, bad-12).

    Raises InputError.
    """
    if not name:
        problem = "it is empty"
    elif "." in name:
        problem = "a dot makes it the name of a jail within another one"
    elif "/" in name:
        problem = "a slash can't be part of a file's name"
    elif name.isascii() and name.isdigit():
        problem = "jail(8) takes a number for a jid"
    elif name.startswith("-"):
        problem = "jail(8) takes what begins with a dash for an option"
    elif len(os.fsencode(name)) > _MAX_NAME:
        problem = f"it is longer than {_MAX_NAME} bytes"
    elif not _NAME.fullmatch(name):
        problem = "a shell or jail.conf(5) would take some of its characters for something else"
    else:
        return
    raise InputError(
        f"{name!r} can't be the name of a jail: {problem}. "
        "Use letters, digits, '_' and '-', with something other than a digit among them.",
        jail=name,
        parameter="name",
    )


def conf_path(name: str, directory: str = CONF_DIR) -> str:
    """Where the configuration of jail `name` lies: where FreeBSD's rc.d/jail looks for it (recorded: rcd-1)."""
    return f"{directory}/{name}.conf"


def check_parameter(jail: str, parameter: str) -> None:
    """Refuse what can't be a parameter's name at all; whether there is such a parameter, jail(8) knows. Raises
    InputError.
    """
    if not _PARAMETER.fullmatch(parameter):
        raise InputError(
            f"jail {jail}: {parameter!r} isn't the name of a parameter: "
            "words of letters, digits and '_', joined by dots, are.",
            jail=jail,
            parameter=parameter,
        )


def no_form(parameter: str) -> str:
    """The name that turns a boolean parameter off: `no` before the last component (recorded: ls-2, conf-20)."""
    head, dot, tail = parameter.rpartition(".")
    return f"{head}{dot}no{tail}"


def quote(value: str, expand: bool = False) -> str:
    """Write a value so that jail(8) reads back exactly it (recorded: lit-1), or with `expand`, all but its variables
    literally.

    Raises InputError for a NUL, which jail(8) can't be given.
    """
    if "\0" in value:
        raise InputError(f"a value can't hold a NUL character: {value!r}")
    mark = '"' if expand else "'"
    return mark + value.replace("\\", "\\\\").replace(mark, "\\" + mark) + mark


def render_block(conf: JailConf) -> str:
    """The jail's block of jail.conf(5). Raises InputError for a bad parameter name or a NUL."""
    lines = [f"{conf.name} {{"]
    around = {parameter: (before, after) for parameter, before, after in conf.around}
    for parameter, value in conf.parameters:
        check_parameter(conf.name, parameter)
        if isinstance(value, bool):
            lines.append(f"    {parameter if value else no_form(parameter)};")
        elif value:
            before, after = around.pop(parameter, ((), ()))
            items = [quote(item, parameter in conf.expand) for item in value]
            items = [*map(quote, before), *items, *map(quote, after)]
            lines.append(f"    {parameter} = {(_BETWEEN if before or after else ', ').join(items)};")
    for parameter, (before, after) in around.items():
        lines.append(f"    {parameter} += {_BETWEEN.join(map(quote, (*before, *after)))};")
    return "\n".join([*lines, "}", ""])


def render(conf: JailConf) -> str:
    """The whole text of the jail's file. Raises InputError for a bad parameter name or a NUL."""
    return f"{HEADER}\n{render_block(conf)}"


def is_ours(text: str) -> bool:
    """Whether a file's text is one that `render` made."""
    return text.startswith(f"{HEADER}\n")


def read_conf(path: str) -> str | None:
    """A file's text, or None if there is none. Bytes that aren't UTF-8 survive reading and writing."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return None


def write_conf(path: str, text: str, durable: bool = True) -> None:
    """Put a file in place, whole or not at all: root's, mode 0600.

    The temporary name doesn't end in `.conf`, because what does is read by every jail(8) (recorded: two-1). It is
    always the same, so that what a killed run left is replaced by the next; the caller holds the jail's lock.

    durable: whether it is on the disk when this returns. Raises JailError.
    """
    temporary = f"{path}.new"
    try:
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with open(fd, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(text)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise JailError(f"{path} can't be written: {error.strerror}") from error


def remove_conf(path: str) -> None:
    """Remove a file, if it is there. Raises JailError."""
    try:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
    except OSError as error:
        raise JailError(f"{path} can't be removed: {error.strerror}") from error


def backup(path: str) -> str:
    """Keep a copy of a file beside it, under a name that jail(8) doesn't read. Returns the copy's path."""
    copy = f"{path}.{os.getpid()}.{time.strftime('%Y-%m-%d@%H:%M:%S')}~"
    write_conf(copy, read_conf(path) or "")
    return copy
