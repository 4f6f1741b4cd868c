# SPDX-License-Identifier: BSD-2-Clause
"""jail.conf(5) as the stand-in's jail(8) reads it; what isn't from a recorded case says where it is from."""

from __future__ import annotations

import pathlib
from collections.abc import Callable

import jailconf
import pytest
from cfjail import FAILED, Jail

Exhibit = Callable[[str], list[str]]


@pytest.fixture
def conf(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "c.conf"


@pytest.fixture
def exhibit(conf: pathlib.Path) -> Exhibit:
    """What `jail -e '|'` prints of a text."""

    def show(text: str) -> list[str]:
        conf.write_bytes(text.encode("utf-8", "surrogateescape"))
        return [jail.exhibit("|") for jail in jailconf.load_config(str(conf))]

    return show


def value(exhibit: Exhibit, written: str) -> str:
    """What a value comes out as, still quoted by exhibit."""
    return exhibit(f"c1 {{ v = {written}; }}")[0].removeprefix("name=c1|v=")


@pytest.mark.parametrize("char", list(":@%+,/.-_|&(!~*<?[|^)]`>"))
def test_unquoted_characters_that_stand_for_themselves(exhibit: Exhibit, char: str) -> None:  # conf-11
    assert value(exhibit, f"a{char}b") == f"a{char}b"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ('"a b"', '"a b"'),
        ('"a;b"', "a;b"),
        ('"a\\"b"', "'a\"b'"),
        ('"a\\\\b"', "a\\\\b"),
        ('"a\\tb"', '"a\tb"'),
        ('"a\\x41b"', "aAb"),
        ('"a\\101b"', "aAb"),
        ('"a\\qb"', "aqb"),
        ('"a\'b"', '"a\'b"'),
        ('"a{b}"', "a{b}"),
        ('"aäb"', "aäb"),
        ('""', '""'),
        ("'a$b'", "a$b"),
        ("'a\\nb'", "a\nb"),
        ("'a\\'b'", '"a\'b"'),
        ('"a\nb"', "a\nb"),
        ('"a""b"', "ab"),
        ('"a", "b"', "a,b"),
        ('"a$name"', "ac1"),
        ('"${name}.x"', "c1.x"),
        ("$name", "c1"),
        ("a$name/b", "ac1/b"),
        ('"a\\$b"', "a$b"),
        ("a\\ b", '"a b"'),  # jaillex.l: an escape outside of quotes
        ('"a$name\\"b$name"', "'ac1\"bc1'"),  # jaillex.l: an escape after a variable
        ('"a\\000b"', "a"),  # a NUL ends a string in C
        ("a\\\nb", "ab"),  # jaillex.l: a newline behind a backslash is gone
    ],
)
def test_values(exhibit: Exhibit, written: str, shown: str) -> None:  # conf-9, conf-12, conf-13, var-1
    assert value(exhibit, written) == shown


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ('c1 {\n  path = "/"\n  persist;\n}\n', ["C line 3: persist: syntax error"]),
        ('c1 {\n  path = "/";\n  persist;\n', ["C: unexpected EOF"]),
        ('c1 {\n  path = "/;\n  persist;\n}\n', ["C line 2: unterminated string"]),
        ("c1 {\n v = a'b;\n persist;\n}\n", ["C line 2: unterminated string", "C line 3: persist: syntax error"]),
        ("c1 {\n v = a=b;\n}\n", ["C line 2: =: syntax error"]),
        ("c1 {\n v = a{b;\n persist;\n}\n", ["C line 2: {: syntax error"]),
        ("c1 {\n v = a}b;\n persist;\n}\n", ["C line 2: }: syntax error"]),
        ("c1 {\n v = aäb;\n}\n", ["C line 2: \ufffd: syntax error"]),
        ('c1 {\n v = "a" "b";\n}\n', ['C line 2: "b": syntax error']),
        ("c1 { v = ; }\n", ["C line 1: ;: syntax error"]),
        ("a$b {\n path = /;\n persist;\n}\n", ["C line 1: $b: syntax error", "C line 4: }: syntax error"]),
        ("c1 { /* a\n b", ["C line 2: unterminated comment", "C: unexpected EOF"]),  # jaillex.l
        ("c1 { v = ${a\n; }", ["C line 1: unterminated variable", "C line 2: ;: syntax error"]),  # jaillex.l
        ('$f = "x"; .include "$f";\n', ["C line 1: variables not permitted in '.include' filename"]),  # jailparse.y
    ],
)
def test_errors(
    exhibit: Exhibit, conf: pathlib.Path, capfd: pytest.CaptureFixture[str], text: str, messages: list[str]
) -> None:  # conf-4 to conf-6, conf-11, conf-13, conf-14, conf-19
    with pytest.raises(SystemExit) as exit_:
        exhibit(text)
    assert exit_.value.code == 1
    wanted = [f"jail: {conf}{message[1:]}" for message in messages]
    assert capfd.readouterr().err.splitlines() == wanted


def test_a_byte_beyond_ascii_in_front_ends_the_file(exhibit: Exhibit) -> None:  # conf-14
    assert exhibit("ä {\n path = /;\n}\n") == []


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a.b", "name=a.b|path=/"),
        ('"a b"', 'name="a b"|path=/'),
        ("1abc", "name=1abc|path=/"),
        ("1234", "path=/|name=1234"),
        ('"a\\"b"', "name='a\"b'|path=/"),
    ],
)
def test_names_of_jails(exhibit: Exhibit, written: str, shown: str) -> None:  # conf-14
    assert exhibit(f"{written} {{ path = /; }}") == [shown]


def test_comments(exhibit: Exhibit) -> None:  # conf-17
    text = "# one\n// two\n/* three\n four **/\nc1 { path = /; /* in */ persist; # end\n}\n"
    assert exhibit(text) == ["name=c1|path=/|persist"]


