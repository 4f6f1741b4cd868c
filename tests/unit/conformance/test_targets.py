# SPDX-License-Identifier: BSD-2-Clause
"""How an answer is taken down."""

from __future__ import annotations

import pytest

from tests.conformance.targets import as_recorded


@pytest.mark.parametrize(
    ("output", "text"),
    [
        (b"u1 \xc3\xbc\n", "u1 ü\n"),
        (b"u1 \xfc\n", "u1 \\xfc\n"),
        (b"0 0\r\nrc=0\n", "0 0\nrc=0\n"),
        (b"10%\r20%\n", "10%\r20%\n"),
    ],
)
def test_as_recorded(output: bytes, text: str) -> None:
    assert as_recorded(output) == text
