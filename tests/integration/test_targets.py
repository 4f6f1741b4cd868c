# SPDX-License-Identifier: BSD-2-Clause
"""Each target of targets/, one test. Its file `aliases` says what it needs, as ansible-test has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Ansible

HERE = Path(__file__).parent
TARGETS = sorted(path.parent.parent.name for path in HERE.glob("targets/*/tasks/main.yml"))


NEEDS = {
    "needs/users": pytest.mark.needs_users,
    "needs/devices": pytest.mark.needs_devices,
    "needs/flags": pytest.mark.needs_flags,
}


def marks(target: str) -> list[pytest.MarkDecorator]:
    aliases = HERE / "targets" / target / "aliases"
    lines = aliases.read_text().split("\n") if aliases.exists() else []
    return [NEEDS[line] for line in lines if line in NEEDS]


@pytest.mark.parametrize("target", [pytest.param(target, marks=marks(target)) for target in TARGETS])
def test_target(ansible: Ansible, target: str) -> None:
    ansible.playbook(HERE / "target.yml", "-e", f"target={target}", ANSIBLE_ROLES_PATH=str(HERE / "targets"))
