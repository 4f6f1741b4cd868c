# SPDX-License-Identifier: BSD-2-Clause
"""The inventory plugin, with jail hosts that answer from a table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible import context
from ansible.errors import AnsibleConnectionFailure, AnsibleParserError
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import inventory_loader
from ansible.utils.context_objects import CLIArgs
from ansible_collections.bsd.jail.plugins.inventory import jails
from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError

RUNS = {"jid": "3", "name": "web", "path": "/j/web", "host.hostname": "w", "vnet": "inherit", "dying": False}
SHOWN = {**RUNS, "meta": "role=web  owner=ops lone", "ip4.addr": ["10.0.0.1", "10.0.0.2"], "ip6.addr": []}
SEPARATOR = "\x1f"
HOSTS = {
    "jailhosts": {
        "hosts": {"one": {"ansible_host": "10.0.0.1", "ansible_port": 2222}, "two": {"ansible_connection": "local"}},
        "vars": {
            "admin": "operator",
            "ansible_user": "{{ admin }}",
            "ansible_become": True,
            "ansible_become_method": "community.general.doas",
            "ansible_python_interpreter": "/usr/local/bin/python3",
        },
    }
}


class Connection:
    """A connection to a jail host: its running jails, and the records and complaints of `jail -e`."""

    def __init__(self, running: list[dict[str, Any]], configured: list[str] | None = None, said: str = "") -> None:
        self.running, self.configured, self.said = running, configured, said

    def exec_on_host(self, command: str) -> tuple[int, bytes, bytes]:
        if command.startswith("/usr/sbin/jls"):
            return 0, json.dumps({"jail-information": {"jail": self.running}}).encode(), b""
        assert self.configured is not None, "nobody asked for stopped jails"
        marker = command.partition("* { ")[2].partition(";")[0]
        records = [record.replace("|", f"{SEPARATOR}{marker}{SEPARATOR}", 1) for record in self.configured]
        return 0, "\n".join([*records, ""]).replace("|", SEPARATOR).encode(), self.said.encode()


def test_a_running_jail() -> None:
    ((jail,), complaints) = jails._ask(Connection([SHOWN]), ["running"])
    assert complaints == []
    assert jail == {
        "name": "web",
        "state": "running",
        "jid": 3,
        "path": "/j/web",
        "hostname": "w",
        "ip4": ["10.0.0.1", "10.0.0.2"],
        "ip6": [],
        "vnet": False,
        "meta": {"role": "web", "owner": "ops", "lone": ""},
    }


def test_a_name_in_several_states_is_one_jail() -> None:
    dying = [{**RUNS, "jid": "1", "dying": True}, {**RUNS, "jid": "2", "name": "old", "dying": "true"}]
    connection = Connection([*dying, RUNS], ["name=web|path=/", "name=old|path=/", "name=off|path=/"])
    found, _ = jails._ask(connection, ["running", "dying", "stopped"])
    assert [(jail["name"], jail["state"], jail["jid"]) for jail in found] == [
        ("off", "stopped", 0),
        ("old", "dying", 2),
        ("web", "running", 3),
    ]
    assert [jail["name"] for jail in jails._ask(connection, ["dying"])[0]] == ["old"]
    assert [jail["name"] for jail in jails._ask(connection, ["stopped"])[0]] == ["off"]


def test_a_configured_jail() -> None:
    record = (
        """name="a b"|path=/j/x|host.hostname='say "x"'|exec.start="one\nname=two"|ip4.addr=10.0.0.1,10.0.0.2"""
        '|vnet|meta="role=db\nit\'s=\\\\"'
    )
    found, complaints = jails._configured(
        Connection([], [record, "name=y|path=/", "name=y|path=/other"], "bad\nworse\n")
    )
    assert complaints == ["bad", "worse"]
    assert list(found) == ["a b", "y"]
    assert found["a b"] == {
        "name": "a b",
        "jid": 0,
        "path": "/j/x",
        "hostname": 'say "x"',
        "ip4": ["10.0.0.1", "10.0.0.2"],
        "ip6": [],
        "vnet": True,
        "meta": {"role": "db", "it's": "\\"},
    }
    assert found["y"]["path"] == "/"


def test_what_is_no_list_of_jails_is_an_error() -> None:
    connection = Connection([])
    connection.exec_on_host = lambda command: (0, b"hello", b"")  # type: ignore[method-assign]
    with pytest.raises(JailError, match="hello"):
        jails._ask(connection, ["running"])


class Source:
    """An inventory of jail hosts, and a file of ours beside it."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.directory = directory
        self.asked: dict[str, dict[str, Any]] = {}
        self.down: set[str] = set()
        monkeypatch.setattr(jails.InventoryModule, "_connect", self._connect)

    def _connect(self, host: str, variables: dict[str, Any]) -> Connection:
        self.asked[host] = variables
        if host not in self.down:
            return Connection([SHOWN])
        connection = Connection([])
        connection.exec_on_host = self._fail  # type: ignore[method-assign]
        return connection

    def _fail(self, command: str) -> tuple[int, bytes, bytes]:
        raise AnsibleConnectionFailure("down")

    def read(self, **options: Any) -> Any:
        (self.directory / "hosts.yml").write_text(yaml.safe_dump(HOSTS))
        ours = self.directory / "z.jails.yml"
        ours.write_text(yaml.safe_dump({"plugin": "bsd.jail.jails", **options}))
        loader = DataLoader()
        manager = InventoryManager(loader, [str(self.directory / "hosts.yml")])
        plugin = inventory_loader.get("bsd.jail.jails")
        assert plugin.verify_file(str(ours))
        manager._inventory.processed_sources = [str(self.directory / "hosts.yml")]
        plugin.parse(manager._inventory, loader, str(ours))
        return manager


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    return Source(tmp_path, monkeypatch)


