# SPDX-License-Identifier: BSD-2-Clause
"""The connection plugin jail, with jails as the hosts of an inventory."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.connection import play, put_and_fetch
from tests.hosts import Host

from .conftest import Ansible, documented_examples, ssh_to

HERE = Path(__file__).parent
JAILS = ("one", "two")
# Each waits for the other, by what that one writes to its /etc, which is in the host's file system.
PLAY: list[dict[str, Any]] = [
    {
        "name": "In two jails of one host",
        "hosts": "jails",
        "gather_facts": False,
        "tasks": [
            {
                "name": "Meet",
                "ansible.builtin.shell": (
                    "touch /etc/here; n=600; for jail in one two; do"
                    " until [ -e /jails/$jail.etc/here ] || [ $((n -= 1)) -eq 0 ]; do sleep 0.1; done; done;"
                    " echo $n $(hostname)"
                ),
                "register": "met",
                "failed_when": "met.stdout is not match('[1-9][0-9]* ' ~ inventory_hostname.split('@')[0] ~ '[.]')",
            }
        ],
    }
]


def _thin_jail(ansible: Ansible, name: str, state: str) -> None:
    arguments = [
        "-e",
        "target=setup_thin_jail",
        "-e",
        f"setup_thin_jail_name={name}",
        "-e",
        f"setup_thin_jail_state={state}",
    ]
    ansible.playbook(HERE / "target.yml", *arguments, ANSIBLE_ROLES_PATH=str(HERE / "targets"))


def test_the_example(ansible: Ansible) -> None:
    example = HERE.parent.parent / "playbooks/inside.yml"
    ansible.playbook(example)
    assert re.findall(r"changed=(\d+)", ansible.playbook(example)) == ["0", "0"]
    assert "inetd" in ansible.host.run("ps -o comm -J inside").stdout
    ansible.module("bsd.jail.jail", "name=inside state=absent")
    ansible.host.run("ifconfig lo1 destroy; rm -rf /usr/local/jails/inside /usr/local/jails/inside.etc")


def test_the_inventory_of_the_documentation(ansible: Ansible, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAILHOST2_PASSWORD", "unused")
    inventory = tmp_path / "documented.yml"
    inventory.write_text(documented_examples("connection.jail"))
    names = ("web", "db", "mail")
    ansible.host.run("; ".join(f"jail -q -c name={name} path=/ persist host.hostname={name}" for name in names))
    play = tmp_path / "play.yml"
    command = {"ansible.builtin.command": "hostname", "register": "said", "changed_when": False}
    show = {"ansible.builtin.debug": {"msg": "{{ inventory_hostname }} is {{ said.stdout }}"}}
    hosts = "jails:jails_by_su"
    play.write_text(yaml.safe_dump([{"hosts": hosts, "gather_facts": False, "tasks": [command, show]}]))
    ssh = ssh_to(ansible.host, tmp_path / "ssh")
    said = ansible.playbook(play, "-i", str(inventory), ANSIBLE_SSH_EXECUTABLE=str(ssh))
    assert set(re.findall(r'"msg": "(.*)"', said)) == {
        "web@jailhost1.example.org is web",
        "database is db",
        "mail@jailhost2.example.org is mail",
    }
    ansible.host.run("; ".join(f"jail -r {name}" for name in names))


def test_two_jails_at_once(ansible: Ansible, tmp_path: Path) -> None:
    for jail in JAILS:
        _thin_jail(ansible, jail, "started")
    # What ansible_host would say is in the names.
    variables = {name: value for name, value in ansible.host.variables.items() if name != "ansible_host"}
    hosts: dict[str, Any] = {f"{jail}@{ansible.host.name}": {} for jail in JAILS}
    group = {"hosts": hosts, "vars": {**variables, "ansible_connection": "bsd.jail.jail"}}
    inventory = tmp_path / "jails.yml"
    inventory.write_text(yaml.safe_dump({"jails": group}))
    play = tmp_path / "play.yml"
    play.write_text(yaml.safe_dump(PLAY))
    ansible.playbook(play, "-i", str(inventory))
    for jail in JAILS:
        _thin_jail(ansible, jail, "absent")


def test_a_task_costs_as_many_round_trips_as_on_the_host(host: Host, tmp_path: Path) -> None:
    host.run("jail -q -c name=cost path=/ persist")
    tasks: list[dict[str, Any]] = [{"ansible.builtin.command": "true"}, {"ansible.builtin.ping": {}}]
    inside = play(host, tmp_path, tasks, ansible_connection="bsd.jail.jail", ansible_jail_name="cost")
    assert inside.ssh == play(host, tmp_path, tasks).ssh == len(tasks)
    host.run("jail -r cost")


def test_large_files_are_not_held_in_memory(host: Host, tmp_path: Path) -> None:
    host.run("jail -q -c name=memory path=/ persist")
    memory = {}
    for size in (1, 100 << 20):
        tasks = put_and_fetch(tmp_path, size)
        cost = play(host, tmp_path, tasks, ansible_connection="bsd.jail.jail", ansible_jail_name="memory")
        assert (tmp_path / "back").read_bytes() == (tmp_path / "large").read_bytes()
        memory[size] = cost.memory
    # Some copies of a piece, whatever the file's size.
    assert memory[100 << 20] - memory[1] < 100 << 20
    host.run("jail -r memory; rm /tmp/benchmark")
