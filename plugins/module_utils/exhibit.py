# SPDX-License-Identifier: BSD-2-Clause
"""What jail(8) makes of the host's configuration: `jail -e`, and what it says of what it can't read.

jail(8) puts the defaults and variables in, by rules of its own, so its answer is the truth. It doesn't tell two values
from one with a comma in it, unless that has spaces or quotes too (recorded: conf-12, conf-13): what `confread` found
decides, as far as that is shown so. Nor does it mark where one jail ends and the next begins, for a value may have
newlines in it (recorded: conf-10): so a default of ours, which every jail gets as its first parameter, does.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.bsd.jail.plugins.module_utils import confread
from ansible_collections.bsd.jail.plugins.module_utils.conf import Value, quote, read_conf
from ansible_collections.bsd.jail.plugins.module_utils.configured import Configured
from ansible_collections.bsd.jail.plugins.module_utils.confread import Statement
from ansible_collections.bsd.jail.plugins.module_utils.host import JAIL, Host, Result
from ansible_collections.bsd.jail.plugins.module_utils.params import takes_many

# Between the parameters of a jail: a character that no value has.
_SEPARATOR = "\x1f"
_ITEM = re.compile(r""" (?:\A|,) (?: "((?:[^"\\]|\\.)*)" | '((?:[^'\\]|\\.)*)' | ([^,]*) ) """, re.VERBOSE | re.DOTALL)
_VARIABLE = re.compile(r"\$\{[^{}]*\}")
_COMPLAINT = re.compile(r"jail: (?:(?P<path>/.*?)(?: line (?P<line>[0-9]+))?|(?P<jail>[^:]+)): ")


@dataclass(frozen=True)
class Problem:
    """Something that jail(8) complains of.

    message: its words. path, line: where, if it says so. jail: the jail that it concerns, if that is known.
    """

    message: str
    path: str | None = None
    line: int | None = None
    jail: str | None = None


@dataclass(frozen=True)
class Exhibited:
    """The jails that are configured.

    jails: the parameters of each, with the defaults, by the positive form of their names; None for a jail whose file
    can't be read. files: the paths of the files that configure each, the one that rc.d/jail prefers first (recorded:
    rcd-9).
    """

    jails: Mapping[str, Mapping[str, Value] | None]
    files: Mapping[str, tuple[str, ...]]
    problems: tuple[Problem, ...]


def exhibit(host: Host, configured: Configured) -> Exhibited:
    """Ask jail(8) for all that is configured: one run, as long as it can read everything, else one for each jail.

    A file with defaults that isn't part of /etc/jail.conf is read in a run of its own: they aren't others' defaults.
    Raises JailError.
    """
    scopes = _scopes(host, configured)
    alone = [path for path, statements in scopes.items() if any(map(_is_default, statements))]
    together = [path for path in scopes if path not in alone]
    jails: dict[str, Mapping[str, Value] | None] = {}
    problems: dict[str, Problem] = {}
    for group in filter(None, (together, *([path] for path in alone))):
        statements = tuple(statement for path in group for statement in scopes[path])
        found, complaints = _exhibit_group(host, group, statements)
        for name, parameters in found.items():
            jails.setdefault(name, parameters)
        problems.update((one.message, one) for one in complaints)
    files = _files(scopes.values())
    for path in (one.name for statements in scopes.values() for one in statements if one.kind == "unreadable"):
        own = _own_jail(host, path)
        if own is not None and own not in jails:
            jails[own] = None
            files[own] = (path,)
    by_path = {path: name for name in jails for path in files.get(name, ()) if path == f"{host.conf_dir}/{name}.conf"}
    return Exhibited(
        jails,
        files,
        tuple(
            Problem(one.message, one.path, one.line, one.jail or by_path.get(one.path or ""))
            for one in problems.values()
        ),
    )


def _scopes(host: Host, configured: Configured) -> dict[str, tuple[Statement, ...]]:
    """The files that rc.d/jail gives to jail(8), in the order in which it looks for a jail, and all that is read with
    each: /etc/jail.NAME.conf, /etc/jail.conf.d/NAME.conf where it isn't included, and /etc/jail.conf.
    """
    paths = [path for name, path in configured.places.items() if path == f"{host.etc}/jail.{name}.conf"]
    paths += [configured.path(name) for name in configured.files if not configured.includes(name)]
    scopes = {path: _parsed(path, read_conf(path) or "") for path in sorted(paths)}
    main = f"{host.etc}/jail.conf"
    if read_conf(main) is not None:
        scopes[main] = configured.main
    return scopes


def _parsed(path: str, text: str) -> tuple[Statement, ...]:
    try:
        return confread.parse(text, path)
    except confread.UnreadableError:
        return (Statement("unreadable", path, "", source=path),)


def _is_default(statement: Statement) -> bool:
    return statement.is_wildcard and statement.name != ".include"


def _files(scopes: Iterable[tuple[Statement, ...]]) -> dict[str, tuple[str, ...]]:
    files: dict[str, tuple[str, ...]] = {}
    for statements in scopes:
        for one in statements:
            before = files.get(one.name, ())
            if one.kind == "jail" and not one.is_wildcard and one.source not in before:
                files[one.name] = (*before, one.source)
    return files


