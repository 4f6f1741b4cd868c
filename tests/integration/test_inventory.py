# SPDX-License-Identifier: BSD-2-Clause
"""The inventory plugin jails: the jails of a host, by their state, host and meta; unreachable hosts; the cache."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.hosts import CHECKOUT, Host, ansible_environment

from .conftest import documented_examples, ssh_to

# One jail that runs, one that is dead and configured, and files that jail(8) can't read.
SETUP = """
mkdir -p /etc/jail.conf.d
cat >/etc/jail.conf.d/stopped.conf <<'X'
stopped {
    path = "/";
    meta = "role=db owner=ops";
    exec.start = "one
name=two";
}
X
printf 'broken {\n' >/etc/jail.conf.d/broken.conf
jail -q -c name=runs path=/ persist children.max=1 host.hostname='{{ 1 + 1 }}' meta='role=web owner=ops'
jexec runs jail -q -c name=child path=/ persist meta='role=db'
"""
CLEAN = "rm /etc/jail.conf.d/stopped.conf /etc/jail.conf.d/broken.conf"


# The first play makes a jail that the inventory didn't have when the run began.
REFRESHED: list[dict[str, Any]] = [
    {
        "hosts": "jailhosts",
        "gather_facts": False,
        "tasks": [
            {"ansible.builtin.command": "jail -q -c name=made path=/ persist", "changed_when": True},
            {"ansible.builtin.meta": "refresh_inventory"},
        ],
    },
    {
        "hosts": "jails:!runs@*",
        "gather_facts": False,
        "tasks": [{"ansible.builtin.command": "sysctl -n security.jail.jailed", "changed_when": True}],
    },
]


@dataclass(frozen=True)
class Inventory:
    """The host's inventory, and one of its jails beside it."""

    host: Host
    directory: Path

    def write(self, **options: Any) -> None:
        """Configure the plugin."""
        self.host.write_inventory(self.directory / "hosts.yml")
        given = {"plugin": "bsd.jail.jails", "hosts": ["jailhosts"], **options}
        (self.directory / "our.jails.yml").write_text(yaml.safe_dump(given))

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run ansible-inventory, or what is given."""
        command = arguments if arguments[0].startswith("ansible") else ("ansible-inventory", *arguments)
        sources = ("-i", str(self.directory / "hosts.yml"), "-i", str(self.directory / "our.jails.yml"))
        environment = ansible_environment(ANSIBLE_NOCOLOR="1", **variables)
        return subprocess.run([*command, *sources], cwd=CHECKOUT, env=environment, capture_output=True, text=True)

    def groups(self, *arguments: str, **variables: str) -> dict[str, set[str]]:
        """The hosts of each group, without the jail host's name in the jails'."""
        done = self.run("--list", *arguments, **variables)
        assert done.returncode == 0, done.stderr
        listed = json.loads(done.stdout)
        return {
            group: {host.partition("@")[0] for host in about["hosts"]}
            for group, about in listed.items()
            if "hosts" in about and group != "jailhosts"
        }


@pytest.fixture
def inventory(host: Host, tmp_path: Path) -> Inventory:
    host.run(SETUP)
    return Inventory(host, tmp_path)


def test_the_jails_of_a_host(inventory: Inventory) -> None:
    inventory.write()
    groups = inventory.groups()
    assert groups.pop("jails") == groups.pop("state_running") == {"runs"}
    assert list(groups.values()) == [{"runs"}]  # host_…
    keyed = [{"prefix": "state", "key": "jail_state"}, {"prefix": "is", "key": "jail_meta"}]
    compose = {"ansible_python_interpreter": repr(inventory.host.variables["ansible_python_interpreter"])}
    inventory.write(states=["running", "stopped"], keyed_groups=keyed, strict=True, compose=compose)
    both = {"runs", "stopped"}
    assert inventory.groups() == {
        "jails": both,
        "state_running": {"runs"},
        "state_stopped": {"stopped"},
        "is_role_web": {"runs"},
        "is_role_db": {"stopped"},
        "is_owner_ops": both,
    }
    # What can't be read is said; what a jail says of itself isn't a template.
    done = inventory.run("ansible", "state_running", "-m", "debug", "-a", "var=jail_hostname")
    assert "broken.conf" in done.stderr
    assert '"jail_hostname": "{{ 1 + 1 }}"' in done.stdout
    done = inventory.run("ansible", "state_running", "-m", "command", "-a", "sysctl -n security.jail.jailed")
    assert done.stdout.splitlines()[1:] == ["1"], done.stderr
    done = inventory.run("ansible", "state_stopped", "-m", "raw", "-a", "true")
    assert 'jail "stopped" not found' in done.stdout
    inventory.host.run(f"{CLEAN}; jail -r runs")


def test_the_example_of_the_documentation(inventory: Inventory, tmp_path: Path) -> None:
    inventory.write()
    (tmp_path / "our.jails.yml").write_text(documented_examples("inventory.jails"))
    groups = inventory.groups(ANSIBLE_SSH_EXECUTABLE=str(ssh_to(inventory.host, tmp_path / "ssh")))
    both = {"runs", "stopped"}
    assert groups.pop("jails") == both
    assert groups.pop("host_jailhost9_example_org") == both
    assert groups.pop("state_running") == groups.pop("role_web") == {"runs"}
    assert groups.pop("state_stopped") == groups.pop("role_db") == {"stopped"}
    assert groups.pop("owner_ops") == both
    assert list(groups.values()) == [both]  # the other host
    inventory.host.run(f"{CLEAN}; jail -r runs")


def test_a_jail_that_is_made_in_the_same_run(inventory: Inventory, tmp_path: Path) -> None:
    compose = {"ansible_python_interpreter": repr(inventory.host.variables["ansible_python_interpreter"])}
    inventory.write(compose=compose)
    (tmp_path / "play.yml").write_text(yaml.safe_dump(REFRESHED))
    done = inventory.run("ansible-playbook", str(tmp_path / "play.yml"))
    assert done.returncode == 0, done.stdout
    assert f"changed: [made@{inventory.host.name}]" in done.stdout
    inventory.host.run(f"{CLEAN}; jail -r runs; jail -r made")


def test_a_host_that_does_not_answer(inventory: Inventory) -> None:
    inventory.write(hosts=["nosuch.invalid", "jailhosts"])
    assert inventory.groups()["jails"] == {"runs"}
    assert "The jails of nosuch.invalid aren't known" in inventory.run("--list").stderr
    inventory.write(hosts=["nosuch.invalid", "jailhosts"], unreachable="error")
    done = inventory.run("--list", ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="1")
    assert done.returncode != 0
    assert "nosuch.invalid" in done.stderr
    inventory.host.run(f"{CLEAN}; jail -r runs")


def test_the_cache(inventory: Inventory, tmp_path: Path) -> None:
    inventory.write(cache=True, cache_plugin="ansible.builtin.jsonfile", cache_connection=str(tmp_path / "cache"))
    assert inventory.groups()["jails"] == {"runs"}
    inventory.host.run("jail -r runs")
    assert inventory.groups()["jails"] == {"runs"}
    assert "jails" not in inventory.groups("--flush-cache")
    inventory.host.run(CLEAN)
