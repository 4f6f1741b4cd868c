# SPDX-License-Identifier: BSD-2-Clause
"""What `make quickstart` shows, and that what it made can be taken away again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import quickstart
from tests.hosts import CHECKOUT, Host, real_host

# What a host has that the quickstart adds to.
TRACES = "ifconfig -l; mount -p; ls -A /etc/jail.conf.d; ls -A /usr/local/jails || true"


def test_three_jails_and_then_none(host: Host, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = host.run(TRACES).stdout
    quickstart.quickstart(host, tmp_path)
    shown = capfd.readouterr().out
    for name in ("loopback", "bridged", "thin"):
        assert f"{name}.example.org" in shown.rpartition("$ jls")[2]
    quickstart.play(host, "quickstart_remove.yml", tmp_path)
    assert host.run("jls name").stdout == ""
    assert host.run(TRACES).stdout == before


def test_a_host_by_ssh(
    host: Host, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How HOST= gets to a host, with the stand-in's ssh in place of the system's."""
    if request.config.getoption("--host"):
        pytest.skip("has got there already")
    (tmp_path / "ssh").symlink_to(CHECKOUT / "tests/standin/ssh")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    found = real_host(f"root@{host.name}")
    assert found.variables["ansible_python_interpreter"] == "/usr/local/bin/python3"
    assert found.run("uname -s").stdout == "FreeBSD\n"
    assert found.write_inventory(tmp_path / "inventory.yml").read_text().startswith("---\njailhosts:\n")
