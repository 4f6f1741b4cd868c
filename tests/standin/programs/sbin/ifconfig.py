# SPDX-License-Identifier: BSD-2-Clause
"""ifconfig(8): look at and change network interfaces."""

from __future__ import annotations

import errno
import re
import socket
from collections.abc import Callable
from typing import NoReturn

import err
import ifstatus
import jailparam
import kernel
import netif
from errlist import strerror
from netif import Interface
from options import getopt, usage
from sysctlstate import State

USAGE = """\
usage: ifconfig [-j jail] [-f type:format] [-g groupname] [-C] [-L] interface address_family
                [address [dest_address]] [parameters]
       ifconfig [-j jail] interface create
       ifconfig [-j jail] -a [-g groupname] [-C] [-L] [-d] [-m] [-u] [-v] [address_family]
       ifconfig [-j jail] -l [-d] [-u] [address_family]
       ifconfig [-j jail] [-g groupname] [-C] [-L] [-d] [-m] [-u] [-v]"""
FAMILIES = ("inet", "inet6", *ifstatus.LINK_FAMILIES)
CLONERS = "bridge epair lo"
# What may be said and changes nothing that can be seen here: capabilities of cards, and details of bridges and of IPv6.
WITHOUT_EFFECT = re.compile(
    r"-?(rxcsum6?|txcsum6?|tso[46]?|lro|vlanhwtag|vlanhwcsum|vlanhwfilter|vlanhwtso|vlanmtu|arp|promisc|debug"
    r"|no_dad|auto_linklocal|ifdisabled|accept_rtadv|performnud|no_prefer_iface|no_radr)"
)
WITHOUT_EFFECT_OF_MEMBER = re.compile(r"-?(stp|private|span|edge|autoedge|ptp|autoptp|sticky|discover|learn)")


def fail(message: str) -> NoReturn:
    err.errx("ifconfig", message)


def main(argv: list[str]) -> int:
    given, rest = getopt(argv, "aCdDf:g:j:klLmnPuv", USAGE)
    options = dict(given)
    if "j" in options:
        _enter(options["j"])
    if "C" in options:
        print(CLONERS)
        return 0
    if "g" in options and not rest and "a" not in options and "l" not in options:
        for interface in netif.interfaces():
            if options["g"] in interface.groups:
                print(interface.name)
        return 0
    if not rest or "a" in options or "l" in options:
        return _list(options, rest)
    command = Command(rest[0])
    try:
        command.run(rest[1:])
    finally:
        if command.say_name:
            print(command.name)
    return 0


def _enter(jail: str) -> None:
    try:
        kernel.jail_attach(jailparam.jail_getid(jail))
    except (jailparam.ParamError, kernel.KernelError) as error:
        err.err("ifconfig", "jail not found", error.errno)


def _list(options: dict[str, str], rest: list[str]) -> int:
    """-l: the names; -a, or nothing at all: each one's status."""
    family = rest[0] if rest else ""
    if family and family not in FAMILIES:
        usage(USAGE)
    everything = ifstatus.visible(netif.interfaces())
    shown = [
        interface
        for interface in everything
        if not ("g" in options and options["g"] not in interface.groups)
        and not ("u" in options and not interface.up)
        and not ("d" in options and interface.up)
    ]
    if "l" in options:
        print(" ".join(interface.name for interface in shown if not family or _has(interface, family)))
        return 0
    for interface in shown:
        ifstatus.show(interface, family, _members(interface, everything))
    return 0


def _has(interface: Interface, family: str) -> bool:
    return bool({"inet": interface.inet, "inet6": interface.inet6}.get(family, interface.ether))


def _members(bridge: Interface, everything: list[Interface]) -> list[Interface]:
    return [interface for interface in everything if interface.bridge == bridge.name]


