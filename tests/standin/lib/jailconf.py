# SPDX-License-Identifier: BSD-2-Clause
"""jail.conf(5): the jails of a file, wildcards and variables applied (usr.sbin/jail/config.c; recorded: conf-*)."""

from __future__ import annotations

from cfjail import FAILED, VARIABLE, Jail, Param
from jailparam import strtol
from jailparse import ConfJail, ConfString, parse_config


def load_config(filename: str) -> list[Jail]:
    """The jails of a file. Ends jail(8) if it can't be read; a jail with a bad variable is FAILED, the reason said."""
    blocks = parse_config(filename)
    wild = [(seq, block) for seq, block in enumerate(blocks) if is_wild(block.name)]
    return [_configure(seq, block, wild) for seq, block in enumerate(blocks) if not is_wild(block.name)]


def _configure(seq: int, block: ConfJail, wild: list[tuple[int, ConfJail]]) -> Jail:
    """One jail with its own parameters and those of the wildcard blocks that match, in the order of the file."""
    jail = Jail(block.name)
    number, rest = strtol(block.name)
    jail.add("jid" if number and not rest else "name", block.name)
    matching = [(at, other) for at, other in wild if matches_wild(block.name, other.name)]
    for _, source in sorted([*matching, (seq, block)], key=lambda item: item[0]):
        for param in source.params:
            jail.add_conf(param)
    if jail.known("name") is None:
        jail.add("name", block.name)
    _resolve_variables(jail)
    jail.params = [param for param in jail.params if not param.flags & VARIABLE]
    return jail


def _resolve_variables(jail: Jail) -> None:
    """Put the values of variables and parameters in for `$name`, those that they need in turn first."""
    for param in list(jail.params):
        _resolve(jail, param, [])


def _resolve(jail: Jail, param: Param, pending: list[Param]) -> None:
    if not any(value.variables for value in param.values):
        return
    if pending:
        jail.params.remove(param)
        jail.params.insert(jail.params.index(pending[-1]), param)
    pending = [*pending, param]
    values: list[ConfString] = []
    for value in param.values:
        values += _substitute(jail, param, value, pending)
    param.values = values


def _substitute(jail: Jail, param: Param, value: ConfString, pending: list[Param]) -> list[ConfString]:
    """What a value becomes: itself with the variables in it replaced, or several where it is nothing but a list."""
    text, shift, more = value.text, 0, []
    for index, (at, name) in enumerate(value.variables):
        source = next((other for other in jail.params if other.name == name), None)
        problem = None
        if source is None or not source.values:
            problem = f'{param.name}: variable "{name}" not found'
        elif source.bad:
            problem = ""
        elif source in pending:
            problem = f"{name}: variable loop"
        else:
            _resolve(jail, source, pending)
            if source.bad:
                problem = ""
            elif len(source.values) > 1 and (text or index + 1 < len(value.variables)):
                problem = f"{param.name}: array cannot be substituted inline"
        if problem is not None or source is None:
            if problem:
                jail.warn(problem)
            jail.flags |= FAILED
            for other in pending:
                other.bad = True
            continue
        first = source.values[0].text
        text = text[: at + shift] + first + text[at + shift :]
        shift += len(first)
        more = [ConfString(other.text) for other in source.values[1:]]
    return [ConfString(text), *more]


def is_wild(name: str) -> bool:
    """Whether a block's name is a pattern: '*' as one of its components."""
    return "*" in name.split(".")


def matches_wild(name: str, pattern: str) -> bool:
    """Whether a jail's name matches: '*' stands for one component, at the end for one or more."""
    parts, wanted = name.split("."), pattern.split(".")
    while len(parts) > 1 and len(wanted) > 1:
        if wanted[0] not in (parts[0], "*"):
            return False
        parts, wanted = parts[1:], wanted[1:]
    return wanted == ["*"] or parts == wanted
