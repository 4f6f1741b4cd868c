# SPDX-License-Identifier: BSD-2-Clause
"""fetch(1): retrieve a file by URL: file:, http: and https:."""

from __future__ import annotations

import contextlib
import email.utils

# What is imported late has to be there before this is in a jail's root.
import encodings.idna  # noqa: F401
import os
import re
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import IO, Any

import err
from errlist import strerror
from options import getopt

USAGE = """\
usage: fetch [-146AadFlMmnPpqRrsUv] [-B bytes] [--bind-address=host]
       [--ca-cert=file] [--ca-path=dir] [--cert=file] [--crl=file]
       [-i file] [--key=file] [-N file] [--no-passive] [--no-proxy=list]
       [--no-sslv3] [--no-tlsv1] [--no-verify-hostname] [--no-verify-peer]
       [-o file] [--referer=URL] [-S bytes] [-T seconds]
       [--user-agent=agent-string] [-w seconds] URL ..."""


STATUSES = {401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 500: "Internal Server Error"}


class FetchError(Exception):
    """fetchLastErrString(3)."""


def main(argv: list[str]) -> int:
    words = [argv[0], *(word for word in argv[1:] if not re.match("--[a-z]", word))]
    given, urls = getopt(words, "146AaB:bc:dFf:Hh:i:lMmN:nO:o:PpqRrS:sT:tUvw:", USAGE)
    options = dict(given)
    if not urls:
        print(USAGE, file=sys.stderr)
        return 1
    failed = False
    for url in urls:
        try:
            _one(url, options)
        except FetchError as error:
            err.warnx("fetch", str(error))
            failed = True
    return 1 if failed else 0


def _one(url: str, options: dict[str, str]) -> None:
    name = re.split("[?#]", url)[0].rpartition("/")[2] or "fetch.out"
    output = options.get("o") or name
    if os.path.isdir(output):
        output = f"{output}/{name}"
    with _opened(url, float(options.get("T", "120"))) as (source, size, modified):
        if "s" in options:
            print("Unknown" if size is None else size)
            return
        if size is not None and "S" in options and size != int(options["S"]):
            raise FetchError(f"{url}: size mismatch: expected {options['S']}, actual {size}")
        _copy(url, source, size, output, options)
    if output != "-" and modified is not None and "m" in options:
        os.utime(output, (modified, modified))


def _copy(url: str, source: IO[bytes], size: int | None, output: str, options: dict[str, str]) -> None:
    """To the output, and tell of the progress unless -q."""
    start, count = time.monotonic(), 0
    try:
        target = sys.stdout.buffer if output == "-" else open(output, "wb")  # noqa: SIM115
    except OSError as error:
        raise FetchError(f"{output}: open(): {strerror(error.errno or 0)}") from None
    with contextlib.nullcontext(target) if output == "-" else target:
        while chunk := source.read(65536):
            target.write(chunk)
            count += len(chunk)
        target.flush()
    if size is not None and count < size:
        raise FetchError(f"{output} appears to be truncated: {count}/{size} bytes")
    if "q" not in options and output != "-":
        seconds = max(time.monotonic() - start, 0.001)
        name = output.rpartition("/")[2]
        print(
            f"{name[:46]:<46}   {_human(count):>12} {_human(count / seconds)}ps    {int(seconds):02d}s", file=sys.stderr
        )


def _human(count: float) -> str:
    """Four digits and a unit, as fetch's own."""
    unit = 0
    while count >= 10000 and unit < 4:
        count /= 1024
        unit += 1
    return f"{int(count):4d} {' kMGT'[unit]}B"


@contextlib.contextmanager
def _opened(url: str, timeout: float) -> Iterator[tuple[Any, int | None, float | None]]:
    """What is to be read, its size and the time of its change, as far as they are known."""
    scheme, colon, rest = url.partition(":")
    if not colon:
        scheme, rest = ("file", url) if url.startswith("/") else ("http", f"//{url}")
    if scheme == "file":
        path = rest.removeprefix("//localhost").removeprefix("//")
        try:
            file = open(path, "rb")  # noqa: SIM115
        except OSError as error:
            raise FetchError(f"{url}: {strerror(error.errno or 0)}") from None
        with file:
            there = os.fstat(file.fileno())
            yield file, there.st_size, there.st_mtime
        return
    if scheme not in ("http", "https"):
        raise FetchError(f"{url}: Protocol not supported")
    with _over_http(url, timeout) as found:
        yield found


@contextlib.contextmanager
def _over_http(url: str, timeout: float) -> Iterator[tuple[Any, int | None, float | None]]:
    request = urllib.request.Request(url, headers={"User-Agent": "fetch libfetch/2.0"})
    try:
        answer = urllib.request.urlopen(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        raise FetchError(f"{url}: {STATUSES.get(error.code, error.reason)}") from None
    except urllib.error.URLError as error:
        reason = error.reason
        if isinstance(reason, socket.gaierror):
            raise FetchError(f"{url}: Transient resolver failure") from None
        if isinstance(reason, TimeoutError):
            raise FetchError(f"{url}: Operation timed out") from None
        words = strerror(reason.errno) if isinstance(reason, OSError) and reason.errno else str(reason)
        raise FetchError(f"{url}: {words}") from None
    with answer:
        length, changed = answer.headers["Content-Length"], answer.headers["Last-Modified"]
        modified = email.utils.parsedate_to_datetime(changed).timestamp() if changed else None
        yield answer, int(length) if length else None, modified
