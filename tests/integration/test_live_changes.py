# SPDX-License-Identifier: BSD-2-Clause
"""All transitions between a dozen configurations of one jail: what is changed live, what takes a restart, and that the
jail is then as one made afresh. The table of them is part of the documentation; `--update` writes it.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.bsd.jail.plugins.module_utils.params import EFFECT, LIVE, RECORD, RESTART, TABLE

from tests.hosts import CHECKOUT, Host

from .test_mount_race import library

PAGE = CHECKOUT / "docs/live-changes.md"
DRIVER = Path(__file__).with_name("live_driver.py")

SETUP = """
mkdir -p /jails/live/data /jails/live/data2 /jails/live/tmp /jails/live/dev /jails/live/proc /jails/elsewhere
mkdir -p /jails.data/inner /tmp/live/library
ln -sf live /jails/link
ifconfig lo1 >/dev/null 2>&1 || ifconfig lo1 create
for n in 7 8; do ifconfig epair$n create; done
ifconfig bridge7 create up
"""
CLEAN_UP = """
for interface in epair7a epair8a bridge7; do ifconfig $interface destroy; done
rm -rf /tmp/live /jails.data /jails/link
"""

DATA = {"source": "/jails.data", "type": "nullfs"}
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "plain": {"path": "/jails/live"},
    "named": {
        "path": "/jails/live",
        "host_hostname": "live.example.org",
        "params": {
            "allow.raw_sockets": True,
            "allow.set_hostname": False,
            "children.max": 3,
            "exec.poststop": "true",
            "meta": "it's a $test",
            "sysvmsg": "new",
        },
    },
    "secure": {"path": "/jails/live", "params": {"securelevel": 1}},
    "address": {"path": "/jails/live", "interface": "lo1", "ip4_addr": ["10.98.0.1"]},
    "prefixes": {
        "path": "/jails/live",
        "ip4_addr": ["lo1|10.98.0.1/24", "lo1|10.98.0.3/32", "127.0.0.1"],
        "ip6_addr": ["lo1|fd00:98::2/64"],
    },
    "inherit": {"path": "/jails/live", "ip4": "inherit"},
    "mounts": {
        "path": "/jails/live",
        "mounts": [
            {**DATA, "destination": "/data", "options": ["ro"]},
            {"source": "tmpfs", "type": "tmpfs", "destination": "/tmp", "options": ["size=4m"]},
        ],
    },
    "devices": {
        "path": "/jails/live",
        "mounts": [
            {**DATA, "destination": "/data", "options": []},
            {"source": "tmpfs", "type": "tmpfs", "destination": "/data/inner", "options": []},
            {**DATA, "destination": "/data2", "options": ["ro", "nosuid"]},
        ],
        "mount_devfs": True,
        "devfs_ruleset": 4,
    },
    "rules": {"path": "/jails/live", "mount_devfs": True, "devfs_ruleset": 1, "params": {"mount.procfs": True}},
    "vnet": {"path": "/jails/live", "vnet": True, "vnet_interface": ["epair7b"]},
    "two interfaces": {"path": "/jails/live", "vnet": True, "vnet_interface": ["epair8b", "epair7b"]},
    "bridged": {"path": "/jails/live", "epairs": [{"bridge": "bridge7", "addresses": ["10.98.1.2/24"]}]},
    "elsewhere": {"path": "/jails/elsewhere", "host_hostname": "live.example.org"},
}


# Each is something else to the kernel than what was written (recorded: nrm-1), and no change the second time.
FORMS: tuple[dict[str, Any], ...] = (
    {"path": "/jails/link"},
    {"path": "/jails//live/"},
    {"path": "/jails/live", "ip4_addr": ["10.9.0.9", "10.9.0.3", "10.9.0.7", "10.9.0.1"]},
    {"path": "/jails/live", "ip6_addr": ["FD00:0:0::0002", "fd00::1"]},
    {"path": "/jails/live", "ip4_addr": ["lo1|10.98.0.4/24"], "ip6_addr": ["lo1|FD00:98::0004/64"]},
    {"path": "/jails/live", "interface": "lo1", "ip4_addr": ["10.98.0.5/255.255.255.0"]},
    {"path": "/jails/live", "ip4": "new"},
    {"path": "/jails/live", "ip4": "disable", "ip6": "inherit"},
    {"path": "/jails/live", "vnet": True, "ip4": "new", "vnet_interface": ["epair7b"]},
    {
        "path": "/jails/live",
        "params": {"sysvmsg": True, "host": "new", "allow.raw_sockets": "true", "securelevel": "-1"},
    },
    {"path": "/jails/live", "params": {"enforce_statfs": "01", "children.max": "0", "meta": " a\n b "}},
    {"path": "/jails/live", "mounts": [{"source": "/jails.data/", "type": "nullfs", "destination": "//data/"}]},
    {"path": "/jails/link", "mount_devfs": True, "params": {"mount": ["tmpfs /jails/link//tmp tmpfs rw 0 0"]}},
)

# One change with steps of all kinds, but for interfaces.
KILLED: dict[str, dict[str, Any]] = {
    "before": {
        "path": "/jails/live",
        "interface": "lo1",
        "ip4_addr": ["10.98.0.1", "10.98.0.3/24"],
        "mounts": [{**DATA, "destination": "/data", "options": ["ro"]}],
        "mount_devfs": True,
        "devfs_ruleset": 4,
    },
    "after": {
        "path": "/jails/live",
        "host_hostname": "killed.example.org",
        "ip4_addr": ["lo1|10.98.0.2/24", "lo1|10.98.0.3"],
        "mounts": [{**DATA, "destination": "/data2", "options": []}],
        "mount_devfs": True,
        "devfs_ruleset": 1,
    },
}


def drive(host: Host, what: str, given: object) -> list[dict[str, Any]]:
    """Let the driver do something with configurations on the host. Returns what came of it."""
    python = host.variables["ansible_python_interpreter"]
    host.run(SETUP)
    subprocess.run([*host.shell, "tar -C /tmp/live/library -xzf -"], input=library(), check=True)
    for name, text in (("driver.py", DRIVER.read_text()), ("configurations", json.dumps(given))):
        subprocess.run([*host.shell, f"cat >/tmp/live/{name}"], input=text, text=True, check=True)
    done = host.run(
        f"PYTHONPATH=/tmp/live/library {python} /tmp/live/driver.py {what} /tmp/live/configurations", check=False
    )
    host.run(CLEAN_UP)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def table(found: list[dict[str, Any]]) -> str:
    """The transitions as a table of Markdown."""
    names = list(CONFIGURATIONS)
    cell = {(one["before"], one["after"]): ", ".join(one["why"]) or "live" for one in found}
    rows = [["from \\ to", *names], ["---"] * (len(names) + 1)]
    rows += [[f"**{before}**", *(cell.get((before, after), "") for after in names)] for before in names]
    return _rows(rows)


def kinds() -> str:
    """The parameters by what it takes to change them, as a table of Markdown."""
    words = {
        LIVE: "`jail -m`",
        EFFECT: "live, by other means",
        RECORD: "nothing: at the next start or stop",
        RESTART: "a restart",
    }
    rows = [["to change", "takes", "known from"], ["---"] * 3]
    return _rows(rows + [[f"`{one.name}`", words[one.change], one.source] for one in TABLE])


def _rows(rows: list[list[str]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def document(found: list[dict[str, Any]]) -> str:
    """The whole page: docs/live-changes.md."""
    configurations = "".join(f"- **{name}**: `{json.dumps(given)}`\n" for name, given in CONFIGURATIONS.items())
    return f"""\
