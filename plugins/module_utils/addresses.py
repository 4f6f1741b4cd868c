# SPDX-License-Identifier: BSD-2-Clause
"""The addresses that jail(8) gives to the host's interfaces for a jail, and takes away with it.

It does so for `ip4.addr` and `ip6.addr` where they name an interface (`interface|address/prefix`), or where the
parameter `interface` does (recorded: ip-1, ip-2, ip-5). What it takes away is gone, whoever put it there (recorded:
vnm-2): so we look before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from ansible_collections.bsd.jail.plugins.module_utils import confread
from ansible_collections.bsd.jail.plugins.module_utils.conf import quote
from ansible_collections.bsd.jail.plugins.module_utils.confread import Setting, Statement
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError
from ansible_collections.bsd.jail.plugins.module_utils.host import IFCONFIG, Host
from ansible_collections.bsd.jail.plugins.module_utils.jls import Jail
from ansible_collections.bsd.jail.plugins.module_utils.params import is_literal, normal_address

_FAMILIES = {"ip4.addr": "inet", "ip6.addr": "inet6"}

# Where an address is: an interface and the address in its normal form; '' for an interface that isn't known.
Place = tuple[str, str]


@dataclass(frozen=True)
class Alias:
    """An address on an interface of the host.

    parameter: ip4.addr or ip6.addr. interface: the interface's name. address: as it was given, without interface and
    prefix. mask: what follows its '/', '' for that of a single address. options: more words for ifconfig(8).
    """

    parameter: str
    interface: str
    address: str
    mask: str = ""
    options: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        """Where it is, in a form that can be compared."""
        return self.interface, normal_address(self.address)

    @property
    def text(self) -> str:
        """How jail.conf(5) would have it."""
        slash = f"/{self.mask}" if self.mask else ""
        return " ".join((f"{self.interface}|{self.address}{slash}", *self.options))

    def argv(self, add: bool) -> tuple[str, ...]:
        """The command line that jail(8) has for it (FreeBSD's usr.sbin/jail/command.c)."""
        family = _FAMILIES[self.parameter]
        if family == "inet6":
            which = (f"{self.address}/{self.mask}",) if self.mask else (self.address, "prefixlen", "128")
        elif "." in self.mask or not self.mask:
            which = (self.address, "netmask", self.mask or "255.255.255.255")
        else:
            which = (f"{self.address}/{self.mask}",)
        more = (*self.options, "alias") if add else ("-alias",)
        return (IFCONFIG, self.interface, family, *which, *more)


def aliases(settings: Mapping[str, Setting]) -> tuple[Alias, ...]:
    """What jail(8) gives to the host's interfaces for a jail of this configuration, as far as it has no variables."""
    default = _literal(settings.get("interface"))[-1:]
    found: list[Alias] = []
    for parameter in _FAMILIES:
        for item in _literal(settings.get(parameter)):
            for text in filter(None, map(str.strip, item.split(","))):
                place, *options = text.split()
                interface, pipe, address = place.partition("|")
                if not pipe:
                    interface, address = "".join(default), place
                if interface:
                    address, _slash, mask = address.partition("/")
                    found.append(Alias(parameter, interface, address, mask, tuple(options)))
    return tuple(found)


def present(host: Host) -> frozenset[Place]:
    """All addresses that the host's interfaces have: one run of ifconfig(8). Raises JailError."""
    result = host.run(IFCONFIG)
    if result.rc != 0:
        raise result.error("ifconfig(8) doesn't say which addresses the host has")
    return parse(result.stdout)


def parse(text: str) -> frozenset[Place]:
    """Read what ifconfig(8) prints; it has no other form than text (recorded: net-5)."""
    found: set[Place] = set()
    interface = ""
    for line in text.splitlines():
        if line and not line[0].isspace():
            interface = line.split(":")[0]
        words = line.split()
        if words[:1] in (["inet"], ["inet6"]) and len(words) > 1:
            found.add((interface, normal_address(words[1])))
    return frozenset(found)


def held(name: str, jails: Mapping[str, Jail], started: Mapping[str, Mapping[str, Setting]]) -> frozenset[Place]:
    """Where the other running jails have their addresses.

    name: the jail that doesn't count. started: what each running jail was started with, where that is known; of the
    others, the addresses are known and the interfaces aren't.
    """
    found: set[Place] = set()
    for other, jail in jails.items():
        if other == name or jail.text("vnet") == "new":
            continue
        if other in started:
            found.update(alias.place for alias in aliases(started[other]))
        else:
            found.update(("", normal_address(text)) for family in _FAMILIES for text in jail.addresses(family))
    return frozenset(found)


def is_held(alias: Alias, by_others: Collection[Place]) -> bool:
    """Whether another jail needs the address there too: then it stays until the last of them goes."""
    return alias.place in by_others or ("", alias.place[1]) in by_others


def shared(settings: Mapping[str, Setting], by_others: Collection[Place]) -> tuple[Alias, ...]:
    """Which of a jail's addresses other running jails have on the same interface."""
    return tuple(alias for alias in aliases(settings) if is_held(alias, by_others))


def refuse_hosts_own(
    name: str,
    wanted: Iterable[Alias],
    on_host: Collection[Place],
    ours: Collection[Place],
    by_others: Collection[Place],
) -> None:
    """Refuse an address that the host has already on that interface, and that no jail of ours put there: jail(8) would
    change its netmask, and take it away with the jail (recorded: vnm-2). Raises InputError.

    ours: where the jail itself has its addresses now, or had them.
    """
    for alias in wanted:
        if alias.place in on_host and alias.place not in ours and alias.place not in by_others:
            raise InputError(
                f"jail {name}: {alias.parameter}: the host itself has {alias.address} on {alias.interface}. jail(8) "
                "would change its netmask, and take it away when the jail stops. Give the address without an interface "
                "to share it with the host; if it was left behind by a jail, remove it with "
                f"'{' '.join(alias.argv(add=False))}'.",
                jail=name,
                parameter=alias.parameter,
            )


def without(text: str, name: str, kept: Collection[Alias]) -> str:
    """An effective text by which jail(8) stops a jail and leaves some of its addresses on the host's interfaces.

    text: one that can be read. kept: what stays (`shared`).
    """
    if not kept:
        return text
    statements = confread.parse(text)
    places, parameters = {alias.place for alias in kept}, {alias.parameter for alias in kept}
    go = [alias for alias in aliases(confread.settings(statements, name)) if alias.place not in places]
    parts = []
    for one in statements:
        if one.kind == "jail" and one.name == name:
            parts.append(_block(one, parameters, go))
        else:
            parts.append(one.text)
    return "".join(f"{part}\n" for part in parts)


def _block(block: Statement, parameters: Collection[str], go: list[Alias]) -> str:
    """A jail's block with other addresses in some of its parameters."""
    body = [one.text for one in block.body if one.name not in parameters]
    for parameter in sorted(parameters):
        items = [alias.text for alias in go if alias.parameter == parameter]
        if items:
            body.append(f"{parameter} = {', '.join(map(quote, items))};")
    return confread.block(block.name, body)


def _literal(setting: Setting | None) -> list[str]:
    if setting is None or isinstance(setting, bool) or not is_literal(setting):
        return []
    return [item.text for item in setting]