class Command:
    """The words after an interface's name, done one after the other; addresses at the end, as ifconfig(8) does."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.say_name = False
        self.family = "inet"
        self.address = ""
        self.length: int | None = None
        self.broadcast = ""
        self.alias = 0
        values = kernel.sysctl_get()
        self.may = not values["security.jail.jailed"] or bool(values["security.jail.vnet"])

    def run(self, words: list[str]) -> None:
        found = netif.find(self.name)
        creating = bool(words) and words[0] in ("create", "plumb")
        if found is None and creating:
            found = self._create()
        elif found is None and words[:1] == ["-vnet"] and len(words) > 1:
            self._reclaim(words[1])
            return
        elif found is None:
            fail(f"interface {self.name} does not exist")
        elif creating and len(words) == 1:
            fail(f"interface {self.name} already exists")
        self.interface = found
        words = words[1:] if creating else words
        given = bool(words) and words[0] in FAMILIES
        if given:
            self.family = words.pop(0)
        if not words and not creating:
            everything = ifstatus.visible(netif.interfaces())
            shown = next(interface for interface in everything if interface.name == self.name)
            ifstatus.show(shown, self.family if given else "", _members(shown, everything))
            return
        while words:
            self._word(words)
        self._addresses()

    # --- one word -----------------------------------------------------------------------------------------------------

    def _word(self, words: list[str]) -> None:
        word = words.pop(0)
        if word in PLAIN:
            PLAIN[word](self)
        elif word in WITH_ARGUMENT:
            if not words:
                fail(f"'{word}' requires argument")
            WITH_ARGUMENT[word](self, words.pop(0))
        elif WITHOUT_EFFECT.fullmatch(word):
            return
        elif WITHOUT_EFFECT_OF_MEMBER.fullmatch(word) and self.interface.driver == "bridge":
            if not words:
                fail(f"'{word}' requires argument")
            words.pop(0)
        else:
            self._take_address(word)

    def _do(self, what: str, action: Callable[[], object]) -> None:
        """Perror(): change something, or say what could not be done and why."""
        try:
            if not self.may:
                raise OSError(errno.EPERM, what)
            action()
        except OSError as error:
            if error.errno in (errno.ENXIO, errno.ENODEV):
                fail(f"{what}: no such interface")
            if error.errno == errno.EPERM:
                fail(f"{what}: permission denied")
            err.err("ifconfig", what, error.errno)

    def _create(self) -> Interface:
        if len(self.name) > netif.NAME_MAX:
            fail(f"{self.name}: cloning name too long")
        try:
            if not self.may:
                raise OSError(errno.EPERM, self.name)
            made = netif.create(self.name)
        except OSError as error:
            err.err("ifconfig", "SIOCIFCREATE2", error.errno)
        self.say_name = made != self.name
        self.name = made
        found = netif.find(made)
        if found is None:
            fail(f"interface {made} does not exist")
        return found

    def _destroy(self) -> None:
        self._do("SIOCIFDESTROY", lambda: netif.destroy(self.interface))

    def _up(self) -> None:
        self._do("up", lambda: netif.bring_up(self.interface))

    def _down(self) -> None:
        self._do("down", lambda: netif.bring_down(self.interface))

    def _set_alias(self) -> None:
        self.alias = 1

    def _set_delete(self) -> None:
        self.alias = -1

    def _rename(self, name: str) -> None:
        self._do("ioctl SIOCSIFNAME (set name)", lambda: netif.rename(self.interface, name))
        self.name, self.say_name = name, True

    def _mtu(self, text: str) -> None:
        mtu = int(re.match(r"\d*", text)[0] or 0)  # type: ignore[index]
        self._do("ioctl SIOCSIFMTU (set mtu)", lambda: netif.set_mtu(self.interface, mtu))

    def _describe(self, text: str) -> None:
        self.interface.description = text
        self._do("ioctl SIOCSIFDESCR (set descr)", lambda: netif.remember(self.interface))

    def _group(self, group: str) -> None:
        if group[-1:].isdigit():
            fail("setifgroup: group names may not end in a digit")
        if group in self.interface.groups:
            err.err("ifconfig", " SIOCAIFGROUP", errno.EEXIST)
        self.interface.groups.append(group)
        self._do(" SIOCAIFGROUP", lambda: netif.remember(self.interface))

    def _ungroup(self, group: str) -> None:
        if group not in self.interface.groups:
            err.err("ifconfig", " SIOCDIFGROUP", errno.ENOENT)
        self.interface.groups.remove(group)
        self._do(" SIOCDIFGROUP", lambda: netif.remember(self.interface))

    def _vnet(self, jail: str) -> None:
        jid = _jid(jail)
        try:
            kernel.if_vnet(self.name, jid)
        except kernel.KernelError as error:
            err.err("ifconfig", "SIOCSIFVNET", error.errno)

    def _reclaim(self, jail: str) -> None:
        jid = _jid(jail)
        try:
            kernel.if_reclaim(self.name, jid)
        except kernel.KernelError as error:
            err.err("ifconfig", f"SIOCSIFRVNET({jid}, {self.name})", error.errno)

    def _add_member(self, name: str) -> None:
        member = netif.find(name)
        if member is None or self.interface.driver != "bridge":
            number = errno.ENOENT if member is None else errno.EINVAL
            err.err("ifconfig", f"BRDGADD {name}", number)
        if member.bridge == self.name:
            # sys/net/if_bridge.c has a word more to say (recorded: vnt-2).
            extended = "errno 17 category 7 (src sys/net/if_bridge.c:1389) p1 0 p2 0"
            fail(f"BRDGADD {name}: {strerror(errno.EEXIST)} ({extended})")
        if member.bridge:
            err.err("ifconfig", f"BRDGADD {name}", errno.EBUSY)
        if member.driver in ("lo", "bridge") or (member.inet and not _members_have_addresses()):
            err.err("ifconfig", f"BRDGADD {name}", errno.EINVAL)
        self._do(f"BRDGADD {name}", lambda: netif.set_bridge(member, self.interface))

    def _delete_member(self, name: str) -> None:
        member = netif.find(name)
        if member is None or member.bridge != self.name:
            err.err("ifconfig", f"BRDGDEL {name}", errno.ENOENT)
        self._do(f"BRDGDEL {name}", lambda: netif.set_bridge(member, None))

    # --- addresses ----------------------------------------------------------------------------------------------------

    def _take_address(self, text: str) -> None:
        if self.family in ifstatus.LINK_FAMILIES:
            if not re.fullmatch(r"[0-9a-fA-F]{1,2}([:-][0-9a-fA-F]{1,2}){5}", text):
                fail(f"{text}: bad value")
            ether = ":".join(f"{int(octet, 16):02x}" for octet in re.split("[:-]", text))
            self._do("ioctl (SIOCAIFADDR)", lambda: netif.set_ether(self.interface, ether))
        elif self.address:
            self.broadcast = self._parsed(text)
        elif self.family == "inet6":
            self.address = self._split(text.partition("%")[0], 128)
        else:
            self.address = self._split(text, 32)

    def _split(self, text: str, width: int) -> str:
        """An address, and its prefix length after the last slash."""
        address, slash, length = text.rpartition("/")
        if not slash:
            return self._parsed(text)
        if not length[:1].isdigit() or not length.isdigit():
            fail(f"{text}: bad value (width invalid)")
        if int(length) > width:
            fail(f"{text}: bad value (width too large)")
        self.length = int(length)
        return self._parsed(address)

    def _parsed(self, text: str) -> str:
        try:
            if self.family == "inet6":
                return socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, text))
            return socket.inet_ntoa(socket.inet_aton(text))
        except OSError:
            fail(f"{text}: bad value")

    def _netmask(self, text: str) -> None:
        self.length = int.from_bytes(socket.inet_aton(self._parsed(text)), "big").bit_count()

    def _prefixlen(self, text: str) -> None:
        if not text.isdigit() or int(text) > 128:
            fail(f"{text}: bad value")
        self.length = int(text)

    def _broadcast(self, text: str) -> None:
        self.broadcast = self._parsed(text)

    def _addresses(self) -> None:
        if not self.address:
            return
        if self.alias < 0:
            self._do("ioctl (SIOCDIFADDR)", lambda: netif.delete_address(self.interface, self.address))
            return
        if self.alias == 0 and self.family == "inet" and self.interface.inet:
            first = self.interface.inet[0][0]
            self._do("ioctl (SIOCDIFADDR)", lambda: netif.delete_address(self.interface, first))
            del self.interface.inet[0]
        if self.length is None:
            self.length = 64 if self.family == "inet6" else self._default_length()
        length = self.length
        if self.interface.bridge and not _members_have_addresses():
            err.err("ifconfig", "ioctl (SIOCAIFADDR)", errno.EINVAL)
        self._do("ioctl (SIOCAIFADDR)", lambda: netif.add_address(self.interface, self.address, length, self.broadcast))

    def _default_length(self) -> int:
        """The historical one, by the address's class."""
        if self.interface.driver != "lo":
            words = "setting interface address without mask is deprecated,\ndefault mask may not be correct."
            err.warnx("ifconfig", f"WARNING: {words}")
        first = int(self.address.partition(".")[0])
        return 8 if first < 128 else 16 if first < 192 else 24


