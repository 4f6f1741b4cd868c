# SPDX-License-Identifier: BSD-2-Clause
"""What of a difference can be changed live: each kind of parameter, in each direction."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.bsd.jail.plugins.module_utils import live
from ansible_collections.bsd.jail.plugins.module_utils.addresses import Alias
from ansible_collections.bsd.jail.plugins.module_utils.configured import settings_of
from ansible_collections.bsd.jail.plugins.module_utils.confread import Setting
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError
from ansible_collections.bsd.jail.plugins.module_utils.jls import Jail, Shown
from ansible_collections.bsd.jail.plugins.module_utils.livesteps import (
    ApplyRules,
    ChangeMounts,
    LiveObserved,
    LivePlan,
    MoveAlias,
    MoveInterface,
    Set,
)
from ansible_collections.bsd.jail.plugins.module_utils.mounttable import Mounted
from ansible_collections.bsd.jail.plugins.module_utils.params import BY_NAME, LIVE, RECORD, RESTART, TABLE, change_of

from .fake import KERNEL


def settings(text: str) -> dict[str, Setting]:
    return settings_of(f"x {{ {text} }}", "x")


def kernel(**changed: Shown) -> Jail:
    """A running jail, as the kernel has it; `__` in a name stands for a dot."""
    shown: dict[str, Any] = {**KERNEL, "path": "/j", "persist": True, "osrelease": "15.1-RELEASE"}
    shown.update({name.replace("__", "."): value for name, value in changed.items()})
    return Jail(7, "x", {name: tuple(value) if isinstance(value, list) else value for name, value in shown.items()})


def plan(old: str, new: str, jail: Jail | None = None, observed: LiveObserved | None = None, **more: Any) -> LivePlan:
    both = "path = /j; persist; "
    return live.plan("x", settings(both + old), settings(both + new), jail or kernel(), observed, **more)


def sets(found: LivePlan) -> dict[str, object]:
    """What jail -m is given."""
    assert not found.restart_needed
    return {
        step.parameter: None if step.value is None else live_value(step)
        for step in found.steps
        if isinstance(step, Set)
    }


def live_value(step: Set) -> str:
    return step.after[0].partition(": ")[2]


# --- what the kernel has ----------------------------------------------------------------------------------------------


def test_nothing_differs() -> None:
    assert plan("", "") == LivePlan()


@pytest.mark.parametrize(
    ("old", "new", "found", "expected"),
    [
        ("", "host.hostname = a;", {}, {"host.hostname": "a"}),
        ("host.hostname = a;", "host.hostname = b;", {"host__hostname": "a"}, {"host.hostname": "b"}),
        ("host.hostname = a;", "", {"host__hostname": "a"}, {"host.hostname": None}),
        ("", "allow.raw_sockets;", {}, {"allow.raw_sockets": "true"}),
        ("allow.raw_sockets;", "allow.noraw_sockets;", {"allow__raw_sockets": True}, {"allow.raw_sockets": "false"}),
        ("meta = a;", "meta = a; enforce_statfs = 1;", {"meta": "a"}, {"enforce_statfs": "1"}),
        ("meta = 01;", "meta = 1;", {"meta": "01"}, {"meta": "1"}),
        ("", "securelevel = 2;", {}, {"securelevel": "2"}),
        ("", "ip4.addr = 127.0.0.1;", {}, {"ip4.addr": "127.0.0.1"}),
        ("ip4.addr = 127.0.0.1;", "", {"ip4__addr": ("127.0.0.1",)}, {"ip4.addr": None}),
    ],
)
def test_what_jail_m_changes(old: str, new: str, found: dict[str, Any], expected: dict[str, object]) -> None:
    assert sets(plan(old, new, kernel(**found))) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "vnet;", ("vnet",)),
        ("", "ip4 = inherit;", ("ip4",)),
        ("", "ip6 = inherit;", ("ip6",)),
        ("", "osrelease = 14.0-RELEASE;", ("osrelease",)),
        ("", "host = inherit;", ("host",)),
        ("", "jid = 9;", ("jid",)),
        ("", "zfs.dataset = z/a;", ("zfs.dataset",)),
        ("", "mount.fstab = '/etc/fstab.${name}';", ("mount.fstab",)),
        ("osrelease = 15.1-RELEASE;", "", ("osrelease",)),
        ("", 'host.hostname = "${name}.example.org";', ("host.hostname",)),
        ("", 'ip4.addr = "${host}";', ("ip4.addr",)),
    ],
)
def test_what_takes_a_restart(old: str, new: str, expected: tuple[str, ...]) -> None:
    assert plan(old, new).restart_needed == expected


def test_a_path_takes_a_restart() -> None:
    found = live.plan("x", settings("path = /j; persist;"), settings("path = /k; persist;"), kernel(), None)
    assert found == LivePlan(restart_needed=("path",))


@pytest.mark.parametrize("text", ["vnet = inherit;", "ip4 = disable;", "ip6 = disable;", "host = new;", "jid = 7;"])
def test_what_a_new_jail_has_anyway_takes_no_restart(text: str) -> None:
    assert plan("", text) == plan(text, "") == LivePlan()


@pytest.mark.parametrize("parameter", [one.name for one in TABLE if one.change == RECORD])
def test_what_matters_at_start_and_stop_changes_nothing_that_runs(parameter: str) -> None:
    assert plan("", f"{parameter} = a;") == plan(f"{parameter} = a;", "") == LivePlan()


def test_what_is_in_no_table_is_live_where_the_kernel_has_it() -> None:
    assert change_of("allow.raw_sockets", kernel()) == LIVE
    assert change_of("linux", kernel()) == RESTART


def test_each_line_of_the_table_names_its_source() -> None:
    assert [one.name for one in BY_NAME.values() if not one.source] == []


# --- drift ------------------------------------------------------------------------------------------------------------


def test_what_somebody_changed_by_hand_is_put_right() -> None:
    assert sets(plan("allow.raw_sockets;", "allow.raw_sockets;")) == {"allow.raw_sockets": "true"}


def test_what_nobody_configures_is_left_alone() -> None:
    assert plan("", "", kernel(meta="by hand")) == LivePlan()


def test_a_name_that_the_jail_gave_itself_is_left_alone_unless_insisted() -> None:
    text, jail = "host.hostname = a;", kernel(host__hostname="inside")
    assert plan(text, text, jail) == LivePlan()
    assert sets(plan(text, text, jail, insist=True)) == {"host.hostname": "a"}
    forbidden = kernel(host__hostname="inside", allow__set_hostname=False)
    assert sets(plan(text, text, forbidden)) == {"host.hostname": "a"}


@pytest.mark.parametrize(
    ("old", "new", "now", "expected"),
    [
        ("securelevel = 1;", "securelevel = 2;", "1", "raise"),
        ("securelevel = 1;", "securelevel = 1;", "-1", "raise"),
        ("securelevel = 1;", "securelevel = 1;", "2", "leave"),
        ("securelevel = 1;", "securelevel = 2;", "3", "leave"),
        ("", "securelevel = 1;", "2", "leave"),
        ("", "", "2", "leave"),
        ("securelevel = 2;", "securelevel = 1;", "2", "restart"),
        ("securelevel = 2;", "", "2", "restart"),
        ("securelevel = 2;", "", "3", "restart"),
        ("securelevel = -1;", "", "3", "leave"),
    ],
)
def test_securelevel_is_never_lowered_live(old: str, new: str, now: str, expected: str) -> None:
    found = plan(old, new, kernel(securelevel=now))
    result = "restart" if found.restart_needed == ("securelevel",) else "raise" if found.steps else "leave"
    assert result == expected


def test_persist_goes_live_only_where_something_runs() -> None:
    old, new = settings("path = /j; persist;"), settings("path = /j;")
    assert live.plan("x", old, new, kernel(), LiveObserved(occupied=False)).restart_needed == ("persist",)
    assert sets(live.plan("x", old, new, kernel(), LiveObserved(occupied=True))) == {"persist": "false"}
    assert sets(live.plan("x", new, old, kernel(persist=False), None)) == {"persist": "true"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ip4.addr = 10.9.0.9, 10.9.0.3, 10.9.0.7;", {"ip4__addr": ("10.9.0.9", "10.9.0.3", "10.9.0.7")}),
        ("ip6.addr = FD00:0:0::0002, fd00::1;", {"ip6__addr": ("fd00::2", "fd00::1")}),
        ("ip4.addr = 'lo1|10.0.0.1/24';", {"ip4__addr": ("10.0.0.1",)}),
        ("vnet; ip4 = disable;", {"vnet": "new", "ip4": "inherit"}),
        ("allow.raw_sockets = true;", {"allow__raw_sockets": True}),
    ],
)
def test_what_the_kernel_makes_of_a_value_is_no_change(text: str, shown: dict[str, Shown]) -> None:
    assert plan(text, text, kernel(**shown)) == LivePlan()


# --- addresses --------------------------------------------------------------------------------------------------------

ONE, TWO = Alias("ip4.addr", "lo1", "10.0.0.1"), Alias("ip4.addr", "lo1", "10.0.0.2")


def moves(found: LivePlan) -> list[tuple[Alias | None, Alias | None]]:
    return [(step.old, step.new) for step in found.steps if isinstance(step, MoveAlias)]


def test_an_address_comes_before_the_jail_has_it_and_goes_after() -> None:
    jail = kernel(ip4__addr=("10.0.0.1",))
    found = plan("interface = lo1; ip4.addr = 10.0.0.1;", "interface = lo1; ip4.addr = 10.0.0.2;", jail)
    assert [type(step) for step in found.steps] == [MoveAlias, Set, MoveAlias]
    assert moves(found) == [(None, TWO), (ONE, None)]


def test_another_netmask_changes_an_address_in_place() -> None:
    wide = Alias("ip4.addr", "lo1", "10.0.0.1", "24")
    jail = kernel(ip4__addr=("10.0.0.1",))
    assert moves(plan("ip4.addr = 'lo1|10.0.0.1';", "ip4.addr = 'lo1|10.0.0.1/24';", jail)) == [(ONE, wide)]


def test_an_address_that_is_gone_comes_back_if_somebody_looked() -> None:
    jail = kernel(ip4__addr=("10.0.0.1",))
    text = "ip4.addr = 'lo1|10.0.0.1';"
    assert plan(text, text, jail) == LivePlan()
    assert moves(plan(text, text, jail, LiveObserved(on_host=frozenset()))) == [(None, ONE)]
    assert plan(text, text, jail, LiveObserved(on_host=frozenset({ONE.place}))) == LivePlan()


def test_an_address_of_the_hosts_own_is_refused() -> None:
    observed = LiveObserved(on_host=frozenset({ONE.place}))
    with pytest.raises(InputError, match=r"the host itself has 10\.0\.0\.1 on lo1"):
        plan("", "ip4.addr = 'lo1|10.0.0.1';", observed=observed)


def test_an_address_that_another_jail_needs_is_shared_and_stays() -> None:
    observed = LiveObserved(on_host=frozenset({ONE.place}), by_others=frozenset({ONE.place}))
    assert moves(plan("", "ip4.addr = 'lo1|10.0.0.1';", observed=observed)) == []
    assert moves(plan("ip4.addr = 'lo1|10.0.0.1';", "", observed=observed)) == []


def test_addresses_wait_for_the_restart_that_their_family_takes() -> None:
    found = plan("interface = lo1; ip4.addr = 10.0.0.1;", "ip4 = inherit;")
    assert found == LivePlan((), ("ip4",), ("interface", "ip4.addr"))


def test_an_interface_for_addresses_with_variables_takes_a_restart() -> None:
    address = 'ip4.addr = "10.0.0.${n}";'
    assert plan(f"interface = lo1; {address}", f"interface = lo2; {address}") == LivePlan((), ("interface",))


# --- interfaces -------------------------------------------------------------------------------------------------------


def test_interfaces_move_in_and_out() -> None:
    found = plan("vnet; vnet.interface = a, b;", "vnet; vnet.interface = b, c;", kernel(vnet="new"))
    assert found.steps == (MoveInterface("c", True), MoveInterface("a", False))


def test_an_interface_that_left_comes_back_if_somebody_looked() -> None:
    text, jail = "vnet; vnet.interface = a;", kernel(vnet="new")
    assert plan(text, text, jail) == LivePlan()
    assert plan(text, text, jail, LiveObserved(interfaces=frozenset({"lo0"}))).steps == (MoveInterface("a", True),)


def test_interfaces_with_variables_stay_as_they_were_started() -> None:
    text, observed = 'vnet; vnet.interface = "e${n}b";', LiveObserved(interfaces=frozenset({"lo0"}))
    assert plan(text, text, kernel(vnet="new"), observed) == LivePlan()
    assert plan(text, "vnet; vnet.interface = e1b;", kernel(vnet="new")).restart_needed == ("vnet.interface",)


# --- mounts -----------------------------------------------------------------------------------------------------------

A = "mount = '/a /j/a nullfs ro';"
DEV = Mounted("devfs", "devfs", "/j/dev", frozenset(), "d")


def mounted(place: str, *options: str, source: str = "/a") -> Mounted:
    return Mounted("nullfs", source, f"/j{place}", frozenset(options), place)


def nodes(found: LivePlan) -> tuple[list[str], list[str]]:
    """What is unmounted and what is mounted."""
    steps = [step for step in found.steps if isinstance(step, ChangeMounts)]
    return [one.node for step in steps for one in step.unmounts], [
        one.destination for step in steps for one in step.mounts
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", A, ([], ["/a"])),
        (A, "", (["/j/a"], [])),
        (A, "mount = '/a /j/a nullfs rw';", (["/j/a"], ["/a"])),
        (A, "mount = '/b /j/a nullfs ro';", (["/j/a"], ["/a"])),
        (A, "mount = '/a //j//a/ nullfs ro 0 0';", ([], [])),
        (A, f"{A} mount += 'tmpfs /j/a/t tmpfs size=1m';", ([], ["/a/t"])),
        (
            f"{A} mount += 'tmpfs /j/a/t tmpfs size=1m';",
            f"{A} mount += 'tmpfs /j/a/t tmpfs size=2m';",
            (["/j/a/t"], ["/a/t"]),
        ),
        (f"{A} mount += 'tmpfs /j/a/t tmpfs';", "mount = 'tmpfs /j/a/t tmpfs';", (["/j/a/t", "/j/a"], ["/a/t"])),
        ("", "mount.devfs; mount.fdescfs;", ([], ["/dev", "/dev/fd"])),
        ("mount.devfs; mount.procfs;", "", (["/j/proc", "/j/dev"], [])),
    ],
)
def test_mounts_come_and_go(old: str, new: str, expected: tuple[list[str], list[str]]) -> None:
    assert nodes(plan(old, new)) == expected


def test_a_mount_that_is_gone_comes_back_if_somebody_looked() -> None:
    assert plan(A, A) == LivePlan()
    assert nodes(plan(A, A, observed=LiveObserved(mounted=()))) == ([], ["/a"])
    assert plan(A, A, observed=LiveObserved(mounted=(mounted("/a", "ro"),))) == LivePlan()
    assert nodes(plan(A, A, observed=LiveObserved(mounted=(mounted("/a"),)))) == (["/j/a"], ["/a"])


@pytest.mark.parametrize(
    ("old", "new", "observed", "expected"),
    [
        (A, "", LiveObserved(mounted=(mounted("/a", "ro"),), busy=frozenset({"/j/a"})), ("mount",)),
        ("mount.devfs;", "", LiveObserved(mounted=(DEV,), busy=frozenset({"/j/dev"})), ("mount.devfs",)),
        ("", "mount = 'srv:/a /j/a nfs rw';", None, ("mount",)),
        ("", "mount = '/a /elsewhere nullfs rw';", None, ("mount",)),
        ("", "mount = '/a /j nullfs rw';", None, ("mount",)),
        ("", 'mount = "/a ${path}/a nullfs rw";', None, ("mount",)),
    ],
)
def test_mounts_that_take_a_restart(
    old: str, new: str, observed: LiveObserved | None, expected: tuple[str, ...]
) -> None:
    found = plan(old, new, observed=observed)
    assert (found.restart_needed, found.steps) == (expected, ())


def test_what_somebody_else_mounted_below_isnt_taken_along() -> None:
    table = (mounted("/a", "ro"), mounted("/a/b"))
    with pytest.raises(InputError, match="/j/a/b is mounted below"):
        plan(A, "", observed=LiveObserved(mounted=table))


def test_mounts_wait_for_the_restart_that_a_path_takes() -> None:
    old, new = settings(f"path = /j; {A}"), settings("path = /k; mount = '/a /k/a nullfs ro';")
    assert live.plan("x", old, new, kernel(), None) == LivePlan((), ("path",), ("mount",))


# --- devfs rules ------------------------------------------------------------------------------------------------------


def test_a_ruleset_is_set_and_applied() -> None:
    found = plan("mount.devfs; devfs_ruleset = 4;", "mount.devfs; devfs_ruleset = 5;", kernel(devfs_ruleset="4"))
    assert sets(found) == {"devfs_ruleset": "5"}
    assert found.steps[1:] == (ApplyRules("/j/dev", "4", "5"),)


def test_a_ruleset_that_doesnt_hide_all_first_takes_a_restart() -> None:
    observed = LiveObserved(mounted=(DEV,), closed=False)
    found = plan("mount.devfs;", "mount.devfs; devfs_ruleset = 9;", observed=observed)
    assert (found.restart_needed, found.steps) == (("devfs_ruleset",), ())


def test_a_ruleset_without_a_dev_is_the_kernels_alone() -> None:
    assert sets(plan("", "devfs_ruleset = 9;")) == {"devfs_ruleset": "9"}


# --- what was cut short -----------------------------------------------------------------------------------------------

BEGUN = settings(f"vnet.interface = b; ip4.addr = 'lo1|10.0.0.2'; {A}")
HALF = LiveObserved(
    mounted=(mounted("/a", "ro"),), on_host=frozenset({ONE.place, TWO.place}), interfaces=frozenset({"lo0", "b"})
)


def test_a_change_that_was_cut_short_is_brought_to_its_end() -> None:
    jail = kernel(ip4__addr=("10.0.0.2",))
    found = plan("ip4.addr = 'lo1|10.0.0.1';", f"ip4.addr = 'lo1|10.0.0.2'; {A}", jail, HALF, begun=BEGUN)
    assert found.steps == (MoveInterface("b", False), MoveAlias(ONE, None))


def test_a_change_that_was_cut_short_is_taken_back() -> None:
    jail, text = kernel(ip4__addr=("10.0.0.1",)), "ip4.addr = 'lo1|10.0.0.1';"
    found = plan(text, text, jail, HALF, begun=BEGUN)
    assert found.steps[:2] == (MoveInterface("b", False), MoveAlias(TWO, None))
    assert nodes(found) == (["/j/a"], [])


@pytest.mark.parametrize(("text", "expected"), [("", None), ("host.hostname = a;", "a")])
def test_a_parameter_that_a_change_gave_is_taken_back(text: str, expected: str | None) -> None:
    jail, begun = kernel(host__hostname="b"), settings("path = /j; persist; host.hostname = b;")
    assert sets(plan(text, text, jail, begun=begun)) == {"host.hostname": expected}


def test_rules_that_were_about_to_be_applied_are_applied_over() -> None:
    text, begun = "mount.devfs; devfs_ruleset = 4;", settings("path = /j; persist; mount.devfs; devfs_ruleset = 1;")
    observed = LiveObserved(mounted=(DEV,))
    found = plan(text, text, kernel(devfs_ruleset="4"), observed, begun=begun)
    assert found.steps == (ApplyRules("/j/dev", "4", "4"),)


def test_a_netmask_that_was_about_to_change_is_set_again() -> None:
    wide = Alias("ip4.addr", "lo1", "10.0.0.1", "24")
    text, observed = "ip4.addr = 'lo1|10.0.0.1';", LiveObserved(on_host=frozenset({ONE.place}))
    found = plan(text, text, kernel(ip4__addr=("10.0.0.1",)), observed, begun=settings(f"ip4.addr = '{wide.text}';"))
    assert moves(found) == [(ONE, ONE)]


# --- the record -------------------------------------------------------------------------------------------------------


def test_the_record_keeps_what_waits_for_a_restart() -> None:
    old = settings("path = /j; mount = '/a /j/a nullfs ro'; exec.poststop = old;")
    text = "x {\n    path = '/k';\n    mount = '/a /k/a nullfs ro';\n    exec.poststop = new;\n}\n"
    found = live.plan("x", old, settings_of(text, "x"), kernel(), None)
    after = settings_of(live.text_after(text, "x", old, found), "x")
    assert after == settings("path = /j; mount = '/a /j/a nullfs ro'; exec.poststop = new;")
    assert live.text_after(text, "x", old, LivePlan()) == text
