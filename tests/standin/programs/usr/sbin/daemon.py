# SPDX-License-Identifier: BSD-2-Clause
"""daemon(8): run a command detached from the terminal."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import sys
import time

import err
import options
import program
import users

PROGRAM = "daemon"
USAGE = """usage: daemon [-cfHrS] [-p child_pidfile] [-P supervisor_pidfile]
              [-u user] [-o output_file] [-M output_file_mode] [-t title]
              [-l syslog_facility] [-s syslog_priority]
              [-T syslog_tag] [-m output_mask] [-R restart_delay_secs]
              [-C restart_count] command arguments ..."""


def main(argv: list[str]) -> int:
    found, command = options.getopt(argv, "C:cfHl:M:m:o:P:p:R:rSs:T:t:u:", USAGE)
    given = dict(found)
    if not command:
        options.usage(USAGE)
    user = users.by_name(given["u"]) if "u" in given else None
    if "u" in given and user is None:
        err.errx(PROGRAM, f"unknown user: {given['u']}")
    files: dict[str, int] = {letter: _pidfile(given[letter]) for letter in ("p", "P") if letter in given}
    supervise = bool(given.keys() & {"p", "P", "r", "R", "o", "S", "T"})
    sys.stdout.flush()
    if os.fork():
        os._exit(0)
    os.setsid()
    if "c" in given:
        os.chdir("/")
    if "f" in given:
        null = os.open("/dev/null", os.O_RDWR)
        for fd in range(3):
            os.dup2(null, fd)
    if not supervise:
        _become(command, user)
    return _Supervisor(command, given, files, user).run()


def _pidfile(path: str) -> int:
    """An open and locked pid file, as pidfile_open(3) makes it."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with open(path) as file:
            err.errx(PROGRAM, f"process already running, pid: {file.read()}", 3)
    except OSError as error:
        err.err(PROGRAM, f"pidfile `{path}'", error.errno, 2)
    return fd


def _become(command: list[str], user: users.User | None) -> None:
    if user is not None:
        os.setgroups(users.group_list(user))
        os.setgid(user.gid)
        os.setuid(user.uid)
    err.warn(PROGRAM, command[0], program.execvp(command).errno)
    os._exit(1)


class _Supervisor:
    """The process that stays: it starts the command, copies its output and takes the pid files away."""

    def __init__(
        self, command: list[str], given: dict[str, str], files: dict[str, int], user: users.User | None
    ) -> None:
        self.command = command
        self.given = given
        self.files = files
        self.user = user
        self.child = 0
        self.ending = False

    def run(self) -> int:
        signal.signal(signal.SIGTERM, self._terminate)
        self._write("P", os.getpid())
        code = 0
        while True:
            code = self._once()
            if self.ending or not self.given.keys() & {"r", "R"}:
                break
            time.sleep(float(self.given.get("R", "1")))
        for letter in self.files:
            os.unlink(self.given[letter])
        return code

    def _terminate(self, _signum: int, _frame: object) -> None:
        self.ending = True
        if self.child:
            os.kill(self.child, signal.SIGTERM)

    def _write(self, letter: str, pid: int) -> None:
        if letter in self.files:
            os.ftruncate(self.files[letter], 0)
            os.pwrite(self.files[letter], str(pid).encode(), 0)

    def _once(self) -> int:
        copied = "o" in self.given
        read, write = os.pipe() if copied else (-1, -1)
        self.child = os.fork()
        if self.child == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            for fd in self.files.values():
                os.close(fd)
            if copied:
                os.dup2(write, 1)
                os.dup2(write, 2)
            _become(self.command, self.user)
        self._write("p", self.child)
        if copied:
            os.close(write)
            self._copy(read)
        status = self._wait()
        self.child = 0
        return status

    def _wait(self) -> int:
        return program.exit_code(os.waitpid(self.child, 0)[1])

    def _copy(self, read: int) -> None:
        """Until the command has ended, whoever else may hold its output open."""
        mode = int(self.given.get("M", "600"), 8)
        log = os.open(self.given["o"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, mode)
        pidfd = os.pidfd_open(self.child)
        while True:
            ready, _, _ = select.select([read, pidfd], [], [])
            data = os.read(read, 65536) if read in ready else b""
            os.write(log, data)
            if not data:
                break
        for fd in (read, log, pidfd):
            os.close(fd)
