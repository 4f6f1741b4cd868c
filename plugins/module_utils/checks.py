# SPDX-License-Identifier: BSD-2-Clause
"""What is asked before anything is done: whether jail(8) would take a configuration, and whether what it needs is
there.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping

from ansible_collections.bsd.jail.plugins.module_utils import addresses, confread, epaircheck, epairs, state
from ansible_collections.bsd.jail.plugins.module_utils.configured import (
    Configured,
    dependencies,
    refuse_inherited,
    settings_of,
)
from ansible_collections.bsd.jail.plugins.module_utils.confread import Setting, Statement
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import JAIL, Host, interface_names
from ansible_collections.bsd.jail.plugins.module_utils.jls import Jail
from ansible_collections.bsd.jail.plugins.module_utils.params import may_load_module
from ansible_collections.bsd.jail.plugins.module_utils.plan import MODIFY, START, STOP, WRITE, Observed, Plan
from ansible_collections.bsd.jail.plugins.module_utils.scene import Scene

# What would lead jail(8) to another jail; and what it would look for under the probe's name, if that is in the path.
_NOT_OF_THE_PROBE = ("depend", "jid", "name", "mount.fstab")
_OF_THE_PROBE = "mount.fstab = /dev/null;"


def check(
    host: Host, scene: Scene, after: Configured, plans: Mapping[str, Plan], check_mode: bool
) -> tuple[dict[str, tuple[str, ...]], dict[str, JailError]]:
    """What can be known to go wrong before anything is done: warnings, and errors, by jail.

    after: the host's configuration when all files are as they are to be. plans: of all jails that are concerned.
    """
    warnings = {name: _edited_since(host, scene.observe(name)) for name, one in plans.items() if STOP in one.steps}
    errors: dict[str, JailError] = {}
    new = {
        name: one
        for name, one in plans.items()
        if (WRITE in one.steps or START in one.steps) and one.effective == after.effective(name)
    }
    asked = _Questions(host, after, scene.jails, check_mode)
    if len(new) < 2 or not asked.all_at_once(new):
        for name in new:
            try:
                asked.about(name)
            except InputError as error:
                errors[name] = error
    defined = {*scene.jails, *(name for name, one in plans.items() if one.effective)}
    for name in new.keys() - errors.keys():
        one, held = new[name], scene.observe(name).started_with or ""
        try:
            warnings[name] = warnings.get(name, ()) + tuple(
                check_needs(name, one.effective, held, check_mode, START in one.steps, after, defined)
            )
        except InputError as error:
            errors[name] = error
    wanted = {name: settings_of(one.effective, name) for name, one in new.items() if name not in errors}
    for name, problem in epaircheck.without_bridge(host, wanted).items():
        if check_mode or not {START, MODIFY} & {*new[name].steps}:
            warnings[name] = (*warnings.get(name, ()), problem.message)
        else:
            errors[name] = problem
    starting = {name: settings for name, settings in wanted.items() if START in new[name].steps}
    if any(map(epairs.members, starting.values())):
        configured = {name: settings_of(after.effective(name), name) for name in after.files}
        errors.update(epaircheck.with_names_taken(starting, configured))
    errors.update(_hosts_own(host, scene, {name: one for name, one in plans.items() if name not in errors}))
    return warnings, errors


def _edited_since(host: Host, found: Observed) -> tuple[str, ...]:
    """A warning about a jail that rc.d/jail started by another text than its file has now, which nobody kept."""
    path, started = found.configured.path(found.name), state.rc_started(host, found.name)
    if found.record is not None or found.text is None or not 0 < started < os.stat(path).st_mtime:
        return ()
    return (
        f"jail {found.name}: {path} was edited after the jail was started by it. It is stopped by what that says now: "
        "what its old text mounted or added may be left.",
    )


def _hosts_own(host: Host, scene: Scene, plans: Mapping[str, Plan]) -> dict[str, JailError]:
    """Jails that are to be started with an address that is the host's own: one run of ifconfig(8) for all."""
    starting = {
        name: addresses.aliases(settings_of(one.effective, name)) for name, one in plans.items() if START in one.steps
    }
    if not any(starting.values()):
        return {}
    errors: dict[str, JailError] = {}
    present = addresses.present(host)
    for name, wanted in starting.items():
        found = scene.observe(name)
        before = addresses.aliases(settings_of(found.started_with or "", name))
        ours = {alias.place for alias in (*before, *found.left.aliases)}
        try:
            addresses.refuse_hosts_own(name, wanted, present, ours, addresses.held(name, scene.jails, scene.started))
        except InputError as error:
            errors[name] = error
    return errors


