# SPDX-License-Identifier: BSD-2-Clause
"""The first process of a stand-in: reaps what is orphaned, and answers the system calls of lib/kernel.py and libc.so.7.

Arguments: the descriptor of the listening socket that stands for the stand-in on the Linux side, the descriptor to
say "ready" on (`-` after a reboot, of which nobody waits for that), the stand-in's name.

Who connects to that socket asks by a word: `login`, whether sshd(8) is there, which is answered with yes or no;
`reboot` or `crash`, which is answered by the end of the connection, when the stand-in has gone down.
"""

from __future__ import annotations

import array
import contextlib
import json
import os
import selectors
import signal
import socket
import struct
import sys
from typing import Any

HIDDEN = "/usr/libexec/standin"
sys.path[:0] = [f"{HIDDEN}/kernel", f"{HIDDEN}/lib"]

import calls  # noqa: E402
import cform  # noqa: E402
import doors  # noqa: E402
import network  # noqa: E402
import power  # noqa: E402
from errors import SystemCallError  # noqa: E402
from system import Caller, System  # noqa: E402


def answer_json(system: System, body: bytes, fds: list[int]) -> tuple[bytes, tuple[int, ...]]:
    """One call in lib/kernel.py's form: the reply, and the descriptors that go with it."""
    request: dict[str, Any] = json.loads(body)
    op, pid = request.pop("op"), request.pop("pid")
    try:
        reply, out = calls.CALLS[op](system, Caller(system, pid, fds), **request)
    except SystemCallError as error:
        reply, out = {"errno": error.number, "message": error.message}, ()
    return json.dumps(reply).encode(), out


def serve(system: System, connection: socket.socket) -> bool:
    """Answer one call. False when the other side has gone."""
    connection.settimeout(5)
    head, ancillary, _flags, _address = connection.recvmsg(4, socket.CMSG_SPACE(4 * 16))
    fds = array.array("i")
    for _level, _kind, data in ancillary:
        fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
    try:
        if len(head) < 4:
            return False
        size, body = int.from_bytes(head, "little"), b""
        while len(body) < size:
            chunk = connection.recv(size - len(body))
            if not chunk:
                return False
            body += chunk
        if body[:1] == b"B":
            reply, out = cform.answer(system, body, list(fds))
            head = b"\0\0\0\0"
        else:
            reply, out = answer_json(system, body, list(fds))
            head = len(reply).to_bytes(4, "little")
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", out))] if out else []
        connection.sendmsg([head], rights)
        connection.sendall(reply)
    finally:
        for fd in fds:
            os.close(fd)
    return True


def answer_outside(system: System, connection: socket.socket) -> bool:
    """What somebody on the Linux side wants. False when they have gone."""
    word = connection.recv(16)
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    if word == b"login":
        connection.sendall(b"yes" if system.power.logins else b"no")
    elif struct.unpack("3i", credentials)[1] != os.geteuid():
        return False  # another user's
    elif word == b"reboot":
        system.power.reboot()
    elif word == b"crash":
        system.power.crash()
    return bool(word)


def reap(system: System) -> None:
    """Collect what ended and had no other parent."""
    with contextlib.suppress(ChildProcessError):
        while pid := os.waitpid(-1, os.WNOHANG)[0]:
            system.power.ended(pid)


def loop(system: System, server: socket.socket, outside: socket.socket) -> None:
    """Serve until the stand-in goes down."""
    from_outside: set[socket.socket] = set()
    wake_read, wake_write = os.pipe()
    for fd in (wake_read, wake_write):
        os.set_blocking(fd, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    selector = selectors.DefaultSelector()
    for source in (server, outside, wake_read):
        selector.register(source, selectors.EVENT_READ)
    while not system.power.is_due:
        doors.watch(selector)
        for key, _events in selector.select(system.jails.pause()):
            if key.fileobj in (server, outside) or doors.is_one(key.fileobj):
                accepted, _address = key.fileobj.accept()  # type: ignore[union-attr]
                selector.register(accepted, selectors.EVENT_READ)
                if key.fileobj is outside:
                    from_outside.add(accepted)
            elif key.fileobj == wake_read:
                os.read(wake_read, 4096)
            else:
                connection: socket.socket = key.fileobj  # type: ignore[assignment]
                answer = answer_outside if connection in from_outside else serve
                try:
                    alive = answer(system, connection)
                except OSError:
                    alive = False
                if not alive:
                    selector.unregister(connection)
                    connection.close()
                    from_outside.discard(connection)
        reap(system)
        system.jails.end_empty()


def main() -> None:
    outside, name = socket.socket(fileno=int(sys.argv[1])), sys.argv[3]
    outside.set_inheritable(False)
    is_first = sys.argv[2] != "-"
    ready = int(sys.argv[2]) if is_first else os.open(os.devnull, os.O_WRONLY)
    os.set_inheritable(ready, False)
    try:
        interfaces = network.boot()
        if is_first:
            network.configure(*interfaces)
        doors.add()
        system = System(logins=is_first)
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{HIDDEN}/kernel.sock")
        server.bind(f"{HIDDEN}/kernel.sock")
        os.chmod(f"{HIDDEN}/kernel.sock", 0o666)
        server.listen(64)
    except BaseException as error:
        os.write(ready, f"{type(error).__name__}: {error}".encode())
        raise
    os.write(ready, b"ready")
    os.close(ready)
    if not is_first:
        power.boot()
    loop(system, server, outside)
    system.power.again(system.mounts, outside, name)


if __name__ == "__main__":
    main()