<!-- SPDX-License-Identifier: BSD-2-Clause -->
<!-- Written by tests/integration/test_live_changes.py --update, from what it found. -->
# What changes in a running jail, and what takes a restart

`bsd.jail.jail` compares what a jail was started with, what it shall have, and what the kernel has now. What can be
changed while the jail runs is changed so; for the rest, `restart: if_needed` restarts it, and `restart: never` leaves
it and returns `restart_needed`. What is added while it runs goes with the jail when it stops. A step that fails undoes
those before it; after a change that was killed, the next run brings it to its end, or takes it back.

## By parameter

A case id names what a real FreeBSD 15.1 answered; `jail(8)` its manual page. Parameters that aren't listed are changed
by `jail -m` if `jls -n` shows them, and take a restart if it doesn't.

{kinds()}
- A parameter that is taken out of the configuration gets what a new jail has. To see what that is, a jail
  `bsd_jail_new` is made for a moment, in which nothing runs.
- `securelevel` is raised live; what lowers it takes a restart, and where the jail raised it itself it is left alone.
- `persist` is taken away live only while a process runs in the jail: otherwise the jail would be gone at once.
- A value with variables in it (`expand`) takes a restart when it changes: jail(8) alone knows what they come to.
- A mount that is in use, and a tmpfs that holds files, aren't unmounted under a jail: that takes a restart. So does a
  file system that mount(8) needs a program of its own for, such as NFS, one on the jail's root itself, and one outside
  of it.
- A devfs ruleset is applied live if it hides all before it shows anything, as FreeBSD's own for jails do.
- An epair of `epairs` whose bridge changes leaves the one and joins the other; all else about `epairs` takes a restart,
  and stands in `restart_needed` under that name.
- An address on one of the host's interfaces stays there as long as another running jail has it there too. One that the
  host has itself is refused: jail(8) would take it away with the jail.

## From each to each

What asked for a restart, or `live`:

{table(found)}
The configurations:

{configurations}"""


def test_all_transitions(host: Host, request: pytest.FixtureRequest) -> None:
    found = drive(host, "transitions", CONFIGURATIONS)
    assert len(found) == len(CONFIGURATIONS) * (len(CONFIGURATIONS) - 1)
    for one in found:
        where = f"{one['before']} -> {one['after']}"
        assert not one["wrong"], f"{where}: {json.dumps(one['wrong'], indent=1)}"
        assert one["check"] == one["real"], where
        assert one["real"]["steps"], where
        assert one["again"] == {"steps": [], "diff": []}, where
        assert one["restarted"] == bool(one["why"]), where
    print(table(found))
    written = document(found)
    if request.config.getoption("--update"):
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(written)
    assert PAGE.read_text() == written, f"{PAGE} isn't what was found: run this test with --update"


def test_what_the_kernel_makes_of_a_value_is_no_change(host: Host) -> None:
    for form, one in zip(FORMS, drive(host, "twice", FORMS)):
        assert one["first"]["steps"], form
        assert one["second"] == {"steps": [], "diff": []}, form


def test_a_change_that_is_killed_is_brought_to_its_end_or_back(host: Host) -> None:
    found = drive(host, "killed", KILLED)
    assert len(found) > 6
    for one in found:
        where = f"after {one['step']} steps: {json.dumps(one, indent=1)}"
        for name in KILLED:
            assert one[name] == {}, where
            assert one[f"{name}, again"] == {"steps": [], "diff": []}, where
            assert not one[f"{name}, restarted"], where
        assert one["left"] == {}, where
