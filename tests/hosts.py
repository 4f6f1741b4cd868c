# SPDX-License-Identifier: BSD-2-Clause
"""The hosts that plays are tried on: a stand-in of one's own, or a real FreeBSD host by ssh."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

CHECKOUT = Path(__file__).resolve().parent.parent
STANDIN = CHECKOUT / "tests/standin/standin"
GROUP = "jailhosts"


class HostError(Exception):
    """A host can't be used. The message says what is missing, and how it gets there."""


@dataclass(frozen=True)
class Host:
    """A FreeBSD host: its name in the inventory, the command that runs another on it, and its inventory variables."""

    name: str
    shell: tuple[str, ...]
    variables: dict[str, str] = field(default_factory=dict)

    def run(self, script: str, *, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Let the host's /bin/sh run a script as root.

        Raises subprocess.CalledProcessError if it fails and check is true.
        """
        command = [*self.shell, f"/bin/sh -c {shlex.quote(script)}"]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=check)

    def write_inventory(self, path: Path) -> Path:
        """Write an inventory that has this host alone, in the group jailhosts. Returns its path."""
        path.parent.mkdir(parents=True, exist_ok=True)
        inventory: dict[str, Any] = {GROUP: {"hosts": {self.name: self.variables}}}
        path.write_text(yaml.safe_dump(inventory, explicit_start=True))
        return path


def _standin(*arguments: str) -> str:
    """What the command standin prints. Raises HostError with its complaint if it fails."""
    done = subprocess.run([STANDIN, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise HostError((done.stderr or done.stdout).strip())
    return done.stdout


def stand_in_up(name: str, *options: str) -> Host:
    """Bring up a stand-in. options: more of its command's. Raises HostError if it doesn't come up."""
    _standin("up", name, *options)
    variables = {
        "ansible_python_interpreter": "/usr/local/bin/python3",
        "ansible_ssh_executable": str(CHECKOUT / "tests/standin/ssh"),
        "ansible_ssh_transfer_method": "piped",
    }
    return Host(name, (str(STANDIN), "ssh", name), variables)


def stand_ins() -> list[str]:
    """The names of the stand-ins that are up."""
    return _standin("list").split()


def stand_in_down(name: str) -> None:
    """Take a stand-in down, if it is up. Raises HostError if that fails."""
    if name in stand_ins():
        _standin("down", name)


# Each line answers one question. The package python3 makes the link /usr/local/bin/python3, python311 alone doesn't.
_PROBE = """
uname -s
id -u
for python in /usr/local/bin/python3 /usr/local/bin/python3.[0-9] /usr/local/bin/python3.[0-9][0-9]; do
    if [ -x "$python" ]; then echo "$python"; break; fi
done
"""


def real_host(login: str) -> Host:
    """A host by ssh. login: USER@NAME, as ssh takes it; ports, keys and jump hosts are for ssh's own configuration.

    Raises HostError if there is no login, or it isn't root's, or the host isn't FreeBSD, or it has no Python.
    """
    user, _, address = login.rpartition("@")
    host = Host(address, ("ssh", "-o", "BatchMode=yes", login))
    probe = host.run(_PROBE, check=False)
    if probe.returncode != 0:
        raise HostError(
            f"No login: `ssh {login}` says: {probe.stderr.strip() or f'status {probe.returncode}'}\n"
            "What it needs: sshd running there, your key in root's ~/.ssh/authorized_keys, and in its\n"
            "/etc/ssh/sshd_config the line `PermitRootLogin prohibit-password`."
        )
    system, uid, *python = probe.stdout.split("\n")[:3]
    if system != "FreeBSD":
        raise HostError(f"{login} runs {system}, not FreeBSD.")
    missing = []
    if uid != "0":
        missing.append(
            f"{login} isn't root there (uid {uid}), and this needs a login as root: HOST=root@{address},\n"
            "with your key in /root/.ssh/authorized_keys, and in /etc/ssh/sshd_config the line\n"
            "`PermitRootLogin prohibit-password`. A play of your own may log in as another user, and become root by\n"
            "su, doas or sudo: playbooks/bootstrap.yml says what is missing for that."
        )
    if not python or not python[0]:
        missing.append(
            f"No Python on {address}, which Ansible needs: ssh root@{address} pkg install -y python3\n"
            "playbooks/bootstrap.yml does that too, without a network if need be."
        )
    if missing:
        raise HostError("\n".join(missing))
    variables = {"ansible_host": address, "ansible_python_interpreter": python[0]}
    if user:
        variables["ansible_user"] = user
    return Host(address, host.shell, variables)


def ansible_environment(**variables: str) -> dict[str, str]:
    """The environment in which Ansible's programs find the checkout's collection, whatever the caller's own says."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    return {**inherited, "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), **variables}
