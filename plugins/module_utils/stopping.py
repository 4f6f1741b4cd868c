# SPDX-License-Identifier: BSD-2-Clause
"""By what configuration a running jail is stopped: the one that it was started with, without what jail(8) mustn't or
can't take away.
"""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.bsd.jail.plugins.module_utils import addresses, confread, livemounts
from ansible_collections.bsd.jail.plugins.module_utils.configured import settings_of
from ansible_collections.bsd.jail.plugins.module_utils.confread import Setting
from ansible_collections.bsd.jail.plugins.module_utils.jls import Jail
from ansible_collections.bsd.jail.plugins.module_utils.state import Record

_NOT_SURE = (*livemounts.PARAMETERS, "mount.fstab", "ip4.addr", "ip6.addr")


def texts(
    records: Mapping[str, Record], jails: Mapping[str, Jail], started: Mapping[str, Mapping[str, Setting]]
) -> dict[str, str]:
    """What jail(8) reads to stop jails at once.

    Addresses that others have that run on stay (addresses.without). Of a jail whose live change was cut short nobody
    knows which mounts and addresses it has: jail(8) would stumble over what isn't there, so those are left to
    leftovers.clean.

    records: of the jails that are stopped. jails, started: what runs, and what it was started with.
    """
    result, running = {}, dict(jails)
    for name, record in records.items():
        if record.changing:
            result[name] = _without(record.text, name)
        else:
            held = addresses.held(name, running, started)
            result[name] = addresses.without(record.text, name, addresses.shared(settings_of(record.text, name), held))
        running.pop(name, None)
    return result


def _without(text: str, name: str) -> str:
    body = [inner.text for one in confread.parse(text) for inner in one.body if inner.name not in _NOT_SURE]
    return confread.block(name, body) + "\n"
