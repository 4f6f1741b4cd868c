# SPDX-License-Identifier: BSD-2-Clause
"""Which jails start at boot: what jail_list has to hold, what can't be held in it, and who else changes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.bsd.jail.plugins.module_utils import boot, configured, locks, rcconf
from ansible_collections.bsd.jail.plugins.module_utils.conf import HEADER
from ansible_collections.bsd.jail.plugins.module_utils.desired import desired
from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError

from tests.unit.plugins.module_utils.fake import DEFAULTS, FakeHost, ask

INCLUDE = '.include "{etc}/jail.conf.d/*.conf";\n'
STATES = ("started", "stopped", "absent")


@pytest.fixture
def host(tmp_path: Path) -> FakeHost:
    """A host that has the jails a, b (which depends on c) and c, and starts all of them at boot."""
    host = FakeHost(tmp_path)
    host.write("rc.conf", "jail_enable=YES\n")
    for name, more in {"a": "", "b": "depend = c;", "c": ""}.items():
        host.write(f"jail.conf.d/{name}.conf", f"{HEADER}\n{name} {{ path = /; {more} }}\n")
    host.write("jail.conf", INCLUDE.format(etc=host.etc))
    return host


def listed(host: FakeHost) -> str:
    return rcconf.read(host, ["jail_list"])["jail_list"]


def plan(host: FakeHost, *jails: dict[str, Any]) -> boot.BootPlan:
    asked = [desired({**DEFAULTS, **one}) for one in jails]
    return boot.plan(asked, configured.load(host), boot.look(host))


# --- what the list is to hold -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "asked", "after"),
    [
        # An empty list starts all: it stays empty as long as all are to start.
        (None, {"a": True, "b": True}, None),
        (None, {"a": None}, None),
        # One isn't: the others come into the list, in the order of depend, whoever configured them.
        (None, {"a": False}, ("c", "b")),
        (None, {"a": False, "c": True}, ("c", "b")),
        (None, {"a": False, "b": False, "c": False}, ()),
        # There is a list: it is extended, and never emptied.
        (("a",), {"b": True}, ("a", "b")),
        (("a", "b"), {"c": True}, ("a", "c", "b")),
        (("a", "b"), {"b": True}, ("a", "b")),
        (("a", "gone"), {"a": False}, ("gone",)),
        (("a",), {"a": False}, ()),
        (("a",), {"a": None, "b": None}, ("a",)),
        ((), {"a": False}, ()),
        ((), {"a": True}, ("a",)),
    ],
)
def test_what_is_to_be_in_the_list(
    host: FakeHost, before: tuple[str, ...] | None, asked: dict[str, bool | None], after: tuple[str, ...] | None
) -> None:
    if before is not None:
        rcconf.assign(host, "jail_list", " ".join(before) or " ")
    jails = [{"name": name, "state": "present", "boot": starts} for name, starts in asked.items()]
    planned = plan(host, *jails)
    assert planned.before.names == before
    assert planned.names == after
    assert planned.is_change == (before != after) == bool(planned.concerned)


@pytest.mark.parametrize(
    ("state", "given", "boots"),
    [
        ("started", None, True),
        ("restarted", None, True),
        ("stopped", None, False),
        ("absent", None, False),
        ("present", None, None),
        ("started", False, False),
        ("stopped", True, True),
        ("present", True, True),
    ],
)
def test_what_is_to_start_by_its_state(state: str, given: bool | None, boots: bool | None) -> None:
    assert desired({**DEFAULTS, "name": "a", "state": state, "boot": given}).boots == boots


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_jail_that_is_stopped_stays_so(host: FakeHost, check_mode: bool) -> None:
    outcome = ask(host, {"name": "a", "state": "stopped"}, check_mode=check_mode)[0]
    assert outcome.is_changed
    assert [part["after"] for part in outcome.diff] == ["c\nb\n"]
    assert listed(host) == ("" if check_mode else "c b")
    assert outcome.boot is check_mode
    if not check_mode:
        host.programs.clear()
        again = ask(host, {"name": "a", "state": "stopped"})[0]
        assert (again.is_changed, again.boot) == (False, False)
        assert len(host.programs) == 1


def test_a_jail_that_is_absent_is_not_listed(host: FakeHost) -> None:
    rcconf.assign(host, "jail_list", "a")
    assert ask(host, {"name": "a", "state": "absent"})[0].is_changed
    assert listed(host) == " "
    assert not ask(host, {"name": "a", "state": "absent"})[0].is_changed


def test_many_take_one_sysrc(host: FakeHost) -> None:
    outcomes = ask(host, *({"name": name, "state": "stopped"} for name in "abc"))
    assert [one.is_changed for one in outcomes] == [True, True, True]
    assert len([part for one in outcomes for part in one.diff]) == 1
    assert [line for line in host.programs if line.startswith(rcconf.SYSRC)] == [f"{rcconf.SYSRC} -n jail_list= "]


def test_what_fails_is_not_listed(host: FakeHost) -> None:
    rcconf.assign(host, "jail_list", "a")
    host.fails = {"-c b": "jail: b: no"}
    outcomes = ask(host, {"name": "b"}, {"name": "c"})
    assert outcomes[0].error is not None
    assert listed(host) == "a c"


# --- what can't be ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "text", "word"),
    [
        ("jail.conf", INCLUDE + '"by hand" { }', "by hand"),
        ("jail.conf", INCLUDE + "x.y { }", "x.y"),
        ("jail.conf", INCLUDE + "{", "jail.conf can't be read"),
        ("jail.conf.d/other.conf", "{", "other.conf can't be read"),
        ("jail.conf", '.include "jail.conf.d/*.conf";', "jail.conf.d/b.conf alone"),
        ("jail.c.conf", "c { path = /; }", "jail.c.conf"),
        ("rc.conf", "jail_enable=YES\njail_c_rootdir=/\n", "rc.conf"),
    ],
)
def test_others_that_would_not_start_by_a_list_as_they_do(host: FakeHost, path: str, text: str, word: str) -> None:
    """Then it is left alone: an error where it was asked for, else a warning."""
    host.write(path, text.replace("{etc}", host.etc))
    for given, planned in (
        (given, plan(host, {"name": "a", "state": "stopped", "boot": given})) for given in (None, False)
    ):
        said = planned.failed["a"].message if given is False else planned.warnings["a"][0]
        assert word in said
        assert not planned.is_change


@pytest.mark.parametrize(
    ("conf", "rc", "word"),
    [
        (INCLUDE, "", "jail_enable=YES. The role bsd.jail.host"),
        ("", "jail_enable=YES\n", "doesn't include"),
        ("", "jail_enable=YES\njail_list=b\n", "lacks c"),
    ],
)
def test_a_host_that_does_not_start_it_all_the_same(host: FakeHost, conf: str, rc: str, word: str) -> None:
    """That is said to who asked for it."""
    host.write("jail.conf", conf.format(etc=host.etc))
    host.write("rc.conf", rc)
    quiet, said = ask(host, {"name": "b", "state": "stopped", "boot": True})[0], plan(host, {"name": "b"})
    assert not said.warnings
    assert word in quiet.warnings[0]
    assert quiet.boot is False
    assert not quiet.is_changed


def test_what_another_one_needs_starts_all_the_same(host: FakeHost) -> None:
    outcome = ask(host, {"name": "c", "state": "stopped"})[0]
    assert listed(host) == "a b"
    assert "since b does" in outcome.warnings[0]
    assert outcome.boot is True


@pytest.mark.parametrize("text", ['jail_list="', "jail_conf=/etc/other.conf\n"])
def test_an_rc_conf_that_says_nothing(host: FakeHost, text: str) -> None:
    host.write("rc.conf", text)
    warned = ask(host, {"name": "a", "state": "stopped"})[0]
    assert "whether it starts at boot is left as it is" in warned.warnings[0]
    assert warned.boot is None
    assert ask(host, {"name": "a", "state": "stopped", "boot": False})[0].error is not None
    assert host.read("rc.conf") == text


def test_a_value_that_something_else_sets(host: FakeHost) -> None:
    host.write("rc.conf", "jail_enable=YES\njail_list=a\n")
    host.write("rc.conf.local", "")
    run = host._sysrc  # the file that is read last says something else
    host._sysrc = lambda argv: run((*argv[:-1], argv[-1].partition("=")[0]))  # type: ignore[method-assign]
    outcome = ask(host, {"name": "b"})[0]
    assert outcome.error is not None
    assert "makes something else of it" in outcome.error.message
    assert "b" in host.jails


# --- who else is at work ----------------------------------------------------------------------------------------------


def test_what_somebody_else_added_meanwhile_is_kept(host: FakeHost) -> None:
    rcconf.assign(host, "jail_list", "a")
    host.before_exec = lambda: rcconf.assign(host, "jail_list", "a other")
    outcome = ask(host, {"name": "c"})[0]
    assert listed(host) == "a other c"
    assert outcome.diff[-1]["before"] == "a\nother\n"


@pytest.mark.parametrize("given", [None, True])
def test_an_rc_conf_that_breaks_meanwhile(host: FakeHost, given: bool | None) -> None:
    """The jail runs; that it can't be listed is an error where that was asked for, else a warning."""
    rcconf.assign(host, "jail_list", "a")
    host.before_exec = lambda: host.write("rc.conf", 'jail_list="')
    outcome = ask(host, {"name": "c", "boot": given})[0]
    assert "c" in host.jails
    said = outcome.error.message if outcome.error else outcome.warnings[-1]
    assert "can't read rc.conf" in said
    assert (outcome.error is not None) is bool(given)
    assert host.read("rc.conf") == 'jail_list="'


