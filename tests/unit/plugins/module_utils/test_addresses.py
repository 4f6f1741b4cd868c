# SPDX-License-Identifier: BSD-2-Clause
"""The addresses that jail(8) gives to the host's interfaces: which they are, whose they are, and which stay."""

from __future__ import annotations

import pytest
from ansible_collections.bsd.jail.plugins.module_utils import addresses
from ansible_collections.bsd.jail.plugins.module_utils.addresses import Alias
from ansible_collections.bsd.jail.plugins.module_utils.configured import settings_of
from ansible_collections.bsd.jail.plugins.module_utils.confread import Setting
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError
from ansible_collections.bsd.jail.plugins.module_utils.jls import Jail

# Recorded: net-5, ip-5.
IFCONFIG = """\
lo0: flags=1008049<UP,LOOPBACK,RUNNING,MULTICAST,LOWER_UP> metric 0 mtu 16384
	options=680003<RXCSUM,TXCSUM,LINKSTATE,RXCSUM_IPV6,TXCSUM_IPV6>
	inet 127.0.0.1 netmask 0xff000000
	inet6 ::1 prefixlen 128
	inet6 fe80::1%lo0 prefixlen 64 scopeid 0x2
	groups: lo
lo1: flags=1008049<UP,LOOPBACK,RUNNING,MULTICAST,LOWER_UP> metric 0 mtu 16384
	inet 10.7.5.1 netmask 0xffffff00
	inet6 fd00:7::5 prefixlen 64
	nd6 options=21<PERFORMNUD,AUTO_LINKLOCAL>
"""


def settings(text: str) -> dict[str, Setting]:
    return settings_of(f"x {{ {text} }}", "x")


def jail(name: str, *ip4: str, vnet: str = "inherit") -> Jail:
    return Jail(1, name, {"ip4.addr": ip4, "ip6.addr": (), "vnet": vnet})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ip4.addr = 10.0.0.1;", []),
        ("interface = lo1;", []),
        ("interface = lo1; ip4.addr = 10.0.0.1;", ["lo1 inet 10.0.0.1 netmask 255.255.255.255 alias"]),
        ("ip4.addr = 'lo1|10.0.0.1/24';", ["lo1 inet 10.0.0.1/24 alias"]),
        ("ip4.addr = 'lo1|10.0.0.1/255.255.0.0';", ["lo1 inet 10.0.0.1 netmask 255.255.0.0 alias"]),
        ("ip4.addr = 'lo1|10.0.0.1/24 vhid 1 pass x';", ["lo1 inet 10.0.0.1/24 vhid 1 pass x alias"]),
        (
            "ip6.addr = 'lo1|fd00::1/64', 'lo0|fd00::2';",
            ["lo1 inet6 fd00::1/64 alias", "lo0 inet6 fd00::2 prefixlen 128 alias"],
        ),
        (
            "interface = lo1; ip4.addr = '10.0.0.1, lo0|10.0.0.2';",
            [
                "lo1 inet 10.0.0.1 netmask 255.255.255.255 alias",
                "lo0 inet 10.0.0.2 netmask 255.255.255.255 alias",
            ],
        ),
        ('interface = lo1; ip4.addr = "10.0.0.${n}";', []),
    ],
)
def test_the_command_lines_are_jail8s(text: str, expected: list[str]) -> None:
    found = addresses.aliases(settings(text))
    assert [" ".join(alias.argv(add=True)[1:]) for alias in found] == expected


def test_an_address_goes_without_its_options() -> None:
    alias = Alias("ip4.addr", "lo1", "10.0.0.1", "24", ("vhid", "1"))
    assert alias.argv(add=False) == ("/sbin/ifconfig", "lo1", "inet", "10.0.0.1/24", "-alias")


def test_what_ifconfig_prints_is_read() -> None:
    assert addresses.parse(IFCONFIG) >= {
        ("lo0", "127.0.0.1"),
        ("lo0", "::1"),
        ("lo1", "10.7.5.1"),
        ("lo1", "fd00:7::5"),
    }


def test_whose_addresses_there_are() -> None:
    jails = {one.name: one for one in (jail("x", "10.0.0.1"), jail("known", "10.0.0.2"), jail("unknown", "10.0.0.3"))}
    started = {"known": settings("interface = lo1; ip4.addr = 10.0.0.2;"), "x": settings("ip4.addr = 'lo1|10.0.0.1';")}
    held = addresses.held("x", jails, started)
    assert held == {("lo1", "10.0.0.2"), ("", "10.0.0.3")}
    assert addresses.held("x", {"v": jail("v", "10.0.0.9", vnet="new")}, {}) == frozenset()


def test_an_address_stays_while_another_jail_needs_it() -> None:
    one, two = settings("ip4.addr = 'lo1|10.0.0.1/24', 'lo1|10.0.0.2';"), {("lo1", "10.0.0.1"), ("", "10.0.0.9")}
    assert addresses.shared(one, two) == (Alias("ip4.addr", "lo1", "10.0.0.1", "24"),)
    assert addresses.shared(one, {("lo0", "10.0.0.1")}) == ()
    assert [alias.address for alias in addresses.shared(one, {("", "10.0.0.2")})] == ["10.0.0.2"]


def test_a_jail_is_stopped_without_what_stays() -> None:
    own = "interface = lo1; ip4.addr = 10.0.0.1, '10.0.0.2/24'; ip6.addr = fd00::1;"
    text = f"$n = 1;\nx {{ {own} }}\ny {{ ip4.addr = 10.0.0.1; }}\n"
    kept = addresses.shared(settings_of(text, "x"), {("lo1", "10.0.0.1"), ("lo1", "fd00::1")})
    after = addresses.without(text, "x", kept)
    assert addresses.aliases(settings_of(after, "x")) == (Alias("ip4.addr", "lo1", "10.0.0.2", "24"),)
    assert "$n = 1;" in after
    assert settings_of(after, "y") == settings_of(text, "y")
    assert addresses.without(text, "x", ()) == text


@pytest.mark.parametrize("places", [{"ours": {("lo1", "10.0.0.1")}}, {"by_others": {("lo1", "10.0.0.1")}}])
def test_the_hosts_own_are_refused(places: dict[str, set[addresses.Place]]) -> None:
    alias, there = Alias("ip4.addr", "lo1", "10.0.0.1"), {("lo1", "10.0.0.1")}
    nothing: dict[str, set[addresses.Place]] = {"ours": set(), "by_others": set()}
    addresses.refuse_hosts_own("x", [alias], there, **{**nothing, **places})
    addresses.refuse_hosts_own("x", [alias], {("lo0", "10.0.0.1")}, **nothing)
    with pytest.raises(InputError, match="the host itself has"):
        addresses.refuse_hosts_own("x", [alias], there, **nothing)
    with pytest.raises(InputError, match="the host itself has"):
        addresses.refuse_hosts_own("x", [alias], there, set(), {("", "10.0.0.1")})
