# SPDX-License-Identifier: BSD-2-Clause
"""getopt(3) as FreeBSD's programs see it."""

from __future__ import annotations

import options
import pytest


def test_options_end_at_the_first_operand() -> None:
    found, operands = options.getopt(["jexec", "-lu", "nobody", "-d/etc", "e1", "sh", "-c", "x"], "d:lu:", "")
    assert found == [("l", ""), ("u", "nobody"), ("d", "/etc")]
    assert operands == ["e1", "sh", "-c", "x"]


def test_two_dashes_end_them_too() -> None:
    assert options.getopt(["rm", "-f", "--", "-x"], "f", "") == ([("f", "")], ["-x"])


def test_a_dash_is_an_operand() -> None:
    assert options.getopt(["cat", "-"], "n", "") == ([], ["-"])


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [(["-Z"], "jail: illegal option -- Z"), (["-j"], "jail: option requires an argument -- j")],
)
def test_complaints(arguments: list[str], complaint: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        options.getopt(["/usr/sbin/jail", *arguments], "j:", "usage: jail", 64)
    assert ended.value.code == 64
    assert capfd.readouterr().err == f"{complaint}\nusage: jail\n"
