# SPDX-License-Identifier: BSD-2-Clause
"""A terminal whose master goes to who listens."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from ansible_collections.bsd.jail.plugins.module_utils.console import terminal
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError


def test_the_master_is_sent_with_its_name(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(1)
        with terminal("web", path) as slave:
            connection, _address = server.accept()
            with connection:
                data, fds, _flags, _address = socket.recv_fds(connection, 1024, 1)
            name = os.ttyname(slave)
            assert data.decode() == name
            os.write(slave, b"hello\n")
            assert os.read(fds[0], 100) == b"hello\r\n"
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(slave)
        os.close(fds[0])


@pytest.mark.parametrize("path", ["/nosuch", "/etc/passwd", "/" + "x" * 200])
def test_nobody_listens(path: str) -> None:
    with pytest.raises(InputError, match=r"jail web: console_socket .* can't be used"), terminal("web", path):
        pass
