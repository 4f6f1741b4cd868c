# SPDX-License-Identifier: BSD-2-Clause
"""The parameters of jail.conf(5) that the collection treats by name: one table for the arguments, the file and the
comparison.

What isn't in the table is a parameter all the same: jail(8) knows which there are, and jls shows of what type they are.
"""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass

from ansible_collections.bsd.jail.plugins.module_utils.confread import Setting
from ansible_collections.bsd.jail.plugins.module_utils.jls import Jail, Shown


@dataclass(frozen=True)
class Parameter:
    """A parameter that we know by name.

    name: as in jail.conf(5).
    option: the module's option for it; '' if it has none and is given in `params`.
    type: Ansible's type of the option. It is 'raw' for commands, since Ansible would split one at its commas to make a
    list, and 'str' for paths, since Ansible would expand variables in them.
    many: whether it takes more than one value.
    shown: whether the kernel keeps it, so that jls shows it; jail(8) alone acts on the others (jail(8),
    "pseudo-parameters").
    """

    name: str
    option: str = ""
    type: str = "str"
    many: bool = False
    shown: bool = False
    aliases: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


TABLE: tuple[Parameter, ...] = (
    Parameter("path", "path", shown=True, aliases=("root",)),
    Parameter("host.hostname", "host_hostname", shown=True, aliases=("hostname",)),
    Parameter("ip4", "ip4", shown=True, choices=("new", "inherit", "disable")),
    Parameter("ip4.addr", "ip4_addr", "list", many=True, shown=True),
    Parameter("ip6", "ip6", shown=True, choices=("new", "inherit", "disable")),
    Parameter("ip6.addr", "ip6_addr", "list", many=True, shown=True),
    Parameter("interface", "interface"),
    Parameter("vnet", "vnet", "raw", shown=True),
    Parameter("vnet.interface", "vnet_interface", "list", many=True),
    Parameter("depend", "depend", "list", many=True),
    Parameter("persist", "persist", "bool", shown=True),
    Parameter("devfs_ruleset", "devfs_ruleset", "int", shown=True),
    Parameter("mount", "mounts", "list", many=True),
    Parameter("mount.devfs", "mount_devfs", "bool"),
    Parameter("mount.fdescfs"),
    Parameter("mount.procfs"),
    Parameter("mount.fstab"),
    Parameter("exec.clean", "exec_clean", "bool"),
    Parameter("exec.prepare", many=True),
    Parameter("exec.prestart", many=True),
    Parameter("exec.created", many=True),
    Parameter("exec.start", "exec_start", "raw", many=True),
    Parameter("exec.poststart", many=True),
    Parameter("exec.prestop", many=True),
    Parameter("exec.stop", "exec_stop", "raw", many=True),
    Parameter("exec.poststop", many=True),
    Parameter("exec.release", many=True),
    Parameter("exec.consolelog"),
    Parameter("exec.fib"),
    Parameter("exec.jail_user"),
    Parameter("exec.system_jail_user"),
    Parameter("exec.system_user"),
    Parameter("exec.timeout"),
    Parameter("command", many=True),
    Parameter("stop.timeout"),
    Parameter("ip_hostname"),
    Parameter("allow.dying"),
    Parameter("zfs.dataset", many=True),
)
BY_NAME: dict[str, Parameter] = {parameter.name: parameter for parameter in TABLE}
OPTIONS: dict[str, Parameter] = {parameter.option: parameter for parameter in TABLE if parameter.option}

# What a jail may change itself, and so isn't compared with what the kernel says (recorded: drf-1).
_HOST = ("host.hostname", "host.domainname", "host.hostid", "host.hostuuid")


def is_pseudo(name: str) -> bool:
    """Whether jail(8) alone acts on a parameter, so that neither the kernel nor jls knows it."""
    known = BY_NAME.get(name)
    return known is not None and not known.shown


def takes_many(name: str) -> bool:
    """Whether a parameter may have more than one value. Of several values for another, jail(8) takes the last."""
    known = BY_NAME.get(name)
    return known is not None and known.many


def may_load_module(name: str) -> bool:
    """Whether asking jail(8) for a parameter that the kernel doesn't have makes it load a kernel module (FreeBSD's
    lib/libjail, kldload_param).
    """
    return name.startswith(("linux", "sysv", "allow.mount."))


def differs(name: str, setting: Setting, jail: Jail) -> bool:
    """Whether the kernel has something else than was configured, as far as that can be told.

    Compared is what the kernel makes of a value (recorded: nrm-1). A value with variables in it, a parameter that jls
    doesn't show, and what the jail may change itself (recorded: drf-1) don't differ.
    """
    if name not in jail.parameters or name in ("name", "jid"):
        return False
    if not isinstance(setting, bool) and not all(item.literal for item in setting):
        return False
    if name in _HOST and jail.parameters.get("allow.set_hostname") is not False:
        return False
    shown = jail.parameters[name]
    wanted = setting if isinstance(setting, bool) else tuple(item.text for item in setting)
    if name == "securelevel":
        return _number(jail.text(name)) < _number(_last(wanted))
    return _normal(name, wanted, shown) != _normal(name, shown, shown)


def same(name: str, one: Setting | None, other: Setting | None) -> bool:
    """Whether two settings of a parameter in configurations come to the same."""
    if one is None or other is None:
        return one is other
    return _canonical(name, one) == _canonical(name, other)


def _canonical(name: str, setting: Setting) -> object:
    if isinstance(setting, bool):
        return setting
    texts = tuple(item.text for item in setting)
    if name in ("ip4.addr", "ip6.addr"):
        return tuple(part for text in texts for part in text.replace(" ", "").split(","))
    return texts if takes_many(name) else texts[-1:]


def _last(value: Shown) -> str:
    if isinstance(value, tuple):
        return value[-1] if value else ""
    return str(value)


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return 0


def _normal(name: str, value: Shown, shown: Shown) -> object:
    """A value in the form in which it can be compared; `shown`, what jls shows, tells of what type it is."""
    if isinstance(shown, bool):
        return value if isinstance(value, bool) else _last(value).lower() not in ("false", "0")
    if isinstance(shown, tuple):
        return _normal_addresses(value)
    if isinstance(value, bool):
        # A parameter of the kind "disable, new, inherit" by its bare name (jail(8)); without 'new', the host's is
        # inherited or there is none.
        return "new" if value else ("inherit" if name in ("vnet", "host") else "disable")
    text = _last(value)
    if name == "path":
        return os.path.realpath(text)
    if name in ("ip4", "ip6"):
        return text == "inherit"  # a jail with addresses of its own is shown as 'disable' (recorded: ip-3)
    if not _is_number(shown):
        return text
    return int(text) if _is_number(text) else text


def _is_number(text: str) -> bool:
    return text.removeprefix("-").isdigit() and text.isascii()


def _normal_addresses(value: Shown) -> object:
    """The first address by its place, the others as a set: so the kernel sorts them (recorded: nrm-1)."""
    parts = value if isinstance(value, tuple) else (str(value),)
    addresses = [normal_address(part) for text in parts for part in text.split(",") if part.strip()]
    return addresses[:1], frozenset(addresses[1:])


def normal_address(text: str) -> str:
    """An address as the kernel shows it: without `interface|` and `/prefix`, IPv6 in its short form (recorded: ip-5,
    nrm-1).
    """
    address = text.strip().rpartition("|")[2].partition("/")[0].partition(" ")[0]
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address
