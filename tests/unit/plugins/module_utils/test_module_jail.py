# SPDX-License-Identifier: BSD-2-Clause
"""The arguments of the module jail: what Ansible makes of them is what was given."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.bsd.jail.plugins.module_utils.desired import configuration
from ansible_collections.bsd.jail.plugins.modules import jail


def options(**given: Any) -> dict[str, Any]:
    result = ArgumentSpecValidator(jail.argument_spec()).validate({"name": "web", **given})
    assert result.error_messages == []
    return dict(result.validated_parameters)


@pytest.mark.parametrize(
    ("option", "given", "parameter", "value"),
    [
        ("exec_start", "echo a, b", "exec.start", ("echo a, b",)),
        ("exec_stop", ["a,b", "c"], "exec.stop", ("a,b", "c")),
        ("path", "/a$HOME/b", "path", ("/a$HOME/b",)),
        ("root", "/a", "path", ("/a",)),
        ("hostname", "a,b", "host.hostname", ("a,b",)),
        ("ip4_addr", "10.0.0.1,10.0.0.2", "ip4.addr", ("10.0.0.1", "10.0.0.2")),
        ("ip4_addr", ["lo1|10.0.0.1/24"], "ip4.addr", ("lo1|10.0.0.1/24",)),
        ("vnet", "yes", "vnet", ("new",)),
        ("vnet", True, "vnet", ("new",)),
        ("persist", "no", "persist", False),
        ("devfs_ruleset", "4", "devfs_ruleset", ("4",)),
        ("params", {"meta": "a,b", "allow.mount": True}, "meta", ("a,b",)),
    ],
)
def test_what_is_given_is_what_arrives(option: str, given: Any, parameter: str, value: Any) -> None:
    conf = configuration("web", options(**{"path": "/", option: given} if option != "root" else {option: given}))
    assert conf is not None
    assert dict(conf.parameters)[parameter] == value


def test_nothing_given_is_no_configuration() -> None:
    assert configuration("web", options(state="stopped")) is None


def test_the_documentation_names_the_same_options() -> None:
    documented = yaml.safe_load(jail.DOCUMENTATION)["options"]
    spec = jail.argument_spec()
    assert set(documented) == set(spec)
    for name, option in spec.items():
        for key in ("type", "aliases", "choices", "default", "elements"):
            assert documented[name].get(key) == option.get(key), (name, key)
