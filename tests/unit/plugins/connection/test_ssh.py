# SPDX-License-Identifier: BSD-2-Clause
"""The connection plugin over Ansible's ssh connection, with an ssh that notes its arguments and runs the command right
here: whatever users tell Ansible about ssh, this ssh is told, just as for the jail host itself.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.hosts import CHECKOUT, ansible_environment

from .conftest import program

# The command is the last argument. `-O check` and `-O stop` have none. While there is a file `down`, ssh takes it for
# the answer, and away.
SSH = """#!/bin/sh
{{ printf '%s\037' "$@"; printf '\036'; }} >>{here}/log
case " $* " in *" -O "*) exit 0;; esac
if [ -e {here}/down ]; then rm {here}/down; echo 'ssh: Connection refused' >&2; exit 255; fi
for command; do :; done
exec /bin/sh -c "$(printf %s "$command" | sed 's|/usr/sbin/jexec|{here}/jexec|')"
"""
SU = """#!/bin/sh
# root -c COMMAND
if [ -e {here}/asks ]; then
    printf Password:
    read -r given
    echo
    [ "$given" = secret ] || {{ echo 'su: Sorry' >&2; exit 1; }}
fi
echo su >>{here}/su.log
exec /bin/sh "$2" "$(printf %s "$3" | sed 's|/usr/sbin/jexec|{here}/jexec|')"
"""
RAW = ("raw", r"printf 'p%s\n' ong")
PING = ("ping", "")
INSIDE = {"ansible_connection": "bsd.jail.jail", "ansible_jail_name": "runs"}


@dataclass(frozen=True)
class Ssh:
    """Ansible's programs, with the inventory's one host reached by our ssh."""

    here: Path

    def ansible(self, *arguments: str, variables: dict[str, Any], **environment: str) -> tuple[str, list[list[str]]]:
        """Run `ansible host`. Returns what it prints, and the arguments of each ssh."""
        return self._run(["ansible", "host", *arguments], variables, environment)

    def playbook(self, tasks: list[dict[str, Any]], variables: dict[str, Any]) -> tuple[str, list[list[str]]]:
        """Run tasks. Returns what Ansible prints, and the arguments of each ssh."""
        play = self.here / "play.yml"
        play.write_text(yaml.safe_dump([{"hosts": "host", "gather_facts": False, "tasks": tasks}]))
        return self._run(["ansible-playbook", str(play)], variables, {})

    def _run(
        self, command: list[str], variables: dict[str, Any], environment: dict[str, str]
    ) -> tuple[str, list[list[str]]]:
        log = self.here / "log"
        log.write_text("")
        given = {
            "ansible_ssh_executable": str(self.here / "ssh"),
            "ansible_python_interpreter": sys.executable,
            "ansible_ssh_transfer_method": "piped",
            **variables,
        }
        inventory = self.here / "inventory.yml"
        inventory.write_text(yaml.safe_dump({"all": {"hosts": {"host": given}}}))
        done = subprocess.run(
            [str(Path(sys.executable).with_name(command[0])), *command[1:], "-i", str(inventory)],
            env=ansible_environment(ANSIBLE_NOCOLOR="1", **environment),
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.stdout, [call.split("\037")[:-1] for call in log.read_text().split("\036")[:-1]]


@pytest.fixture
def ssh(tmp_path: Path, jexec: Path) -> Ssh:
    program(tmp_path / "ssh", SSH.format(here=tmp_path))
    program(tmp_path / "su", SU.format(here=tmp_path))
    return Ssh(tmp_path)


def test_options_of_the_command_line_are_sshs(ssh: Ssh) -> None:
    (ssh.here / "password").write_text("secret\n")
    options = [*"-u admin -T 7 --private-key /my/key --ssh-common-args=-C --ssh-extra-args=-A".split()]
    options += ["--connection-password-file", str(ssh.here / "password"), "-m", "raw", "-a", "true"]
    _, (outside,) = ssh.ansible(*options, variables={})
    _, (inside,) = ssh.ansible(*options, variables=INSIDE)
    assert inside[:-1] == outside[:-1]
    assert {'User="admin"', "ConnectTimeout=7", 'IdentityFile="/my/key"', "-C", "-A", "NumberOfPasswordPrompts=1"} <= {
        *inside
    }


def test_variables_are_sshs(ssh: Ssh) -> None:
    variables = {
        "ansible_host": "10.0.0.1",
        "ansible_port": 2222,
        "ansible_user": "admin",
        "ansible_password": "secret",
        "ansible_ssh_common_args": "-J jump",
        "ansible_ssh_extra_args": "-A",
        "ansible_ssh_args": "-o ControlMaster=auto -o ControlPersist=5s",
        "ansible_control_path_dir": str(ssh.here / "cp"),
        "ansible_control_path": "%(directory)s/%%h",
        "ansible_ssh_private_key_file": "/my/key",
        "ansible_host_key_checking": False,
        "ansible_ssh_timeout": 7,
        "ansible_ssh_verbosity": 2,
        "ansible_ssh_use_tty": False,
    }
    _, (outside,) = ssh.ansible("-m", "raw", "-a", "true", variables=variables)
    _, (inside,) = ssh.ansible("-m", "raw", "-a", "true", variables={**variables, **INSIDE})
    assert inside[:-1] == outside[:-1]
    assert {"Port=2222", 'User="admin"', "-J", "-A", "StrictHostKeyChecking=no", "-vv", "10.0.0.1"} <= set(inside)
    assert f'ControlPath="{ssh.here}/cp/%h"' in inside
    assert "-tt" not in inside


def test_settings_and_the_environment_are_sshs(ssh: Ssh) -> None:
    settings = ssh.here / "ansible.cfg"
    settings.write_text(
        f"[defaults]\ncollections_path = {CHECKOUT / '.venv'}\nremote_port = 2222\nprivate_key_file = /my/key\n"
        "[ssh_connection]\nssh_args = -4\n"
    )
    environment = {"ANSIBLE_CONFIG": str(settings), "ANSIBLE_REMOTE_USER": "admin", "ANSIBLE_SSH_COMMON_ARGS": "-A"}
    _, (outside,) = ssh.ansible("-m", "raw", "-a", "true", variables={}, **environment)
    _, (inside,) = ssh.ansible("-m", "raw", "-a", "true", variables=INSIDE, **environment)
    assert inside[:-1] == outside[:-1]
    assert {"Port=2222", 'User="admin"', 'IdentityFile="/my/key"', "-4", "-A"} <= set(inside)


def test_a_connection_that_is_reset_is_the_hosts(ssh: Ssh) -> None:
    tasks = [{"raw": "true"}, {"meta": "reset_connection"}, {"wait_for_connection": {"timeout": 9}}]
    _, outside = ssh.playbook(tasks, {})
    _, inside = ssh.playbook(tasks, INSIDE)
    resets = [call for call in inside if "-O" in call]
    assert [call[-2] for call in resets] == ["check", "stop"] * 2
    assert resets == [call for call in outside if "-O" in call]


def test_a_connection_that_fails_is_tried_again_as_often_as_sshs(ssh: Ssh) -> None:
    (ssh.here / "down").touch()
    said, calls = ssh.ansible("-m", "raw", "-a", "echo up", variables={**INSIDE, "ansible_ssh_retries": 1})
    assert "up" in said.splitlines()
    assert len(calls) == 2
    (ssh.here / "down").touch()
    said, calls = ssh.ansible("-m", "raw", "-a", "echo up", variables=INSIDE)
    assert "UNREACHABLE" in said
    assert "ssh: Connection refused" in said
    assert len(calls) == 1


def test_a_task_costs_one_ssh_and_without_pipelining_more(ssh: Ssh) -> None:
    said, calls = ssh.ansible("-m", "ping", variables=INSIDE)
    assert '"ping": "pong"' in said
    assert len(calls) == 1
    assert "-tt" not in calls[0]
    for variable in ("ansible_pipelining", "ansible_ssh_pipelining"):
        said, calls = ssh.ansible("-m", "ping", variables={**INSIDE, variable: False})
        assert '"ping": "pong"' in said
        assert len(calls) > 1


def become_on_host(ssh: Ssh, **variables: Any) -> dict[str, Any]:
    return {
        **INSIDE,
        "ansible_jail_host_become": True,
        "ansible_jail_host_become_method": "su",
        "ansible_jail_host_become_exe": str(ssh.here / "su"),
        **variables,
    }


@pytest.mark.parametrize(
    ("module", "asks", "inside"),
    [(RAW, False, False), (RAW, True, False), (RAW, True, True), (PING, False, True), (PING, True, True)],
)
def test_becoming_another_user_on_the_host(ssh: Ssh, module: tuple[str, str], asks: bool, inside: bool) -> None:
    variables = become_on_host(ssh, ansible_become=inside, ansible_become_method="su")
    variables["ansible_become_exe"] = str(ssh.here / "su2")
    program(ssh.here / "su2", '#!/bin/sh\n[ "$1" = root ] || exit 1\nexec /bin/sh "$2" "$3"\n')
    if asks:
        (ssh.here / "asks").touch()
        variables["ansible_jail_host_become_pass"] = "secret"
    said, calls = ssh.ansible("-m", module[0], "-a", module[1], variables=variables)
    assert "pong" in said
    assert "BECOME" not in said
    assert (ssh.here / "su.log").read_text() == "su\n" * len(calls)


@pytest.mark.parametrize("module", [RAW, PING])
def test_a_password_in_the_jail_after_becoming_another_user_on_the_host(ssh: Ssh, module: tuple[str, str]) -> None:
    (ssh.here / "jailed").mkdir()
    (ssh.here / "jailed/asks").touch()
    program(ssh.here / "su2", SU.format(here=ssh.here / "jailed"))
    given = {"ansible_become_method": "su", "ansible_become_exe": str(ssh.here / "su2")}
    for word in ("secret", "wrong"):
        variables = become_on_host(ssh, ansible_become=True, ansible_become_pass=word, **given)
        said, _ = ssh.ansible("-m", module[0], "-a", module[1], variables=variables)
        assert ("pong" in said) == (word == "secret")
        assert "BECOME" not in said
    said, _ = ssh.ansible("-m", "ping", variables={**variables, "ansible_jail_host_become_pass": "another"})
    assert "Become has a password on the jail host and one in the jail" in said


def test_a_wrong_password_of_the_hosts(ssh: Ssh) -> None:
    (ssh.here / "asks").touch()
    said, _ = ssh.ansible("-m", "raw", "-a", "true", variables=become_on_host(ssh, ansible_jail_host_become_pass="x"))
    assert "su: Sorry" in said or "Incorrect su password" in said


def test_a_password_that_nobody_gave_is_not_waited_for(ssh: Ssh) -> None:
    (ssh.here / "asks").touch()
    said, _ = ssh.ansible("-m", "raw", "-a", "true", variables=become_on_host(ssh, ansible_ssh_timeout=1))
    assert "UNREACHABLE" in said
    assert "waiting for privilege escalation prompt" in said


def test_the_machine_itself_may_be_the_jail_host(ssh: Ssh) -> None:
    (ssh.here / "asks").touch()
    there, back = ssh.here / "there", ssh.here / "back"
    tasks: list[dict[str, Any]] = [
        {"ping": {}},
        {"raw": "echo po'n'g", "register": "said", "failed_when": "'pong' not in said.stdout_lines"},
        {"copy": {"content": "\n white space", "dest": str(there), "mode": "0600"}},
        {"fetch": {"src": str(there), "dest": str(back), "flat": True}},
    ]
    local = {"ansible_jail_host_connection": "local", "ansible_jail_host_become_pass": "secret"}
    said, calls = ssh.playbook(tasks, become_on_host(ssh, **local))
    assert "failed=0" in said, said
    assert back.read_text() == "\n white space"
    assert calls == []
