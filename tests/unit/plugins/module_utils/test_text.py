# SPDX-License-Identifier: BSD-2-Clause
"""Bytes that aren't UTF-8, on their way to Ansible."""

from __future__ import annotations

from ansible_collections.bsd.jail.plugins.module_utils.text import readable


def test_bytes_that_are_no_text_are_shown_and_all_else_is_left_alone() -> None:
    value = {"a": "ü\udcff\\x", "b": ["\udc80", 1, True, None, ("x",)]}
    assert readable(value) == {"a": "ü\\xff\\x", "b": ["\\x80", 1, True, None, ["x"]]}
