# SPDX-License-Identifier: BSD-2-Clause
"""A command in a stand-in, as sshd runs one: by the user's shell, in its own session, on a terminal where asked for."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import sys
import termios
import tty as terminal

from . import login, sandbox

TIOCGPTN = 0x80045430  # the number of a terminal, of its master; not in Python's termios


def run(name: str, command: str, *, tty: bool, user: str | None) -> int:
    """Run a command (a login shell where it is empty) in the stand-in and wait for it.

    tty: give it a terminal of the stand-in's. user: who logs in by ssh; None for root, at its console. Returns its exit
    status, 128 + the signal's number where one ended it, 255 where the stand-in refuses, or goes down meanwhile.
    """
    with sandbox.connected(name) as host:
        if not sandbox.is_open(host):
            print(f"ssh: connect to host {name} port 22: Connection refused", file=sys.stderr)
            return 255
        status = _run(name, command, tty, user)
        if status in (128 + signal.SIGTERM, 128 + signal.SIGKILL) and not sandbox.is_open(host):
            print(f"Connection to {name} closed by remote host.", file=sys.stderr)
            return 255
        return status


def _run(name: str, command: str, tty: bool, user: str | None) -> int:
    sandbox.enter(name)
    who = login.ROOT if user is None else login.find(user)
    if who is None:
        print(f"{user}@{name}: Permission denied (publickey,keyboard-interactive).", file=sys.stderr)
        return 255
    argv = ["sh", "-c", command] if command else ["-sh"]
    environment = who.environment(sandbox.ENVIRONMENT)
    environment |= {"SSH_CONNECTION": "10.0.2.2 43774 10.0.2.15 22", "SSH_CLIENT": "10.0.2.2 43774 22"}
    if tty:
        return _on_terminal(argv, environment, who)
    pid = os.fork()
    if pid == 0:
        os.setsid()
        who.become()
        os.execve("/bin/sh", argv, environment)
    return _status(pid)


def _status(pid: int) -> int:
    _pid, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _on_terminal(argv: list[str], environment: dict[str, str], who: login.Login) -> int:
    master, slave = os.openpty()
    number = struct.unpack("i", fcntl.ioctl(master, TIOCGPTN, b"\0" * 4))[0]
    pid = os.fork()
    if pid == 0:
        os.close(master)
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for fd in range(3):
            os.dup2(slave, fd)
        if who.uid != 0:
            os.fchown(slave, who.uid, 4)  # the group tty
        who.become()
        os.execve(
            "/bin/sh", argv, {**environment, "SSH_TTY": f"/dev/pts/{number}", "TERM": os.environ.get("TERM", "xterm")}
        )
    os.close(slave)
    _copy(master)
    return _status(pid)


def _copy(master: int) -> None:
    """Between our own standard streams and the terminal, until the other side has closed it."""
    keyboard = sys.stdin.isatty()
    saved = termios.tcgetattr(0) if keyboard else None
    if keyboard:
        terminal.setraw(0)
    watched = [master, 0]
    try:
        while master in watched:
            for fd in select.select(watched, [], [])[0]:
                try:
                    data = os.read(fd, 65536)
                except OSError:
                    data = b""
                if not data:
                    watched.remove(fd)
                elif fd == master:
                    os.write(1, data)
                else:
                    os.write(master, data)
    finally:
        if saved is not None:
            termios.tcsetattr(0, termios.TCSADRAIN, saved)