def _members_have_addresses() -> bool:
    """Whether members of a bridge may have addresses of their own; since FreeBSD 15 they may not (bridge(4))."""
    return bool(State().number("net.link.bridge.member_ifaddrs"))


def _jid(jail: str) -> int:
    try:
        return jailparam.jail_getid(jail)
    except jailparam.ParamError as error:
        fail(str(error))


PLAIN: dict[str, Callable[[Command], None]] = {
    "up": Command._up,
    "down": Command._down,
    "alias": Command._set_alias,
    "add": Command._set_alias,
    "-alias": Command._set_delete,
    "delete": Command._set_delete,
    "remove": Command._set_delete,
    "destroy": Command._destroy,
    "unplumb": Command._destroy,
    "-description": lambda command: command._describe(""),
    "-descr": lambda command: command._describe(""),
}
WITH_ARGUMENT: dict[str, Callable[[Command, str], None]] = {
    "netmask": Command._netmask,
    "prefixlen": Command._prefixlen,
    "broadcast": Command._broadcast,
    "mtu": Command._mtu,
    "metric": lambda command, metric: None,
    "name": Command._rename,
    "description": Command._describe,
    "descr": Command._describe,
    "group": Command._group,
    "-group": Command._ungroup,
    "vnet": Command._vnet,
    "-vnet": Command._reclaim,
    "addm": Command._add_member,
    "deletem": Command._delete_member,
}
