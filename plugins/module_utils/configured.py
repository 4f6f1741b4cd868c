# SPDX-License-Identifier: BSD-2-Clause
"""What is configured on the host: the files that rc.d/jail and jail(8) read, and what of them concerns one jail.

rc.d/jail starts all jails of `/etc/jail.conf`; where that includes `/etc/jail.conf.d`, each jail's file is read
together with it and with the other files, and the defaults in them apply (recorded: rcd-7, two-1). Where it doesn't,
a jail's file is read alone, with those of its dependencies, without which jail(8) refuses it (recorded: xdp-1,
xdp-3).
"""

from __future__ import annotations

import fnmatch
import functools
import glob
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ansible_collections.bsd.jail.plugins.module_utils import confread
from ansible_collections.bsd.jail.plugins.module_utils.conf import conf_path, quote, read_conf
from ansible_collections.bsd.jail.plugins.module_utils.confread import Item, Setting, Statement
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError
from ansible_collections.bsd.jail.plugins.module_utils.host import Host

_INCLUDE = ".include"
_MAX_DEPTH = 32


@dataclass(frozen=True)
class Configured:
    """The host's configuration, as it was found.

    conf_dir: the directory of the jails' files.
    main: the statements of /etc/jail.conf, an `.include` among them followed by what it includes; none if there is no
    such file.
    files: the text of each jail's own file, by the jail's name.
    places: of the jails that something else than their own file configures, where.
    """

    conf_dir: str
    main: tuple[Statement, ...]
    files: Mapping[str, str]
    places: Mapping[str, str]

    def path(self, name: str) -> str:
        """The path of a jail's own file."""
        return conf_path(name, self.conf_dir)

    def includes(self, name: str) -> bool:
        """Whether /etc/jail.conf includes the jail's own file, be it there already or not."""
        return any(_is_include_of(statement, self.path(name)) for statement in self.main)

    def read_with(self, name: str) -> tuple[Statement, ...]:
        """Everything that jail(8) reads for a jail."""
        if self.includes(name) or any(one.kind == "jail" and one.name == name for one in self.main):
            return self.main
        statements: list[Statement] = []
        seen, open_names = {name}, [name]
        while open_names:
            other = open_names.pop(0)
            more = self.own(other)
            statements.extend(more)
            for one in dependencies(confread.settings(more, other)):
                if one not in seen:
                    seen.add(one)
                    open_names.append(one)
        return tuple(statements)

    def own(self, name: str) -> tuple[Statement, ...]:
        """What a jail's own file says."""
        return _parsed(self.files[name], self.path(name)) if name in self.files else ()

    def depends(self, name: str) -> tuple[str, ...]:
        """The jails that a jail depends on itself."""
        return dependencies(confread.settings(self.read_with(name), name))

    def needed(self, name: str) -> frozenset[str]:
        """The jail itself and all that it depends on, directly or not."""
        needed, open_names = {name}, [name]
        while open_names:
            for other in self.depends(open_names.pop()):
                if other not in needed:
                    needed.add(other)
                    open_names.append(other)
        return frozenset(needed)

    def effective(self, name: str) -> str:
        """What of all that concerns the jail, as one block: the defaults and what is its own; '' if nothing that can be
        read configures it.

        It needs no other file, as long as `mount.fstab` names one that is there, without other variables than the
        jail's name: the lines of that are in it.
        """
        statements = self.read_with(name)
        if not any(one.kind == "jail" and one.name == name for one in statements):
            return ""
        return _block(name, confread.applying(statements, name))

    def inherited(self, name: str) -> tuple[str, ...]:
        """The parameters that a jail has by defaults alone."""
        statements = self.read_with(name)
        own = confread.settings([one for one in statements if not one.is_wildcard], name)
        return tuple(parameter for parameter in confread.settings(statements, name) if parameter not in own)

    def whole_but(self, name: str) -> str:
        """Everything that jail(8) reads for a jail but what is its own, as one text. Files that can't be read are
        included by their path: jail(8) says what is wrong.
        """
        return "".join(
            f"{one.text}\n"
            for one in self.read_with(name)
            if one.name != _INCLUDE and not (one.kind == "jail" and one.name == name)
        )

    def replaced(self, texts: Mapping[str, str | None]) -> Configured:
        """The host's configuration after the files of some jails have got other texts, or are gone (None)."""
        changed = {self.path(name): text for name, text in texts.items() if text != self.files.get(name)}
        if not changed:
            return self
        files = {**self.files, **{name: text for name, text in texts.items() if text is not None}}
        for name, text in texts.items():
            if text is None:
                files.pop(name, None)
        return replace(self, files=files, main=tuple(self._main_with(changed)))

    def _main_with(self, changed: Mapping[str, str | None]) -> Iterator[Statement]:
        left = dict(changed)
        for statement in self.main:
            if statement.source in changed:
                continue
            yield statement
            for path in sorted(left):
                if _is_include_of(statement, path):
                    text = left.pop(path)
                    yield from () if text is None else _parsed(text, path)


