# SPDX-License-Identifier: BSD-2-Clause
"""What mounts are wanted, and what is to be done for them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.bsd.jail.plugins.module_utils.desired import configuration
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, JailError
from ansible_collections.bsd.jail.plugins.module_utils.mountplan import (
    Found,
    Mount,
    is_as_wanted,
    node,
    plan_mount,
    plan_unmount,
    wanted_mounts,
)
from ansible_collections.bsd.jail.plugins.module_utils.mounttable import Mounted, parse, shown


def nullfs(destination: str, source: str = "/src", *options: str) -> dict[str, Any]:
    return {"destination": destination, "type": "nullfs", "source": source, "options": list(options)}


def mounted(place: str, fstype: str = "nullfs", special: str = "/src", *options: str, fsid: str = "") -> Mounted:
    return Mounted(fstype, special, f"/jails/x{place}", frozenset(options), fsid or place)


def found(*table: Mounted, **more: Any) -> Found:
    return Found(
        "/jails/x", (Mounted("ufs", "/dev/vtbd0", "/", frozenset(), "0"), *table), more.pop("astray", {}), **more
    )


# --- what is asked for ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (nullfs("mnt"), "isn't absolute"),
        (nullfs(""), "isn't absolute"),
        (nullfs("/../etc"), "has '..' in it"),
        (nullfs("/a/.."), "has '..' in it"),
        (nullfs("/a\0b"), "NUL"),
        ({"destination": "/a"}, "type is ''"),
        ({"destination": "/a", "type": "null fs"}, "type is 'null fs'"),
        ({"destination": "/a", "type": "nullfs"}, "source is ''"),
        (nullfs("/a", "src"), "source is 'src'"),
        (nullfs("/a", "/a\0b"), "NUL"),
        (nullfs("/a", "/src", "ro,nosuid"), "isn't one option"),
        (nullfs("/a", "/src", ""), "isn't one option"),
        (nullfs("/a", "/src", "=1"), "isn't one option"),
        (nullfs("/a", "/src", "fspath=/etc"), "fspath isn't an option of a file system"),
        (nullfs("/a", "/src", "update"), "update isn't an option"),
        (nullfs("/a", "/src", "nosuchopt"), "nullfs has no option 'nosuchopt'"),
    ],
)
def test_what_cant_be_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as refused:
        wanted_mounts("jail x", [given])
    assert refused.value.message.startswith("jail x: the mount with the destination ")
    assert words in refused.value.message


def test_a_destination_that_stands_twice_is_refused() -> None:
    with pytest.raises(InputError, match="two mounts have this destination"):
        wanted_mounts("jail x", [nullfs("/a/b"), nullfs("//a/./b/")])


def test_what_is_asked_for_becomes_mounts() -> None:
    given = [
        nullfs("//usr//local/", "/usr/../src/", "ro", "noauto", "late", "failok"),
        {"destination": "/tmp", "type": "tmpfs", "source": None, "options": None},
        {"destination": "/dev", "type": "devfs"},
        {"destination": "/other", "type": "devfs", "options": ["ruleset=5"]},
    ]
    assert wanted_mounts("jail x", given) == (
        Mount("/usr/local", "nullfs", "/usr/../src/", ("ro",)),
        Mount("/tmp", "tmpfs"),
        Mount("/dev", "devfs", "", ("ruleset=4",)),
        Mount("/other", "devfs", "", ("ruleset=5",)),
    )


def test_none_is_mounted_before_what_it_lies_in_and_else_the_order_stays() -> None:
    order = ["/z", "/a/b/c", "/a-b", "/y/1", "/a", "/a/b", "/y"]
    mounts = wanted_mounts("jail x", [nullfs(one) for one in order])
    assert [one.destination for one in mounts] == ["/z", "/a", "/a/b", "/a/b/c", "/a-b", "/y", "/y/1"]


def test_to_unmount_only_the_destination_matters() -> None:
    assert wanted_mounts("x", [{"destination": "/a/", "type": "?", "options": [""]}], unmount=True) == (Mount("/a"),)


@pytest.mark.parametrize(
    ("root", "destination", "path"),
    [("/jails/x", "/", "/jails/x"), ("/jails/x", "/a", "/jails/x/a"), ("/", "/a", "/a"), ("/", "/", "/")],
)
def test_the_path_on_the_host(root: str, destination: str, path: str) -> None:
    assert node(root, destination) == path


def test_the_module_jail_writes_the_same_mounts_for_jail8() -> None:
    given = [nullfs("/a/b", "/src x", "ro", "late"), nullfs("/a"), {"destination": "/dev", "type": "devfs"}]
    conf = configuration("x", {"path": "/jails/x", "mounts": given})
    assert conf is not None
    assert dict(conf.parameters)["mount"] == (
        "/src /jails/x/a nullfs rw 0 0",
        "/src\\040x /jails/x/a/b nullfs ro 0 0",
        "null /jails/x/dev devfs ruleset=4 0 0",
    )
    with pytest.raises(
        InputError, match="jail x: the mount with the destination '/a': nullfs has no option 'read-only'"
    ):
        configuration("x", {"path": "/jails/x", "mounts": [nullfs("/a", "/src", "read-only")]})


# --- what is mounted --------------------------------------------------------------------------------------------------

# As recorded: mnt-1, mnt-2, opt-1, with a tab that libxo leaves as it is (mnt-8), and the fsids that -v adds.
LISTING = (
    '{"mount": {"mounted": [{"special":"/dev/vtbd0","node":"/","fstype":"ufs", "opts": ["local"],'
    '"fsid":"66a1b2c35d4e6f70", "vnodes": {"count":1}}, {"special":"devfs","node":"/dev","fstype":"devfs"}, '
    '{"special":"/tmp/b/data/c d","node":"/tmp/b/root1/i\tj","fstype":"nullfs", '
    '"opts": ["local","noexec","nosuid","read-only"],"fsid":"03ff002929000000"}]}}\n\n'
)


def test_the_listing_is_read() -> None:
    assert parse(LISTING) == (
        Mounted("ufs", "/dev/vtbd0", "/", frozenset(), "66a1b2c35d4e6f70"),
        Mounted("devfs", "devfs", "/dev", frozenset(), ""),
        Mounted(
            "nullfs", "/tmp/b/data/c d", "/tmp/b/root1/i\tj", frozenset({"noexec", "nosuid", "ro"}), "03ff002929000000"
        ),
    )


@pytest.mark.parametrize("text", ["", "{}", '{"mount": {"mounted": [{}]}}', '{"mount": {"mounted": 1}}'])
def test_what_isnt_a_listing_is_an_error(text: str) -> None:
    with pytest.raises(JailError, match="can't be read as what is mounted"):
        parse(text)


def test_a_later_option_undoes_an_earlier_one() -> None:
    assert shown(["ro", "nosuid", "size=4m", "rw", "noexec", "exec", "noexec"]) == {"nosuid", "noexec"}


@pytest.mark.parametrize(
    ("mount", "there", "same"),
    [
        (Mount("/a", "nullfs", "/src"), mounted("/a"), True),
        (Mount("/a", "nullfs", "/src", ("ro",)), mounted("/a", "nullfs", "/src", "ro"), True),
        (Mount("/a", "nullfs", "/src", ("rw", "cache")), mounted("/a"), True),
        (Mount("/a", "nullfs", "/src", ("ro",)), mounted("/a"), False),
        (Mount("/a", "nullfs", "/src"), mounted("/a", "nullfs", "/src", "ro"), False),
        (Mount("/a", "nullfs", "/src"), mounted("/a", "nullfs", "/other"), False),
        (Mount("/a", "tmpfs", "", ("size=4m",)), mounted("/a", "tmpfs", "tmpfs"), True),
        (Mount("/a", "tmpfs", "swap"), mounted("/a", "tmpfs", "tmpfs"), True),
        (Mount("/a", "tmpfs"), mounted("/a"), False),
        (Mount("/a", "ufs", "/dev/ada0p1"), mounted("/a", "ufs", "/dev/ada0p2"), False),
        (Mount("/a", "mqueuefs"), mounted("/a", "mqueuefs", "mqueue"), True),
    ],
)
def test_whether_it_is_mounted_as_wanted(mount: Mount, there: Mounted, same: bool) -> None:
    assert is_as_wanted(mount, there, ()) is same


@pytest.mark.parametrize(
    ("asked", "shown_there", "same"),
    [
        ((), ("noatime", "nosuid"), True),  # as the file system of its source
        ((), (), True),  # mounted before that was mounted so
        (("noatime",), (), True),  # which a nullfs never shows of its own
        (("ro",), ("ro", "noatime"), True),
        (("ro",), ("noatime", "nosuid"), False),
        ((), ("ro", "noatime"), False),
        ((), ("noexec",), False),
    ],
)
def test_a_nullfs_also_shows_what_the_file_system_of_its_source_has(
    asked: tuple[str, ...], shown_there: tuple[str, ...], same: bool
) -> None:
    table = [
        Mounted("ufs", "/dev/vtbd0", "/", frozenset({"noexec"}), "0"),
        Mounted("ufs", "/dev/vtbd1", "/src", frozenset({"noatime", "nosuid"}), "1"),
        Mounted("ufs", "/dev/vtbd2", "/src/dir/below", frozenset({"ro"}), "2"),
        Mounted("ufs", "/dev/vtbd3", "/src/di", frozenset({"ro"}), "3"),
    ]
    mount, there = Mount("/a", "nullfs", "/src/dir", asked), mounted("/a", "nullfs", "/src/dir", *shown_there)
    assert is_as_wanted(mount, there, table) is same


# --- what is to be done -----------------------------------------------------------------------------------------------


def places(mounts: tuple[Mount, ...]) -> list[str]:
    return [one.destination for one in mounts]


def fsids(mounts: tuple[Mounted, ...]) -> list[str]:
    return [one.fsid for one in mounts]


A, AB, C = Mount("/a", "nullfs", "/src"), Mount("/a/b", "nullfs", "/src"), Mount("/c", "tmpfs")


def test_nothing_where_all_is_as_wanted() -> None:
    plan = plan_mount(
        "jail x", [A, AB, C], found(mounted("/a"), mounted("/a/b"), mounted("/c", "tmpfs", "tmpfs")), False
    )
    assert (plan.unmounts, plan.mounts) == ((), ())
    assert plan.before == plan.after != ""


def test_what_isnt_there_is_mounted() -> None:
    plan = plan_mount("jail x", [A, AB, C], found(mounted("/a")), False)
    assert (plan.unmounts, places(plan.mounts)) == ((), ["/a/b", "/c"])
    assert plan.before == "/src /jails/x/a nullfs rw 0 0\n"
    assert plan.after == plan.before + "/src /jails/x/a/b nullfs rw 0 0\nnull /jails/x/c tmpfs rw 0 0\n"


def test_what_is_there_otherwise_is_replaced() -> None:
    plan = plan_mount(
        "jail x", [A, C], found(mounted("/a", "nullfs", "/old", "ro"), mounted("/c", "tmpfs", "tmpfs")), False
    )
    assert (fsids(plan.unmounts), places(plan.mounts)) == (["/a"], ["/a"])
    assert plan.before.endswith("/old /jails/x/a nullfs ro 0 0\n")
    assert plan.after.endswith("/src /jails/x/a nullfs rw 0 0\n")


def test_what_lies_in_what_is_replaced_is_mounted_anew_where_it_is_wanted_too() -> None:
    table = found(mounted("/a", "nullfs", "/old"), mounted("/a/b"), mounted("/ab", "nullfs", "/other"))
    plan = plan_mount("jail x", [A, AB], table, False)
    assert (fsids(plan.unmounts), places(plan.mounts)) == (["/a/b", "/a"], ["/a", "/a/b"])
    with pytest.raises(InputError, match="jail x: /jails/x/a/b is mounted below"):
        plan_mount("jail x", [A], table, False)
    plan = plan_mount("jail x", [A], table, True)
    assert (fsids(plan.unmounts), places(plan.mounts)) == (["/a/b", "/a"], ["/a"])


def test_what_would_be_hidden_isnt() -> None:
    table = found(mounted("/a/b/c"), mounted("/a/b"))
    with pytest.raises(InputError, match="jail x: /jails/x/a/b, /jails/x/a/b/c is mounted below"):
        plan_mount("jail x", [A], table, False)
    plan = plan_mount("jail x", [A], table, True)
    assert (fsids(plan.unmounts), places(plan.mounts)) == (["/a/b", "/a/b/c"], ["/a"])


def test_of_two_mounts_on_one_place_the_topmost_counts_and_both_go() -> None:
    lower, upper = mounted("/a", "tmpfs", "tmpfs", fsid="1"), mounted("/a", fsid="2")
    assert not plan_mount("jail x", [A], found(lower, upper), False).mounts
    plan = plan_mount("jail x", [A], found(upper, lower), False)
    assert (fsids(plan.unmounts), places(plan.mounts)) == (["1", "2"], ["/a"])
    assert fsids(plan_unmount("jail x", [A], found(lower, upper), False).unmounts) == ["2", "1"]


def test_a_tmpfs_with_files_is_replaced_only_by_force() -> None:
    table = found(mounted("/a", "tmpfs", "tmpfs", "ro"), filled=frozenset({"/a"}))
    with pytest.raises(InputError, match="the tmpfs on /jails/x/a isn't as asked for, and to replace it loses"):
        plan_mount("jail x", [Mount("/a", "tmpfs")], table, False)
    assert plan_mount("jail x", [Mount("/a", "tmpfs")], table, True).unmounts
    assert not plan_mount("jail x", [Mount("/a", "tmpfs", "", ("ro",))], table, False).unmounts
    assert plan_unmount("jail x", [Mount("/a")], table, False).unmounts


def test_what_has_gone_astray_is_replaced_and_the_diff_says_why() -> None:
    plan = plan_mount("jail x", [A], found(mounted("/a"), astray={"/a": "its source has been replaced since"}), False)
    assert (fsids(plan.unmounts), places(plan.mounts)) == (["/a"], ["/a"])
    assert plan.before == "/src /jails/x/a nullfs rw 0 0 # its source has been replaced since\n"


def test_unmounting_is_in_reverse_order_and_of_what_is_there() -> None:
    table = found(mounted("/a"), mounted("/a/b"), mounted("/other"))
    plan = plan_unmount("jail x", [Mount("/a"), Mount("/a/b"), Mount("/gone")], table, False)
    assert (fsids(plan.unmounts), plan.mounts) == (["/a/b", "/a"], ())
    assert plan.before == "/src /jails/x/a nullfs rw 0 0\n/src /jails/x/a/b nullfs rw 0 0\n"
    assert plan.after == ""
    with pytest.raises(InputError, match="/jails/x/a/b is mounted below"):
        plan_unmount("jail x", [Mount("/a")], table, False)
    assert fsids(plan_unmount("jail x", [Mount("/a")], table, True).unmounts) == ["/a/b", "/a"]


def test_what_is_mounted_below_a_place_where_nothing_is_doesnt_matter_to_unmounting() -> None:
    assert not plan_unmount("jail x", [Mount("/a")], found(mounted("/a/b")), False).unmounts


def test_the_diff_writes_odd_paths_as_fstab_does() -> None:
    plan = plan_mount("jail x", [Mount("/a b#\\", "nullfs", "/s\tt", ("ro", "nosuid"))], found(), False)
    assert plan.after == "/s\\011t /jails/x/a\\040b\\043\\134 nullfs ro,nosuid 0 0\n"
