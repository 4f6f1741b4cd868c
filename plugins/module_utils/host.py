# SPDX-License-Identifier: BSD-2-Clause
"""The FreeBSD host, as the library sees it: the base system's programs, where things lie, and what the kernel alone
knows.

One object of this class is handed to everything that touches the host; a test hands over another.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.bsd.jail.plugins.module_utils import libjail, nmount
from ansible_collections.bsd.jail.plugins.module_utils.errors import CommandError, JailError
from ansible_collections.bsd.jail.plugins.module_utils.nmount import FileSystem

JAIL = "/usr/sbin/jail"
JLS = "/usr/sbin/jls"
MOUNT = "/sbin/mount"
DEVFS = "/sbin/devfs"
IFCONFIG = "/sbin/ifconfig"
FSTAT = "/usr/bin/fstat"
PS = "/bin/ps"
PGREP = "/bin/pgrep"

# $0 is where to, "$@" the program.
_NOTE_STATUS = '"$@"; rc=$?; echo "$rc" >"$0.rc"; exit "$rc"'

_FIRST = 5

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

    def brief(self) -> Result:
        """The result with the first of a program's complaints, where it has one for each of many files."""
        lines = self.stderr.splitlines()
        more = [f"(and {len(lines) - _FIRST} more)"] if len(lines) > _FIRST else []
        return replace(self, stderr="\n".join([*lines[:_FIRST], *more]))

    def error(self, message: str, jail: str | None = None) -> CommandError:
        """The error that says so: `message` and the program's own words. Bytes in them that aren't UTF-8, which Ansible
        would refuse to hear of, are written `\\xNN`.
        """
        stdout, stderr = _readable(self.stdout), _readable(self.stderr)
        lines = (stderr.strip() or stdout.strip() or "no message").splitlines()
        words = "; ".join(line.strip() for line in lines)
        return CommandError(
            f"{message}: {words} (status {self.rc} of: {' '.join(self.argv)})",
            jail=jail,
            cmd=list(self.argv),
            rc=self.rc,
            stdout=stdout,
            stderr=stderr,
        )


class Host:
    """The host that this process runs on.

    etc, var_db, var_run: where the directories /etc, /var/db and /var/run lie.
    platform: sys.platform of the interpreter; uid: the caller's effective user id.
    """

    def __init__(
        self,
        etc: str = "/etc",
        var_run: str = "/var/run",
        platform: str = sys.platform,
        uid: int | None = None,
        var_db: str = "/var/db",
    ) -> None:
        self.etc = etc
        self.var_db = var_db
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

    def run(
        self, *argv: str, stdin: str | int = "", keep: Sequence[int] = (), env: Mapping[str, str] | None = None
    ) -> Result:
        """Run a program by its absolute path.

        stdin: its input, as text or as an open file. keep: descriptors that it inherits. env: what its environment has
        besides. Raises JailError if it isn't there.
        """
        source: dict[str, Any] = (
            {"stdin": stdin} if isinstance(stdin, int) else {"input": stdin.encode("utf-8", "surrogateescape")}
        )
        try:
            done = subprocess.run(  # pylint: disable=ansible-bad-function # there is no AnsibleModule here
                argv,
                **source,
                capture_output=True,
                env={**_ENVIRONMENT, **(env or {}), "LC_ALL": "C.UTF-8", "TZ": "UTC"},
                pass_fds=keep,
                cwd="/",
                check=False,
            )
        except (FileNotFoundError, PermissionError) as error:
            raise _missing(argv[0]) from error
        return Result(argv, done.returncode, _text(done.stdout), _text(done.stderr))

    def run_detached(self, argv: tuple[str, ...], output: str, timeout: float | None) -> Result:
        """Run a program that survives the death of this process, and wait for its end.

        It gets a session of its own, no input, and files for its output: its descendants may keep those open for as
        long as they like (recorded: exs-4), we wait for the program alone. A shell that is its parent writes down its
        status, for whoever comes after this process was killed. Its environment is what rc(8) gives, without a locale
        of ours.

        output: path of the files without `.out`, `.err` and `.rc`.
        timeout: seconds, or None; a program that takes longer is killed, and the result's status is that of SIGKILL.
        Raises JailError if the program isn't there.
        """
        if not os.access(argv[0], os.X_OK):
            raise _missing(argv[0])
        with open(f"{output}.out", "wb") as out, open(f"{output}.err", "wb") as err:
            shell = subprocess.Popen(  # pylint: disable=ansible-bad-function # nor does its run_command do that
                ("/bin/sh", "-c", _NOTE_STATUS, output, *argv),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=_ENVIRONMENT,
                cwd="/",
                start_new_session=True,
            )
        try:
            rc = shell.wait(timeout)
        except subprocess.TimeoutExpired:
            shell.kill()
            rc = shell.wait()
        if rc < 0:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)
        rc = rc if rc < 128 else 128 - rc
        return Result(argv, rc, _contents(f"{output}.out"), _contents(f"{output}.err"))

    def wait_for(self, pattern: str, timeout: float) -> list[int]:
        """Wait until no process is left whose command line matches a pattern of pgrep(1).

        Returns the pids of those that are left after `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while True:
            found = self.run(PGREP, "-f", pattern).stdout.split()
            if not found or time.monotonic() >= deadline:
                return [int(pid) for pid in found]
            time.sleep(0.2)

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


def interface_names() -> set[str]:
    """The network interfaces of the host, which no program has to be asked for."""
    return {name for _index, name in socket.if_nameindex()}


def _missing(program: str) -> JailError:
    return JailError(
        f"{program} isn't there or can't be executed. It is part of FreeBSD's base system: is that installed whole?"
    )


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _readable(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _contents(path: str) -> str:
    with open(path, "rb") as file:
        return _text(file.read())
