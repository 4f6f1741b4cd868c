# SPDX-License-Identifier: BSD-2-Clause
"""What `make quickstart` shows, and that what it made can be taken away again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import quickstart
from tests.hosts import Host


def test_three_jails_and_then_none(host: Host, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = host.run("ifconfig -l; mount -p; ls /etc/jail.conf.d /usr/local/jails || true").stdout
    quickstart.quickstart(host, tmp_path)
    shown = capfd.readouterr().out
    for name in ("loopback", "bridged", "thin"):
        assert f"{name}.example.org" in shown.rpartition("$ jls")[2]
    quickstart.play(host, "quickstart_remove.yml", tmp_path)
    assert host.run("jls name").stdout == ""
    assert host.run("ifconfig -l; mount -p; ls /etc/jail.conf.d /usr/local/jails || true").stdout == before
