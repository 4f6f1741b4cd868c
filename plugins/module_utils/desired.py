# SPDX-License-Identifier: BSD-2-Clause
"""From what the user asks for to the configuration that is to be: types, names, and what contradicts itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bsd.jail.plugins.module_utils import epairinput, epairs, fstab
from ansible_collections.bsd.jail.plugins.module_utils.conf import JailConf, Value, check_name, check_parameter
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError
from ansible_collections.bsd.jail.plugins.module_utils.mountplan import node, wanted_mounts
from ansible_collections.bsd.jail.plugins.module_utils.params import BY_NAME, OPTIONS, TABLE, normal_address, takes_many

PRESENT, STARTED, STOPPED, RESTARTED, ABSENT = "present", "started", "stopped", "restarted", "absent"
STATES = (PRESENT, STARTED, STOPPED, RESTARTED, ABSENT)


@dataclass(frozen=True)
class Desired:
    """What is to be of one jail.

    name: the jail's name. state: one of STATES.
    conf: its whole configuration, or None to leave that as it is.
    restart: 'if_needed' or 'never', for a jail that runs with another configuration.
    force: overwrite or remove a file that isn't ours, stop a jail of which there is no configuration.
    backup: keep a copy of a file that is overwritten or removed.
    dependents: what becomes of running jails that depend on it when it is stopped: 'restart', 'refuse', 'stop',
    'ignore', or None for 'restart' if it is started again and else 'refuse'.
    children: whether to 'refuse' to stop it while jails run within it, or to 'stop' it all the same.
    drift: 'kernel' to put right also what the jail may have changed itself.
    verify: what jls can't show and is looked at even if nothing differs.
    boot: whether it is to start at boot, None if that wasn't said.
    """

    name: str
    state: str
    conf: JailConf | None = None
    restart: str = "if_needed"
    force: bool = False
    backup: bool = False
    dependents: str | None = None
    children: str = "refuse"
    drift: str = "configured"
    verify: frozenset[str] = frozenset()
    boot: bool | None = None

    @property
    def boots(self) -> bool | None:
        """Whether it is to start at boot, by its state where that wasn't said; None to leave that as it is."""
        if self.boot is not None or self.state == PRESENT:
            return self.boot
        return self.state in (STARTED, RESTARTED)


def desired(options: Mapping[str, Any]) -> Desired:
    """What the module's options ask for. Raises InputError."""
    name = options["name"]
    check_name(name)
    state = options["state"]
    if state == ABSENT and options["boot"]:
        raise InputError(
            f"jail {name}: boot contradicts state: what is absent can't start at boot.", jail=name, parameter="boot"
        )
    return Desired(
        name=name,
        state=state,
        conf=None if state == ABSENT else configuration(name, options),
        restart=options["restart"],
        force=options["force"],
        backup=options["backup"],
        dependents=options["dependents"],
        children=options["children"],
        drift=options["drift"],
        verify=frozenset(options["verify"]),
        boot=options["boot"],
    )


def configuration(name: str, options: Mapping[str, Any]) -> JailConf | None:
    """The jail's whole configuration by the module's options, or None if none of them says anything of it. Raises
    InputError.
    """
    given = _from_options(name, options)
    for parameter, value in sorted(_from_params(name, options.get("params") or {}).items()):
        if parameter in given:
            raise InputError(
                f"jail {name}: {parameter} is given twice: by the option mounts and in params.",
                jail=name,
                parameter=parameter,
            )
        given[parameter] = value
    expand = _expanded(name, options.get("expand") or [], given)
    pairs = epairinput.epairs(name, options.get("epairs") or [])
    if not given and not pairs:
        return None
    if "path" not in given:
        raise InputError(
            f"jail {name}: path is missing. What is given is the jail's whole configuration; give its path too, "
            "or nothing but name and state to leave the configuration as it is.",
            jail=name,
            parameter="path",
        )
    if "path" in expand and options.get("mounts"):
        raise InputError(
            f"jail {name}: mounts are written below the resolved path, and a path with variables can't be resolved. "
            "Give path without.",
            jail=name,
            parameter="expand",
        )
    given.setdefault("persist", True)
    if pairs:
        given.setdefault("vnet", ("new",))
    _check_contradictions(name, given, bool(pairs))
    if "path" not in expand:
        _resolve(name, given, expand)
    return JailConf(name, tuple(given.items()), expand, epairs.commands(name, pairs) if pairs else ())


def _from_options(name: str, options: Mapping[str, Any]) -> dict[str, Value]:
    """The parameters that have an option of their own."""
    given: dict[str, Value] = {}
    for parameter in TABLE:
        raw = options.get(parameter.option) if parameter.option else None
        if raw is None:
            continue
        if parameter.name == "mount":
            given["mount"] = _mounts(name, raw, options.get("path") or "")
        else:
            given[parameter.name] = to_value(name, parameter.name, raw)
    return given


def _from_params(name: str, params: Mapping[str, Any]) -> dict[str, Value]:
    """The parameters given by their own names."""
    given: dict[str, Value] = {}
    for key, raw in params.items():
        parameter = str(key)
        check_parameter(name, parameter)
        option = _option_of(parameter)
        if option is not None:
            raise InputError(
                f"jail {name}: {parameter} in params has an option of its own: use {option}.",
                jail=name,
                parameter=parameter,
            )
        if parameter == "name":
            raise InputError(
                f"jail {name}: the jail's name is given by the option name alone.", jail=name, parameter=parameter
            )
        given[parameter] = to_value(name, parameter, raw)
    return given


