# SPDX-License-Identifier: BSD-2-Clause
"""pw(8) on files of its own."""

from __future__ import annotations

import pathlib
import shutil

import pwdb
import pwgroup
import pwuser
import pytest

ETC = pathlib.Path(__file__).parents[2] / "standin" / "base" / "etc"


@pytest.fixture
def etc(tmp_path: pathlib.Path) -> pathlib.Path:
    for name in ("master.passwd", "passwd", "group"):
        shutil.copy(ETC / name, tmp_path)
    return tmp_path


def database(etc: pathlib.Path) -> pwdb.Database:
    return pwdb.Database(str(etc))


def test_the_base_systems_files_belong_together(etc: pathlib.Path) -> None:
    found = database(etc)
    before = [(etc / name).read_text() for name in ("master.passwd", "passwd", "group")]
    found.save_accounts()
    found.save_groups()
    assert [(etc / name).read_text() for name in ("master.passwd", "passwd", "group")] == before
    assert all(found.group(gid=account.gid) for account in found.accounts)


def test_a_user_is_added_shown_and_removed(etc: pathlib.Path, capfd: pytest.CaptureFixture[str]) -> None:
    """usr-1"""
    pwuser.run("add", database(etc), {"n": "tuser", "s": "/bin/sh"})
    pwuser.run("show", database(etc), {"n": "tuser"})
    assert capfd.readouterr().out == "tuser:*:1001:1001::0:0:User &:/home/tuser:/bin/sh\n"
    assert (etc / "master.passwd").stat().st_mode & 0o777 == 0o600
    with pytest.raises(SystemExit) as failed:
        pwuser.run("add", database(etc), {"n": "tuser"})
    assert failed.value.code == 65
    assert capfd.readouterr().err == "pw: login name `tuser' already exists\n"
    pwuser.run("del", database(etc), {"n": "tuser"})
    assert database(etc).group("tuser") is None
    with pytest.raises(SystemExit) as failed:
        pwuser.run("show", database(etc), {"n": "tuser"})
    assert failed.value.code == 67
    assert capfd.readouterr().err == "pw: no such user `tuser'\n"


def test_groups_of_a_user(etc: pathlib.Path) -> None:
    pwuser.run("add", database(etc), {"n": "u", "G": "operator,wheel"})
    pwuser.run("mod", database(etc), {"n": "u", "G": "wheel,dialer"})
    assert [group.name for group in database(etc).groups if "u" in group.members] == ["wheel", "dialer"]


def test_a_taken_number_needs_o(etc: pathlib.Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        pwgroup.run("add", database(etc), {"n": "mine", "g": "0"})
    assert capfd.readouterr().err == "pw: gid `0' has already been allocated\n"
    pwgroup.run("add", database(etc), {"n": "mine", "g": "0", "o": ""})
    assert database(etc).group("mine") == pwdb.Group("mine", 0)


def test_lock(etc: pathlib.Path) -> None:
    pwuser.run("lock", database(etc), {"n": "nobody"})
    assert "nobody:*LOCKED**:" in (etc / "master.passwd").read_text()
    pwuser.run("unlock", database(etc), {"n": "nobody"})
    assert (etc / "master.passwd").read_text() == (ETC / "master.passwd").read_text()
