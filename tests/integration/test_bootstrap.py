# SPDX-License-Identifier: BSD-2-Clause
"""A host that has just been installed: what it lacks is named, Python is installed, and then there is nothing to do."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts import CHECKOUT, Host, ansible_environment, stand_in_down, stand_in_up

pytestmark = pytest.mark.needs_users

SU = ("-e", "ansible_become_method=su", "-e", "ansible_become_password=root")
PACKAGES = """
cd /usr/freebsd-dist/packages/*/
tar -cf - -C "$PWD/All" $(cd All; ls | grep ^python3) -C "$PWD/Latest" pkg.pkg pkg.pkg.sig
"""


@pytest.fixture
def fresh() -> Iterator[Host]:
    """A stand-in as FreeBSD's installer leaves a host."""
    name = f"integration-{os.getpid()}-fresh"
    try:
        host = stand_in_up(name, "--fresh")
        variables = {**host.variables, "ansible_user": "admin"}
        del variables["ansible_python_interpreter"]
        yield Host(host.name, host.shell, variables)
    finally:
        stand_in_down(name)


@pytest.fixture(autouse=True)
def _a_stand_in_alone(pytestconfig: pytest.Config) -> None:
    if pytestconfig.getoption("--host"):
        pytest.skip("a real host isn't as its installer left it")


def bootstrap(host: Host, directory: Path, *arguments: str) -> str:
    """What the play prints, on one line each."""
    inventory = host.write_inventory(directory / "inventory.yml")
    done = subprocess.run(
        ["ansible-playbook", "-i", str(inventory), "playbooks/bootstrap.yml", *arguments],
        cwd=CHECKOUT,
        env=ansible_environment(ANSIBLE_NOCOLOR="1", ANSIBLE_TIMEOUT="2"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_what_is_missing_is_named(fresh: Host, tmp_path: Path) -> None:
    no_root = "admin gets in on .*, but doesn't become root: "
    for arguments, words in (
        (["-e", "ansible_user=root"], "No login on .* as root: .*Permission denied.*PermitRootLogin"),
        ([], no_root + "sh: sudo: not found. What is there: su. .* groups admin wheel"),
        (["-e", "ansible_become_method=su"], no_root + ".*Timeout .* waiting for privilege escalation prompt"),
        ([*SU, "-e", "ansible_become_password=wrong"], no_root + "su: Sorry"),
        ([*SU, "-e", "bootstrap_packages=/nosuch.tar"], "No Python on .*, and it can't be installed: .*/nosuch.tar"),
    ):
        assert re.search(words, bootstrap(fresh, tmp_path, *arguments))
    fresh.run("rm -f /etc/resolv.conf")
    words = "can't be installed: .*Error fetching .*Without a network, give package files"
    assert re.search(words, bootstrap(fresh, tmp_path, *SU), re.DOTALL)
    assert fresh.run("ls /usr/local/bin /var/tmp").stdout.split() == ["/usr/local/bin:", "/var/tmp:"]


@pytest.mark.parametrize("is_offline", [False, True])
def test_python_is_installed_once(fresh: Host, tmp_path: Path, is_offline: bool) -> None:
    arguments = list(SU)
    if is_offline:
        archive = tmp_path / "packages.tar"
        with archive.open("wb") as file:
            subprocess.run([*fresh.shell, PACKAGES], stdout=file, stderr=subprocess.DEVNULL, check=True)
        fresh.run("rm -f /etc/resolv.conf")
        arguments += ["-e", f"bootstrap_packages={archive}"]
    said = bootstrap(fresh, tmp_path, *arguments)
    assert "changed=1 " in said
    assert "ansible_python_interpreter: /usr/local/bin/python3" in said
    assert "changed=0 " in bootstrap(fresh, tmp_path, *arguments)
    assert fresh.run("ls /var/tmp").stdout == ""
