# SPDX-License-Identifier: BSD-2-Clause
"""The table of sysctl(8)'s variables, and the jail parameters of the kernel that it has to agree with."""

from __future__ import annotations

import params
import sysctls


def test_every_variable_has_its_node() -> None:
    for name in sysctls.OIDS:
        node = name.rstrip(".").rpartition(".")[0]
        assert not node or sysctls.OIDS[node].kind == "node"


def test_types_are_known() -> None:
    assert {oid.kind for oid in sysctls.OIDS.values()} <= set(sysctls.TYPES)
    assert {oid.access for oid in sysctls.OIDS.values()} <= {"r", "w", "t"}


def test_jail_parameters() -> None:
    """sys-2, sys-3, sys-4: a parameter with others below it has a dot at its end."""
    for param in params.PARAMS:
        name = f"security.jail.param.{param.name}"
        oid = sysctls.OIDS.get(f"{name}.") or sysctls.OIDS[name]
        assert oid.title == param.title
        assert not param.size or oid.value == str(param.size)
