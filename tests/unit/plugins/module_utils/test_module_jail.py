# SPDX-License-Identifier: BSD-2-Clause
"""The arguments of the module jail: what Ansible makes of them is what was given."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.bsd.jail.plugins.module_utils.desired import configuration
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, JailError
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


def test_jails_have_the_options_of_one() -> None:
    documented = yaml.safe_load(jail.DOCUMENTATION)["options"]
    one = jail.argument_spec()["jails"]["options"]
    assert set(documented["jails"]["suboptions"]) == set(one) == set(documented) - {"jails", "lock_timeout", "timeout"}
    assert all(documented["jails"]["suboptions"][name] == documented[name] for name in one if name != "name")


def test_what_is_wrong_with_several_is_all_said() -> None:
    given = options(name=None, jails=[{"name": "a.b"}, {"name": "good", "path": "/"}, {"name": "bad", "path": "x"}])
    with pytest.raises(JailError, match=r"'a\.b' can't be the name .*\. jail bad: path 'x' isn't absolute\.$"):
        jail.wanted(given)


def test_what_is_given_beside_jails_is_not_dropped_silently() -> None:
    given = options(name=None, jails=[{"name": "good", "path": "/"}], state="stopped")
    with pytest.raises(InputError, match="state is given beside jails"):
        jail.wanted(given)
