# SPDX-License-Identifier: BSD-2-Clause
"""Interfaces as ifconfig(8) shows them, from what is known of them."""

from __future__ import annotations

import ifstatus
import pytest
from netif import ETHERNET, Interface


def interface(driver: str, **known: object) -> Interface:
    return Interface(f"{driver}0", driver, f"{driver}0", [driver], 0, **known)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("driver", "up", "bridge", "flags"),
    [
        ("lo", True, "", "1008049<UP,LOOPBACK,RUNNING,MULTICAST,LOWER_UP>"),
        ("lo", False, "", "8008<LOOPBACK,MULTICAST>"),
        ("bridge", False, "", "8802<BROADCAST,SIMPLEX,MULTICAST>"),
        ("vtnet", True, "", "1008843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST,LOWER_UP>"),
        ("epair", True, "bridge0", "1008943<UP,BROADCAST,RUNNING,PROMISC,SIMPLEX,MULTICAST,LOWER_UP>"),
    ],
)
def test_flags(driver: str, up: bool, bridge: str, flags: str) -> None:
    """net-6, and the facts that Ansible saw."""
    assert ifstatus.bits(interface(driver, up=up, bridge=bridge).flags, ifstatus.FLAGS) == flags


def test_every_flag_has_a_name() -> None:
    assert not ETHERNET & ~sum(ifstatus.FLAGS)


def test_addresses(capsys: pytest.CaptureFixture[str]) -> None:
    """ip-2, ip-5, net-4"""
    inet6 = [("fe80::1", 64), ("fd00:7::5", 64)]
    lo1 = Interface("lo1", "lo", "lo1", ["lo"], 0, index=3, inet=[("10.7.0.6", 24, "")], inet6=inet6)
    ifstatus.show(lo1, "", [])
    printed = capsys.readouterr().out
    assert "\tinet 10.7.0.6 netmask 0xffffff00\n" in printed
    assert "\tinet6 fe80::1%lo1 prefixlen 64 scopeid 0x3\n\tinet6 fd00:7::5 prefixlen 64\n" in printed
    lo1.unsure = {"fd00:7::5": "tentative"}
    ifstatus.show(lo1, "inet6", [])
    assert "\tinet6 fd00:7::5 prefixlen 64 tentative\n" in capsys.readouterr().out
    ifstatus.show(interface("epair", inet=[("10.77.0.2", 24, "10.77.0.255")]), "", [])
    assert "\tinet 10.77.0.2 netmask 0xffffff00 broadcast 10.77.0.255\n" in capsys.readouterr().out


def test_members_of_a_bridge(capsys: pytest.CaptureFixture[str]) -> None:
    """vnt-2"""
    ifstatus.show(interface("bridge"), "", [Interface("host-a", "epair", "epair0a", ["epair"], 0)])
    assert "\tmember: host-a flags=143<LEARNING,DISCOVER,AUTOEDGE,AUTOPTP>\n" in capsys.readouterr().out


def test_one_family_only(capsys: pytest.CaptureFixture[str]) -> None:
    ifstatus.show(interface("epair", ether="02:00:00:00:00:0a", inet=[("10.0.0.1", 8, "10.255.255.255")]), "inet", [])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["inet"]
