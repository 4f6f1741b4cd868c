# SPDX-License-Identifier: BSD-2-Clause
"""A terminal for a program, whose other end goes to who listens on a socket, as OCI runtimes do it."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator

from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError


@contextlib.contextmanager
def terminal(jail: str, path: str) -> Iterator[int]:
    """Make a pseudo-terminal and hand its master to who listens on the AF_UNIX socket `path`, its name as the data.

    Yields the slave's descriptor. Raises InputError if there is no such socket or nobody listens.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection, contextlib.ExitStack() as stack:
        try:
            connection.connect(path)
            master, slave = os.openpty()
            stack.callback(os.close, slave)
            try:
                socket.send_fds(connection, [os.fsencode(os.ttyname(slave))], [master])
            finally:
                os.close(master)
        except OSError as error:
            raise InputError(
                f"jail {jail}: console_socket {path!r} can't be used: {error.strerror or error}. "
                "A program must listen there.",
                jail=jail,
                parameter="console_socket",
            ) from error
        yield slave
