# SPDX-License-Identifier: BSD-2-Clause
"""The module answers to its short and to its full name, in the checkout and installed, and to its action group."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts import CHECKOUT, ansible_environment

from .conftest import Ansible

ARGUMENTS = "name=named path=/ state=started"


@pytest.fixture(autouse=True)
def _named_goes_away(ansible: Ansible) -> Iterator[None]:
    """For the sake of a real host, which the next test meets again."""
    yield
    ansible.module("bsd.jail.jail", "name=named state=absent")


@pytest.mark.parametrize("name", ["jail", "bsd.jail.jail"])
def test_in_the_checkout(ansible: Ansible, name: str) -> None:
    assert "CHANGED" in ansible.module(name, ARGUMENTS)
    assert ansible.host.run("jls name").stdout == "named\n"
    assert "SUCCESS" in ansible.module(name, ARGUMENTS)


@pytest.mark.parametrize("name", ["jail", "bsd.jail.jail"])
def test_installed(ansible: Ansible, tmp_path: Path, name: str) -> None:
    galaxy = ["ansible-galaxy", "collection"]
    build = [*galaxy, "build", "--output-path", str(tmp_path)]
    subprocess.run(build, cwd=CHECKOUT, env=ansible_environment(), check=True, capture_output=True)
    (artefact,) = tmp_path.glob("bsd-jail-*.tar.gz")
    (tmp_path / "ansible.cfg").touch()
    environment = {
        "ANSIBLE_CONFIG": str(tmp_path / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(tmp_path),
        "ANSIBLE_LIBRARY": str(tmp_path / "ansible_collections/bsd/jail/plugins/modules"),
    }
    install = [*galaxy, "install", "--offline", "--collections-path", str(tmp_path), str(artefact)]
    subprocess.run(install, env=ansible_environment(**environment), check=True, capture_output=True)
    assert "CHANGED" in ansible.module(name, ARGUMENTS, **environment)
    assert ansible.host.run("jls name").stdout == "named\n"


def test_module_defaults_of_the_action_group(ansible: Ansible, tmp_path: Path) -> None:
    playbook = tmp_path / "play.yml"
    playbook.write_text("""
- hosts: jailhosts
  gather_facts: false
  module_defaults:
    group/bsd.jail.jail: {path: /, hostname: by.default}
  tasks:
    - bsd.jail.jail: {name: named}
""")
    ansible.playbook(playbook)
    assert ansible.host.run("jls -j named host.hostname").stdout == "by.default\n"
