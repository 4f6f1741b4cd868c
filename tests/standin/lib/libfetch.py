# SPDX-License-Identifier: BSD-2-Clause
"""fetch(3): a file by its URL, file:, http: or https:, with libfetch's words where that fails."""

from __future__ import annotations

import os
import re
import socket
import time
from typing import Any, NamedTuple, Protocol

from errlist import strerror

# lib/libfetch/http.errors.
STATUSES = {
    304: "Not Modified",
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    407: "Proxy Authentication Required",
    408: "Request Time-out",
    409: "Conflict",
    410: "Gone",
    416: "Requested Range Not Satisfiable",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Time-out",
}
_REDIRECTS = 20
_MOVED = (300, 301, 302, 303, 307, 308)
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


class FetchError(Exception):
    """fetchLastErrString(3)."""


class Source(Protocol):
    """What a file is read from."""

    def read1(self, size: int, /) -> bytes: ...
    def close(self) -> None: ...


class Connection(Source, Protocol):
    """A server's."""

    def read(self, size: int, /) -> bytes: ...
    def readline(self) -> bytes: ...
    def write(self, data: bytes, /) -> int: ...
    def flush(self) -> None: ...


class Remote(NamedTuple):
    """A file that is being fetched: what to read it from; its size, and when it was changed, where they are known."""

    stream: Source
    size: int | None
    modified: int | None


class Wishes(NamedTuple):
    """timeout: seconds without a byte, None for no limit. since: seconds since the epoch; a file that didn't change
    after that is `Not Modified`. family: AF_UNSPEC for any. verify: whether the peer has to prove who it is.
    """

    timeout: float | None
    since: int | None
    family: int
    verify: bool


def opened(url: str, wishes: Wishes) -> Remote:
    """Open a URL. Raises FetchError, TimeoutError."""
    scheme, colon, rest = url.partition(":")
    if not colon or "/" in scheme or "." in scheme:
        scheme, rest = ("file", url) if url.startswith("/") else ("http", f"//{url}")
    if scheme == "file":
        return _file(rest.removeprefix("//localhost").removeprefix("//"))
    if scheme not in ("http", "https"):
        raise FetchError("the stand-in's fetch knows no FTP" if scheme == "ftp" else "Protocol not supported")
    return _http(f"{scheme}:{rest}", wishes)


def _file(path: str) -> Remote:
    try:
        file = open(path, "rb")  # noqa: SIM115
    except OSError as error:
        raise FetchError(strerror(error.errno or 0)) from None
    status = os.fstat(file.fileno())
    return Remote(file, status.st_size, int(status.st_mtime))


def _http(url: str, wishes: Wishes) -> Remote:
    for _redirect in range(_REDIRECTS):
        match = re.fullmatch(r"(https?)://(?:[^/@]*@)?(\[[^]]+\]|[^:/]+)(?::(\d+))?(/.*)?", url)
        if match is None:
            raise FetchError("parse error")
        scheme, host, port, document = match[1], match[2], match[3], match[4] or "/"
        stream = _connected(scheme, host.strip("[]"), int(port or (443 if scheme == "https" else 80)), wishes)
        status, headers = _asked(stream, f"{host}:{port}" if port else host, document, wishes)
        if status in _MOVED and "location" in headers:
            stream.close()
            location = headers["location"]
            url = location if "://" in location else f"{scheme}://{host}{f':{port}' if port else ''}{location}"
            continue
        if status not in (200, 206):
            raise FetchError(STATUSES.get(status, "Protocol error"))
        size, modified = headers.get("content-length"), headers.get("last-modified")
        if "chunked" in headers.get("transfer-encoding", ""):
            return Remote(_Chunked(stream), None, _time(modified))
        return Remote(stream, int(size) if size else None, _time(modified))
    raise FetchError("Moved Temporarily")