class _Questions:
    """Asking jail(8) whether it can read jails' files, together with all that it reads with them, and whether it knows
    the parameters.

    `jail -m` of a jail that doesn't run names everything that is wrong, and changes nothing (recorded: unk-1). So it
    is asked about a probe: a jail of a name that nobody has, with the same parameters as far as they lead to no other
    jail and to no file. The text goes to its standard input (recorded: stdin-1): no file is written. In check mode it
    isn't asked about parameters for which it might load a kernel module.
    """

    def __init__(self, host: Host, after: Configured, jails: Mapping[str, Jail], check_mode: bool) -> None:
        self.host = host
        self.after = after
        self.jails = jails
        self.known = next(iter(jails.values())).parameters if jails else {}
        self.check_mode = check_mode

    def all_at_once(self, plans: Mapping[str, Plan]) -> bool:
        """Whether jail(8) takes all of some configurations, asked with one run. If it doesn't, who is at fault shows
        when it is asked about each.
        """
        statements = {name: self.after.read_with(name) for name in plans}
        if any(one.kind == "unreadable" for read in statements.values() for one in read):
            return False
        taken = {*self.jails, *self.after.files, *(one.name for read in statements.values() for one in read)}
        probes, blocks = [], []
        for name, one in plans.items():
            probe = _free_name(taken)
            taken.add(probe)
            probes.append(probe)
            blocks.append(self._probe(probe, confread.parse(one.effective), name))
        result = self.host.run(JAIL, "-f", "-", "-m", stdin="".join(blocks))
        return sorted(result.stderr.splitlines()) == sorted(f'jail: "{probe}" not found' for probe in probes)

    def about(self, name: str) -> None:
        """Ask about one jail. Raises InputError with jail(8)'s own words."""
        statements = self.after.read_with(name)
        refuse_inherited(statements, name)
        probe = _free_name({*self.jails, *(statement.name for statement in statements)})
        question = self.after.whole_but(name) + self._probe(probe, statements, name)
        result = self.host.run(JAIL, "-f", "-", "-m", probe, stdin=question)
        lines = result.stderr.splitlines()
        ours = tuple(f"jail: {one}: " for one in (probe, *self.after.needed(name)))
        others = tuple(
            f"jail: {one.name}: " for one in statements if one.kind == "jail" and f"jail: {one.name}: " not in ours
        )
        if f'jail: "{probe}" not found' in lines:
            wrong = [line for line in lines if line.startswith(f"jail: {probe}: ")]
            if not wrong:
                return
        else:
            wrong = [line for line in lines if not line.startswith(others)] or [f"status {result.rc}, and no message"]
        raise InputError(
            f"jail(8) doesn't take the configuration of jail {name}: {'; '.join(wrong).replace(probe, name)}",
            jail=name,
        )

    def _probe(self, probe: str, statements: tuple[Statement, ...], name: str) -> str:
        """A block like that of a jail."""
        asked = [
            inner.text
            for outer in statements
            if outer.kind == "jail" and outer.name == name
            for inner in outer.body
            if inner.name not in _NOT_OF_THE_PROBE
            and not (self.check_mode and may_load_module(inner.name) and inner.name not in self.known)
        ]
        return "\n".join([f"{probe} {{", *asked, _OF_THE_PROBE, "}", ""])


def check_needs(
    name: str,
    effective: str,
    held: str,
    check_mode: bool,
    starts: bool,
    after: Configured,
    defined: Collection[str],
) -> list[str]:
    """Whether the path, the interfaces and the fstab of a jail that is to be configured, or started, are there, and the
    jails that it depends on.

    held: the configuration that the jail runs with: an interface of that is in the jail now, and back when it is
    stopped. starts: whether the jail is started now; one that isn't may get its path later. after: what is configured.
    defined: the jails that run or are to. Returns warnings: of what
    an earlier task of the same play would have made if this weren't check mode. Raises InputError.
    """
    settings = epairs.without(settings_of(effective, name))
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
    interfaces = interface_names()
    interfaces.update(interface for _parameter, interface in _interfaces(settings_of(held, name)))
    for parameter, interface in _interfaces(settings):
        if interface not in interfaces and not made:
            problems.append(
                (parameter, f"jail {name}: {parameter} names {interface}, and there is no such interface on this host.")
            )
    undefined = [other for other in dependencies(settings) if other not in defined and not after.effective(other)]
    for other in undefined:
        problems.append(("depend", f"jail {name} depends on {other}, which nothing here configures."))
    if problems and (starts or undefined) and not check_mode:
        parameter, message = problems[0] if starts else problems[-1]
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


def _free_name(taken: Collection[str]) -> str:
    """A name that no jail has, running or configured."""
    number = os.getpid()
    while f"bsd_jail_check_{number}" in taken:
        number += 1
    return f"bsd_jail_check_{number}"
