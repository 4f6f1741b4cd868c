# SPDX-License-Identifier: BSD-2-Clause
"""rcorder(8), and the order that it puts the stand-in's own scripts into."""

from __future__ import annotations

import importlib.util
import pathlib

import pytest

STANDIN = pathlib.Path(__file__).parents[2] / "standin"
SPEC = importlib.util.spec_from_file_location("standin_rcorder", STANDIN / "programs/sbin/rcorder.py")
assert SPEC is not None
assert SPEC.loader is not None
rcorder = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(rcorder)


def order(directory: pathlib.Path, capfd: pytest.CaptureFixture[str], *options: str) -> list[str]:
    files = sorted(str(path) for path in directory.iterdir())
    assert rcorder.main(["rcorder", *options, *files]) == 0
    return [line.rpartition("/")[2] for line in capfd.readouterr().out.splitlines()]


def test_requirements_and_what_wants_to_be_before(tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a").write_text("# PROVIDE: a\n# REQUIRE: c\n# KEYWORD: shutdown\n")
    (tmp_path / "b").write_text("# PROVIDE: b\n# BEFORE: c\n")
    (tmp_path / "c").write_text("# PROVIDE: c\n# KEYWORD: nojail shutdown\n\n# REQUIRE: a\n")
    assert order(tmp_path, capfd) == ["b", "c", "a"]
    assert order(tmp_path, capfd, "-s", "nojail") == ["b", "a"]
    assert order(tmp_path, capfd, "-k", "shutdown") == ["c", "a"]


def test_a_circle_is_told_of_and_ends(tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a").write_text("# PROVIDE: a\n# REQUIRE: b\n")
    (tmp_path / "b").write_text("# PROVIDE: b\n# REQUIRE: a\n")
    rcorder.main(["rcorder", str(tmp_path / "a"), str(tmp_path / "b")])
    printed = capfd.readouterr()
    assert len(printed.out.splitlines()) == 2
    assert "Circular dependency" in printed.err


def test_the_boot(capfd: pytest.CaptureFixture[str]) -> None:
    """bot-1; and nothing is required that no script provides."""
    scripts = order(STANDIN / "base/etc/rc.d", capfd)
    wanted = ["cleanvar", "netif", "devfs", "local", "jail"]
    assert [name for name in scripts if name in wanted] == wanted


def test_a_jails_boot(capfd: pytest.CaptureFixture[str]) -> None:
    """rc-1"""
    scripts = order(STANDIN / "base/etc/rc.d", capfd, "-s", "nostart", "-s", "nojail", "-s", "nojailvnet")
    wanted = ["ldconfig", "hostname", "os-release", "cleartmp", "newsyslog", "syslogd", "local"]
    assert [name for name in scripts if name in wanted] == wanted
