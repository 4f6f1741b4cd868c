# SPDX-License-Identifier: BSD-2-Clause
"""Each target of targets/, one test."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Ansible

HERE = Path(__file__).parent
TARGETS = sorted(path.parent.parent.name for path in HERE.glob("targets/*/tasks/main.yml"))


@pytest.mark.parametrize("target", TARGETS)
def test_target(ansible: Ansible, target: str) -> None:
    ansible.playbook(HERE / "target.yml", "-e", f"target={target}", ANSIBLE_ROLES_PATH=str(HERE / "targets"))
