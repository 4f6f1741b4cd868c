# SPDX-License-Identifier: BSD-2-Clause
"""libxo's JSON, letter by letter as recorded."""

from __future__ import annotations

import pytest
import xo

COMPACT, PRETTY = xo.Style(json=True), xo.Style(json=True, pretty=True)


def test_compact_separates_leaves_by_commas_and_lists_by_a_space_too() -> None:
    """ip-3"""
    jail = {"name": "i1", "ip4.addr": ["10.7.0.7", "10.7.0.8"], "ip6.addr": ["fd00::7"], "ip4": "disable"}
    assert xo.dumps({"jail-information": {"jail": [jail]}}, COMPACT, "2") == (
        '{"__version": "2", "jail-information": {"jail": [{"name":"i1", "ip4.addr": ["10.7.0.7","10.7.0.8"],'
        ' "ip6.addr": ["fd00::7"],"ip4":"disable"}]}}\n'
    )


def test_compact_separates_instances_by_a_comma_and_a_space() -> None:
    """kids-1"""
    tree = {"jail-information": {"jail": [{"jid": "71"}, {"jid": "72"}]}}
    assert xo.dumps(tree, COMPACT) == '{"jail-information": {"jail": [{"jid":"71"}, {"jid":"72"}]}}\n'


def test_pretty() -> None:
    """ls-8"""
    jail = {"jid": 16, "hostname": "", "state": "ACTIVE", "ipv4_addrs": [], "ipv6_addrs": ["::1"]}
    assert xo.dumps({"jail-information": {"jail": [jail]}}, PRETTY, "2") == (
        '{\n  "__version": "2", \n  "jail-information": {\n    "jail": [\n      {\n        "jid": 16,\n'
        '        "hostname": "",\n        "state": "ACTIVE",\n        "ipv4_addrs": [\n        ],\n'
        '        "ipv6_addrs": [\n          "::1"\n        ]\n      }\n    ]\n  }\n}\n'
    )


def test_nothing_opened() -> None:
    """ps-1"""
    assert xo.dumps({}, COMPACT) == "{ }\n"


def test_only_quotes_backslashes_and_line_ends_are_escaped() -> None:
    """tab-1, lit-1"""
    text = xo.dumps({"a": {"meta": 'a\tb\x01c\x1bd\n"\\'}}, COMPACT)
    assert text == '{"a": {"meta":"a\tb\x01c\x1bd\\n\\"\\\\"}}\n'


def test_text_is_latin_1() -> None:
    """loc-1, nam-1"""
    assert xo.latin1("hü").encode("utf-8", "surrogateescape") == b"h\xfc"


@pytest.mark.parametrize(
    ("arguments", "style", "rest"),
    [
        (["--libxo", "json,pretty", "-v"], PRETTY, ["-v"]),
        (["--libxo=json", "-n"], COMPACT, ["-n"]),
        (["--libxo:JP"], PRETTY, []),
        (["-j", "x"], xo.Style(), ["-j", "x"]),
    ],
)
def test_the_option(arguments: list[str], style: xo.Style, rest: list[str]) -> None:
    assert xo.parse_args(["jls", *arguments]) == (style, ["jls", *rest])
