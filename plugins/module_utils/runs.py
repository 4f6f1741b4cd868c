# SPDX-License-Identifier: BSD-2-Clause
"""Runs of jail(8): one starts or stops any number of jails, each by a configuration of its own.

A run has a directory of its own, `/var/run/bsd.jail/.run/ID`, with the text that jail(8) reads, what it printed, and
its status: who comes after a run that was killed finds there what became of it. jail(8) takes the jails of one text in
parallel, in the order of their `depend` (recorded: many-2, dep-1).
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from ansible_collections.bsd.jail.plugins.module_utils import confread
from ansible_collections.bsd.jail.plugins.module_utils.conf import quote, read_conf, write_conf
from ansible_collections.bsd.jail.plugins.module_utils.errors import CommandError
from ansible_collections.bsd.jail.plugins.module_utils.host import JAIL, Host, Result

# How jail(8) begins what it says of one jail, or of a name (recorded: exs-2, shr-1).
_ABOUT_ONE = re.compile(r"jail: (\S+: |\"[^\"]+\" )")

CREATE, REMOVE = "-c", "-r"


@dataclass(frozen=True)
class Run:
    """One run of jail(8): which it is, and the jails that it works on."""

    identity: str
    operation: str
    names: tuple[str, ...]

    def error(self, result: Result, message: str, name: str) -> CommandError:
        """The error about one jail of a run that failed, with what jail(8) said of that jail, and what commands said,
        of which nobody knows the jail.
        """
        lines = result.stderr.splitlines()
        own = [line for line in lines if _is_about(line, name) or not _ABOUT_ONE.match(line)]
        is_named = any(_is_about(line, name) for line in lines)
        said = replace(result, stderr="\n".join(own)) if is_named and len(self.names) > 1 else result
        return said.error(message, name)

    def said_something(self, result: Result, name: str) -> bool:
        """Whether a run that failed did so with this jail, as far as can be told."""
        return _failed_with(result.stderr, name)


def base(host: Host) -> str:
    """The directory of all runs."""
    return f"{host.var_run}/bsd.jail/.run"


def _file(host: Host, identity: str) -> str:
    return f"{base(host)}/{identity}/jail.conf"


def prepare(host: Host, operation: str, texts: Mapping[str, str]) -> Run:
    """Write what jail(8) will read: the blocks of the jails by their own configurations.

    operation: CREATE or REMOVE. texts: each jail's effective configuration.
    A `depend` on a jail that isn't among them is left out: jail(8) would refuse it, whether that jail runs or not
    (recorded: xdp-1).
    """
    identity = f"{os.getpid()}-{time.monotonic_ns()}"
    os.makedirs(f"{base(host)}/{identity}", mode=0o700)
    blocks = [_block(name, text, texts) for name, text in texts.items()]
    write_conf(_file(host, identity), "".join(blocks), durable=False)
    return Run(identity, operation, tuple(texts))


def go(host: Host, run: Run, timeout: float | None) -> Result:
    """Let jail(8) do it. It survives the death of this process.

    timeout: seconds, or None; a jail(8) that takes longer is killed, and the result's status is that of SIGKILL.
    """
    # It takes any number of names for what it removes, and one or all in the text for what it creates.
    names = run.names if run.operation == REMOVE or len(run.names) == 1 else ()
    argv = (JAIL, "-f", _file(host, run.identity), run.operation, *names)
    return host.run_detached(argv, f"{base(host)}/{run.identity}/jail", timeout)


def status(host: Host, identity: str, name: str) -> int | None:
    """What became of a jail in a run: its status, 0 if only others of the run failed; None while it is at work, and
    for ever if it was killed.
    """
    output = f"{base(host)}/{identity}/jail"
    text = (read_conf(f"{output}.rc") or "").strip()
    if not text.isdigit() or int(text) >= 128:
        return None
    return int(text) if _failed_with(read_conf(f"{output}.err") or "", name) else 0


def jails_of(host: Host, path: str) -> frozenset[str]:
    """The jails of a run by the path of the text that its jail(8) reads; none if that isn't one of ours."""
    if os.path.dirname(os.path.dirname(path)) != base(host):
        return frozenset()
    try:
        return frozenset(one.name for one in confread.parse(read_conf(path) or ""))
    except confread.UnreadableError:
        return frozenset()


def forget(host: Host, run: Run) -> None:
    """Remove what is left of a run that no record speaks of any more."""
    shutil.rmtree(f"{base(host)}/{run.identity}", ignore_errors=True)


def prune(host: Host, known: Collection[str]) -> None:
    """Remove what is left of runs that nobody began who is still there, and that no record speaks of.

    known: the runs that records speak of.
    """
    with contextlib.suppress(FileNotFoundError):
        for identity in os.listdir(base(host)):
            if identity not in known and not _is_alive(identity.partition("-")[0]):
                shutil.rmtree(f"{base(host)}/{identity}", ignore_errors=True)


def _is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    return True


def _failed_with(stderr: str, name: str) -> bool:
    """Whether jail(8) named the jail when it failed, or none at all."""
    lines = stderr.splitlines()
    return any(_is_about(line, name) for line in lines) or not any(map(_ABOUT_ONE.match, lines))


def _is_about(line: str, name: str) -> bool:
    return line.startswith((f"jail: {name}: ", f'jail: "{name}" '))


def _block(name: str, text: str, batch: Collection[str]) -> str:
    """A jail's block, with those of its dependencies that are in the same run."""
    statements = confread.parse(text)
    body = [inner.text for one in statements for inner in one.body if inner.name != "depend"]
    depend = confread.settings(statements, name).get("depend", ())
    needed = [
        quote(item.text, not item.literal)
        for item in (() if isinstance(depend, bool) else depend)
        if item.text in batch
    ]
    if needed:
        body.append(f"depend = {', '.join(needed)};")
    return confread.block(name, body) + "\n"
