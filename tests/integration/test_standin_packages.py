# SPDX-License-Identifier: BSD-2-Clause
"""The stand-in as FreeBSD's installer leaves a host, and what pkg(8) makes of it and of its jails."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.needs_users

STANDIN = Path(__file__).resolve().parents[1] / "standin"
PACKAGES = "/usr/freebsd-dist/packages/FreeBSD:15:amd64"
PYTHON = os.path.basename(os.path.realpath("/usr/bin/python3")).replace(".", "")  # python311
UNATTENDED = "Please set ASSUME_ALWAYS_YES=yes environment variable to be able to bootstrap in non-interactive"
_serial = itertools.count()


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


class Fresh:
    """A stand-in that is fresh: `root` runs a script at its console, `admin` by ssh. Both return what was printed, with
    the status after it where that isn't 0.
    """

    def __init__(self) -> None:
        self.name = f"sandbox{os.getpid()}-fresh{next(_serial)}"

    def root(self, script: str) -> str:
        return self._said(run(STANDIN / "standin", "ssh", self.name, script))

    def admin(self, script: str) -> str:
        return self._said(run(STANDIN / "ssh", "-o", 'User="admin"', self.name, script))

    def _said(self, done: subprocess.CompletedProcess[str]) -> str:
        return done.stdout + done.stderr + (f"status {done.returncode}\n" if done.returncode else "")


@pytest.fixture
def fresh() -> Iterator[Fresh]:
    host = Fresh()
    up = run(STANDIN / "standin", "up", host.name, "--fresh")
    if "has a user who isn't root" in up.stderr:
        pytest.skip(up.stderr)
    assert (up.returncode, up.stderr) == (0, "")
    yield host
    run(STANDIN / "standin", "down", host.name)


def test_who_gets_in_and_becomes_root(fresh: Fresh) -> None:
    refused = run(STANDIN / "ssh", fresh.name, "id")
    assert (refused.returncode, refused.stdout) == (255, "")
    assert refused.stderr == f"root@{fresh.name}: Permission denied (publickey,keyboard-interactive).\n"
    assert "Permission denied" in run(STANDIN / "ssh", f"nosuch@{fresh.name}", "id").stderr
    assert fresh.admin("id; pwd") == "uid=1001(admin) gid=1001(admin) groups=1001(admin),0(wheel)\n/home/admin\n"
    assert fresh.admin("echo wrong | su root -c id") == "Password:su: Sorry\nstatus 1\n"
    assert fresh.admin("{ echo root; echo rest; } | su root -c 'id -u; cat'") == "Password:0\nrest\n"
    fresh.root("pw groupmod wheel -d admin")
    assert fresh.admin("echo root | su root -c id") == "su: Sorry\nstatus 1\n"
    assert fresh.admin("command -v python3 sudo doas") == "status 127\n"


def test_sudo_and_doas(fresh: Fresh) -> None:
    fresh.root("ASSUME_ALWAYS_YES=yes pkg install sudo doas")
    assert fresh.admin("sudo -n id") == "sudo: a password is required\nstatus 1\n"
    assert fresh.admin("echo admin | sudo -S -p ask: id") == "ask:admin is not in the sudoers file.\nstatus 1\n"
    fresh.root("echo '%wheel ALL=(ALL:ALL) ALL' > /usr/local/etc/sudoers.d/wheel")
    assert fresh.admin("echo admin | sudo -S -p '' -u root sh -c 'id -u; echo $SUDO_USER $HOME'") == "0\nadmin /root\n"
    assert fresh.admin("echo root | sudo -S -p '' id").startswith("Sorry, try again.\n")
    fresh.root("echo 'admin ALL=(ALL) NOPASSWD: ALL' > /usr/local/etc/sudoers.d/zadmin")
    assert fresh.admin("sudo -n -u nobody id -un") == "nobody\n"
    assert fresh.admin("doas id -u").endswith("No such file or directory\nstatus 1\n")
    fresh.root("echo 'permit :wheel' > /usr/local/etc/doas.conf")
    assert fresh.admin("doas -n id -u") == "doas: Authentication required\nstatus 1\n"
    assert fresh.admin("echo admin | doas id -u") == "doas (admin@jailhost) password: 0\n"
    fresh.root("echo 'permit nopass :wheel as root' > /usr/local/etc/doas.conf")
    assert fresh.admin("doas id -u") == "0\n"


def test_python_by_pkg_and_in_a_jail(fresh: Fresh) -> None:
    assert fresh.root("pkg -N") == "pkg: pkg is not installed\nstatus 1\n"
    assert UNATTENDED in fresh.root("pkg install python3")
    assert fresh.root("pkg install -y nosuch").endswith(
        "pkg: No packages available to install matching 'nosuch' have been found in the repositories\nstatus 1\n"
    )
    fresh.root("mkdir -p /j; tar -xpf /usr/freebsd-dist/base.txz -C /j; jail -c name=j path=/j persist mount.devfs")
    said = fresh.root("pkg -j j install -y python3")
    assert "Transient resolver failure" in said
    assert "status 1" in said
    assert fresh.root("cp /etc/resolv.conf /j/etc; pkg -j j install -y python3 | grep -c Extracting") == "2\n"
    assert fresh.root("pkg -j j query %n; pkg info -e python3 || pkg -r /j info -e python3") == f"python3\n{PYTHON}\n"
    show = "import sys, os, ctypes; print(sys.platform, sys.executable, os.getuid(), ctypes.CDLL('libc.so.7').jail_get)"
    assert fresh.root(f'jexec -U nobody j python3 -c "{show}"').startswith("freebsd /usr/local/bin/python3 65534 <")
    assert fresh.root("pkg -j j install -y python3 | tail -1") == (
        "The most recent versions of packages are already installed\n"
    )
    fresh.root(f"pkg -j j delete -y {PYTHON}")
    assert fresh.root("pkg -j j info; find /j/usr/local -type f") == ""


def test_a_host_without_a_network(fresh: Fresh) -> None:
    fresh.root("route delete default")
    assert "Address resolution failed" in fresh.root("pkg bootstrap -y")
    assert fresh.root(f"cp {PACKAGES}/Latest/pkg.pkg /tmp; pkg add /tmp/pkg.pkg") == (
        "Signature for pkg not available.\nstatus 1\n"
    )
    fresh.root(f"cp {PACKAGES}/Latest/pkg.pkg.sig /tmp; pkg add /tmp/pkg.pkg")
    assert fresh.root("pkg -N") == "pkg: 1 packages installed\n"
    assert "Repository FreeBSD-ports cannot be opened" in fresh.root("pkg install -yU python3")
    assert "is not a valid package" in fresh.root("echo x > /tmp/x.pkg; pkg add /tmp/x.pkg")
    assert f"Missing dependency '{PYTHON}'" in fresh.root(f"cp {PACKAGES}/All/python3-* /tmp; pkg add /tmp/python3-*")
    fresh.root(f"pkg add {PACKAGES}/All/python3-3_4.pkg")
    assert fresh.root("python3 -c 'print(1)'; pkg query '%n %a'") == f"1\npkg 0\npython3 0\n{PYTHON} 1\n"
    assert fresh.root("pkg audit") == "pkg: the stand-in's pkg doesn't know the command audit\nstatus 1\n"
