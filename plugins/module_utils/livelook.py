# SPDX-License-Identifier: BSD-2-Clause
"""Looking at what jls can't show of a running jail: mounts, addresses, moved interfaces, and what would be in the way
of a live change. It starts only the programs that matter for the difference between two configurations.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ansible_collections.bsd.jail.plugins.module_utils import (
    addresses,
    epairs,
    livemounts,
    mountlook,
    mounttable,
    processes,
)
from ansible_collections.bsd.jail.plugins.module_utils.addresses import Place
from ansible_collections.bsd.jail.plugins.module_utils.confread import Setting
from ansible_collections.bsd.jail.plugins.module_utils.host import DEVFS, FSTAT, IFCONFIG, Host
from ansible_collections.bsd.jail.plugins.module_utils.jls import Jail
from ansible_collections.bsd.jail.plugins.module_utils.livesteps import LiveObserved
from ansible_collections.bsd.jail.plugins.module_utils.mountplan import TMPFS
from ansible_collections.bsd.jail.plugins.module_utils.mounttable import Mounted

MOUNTS, ADDRESSES, INTERFACES = "mounts", "addresses", "interfaces"
PARTS = (MOUNTS, ADDRESSES, INTERFACES)
_MAX_INCLUDES = 16


def look(
    host: Host,
    name: str,
    jail: Jail,
    old: Mapping[str, Setting],
    new: Mapping[str, Setting],
    begun: Mapping[str, Setting],
    by_others: Collection[Place] = (),
    parts: Collection[str] = PARTS,
) -> LiveObserved:
    """What is there of what two configurations of a jail speak of.

    jail: what runs. old: what it was started with, new: what it shall have. begun: what an earlier change that was cut
    short was about to give it, {} for none. by_others: where other running jails have
    their addresses (addresses.held). parts: which of PARTS to look at. Raises JailError.
    """
    path = jail.text("path")
    before, after = livemounts.had(old, begun, path), livemounts.lines(new, path)
    mounted, busy = None, frozenset[str]()
    if MOUNTS in parts and (before or after):
        mounted = mounttable.read(host)
        busy = _busy(host, livemounts.change(name, path, before, after, mounted).unmounts)
    has_aliases = ADDRESSES in parts and any(map(addresses.aliases, (old, begun, new)))
    has_epairs = INTERFACES in parts and any(map(epairs.members, (old, begun, new)))
    has_interfaces = INTERFACES in parts and any("vnet.interface" in one for one in (old, begun, new))
    rules = livemounts.ruleset(new)
    others = {livemounts.ruleset(one) for one in (old, begun) if one} - {rules}
    has_dev = old.get("mount.devfs") is True and new.get("mount.devfs") is True
    loses_persist = jail.parameters.get("persist") is True and new.get("persist") is not True
    return LiveObserved(
        mounted=mounted,
        busy=busy,
        on_host=addresses.present(host) if has_aliases else None,
        by_others=frozenset(by_others),
        interfaces=_interfaces(host, jail) if has_interfaces and jail.text("vnet") == "new" else None,
        bridges=epairs.bridges(host) if has_epairs else None,
        occupied=bool(processes.listed(host, [jail.jid])) if loses_persist else True,
        closed=all(_is_closed(host, other, rules) for other in others) if has_dev else True,
    )


def _busy(host: Host, unmounts: Collection[Mounted]) -> frozenset[str]:
    """Which of some mounts are in use: those with open files, by fstat(1) (recorded: bsy-1), and those that hold files
    which would be lost.
    """
    if not unmounts:
        return frozenset()
    lines = host.run(FSTAT, "-f", *(one.node for one in unmounts)).stdout.splitlines()[1:]
    return frozenset(
        one.node
        for one in unmounts
        if any(f" {one.node} " in line for line in lines) or (one.fstype == TMPFS and mountlook.is_filled(host, one))
    )


def _interfaces(host: Host, jail: Jail) -> frozenset[str]:
    """The interfaces in a jail's network stack. Raises JailError."""
    result = host.run(IFCONFIG, "-j", str(jail.jid), "-l")
    if result.rc != 0:
        raise result.error(f"ifconfig(8) doesn't say which interfaces jail {jail.name} has", jail.name)
    return frozenset(result.stdout.split())


def _is_closed(host: Host, old: str, new: str) -> bool:
    """Whether a devfs to which one ruleset was applied is, with another one applied over it, as with that alone: it
    has to hide all before it shows anything, and the old one mustn't have changed owners and modes.
    """
    rules = _rules(host, new, 0)
    before = {word for rule in _rules(host, old, 0) for word in rule.split()}
    return bool(rules) and rules[0] == "hide" and not before & {"mode", "user", "group"}


def _rules(host: Host, ruleset: str, depth: int) -> list[str]:
    """The rules of a ruleset without their numbers, those of included rulesets in place (recorded: dev-1)."""
    result = host.run(DEVFS, "rule", "-s", ruleset, "show")
    if result.rc != 0 or depth > _MAX_INCLUDES:
        return []
    rules: list[str] = []
    for line in result.stdout.splitlines():
        rule = line.strip().partition(" ")[2]
        included = rule.split()
        if included[:1] == ["include"]:
            rules += _rules(host, included[1], depth + 1)
        else:
            rules.append(rule)
    return rules
