# SPDX-License-Identifier: BSD-2-Clause
"""What is written down of a jail's entrypoint, and what of it is still true.

All of it lies in the directory `entrypoint` of the jail's record: `fifo`, there as long as the program waits,
`record.json`, `status`, and what the program prints, `stdout` and `stderr`.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import urllib.parse
from dataclasses import asdict, dataclass

from ansible_collections.bsd.jail.plugins.module_utils import processes, state
from ansible_collections.bsd.jail.plugins.module_utils.conf import read_conf, write_conf
from ansible_collections.bsd.jail.plugins.module_utils.host import Host

WAITING, RUNNING, ENDED = "waiting", "running", "ended"


@dataclass(frozen=True)
class Entrypoint:
    """A program that was prepared.

    jail, jid: where. boot: kern.boot_id then. pid, since: of the process (processes.Process). argv, digest: of the
    program (program.Program). directory: where its files lie.
    """

    jail: str
    jid: int
    boot: str
    pid: int
    since: int
    argv: tuple[str, ...]
    digest: str
    directory: str = ""

    @property
    def fifo(self) -> str:
        """The path of the fifo at which it waits."""
        return f"{self.directory}/fifo"

    @property
    def status(self) -> int | None:
        """The exit status, as a shell counts it: 128 and the signal's number for one that ended by a signal. None if
        nobody knows: it didn't end yet, or the process that waits for it was ended.
        """
        text = read_conf(f"{self.directory}/status")
        return int(text) if text is not None and text.endswith("\n") else None


def key(jail: str) -> str:
    """A jail's name as that of a directory: of one that isn't ours it can be anything (recorded: nam-1)."""
    quoted = urllib.parse.quote(os.fsencode(jail), safe="")
    return f"%2E{quoted[1:]}" if quoted.startswith(".") else quoted


def directory(host: Host, jail: str) -> str:
    """Where the files of a jail's entrypoint lie."""
    return f"{state.directory(host, key(jail))}/entrypoint"


def find(host: Host, jail: str) -> Entrypoint | None:
    """What was prepared in a jail since the host was started, if there is a record of it, whatever became of it."""
    text = read_conf(f"{directory(host, jail)}/record.json")
    if text is None:
        return None
    try:
        fields = json.loads(text)
        found = Entrypoint(**{**fields, "argv": tuple(fields["argv"])}, directory=directory(host, jail))
    except (ValueError, KeyError, TypeError):
        return None
    return found if found.boot == host.boot_id() else None


def state_of(host: Host, entrypoint: Entrypoint) -> str:
    """WAITING, RUNNING or ENDED. Raises JailError."""
    process = processes.find(host, entrypoint.pid)
    if process is None or not processes.is_same(process, entrypoint.since):
        return ENDED
    return RUNNING if process.jid == entrypoint.jid else WAITING


def write(entrypoint: Entrypoint) -> None:
    """Write it down. Raises OSError."""
    fields = {name: value for name, value in asdict(entrypoint).items() if name != "directory"}
    write_conf(f"{entrypoint.directory}/record.json", json.dumps(fields) + "\n", durable=False)


def clear(host: Host, jail: str) -> bool:
    """Remove the directory, if it is there; first from its place, so that nothing is written into it meanwhile."""
    base = directory(host, jail)
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(f"{base}.old")
    try:
        os.rename(base, f"{base}.old")
    except FileNotFoundError:
        return False
    shutil.rmtree(f"{base}.old")
    return True