def test_hosts_are_groups_hosts_and_addresses(source: Source) -> None:
    inventory = source.read(hosts=["two", "jailhosts", "10.0.0.9"])
    assert list(source.asked) == ["two", "one", "10.0.0.9"]
    assert source.asked["10.0.0.9"] == {"ansible_host": "10.0.0.9"}
    assert sorted(host.name for host in inventory.groups["jails"].get_hosts()) == ["web@10.0.0.9", "web@one", "web@two"]
    assert {"host_one", "host_two", "host_10_0_0_9", "state_running"} <= set(inventory.groups)


def test_a_jail_is_reached_as_its_host_is(source: Source) -> None:
    (source.directory / "group_vars").mkdir()
    (source.directory / "group_vars/jailhosts.yml").write_text("ansible_ssh_common_args: -J jump\n")
    inventory = source.read(hosts=["jailhosts"])
    one = inventory.hosts["web@one"].vars
    assert {name: value for name, value in one.items() if name.startswith("ansible_")} == {
        "ansible_connection": "bsd.jail.jail",
        "ansible_jail_name": "web",
        "ansible_host": "10.0.0.1",
        "ansible_port": 2222,
        "ansible_user": "operator",
        "ansible_ssh_common_args": "-J jump",
        "ansible_jail_host_connection": "ssh",
        "ansible_jail_host_become": True,
        "ansible_jail_host_become_method": "community.general.doas",
    }
    assert inventory.hosts["web@two"].vars["ansible_jail_host_connection"] == "local"


def test_meta_makes_groups_and_expressions_variables(source: Source) -> None:
    keyed = [{"prefix": "", "separator": "", "key": "jail_meta"}]
    given = {
        "keyed_groups": keyed,
        "groups": {"two_addresses": "jail_ip4 | length > 1"},
        "compose": {"x": "jail_meta.owner"},
    }
    inventory = source.read(hosts=["one"], strict=True, **given)
    assert {"roleweb", "ownerops", "two_addresses"} <= set(inventory.groups)
    assert inventory.hosts["web@one"].vars["x"] == "ops"
    with pytest.raises(AnsibleParserError, match="nosuch"):
        source.read(hosts=["one"], strict=True, groups={"x": "nosuch.attribute"})


def test_a_host_that_is_down(source: Source, capsys: pytest.CaptureFixture[str]) -> None:
    source.down = {"one"}
    inventory = source.read(hosts=["jailhosts"])
    assert [host.name for host in inventory.groups["jails"].get_hosts()] == ["web@two"]
    assert "The jails of one aren't known: down" in " ".join(capsys.readouterr().err.split())
    with pytest.raises(AnsibleParserError, match="The jails of one aren't known: down"):
        source.read(hosts=["jailhosts"], unreachable="error")


def test_a_host_that_is_not_to_be_reached_by_its_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    connect = jails.InventoryModule._connect
    source = Source(tmp_path, monkeypatch)

    def _connect(self: Any, host: str, variables: dict[str, Any]) -> Any:
        return connect(self, host, variables) if host == "bad" else source._connect(host, variables)

    monkeypatch.setattr(jails.InventoryModule, "_connect", _connect)
    for variables, words in (
        ({"ansible_connection": "winrm"}, "winrm"),
        ({"ansible_become": True, "ansible_become_method": "nosuch"}, "nosuch"),
        ({"ansible_user": "{{ undefined_one }}"}, "undefined_one"),
    ):
        monkeypatch.setitem(HOSTS, "others", {"hosts": {"bad": variables}})
        inventory = source.read(hosts=["bad", "one"])
        assert [host.name for host in inventory.groups["jails"].get_hosts()] == ["web@one"]
        said = " ".join(capsys.readouterr().err.split())
        assert "The jails of bad aren't known" in said
        assert words in said
        with pytest.raises(AnsibleParserError, match=f"jails of bad aren't known.*{words}"):
            source.read(hosts=["bad", "one"], unreachable="error")


def test_hosts_are_asked_as_who_the_command_line_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "CLIARGS", CLIArgs({"remote_user": "bob"}))
    connection = jails.InventoryModule()._connect("one", {"ansible_host": "10.0.0.1"})
    assert connection._host.get_option("remote_user") == "bob"
    connection = jails.InventoryModule()._connect("one", {"ansible_user": "alice"})
    assert connection._host.get_option("remote_user") == "alice"


def test_jails_within_jails_are_asked_for(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    child = {**SHOWN, "name": "web.child"}
    monkeypatch.setattr(jails.InventoryModule, "_connect", lambda *_arguments: Connection([SHOWN, child]))
    assert [host.name for host in source.read(hosts=["one"]).groups["jails"].get_hosts()] == ["web@one"]
    inventory = source.read(hosts=["one"], children=True)
    assert [host.name for host in inventory.groups["jails"].get_hosts()] == ["web@one", "web.child@one"]


def test_an_address_has_no_user(source: Source) -> None:
    with pytest.raises(AnsibleParserError, match=r"root@10\.0\.0\.1.*ansible_user"):
        source.read(hosts=["root@10.0.0.1"])
