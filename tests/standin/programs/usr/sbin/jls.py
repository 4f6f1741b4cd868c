# SPDX-License-Identifier: BSD-2-Clause
"""jls(8): list jails."""

from __future__ import annotations

import sys
from typing import Any

import err
import jailparam
import kernel
import options
import xo
from errlist import strerror
from params import PARAMS

PROGRAM = "jls"
USAGE = "jls: usage: jls [-cdhNnqsv] [-j jail] [param ...]"


def main(argv: list[str]) -> int:
    style, argv = xo.parse_args(argv)
    found, names = options.getopt(argv, "acdj:hNnqsv", USAGE)
    flags: set[str] = set()
    for letter, _ in found:
        flags -= {"h": {"s", "v"}, "n": {"v"}, "s": {"h", "v"}, "v": {"h", "n", "s"}}.get(letter, set())
        flags.add(letter)
    if "s" in flags:
        flags |= {"n", "q"}
    which = [value for letter, value in found if letter == "j"]
    dying = bool(flags & {"a", "d"})
    if "c" in flags:
        return _exists(which, dying)
    try:
        shown = [jailparam.init(name) for name in names if name != "all"]
        if "all" in names or (not names and flags & {"h", "n"}):
            shown += [jailparam.init(param.name) for param in PARAMS if param.name not in names]
    except jailparam.ParamError as error:
        if style.json:
            print(xo.dumps({}, style), end="")
        err.errx(PROGRAM, str(error))
    listing = _Listing(style, flags, shown)
    status = 0
    sys.stdout.write(listing.header())
    try:
        for jail in _jails(which, dying):
            listing.add(jail)
    except kernel.KernelError as error:
        status = 1
        err.warnx(PROGRAM, error.message or strerror(error.errno or 0))
    if style.json:
        sys.stdout.write(xo.dumps({"jail-information": {"jail": listing.tree}}, style, "2"))
    return status


def _exists(which: list[str], dying: bool) -> int:
    if not which:
        err.errx(PROGRAM, "-j jail to check must be provided for -c")
    try:
        _jails(which, dying)
    except kernel.KernelError:
        return 1
    return 0


def _jails(which: list[str], dying: bool) -> list[dict[str, Any]]:
    """The jails to list; of several -j the last counts (recorded: par-2)."""
    if not which:
        return kernel.jails(dying)
    number, rest = jailparam.strtol(which[-1])
    if number and not rest:
        return [kernel.jail_get(jid=number, dying=dying)]
    return [kernel.jail_get(name=which[-1], dying=dying)]


class _Listing:
    """What is printed, jail by jail: text at once, JSON in the end."""

    def __init__(self, style: xo.Style, flags: set[str], shown: list[jailparam.JailParam]) -> None:
        self.style = style
        self.flags = flags
        self.shown = shown
        self.tree: list[dict[str, Any]] = []

    def header(self) -> str:
        if self.style.json:
            return ""
        if self.shown:
            return " ".join(jp.name for jp in self.shown) + "\n" if "h" in self.flags else ""
        if "v" in self.flags:
            return f"   JID  Hostname{'':22}Path\n{'':8}Name{'':26}State\n{'':8}CPUSetID\n{'':8}IP Address(es)\n"
        if "N" in self.flags:
            return f" {'JID':<15} {'IP Address':<15} {'Hostname':<29} Path\n"
        return f"{'JID':>6}  IP Address{'':6}Hostname{'':22}Path\n"

    def add(self, jail: dict[str, Any]) -> None:
        if self.shown:
            tree, text = self._parameters(jail)
        elif "v" in self.flags:
            tree, text = self._verbose(jail)
        else:
            tree, text = self._short(jail)
        self.tree.append(tree)
        if not self.style.json:
            sys.stdout.write(xo.latin1(text))

    def _short(self, jail: dict[str, Any]) -> tuple[dict[str, Any], str]:
        if "N" in self.flags:
            tree: dict[str, Any] = {"name": jail["name"]}
            first = f" {jail['name']:<15} "
        else:
            tree = {"jid": jail["jid"]}
            first = f"{jail['jid']:6d}  "
        address = next(iter(jail["ip4.addr"]), "")
        hostname, path = jail["host.hostname"], jail["path"]
        tree |= {"ipv4": address, "hostname": hostname, "path": path}
        return tree, f"{first}{address:<15.15} {hostname:<29.29} {path:.74}\n"

    def _verbose(self, jail: dict[str, Any]) -> tuple[dict[str, Any], str]:
        tree = {
            "jid": jail["jid"],
            "hostname": jail["host.hostname"],
            "path": jail["path"],
            "name": jail["name"],
            "state": "DYING" if jail["dying"] else "ACTIVE",
            "cpusetid": jail["cpuset.id"],
            "ipv4_addrs": list(jail["ip4.addr"]),
            "ipv6_addrs": list(jail["ip6.addr"]),
        }
        lines = [
            f"{jail['jid']:6d}  {jail['host.hostname']:<29.29} {jail['path']:.74}",
            f"{'':8}{jail['name']:<29.29} {tree['state']}",
            f"{'':8}{jail['cpuset.id']}",
            *(f"{'':8}{address}" for address in (*jail["ip4.addr"], *jail["ip6.addr"])),
        ]
        return tree, "\n".join(lines) + "\n"

    def _parameters(self, jail: dict[str, Any]) -> tuple[dict[str, Any], str]:
        tree: dict[str, Any] = {}
        words = []
        for jp in self.shown:
            if "s" in self.flags and self._skipped(jp, jail):
                continue
            value = _value(jp, jail)
            if jp.is_list:
                tree[jp.name] = list(value)
                words.append(self._list_word(jp, value))
            elif jp.param.kind == "bool" and "n" in self.flags:
                tree[jp.name] = value
                words.append(jp.param.name if value != jp.negated else jp.param.no_name)
            else:
                text = jailparam.export_value(jp.param, value)
                tree[jp.name] = text
                words.append((f"{jp.name}=" if "n" in self.flags else "") + self._quoted(text))
        return tree, " ".join(words) + "\n"

    def _skipped(self, jp: jailparam.JailParam, jail: dict[str, Any]) -> bool:
        """With -s: what can't be set, and what belongs to a jailsys parameter that isn't new (recorded: ls-3)."""
        above = jp.name.partition(".")[0]
        return jp.param.read_only or ("." in jp.name and jail.get(above, "new") != "new")

    def _list_word(self, jp: jailparam.JailParam, addresses: list[str]) -> str:
        empty = '""' if "q" in self.flags else "" if "n" in self.flags else "-"
        return (f"{jp.name}=" if "n" in self.flags else "") + (",".join(addresses) or empty)

    def _quoted(self, text: str) -> str:
        if not text:
            return '""'
        quote = '"' if "'" in text else "'" if '"' in text else '"' if " " in text or "\t" in text else ""
        return f"{quote}{text}{quote}" if "q" in self.flags else text


def _value(jp: jailparam.JailParam, jail: dict[str, Any]) -> Any:
    """A parameter's value by the name that it was asked by: its `no` form, or a key of meta or env."""
    value = jail[jp.param.name]
    if jp.negated:
        return not value
    if jp.name != jp.param.name:
        key = jp.name.partition(".")[2] + "="
        return next((line[len(key) :] for line in value.split("\n") if line.startswith(key)), "")
    return value