def test_one_at_a_time(host: FakeHost) -> None:
    rcconf.assign(host, "jail_list", "a")
    with locks.held(host, {".jail_list": "rc.conf"}, 0):
        outcome = ask(host, {"name": "c"})[0]
    assert outcome.error is not None
    assert "rc.conf: another run works on it" in outcome.error.message
    assert listed(host) == "a"
    assert ask(host, {"name": "c"})[0].is_changed
    assert listed(host) == "a c"


def test_an_address_of_a_jail_that_rc_d_jail_is_about_to_start_is_not_the_hosts(host: FakeHost) -> None:
    """It is looked at again when /etc/rc has done."""
    jail = {"name": "a", "path": "/", "ip4_addr": ["lo|10.0.0.9"]}
    assert ask(host, jail)[0].is_changed
    text = host.read("jail.conf.d/a.conf") or ""
    del host.jails["a"]
    host.boot = "1" * 32
    host.interfaces = "lo: flags=8049<UP> metric 0 mtu 16384\n\tinet 10.0.0.9 netmask 0xffffffff\n"
    host.alive[77] = "sh /etc/rc autoboot"

    def started(_seconds: float) -> None:
        host.alive.clear()
        host.start("a", text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.sleep", started)
        outcome = ask(host, jail)[0]
    assert outcome.error is None
    assert not outcome.is_changed


# --- rc.conf ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "value", "asks"),
    [
        ({}, "", False),
        ({"rc.conf": "jail_list=a\n"}, "a", False),
        ({"rc.conf": "jail_list=\"a b\" # those\n  jail_list='c'\n"}, "c", False),
        ({"rc.conf": '# jail_list="a"\n\nhostname=x\n\tjail_list=""'}, "", False),
        ({"rc.conf": 'jail_list=" "\n'}, " ", False),
        ({"rc.conf": 'ext=em0\nifconfig_bridge0="addm $ext up"\nx="$(echo y)"\njail_list=a\n'}, "a", True),
        ({"rc.conf": 'ext=em0\nifconfig_bridge0="addm $ext ${ext} up"\njail_list=a\n'}, "a", False),
        ({"rc.conf": 'more=b\njail_list="a $more"\n'}, "a b", True),
        ({"rc.conf": "jail_list=a; jail_list=b\n"}, "b", True),
        ({"rc.conf": "jail_list=a#b\n"}, "a#b", True),
        ({"rc.conf": 'jail_list="a\nb"\n'}, "a\nb", True),
        ({"rc.conf": ": ${jail_list:=a}\n"}, "a", True),
        ({"rc.conf": 'x="${jail_list:=a}"\n'}, "a", True),
        ({"rc.conf": ". ./more\n", "more": "jail_list=a\n"}, "a", True),
        ({"rc.conf": "[ -e more ] && jail_list=a\n", "more": ""}, "a", True),
        ({"rc.conf": "rc_conf_files=/etc/other\n"}, "", True),
        ({"rc.conf": "jail_list=a\n", "rc.conf.local": "jail_list=b\n"}, "b", False),
        ({"rc.conf": "jail_list=a\n", "rc.conf.d/jail": "jail_list=b\n"}, "b", False),
        ({"rc.conf.d/jail/1": "jail_list=b\n", "rc.conf.d/jail/2": "jail_list=c\n"}, "c", False),
    ],
)
def test_what_rc_conf_says(host: FakeHost, files: dict[str, str], value: str, asks: bool) -> None:
    """Without a program where that can be known, else by sysrc(8)."""
    host.write("rc.conf", "")
    for path, text in files.items():
        Path(host.etc, path).parent.mkdir(parents=True, exist_ok=True)
        host.write(path, text)
    assert rcconf.read(host, ["jail_list"])["jail_list"] == value
    assert bool(host.programs) == asks


def test_the_files_of_rc_d_jail_alone_are_sysrcs_too(host: FakeHost) -> None:
    rcconf.assign(host, "jail_list", "a")
    Path(host.etc, "rc.conf.d").mkdir()
    host.write("rc.conf.d/jail", "")
    rcconf.assign(host, "jail_list", "a")
    assert host.programs == [f"{rcconf.SYSRC} -n jail_list=a", f"{rcconf.SYSRC} -s jail -n jail_list=a"]


def test_an_rc_conf_that_sysrc_cannot_read(host: FakeHost) -> None:
    host.write("rc.conf", "x=$(")
    with pytest.raises(JailError, match=r"sysrc\(8\) can't read rc\.conf: .*syntax error"):
        rcconf.read(host, ["jail_list"])
