# SPDX-License-Identifier: BSD-2-Clause
"""Where a jail's root is, and what the jail's own configuration mounts there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ansible_collections.bsd.jail.plugins.module_utils import configured, fstab, libjail, state
from ansible_collections.bsd.jail.plugins.module_utils.conf import read_conf
from ansible_collections.bsd.jail.plugins.module_utils.configured import settings_of
from ansible_collections.bsd.jail.plugins.module_utils.confread import Setting
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import Host
from ansible_collections.bsd.jail.plugins.module_utils.jls import Jail

# The parameters that mount something by themselves, and where (recorded: dev-2).
_BY_PARAMETER = {"mount.devfs": "/dev", "mount.fdescfs": "/dev/fd", "mount.procfs": "/proc"}


class NoSuchJailError(InputError):
    """There is no jail of that name."""


@dataclass(frozen=True)
class Root:
    """A jail's root.

    path: without links. jail: the jail's name, None where only the path is known. runs: whether the jail runs.
    own: the paths on which the jail's configuration mounts something, now or when it was started.
    given: how the path was spelled, where somebody spelled it.
    """

    path: str
    jail: str | None = None
    runs: bool = False
    own: frozenset[str] = frozenset()
    given: str = ""

    @property
    def label(self) -> str:
        """What to call it in messages."""
        return f"root {self.path}" if self.jail is None else f"jail {self.jail}"


def of_path(path: str) -> Root:
    """The root that is a directory of the host. Raises InputError."""
    if not path.startswith("/") or "\0" in path:
        raise InputError(f"root {path!r} isn't an absolute path.", parameter="root")
    return Root(os.path.realpath(path), given=path)


def of_jail(host: Host, name: str) -> Root:
    """The root of a jail: of the one that runs under a name or jid, else of the one that is configured.

    Raises NoSuchJailError, or InputError if its path has variables in it.
    """
    host.check()
    jail, files = _running(name), configured.load(host)
    if jail is not None:
        name = jail.name
    settings = settings_of(files.effective(name), name)
    if jail is not None:
        path = jail.path
        own = {*_own(settings, path), *_own(_started_with(host, jail), path)}
        return Root(path, name, True, frozenset(own))
    value = settings.get("path")
    if not isinstance(value, tuple):
        raise NoSuchJailError(
            f"jail {name}: there is none of that name, neither running nor with a path in {files.path(name)}.",
            jail=name,
            parameter="name",
        )
    if not value[-1].literal:
        raise InputError(
            f"jail {name} doesn't run, and its path has variables in it: {value[-1].text}. Give root instead of name.",
            jail=name,
            parameter="name",
        )
    given = value[-1].text
    path = os.path.realpath(given)
    return Root(path, name, False, frozenset(_own(settings, path)), given)


def _running(name: str) -> libjail.Jail | None:
    """The running jail of a name or jid: asked of the kernel, which costs no program."""
    try:
        return libjail.get(name)
    except JailError:
        return None


def _started_with(host: Host, jail: libjail.Jail) -> Mapping[str, Setting]:
    record = state.read(host, jail.name)
    as_listed = Jail(jail.jid, jail.name, {})
    if record is None or not record.describes(as_listed, host.boot_id(), state.rc_started(host, jail.name)):
        return {}
    return settings_of(record.text, jail.name)


def _own(settings: Mapping[str, Setting], path: str) -> Iterator[str]:
    """The paths that a configuration mounts on."""
    for parameter, place in _BY_PARAMETER.items():
        if settings.get(parameter) is True:
            yield path.rstrip("/") + place
    lines = []
    value = settings.get("mount")
    if isinstance(value, tuple):
        lines += [item.text for item in value]
    table = settings.get("mount.fstab")
    if isinstance(table, tuple):
        lines += (read_conf(table[-1].text) or "").splitlines()
    given = settings.get("path")
    spelled = given[-1].text if isinstance(given, tuple) else path
    for line in lines:
        fields = fstab.respell(line, spelled, path).split()
        if len(fields) > 1 and not fields[0].startswith("#"):
            yield fstab.decode(fields[1])
