# SPDX-License-Identifier: BSD-2-Clause
"""rc.conf(5) as sysrc(8) edits it: only the assignment that counts changes, and all that is around it stays."""

from __future__ import annotations

import os
import pathlib

import pytest
import rcconf

BASE = pathlib.Path(__file__).parents[2] / "standin" / "base"


@pytest.fixture
def file(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "rc.conf"


def set_(file: pathlib.Path, before: str, name: str, value: str) -> str:
    file.write_text(before)
    rcconf.RcConf((str(file),)).set(name, value)
    return file.read_text()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('a="1"\n', 'a="2"\n'),
        ("a='1' # why\n", "a='2' # why\n"),
        ("a=1\n", 'a="2"\n'),
        ("a=1; b=3\n", 'a="2" b=3\n'),
        ("a=\n", 'a="2"\n'),
        ('  a="1"\n# a="1"\nb="1"\n', '  a="2"\n# a="1"\nb="1"\n'),
        ('a="0"\nb="1"\na="1"\n', 'a="0"\nb="1"\na="2"\n'),
    ],
)
def test_the_last_assignment_changes(file: pathlib.Path, before: str, after: str) -> None:
    assert set_(file, before, "a", "2") == after


def test_a_new_variable_comes_to_the_end(file: pathlib.Path) -> None:
    assert set_(file, 'b="1"\n', "a", "2") == 'b="1"\na="2"\n'


def test_mode_stays(file: pathlib.Path) -> None:
    file.write_text('a="1"\n')
    file.chmod(0o640)
    rcconf.RcConf((str(file),)).set("a", "2")
    assert file.stat().st_mode & 0o777 == 0o640


def test_what_would_not_be_shell_is_refused(file: pathlib.Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match=r"rc\.conf"):
        set_(file, 'a="1"\n', "a", '2"')
    assert file.read_text() == 'a="1"\n'
    assert capfd.readouterr().err


def test_delete_takes_every_assignment(file: pathlib.Path) -> None:
    file.write_text('a="1"\nab="1"\n a="2"\n#a="3"\n')
    rcconf.RcConf((str(file),)).delete("a")
    assert file.read_text() == 'ab="1"\n#a="3"\n'


def test_values_are_what_the_shell_makes_of_them(file: pathlib.Path) -> None:
    file.write_text('a="1"\nb="$a two"\nc=\nd="x\ny"\n')
    values = rcconf.RcConf((str(file),)).values(["a", "b", "c", "d", "nosuch"])
    assert values == {"a": "1", "b": "1 two", "c": "", "d": "x\ny"}


def test_defaults_come_first_and_each_file_once(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """sysrc-1: jail_enable is NO before anybody set it."""
    defaults = (BASE / "etc/defaults/rc.conf").read_text()
    own = tmp_path / "rc.conf"
    own.write_text('cron_enable="NO"\nrc_conf_files="$rc_conf_files ' + f'{tmp_path}/more"\nn="${{n}}x"\n')
    (tmp_path / "more").write_text('more="yes"\n')
    changed = defaults.replace("/etc/rc.conf /etc/rc.conf.local", str(own))
    (tmp_path / "defaults").write_text(changed)
    monkeypatch.setattr(rcconf, "DEFAULTS", str(tmp_path / "defaults"))
    values = rcconf.RcConf().values(["jail_enable", "cron_enable", "more", "n"])
    assert values == {"jail_enable": "NO", "cron_enable": "NO", "more": "yes", "n": "x"}
    assert rcconf.RcConf().find("jail_enable") == str(tmp_path / "defaults")
    assert os.path.basename(rcconf.RcConf().find("cron_enable")) == "rc.conf"