def _option_of(key: str) -> str | None:
    """The option that stands for a key of `params`, be it spelled as the parameter or as the option."""
    if key == "mount":
        return None  # jail.conf's own lines, beside the option mounts, which makes them
    known = BY_NAME.get(key)
    if known is not None and known.option:
        return known.option
    for parameter in TABLE:
        if parameter.option and key in (parameter.option, *parameter.aliases):
            return parameter.option
    return None


def to_value(jail: str, parameter: str, raw: Any) -> Value:
    """What a value of YAML is in jail.conf(5): a boolean, or strings and integers. Raises InputError."""
    if parameter == "vnet":
        raw = _vnet(jail, raw)
    if isinstance(raw, bool):
        return raw
    items = raw if isinstance(raw, (list, tuple)) else [raw]
    if len(items) > 1 and not takes_many(parameter):
        raise InputError(
            f"jail {jail}: {parameter} takes one value, and {len(items)} were given: {raw!r}.",
            jail=jail,
            parameter=parameter,
        )
    return tuple(_scalar(jail, parameter, item) for item in items)


def _scalar(jail: str, parameter: str, item: Any) -> str:
    if isinstance(item, str):
        return item
    if isinstance(item, int) and not isinstance(item, bool):
        return str(item)
    if isinstance(item, float):
        advice = "YAML makes a number of it, which may lose digits: put it in quotes."
    elif item is None:
        advice = "To set a parameter without a value, write true; to leave it out, leave out its line."
    else:
        advice = "Strings, integers, booleans and lists of strings can be."
    raise InputError(
        f"jail {jail}: {item!r} can't be the value of {parameter}. {advice}", jail=jail, parameter=parameter
    )


def _vnet(jail: str, raw: Any) -> str:
    """`new` or `inherit`; booleans stand for them."""
    text = str(raw).lower()
    if text in ("new", "true", "yes", "on", "1"):
        return "new"
    if text in ("inherit", "false", "no", "off", "0"):
        return "inherit"
    raise InputError(
        f"jail {jail}: vnet can't be {raw!r}: use new, inherit, true or false.", jail=jail, parameter="vnet"
    )


def _mounts(name: str, mounts: list[Mapping[str, Any]], path: str) -> Value:
    """The option `mounts` as lines for jail(8), the mount points below the resolved path."""
    root = os.path.realpath(path)
    return tuple(
        fstab.mount_line(one.source, node(root, one.destination), one.fstype, one.options)
        for one in wanted_mounts(f"jail {name}", mounts)
    )


def _expanded(name: str, expand: list[str], given: Mapping[str, Value]) -> frozenset[str]:
    """The parameters in whose values jail(8) is to expand variables, by their own names."""
    result = set()
    for word in expand:
        option = OPTIONS.get(word)
        parameter = option.name if option else word
        if parameter not in given or isinstance(given[parameter], bool):
            raise InputError(
                f"jail {name}: expand names {word}, which isn't given a value.", jail=name, parameter="expand"
            )
        result.add(parameter)
    return frozenset(result)


def _check_contradictions(name: str, given: Mapping[str, Value], has_epairs: bool) -> None:
    def refuse(parameter: str, other: str, why: str) -> None:
        raise InputError(f"jail {name}: {parameter} contradicts {other}: {why}", jail=name, parameter=parameter)

    for family in ("ip4", "ip6"):
        addresses = f"{family}.addr"
        if not given.get(addresses):
            continue
        if given.get("vnet") == ("new",):
            refuse(
                addresses,
                "vnet",
                "a jail with a network stack of its own takes no addresses; configure its interfaces from within.",
            )
        if given.get(family) in (("inherit",), ("disable",)):
            refuse(addresses, family, f"with {family}={_words(given[family])} a jail has no addresses of its own.")
        _check_duplicates(name, addresses, given[addresses])
    for parameter, is_given in (("vnet.interface", given.get("vnet.interface")), ("epairs", has_epairs)):
        if given.get("vnet") == ("inherit",) and is_given:
            refuse(parameter, "vnet", "interfaces can be moved only into a jail with a network stack of its own.")
    if given.get("host") == ("inherit",):
        for parameter in given:
            if parameter.startswith("host."):
                refuse(parameter, "host", "with host=inherit the jail has the host's.")


def _check_duplicates(name: str, parameter: str, value: Value) -> None:
    """The kernel refuses an address that stands twice, and says only "Invalid argument" (recorded: ip-6)."""
    addresses = [normal_address(item) for item in value] if isinstance(value, tuple) else []
    for address in addresses:
        if addresses.count(address) > 1:
            raise InputError(f"jail {name}: {parameter} has {address} twice.", jail=name, parameter=parameter)


def _words(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else ",".join(value)


def _resolve(name: str, given: dict[str, Value], expand: frozenset[str]) -> None:
    """Write the path resolved, and the mount points below it with that in front (recorded: pth-1). Raises InputError
    for a relative path.
    """
    path = _words(given["path"])
    if not path.startswith("/"):
        raise InputError(f"jail {name}: path {path!r} isn't absolute.", jail=name, parameter="path")
    resolved = os.path.realpath(path)
    given["path"] = (resolved,)
    lines = given.get("mount")
    if isinstance(lines, tuple) and "mount" not in expand:
        given["mount"] = tuple(fstab.respell(line, path, resolved) for line in lines)
