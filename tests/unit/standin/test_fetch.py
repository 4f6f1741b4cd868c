# SPDX-License-Identifier: BSD-2-Clause
"""fetch(1) against servers that fail: what it says, and what it leaves (usr.bin/fetch/fetch.c)."""

from __future__ import annotations

import pathlib
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

STANDIN = pathlib.Path(__file__).parents[2] / "standin"
RUN = "import sys; sys.path[:0] = sys.argv.pop(1).split(':'); import fetch; sys.exit(fetch.main(sys.argv))"
PATHS = f"{STANDIN / 'lib'}:{STANDIN / 'programs/usr/bin'}"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
Fetch = Callable[..., tuple[int, str]]


@pytest.fixture
def fetch(tmp_path: pathlib.Path) -> Fetch:
    """Run fetch in a directory of the test's. Returns its status, and what it says without its name."""

    def run(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-c", RUN, PATHS, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stderr.removeprefix("fetch: ").rstrip("\n").replace("\nfetch: ", "\n")

    return run


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Answer requests with these bytes, one after the other; `None` never answers. Returns the URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    kept = []

    def start(*answers: bytes | None, stall: bool = False) -> str:
        def answer() -> None:
            for each in answers:
                connection, _ = listener.accept()
                connection.recv(4096)
                connection.sendall(each or b"")
                kept.append(connection)
                if each is not None and not stall:
                    connection.shutdown(socket.SHUT_WR)

        threading.Thread(target=answer, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/f"

    yield start
    for connection in kept:
        connection.close()
    listener.close()


def test_a_file_has_the_servers_time(fetch: Fetch, serve: Callable[..., str], tmp_path: pathlib.Path) -> None:
    assert fetch("-q", "-o", "got", serve(HEAD + b"\r\nhello\n")) == (0, "")
    assert ((tmp_path / "got").read_text(), (tmp_path / "got").stat().st_mtime) == ("hello\n", 784111777)


def test_what_is_there_stays_when_it_fails(fetch: Fetch, serve: Callable[..., str], tmp_path: pathlib.Path) -> None:
    (tmp_path / "got").write_text("old")
    url = serve(b"HTTP/1.1 404 Not Found\r\n\r\n", b"HTTP/1.1 503 Busy\r\n\r\n")
    assert fetch("-q", "-o", "got", url) == (1, f"{url}: Not Found")
    assert fetch("-q", "-o", "got", url) == (1, f"{url}: Service Unavailable")
    assert [path.name for path in tmp_path.iterdir()] == ["got"]
    assert (tmp_path / "got").read_text() == "old"


def test_a_redirection_is_followed(fetch: Fetch, serve: Callable[..., str], tmp_path: pathlib.Path) -> None:
    url = serve(b"HTTP/1.1 302 Found\r\nLocation: /other\r\n\r\n", HEAD + b"\r\nhello\n")
    assert fetch("-q", url) == (0, "")
    assert (tmp_path / "f").read_text() == "hello\n"


def test_chunks(fetch: Fetch, serve: Callable[..., str], tmp_path: pathlib.Path) -> None:
    url = serve(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhell\r\n2;x\r\no\n\r\n0\r\n\r\n")
    assert fetch("-q", url) == (0, "")
    assert (tmp_path / "f").read_text() == "hello\n"


@pytest.mark.parametrize("stall", [False, True])
def test_half_a_file_stays_under_its_name(
    fetch: Fetch, serve: Callable[..., str], tmp_path: pathlib.Path, stall: bool
) -> None:
    said = ("transfer timed out\n" if stall else "") + "got appears to be truncated: 3/6 bytes"
    assert fetch("-q", "-T", "1", "-o", "got", serve(HEAD + b"\r\nhel", stall=stall)) == (1, said)
    assert (tmp_path / "got").read_text() == "hel"


def test_half_a_file_stays_beside_one_that_is_there(
    fetch: Fetch, serve: Callable[..., str], tmp_path: pathlib.Path
) -> None:
    (tmp_path / "got").write_text("old")
    assert fetch("-q", "-o", "got", serve(HEAD + b"\r\nhel"))[0] == 1
    assert {path.read_text() for path in tmp_path.glob(".fetch.*.got")} == {"hel"}
    assert (tmp_path / "got").read_text() == "old"


def test_a_server_that_does_not_answer(fetch: Fetch, serve: Callable[..., str], tmp_path: pathlib.Path) -> None:
    assert fetch("-q", "-T", "1", serve(None)) == (1, "transfer timed out")
    assert list(tmp_path.iterdir()) == []


def test_what_is_unchanged_is_not_fetched(fetch: Fetch, serve: Callable[..., str], tmp_path: pathlib.Path) -> None:
    (tmp_path / "got").write_text("old")
    url = serve(b"HTTP/1.1 304 Not Modified\r\n\r\n", HEAD + b"\r\nhello\n")
    assert fetch("-q", "-i", "got", "-o", "got", url) == (0, f"{url}: Not Modified")
    assert (tmp_path / "got").read_text() == "old"
    assert fetch("-q", "-S", "7", "-o", "got", url) == (1, f"{url}: size mismatch: expected 7, actual 6")


def test_what_the_stand_in_cannot_it_refuses(fetch: Fetch) -> None:
    assert fetch("-r", "http://127.0.0.1/") == (1, "the stand-in's fetch doesn't know -r")
    assert fetch("gopher://127.0.0.1/") == (1, "gopher://127.0.0.1/: Protocol not supported")
