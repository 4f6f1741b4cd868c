# SPDX-License-Identifier: BSD-2-Clause
"""Names, quoting, and the file of one jail."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from ansible_collections.bsd.jail.plugins.module_utils import conf, confread
from ansible_collections.bsd.jail.plugins.module_utils.conf import JailConf
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, JailError

# The values of the recorded case lit-1, and a few more.
LITERAL = [
    "plain", "two words", "dollar $path ${name} $$", "back\\slash \\n \\t \\\\", "single ' quote", 'double " quote',
    "semi ; hash # slash // /* c */", "{brace} [b] (p) <a> | & ~ ! * ?", "equals = plus += comma , colon :",
    "tab\there",
    "line\nbreak", "ünïcødé 日本", "trailing \\", "", " lead and trail ", "'", "\\'", "%s %d", "`id`", "$(id)",
    "\\\n", "a,b", "\udcff not UTF-8", "\x01\x1b",
]  # fmt: skip


@pytest.mark.parametrize("value", LITERAL)
def test_a_value_is_read_back_as_it_was_given(value: str) -> None:
    text = conf.render(JailConf("lit", (("meta", (value,)), ("exec.start", (value, "second", value)))))
    settings = confread.settings(confread.parse(text), "lit")
    assert settings["meta"] == (confread.Item(value),)
    assert settings["exec.start"] == (confread.Item(value), confread.Item("second"), confread.Item(value))


@pytest.mark.parametrize("value", LITERAL)
def test_the_text_of_a_literal_value_is_the_recorded_one(value: str) -> None:
    assert conf.quote(value) == "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def test_variables_stay_alive_where_they_are_asked_for() -> None:
    text = conf.render(
        JailConf(
            "x", (("host.hostname", ('${name}.a"b\\c $path',)), ("meta", ("${name}",))), frozenset(["host.hostname"])
        )
    )
    assert """host.hostname = "${name}.a\\"b\\\\c $path";""" in text
    assert "meta = '${name}';" in text
    settings = confread.settings(confread.parse(text), "x")
    assert settings["host.hostname"] == (confread.Item('${name}.a"b\\c ${path}', literal=False),)
    assert settings["meta"] == (confread.Item("${name}", literal=True),)


def test_booleans_are_written_by_name_and_an_empty_list_not_at_all() -> None:
    given = (("persist", False), ("allow.raw_sockets", False), ("exec.clean", True), ("ip4.addr", ()))
    assert (
        conf.render_block(JailConf("b", given)) == "b {\n    nopersist;\n    allow.noraw_sockets;\n    exec.clean;\n}\n"
    )


def test_a_nul_is_refused() -> None:
    with pytest.raises(InputError, match="NUL"):
        conf.quote("a\0b")


@pytest.mark.parametrize("name", ["a", "web01", "1web", "A-b_c", "_x", "n" * 200])
def test_good_names(name: str) -> None:
    conf.check_name(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "empty"),
        ("a.b", "within another"),
        (".a", "within another"),
        ("a/b", "slash"),
        ("123", "a jid"),
        ("0", "a jid"),
        ("-a", "option"),
        ("-", "option"),
        ("n" * 201, "longer than 200"),
        ("a b", "shell"),
        ("a*", "shell"),
        ("a,b", "shell"),
        ("a'b", "shell"),
        ("a$b", "shell"),
        ("a{b", "shell"),
        ("a\nb", "shell"),
        ("a\n", "shell"),
        ("ü", "shell"),
        ("a:b", "shell"),
        ("a@b", "shell"),
    ],
)
def test_bad_names(name: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        conf.check_name(name)


@pytest.mark.parametrize("parameter", ["a b", "a;", "$x", ".include", "a.", "", "a..b", "9x", "a\n"])
def test_what_cannot_be_a_parameter(parameter: str) -> None:
    with pytest.raises(InputError, match="isn't the name of a parameter"):
        conf.check_parameter("web", parameter)


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "d/web.conf"
    conf.write_conf(str(path), "old")
    (tmp_path / "d/web.conf.new").write_text("left by a run that was killed")
    conf.write_conf(str(path), "new \udcff")
    assert path.read_bytes() == b"new \xff"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["web.conf"]
    assert conf.read_conf(str(path)) == "new \udcff"


def test_a_backup_has_a_name_that_jail_does_not_read(tmp_path: Path) -> None:
    path = tmp_path / "web.conf"
    path.write_text("old")
    copy = Path(conf.backup(str(path)))
    assert copy.read_text() == "old"
    assert not copy.name.endswith(".conf")


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "d").write_text("no directory")
    with pytest.raises(JailError, match="can't be written"):
        conf.write_conf(str(tmp_path / "d/web.conf"), "x")
