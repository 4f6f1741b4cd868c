# SPDX-License-Identifier: BSD-2-Clause
"""Looking at what jls can't show: which programs are run for which difference, and what is made of their answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.bsd.jail.plugins.module_utils import livelook, processes
from ansible_collections.bsd.jail.plugins.module_utils.configured import settings_of
from ansible_collections.bsd.jail.plugins.module_utils.confread import Setting
from ansible_collections.bsd.jail.plugins.module_utils.host import DEVFS, FSTAT, IFCONFIG, MOUNT, Result
from ansible_collections.bsd.jail.plugins.module_utils.jls import Jail
from ansible_collections.bsd.jail.plugins.module_utils.livesteps import LiveObserved

from .fake import FakeHost

A = "mount = '/a /j/a nullfs rw';"
TABLE = {"mount": {"mounted": [{"fstype": "nullfs", "special": "/a", "node": "/j/a", "fsid": "a"}]}}
# Recorded: bsy-1, dev-1.
NOT_BUSY = "USER     CMD          PID   FD MOUNT      INUM MODE         SZ|DV R/W\n"
BUSY = NOT_BUSY + "root     sleep          7   wd /j/a  58752 drwxr-xr-x     512  r\n"
RULES = {
    "1": "100 hide\n",
    "2": "100 path null unhide\n",
    "4": "100 include 1\n200 include 2\n300 path fuse unhide\n",
    "6": "100 include 1\n200 path bpf* unhide mode 666\n",
    "9": "100 path bpf* unhide\n",
}


class LookHost(FakeHost):
    """A host that answers what the look asks. open_files: what fstat(1) prints."""

    open_files = NOT_BUSY

    def run(self, *argv: str, stdin: str = "") -> Result:
        self.programs.append(" ".join(argv))
        answers = {
            MOUNT: json.dumps(TABLE),
            FSTAT: self.open_files,
            IFCONFIG: "lo0 e0b\n" if "-l" in argv else "lo1: flags=0\n\tinet 10.0.0.1 netmask 0xffffffff\n",
            DEVFS: RULES.get(argv[-2], "") if argv[-1] == "show" else "",
        }
        return Result(argv, 0, answers[argv[0]], "")


@pytest.fixture
def host(tmp_path: Path) -> LookHost:
    return LookHost(tmp_path)


def settings(text: str) -> dict[str, Setting]:
    return settings_of(f"x {{ path = /j; persist; {text} }}", "x")


def look(host: LookHost, old: str, new: str, vnet: str = "inherit", begun: str = "") -> LiveObserved:
    jail = Jail(7, "x", {"path": "/j", "persist": True, "vnet": vnet})
    return livelook.look(host, "x", jail, settings(old), settings(new), settings(begun) if begun else {})


def ran(host: LookHost) -> list[str]:
    return [line.partition("bin/")[2] for line in host.programs]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "host.hostname = a;", []),
        (A, A, ["mount -v --libxo json"]),
        (A, "", ["mount -v --libxo json", "fstat -f /j/a"]),
        ("", "interface = lo1; ip4.addr = 10.0.0.1;", ["ifconfig"]),
        (
            "mount.devfs; devfs_ruleset = 1;",
            "mount.devfs; devfs_ruleset = 9;",
            ["mount -v --libxo json", "devfs rule -s 9 show", "devfs rule -s 1 show"],
        ),
    ],
)
def test_only_what_matters_is_asked(host: LookHost, old: str, new: str, expected: list[str]) -> None:
    look(host, old, new)
    assert ran(host) == expected


def test_interfaces_are_looked_for_in_the_jail(host: LookHost) -> None:
    assert look(host, "vnet;", "vnet; vnet.interface = e0b;", vnet="new").interfaces == {"lo0", "e0b"}
    assert ran(host) == ["ifconfig -j 7 -l"]
    assert look(host, "", "vnet; vnet.interface = e0b;").interfaces is None


def test_a_mount_with_open_files_is_busy(host: LookHost) -> None:
    assert look(host, A, "").busy == frozenset()
    host.open_files = BUSY
    assert look(host, A, "").busy == {"/j/a"}


def test_processes_are_looked_for_only_where_persist_goes(host: LookHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "listed", lambda host, jids: [])
    assert look(host, "", "nopersist;").occupied is False
    assert look(host, "", "").occupied is True


@pytest.mark.parametrize(
    ("old", "new", "begun", "closed"),
    [
        ("4", "1", "", True),
        ("1", "4", "", True),
        ("4", "9", "", False),
        ("9", "4", "", True),
        ("6", "4", "", False),
        ("4", "0", "", False),
        ("4", "4", "6", False),
        ("4", "4", "1", True),
    ],
)
def test_which_rulesets_can_be_applied_over_others(
    host: LookHost, old: str, new: str, begun: str, closed: bool
) -> None:
    before, after, half = (f"mount.devfs; devfs_ruleset = {one};" if one else "" for one in (old, new, begun))
    assert look(host, before, after, begun=half).closed is closed
