# SPDX-License-Identifier: BSD-2-Clause
"""Which jails there are on a host, running, configured or dying, and what they are like. Nothing is changed."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Union

from ansible_collections.bsd.jail.plugins.module_utils import boot, configured, details, jls
from ansible_collections.bsd.jail.plugins.module_utils.beneath import is_within
from ansible_collections.bsd.jail.plugins.module_utils.conf import Value
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError
from ansible_collections.bsd.jail.plugins.module_utils.exhibit import Exhibited, Problem, exhibit
from ansible_collections.bsd.jail.plugins.module_utils.host import Host
from ansible_collections.bsd.jail.plugins.module_utils.jls import Jail, Shown
from ansible_collections.bsd.jail.plugins.module_utils.params import takes_many

SYSCTL = "/sbin/sysctl"
GATHER = ("parameters", "addresses", "mounts", "processes")

_PARAMETERS = "security.jail.param"
_INTEGERS = ("integer", "unsigned integer", "long", "unsigned long")
# The numbers and flags among the parameters that jail(8) alone knows (FreeBSD's usr.sbin/jail/config.c).
_OF_JAIL = (
    "allow.dying",
    "exec.clean",
    "exec.fib",
    "exec.system_jail_user",
    "exec.timeout",
    "ip_hostname",
    "mount.devfs",
    "mount.fdescfs",
    "mount.procfs",
    "stop.timeout",
)

# A parameter's value with its type.
Typed = Union[bool, int, str, list[str]]


def gather(
    host: Host, names: Sequence[str] | None, wanted: Collection[str], paths: Sequence[str] | None = None
) -> dict[str, Any]:
    """The jails, and the problems with their configuration, as the module returns them.

    names: names or jids of the jails that are asked for; None for all. wanted: some of GATHER. paths: directories whose
    users are asked for; None for no matter which.
    Raises JailError; InputError for an empty name.
    """
    listed = jls.listed(host, dying=True)
    found = configured.load(host)
    shown = exhibit(host, found)
    chosen = _chosen(names, listed, shown)
    jails = {name: _jail(name, listed, shown) for name in chosen}
    if paths is not None:
        places = [os.path.realpath(path) for path in paths]
        jails = {name: jail for name, jail in jails.items() if jail["path"] and _shares(jail["path"], places)}
    starts = boot.starts(jails, boot.look(host), found)
    for name, jail in jails.items():
        jail["boot"] = starts.get(name)
    running = {one.name: one for one in listed if one.name in jails and not _is_dying(one)}
    if "parameters" in wanted:
        _add_parameters(host, jails, running, shown)
    if "addresses" in wanted:
        addresses = details.addresses(host, running.values())
        for jail in jails.values():
            jail["addresses"] = addresses.get(jail["jid"], [])
    if "mounts" in wanted:
        mounts = details.mounts(host, {jail["path"] for jail in jails.values() if jail["path"]})
        for jail in jails.values():
            jail["mounts"] = mounts.get(jail["path"], [])
    if "processes" in wanted:
        processes = details.processes(host)
        for jail in jails.values():
            jail["processes"] = processes.get(jail["jid"], [])
    return {
        "jails": list(jails.values()),
        "problems": [
            {"msg": one.message, "path": one.path, "line": one.line, "jail": one.jail}
            for one in (*shown.problems, *_unread(found))
        ],
    }


def _chosen(names: Sequence[str] | None, listed: Sequence[Jail], shown: Exhibited) -> list[str]:
    if names is None:
        return sorted({*(one.name for one in listed), *shown.jails})
    if "" in names:
        raise InputError("the name of a jail can't be empty.", parameter="name")
    by_jid = {str(one.jid): one.name for one in listed}
    return list(dict.fromkeys(by_jid.get(name, name) for name in names))


def _jail(name: str, listed: Sequence[Jail], shown: Exhibited) -> dict[str, Any]:
    """What is told of each jail."""
    ones = [one for one in listed if one.name == name]
    running = next((one for one in ones if not _is_dying(one)), None)
    path = (shown.jails.get(name) or {}).get("path")
    configured_path = path[-1] if isinstance(path, tuple) else None
    return {
        "name": name,
        "running": running is not None,
        "configured": name in shown.jails,
        "jid": None if running is None else running.jid,
        "dying": [one.jid for one in ones if _is_dying(one)],
        "path": configured_path if running is None else running.text("path"),
        "files": list(shown.files.get(name, ())),
    }


def _shares(path: str, places: Sequence[str]) -> bool:
    """Whether a jail's root has something in common with a directory. One that is `/` has with none but that."""
    root = os.path.realpath(path)
    return any(is_within(root, place) or (root != "/" and is_within(place, root)) for place in places)


def _is_dying(jail: Jail) -> bool:
    return jail.parameters.get("dying") is True


def _add_parameters(
    host: Host, jails: Mapping[str, dict[str, Any]], running: Mapping[str, Jail], shown: Exhibited
) -> None:
    kinds = kernel_types(host)
    for name, jail in jails.items():
        one, settings = running.get(name), shown.jails.get(name)
        jail["parameters"] = (
            None if one is None else {key: typed(key, value, kinds) for key, value in one.parameters.items()}
        )
        jail["configured_parameters"] = (
            None if settings is None else {key: typed(key, value, kinds) for key, value in settings.items()}
        )


def kernel_types(host: Host) -> dict[str, str]:
    """The kernel's type of each parameter that it has, in sysctl(8)'s words: one run of that (recorded: sys-4).

    Raises JailError.
    """
    result = host.run(SYSCTL, "-t", _PARAMETERS)
    if result.rc != 0:
        raise result.error("sysctl(8) doesn't say of which type a jail's parameters are")
    lines = (line.partition(": ") for line in result.stdout.splitlines())
    kinds = {name[len(_PARAMETERS) + 1 :]: kind for name, _colon, kind in lines}
    # `allow.mount.` is the parameter allow.mount, where allow.mount is the node that others are below.
    return {name.rstrip("."): kind for name, kind in sorted(kinds.items())}


def typed(name: str, value: Shown | Value, kinds: Mapping[str, str]) -> Typed:
    """A parameter's value, as jls(8) shows it or as it is configured, with its type.

    What isn't a list for jail(8) is the last of several values. A flag that was given a value is a boolean where that
    is `true` or `false`, and a number where it is one.
    """
    if isinstance(value, tuple):
        if takes_many(name) or kinds.get(name) == "opaque":
            return list(value)
        value = value[-1]
    if isinstance(value, bool):
        return value
    if kinds.get(name) in _INTEGERS or name in _OF_JAIL:
        if value.lower() in ("true", "false"):
            return value.lower() == "true"
        if value.removeprefix("-").isdigit() and value.isascii():
            return int(value)
    return value


def _unread(found: configured.Configured) -> list[Problem]:
    """What configures jails in a way that isn't read."""
    return [
        Problem(f"{path}: the variables {name} configure a jail in an old way, which isn't read here.", path)
        for name, path in found.places.items()
        if name.endswith("_*")
    ]
