# SPDX-License-Identifier: BSD-2-Clause
"""A host for each test: a fresh stand-in of its own, or with --host one real FreeBSD host for all."""

from __future__ import annotations

import importlib
import os
import re
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.hosts import CHECKOUT, GROUP, Host, ansible_environment, real_host, stand_in_down, stand_in_up, stand_ins
from tests.standin.host import users


def run(command: Sequence[str], directory: Path, environment: dict[str, str]) -> str:
    """Run a command in a directory. Returns what it printed, and lets the test fail with that if it fails."""
    done = subprocess.run(
        command,
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.fail(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}", pytrace=False)
    return done.stdout


@dataclass(frozen=True)
class Ansible:
    """Ansible's programs, aimed at one host: each returns what it printed, and lets the test fail if it fails."""

    host: Host
    directory: Path

    def playbook(self, playbook: Path, *arguments: str, **variables: str) -> str:
        """Run a playbook. arguments: more of ansible-playbook's. variables: added to its environment."""
        return self._run(["ansible-playbook", str(playbook), *arguments], variables)

    def module(self, name: str, arguments: str, **variables: str) -> str:
        """Run one module. arguments: as after ansible's -a. variables: added to its environment."""
        return self._run(["ansible", GROUP, "-m", name, "-a", arguments], variables)

    def _run(self, command: list[str], variables: dict[str, str]) -> str:
        inventory = self.host.write_inventory(self.directory / "inventory.yml")
        environment = ansible_environment(**{"ANSIBLE_NOCOLOR": "1", **variables})
        return run([*command, "-i", str(inventory)], CHECKOUT, environment)


def ssh_to(host: Host, path: Path) -> Path:
    """Write an ssh that goes to this host, whatever name it is given. Returns its path."""
    path.write_text(
        "#!/bin/sh\n"
        'case " $* " in *" -O "*) exit 255;; esac\n'
        "for command; do :; done\n"
        f'exec {shlex.join(host.shell)} "$command"\n'
    )
    path.chmod(0o755)
    return path


def documented_examples(plugin: str) -> str:
    """The examples in a plugin's documentation. plugin: its module below the collection's plugins."""
    return str(importlib.import_module(f"ansible_collections.bsd.jail.plugins.{plugin}").EXAMPLES)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--host", metavar="USER@NAME", help="a real FreeBSD host, instead of stand-ins")
    parser.addoption("--update", action="store_true", help="write the pages of docs/ that tests make")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs_users: wants users on the host besides root")
    config.addinivalue_line("markers", "needs_devices: makes device nodes")
    config.addinivalue_line("markers", "needs_flags: relies on file flags")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what an ordinary user's stand-in can't do, and say why."""
    if item.config.getoption("--host"):
        return
    needs = {"needs_users": users.only_root, "needs_devices": users.no_devices, "needs_flags": users.no_flags}
    for marker, problem in needs.items():
        why = problem() if item.get_closest_marker(marker) else None
        if why is not None:
            pytest.skip(why)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The stand-in's own tests say nothing of a real host."""
    return True if config.getoption("--host") and collection_path.name.startswith("test_standin") else None


def pytest_sessionstart() -> None:
    """Take down what the tests of an earlier run left up that was killed."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    for name in stand_ins():
        owner = re.match(r"integration-(\d+)-", name)
        if owner and not Path("/proc", owner[1]).exists():
            stand_in_down(name)


@pytest.fixture
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    login = request.config.getoption("--host")
    if login:
        yield real_host(login)
        return
    name = re.sub(r"[^a-z0-9]+", "-", f"integration {os.getpid()} {request.node.name}".lower()).strip("-")
    try:
        yield stand_in_up(name)
    finally:
        stand_in_down(name)


@pytest.fixture
def ansible(host: Host, tmp_path: Path) -> Ansible:
    return Ansible(host, tmp_path)
