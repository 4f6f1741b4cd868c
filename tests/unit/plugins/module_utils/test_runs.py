# SPDX-License-Identifier: BSD-2-Clause
"""What a user hears of a run of jail(8) that failed."""

from __future__ import annotations

from ansible_collections.bsd.jail.plugins.module_utils.host import Result
from ansible_collections.bsd.jail.plugins.module_utils.runs import CREATE, Run

SAID = "jail: b: false: failed\nifconfig: BRDGADD e0a_a: No such file or directory\njail: a: ifconfig: failed"


def test_an_error_of_many_jails_has_no_words_about_another() -> None:
    error = Run("1-1", CREATE, ("a", "b")).error(Result(("jail", "-c"), 1, "", SAID), "jail a can't be started", "a")
    assert error.message == (
        "jail a can't be started: ifconfig: BRDGADD e0a_a: No such file or directory; jail: a: ifconfig: failed "
        "(status 1 of: jail -c)"
    )


def test_where_a_jail_isn_t_named_all_is_said() -> None:
    error = Run("1-1", CREATE, ("a", "b", "c")).error(Result(("jail",), 1, "", SAID), "c can't be started", "c")
    assert "jail: b: false: failed" in error.message
    assert "jail: a: ifconfig: failed" in error.message
