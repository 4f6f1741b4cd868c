# SPDX-License-Identifier: BSD-2-Clause
"""What is asked before anything is done: whether jail(8) would take a configuration, and whether what it needs is
there.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

from ansible_collections.bsd.jail.plugins.module_utils.configured import Configured, refuse_inherited, settings_of
from ansible_collections.bsd.jail.plugins.module_utils.confread import Setting, Statement
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError
from ansible_collections.bsd.jail.plugins.module_utils.host import JAIL, Host
from ansible_collections.bsd.jail.plugins.module_utils.jls import Jail
from ansible_collections.bsd.jail.plugins.module_utils.params import may_load_module

# What would lead jail(8) to another jail; and what it would look for under the probe's name, if that is in the path.
_NOT_OF_THE_PROBE = ("depend", "jid", "name", "mount.fstab")
_OF_THE_PROBE = "mount.fstab = /dev/null;"


def ask_jail(
    host: Host, configured: Configured, name: str, text: str, jails: Mapping[str, Jail], check_mode: bool
) -> None:
    """Ask jail(8) whether it can read a jail's file with this text, together with all that it reads with it, and
    whether it knows the parameters.

    `jail -m` of a jail that doesn't run names everything that is wrong, and changes nothing (recorded: unk-1). So it
    is asked about a probe: a jail of a name that nobody has, with the same parameters as far as they lead to no other
    jail and to no file. The text goes to its standard input (recorded: stdin-1): no
    file is written. In check mode it isn't asked about parameters for which it might load a kernel module.

    Raises InputError with jail(8)'s own words.
    """
    statements = configured.read_with(name, text)
    refuse_inherited(statements, name)
    probe = _free_name(jails, statements)
    known = next(iter(jails.values())).parameters if jails else {}
    asked = [
        inner.text
        for outer in statements
        if outer.kind == "jail" and outer.name == name
        for inner in outer.body
        if inner.name not in _NOT_OF_THE_PROBE
        and not (check_mode and may_load_module(inner.name) and inner.name not in known)
    ]
    question = configured.whole(name, text) + "\n".join([f"{probe} {{", *asked, _OF_THE_PROBE, "}", ""])
    result = host.run(JAIL, "-f", "-", "-m", probe, stdin=question)
    lines = result.stderr.splitlines()
    ours = tuple(f"jail: {one}: " for one in (probe, *configured.needed(name, text)))
    others = tuple(
        f"jail: {one.name}: " for one in statements if one.kind == "jail" and f"jail: {one.name}: " not in ours
    )
    reached = f'jail: "{probe}" not found'
    if reached in lines:
        wrong = [line for line in lines if line.startswith(ours)]
        if not wrong:
            return
    else:
        wrong = [line for line in lines if not line.startswith(others)] or [f"status {result.rc}, and no message"]
    raise InputError(
        f"jail(8) doesn't take the configuration of jail {name}: {'; '.join(wrong).replace(probe, name)}", jail=name
    )


def check_needs(name: str, effective: str, held: str, check_mode: bool, starts: bool) -> list[str]:
    """Whether the path, the interfaces and the fstab of a jail that is to be configured, or started, are there.

    held: the configuration that the jail runs with: an interface of that is in the jail now, and back when it is
    stopped. starts: whether the jail is started now; one that isn't may get its path later. Returns warnings: of what
    an earlier task of the same play would have made if this weren't check mode. Raises InputError.
    """
    settings = settings_of(effective, name)
    made = any(settings.get(step) for step in ("exec.prepare", "exec.prestart"))
    problems = []
    path = _literal(settings.get("path"))
    if path and os.path.lexists(path[0]) and not os.path.isdir(path[0]):
        raise InputError(f"jail {name}: path {path[0]} isn't a directory.", jail=name, parameter="path")
    if path and not made and not os.path.isdir(path[0]):
        problems.append(
            ("path", f"jail {name}: path {path[0]} isn't there, and nothing in exec.prepare or exec.prestart makes it.")
        )
    for fstab in _literal(settings.get("mount.fstab")):
        if not made and not os.path.isfile(fstab):
            problems.append(("mount.fstab", f"jail {name}: mount.fstab {fstab} isn't there."))
    interfaces = {interface for _index, interface in socket.if_nameindex()}
    interfaces.update(interface for _parameter, interface in _interfaces(settings_of(held, name)))
    for parameter, interface in _interfaces(settings):
        if interface not in interfaces and not made:
            problems.append(
                (parameter, f"jail {name}: {parameter} names {interface}, and there is no such interface on this host.")
            )
    if problems and starts and not check_mode:
        parameter, message = problems[0]
        raise InputError(message, jail=name, parameter=parameter)
    return [message for _parameter, message in problems]


def _interfaces(settings: Mapping[str, Setting]) -> list[tuple[str, str]]:
    """The interfaces that a configuration names, and where: those before `|` in addresses among them (recorded:
    ip-2).
    """
    found = [
        (name, interface) for name in ("interface", "vnet.interface") for interface in _literal(settings.get(name))
    ]
    for name in ("ip4.addr", "ip6.addr"):
        found += [(name, address.partition("|")[0]) for address in _literal(settings.get(name)) if "|" in address]
    return found


def _literal(setting: Setting | None) -> list[str]:
    """The values that have no variables in them."""
    if setting is None or isinstance(setting, bool):
        return []
    return [item.text for item in setting if item.literal]


def _free_name(jails: Mapping[str, Jail], statements: tuple[Statement, ...]) -> str:
    """A name that no jail has, running or configured."""
    taken = {*jails, *(statement.name for statement in statements)}
    number = os.getpid()
    while f"bsd_jail_check_{number}" in taken:
        number += 1
    return f"bsd_jail_check_{number}"
