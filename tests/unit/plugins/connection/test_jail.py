# SPDX-License-Identifier: BSD-2-Clause
"""The connection plugin, with a host whose jexec(8) checks how it is called and then runs the command right here."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError, AnsibleFileNotFound
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import become_loader, connection_loader
from ansible.plugins.shell.sh import ShellModule

from .conftest import program

PIECE = 1 << 18
ODD = ["a b", "it's", '"', "$HOME `id`", "back\\slash", "ü", "new\nline", "*", "-n"]


class LocalHost:
    """The connection to the jail host: this machine's sh, with another jexec. It remembers what it was asked for."""

    def __init__(self, jexec: Path) -> None:
        self.jexec = jexec
        self.become: Any = None
        self.asked: list[tuple[str, bytes | None, bool]] = []

    def exec_command(self, command: str, in_data: bytes | None, sudoable: bool) -> tuple[int, bytes, bytes]:
        self.asked.append((command, in_data, sudoable))
        command = command.replace("/usr/sbin/jexec", str(self.jexec))
        environment = {**os.environ, "LEAKED": "1"}
        done = subprocess.run(["/bin/sh", "-c", command], input=in_data or b"", capture_output=True, env=environment)
        stdout = done.stdout
        if self.become and sudoable:
            stdout = self.become.strip_become_success(stdout)  # as Ansible's local connection does
        return done.returncode, stdout, done.stderr

    def is_pipelining_enabled(self, wrap_async: bool) -> bool:
        return not wrap_async


@pytest.fixture
def host(jexec: Path) -> LocalHost:
    return LocalHost(jexec)


def connect(host: LocalHost, **variables: Any) -> Any:
    connection = connection_loader.get("bsd.jail.jail", PlayContext())
    given = {"inventory_hostname": "runs@host", "ansible_jail_host_connection": "local", **variables}
    connection.set_options(var_options=given)
    connection._host = host
    return connection


def become(**options: str) -> Any:
    plugin = become_loader.get("ansible.builtin.sudo")
    plugin.set_options(direct=options)
    plugin.build_become_command("true", ShellModule())
    return plugin


@pytest.mark.parametrize(
    ("variables", "jail", "address"),
    [
        ({"inventory_hostname": "web@host"}, "web", "host"),
        ({"inventory_hostname": "w@b@host"}, "w@b", "host"),
        ({"inventory_hostname": "x", "ansible_host": "web@::1"}, "web", "::1"),
        ({"inventory_hostname": "x", "ansible_host": "host", "ansible_jail_name": "12"}, "12", "host"),
        ({"inventory_hostname": "web@host", "ansible_jail_name": "web"}, "web", "host"),
    ],
)
def test_which_jail_of_which_host(host: LocalHost, variables: dict[str, str], jail: str, address: str) -> None:
    connection = connect(host, **variables)
    assert (connection._jail, connection._address) == (jail, address)


@pytest.mark.parametrize(
    "variables",
    [
        {"inventory_hostname": "host"},
        {"inventory_hostname": "@host"},
        {"inventory_hostname": "web@host", "ansible_host": "10.0.0.1"},
        {"inventory_hostname": "web@host", "ansible_jail_name": "db"},
    ],
)
def test_it_must_be_clear_which_jail(host: LocalHost, variables: dict[str, str]) -> None:
    with pytest.raises(AnsibleError, match=r"Which jail.*ansible_jail_name"):
        connect(host, **variables)


def test_ssh_logs_in_to_the_host_and_not_as_the_jail() -> None:
    connection = connection_loader.get("bsd.jail.jail", PlayContext())
    given = {"inventory_hostname": "web@host", "ansible_user": "admin", "ansible_jail_user": "www"}
    connection.set_options(var_options={**given, "ansible_ssh_executable": "/my/ssh", "ansible_port": 2222})
    ssh = connection._host
    assert (ssh.get_option("host"), ssh.get_option("remote_user"), ssh.get_option("port")) == ("host", "admin", 2222)
    assert ssh.get_option("ssh_executable") == "/my/ssh"
    assert connection.get_option("remote_user") == "www"


@pytest.mark.parametrize("text", ODD)
def test_a_command_line_is_the_jails_shells(host: LocalHost, text: str) -> None:
    status, stdout, _ = connect(host).exec_command(f"printf %s {shlex.quote(text)}; exit 3")
    assert (status, stdout.decode()) == (3, text)