def test_lists_and_appending(exhibit: Exhibit) -> None:  # conf-18
    text = 'c1 { a = 1; a += 2; a += "3, 4"; b = 1, 2; b = 3; }'
    assert exhibit(text) == ['name=c1|a=1,2,"3, 4"|b=3']


def test_the_no_form_takes_the_place_of_the_other(exhibit: Exhibit) -> None:  # config.c: equalopts
    text = "allow.mount; persist; c1 { allow.nomount; nopersist; noallow.mount; }"
    assert exhibit(text) == ["name=c1|allow.nomount|nopersist|noallow.mount"]


def test_the_same_jail_twice_is_two_jails(exhibit: Exhibit) -> None:  # conf-16
    assert exhibit("c1 { path = /; }\nc1 { path = /tmp; }") == ["name=c1|path=/", "name=c1|path=/tmp"]


def test_defaults_wildcards_and_include(exhibit: Exhibit, tmp_path: pathlib.Path) -> None:  # conf-15
    (tmp_path / "inc.conf").write_text("c2 { path = /; }")
    text = '$base = /tmp/b; persist; * { exec.clean; } c1 { path = "$base/root1"; $x = 5; } .include "inc.conf";'
    assert exhibit(text) == ["name=c1|persist|exec.clean|path=/tmp/b/root1", "name=c2|persist|exec.clean|path=/"]


def test_blocks_apply_in_the_order_of_the_file(exhibit: Exhibit) -> None:  # config.c: load_config
    assert exhibit("c1 { a = own; } * { a = wild; }") == ["name=c1|a=wild"]
    assert exhibit("a = first; c1 { a = own; } a = last;") == ["name=c1|a=own"]
    assert exhibit("c1 { a = own; } a = last;") == ["name=c1|a=last"]


def test_wildcards_match_components(exhibit: Exhibit) -> None:  # config.c: wild_jail_match
    assert exhibit("'a.*' { x; } '*.c' { y; } a { z; } a.b { z; } a.b.c { z; }") == [
        "name=a|z",
        "name=a.b|x|z",
        "name=a.b.c|x|z",
    ]


def test_a_jail_in_a_jail_is_its_child(exhibit: Exhibit) -> None:  # jailparse.y
    assert exhibit("a { path = /; b { persist; } v; }") == ["name=a|path=/|v", "name=a.b|persist"]


def test_include_of_nothing(exhibit: Exhibit, tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert exhibit('.include "nosuch*.conf"; z { persist; }') == ["name=z|persist"]  # xdp-3
    with pytest.raises(SystemExit):
        exhibit('.include "nosuch.conf"; z { persist; }')
    assert capfd.readouterr().err == f"jail: {tmp_path}/nosuch.conf: No such file or directory\n"


def test_include_in_a_loop(exhibit: Exhibit, capfd: pytest.CaptureFixture[str]) -> None:  # config.c: include_config
    with pytest.raises(SystemExit):
        exhibit('.include "c.conf";')
    assert capfd.readouterr().err == "jail: maximum include depth exceeded\n"


def load(conf: pathlib.Path, text: str) -> Jail:
    conf.write_text(text)
    return jailconf.load_config(str(conf))[0]


@pytest.mark.parametrize(
    ("text", "message", "shown"),
    [
        ('v = "a${b}c";', 'v: variable "b" not found', "name=c1|v=ac"),
        ("b; v = $b;", 'v: variable "b" not found', 'name=c1|b|v=""'),
        ("$p = $q; $q = $p; v = 1;", "p: variable loop", "name=c1|v=1"),
        ('$l = a, b; v = "x$l";', "v: array cannot be substituted inline", "name=c1|v=x"),
        ("$name = x;", 'variable "$name" cannot have the same name as a parameter.', "name=c1"),
        ("name = x;", 'cannot redefine parameter "name".', "name=c1"),
    ],
)
def test_bad_variables_fail_the_jail(
    conf: pathlib.Path, capfd: pytest.CaptureFixture[str], text: str, message: str, shown: str
) -> None:  # conf-11, conf-12; config.c
    jail = load(conf, f"c1 {{ {text} }}")
    assert jail.flags & FAILED
    assert capfd.readouterr().err == f"jail: c1: {message}\n"
    assert jail.exhibit("|") == shown


def test_variables_within_variables(exhibit: Exhibit) -> None:  # config.c: what is needed first comes first
    assert exhibit('c1 { a = "${b}!"; b = "$d/x"; $d = /y; }') == ["name=c1|b=/y/x|a=/y/x!"]
    assert exhibit("c1 { $l = a, b; v = $l; }") == ["name=c1|v=a,b"]


LITERAL = [
    "plain",
    "two words",
    "dollar $path ${name} $$",
    "back\\slash \\n \\t \\\\",
    "single ' quote",
    'double " quote',
    "semi ; hash # slash // /* c */",
    "{brace} [b] (p) <a> | & ~ ! * ?",
    "equals = plus += comma , colon :",
    "tab\there",
    "line\nbreak",
    "ünïcødé 日本",
    "trailing \\",
    "",
    " lead and trail ",
    "'",
    "\\'",
    "%s %d",
    "`id`",
    "$(id)",
    "\udcff",
]


@pytest.mark.parametrize("literal", LITERAL)
def test_literal_values(conf: pathlib.Path, literal: str) -> None:  # lit-1
    quoted = literal.replace("\\", "\\\\").replace("'", "\\'")
    conf.write_bytes(f"lit {{ meta = '{quoted}'; }}".encode("utf-8", "surrogateescape"))
    assert jailconf.load_config(str(conf))[0].params[-1].string == literal
