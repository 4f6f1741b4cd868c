# SPDX-License-Identifier: BSD-2-Clause
"""Who uses a directory that is a root, or is to become one or to be removed: jails, mounts, and the host itself."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

from ansible_collections.bsd.jail.plugins.module_utils import configured, exhibit, fstab, jls, mounttable, rootrecord
from ansible_collections.bsd.jail.plugins.module_utils.beneath import is_within
from ansible_collections.bsd.jail.plugins.module_utils.conf import Value, read_conf
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError
from ansible_collections.bsd.jail.plugins.module_utils.host import Host
from ansible_collections.bsd.jail.plugins.module_utils.jls import Jail
from ansible_collections.bsd.jail.plugins.module_utils.mountplan import NULLFS
from ansible_collections.bsd.jail.plugins.module_utils.mounttable import Mounted

# Directories of the host (hier(7)): of the first, nothing below them can be a root either.
_TREES = (
    *("/bin", "/boot", "/dev", "/etc", "/lib", "/libexec", "/net", "/proc", "/rescue", "/sbin", "/sys"),
    *(f"/usr/{name}" for name in ("bin", "include", "lib", "lib32", "libdata", "libexec", "sbin", "share", "tests")),
    *(f"/usr/local/{name}" for name in ("bin", "etc", "include", "lib", "libdata", "libexec", "man", "sbin", "share")),
    *(f"/var/{name}" for name in ("audit", "authpf", "at", "backups", "cron", "empty", "heimdal", "log", "mail")),
    *(f"/var/{name}" for name in ("msgs", "preserve", "run", "rwho", "spool", "yp")),
)
_PLACES = frozenset(
    (
        *(
            "/",
            "/home",
            "/media",
            "/mnt",
            "/opt",
            "/root",
            "/tmp",
            "/usr",
            "/usr/home",
            "/usr/local",
            "/usr/obj",
            "/usr/ports",
        ),
        *("/usr/src", "/var", "/var/account", "/var/cache", "/var/crash", "/var/db", "/var/games", "/var/tmp"),
    )
)


def refuse_host(host: Host, path: str) -> None:
    """Refuse a path that is one of the host's own directories. Raises InputError."""
    of_host = next((tree for tree in _TREES if is_within(path, tree)), path if path in _PLACES else "")
    if not of_host and is_within(f"{host.var_db}/bsd.jail", path):
        of_host = f"{host.var_db}/bsd.jail"
    if of_host:
        raise InputError(
            f"root {path}: {of_host} is one of the host's own directories. A jail's root is a directory of its own.",
            parameter="path",
        )


def at_work(host: Host, paths: Sequence[str]) -> list[str]:
    """Who could get in the way of filling or emptying directories: running jails, and what is mounted there or from
    there.

    paths: resolved. Returns sentences without their stops. Raises JailError.
    """
    return _at_work(host, paths, mounttable.read(host))


def _at_work(host: Host, paths: Sequence[str], table: Sequence[Mounted]) -> list[str]:
    jails = jls.running(host)
    return [one for path in paths for one in (*_running(jails, path), *_mounted(table, path))]


def users(host: Host, path: str) -> list[str]:
    """Who would miss a directory, or get in the way of removing it: beside those at work there, jails that are
    configured to use it, and other roots within it.

    path: resolved. Returns sentences without their stops. Raises JailError.
    """
    table = mounttable.read(host)
    found = [*_at_work(host, [path], table), *_configured(host, path)]
    found += [
        f"it is a mount point ({one.fstype}, {one.special}): first unmount or destroy what is mounted there"
        for one in table
        if one.node == path
    ]
    found += [
        f"{record.path} within it is a root of its own"
        for record in rootrecord.all_of(host)
        if record.path != path and is_within(record.path, path) and os.path.isdir(record.path)
    ]
    return found


def jail_paths(host: Host) -> list[str]:
    """The resolved paths of running jails, and of roots that this collection made. Raises JailError."""
    running = [jail.text("path") for jail in jls.running(host).values()]
    return [*running, *(record.path for record in rootrecord.all_of(host))]


def _running(jails: Mapping[str, Jail], path: str) -> Iterator[str]:
    for jail in jails.values():
        where = _where(jail.text("path"), path)
        if where:
            yield f"jail {jail.name} runs {where}"


def _configured(host: Host, path: str) -> Iterator[str]:
    for name, parameters in exhibit.exhibit(host, configured.load(host)).jails.items():
        if parameters is None:
            yield f"jail {name} may be configured with it: jail(8) can't read its file"
            continue
        for own in _values(parameters, "path"):
            where = _where(os.path.realpath(own), path)
            if where:
                yield f"jail {name} is configured {where}"
        lines = [*_values(parameters, "mount")]
        for table in _values(parameters, "mount.fstab"):
            lines += (read_conf(table) or "").splitlines()
        for line in lines:
            fields = line.split()
            source = fstab.decode(fields[0]) if fields else ""
            if source.startswith("/") and is_within(os.path.realpath(source), path):
                yield f"jail {name} is configured to mount {source}"


def _where(jail: str, path: str) -> str:
    """Where a jail is in respect of a directory, both resolved; '' if apart from it. A jail whose path is `/`, as that
    of a service jail (rc.subr(8)), is where the host is.
    """
    if jail == "/":
        return ""
    if jail == path:
        return "with that path"
    if is_within(jail, path):
        return f"within it, with the path {jail}"
    return f"around it, with the path {jail}" if is_within(path, jail) else ""


def _mounted(table: Sequence[Mounted], path: str) -> Iterator[str]:
    for one in table:
        if one.node != path and is_within(one.node, path):
            yield f"{one.fstype} is mounted on {one.node}"
        elif one.fstype == NULLFS and one.node != path and is_within(one.special, path):
            yield f"{one.special} is mounted on {one.node}"


def _values(parameters: Mapping[str, Value], name: str) -> tuple[str, ...]:
    value = parameters.get(name, ())
    return () if isinstance(value, bool) else value