def test_a_jails_name_is_one_word(host: LocalHost) -> None:
    connection = connect(host, inventory_hostname="ru n$s@host")
    assert connection.exec_command('printf %s "$JAIL"') == (0, b"ru n$s", b"")


def test_commands_start_at_home_and_have_nothing_of_the_hosts(host: LocalHost) -> None:
    connection = connect(host, ansible_jail_user="www")
    status, stdout, _ = connection.exec_command('echo "$USER"; pwd; env | grep LEAKED', in_data=b"x")
    assert (status, stdout.decode()) == (1, f"www\n{os.path.realpath(host.jexec.parent)}/home\n")


def test_standard_input_is_the_commands(host: LocalHost) -> None:
    assert connect(host).exec_command("cat", in_data=bytes(range(256))) == (0, bytes(range(256)), b"")


def test_a_jail_that_is_not_there_is_unreachable(host: LocalHost) -> None:
    with pytest.raises(AnsibleConnectionFailure, match='jail gone of host: jexec: jail "gone" not found'):
        connect(host, inventory_hostname="gone@host").exec_command("true")


def test_a_command_that_fails_in_jexecs_words_has_failed(host: LocalHost) -> None:
    words = b'jexec: jail "runs" not found\n'
    assert connect(host).exec_command(f"echo {shlex.quote(words.decode().strip())} >&2; exit 1") == (1, b"", words)
    assert len(host.asked) == 2  # the command, and a look whether the jail can be entered


def test_a_command_that_succeeds_is_all_that_is_asked_for(host: LocalHost) -> None:
    connect(host).exec_command("true")
    assert len(host.asked) == 1


def test_a_command_that_is_killed_has_a_status(host: LocalHost) -> None:
    assert connect(host).exec_command("kill -9 $$")[0] == 137


def there_and_back(host: LocalHost, tmp_path: Path, name: str, content: bytes) -> None:
    sent, there, back = tmp_path / "sent", tmp_path / "home" / name, tmp_path / "back"
    sent.write_bytes(content)
    connection = connect(host)
    connection.put_file(str(sent), str(there))
    connection.fetch_file(str(there), str(back))
    assert there.read_bytes() == content == back.read_bytes()


