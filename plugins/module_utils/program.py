# SPDX-License-Identifier: BSD-2-Clause
"""A program that is to run in a jail, and the process that becomes it."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import inspect
import json
import os
import select
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

from ansible_collections.bsd.jail.plugins.module_utils import attach
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, JailError
from ansible_collections.bsd.jail.plugins.module_utils.libjail import Jail

# The descriptors of a process that is to become a program: what it is to become, the program's own 0 to 2, and where it
# says how far it has come. Single digits, because /bin/sh hands them on.
SPEC, STDIN, STDOUT, STDERR, REPORT = 3, 6, 7, 8, 9

_START = (
    f"import json; f = open({SPEC}, encoding='utf-8'); spec = json.loads(f.readline()); exec(f.read()); become(spec)"
)


@dataclass(frozen=True)
class Program:
    """What is to run.

    argv: its name and arguments; without a slash the name is looked up in the environment's PATH.
    env: added to what the user's login gives. user: a name that the jail knows, None for root. chdir: its working
    directory. All as the jail sees it.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    chdir: str = "/"

    @property
    def digest(self) -> str:
        """What tells it from other programs; its environment can't be read from that."""
        parts = [self.argv, sorted(self.env.items()), self.user, self.chdir]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def check(self, jail: str) -> None:
        """Raise InputError for what no program can be started with."""
        if not self.argv or not self.argv[0]:
            raise InputError(f"jail {jail}: there is no program to run: argv is empty.", jail=jail, parameter="argv")
        for parameter, words in (
            ("argv", self.argv),
            ("env", (*self.env, *self.env.values())),
            ("chdir", (self.chdir,)),
        ):
            if any("\0" in word for word in words):
                raise InputError(f"jail {jail}: {parameter} has a NUL character.", jail=jail, parameter=parameter)
        for name in self.env:
            if not name or "=" in name:
                raise InputError(f"jail {jail}: {name!r} can't be a variable's name.", jail=jail, parameter="env")
        if not self.chdir.startswith("/"):
            raise InputError(
                f"jail {jail}: chdir is {self.chdir!r}; it must be an absolute path.", jail=jail, parameter="chdir"
            )


def interpreter() -> list[str]:
    """The command line of the process that enters the jail and becomes the program. It says nothing of either."""
    return [sys.executable, "-I", "-S", "-X", "utf8", "-c", _START]


@contextlib.contextmanager
def spec_file(jail: Jail, program: Program, fifo: str | None, terminal: bool) -> Iterator[IO[bytes]]:
    """A file without a name, to be descriptor SPEC: what `attach.become` needs to know, and its text.

    The environment's values are in no other place: not on a command line, nor in an environment outside of the jail.
    fifo: what it is to remove when it is let go. terminal: whether its descriptors are a terminal that it is to
    control.
    """
    spec = {
        "jid": jail.jid,
        "argv": program.argv,
        "env": dict(program.env),
        "user": program.user,
        "chdir": program.chdir,
        "stdio": (STDIN, STDOUT, STDERR),
        "terminal": terminal,
        "report": REPORT,
        "fifo": fifo,
    }
    with tempfile.TemporaryFile() as file:
        file.write(json.dumps(spec).encode() + b"\n" + inspect.getsource(attach).encode())
        file.seek(0)
        yield file


def pipe() -> tuple[IO[bytes], IO[bytes]]:
    """A pipe's two ends, neither of which a program inherits."""
    read, write = os.pipe()
    return os.fdopen(read, "rb", buffering=0), os.fdopen(write, "wb", buffering=0)


def start(argv: list[str], descriptors: Mapping[int, int], detached: bool = False) -> int:
    """Start a process of its own session, without an environment, in the root directory, and return its pid.

    descriptors: which of ours it gets, by what number; 0 to 2 are /dev/null unless they are among them.
    detached: it isn't our child but init's, and the pid is 0.
    """
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            if detached and os.fork() != 0:
                os._exit(0)
            _arrange(descriptors)
            os.chdir("/")
            for number in signal.valid_signals():
                if signal.getsignal(number) is signal.SIG_IGN:
                    signal.signal(number, signal.SIG_DFL)
            os.execve(argv[0], argv, {})
        finally:
            os._exit(127)
    if detached:
        os.waitpid(pid, 0)
        return 0
    return pid


def _arrange(descriptors: Mapping[int, int]) -> None:
    """Give this process these descriptors and no other."""
    null = os.open(os.devnull, os.O_RDWR)
    wanted = {0: null, 1: null, 2: null, **descriptors}
    beyond = max(wanted) + 1
    moved = {number: fcntl.fcntl(fd, fcntl.F_DUPFD, beyond) for number, fd in wanted.items()}
    os.closerange(0, beyond)
    for number, fd in moved.items():
        os.dup2(fd, number)
    os.closerange(beyond, 65536)


def read_report(fd: int, deadline: float) -> str | None:
    """What the process says on its descriptor REPORT until it closes it, as it does when it becomes the program.

    fd: not blocking. deadline: of time.monotonic(). Returns None if it is still open then.
    """
    said, poll = b"", select.poll()
    poll.register(fd, select.POLLIN)
    while poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        try:
            data = os.read(fd, 4096)
        except BlockingIOError:  # nobody has opened it for writing yet (recorded: fifo-2)
            continue
        if not data:
            return said.decode("ascii", "replace")
        said += data
    return None


def failure(jail: Jail, argv: Sequence[str], said: str) -> JailError | None:
    """Why a process that ended its report with these words didn't become the program; None if it did."""
    if said == "+":
        return None
    what = f"jail {jail.name}: {argv[0]!r} wasn't started: "
    if not said:
        return JailError(f"{what}the process that was to become it ended too early. Was it killed?", jail=jail.name)
    step, number, about = json.loads(said.removeprefix("+"))
    return JailError(what + _REASONS[step].format(about, os.strerror(number)), jail=jail.name)


_REASONS = {
    "start": "its session or its terminal can't be set up: {1}.",
    "attach": "the jail can't be entered: {1}. Does it still run?",
    "user": "the jail has no user {0!r}.",
    "login": "the user {0!r} can't be taken on: {1}.",
    "chdir": "{0!r}, its working directory: {1}.",
    "exec": "{1}.",
}
