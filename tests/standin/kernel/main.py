# SPDX-License-Identifier: BSD-2-Clause
"""The first process of a stand-in: reaps what is orphaned, and answers the system calls of lib/kernel.py and libc.so.7.

Arguments: the descriptor of the listening socket that stands for the stand-in on the Linux side, the descriptor to
say "ready" on, the stand-in's name.
"""

from __future__ import annotations

import array
import contextlib
import json
import os
import selectors
import signal
import socket
import sys
from typing import Any

HIDDEN = "/usr/libexec/standin"
sys.path[:0] = [f"{HIDDEN}/kernel", f"{HIDDEN}/lib"]

import calls  # noqa: E402
import cform  # noqa: E402
import doors  # noqa: E402
import network  # noqa: E402
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


def reap() -> None:
    """Collect what ended and had no other parent."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass


def loop(system: System, server: socket.socket, outside: socket.socket) -> None:
    """Serve until the end of the stand-in."""
    wake_read, wake_write = os.pipe()
    for fd in (wake_read, wake_write):
        os.set_blocking(fd, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    selector = selectors.DefaultSelector()
    for source in (server, outside, wake_read):
        selector.register(source, selectors.EVENT_READ)
    while True:
        doors.watch(selector)
        for key, _events in selector.select(system.jails.pause()):
            if key.fileobj in (server, outside) or doors.is_one(key.fileobj):
                accepted, _address = key.fileobj.accept()  # type: ignore[union-attr]
                if key.fileobj is not outside:
                    selector.register(accepted, selectors.EVENT_READ)
                else:
                    accepted.close()
            elif key.fileobj == wake_read:
                os.read(wake_read, 4096)
            else:
                connection = key.fileobj
                try:
                    alive = serve(system, connection)  # type: ignore[arg-type]
                except OSError:
                    alive = False
                if not alive:
                    selector.unregister(connection)
                    connection.close()  # type: ignore[union-attr]
        reap()
        system.jails.end_empty()


def main() -> None:
    outside = socket.socket(fileno=int(sys.argv[1]))
    ready = int(sys.argv[2])
    outside.set_inheritable(False)
    os.set_inheritable(ready, False)
    try:
        network.boot()
        doors.add()
        system = System()
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        server.bind(f"{HIDDEN}/kernel.sock")
        os.chmod(f"{HIDDEN}/kernel.sock", 0o666)
        server.listen(64)
    except BaseException as error:
        os.write(ready, f"{type(error).__name__}: {error}".encode())
        raise
    os.write(ready, b"ready")
    os.close(ready)
    loop(system, server, outside)


if __name__ == "__main__":
    main()
