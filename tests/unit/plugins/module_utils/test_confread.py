# SPDX-License-Identifier: BSD-2-Clause
"""Reading jail.conf(5), by the recorded cases."""

from __future__ import annotations

import pytest
from ansible_collections.bsd.jail.plugins.module_utils.confread import Item, Setting, UnreadableError, parse, settings


def value_of(source: str) -> Setting:
    return settings(parse("c1 {\n exec.start = " + source + ";\n persist;\n}\n"), "c1")["exec.start"]


@pytest.mark.parametrize(
    ("source", "text"),
    [  # conf-11, conf-12, conf-13
        ("a|b", "a|b"), ("a~b", "a~b"), (r"a\b", "a\b"), ("'a b'", "a b"), ("'a$b'", "a$b"), (r"'a\\b'", r"a\b"),
        (r"'a\'b'", "a'b"), (r'"a\"b"', 'a"b'), (r'"a\nb"', "a\nb"), (r'"a\tb"', "a\tb"), (r'"a\x41b"', "aAb"),
        (r'"a\101b"', "aAb"), (r'"a\$b"', "a$b"), (r'"a\qb"', "aqb"), ('""', ""), ('"a""b"', "ab"), ("/a/b", "/a/b"),
    ],
)  # fmt: skip
def test_values(source: str, text: str) -> None:
    assert value_of(source) == (Item(text),)


@pytest.mark.parametrize("source", ['"a$name"', '"a${name}"', "a$name", "a${name}"])
def test_variables_are_kept(source: str) -> None:
    assert value_of(source) == (Item("a${name}", literal=False),)


def test_lists() -> None:
    assert value_of("\"a\", b , 'c d'") == (Item("a"), Item("b"), Item("c d"))


@pytest.mark.parametrize(
    "text",
    [
        'c1 {\n  path = "/"\n  persist;\n}\n',  # conf-4
        'c1 {\n  path = "/";\n',  # conf-5
        'c1 {\n  path = "/;\n}\n',  # conf-6
        "c1 { a = ; }",  # conf-19
        "a b c;",
        "a=b=c;",
        "/* never ends",
    ],
)
def test_what_cannot_be_read(text: str) -> None:
    with pytest.raises(UnreadableError):
        parse(text)


def test_comments_and_the_text_of_each_statement() -> None:
    # conf-17
    text = '# one\n// two\n/* three\n four */\nc1 { path = "/"; /* in */ persist; # end\n}\n.include "x"; $v = 1;'
    statements = parse(text, "/etc/jail.conf")
    assert [(one.kind, one.name) for one in statements] == [
        ("jail", "c1"),
        ("parameter", ".include"),
        ("parameter", "$v"),
    ]
    assert [inner.text for inner in statements[0].body] == ['path = "/";', "persist;"]
    assert statements[0].text.startswith("c1 {")
    assert statements[0].text.endswith("}")
    assert {one.source for one in statements} == {"/etc/jail.conf"}


def test_defaults_and_what_overrides_them() -> None:
    # conf-15, two-1
    text = """
    persist; host.hostname = "$name.example.org"; allow.raw_sockets;
    * { exec.clean; }
    c2 { allow.noraw_sockets; path = /; }
    c1 { path = /a; nopersist; }
    """
    assert settings(parse(text), "c1") == {
        "persist": False,
        "host.hostname": (Item("${name}.example.org", literal=False),),
        "allow.raw_sockets": True,
        "exec.clean": True,
        "path": (Item("/a"),),
    }


@pytest.mark.parametrize(
    ("text", "meta"),
    [
        ("a { meta = own; } * { meta = late; }", "late"),
        ("a { meta = own; } meta = late;", "late"),
        ("* { meta = early; } a { meta = own; }", "own"),
        # What stands outside of blocks counts as one block, at the place of the first.
        ("allow.mount; a { meta = own; } meta = late;", "own"),
    ],
)
def test_a_default_after_the_jail_wins(text: str, meta: str) -> None:
    assert settings(parse(text), "a")["meta"] == (Item(meta),)


def test_appending() -> None:
    # conf-18
    text = 'c1 { ip4.addr = 10.0.0.1; ip4.addr += 10.0.0.2; ip4.addr += "10.0.0.3, 10.0.0.4"; }'
    assert settings(parse(text), "c1")["ip4.addr"] == (Item("10.0.0.1"), Item("10.0.0.2"), Item("10.0.0.3, 10.0.0.4"))
