# SPDX-License-Identifier: BSD-2-Clause
"""Epairs: from the option to commands, and from commands back to what they make."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.bsd.jail.plugins.module_utils import epairs, live
from ansible_collections.bsd.jail.plugins.module_utils.conf import render_block
from ansible_collections.bsd.jail.plugins.module_utils.configured import settings_of
from ansible_collections.bsd.jail.plugins.module_utils.confread import Setting
from ansible_collections.bsd.jail.plugins.module_utils.desired import configuration
from ansible_collections.bsd.jail.plugins.module_utils.epairinput import epairs as given
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError
from ansible_collections.bsd.jail.plugins.module_utils.host import Host, Result
from ansible_collections.bsd.jail.plugins.module_utils.jls import Jail
from ansible_collections.bsd.jail.plugins.module_utils.livesteps import LiveObserved, LivePlan, MoveMember

from .fake import KERNEL

ETHER = "02:00:00:00:00:01"


@pytest.fixture
def hostid(tmp_path: Path) -> str:
    path = tmp_path / "hostid"
    path.write_text("9e9baaa8-5b8d-4043-a4d6-7178d06d359b\n")
    return str(path)


def text(*pairs: dict[str, Any], **options: Any) -> str:
    """The block of a jail with epairs, each with a MAC address unless it has one."""
    conf = configuration(
        "web", {"path": "/", "epairs": [{"ether": _ether(n), **one} for n, one in enumerate(pairs)]} | options
    )
    assert conf is not None
    return render_block(conf)


def _ether(number: int) -> str:
    return f"{ETHER[:-1]}{number}"


def settings(*pairs: dict[str, Any], **options: Any) -> dict[str, Setting]:
    return settings_of(text(*pairs, **options), "web")


def values(found: dict[str, Setting], parameter: str) -> list[str]:
    value = found[parameter]
    assert not isinstance(value, bool)
    return [item.text for item in value]


# --- names and addresses ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("jail", "number", "end", "expected"),
    [
        ("web", 0, "a", "e0a_web"),
        ("web", 10, "b", "e10b_web"),
        ("exactly-11-", 0, "a", "e0a_exactly-11-"),
    ],
)
def test_names(jail: str, number: int, end: str, expected: str) -> None:
    assert epairs.name(jail, number, end) == expected


def test_long_names_are_cut_differently_for_each() -> None:
    found = {epairs.name(f"{'x' * 100}{last}", 12, "a") for last in "abc"}
    assert len(found) == 3
    assert all(len(one) == 15 and one.startswith("e12a_xxxx") for one in found)


def test_the_mac_address_is_always_the_same_one_of_a_single_station(hostid: str) -> None:
    def of(jail: str, number: int, path: str = hostid) -> str:
        return given(jail, [{"bridge": "b0"}] * (number + 1), path)[number].ether

    found = [of("web", 0), of("web", 1), of("db", 0)]
    assert found[0] == of("web", 0)
    assert len(set(found)) == 3
    assert all(re.fullmatch("[0-9a-f][26ae](:[0-9a-f]{2}){5}", one) for one in found)
    Path(hostid).write_text("another\n")
    assert of("web", 0) not in found


def test_without_a_hostid_the_mac_address_has_to_be_given(tmp_path: Path) -> None:
    missing = str(tmp_path / "hostid")
    with pytest.raises(InputError, match=r"there is no .*hostid to make a MAC address of"):
        given("web", [{"bridge": "b0"}], missing)
    assert given("web", [{"bridge": "b0", "ether": "02:00:00:00:00:AB"}], missing)[0].ether == "02:00:00:00:00:ab"


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([{"bridge": "br;reboot"}], "the bridge 'br;reboot' can't be"),
        ([{"bridge": "-l"}], "the bridge '-l' can't be"),
        ([{"bridge": ""}], "the bridge '' can't be"),
        ([{"bridge": "ünterbrückenetz"}], "has 17 bytes: FreeBSD takes 15"),
        ([{"interface": "a b"}], "the interface 'a b' can't be"),
        ([{"interface": "sixteen-bytes-xx"}], "the interface 'sixteen-bytes-xx' has 16 bytes"),
        ([{"interface": "jail0"}, {"interface": "jail0"}], "the interface jail0 is there twice"),
        ([{"addresses": ["10.0.0.2"]}], "10.0.0.2 needs the length of its network's prefix"),
        ([{"addresses": ["fd00::2"]}], "fd00::2 needs the length"),
        ([{"addresses": ["10.0.0.300/24"]}], "'10.0.0.300/24' is no address"),
        ([{"addresses": ["10.0.0.2/33"]}], "'10.0.0.2/33' is no address"),
        ([{"addresses": ["$(reboot)"]}], "is no address"),
        ([{"addresses": ["10.0.0.0/24"]}], "the address of a whole network"),
        ([{"addresses": ["10.0.0.255/24"]}], "the address of a whole network"),
        ([{"addresses": ["fd00::/64"]}], "the address of a whole network"),
        ([{"addresses": ["fe80::1/64"]}], "a link-local address"),
        ([{"addresses": ["fd00::1%lo0/64"]}], "a link-local address"),
        ([{"addresses": ["127.0.0.1/8"]}], "can't be the address of an interface"),
        ([{"addresses": ["224.0.0.1/24"]}], "can't be the address of an interface"),
        ([{"addresses": ["10.0.0.2/24"]}, {"addresses": ["10.0.0.2/16"]}], "the address 10.0.0.2 is there twice"),
        ([{"addresses": ["dhcp", "10.0.0.2/24"]}], "dhcp and 10.0.0.2/24 for one interface"),
        ([{"addresses": ["dhcp"], "gateway": ["10.0.0.1"]}], "the gateway 10.0.0.1 is in the network of none"),
        ([{"addresses": ["slaac", "fd00::2/64"], "gateway": ["fd00::1"]}], "slaac and the gateway fd00::1"),
        ([{"addresses": ["10.0.0.2/24"], "gateway": ["10.0.1.1"]}], "10.0.1.1 is in the network of none"),
        ([{"addresses": ["10.0.0.2/24"], "gateway": ["fe80::1"]}], "fe80::1 is in the network of none"),
        ([{"addresses": ["10.0.0.2/24"], "gateway": ["10.0.0.2"]}], "10.0.0.2 is the jail's own address"),
        ([{"addresses": ["10.0.0.2/24"], "gateway": ["gateway"]}], "'gateway' can't be a gateway"),
        (
            [{"addresses": ["10.0.0.2/24"], "gateway": ["10.0.0.1", "10.0.0.3"]}],
            "10.0.0.1 and 10.0.0.3 are two gateways",
        ),
        ([{"ether": "01:00:00:00:00:01"}], "can't be the MAC address of an interface"),
        ([{"ether": "00:00:00:00:00:00"}], "can't be the MAC address of an interface"),
        ([{"ether": "2:0:0:0:0:1"}], "can't be the MAC address of an interface"),
        ([{"ether": ETHER}, {"ether": ETHER}], f"the MAC address {ETHER} is there twice"),
        ([{"mtu": 71}], "an mtu of 71 can't be"),
        ([{"mtu": 65536}], "an mtu of 65536 can't be"),
    ],
)
def test_what_is_refused(pairs: list[dict[str, Any]], message: str, hostid: str) -> None:
    with pytest.raises(InputError, match="jail web: epairs: ") as caught:
        given("web", [{"bridge": "b0", **one} for one in pairs], hostid)
    assert message in caught.value.message
    assert caught.value.details["parameter"] == "epairs"


def test_a_network_stack_of_its_own_is_implied() -> None:
    assert "vnet = 'new';" in text({"bridge": "b0"})
    with pytest.raises(InputError, match="epairs contradicts vnet"):
        text({"bridge": "b0"}, vnet=False)
    with pytest.raises(InputError, match=r"ip4.addr contradicts vnet"):
        text({"bridge": "b0"}, ip4_addr=["10.0.0.2"])


# --- commands ---------------------------------------------------------------------------------------------------------


def test_commands_stand_around_the_users_and_are_literal_whatever_is_expanded() -> None:
    own = {"exec.prestart": "echo ${name}", "exec.created": ["a", "b"], "exec.poststop": "c", "meta": "x"}
    found = settings({"bridge": "b0"}, params=own, expand=["exec.prestart"])
    prestart = found["exec.prestart"]
    assert not isinstance(prestart, bool)
    assert [item.literal for item in prestart] == [True, False]
    assert prestart[1].text == "echo ${name}"
    assert values(found, "exec.created")[-2:] == ["a", "b"]
    assert values(found, "exec.poststop")[0] == "c"
    assert len(values(found, "exec.poststop")) == 2


def test_commands_of_ours_add_to_defaults() -> None:
    found = settings_of(f'* {{ exec.prestart = "default"; }}\n{text({"bridge": "b0"})}', "web")
    assert values(found, "exec.prestart")[0] == "default"
    assert len(values(found, "exec.prestart")) == 2


def test_what_is_done_with_the_jails_end() -> None:
    found = settings(
        {
            "bridge": "b0",
            "interface": "jail0",
            "addresses": ["10.0.0.2/24", "FD00:0::2/64"],
            "gateway": ["10.0.0.1", "fe80::1"],
        },
        {"bridge": "b1", "addresses": ["dhcp", "slaac"], "mtu": 9000},
    )
    created = values(found, "exec.created")
    assert created[:-4] == [
        "/sbin/ifconfig -j web lo0 inet 127.0.0.1/8 up",
        "/sbin/ifconfig e0b_web vnet web",
        "/sbin/ifconfig -j web e0b_web name jail0",
        "/sbin/ifconfig -j web jail0 up",
        "/sbin/ifconfig -j web jail0 inet 10.0.0.2/24 alias",
        "/sbin/ifconfig -j web jail0 inet6 -ifdisabled",
        "/sbin/ifconfig -j web jail0 inet6 fd00::2/64 alias",
        "/sbin/route -j web add -inet default 10.0.0.1",
        "/sbin/route -j web add -inet6 default fe80::1%jail0",
        "/sbin/ifconfig e1b_web vnet web",
        "/sbin/ifconfig -j web e1b_web up",
        "/sbin/ifconfig -j web e1b_web inet6 accept_rtadv -ifdisabled",
    ]
    assert "tentative" in created[-4]
    assert "tentative" in created[-3]
    assert created[-2:] == ["/usr/sbin/jexec web /sbin/rtsol e1b_web", "/usr/sbin/jexec web /sbin/dhclient e1b_web"]
    assert "mtu $mtu" not in values(found, "exec.prestart")[0]
    assert " mtu=9000 " in values(found, "exec.prestart")[1]


def test_without_ipv6_nothing_is_waited_for() -> None:
    assert "tentative" not in text({"bridge": "b0", "addresses": ["10.0.0.2/24"]})


FAKE = """\
#!/bin/sh
# Says what it was called for, has an interface of each name that a file says, and fails at the words in `fail`.
echo "$*" >>"{directory}/calls"
case "$*" in
*"$(cat {directory}/fail 2>/dev/null || echo nothing)"*) echo "ifconfig: no" >&2; exit 1 ;;
"epair create") echo epair7a ;;
"-n e0a_web") test -e "{directory}/left" ;;
esac
"""


def prestart(tmp_path: Path, *, left: bool = False, fail: str = "") -> tuple[int, list[str], str]:
    """Run the command of exec.prestart with an ifconfig of ours. Returns its status, what it did and said."""
    directory = tmp_path / "sbin"
    directory.mkdir()
    (directory / "ifconfig").write_text(FAKE.format(directory=tmp_path))
    (directory / "ifconfig").chmod(0o755)
    if left:
        (tmp_path / "left").touch()
    if fail:
        (tmp_path / "fail").write_text(fail)
    command = values(settings({"bridge": "b0"}), "exec.prestart")[0].replace("PATH=/sbin;", f"PATH={directory}:$PATH;")
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
    return done.returncode, (tmp_path / "calls").read_text().splitlines(), done.stderr


@pytest.mark.parametrize("left", [False, True])
def test_prestart_makes_an_epair_anew(tmp_path: Path, left: bool) -> None:
    status, calls, said = prestart(tmp_path, left=left)
    outer = calls[-3].split()[-1]
    assert (status, said) == (0, "")
    assert calls == [
        "-n e0a_web",
        *["e0a_web destroy"] * left,
        "epair create",
        "epair7b name e0b_web",
        "e0b_web ether 02:00:00:00:00:00",
        "epair7a name e0a_web",
        f"e0a_web ether {outer}",
        "b0 addm e0a_web",
        "e0a_web up",
    ]


@pytest.mark.parametrize(
    ("fail", "last"),
    [
        ("epair create", "epair create"),
        ("epair7b name", "epair7a destroy"),
        ("epair7a name", "epair7a destroy"),
        ("b0 addm", "e0a_web destroy"),
        ("e0a_web up", "e0a_web destroy"),
    ],
)
def test_prestart_that_fails_leaves_nothing_and_says_why(tmp_path: Path, fail: str, last: str) -> None:
    status, calls, said = prestart(tmp_path, fail=fail)
    assert (status, said) == (1, "ifconfig: no\n")
    assert calls[-1] == last


# --- and back ---------------------------------------------------------------------------------------------------------

ONE = {"bridge": "b0", "addresses": ["10.0.0.2/24"], "gateway": ["10.0.0.1"]}


def test_members() -> None:
    assert epairs.members(settings(ONE, {"bridge": "b1", "interface": "jail0"})) == (
        epairs.Member("e0a_web", "e0b_web", "e0b_web", "b0"),
        epairs.Member("e1a_web", "e1b_web", "jail0", "b1"),
    )
    assert epairs.members(settings_of("web { path = /; exec.prestart = 'epair=x; true'; exec.created; }", "web")) == ()


def test_without() -> None:
    found = epairs.without(settings(ONE, params={"exec.prestart": "mine"}))
    assert values(found, "exec.prestart") == ["mine"]
    assert epairs.members(found) == ()


@pytest.mark.parametrize(
    ("changed", "is_same"),
    [
        ({"bridge": "b1"}, True),
        ({"addresses": ["10.0.0.3/24"]}, False),
        ({"addresses": ["10.0.0.2/24", "fd00::2/64"]}, False),
        ({"addresses": ["dhcp"], "gateway": []}, False),
        ({"addresses": ["10.0.0.2/24", "slaac"]}, False),
        ({"gateway": []}, False),
        ({"interface": "jail0"}, False),
        ({"ether": "02:00:00:00:00:09"}, False),
        ({"mtu": 1400}, False),
    ],
)
def test_what_is_the_same_but_for_the_bridge(changed: dict[str, Any], is_same: bool) -> None:
    assert epairs.same_but_for_bridges("web", settings(ONE), settings({**ONE, **changed})) is is_same


def test_commands_of_the_user_make_no_difference() -> None:
    own = {"exec.prestart": "a", "exec.created": "/sbin/pfctl -f x", "exec.poststop": "c"}
    assert epairs.same_but_for_bridges("web", settings(ONE), settings(ONE, params=own))
    mine = {"exec.created": "/sbin/ifconfig -j web lo1 create"}
    assert epairs.same_but_for_bridges("web", settings_of("web { }", "web"), settings(params=mine, meta="x"))


# --- in a running jail ------------------------------------------------------------------------------------------------


def plan(old: dict[str, Setting], new: dict[str, Setting], observed: LiveObserved | None = None) -> LivePlan:
    kernel = Jail(7, "web", {**KERNEL, "path": "/", "persist": True, "vnet": "new"})
    return live.plan("web", old, new, kernel, observed)


def test_another_bridge_is_joined_live() -> None:
    found = plan(settings(ONE), settings({**ONE, "bridge": "b1"}))
    assert found == LivePlan((MoveMember("e0a_web", "b0", False), MoveMember("e0a_web", "b1", True)))
    assert (found.before, found.after) == ("bridge of e0a_web: b0\n", "bridge of e0a_web: b1\n")


@pytest.mark.parametrize(
    ("now", "expected"),
    [("b0", [("b0", False), ("b1", True)]), ("b9", [("b9", False), ("b1", True)]), ("", [("b1", True)]), ("b1", [])],
)
def test_a_bridge_is_left_that_it_is_on(now: str, expected: list[tuple[str, bool]]) -> None:
    there = LiveObserved(bridges={"lo0": "", "e0a_web": now})
    found = plan(settings(ONE), settings({**ONE, "bridge": "b1"}), there)
    assert found.steps == tuple(MoveMember("e0a_web", *one) for one in expected)
    assert not found.restart_needed


@pytest.mark.parametrize(
    "there",
    [{"lo0": ""}, {"lo0": "", "e0a_web": "b0", "e0b_web": ""}],
    ids=["destroyed", "taken out of the jail"],
)
def test_an_epair_that_the_jail_has_no_more_takes_a_restart(there: dict[str, str]) -> None:
    found = plan(settings(ONE), settings(ONE), LiveObserved(bridges=there))
    assert found.restart_needed == ("epairs",)
    assert not found.steps


def test_an_interface_of_the_host_with_the_name_of_the_jails_is_no_sign() -> None:
    one = {**ONE, "interface": "jail0"}
    assert plan(settings(one), settings(one), LiveObserved(bridges={"jail0": "", "e0a_web": "b0"})) == LivePlan()


def test_all_else_takes_a_restart_and_until_then_all_is_as_it_was() -> None:
    old, new = text(ONE), text({**ONE, "bridge": "b1", "addresses": ["10.0.0.3/24"]}, host_hostname="x")
    found = plan(settings_of(old, "web"), settings_of(new, "web"))
    assert found.restart_needed == ("epairs",)
    assert not any(isinstance(step, MoveMember) for step in found.steps)
    recorded = live.text_after(new, "web", settings_of(old, "web"), found)
    after = settings_of(recorded, "web")
    assert all(after[parameter] == settings_of(old, "web")[parameter] for parameter in epairs.PARAMETERS)
    assert values(after, "host.hostname") == ["x"]
    assert "epairs" not in recorded


def test_epairs_that_come_and_go_take_a_restart() -> None:
    without = settings(vnet=True)
    assert plan(without, settings(ONE)).restart_needed == ("epairs",)
    assert plan(settings(ONE), without).restart_needed == ("epairs",)


class _Ifconfig(Host):
    """A host whose ifconfig(8) prints what it does."""

    def run(self, *argv: str, stdin: object = "") -> Result:
        assert argv == ("/sbin/ifconfig",)
        shown = (
            "e0a_web: flags=1008943<UP> metric 0 mtu 1500\n\tgroups: epair\n"
            "lo0: flags=8049<UP>\n\tinet 127.0.0.1 netmask 0xff000000\n"
            "br0: flags=8843<UP> metric 0 mtu 1500\n\tmember: e0a_web flags=143<LEARNING>\n"
            "\t        ifmaxaddr 0 port 4\n"
        )
        return Result(argv, 0, shown, "")


def test_bridges_are_read_from_ifconfig() -> None:
    assert epairs.bridges(_Ifconfig()) == {"lo0": "", "br0": "", "e0a_web": "br0"}