def settings_of(text: str, name: str) -> dict[str, Setting]:
    """What a jail's parameters are by an effective text; none of a text that can't be read."""
    return confread.settings(_parsed(text, ""), name)


def dependencies(settings: Mapping[str, Setting]) -> tuple[str, ...]:
    """The jails that a jail depends on itself."""
    value = settings.get("depend", ())
    return () if isinstance(value, bool) else tuple(item.text for item in value)


def load(host: Host) -> Configured:
    """Read the host's configuration."""
    files = {}
    for path in sorted(glob.glob(f"{glob.escape(host.conf_dir)}/*.conf")):
        text = read_conf(path)
        if text is not None:
            files[os.path.basename(path)[: -len(".conf")]] = text
    main_path = f"{host.etc}/jail.conf"
    text = read_conf(main_path)
    main = () if text is None else tuple(_with_included(text, main_path, 0))
    return Configured(host.conf_dir, main, files, _places(host, main, files))


def _places(host: Host, main: tuple[Statement, ...], files: Mapping[str, str]) -> dict[str, str]:
    """Where jails are configured by something else than their own file; rc.d/jail looks at /etc/jail.NAME.conf and
    rc.conf before that.
    """
    places: dict[str, str] = {}
    for name, text in files.items():
        own = conf_path(name, host.conf_dir)
        for statement in _parsed(text, own):
            if statement.kind == "jail" and statement.name != name and not statement.is_wildcard:
                places[statement.name] = own
    for statement in main:
        if statement.kind == "jail" and statement.source != conf_path(statement.name, host.conf_dir):
            places[statement.name] = statement.source
    for path in glob.glob(f"{glob.escape(host.etc)}/jail.*.conf"):
        places[os.path.basename(path)[len("jail.") : -len(".conf")]] = path
    for path in (f"{host.etc}/rc.conf", f"{host.etc}/rc.conf.local", f"{host.etc}/rc.conf.d/jail"):
        for name in re.findall(r"^[ \t]*jail_([A-Za-z0-9_]+)_(?:rootdir|conf)=", read_conf(path) or "", re.MULTILINE):
            places[f"jail_{name}_*"] = path
    return places


def elsewhere(configured: Configured, name: str) -> str | None:
    """Where else than in its own file a jail is configured, or None. In rc.conf's variables, '_' stands for what
    isn't a letter or digit.
    """
    variables = "jail_" + re.sub(r"[^A-Za-z0-9]", "_", name) + "_*"
    if variables in configured.places:
        return f"{configured.places[variables]} ({variables})"
    return configured.places.get(name)


def refuse_inherited(statements: tuple[Statement, ...], name: str) -> None:
    """Refuse defaults that can't be right for more than one jail, and that would make asking jail(8) about one jail
    touch another. Raises InputError.
    """
    for outer in statements:
        if outer.is_wildcard:
            for statement in (outer, *outer.body):
                if statement.kind == "parameter" and statement.name in ("depend", "jid", "name"):
                    raise InputError(
                        f"jail {name}: {statement.source} sets {statement.name} for all jails. "
                        "Set it in the block of the one jail that it is meant for.",
                        jail=name,
                        parameter=statement.name,
                    )


def _block(name: str, statements: list[Statement]) -> str:
    """A jail's block, with the lines of its fstab(5) in place of the file's path: jail(8) treats them alike."""
    fstabs = [one for one in statements if one.name == "mount.fstab" and one.items]
    path = _named(fstabs[-1].items[-1], name) if fstabs else None
    content = read_conf(path) if path else None
    body = [one.text for one in statements if content is None or one not in fstabs]
    lines = [line for line in (raw.partition("#")[0].strip() for raw in (content or "").splitlines()) if line]
    if lines:
        body.append(f"mount += {', '.join(map(quote, lines))};")
    return confread.block(name, body) + "\n"


def _named(item: Item, name: str) -> str | None:
    """A value in which the jail's name is the only variable, if any; else None."""
    if item.literal:
        return item.text
    text = item.text.replace("${name}", name)
    return None if "${" in text else text


def _with_included(text: str, path: str, depth: int) -> Iterator[Statement]:
    for statement in _parsed(text, path):
        yield statement
        if statement.name != _INCLUDE or depth >= _MAX_DEPTH:
            continue
        for pattern in _patterns(statement):
            for found in sorted(glob.glob(pattern)):
                included = read_conf(found)
                if included is not None:
                    yield from _with_included(included, found, depth + 1)


def _patterns(statement: Statement) -> list[str]:
    """The absolute patterns of an `.include`: what is relative is so to the file that it stands in."""
    return [os.path.join(os.path.dirname(statement.source), item.text) for item in statement.items]


def _is_include_of(statement: Statement, path: str) -> bool:
    return statement.name == _INCLUDE and any(fnmatch.fnmatchcase(path, pattern) for pattern in _patterns(statement))


@functools.cache
def _parsed(text: str, path: str) -> tuple[Statement, ...]:
    """The statements of a file; of one that can't be read, one that makes jail(8) read it."""
    try:
        return confread.parse(text, path)
    except confread.UnreadableError:
        return (Statement("unreadable", path, f".include {quote(path)};", source=path),)
