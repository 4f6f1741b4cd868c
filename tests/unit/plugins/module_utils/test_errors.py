# SPDX-License-Identifier: BSD-2-Clause
"""What a task returns that fails."""

from __future__ import annotations

from ansible_collections.bsd.jail.plugins.module_utils.errors import CommandError, InputError, together


def test_what_a_failed_task_returns() -> None:
    words = {"cmd": ["jail", "-c"], "rc": 1, "stdout": "", "stderr": "oh"}
    assert CommandError("It failed.", jail="web", left=["lo1"], **words).result == {"msg": "It failed.", **words}
    assert InputError("Not so.", jail="web", parameter="vnet").result == {"msg": "Not so.", "parameter": "vnet"}
    assert together([InputError("One"), InputError("Two.")]).result == {"msg": "One. Two."}
