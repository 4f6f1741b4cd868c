# SPDX-License-Identifier: BSD-2-Clause
"""The FreeBSD host, as the library sees it: the base system's programs, where things lie, and what the kernel alone
knows.

One object of this class is handed to everything that touches the host; a test hands over another.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Callable

from ansible_collections.bsd.jail.plugins.module_utils import libjail, nmount
from ansible_collections.bsd.jail.plugins.module_utils.errors import CommandError, JailError
from ansible_collections.bsd.jail.plugins.module_utils.nmount import FileSystem

JAIL = "/usr/sbin/jail"
JLS = "/usr/sbin/jls"
MOUNT = "/sbin/mount"
FSTAT = "/usr/bin/fstat"
PS = "/bin/ps"

# What rc(8) and service(8) give: a jail that we start is as one that starts at boot, and nothing of the caller's
# environment reaches it.
_ENVIRONMENT = {"HOME": "/", "PATH": "/sbin:/bin:/usr/sbin:/usr/bin"}


@dataclass(frozen=True)
class Result:
    """What a program did.

    argv: its command line. rc: its exit status, negative for the signal that ended it. stdout, stderr: its words,
    bytes that aren't UTF-8 kept as surrogate escapes.
    """

    argv: tuple[str, ...]
    rc: int
    stdout: str
    stderr: str

    def error(self, message: str, jail: str | None = None) -> CommandError:
        """The error that says so: `message` and the program's own words."""
        lines = (self.stderr.strip() or self.stdout.strip() or "no message").splitlines()
        words = "; ".join(line.strip() for line in lines)
        return CommandError(
            f"{message}: {words} (status {self.rc} of: {' '.join(self.argv)})",
            jail=jail,
            cmd=list(self.argv),
            rc=self.rc,
            stdout=self.stdout,
            stderr=self.stderr,
        )


class Host:
    """The host that this process runs on.

    etc, var_run: where the directories /etc and /var/run lie.
    platform: sys.platform of the interpreter; uid: the caller's effective user id.
    """

    def __init__(
        self,
        etc: str = "/etc",
        var_run: str = "/var/run",
        platform: str = sys.platform,
        uid: int | None = None,
    ) -> None:
        self.etc = etc
        self.var_run = var_run
        self.platform = platform
        self.uid = os.geteuid() if uid is None else uid

    @property
    def conf_dir(self) -> str:
        """Where the jails' files lie."""
        return f"{self.etc}/jail.conf.d"

    def check(self) -> None:
        """Raise JailError unless this is FreeBSD and we are root, outside of any jail."""
        if not self.platform.startswith("freebsd"):
            raise JailError(f"this host isn't FreeBSD (its Python says {self.platform!r}): it has no jails.")
        if self.uid != 0:
            raise JailError(
                f"jails are root's to manage, and this runs as the user with id {self.uid}. Use 'become: true'."
            )

    def run(self, *argv: str, stdin: str = "") -> Result:
        """Run a program by its absolute path, with `stdin` as its input. Raises JailError if it isn't there."""
        try:
            done = subprocess.run(
                argv,
                input=stdin.encode("utf-8", "surrogateescape"),
                capture_output=True,
                env={**_ENVIRONMENT, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
                cwd="/",
                check=False,
            )
        except (FileNotFoundError, PermissionError) as error:
            raise _missing(argv[0]) from error
        return Result(argv, done.returncode, _text(done.stdout), _text(done.stderr))

    def run_detached(
        self, argv: tuple[str, ...], output: str, started: Callable[[int], None], timeout: float | None
    ) -> Result:
        """Run a program that survives the death of this process, and wait for its end.

        It gets a session of its own, no input, and files for its output: its descendants may keep those open for as
        long as they like (recorded: exs-4), we wait for the program alone. Its environment is what rc(8) gives,
        without a locale of ours.

        output: path of the files without `.out` and `.err`.
        started: called with the program's pid before the program is executed.
        timeout: seconds, or None; a program that takes longer is killed, and the result's status is that of SIGKILL.
        Raises JailError if the program isn't there.
        """
        if not os.access(argv[0], os.X_OK):
            raise _missing(argv[0])
        gate_read, gate_write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(gate_write)
            _become(argv, output, gate_read)
        os.close(gate_read)
        try:
            started(pid)
            os.write(gate_write, b"\n")
        finally:
            os.close(gate_write)
        rc = _reap(pid, timeout)
        return Result(argv, rc, _contents(f"{output}.out"), _contents(f"{output}.err"))

    def command_line(self, pid: int) -> str:
        """The command line of a running process, '' if there is no such process."""
        return self.run(PS, "-ww", "-o", "command=", "-p", str(pid)).stdout.strip()

    def wait_gone(self, pid: int, timeout: float) -> bool:
        """Wait until a process that isn't our child is gone; False if it is still there after `timeout` seconds."""
        return _poll(lambda: _is_gone(pid), timeout)

    def nmount(self, directory: int, fspath: str, fstype: str, special: str, options: tuple[str, ...]) -> None:
        """Mount a file system on `fspath` in an open directory. Raises OSError."""
        nmount.nmount(directory, fspath, fstype, special, options)

    def unmount(self, fsid: str, force: bool) -> None:
        """Unmount the file system with an fsid. Raises OSError."""
        nmount.unmount(fsid, force)

    def fstatfs(self, fd: int) -> FileSystem:
        """The file system that an open file is on. Raises OSError."""
        return nmount.fstatfs(fd)

    def boot_id(self) -> str:
        """kern.boot_id in hexadecimal digits: another one after each boot (recorded: bot-1)."""
        return libjail.sysctl("kern.boot_id").hex()


def _missing(program: str) -> JailError:
    return JailError(
        f"{program} isn't there or can't be executed. It is part of FreeBSD's base system: is that installed whole?"
    )


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _contents(path: str) -> str:
    with open(path, "rb") as file:
        return _text(file.read())


def _become(argv: tuple[str, ...], output: str, gate: int) -> None:
    """In the child: become the program as soon as the parent lets us; never return."""
    try:
        os.setsid()
        if os.read(gate, 1) != b"\n":
            os._exit(127)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        for fd, path, how in ((0, os.devnull, os.O_RDONLY), (1, f"{output}.out", flags), (2, f"{output}.err", flags)):
            os.dup2(os.open(path, how, 0o600), fd)
        os.closerange(3, 65536)
        os.chdir("/")
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.execve(argv[0], argv, _ENVIRONMENT)
    finally:
        os._exit(127)


def _reap(pid: int, timeout: float | None) -> int:
    """Wait for our child, killing it when the time is up. Returns its status as subprocess does."""
    status = 0

    def ended() -> bool:
        nonlocal status
        done, status = os.waitpid(pid, os.WNOHANG)
        return done == pid

    if not _poll(ended, timeout):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return -signal.SIGKILL
    return os.waitstatus_to_exitcode(status)


def _is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def _poll(condition: Callable[[], bool], timeout: float | None) -> bool:
    """Wait until a condition holds; False if it doesn't within `timeout` seconds (None: wait for ever).

    Asking again and again needs neither signals nor kqueue, and so doesn't care which thread of which program we are.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    pause = 0.001
    while not condition():
        if deadline is not None and time.monotonic() >= deadline:
            return False
        time.sleep(pause)
        pause = min(pause * 2, 0.05)
    return True
