# SPDX-License-Identifier: BSD-2-Clause
"""libjail's part of the stand-in: values, their text and their messages."""

from __future__ import annotations

from typing import Any

import jailparam
import pytest


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("securelevel", "2", 2),
        ("securelevel", "-1", -1),
        ("securelevel", "", 0),
        ("securelevel", " 3", 3),
        ("securelevel", "4294967295", -1),
        ("host.hostid", "7", 7),
        ("host.hostid", "-1", 2**64 - 1),
        ("persist", "TRUE", True),
        ("persist", "false", False),
        ("persist", "2", True),
        ("persist", "", False),
        ("persist", None, None),
        ("ip4", "inherit", "inherit"),
        ("ip4", "1", "new"),
        ("vnet", "", "new"),
        ("host.hostname", "a b", "a b"),
        ("ip4.addr", "10.9.0.9,10.9.0.3", ["10.9.0.9", "10.9.0.3"]),
        ("ip4.addr", "-", []),
        ("ip4.addr", "", []),
        ("ip6.addr", "FD00:0:0::0002", ["fd00::2"]),
        ("meta.owner", "ops", "ops"),
    ],
)
def test_import(name: str, text: str | None, value: Any) -> None:
    assert jailparam.import_value(jailparam.init(name), text) == value


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("securelevel", "high", 'securelevel: non-integer value "high"'),  # bad-15
        ("securelevel", "1,2", 'securelevel: non-integer value "1,2"'),
        ("ip4.addr", "one", "ip4.addr: not an IPv4 address: one"),  # bad-16
        ("ip4.addr", "10.0.0.1,,10.0.0.2", "ip4.addr: not an IPv4 address: "),
        ("ip4.addr", "::1", "ip4.addr: not an IPv4 address: ::1"),  # ip-6
        ("ip6.addr", "fe80::1%lo0", "ip6.addr: not an IPv6 address: fe80::1%lo0"),
        ("ip4", "maybe", 'ip4: unknown jailsys value "maybe"'),  # bad-22
        ("nopersist", "maybe", 'nopersist: unknown boolean value "maybe"'),  # bad-25
    ],
)
def test_import_refuses(name: str, text: str, message: str) -> None:
    with pytest.raises(jailparam.ParamError) as error:
        jailparam.import_value(jailparam.init(name), text)
    assert str(error.value) == message


@pytest.mark.parametrize("name", ["nosuch", "allow", "noallow.mount", "novnet", "exec.start", "allow.nosuch", "name.x"])
def test_unknown_parameters(name: str) -> None:  # bad-4, conf-20, mod-12
    with pytest.raises(jailparam.ParamError, match=f"^unknown parameter: {name}$"):
        jailparam.init(name)


@pytest.mark.parametrize(
    ("name", "text", "sent"),
    [
        ("allow.mount", None, ("allow.mount", True)),
        ("allow.nomount", None, ("allow.mount", False)),
        ("allow.nomount", "false", ("allow.mount", True)),
        ("persist", "0", ("persist", False)),
        ("vnet", None, ("vnet", "new")),
        ("host.hostname", None, ("host.hostname", "")),
        ("ip4.addr", None, ("ip4.addr", [])),
    ],
)
def test_what_the_kernel_gets(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str | None, sent: tuple[str, Any]
) -> None:  # jailparam_set(3)
    got: dict[str, Any] = {}

    def jail_set(params: dict[str, Any], **flags: bool) -> int:
        got.update(params)
        assert flags == {"create": True, "update": False}
        return 5

    monkeypatch.setattr("kernel.jail_set", jail_set)
    jp = jailparam.init(name)
    assert jailparam.jail_set([(jp, jailparam.import_value(jp, text))], create=True) == 5
    assert got == dict([sent])


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("plain", "plain"),
        ("", '""'),
        ("a b", '"a b"'),
        ("a\tb", '"a\tb"'),
        ("a\nb", "a\nb"),
        ("a\\b", "a\\\\b"),
        ("it's", '"it\'s"'),
        ('say "x"', "'say \"x\"'"),
        ("'\"", '"\'\\""'),
        ("a$b;c#d", "a$b;c#d"),
    ],
)
def test_quoting(value: str, shown: str) -> None:  # conf-9, conf-12, ls-13, var-1
    assert jailparam.quoted(value) == shown


def test_export() -> None:
    exported = [
        jailparam.export_value(jailparam.init(name).param, value)
        for name, value in (
            ("persist", True),
            ("ip4.addr", ["10.0.0.1", "10.0.0.2"]),
            ("securelevel", -1),
            ("ip4", "new"),
        )
    ]
    assert exported == ["true", "10.0.0.1,10.0.0.2", "-1", "new"]