def _own_jail(host: Host, path: str) -> str | None:
    """The jail whose own file this is."""
    match = re.fullmatch(rf"{re.escape(host.conf_dir)}/([^/]+)\.conf", path)
    return match.group(1) if match else None


def _exhibit_group(
    host: Host, paths: Sequence[str], statements: tuple[Statement, ...]
) -> tuple[dict[str, Mapping[str, Value]], list[Problem]]:
    """The jails of files that are read together, and what is wrong with them.

    One file that can't be read keeps jail(8) from saying anything of the others (recorded: two-1): then each jail is
    asked for alone, with the defaults, and each such file for what is wrong with it. Raises JailError.
    """
    result, jails = _run(host, "".join(f".include {quote(path)};\n" for path in paths), statements)
    problems = _problems(result)
    if result.rc == 0:
        return jails, problems
    if not problems:
        raise result.error("jail(8) doesn't say what is configured")
    for one in statements:
        if one.kind == "unreadable" and not any(problem.path == one.name for problem in problems):
            problems += _problems(_run(host, f".include {quote(one.name)};\n", ())[0])
    names = dict.fromkeys(one.name for one in statements if one.kind == "jail" and not one.is_wildcard)
    for name in names:
        own = tuple(one for one in statements if _is_default(one) or (one.kind == "jail" and one.name == name))
        result, found = _run(host, "".join(f"{one.text}\n" for one in own), own)
        problems += _problems(result)
        jails.update(found)
    return jails, problems


def _run(host: Host, text: str, statements: tuple[Statement, ...]) -> tuple[Result, dict[str, Mapping[str, Value]]]:
    """Let jail(8) show the jails of a configuration. statements: what of it was read; they decide on commas."""
    marker = f"marker{secrets.token_hex(8)}"
    result = host.run(JAIL, "-f", "-", "-e", _SEPARATOR, stdin=f"* {{ {marker}; }}\n{text}")
    jails: dict[str, Mapping[str, Value]] = {}
    start = rf"(?:\A|\n)(?=(?:name=[^\n{_SEPARATOR}]*{_SEPARATOR})?{marker}(?:{_SEPARATOR}|\n|\Z))"
    for record in re.split(start, result.stdout.removesuffix("\n"))[1:]:
        shown = [one.partition("=") for one in record.split(_SEPARATOR) if one != marker]
        name = next(_items(value)[0] for parameter, _equals, value in shown if parameter == "name")
        parameters: dict[str, Value] = {}
        for parameter, equals, value in shown:
            base = None if equals else confread.positive(parameter)
            if equals:
                parameters[parameter] = _values(parameter, value, statements, name)
            else:
                parameters[base or parameter] = base is None
        # Of two jails of one name, the first is the one that jail -c starts (recorded: two-1).
        jails.setdefault(name, parameters)
    return result, jails


def _values(parameter: str, shown: str, statements: tuple[Statement, ...], jail: str) -> tuple[str, ...]:
    """A parameter's values. What is written literally is found again as it is shown; what stands in between are the
    values of variables, of which one that is a whole item may be a list.
    """
    items = _items(shown)
    if len(items) == 1:
        return items
    read = confread.settings(statements, jail).get(parameter, ())
    written = () if isinstance(read, bool) else read
    pattern = ",".join(re.escape(_quoted(item.text)) if item.literal else "(.*)" for item in written)
    match = re.fullmatch(pattern, shown, re.DOTALL)
    if match is None:
        return items if takes_many(parameter) else (",".join(items),)
    values: list[str] = []
    between = iter(match.groups())
    for item in written:
        if item.literal:
            values.append(item.text)
        elif _VARIABLE.fullmatch(item.text) and takes_many(parameter):
            values.extend(_items(next(between)))
        else:
            values.append(",".join(_items(next(between))))
    return tuple(values)


def _items(shown: str) -> tuple[str, ...]:
    """The values of a list as jail(8) shows it; commas apart that are in quotes."""
    raw = (next(filter(None, match.groups()), "") for match in _ITEM.finditer(shown))
    return tuple(re.sub(r"\\(.)", r"\1", item, flags=re.DOTALL) for item in raw)


def _quoted(value: str) -> str:
    """A value as `jail -e` shows it (FreeBSD's usr.sbin/jail/jail.c, quoted_print)."""
    mark = '"' if not value or "'" in value else "'" if '"' in value else '"' if " " in value or "\t" in value else ""
    for character in filter(None, ("\\", mark)):
        value = value.replace(character, f"\\{character}")
    return f"{mark}{value}{mark}"


def _problems(result: Result) -> list[Problem]:
    """What jail(8) complains of, line by line (recorded: conf-4, conf-5, conf-7, conf-11, two-1)."""
    problems = []
    for line in result.stderr.splitlines():
        match = _COMPLAINT.match(line)
        if match is None:
            problems.append(Problem(line))
        else:
            number = match["line"]
            problems.append(Problem(line, match["path"], int(number) if number else None, match["jail"]))
    return problems
