# SPDX-License-Identifier: BSD-2-Clause
"""What is asked before epairs are made, and what is left of those of a jail that is gone."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from ansible_collections.bsd.jail.plugins.module_utils import epaircheck, leftovers
from ansible_collections.bsd.jail.plugins.module_utils.configured import settings_of
from ansible_collections.bsd.jail.plugins.module_utils.confread import Setting
from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import Result
from ansible_collections.bsd.jail.plugins.module_utils.leftovers import Leftovers
from ansible_collections.bsd.jail.plugins.module_utils.state import STARTING, Record

from .fake import FakeHost


class NetHost(FakeHost):
    """A host that has the bridges b0 and b1, and whose other ifconfig(8) commands fail if `fail` says so."""

    fail = False

    def run(self, *argv: str, stdin: object = "") -> Result:
        self.programs.append(" ".join(argv))
        if argv[1:] == ("-g", "bridge"):
            return Result(argv, 0, "b0\nb1\n", "")
        return Result(argv, int(self.fail), "", "no")


@pytest.fixture
def host(tmp_path: Path) -> NetHost:
    return NetHost(tmp_path)


def on_host(monkeypatch: pytest.MonkeyPatch, *interfaces: str) -> None:
    monkeypatch.setattr(socket, "if_nameindex", lambda: list(enumerate(interfaces)))


def settings(jail: str, bridge: str, more: str = "", inside: str = "") -> dict[str, Setting]:
    renamed = f"exec.created = '/sbin/ifconfig -j {jail} e0b_{jail} name {inside}';" if inside else ""
    text = f"{jail} {{ exec.prestart = 'epair=e0a_{jail} inside=e0b_{jail} bridge={bridge}; x'; {renamed} {more} }}"
    return settings_of(text, jail)


def test_bridges_are_asked_for_once_and_only_for_epairs(host: NetHost) -> None:
    assert epaircheck.without_bridge(host, {"x": settings_of("x { path = /; }", "x")}) == {}
    assert host.programs == []
    assert epaircheck.without_bridge(host, {"x": settings("x", "b0"), "y": settings("y", "b1")}) == {}
    assert host.programs == ["/sbin/ifconfig -g bridge"]


def test_a_bridge_that_is_missing_or_none(host: NetHost, monkeypatch: pytest.MonkeyPatch) -> None:
    on_host(monkeypatch, "lo0", "b0", "b1")
    found = epaircheck.without_bridge(host, {"x": settings("x", "b2"), "y": settings("y", "lo0")})
    assert "jail x: epairs: the bridge b2 isn't there" in found["x"].message
    assert "'ifconfig bridge create name b2'" in found["x"].message
    assert "jail y: epairs: the bridge lo0 isn't a bridge" in found["y"].message


def test_a_bridge_that_exec_prepare_may_make_is_none_of_our_business(host: NetHost) -> None:
    assert epaircheck.without_bridge(host, {"x": settings("x", "b2", "exec.prepare = 'ifconfig b2';")}) == {}


def test_names_that_others_have(monkeypatch: pytest.MonkeyPatch) -> None:
    on_host(monkeypatch, "lo0", "em0")
    wanted = {"x": settings("x", "b0", inside="em0"), "y": settings("y", "b0", inside="net0"), "z": settings("z", "b0")}
    rival = settings_of("w { exec.prestart = 'epair=e0a_z inside=e0b_z bridge=b0; x'; }", "w")
    found = epaircheck.with_names_taken(wanted, {**wanted, "w": rival})
    assert {jail: error.message for jail, error in found.items()} == {
        "x": "jail x: epairs: the host has an interface em0 itself: choose another name.",
        "z": "jail z: epairs: e0a_z would be the name of an epair of jail w too: rename one of the jails.",
    }


def test_what_came_back_of_ones_own_is_in_nobodys_way(monkeypatch: pytest.MonkeyPatch) -> None:
    on_host(monkeypatch, "lo0", "net0", "e0a_x")
    wanted = {"x": settings("x", "b0", inside="net0")}
    assert epaircheck.with_names_taken(wanted, wanted) == {}


def test_an_epair_that_is_left_is_destroyed(host: NetHost, monkeypatch: pytest.MonkeyPatch) -> None:
    on_host(monkeypatch, "lo0", "e0a_x", "e0b_x", "e0a_z")
    text = (
        "x { path = /; exec.prestart = 'epair=e0a_x inside=e0b_x bridge=b0; x', 'epair=e1a_x inside=y bridge=b0; x'; }"
    )
    left = leftovers.look(host, {"x": Record(STARTING, "", 0, text)}, {}, {})["x"]
    assert left == Leftovers(epairs=("e0a_x",))
    assert left.lines == ("epair: e0a_x",)
    leftovers.clean(host, "x", left)
    assert host.programs == ["/sbin/ifconfig e0a_x destroy"]
    host.fail = True
    with pytest.raises(JailError, match="e0a_x can't be destroyed: no"):
        leftovers.clean(host, "x", left)
