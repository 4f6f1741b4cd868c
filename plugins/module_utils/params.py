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

# What it takes to change a parameter in a running jail:
LIVE = "live"  # jail -m does it
EFFECT = "effect"  # jail -m accepts it, and does nothing or not all of it: the effect is brought about by other means
RECORD = "record"  # it matters only when the jail is started or stopped
RESTART = "restart"  # it takes a restart


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
    change: what it takes to change it in a running jail: one of LIVE, EFFECT, RECORD, RESTART.
    source: where that is known from.
    default: what a new jail has if it isn't set, where a change away from that takes a restart (recorded: ls-2).
    """

    name: str
    option: str = ""
    type: str = "str"
    many: bool = False
    shown: bool = False
    aliases: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    change: str = LIVE
    source: str = ""
    default: str = ""


TABLE: tuple[Parameter, ...] = (
    Parameter("path", "path", shown=True, aliases=("root",), change=RESTART, source="mod-12"),
    Parameter("host.hostname", "host_hostname", shown=True, aliases=("hostname",), change=LIVE, source="mod-1"),
    Parameter(
        "ip4",
        "ip4",
        shown=True,
        choices=("new", "inherit", "disable"),
        change=RESTART,
        source="mod-12",
        default="disable",
    ),
    Parameter("ip4.addr", "ip4_addr", "list", many=True, shown=True, change=EFFECT, source="mod-8"),
    Parameter(
        "ip6",
        "ip6",
        shown=True,
        choices=("new", "inherit", "disable"),
        change=RESTART,
        source="mod-12",
        default="disable",
    ),
    Parameter("ip6.addr", "ip6_addr", "list", many=True, shown=True, change=EFFECT, source="mod-8"),
    Parameter("interface", "interface", change=EFFECT, source="mod-8"),
    Parameter("vnet", "vnet", "raw", shown=True, change=RESTART, source="mod-12", default="inherit"),
    Parameter("vnet.interface", "vnet_interface", "list", many=True, change=EFFECT, source="vnm-1"),
    Parameter("depend", "depend", "list", many=True, change=RECORD, source="mod-12"),
    Parameter("persist", "persist", "bool", shown=True, change=LIVE, source="mod-12"),
    Parameter("devfs_ruleset", "devfs_ruleset", "int", shown=True, change=EFFECT, source="drf-2"),
    Parameter("mount", "mounts", "list", many=True, change=EFFECT, source="mod-10"),
    Parameter("mount.devfs", "mount_devfs", "bool", change=EFFECT, source="mod-12"),
    Parameter("mount.fdescfs", change=EFFECT, source="mod-12"),
    Parameter("mount.procfs", change=EFFECT, source="mod-12"),
    Parameter("mount.fstab", change=RESTART, source="mod-10"),
    Parameter("exec.clean", "exec_clean", "bool", change=RECORD, source="mod-12"),
    Parameter("exec.prepare", many=True, change=RECORD, source="mod-10"),
    Parameter("exec.prestart", many=True, change=RECORD, source="mod-10"),
    Parameter("exec.created", many=True, change=RECORD, source="mod-10"),
    Parameter("exec.start", "exec_start", "raw", many=True, change=RECORD, source="mod-10"),
    Parameter("exec.poststart", many=True, change=RECORD, source="mod-10"),
    Parameter("exec.prestop", many=True, change=RECORD, source="mod-10"),
    Parameter("exec.stop", "exec_stop", "raw", many=True, change=RECORD, source="mod-10"),
    Parameter("exec.poststop", many=True, change=RECORD, source="mod-10"),
    Parameter("exec.release", many=True, change=RECORD, source="mod-10"),
    Parameter("exec.consolelog", change=RECORD, source="mod-10"),
    Parameter("exec.fib", change=RECORD, source="mod-10"),
    Parameter("exec.jail_user", change=RECORD, source="mod-10"),
    Parameter("exec.system_jail_user", change=RECORD, source="mod-10"),
    Parameter("exec.system_user", change=RECORD, source="mod-10"),
    Parameter("exec.timeout", change=RECORD, source="mod-10"),
    Parameter("command", many=True, change=RECORD, source="mod-10"),
    Parameter("stop.timeout", change=RECORD, source="jail(8)"),
    Parameter("ip_hostname", change=RESTART, source="jail(8)"),
    Parameter("allow.dying", change=RECORD, source="jail(8)"),
    Parameter("zfs.dataset", many=True, change=RESTART, source="jail(8)"),
    # That jail -m accepts it is recorded, what becomes of the names then isn't.
    Parameter("host", shown=True, change=RESTART, source="mod-12", default="new"),
    Parameter("jid", shown=True, change=RESTART, source="jail(8)"),
    Parameter("osreldate", shown=True, change=RESTART, source="mod-12"),
    Parameter("osrelease", shown=True, change=RESTART, source="mod-12"),
)
BY_NAME: dict[str, Parameter] = {parameter.name: parameter for parameter in TABLE}
OPTIONS: dict[str, Parameter] = {parameter.option: parameter for parameter in TABLE if parameter.option}

# What a jail may change itself, and so isn't compared with what the kernel says (recorded: drf-1).
_HOST = ("host.hostname", "host.domainname", "host.hostid", "host.hostuuid")

# What the kernel keeps as text, whatever it looks like.
_TEXT = frozenset((*_HOST, "env", "meta", "osrelease")) - {"host.hostid"}


def takes_many(name: str) -> bool:
    """Whether a parameter may have more than one value. Of several values for another, jail(8) takes the last."""
    known = BY_NAME.get(name)
    return known is not None and known.many


def change_of(name: str, jail: Jail) -> str:
    """What it takes to change a parameter in a running jail.

    Of those that aren't in the table, jail -m changes what the kernel has, as jls shows (recorded: mod-12); what it
    hasn't, for want of a kernel module, takes a restart.
    """
    known = BY_NAME.get(name)
    if known is not None:
        return known.change
    return LIVE if name in jail.parameters else RESTART


def may_load_module(name: str) -> bool:
    """Whether asking jail(8) for a parameter that the kernel doesn't have makes it load a kernel module (FreeBSD's
    lib/libjail, kldload_param).
    """
    return name.startswith(("linux", "sysv", "allow.mount."))


def differs(name: str, setting: Setting, jail: Jail, insist: bool = False) -> bool:
    """Whether the kernel has something else than was configured, as far as that can be told.

    Compared is what the kernel makes of a value (recorded: nrm-1). A value with variables in it, and a parameter that
    jls doesn't show, don't differ; nor does, unless we insist, what the jail may change itself (recorded: drf-1).
    """
    if name not in jail.parameters or name in ("name", "jid"):
        return False
    if not is_literal(setting):
        return False
    if name in _HOST and jail.parameters.get("allow.set_hostname") is not False and not insist:
        return False
    if name in ("ip4", "ip6") and jail.text("vnet") == "new":
        return False  # shown as 'inherit' whatever was set (recorded: net-1)
    shown = jail.parameters[name]
    wanted = setting if isinstance(setting, bool) else tuple(item.text for item in setting)
    if name == "securelevel":
        return number(jail.text(name)) < number(_last(wanted))
    return _normal(name, wanted, shown) != _normal(name, shown, shown)


def is_literal(setting: Setting) -> bool:
    """Whether a setting has no variables in it."""
    return isinstance(setting, bool) or all(item.literal for item in setting)


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


def number(text: str) -> int:
    """The integer that a value is, 0 if it is none."""
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
    if name in _TEXT or not _is_number(shown):
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