def _connected(scheme: str, host: str, port: int, wishes: Wishes) -> Connection:
    try:
        # As bytes: for a string, Python would look for its codec idna, which isn't there within a jail.
        found = socket.getaddrinfo(host.encode(), port, wishes.family, socket.SOCK_STREAM)
    except socket.gaierror as error:
        temporary = error.errno in (socket.EAI_AGAIN, socket.EAI_FAIL)
        raise FetchError("Transient resolver failure" if temporary else "Host does not resolve") from None
    failure = OSError(0, "")
    for family, kind, protocol, _name, address in found:
        sock = socket.socket(family, kind, protocol)
        sock.settimeout(wishes.timeout)
        try:
            sock.connect(address)
        except TimeoutError:
            raise
        except OSError as error:
            failure = error
            sock.close()
            continue
        return (_secured(sock, host, wishes.verify) if scheme == "https" else sock).makefile("rwb")
    raise FetchError(strerror(failure.errno or 0))


def _secured(sock: socket.socket, host: str, verify: bool) -> socket.socket:
    import ssl

    places = [os.environ.get("SSL_CA_CERT_FILE", ""), "/usr/local/etc/ssl/cert.pem", "/etc/ssl/cert.pem"]
    context = ssl.create_default_context(cafile=next(filter(os.path.exists, places), None))
    if not verify or "SSL_NO_VERIFY_PEER" in os.environ:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        return context.wrap_socket(sock, server_hostname=host)
    except ssl.SSLError:
        raise FetchError("Authentication error") from None


def _asked(stream: Connection, host: str, document: str, wishes: Wishes) -> tuple[int, dict[str, str]]:
    """Send the request. Returns the status, and the headers by their names in lower case."""
    since = [] if wishes.since is None else [f"If-Modified-Since: {_date(wishes.since)}"]
    lines = [f"GET {document} HTTP/1.1", f"Host: {host}", "User-Agent: fetch libfetch/2.0", *since, "Connection: close"]
    try:
        stream.write("".join(f"{line}\r\n" for line in [*lines, ""]).encode())
        stream.flush()
        status = stream.readline().split()
        if len(status) < 2 or not status[0].startswith(b"HTTP/") or not status[1].isdigit():
            raise FetchError("Protocol error" if status else "Connection reset by peer")
        headers = {}
        while line := stream.readline().strip().decode("latin-1"):
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
    except TimeoutError:
        raise
    except OSError as error:
        raise FetchError(strerror(error.errno or 0)) from None
    return int(status[1]), headers


class _Chunked:
    """A body in chunks, each after its length."""

    def __init__(self, stream: Connection) -> None:
        self.stream = stream
        self.left = 0

    def read1(self, size: int) -> bytes:
        if self.left == 0:
            self.left = int(self.stream.readline().split(b";")[0] or b"0", 16)
            if self.left == 0:
                return b""
        data = self.stream.read(min(size, self.left))
        self.left -= len(data)
        if self.left == 0:
            self.stream.readline()
        return data

    def close(self) -> None:
        self.stream.close()


def _time(text: str | None) -> int | None:
    """A date of HTTP's, in seconds since the epoch."""
    match = re.fullmatch(r"\w+, (\d\d) (\w+) (\d{4}) (\d\d):(\d\d):(\d\d) GMT", text or "")
    if match is None or match[2] not in _MONTHS:
        return None
    import calendar

    fields: Any = (int(match[3]), _MONTHS.index(match[2]) + 1, *map(int, match.group(1, 4, 5, 6)))
    return calendar.timegm((*fields, 0, 0, 0))


def _date(moment: int) -> str:
    t = time.gmtime(moment)
    day = "Mon Tue Wed Thu Fri Sat Sun".split()[t.tm_wday]
    return f"{day}, {t.tm_mday:02} {_MONTHS[t.tm_mon - 1]} {t.tm_year} {t.tm_hour:02}:{t.tm_min:02}:{t.tm_sec:02} GMT"
