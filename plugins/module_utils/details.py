# SPDX-License-Identifier: BSD-2-Clause
"""What can be told of a running jail besides its parameters: its addresses, mounts and processes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any

from ansible_collections.bsd.jail.plugins.module_utils import mounttable
from ansible_collections.bsd.jail.plugins.module_utils.host import IFCONFIG, PS, Host
from ansible_collections.bsd.jail.plugins.module_utils.jls import Jail

_COLUMNS = "pid,ppid,jid,uid,state,lstart,args"


def addresses(host: Host, jails: Iterable[Jail]) -> dict[int, list[dict[str, Any]]]:
    """The addresses of jails by jid, each with its `interface` and `prefix` (its length), None where no interface of
    the host has it: of a jail with a network stack of its own, those of its interfaces, by a run of ifconfig(8) for
    each; of others those that the kernel allows them, the first one first, by one run for all.

    Raises JailError.
    """
    found: dict[int, list[dict[str, Any]]] = {}
    of_host: dict[str, dict[str, Any]] | None = None
    for jail in jails:
        if jail.text("vnet") == "new":
            result = host.run(IFCONFIG, "-j", str(jail.jid))
            if result.rc != 0:
                raise result.error(f"jail {jail.name}: ifconfig(8) doesn't say which addresses it has", jail.name)
            found[jail.jid] = _interfaces(result.stdout)
            continue
        allowed = (*jail.addresses("ip4.addr"), *jail.addresses("ip6.addr"))
        if allowed and of_host is None:
            result = host.run(IFCONFIG)
            if result.rc != 0:
                raise result.error("ifconfig(8) doesn't say which addresses the host has")
            of_host = {one["address"]: one for one in _interfaces(result.stdout)}
        nowhere = {"interface": None, "prefix": None}
        found[jail.jid] = [{**(of_host or {}).get(one, nowhere), "address": one} for one in allowed]
    return found


def _interfaces(text: str) -> list[dict[str, Any]]:
    """Read what ifconfig(8) prints, which has no other form than text (recorded: net-5)."""
    found: list[dict[str, Any]] = []
    interface = ""
    for line in text.splitlines():
        words = line.split()
        if line and not line[0].isspace():
            interface = line.split(":")[0]
        elif words and words[0] in ("inet", "inet6"):
            value = {name: words[words.index(name) + 1] for name in ("netmask", "prefixlen") if name in words}
            prefix = bin(int(value["netmask"], 16)).count("1") if "netmask" in value else int(value["prefixlen"])
            found.append({"address": words[1].partition("%")[0], "interface": interface, "prefix": prefix})
    return found


def mounts(host: Host, paths: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """What is mounted at or below each of some roots, in the order of mounting; `destination` is the path in the root.

    Raises JailError.
    """
    table = mounttable.read(host)
    found: dict[str, list[dict[str, Any]]] = {}
    for path in paths:
        root = path.rstrip("/")
        found[path] = [
            {
                "destination": one.node[len(root) :] or "/",
                "type": one.fstype,
                "source": one.special,
                "options": sorted(one.options),
                "fsid": one.fsid,
            }
            for one in table
            if f"{one.node}/".startswith(f"{root}/")
        ]
    return found


def processes(host: Host) -> dict[int, list[dict[str, Any]]]:
    """All processes by the jid of their jail: one run of ps(1). `started` is UTC, None where ps(1) has no time.

    Raises JailError.
    """
    result = host.run(PS, "--libxo", "json", "-ww", "-ax", "-o", _COLUMNS)
    found: dict[int, list[dict[str, Any]]] = {}
    try:
        for row in json.loads(result.stdout, strict=False)["process-information"]["process"]:
            found.setdefault(int(row["jail-id"]), []).append(
                {
                    "pid": int(row["pid"]),
                    "ppid": int(row["ppid"]),
                    "uid": int(row["uid"]),
                    "state": row["state"].strip(),
                    "started": _time(row["start-time"]),
                    "command": row["arguments"],
                }
            )
    except (ValueError, KeyError, TypeError) as error:
        raise result.error(f"ps(1) printed something that can't be read as a list of processes ({error!r})") from error
    return found


def _time(shown: str) -> str | None:
    if shown.strip() == "-":
        return None
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.strptime(shown.strip()))
