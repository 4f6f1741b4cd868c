# SPDX-License-Identifier: BSD-2-Clause
"""Who is asked: a stand-in for each group, or one FreeBSD host that is cleaned between groups."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from .cases import HERE, Group
from .compare import Answer

STANDIN = HERE.parent / "standin" / "standin"
PREPARE, CLEAN = (HERE / "host" / name for name in ("prepare.sh", "clean.sh"))
CASE_SECONDS = 120
BASE = "/tmp/b"
# The recording host had no locale set, and many an ssh sends its own.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "LANG" and not name.startswith("LC_")}


class TargetError(Exception):
    """The host can't be asked: it isn't there, or isn't fit."""


class GroupError(Exception):
    """A group can't be asked: its stand-in didn't come up or didn't stay, or what its cases expect couldn't be made."""


class Session(Protocol):
    """A host that is as a group's cases expect it."""

    def run(self, script: str) -> Answer:
        """Give /bin/sh a script, in /tmp/b."""


class Target(Protocol):
    """Where groups are run."""

    @property
    def width(self) -> int:
        """How many groups at a time."""

    @property
    def real(self) -> bool:
        """Whether it is FreeBSD."""

    def fresh(self, group: Group) -> AbstractContextManager[Session]:
        """A context: a host as it is before the group's first case. Raises TargetError, GroupError."""


def as_recorded(output: bytes) -> str:
    r"""A stream in the recording's form: bytes that aren't UTF-8 as \xNN, and no carriage return before a newline.

    A terminal puts one there (sck-1 shows it), and tty-1 has none: the recorder read lines of text.
    """
    return output.decode("utf-8", "backslashreplace").replace("\r\n", "\n")


class _Shell:
    """A host that a command line reaches."""

    def __init__(self, *command: str) -> None:
        self.command = command

    def run(self, script: str, directory: str = BASE) -> Answer:
        """Run a script. Its output goes to files, so that a program which it leaves behind doesn't keep us waiting."""
        line = f"cd {directory} && exec /bin/sh -c {shlex.quote(script)}"
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen(
                [*self.command, line], stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=ENVIRONMENT
            )
            try:
                rc = process.wait(CASE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                rc, _ = -1, err.write(f"(killed after {CASE_SECONDS} seconds)\n".encode())
            texts = []
            for stream in (out, err):
                stream.seek(0)
                texts.append(as_recorded(stream.read()))
        return Answer(rc, *texts)

    def host(self, script: Path) -> None:
        """Run prepare.sh or clean.sh. Raises TargetError."""
        answer = self.run(script.read_text(), "/")
        if answer.rc != 0:
            raise TargetError(f"{script.name}: status {answer.rc}: {answer.stdout}{answer.stderr}")

    def before(self, group: Group) -> None:
        """Make what this group's cases expect. Raises GroupError."""
        answer = self.run(f"set -e\n{group.before}")
        if answer.rc != 0:
            raise GroupError(f"its % lines: status {answer.rc}: {answer.stdout}{answer.stderr}")


class StandIn:
    """A fresh stand-in for each group."""

    real = False

    def __init__(self, width: int) -> None:
        self.width = width

    @contextmanager
    def fresh(self, group: Group) -> Iterator[Session]:
        """Bring one up, and throw it away afterwards."""
        name = f"conformance-{os.getpid()}-{group.name}"
        _standin("up", name)
        try:
            shell = _Shell(str(STANDIN), "ssh", name)
            shell.host(PREPARE)
            shell.before(group)
            yield shell
        finally:
            _standin("down", name)


def _standin(*arguments: str) -> None:
    done = subprocess.run([str(STANDIN), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise GroupError(f"standin {' '.join(arguments)}: {done.stdout}{done.stderr}")


class Host:
    """A FreeBSD host by ssh, one that has no jails of its own: the cases remove every jail that they see."""

    real = True
    width = 1

    def __init__(self, address: str) -> None:
        self.shell = _Shell("ssh", "-o", "BatchMode=yes", "-T", address)

    @contextmanager
    def fresh(self, group: Group) -> Iterator[Session]:
        """Prepare the host, and undo what the group's cases did."""
        self.shell.host(PREPARE)
        try:
            self.shell.before(group)
            yield self.shell
        finally:
            self.shell.host(CLEAN)