@pytest.mark.parametrize("name", ODD)
def test_files_have_any_name(host: LocalHost, tmp_path: Path, name: str) -> None:
    there_and_back(host, tmp_path, name, bytes(range(256)))


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_files_go_by_the_piece(host: LocalHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    module = sys.modules[type(connect(host)).__module__]
    monkeypatch.setattr(module, "_BLOCKS", PIECE >> 16)
    monkeypatch.setattr(module, "_PIECE", PIECE)
    there_and_back(host, tmp_path, "name", os.urandom(size))
    assert max(len(data or b"") for _command, data, _sudoable in host.asked) == min(size, PIECE)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_a_new_file_has_the_mode_of_the_other(host: LocalHost, tmp_path: Path, mode: int) -> None:
    sent, there, back = tmp_path / "sent", tmp_path / "there", tmp_path / "back"
    sent.write_text("x")
    sent.chmod(mode)
    connection = connect(host)
    connection.put_file(str(sent), str(there))
    connection.fetch_file(str(there), str(back))
    assert there.stat().st_mode & 0o777 == mode == back.stat().st_mode & 0o777


def test_a_file_that_is_there_keeps_its_mode_and_nothing_of_what_was_in_it(host: LocalHost, tmp_path: Path) -> None:
    sent, there = tmp_path / "sent", tmp_path / "there"
    sent.write_text("x")
    there.write_text("longer")
    there.chmod(0o640)
    connect(host).put_file(str(sent), str(there))
    assert (there.read_text(), there.stat().st_mode & 0o777) == ("x", 0o640)


def test_put_says_what_is_missing(host: LocalHost, tmp_path: Path) -> None:
    with pytest.raises(AnsibleFileNotFound, match="nosuch"):
        connect(host).put_file(str(tmp_path / "nosuch"), "/tmp/x")
    sent = tmp_path / "sent"
    sent.write_text("x")
    with pytest.raises(AnsibleError, match=r"send .*/sent to .*/nosuch/x in the jail runs of host: .*nosuch/x"):
        connect(host).put_file(str(sent), str(tmp_path / "nosuch/x"))


def test_put_says_that_there_is_no_room(host: LocalHost, tmp_path: Path) -> None:
    sent = tmp_path / "sent"
    sent.write_text("x")
    with pytest.raises(AnsibleError, match="No space left on device"):
        connect(host).put_file(str(sent), "/dev/full")


def test_fetch_of_what_is_not_there_leaves_what_is_here(host: LocalHost, tmp_path: Path) -> None:
    back = tmp_path / "back"
    back.write_text("kept")
    with pytest.raises(AnsibleError, match=r"fetch .*/nosuch in the jail runs of host: .*No such file"):
        connect(host).fetch_file(str(tmp_path / "nosuch"), str(back))
    assert back.read_text() == "kept"


def test_becoming_root_on_the_host_is_around_jexec_alone(host: LocalHost, tmp_path: Path) -> None:
    sudo = program(tmp_path / "sudo", '#!/bin/sh\necho "$1 $2 $3" >&2\nshift 3\nexec "$@"\n')
    variables = {"ansible_jail_host_become_exe": str(sudo), "ansible_jail_host_become_flags": "-n"}
    connection = connect(host, ansible_jail_host_become=True, **variables)
    assert connection.exec_command("echo one; echo two; exit 3") == (3, b"one\ntwo\n", b"-n -u root\n")


def test_white_space_at_the_beginning_of_a_piece_is_kept(
    host: LocalHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sudo = program(tmp_path / "sudo", '#!/bin/sh\nshift 5\nexec "$@"\n')
    module = sys.modules[type(connect(host)).__module__]
    monkeypatch.setattr(module, "_BLOCKS", PIECE >> 16)
    monkeypatch.setattr(module, "_PIECE", PIECE)
    there, back = tmp_path / "there", tmp_path / "back"
    there.write_text("\n" * (2 * PIECE + 1))
    variables = {"ansible_jail_host_become": True, "ansible_jail_host_become_exe": str(sudo)}
    connect(host, **variables).fetch_file(str(there), str(back))
    assert back.read_text() == there.read_text()


@pytest.mark.parametrize(("words", "mode"), [("6755", 0o755), ("0", 0o200), ("9", 0o600), ("-rw-r--r--", 0o600)])
def test_no_jail_makes_a_setuid_file_here(host: LocalHost, tmp_path: Path, words: str, mode: int) -> None:
    program(tmp_path / "stat", f"#!/bin/sh\necho {words}\n")
    (tmp_path / "there").write_text("x")
    back = tmp_path / "back"
    connect(host).fetch_file(str(tmp_path / "there"), str(back))
    assert back.stat().st_mode & 0o7777 == mode
    back.chmod(0o600)
    assert back.read_text() == "x"


def test_the_hosts_password_is_given_to_the_host(host: LocalHost) -> None:
    variables = {"ansible_jail_host_become": True, "ansible_jail_host_become_pass": "secret"}
    connection = connect(host, **variables)
    inside = become()
    connection.set_become_plugin(inside)
    host.exec_command = lambda command, in_data, sudoable: (0, f"{inside.success}\r\nout".encode(), b"")  # type: ignore[method-assign]
    assert connection.exec_command("true") == (0, b"out", b"")
    assert host.become is connection._outside
    assert host.become.prompt
    assert host.become.get_option("become_pass") == "secret"


def test_two_passwords_are_one_too_many(host: LocalHost) -> None:
    variables = {"ansible_jail_host_become": True, "ansible_jail_host_become_pass": "secret"}
    connection = connect(host, **variables)
    connection.set_become_plugin(become(become_pass="other"))
    with pytest.raises(AnsibleError, match="password"):
        connection.exec_command("true")


def test_an_unknown_way_to_become_root_is_named(host: LocalHost) -> None:
    with pytest.raises(AnsibleError, match=r"ansible_jail_host_become_method.*nosuch"):
        connect(host, ansible_jail_host_become=True, ansible_jail_host_become_method="nosuch")


def test_pipelining_is_the_hosts_connections(host: LocalHost) -> None:
    connection = connect(host)
    assert connection.is_pipelining_enabled()
    assert not connection.is_pipelining_enabled(wrap_async=True)
