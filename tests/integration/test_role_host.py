# SPDX-License-Identifier: BSD-2-Clause
"""The role host: a check run says what a real one does, and a second run changes nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .conftest import Ansible

PLAY = """
- name: Make the host ready for jails
  hosts: jailhosts
  gather_facts: false
  roles:
    - role: bsd.jail.host
      vars:
        host_interfaces:
          - {name: lo72, addresses: [10.72.0.1/24, 10.72.0.2/32, 'fd00:72::1/64']}
          - {name: bridge72}
        host_devfs_rulesets:
          - {name: devfsrules_72, number: 72, rules: [add include $devfsrules_jail]}
        host_racct: true
        host_jails_root: /usr/local/jails72
"""


@pytest.fixture
def play(tmp_path: Path) -> Path:
    path = tmp_path / "play.yml"
    path.write_text(PLAY)
    return path


def changed(output: str) -> list[str]:
    """The tasks that changed something, with the items of their loops."""
    task, found = "", []
    for line in output.splitlines():
        if line.startswith("TASK ["):
            task = line.split("]")[0]
        elif line.startswith("changed: "):
            found.append(f"{task} {line.partition('(item=')[2]}")
    return found


def test_what_is_made_and_undone(ansible: Ansible, play: Path) -> None:
    for state in ("present", "absent"):
        arguments = ("-e", f"host_state={state}")
        predicted = changed(ansible.playbook(play, "--check", "--diff", *arguments))
        assert predicted
        assert changed(ansible.playbook(play, *arguments)) == predicted
        assert changed(ansible.playbook(play, *arguments)) == []
        assert re.search(r"changed=0 ", ansible.playbook(play, "--check", *arguments))
