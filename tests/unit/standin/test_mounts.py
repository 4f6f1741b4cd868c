# SPDX-License-Identifier: BSD-2-Clause
"""fstab(5), and names in the mount table."""

from __future__ import annotations

import pathlib

import fstab
import mountfs
import mounttable
import pytest
import signals


def test_fstab(tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]) -> None:
    """mnt-9, mnt-10"""
    path = tmp_path / "fs"
    path.write_text(
        "# comment\n\n"
        "/tmp/b/data/c\\040d /tmp/b/root1/a\\040b nullfs rw,noexec 2 3\n"
        "tmpfs\t/t\ttmpfs\tsize=8m,ro\n"
        "garbage\n"
        "/dev/ada0p3 none swap sw 0 0\n"
        "x /x nullfs xx 0 0\n"
    )
    assert fstab.read(str(path)) == [
        fstab.Entry("/tmp/b/data/c d", "/tmp/b/root1/a b", "nullfs", "rw,noexec", "rw", 2, 3),
        fstab.Entry("tmpfs", "/t", "tmpfs", "size=8m,ro", "ro"),
        fstab.Entry("/dev/ada0p3", "none", "swap", "sw", "sw"),
    ]
    assert capfd.readouterr().err == f"fstab: {path}:5: Inappropriate file type or format\n"


@pytest.mark.parametrize(
    ("types", "fstype", "listed"),
    [
        (None, "nullfs", True),
        ("nullfs,tmpfs", "tmpfs", True),
        ("nullfs", "ufs", False),
        ("nonullfs", "ufs", True),
        ("noufs,nullfs", "nullfs", False),
    ],
)
def test_lists_of_types(types: str | None, fstype: str, listed: bool) -> None:
    assert mounttable.is_listed(types, fstype) is listed


def test_the_last_of_the_longest_mount_points_counts() -> None:
    table = [{"node": node, "special": name} for name, node in (("r", "/"), ("d", "/dev"), ("1", "/a"), ("2", "/a"))]
    assert [mounttable.of_path(table, path)["special"] for path in ("/", "/dev/null", "/a/b", "/ab")] == list("rd2r")


@pytest.mark.parametrize(("path", "without"), [("//a//b/", "/a/b"), ("/", "/"), ("a/", "a"), ("", "")])
def test_slashes(path: str, without: str) -> None:
    assert mounttable.remove_slashes(path) == without


def test_options() -> None:
    assert mountfs.split_options(["ro", "size=16m,mode=1777", ""]) == {"ro": None, "size": "16m", "mode": "1777"}


@pytest.mark.parametrize(("word", "number"), [("TERM", 15), ("sigusr1", 30), ("INFO", 29), ("CHLD", 20), ("FOO", None)])
def test_signals_by_name(word: str, number: int | None) -> None:
    """sig-4"""
    assert signals.number(word) == number


@pytest.mark.parametrize(("number", "name"), [(15, "TERM"), (72, "RTMIN+7"), (65, "RTMIN"), (126, "RTMAX"), (0, None)])
def test_signals_by_number(number: int, name: str | None) -> None:
    """sig-4"""
    assert signals.name(number) == name
