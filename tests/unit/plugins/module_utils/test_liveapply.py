# SPDX-License-Identifier: BSD-2-Clause
"""Doing a live change: which programs are run, and how they are undone when one fails."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.bsd.jail.plugins.module_utils import liveapply
from ansible_collections.bsd.jail.plugins.module_utils.addresses import Alias
from ansible_collections.bsd.jail.plugins.module_utils.confread import Item
from ansible_collections.bsd.jail.plugins.module_utils.errors import CommandError
from ansible_collections.bsd.jail.plugins.module_utils.host import Result
from ansible_collections.bsd.jail.plugins.module_utils.livesteps import (
    LivePlan,
    MoveAlias,
    MoveInterface,
    MoveMember,
    Set,
)

from .fake import FakeHost

OLD, NEW = Alias("ip4.addr", "lo1", "10.0.0.1"), Alias("ip4.addr", "lo1", "10.0.0.2")
NAME = Set("host.hostname", "a", (Item("it's $b"),))
RAW = Set("allow.raw_sockets", False, True)
ADDRESS = Set("ip4.addr", ("10.0.0.1",), (Item("lo1|10.0.0.2/24"), Item("FD00::1")))


class LiveHost(FakeHost):
    """A host on which a program fails if its command line has one of the texts `fail` in it."""

    fail: tuple[str, ...] = ()

    def run(self, *argv: str, stdin: str = "") -> Result:
        if argv[1:2] not in (("-m",), ("-c",), ("-R",)) and argv[0] != "/sbin/ifconfig":
            return super().run(*argv, stdin=stdin)
        self.programs.append(" ".join(argv))
        if argv[1] == "-c":
            self.start(argv[2].partition("=")[2], f"{argv[2].partition('=')[2]} {{ path = '/'; persist; }}")
        elif argv[1] == "-R":
            del self.jails[argv[2]]
        return Result(argv, int(any(text in " ".join(argv) for text in self.fail)), "", "no")


@pytest.fixture
def host(tmp_path: Path) -> LiveHost:
    return LiveHost(tmp_path)


def ran(host: LiveHost) -> list[str]:
    return [line.partition("bin/")[2] for line in host.programs]


def test_all_parameters_are_set_at_once_between_the_addresses(host: LiveHost) -> None:
    liveapply.apply(host, "x", 7, LivePlan((MoveAlias(None, NEW), NAME, RAW, ADDRESS, MoveAlias(OLD, None))))
    assert ran(host) == [
        "ifconfig lo1 inet 10.0.0.2 netmask 255.255.255.255 alias",
        "jail -m name=x host.hostname=it's $b allow.raw_sockets ip4.addr=10.0.0.2,fd00::1",
        "ifconfig lo1 inet 10.0.0.1 netmask 255.255.255.255 -alias",
    ]


def test_what_was_done_is_undone_in_reverse(host: LiveHost) -> None:
    host.fail = ("10.0.0.1 netmask 255.255.255.255 -alias",)
    plan = LivePlan((MoveAlias(None, NEW), MoveInterface("e0b", True), NAME, RAW, ADDRESS, MoveAlias(OLD, None)))
    with pytest.raises(CommandError, match=r"the address 10\.0\.0\.1 can't be taken from lo1: no"):
        liveapply.apply(host, "x", 7, plan)
    assert ran(host)[4:] == [
        "jail -m name=x ip4.addr=10.0.0.1",
        "jail -m name=x allow.noraw_sockets",
        "jail -m name=x host.hostname=a",
        "ifconfig e0b -vnet 7",
        "ifconfig lo1 inet 10.0.0.2 netmask 255.255.255.255 -alias",
    ]


def test_an_interface_that_can_t_join_a_bridge_is_back_on_its_own(host: LiveHost) -> None:
    host.fail = ("b1 addm",)
    plan = LivePlan((MoveMember("e0a", "b0", False), MoveMember("e0a", "b1", True)))
    with pytest.raises(CommandError, match="e0a can't join the bridge b1: no"):
        liveapply.apply(host, "x", 7, plan)
    assert ran(host) == ["ifconfig b0 deletem e0a", "ifconfig b1 addm e0a", "ifconfig b0 addm e0a"]


def test_what_cant_be_undone_is_said(host: LiveHost) -> None:
    host.fail = ("jail -m", "-vnet")
    with pytest.raises(CommandError, match=r"can't be changed.*Undoing .*the interface e0b can't be taken back"):
        liveapply.apply(host, "x", 7, LivePlan((MoveInterface("e0b", True), NAME)))


def test_a_parameter_that_was_taken_out_becomes_a_new_jails(host: LiveHost) -> None:
    liveapply.apply(host, "x", 7, LivePlan((Set("host.hostname", "a", None), Set("allow.set_hostname", False, None))))
    assert "jail -m name=x host.hostname= allow.set_hostname" in ran(host)
    assert host.jails == {}


def test_a_new_jail_that_was_left_behind_is_no_obstacle(host: LiveHost) -> None:
    host.start("bsd_jail_new", "bsd_jail_new { path = '/'; }")
    liveapply.apply(host, "x", 7, LivePlan((Set("host.hostname", "a", None),)))
    assert host.jails == {}
