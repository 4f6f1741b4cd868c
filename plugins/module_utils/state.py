# SPDX-License-Identifier: BSD-2-Clause
"""What we know of a running jail that FreeBSD doesn't: the configuration it was started with, and how far its start
or stop has come.

A jail's record is `/var/run/bsd.jail/NAME/record.json`, with the text that it was started with in it. /var/run isn't
empty after a boot (recorded: bot-1), and people and rc.d/jail restart jails without us, so a record is believed only if
`Record.describes` says so.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.bsd.jail.plugins.module_utils import locks, runs
from ansible_collections.bsd.jail.plugins.module_utils.conf import read_conf, write_conf
from ansible_collections.bsd.jail.plugins.module_utils.host import Host
from ansible_collections.bsd.jail.plugins.module_utils.jls import Jail

STARTING, STARTED, STOPPING, RESTARTING = "starting", "started", "stopping", "restarting"


@dataclass(frozen=True)
class Record:
    """What was written down of a jail.

    phase: STARTING from before jail(8) starts the jail, STOPPING from before it stops it, RESTARTING likewise if the
    jail is to be started again afterwards; STARTED in between.
    boot: kern.boot_id. jid: of the jail, 0 while that isn't known.
    text: the configuration as started, as changed live since, everything in it that jail(8) needs.
    written: when, in seconds since the epoch.
    run: which run of jail(8) starts or stops it, '' for none.
    status: what became of that: None while it is at work, and for ever if it was killed.
    changing: the configuration that a live change is about to bring about, '' if none is under way: if that was cut
    short, the jail is somewhere in between.
    """

    phase: str
    boot: str
    jid: int
    text: str
    written: float = 0.0
    run: str = ""
    status: int | None = None
    changing: str = ""

    def describes(self, jail: Jail | None, boot: str, rc_started: float) -> bool:
        """Whether the record is about this instance of the jail.

        jail: what runs under the name. boot: the present kern.boot_id. rc_started: when rc.d/jail started a jail of
        that name, 0 for never. A fixed jid is the same in every instance (recorded: jid-1): that is what rc_started
        is looked at for.
        """
        if jail is None or self.boot != boot or rc_started > self.written:
            return False
        # A start that failed was undone by jail(8), and a stop that succeeded left nothing (recorded: exs-2).
        if (self.phase == STARTING and self.status) or (self.phase in (STOPPING, RESTARTING) and self.status == 0):
            return False
        return self.jid in (0, jail.jid)

    @property
    def is_under_way(self) -> bool:
        """Whether jail(8) is at work, or was killed at that."""
        return self.phase != STARTED and self.status is None

    @property
    def is_to_run(self) -> bool:
        """Whether a jail that doesn't run was to be started, and nobody came to do it."""
        return self.phase == RESTARTING or (self.phase == STARTING and self.status is None)

    @property
    def is_clean(self) -> bool:
        """Whether a jail that doesn't run any more has left nothing behind, since jail(8) stopped it."""
        return self.phase in (STOPPING, RESTARTING) and self.status == 0


def directory(host: Host, name: str) -> str:
    """The directory of a jail's record."""
    return f"{host.var_run}/bsd.jail/{name}"


def make_directory(host: Host, name: str) -> None:
    """Make the directory of a jail's record, root's alone, if it isn't there."""
    locks.make_private(directory(host, name))


def read(host: Host, name: str) -> Record | None:
    """A jail's record, or None if there is none that can be read."""
    data = read_conf(_path(host, name))
    if data is None:
        return None
    try:
        fields = json.loads(data)
        return Record(
            str(fields["phase"]),
            str(fields["boot"]),
            int(fields["jid"]),
            str(fields["text"]),
            float(fields["written"]),
            str(fields["run"]),
            runs.status(host, fields["run"], name) if fields["run"] else fields["status"],
            str(fields["changing"]),
        )
    except (ValueError, KeyError, TypeError):
        return None


def write(host: Host, name: str, record: Record) -> None:
    """Write a jail's record, whole or not at all. It needn't outlive this boot."""
    make_directory(host, name)
    fields = {
        "phase": record.phase,
        "boot": record.boot,
        "jid": record.jid,
        "text": record.text,
        "written": time.time(),
        "run": record.run,
        "status": record.status,
        "changing": record.changing,
    }
    write_conf(_path(host, name), json.dumps(fields) + "\n", durable=False)


def _path(host: Host, name: str) -> str:
    return f"{directory(host, name)}/record.json"


def forget(host: Host, name: str) -> None:
    """Remove a jail's record, if there is one."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(directory(host, name))


def names(host: Host) -> list[str]:
    """The jails that have a record, believed or not."""
    try:
        return sorted(name for name in os.listdir(f"{host.var_run}/bsd.jail") if not name.startswith("."))
    except FileNotFoundError:
        return []


def runs_known(host: Host) -> frozenset[str]:
    """The runs of jail(8) that records speak of."""
    records = (read(host, name) for name in names(host))
    return frozenset(record.run for record in records if record is not None)


def rc_started(host: Host, name: str) -> float:
    """When rc.d/jail started the jail, in seconds since the epoch; 0 if it didn't (recorded: rcd-1)."""
    try:
        return os.stat(f"{host.var_run}/jail_{name}.id").st_mtime
    except FileNotFoundError:
        return 0.0


@contextlib.contextmanager
def locked(host: Host, names: list[str], timeout: float) -> Iterator[None]:
    """Hold the locks of several jails (locks.held).

    timeout: seconds to wait for all of them. Raises LockError, which says who holds the one that isn't to be had.
    """
    with locks.held(host, {name: f"jail {name}" for name in names}, timeout):
        yield
