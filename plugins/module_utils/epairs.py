# SPDX-License-Identifier: BSD-2-Clause
"""A jail's epair(4) interfaces: one end is a member of a bridge of the host, the other is the jail's.

jail(8) knows no such thing: what makes an epair, sets up the jail's end and destroys it again are commands in the
jail's file. All of them run on the host, so that the jail needs no program of its own, but for DHCP and for the
solicitation of routers. The jail's end is moved by exec.created, not by vnet.interface, which comes after that
(FreeBSD's usr.sbin/jail/jail.c), and is set up there by `ifconfig -j` and `route -j` (recorded: vnt-1), before anything
of the jail runs. /etc/rc leaves an interface alone that the jail's rc.conf(5) doesn't mention (FreeBSD's network.subr).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.bsd.jail.plugins.module_utils.confread import Setting
from ansible_collections.bsd.jail.plugins.module_utils.host import IFCONFIG, Host

# Where the commands stand.
PARAMETERS = ("exec.prestart", "exec.created", "exec.poststop")
# The longest name of an interface, in bytes (FreeBSD's sys/net/if.h: IF_NAMESIZE, with the NUL).
NAME_MAX = 15

_JEXEC, _ROUTE = "/usr/sbin/jexec", "/sbin/route"
_DIGEST = 6

# A command in exec.prestart: assignments that say what is to be, and what makes that. An epair of that name was left by
# a start that was cut short; what is made here is destroyed if any of it fails.
_HEADER = re.compile(r"epair=\S+(?: [a-z]+=\S+)* bridge=[^\s;]+(?=; )")
_PRESTART = (
    "; PATH=/sbin; set -e; ! ifconfig -n $epair >/dev/null 2>&1 || ifconfig $epair destroy; "
    "made=$(ifconfig epair create); undo() { ifconfig $made destroy; }; trap undo EXIT; "
    "ifconfig ${made%a}b name $inside >/dev/null; ifconfig $inside ether $ether; "
    "ifconfig $made name $epair >/dev/null; made=$epair; ifconfig $epair ether $outer; "
)
_MTU = "ifconfig $inside mtu $mtu; ifconfig $epair mtu $mtu; "
_JOIN = "ifconfig $bridge addm $epair; ifconfig $epair up; trap - EXIT"
_POSTSTOP = "! /sbin/ifconfig -n {0} >/dev/null 2>&1 || /sbin/ifconfig {0} destroy"
# An IPv6 address is of no use before it is certain that nobody else has it (RFC 4862, 5.4): a second or two.
_WAIT = (
    "n=0; while [ $n -lt 50 ] && {0} inet6 | /usr/bin/grep -q tentative; do n=$((n + 1)); /bin/sleep 0.2; done; "
    '! {0} inet6 | /usr/bin/grep -E "tentative|duplicated" >&2'
)


@dataclass(frozen=True)
class Epair:
    """An epair as it is to be.

    number: its place in the jail's list, which is in the names of its ends. bridge: the host's bridge. ether: the MAC
    address of the jail's end. interface: the name of the jail's end within the jail, '' for the one that it is made
    with. mtu: in bytes, None for what epair(4) has.
    addresses: with their prefix lengths. gateways: at most one of IPv4 and one of IPv6.
    dhcp: whether dhclient(8) gets an IPv4 address. slaac: whether IPv6 addresses come from routers' advertisements.
    """

    number: int
    bridge: str
    ether: str
    interface: str = ""
    mtu: int | None = None
    addresses: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    dhcp: bool = False
    slaac: bool = False


@dataclass(frozen=True)
class Member:
    """An epair of a configuration.

    outside: its end on the host, a member of `bridge`. made: the jail's end, as it is made. inside: its name in the
    jail.
    """

    outside: str
    made: str
    inside: str
    bridge: str


def name(jail: str, number: int, end: str) -> str:
    """The name of an epair's end: 'a' is the host's, 'b' the jail's, as in FreeBSD's /usr/share/examples/jails/jib. For
    a jail whose name is too long for that, a digest is in the place of its end.
    """
    prefix = f"e{number}{end}_"
    room = NAME_MAX - len(prefix)
    if len(jail) > room:
        jail = jail[: room - _DIGEST] + hashlib.sha256(jail.encode()).hexdigest()[:_DIGEST]
    return prefix + jail


def ether(*words: str) -> str:
    """A MAC address that is the same for the same words: unicast, locally administered."""
    octets = bytearray(hashlib.sha256("\0".join(words).encode()).digest()[:6])
    octets[0] = octets[0] & 0xFC | 0x02
    return ":".join(f"{octet:02x}" for octet in octets)


def commands(jail: str, epairs: Sequence[Epair]) -> tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]:
    """What makes a jail's epairs and takes them away again: by parameter of jail.conf(5), the commands that come before
    the jail's other ones there, and those that come after.
    """
    prestart, created, poststop = PARAMETERS
    return (
        (prestart, tuple(_prestart(jail, one) for one in epairs), ()),
        (created, tuple(_created(jail, epairs)), ()),
        (poststop, (), tuple(_POSTSTOP.format(name(jail, one.number, "a")) for one in reversed(epairs))),
    )


def _prestart(jail: str, epair: Epair) -> str:
    said = {
        "epair": name(jail, epair.number, "a"),
        "inside": name(jail, epair.number, "b"),
        "ether": epair.ether,
        "outer": ether(epair.ether),
        "mtu": str(epair.mtu or ""),
        "bridge": epair.bridge,
    }
    header = " ".join(f"{key}={value}" for key, value in said.items() if value)
    return header + _PRESTART + (_MTU if epair.mtu else "") + _JOIN


def _created(jail: str, epairs: Sequence[Epair]) -> Iterator[str]:
    yield f"{IFCONFIG} -j {jail} lo0 inet 127.0.0.1/8 up"
    asking = []  # others, when all else is set up: that takes its time
    for epair in epairs:
        made = name(jail, epair.number, "b")
        interface = epair.interface or made
        inside = f"{IFCONFIG} -j {jail} {interface}"
        yield f"{IFCONFIG} {made} vnet {jail}"
        if interface != made:
            yield f"{IFCONFIG} -j {jail} {made} name {interface}"
        yield f"{inside} up"
        inet6 = [address for address in epair.addresses if ":" in address]
        yield from (f"{inside} inet {address} alias" for address in epair.addresses if address not in inet6)
        if inet6 or epair.slaac:
            yield f"{inside} inet6 {'accept_rtadv ' if epair.slaac else ''}-ifdisabled"
            yield from (f"{inside} inet6 {address} alias" for address in inet6)
            asking.append(_WAIT.format(inside))
        for gateway in epair.gateways:
            family = "inet6" if ":" in gateway else "inet"
            scope = f"%{interface}" if gateway.startswith("fe80:") else ""
            yield f"{_ROUTE} -j {jail} add -{family} default {gateway}{scope}"
        if epair.slaac:
            asking.append(f"{_JEXEC} {jail} /sbin/rtsol {interface}")
        if epair.dhcp:
            asking.append(f"{_JEXEC} {jail} /sbin/dhclient {interface}")
    yield from asking


# --- what a configuration says ----------------------------------------------------------------------------------------


def members(settings: Mapping[str, Setting]) -> tuple[Member, ...]:
    """The epairs that a configuration makes."""
    words = [text.split() for text in _texts(settings, "exec.created")]
    renamed = {one[3]: one[5] for one in words if one[:2] == [IFCONFIG, "-j"] and one[4:5] == ["name"]}
    said = [dict(word.split("=", 1) for word in header.split()) for header in _headers(settings)]
    return tuple(
        Member(one["epair"], one["inside"], renamed.get(one["inside"], one["inside"]), one["bridge"]) for one in said
    )


def text_of(jail: str, settings: Mapping[str, Setting]) -> str:
    """The epairs that a configuration makes, for people."""
    words = [text.split() for text in _texts(settings, "exec.created")]
    found = []
    for one in members(settings):
        inside = [word[4:] for word in words if word[:4] == [IFCONFIG, "-j", jail, one.inside]]
        addresses = [word[1] for word in inside if word[2:] == ["alias"]]
        found.append(f"{one.inside} on {one.bridge} ({', '.join(addresses) or 'no addresses'})")
    return ", ".join(found) or "(none)"


def without(settings: Mapping[str, Setting]) -> dict[str, Setting]:
    """A configuration without the commands that make its epairs."""
    value = settings.get("exec.prestart", ())
    if isinstance(value, bool):
        return dict(settings)
    return {**settings, "exec.prestart": tuple(item for item in value if not _HEADER.match(item.text))}


def same_but_for_bridges(jail: str, one: Mapping[str, Setting], other: Mapping[str, Setting]) -> bool:
    """Whether the epairs of two configurations of a jail are set up alike, on whatever bridges they are."""
    return _setup(jail, one) == _setup(jail, other)


def _setup(jail: str, settings: Mapping[str, Setting]) -> object:
    headers = [header.partition(" bridge=")[0] for header in _headers(settings)]
    ours = (f"{IFCONFIG} -j {jail} ", f"{_ROUTE} -j {jail} ", f"{_JEXEC} {jail} /sbin/")
    return headers, [text for text in _texts(settings, "exec.created") if headers and text.startswith(ours)]


def _headers(settings: Mapping[str, Setting]) -> list[str]:
    found = (_HEADER.match(text) for text in _texts(settings, "exec.prestart"))
    return [match.group() for match in found if match]


def _texts(settings: Mapping[str, Setting], parameter: str) -> list[str]:
    value = settings.get(parameter, ())
    return [] if isinstance(value, bool) else [item.text for item in value]


# --- what there is ----------------------------------------------------------------------------------------------------


def bridges(host: Host) -> dict[str, str]:
    """The bridge that each of the host's interfaces is a member of, '' for none: one run of ifconfig(8), which has no
    other form than text (recorded: net-5, vnt-2). Raises JailError.
    """
    result = host.run(IFCONFIG)
    if result.rc != 0:
        raise result.error("ifconfig(8) doesn't say which interfaces the host has")
    found: dict[str, str] = {}
    interface = ""
    for line in result.stdout.splitlines():
        if line and not line[0].isspace():
            interface = line.split(":")[0]
            found.setdefault(interface, "")
        words = line.split()
        if words[:1] == ["member:"] and len(words) > 1:
            found[words[1]] = interface
    return found
