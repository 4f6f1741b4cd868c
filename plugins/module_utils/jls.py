# SPDX-License-Identifier: BSD-2-Clause
"""Which jails run, and what the kernel says of them: one run of jls(8)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Union

from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import JLS, Host

# A kernel parameter as jls shows it: flags as booleans, addresses as lists, everything else as text (recorded: ls-5,
# par-1).
Shown = Union[bool, str, tuple[str, ...]]


@dataclass(frozen=True)
class Jail:
    """A running jail: its jid, its name as jls shows it, and all kernel parameters."""

    jid: int
    name: str
    parameters: Mapping[str, Shown]

    def text(self, parameter: str) -> str:
        """A parameter's value as text; '' where the kernel has no such parameter."""
        value = self.parameters.get(parameter, "")
        return value if isinstance(value, str) else ""

    def addresses(self, parameter: str) -> tuple[str, ...]:
        """A list of addresses; none where the kernel has no such parameter."""
        value = self.parameters.get(parameter, ())
        return value if isinstance(value, tuple) else ()


def running(host: Host) -> dict[str, Jail]:
    """All running jails by name. Those that are dying aren't among them: such a name can be taken again (recorded:
    dyi-1, dyi-2).

    Raises JailError.
    """
    return {jail.name: jail for jail in listed(host)}


def listed(host: Host, dying: bool = False) -> list[Jail]:
    """All running jails in the order of their jids, with `dying` those too that are dying; several of them may have
    one name. Raises JailError.
    """
    result = host.run(JLS, *(["-d"] if dying else []), "--libxo", "json", "-n")
    if result.rc != 0:
        raise result.error("jls(8) doesn't say which jails run")
    return parse(result.stdout)


def parse(text: str) -> list[Jail]:
    """Read what `jls --libxo json -n` prints; control characters in it aren't escaped (recorded: tab-1). Raises
    JailError.
    """
    try:
        jails = json.loads(text, strict=False)["jail-information"]["jail"]
        return [
            Jail(int(jail["jid"]), str(jail["name"]), {name: _shown(value) for name, value in jail.items()})
            for jail in jails
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise JailError(
            f"jls(8) printed something that can't be read as its list of jails ({error!r}): {text[:200]!r}"
        ) from error


def _shown(value: Any) -> Shown:
    if isinstance(value, bool):
        return value
    if isinstance(value, list):
        return tuple(str(item) for item in value)
    return str(value)
