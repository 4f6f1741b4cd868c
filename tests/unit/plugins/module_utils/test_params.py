# SPDX-License-Identifier: BSD-2-Clause
"""Comparing what is configured with what the kernel says, by the recorded cases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.bsd.jail.plugins.module_utils import jls, params
from ansible_collections.bsd.jail.plugins.module_utils.confread import Item, Setting
from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError
from ansible_collections.bsd.jail.plugins.module_utils.jls import Jail, Shown


def setting(*texts: str) -> tuple[Item, ...]:
    return tuple(Item(text) for text in texts)


ADDRESSES = ("10.9.0.9", "10.9.0.1", "10.9.0.3", "10.9.0.7")  # nrm-1


@pytest.mark.parametrize(
    ("name", "configured", "shown", "differs"),
    [
        # nrm-1: the first address by its place, the rest as a set
        ("ip4.addr", setting("10.9.0.9", "10.9.0.3", "10.9.0.7", "10.9.0.1"), ADDRESSES, False),
        ("ip4.addr", setting("10.9.0.9,10.9.0.3", "10.9.0.7", "10.9.0.1"), ADDRESSES, False),
        ("ip4.addr", setting("10.9.0.3", "10.9.0.9", "10.9.0.7", "10.9.0.1"), ADDRESSES, True),
        ("ip4.addr", setting("10.9.0.9", "10.9.0.3", "10.9.0.7"), ADDRESSES, True),
        ("ip6.addr", setting("FD00:0:0::0002", "fd00::1"), ("fd00::2", "fd00::1"), False),
        # ip-2, ip-5: interface and prefix aren't the kernel's
        ("ip4.addr", setting("lo1|10.7.5.1/24", "lo0|127.0.0.5"), ("10.7.5.1", "127.0.0.5"), False),
        ("ip6.addr", setting("lo1|fd00:7::5/64"), ("fd00:7::5",), False),
        # ip-3: a jail with addresses of its own is shown as 'disable'
        ("ip4", setting("new"), "disable", False),
        ("ip4", setting("inherit"), "disable", True),
        ("ip4", setting("disable"), "inherit", True),
        ("vnet", setting("new"), "new", False),
        ("vnet", True, "new", False),
        ("vnet", False, "inherit", False),
        ("vnet", setting("inherit"), "new", True),
        ("host", setting("inherit"), "new", True),
        ("path", setting("/"), "/", False),
        ("path", setting("/nosuch//a/../b/"), "/nosuch/b", False),
        ("path", setting("/nosuch/a"), "/nosuch/b", True),
        ("persist", True, True, False),
        ("persist", setting("true"), True, False),
        ("persist", setting("1"), True, False),
        ("persist", setting("0"), False, False),
        ("persist", False, True, True),
        ("allow.raw_sockets", True, False, True),
        ("enforce_statfs", setting("02"), "2", False),
        ("enforce_statfs", setting("1"), "2", True),
        ("meta", setting("a b"), "a b", False),
        ("meta", setting("a"), "b", True),
        ("meta", setting(""), "", False),
        ("meta", setting("x"), "7", True),
        # drf-1: a jail may raise its securelevel, and change its hostname unless that is forbidden
        ("securelevel", setting("1"), "2", False),
        ("securelevel", setting("2"), "1", True),
        ("host.hostname", setting("a"), "b", False),
        # what jls doesn't show, and what is made up by jail(8)
        ("exec.start", setting("x"), "", False),
        ("meta", (Item("${name}", literal=False),), "web", False),
    ],
)
def test_differs(name: str, configured: Setting, shown: Shown, differs: bool) -> None:
    shows = {"allow.set_hostname": True} if name == "exec.start" else {"allow.set_hostname": True, name: shown}
    assert params.differs(name, configured, Jail(1, "web", shows)) is differs


def test_the_hostname_of_a_jail_that_may_not_change_it() -> None:
    jail = Jail(1, "web", {"host.hostname": "b", "allow.set_hostname": False})
    assert params.differs("host.hostname", setting("a"), jail)


def test_a_path_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "link").symlink_to("root")
    jail = Jail(1, "web", {"path": str(tmp_path / "root")})
    assert not params.differs("path", setting(str(tmp_path / "link")), jail)


@pytest.mark.parametrize(
    ("name", "one", "other", "same"),
    [
        ("ip4.addr", setting("10.0.0.1", "10.0.0.2"), setting("10.0.0.1, 10.0.0.2"), True),
        ("ip4.addr", setting("10.0.0.1"), setting("lo1|10.0.0.1"), False),
        ("exec.start", setting("a", "b"), setting("a,b"), False),
        ("meta", setting("a", "b"), setting("b"), True),
        ("persist", True, False, False),
        ("persist", None, True, False),
        ("persist", None, None, True),
    ],
)
def test_two_configurations(name: str, one: Setting | None, other: Setting | None, same: bool) -> None:
    assert params.same(name, one, other) is same


def test_reading_jls() -> None:
    # kids-1, tab-1, par-1: no control character is escaped; booleans and lists are typed, all else is text
    text = (
        '{"__version": "2", "jail-information": {"jail": [{"jid":"71","name":"k1","meta":"a\tb\x01c","persist":true,'
        ' "ip4.addr": ["10.0.0.1"]}, {"jid":"72","name":"k1.kid"}]}}\n'
    )
    first, second = jls.parse(text)
    assert (first.jid, first.name, second.jid, second.name) == (71, "k1", 72, "k1.kid")
    assert first.parameters["meta"] == "a\tb\x01c"
    assert first.parameters["persist"] is True
    assert first.addresses("ip4.addr") == ("10.0.0.1",)


@pytest.mark.parametrize("text", ["", "{}", "jls: oops", '{"jail-information": {"jail": [{"jid": "x"}]}}'])
def test_jls_that_says_something_else(text: str) -> None:
    with pytest.raises(JailError, match="can't be read"):
        jls.parse(text)


def test_no_jails() -> None:
    assert jls.parse(json.dumps({"jail-information": {"jail": []}})) == []
