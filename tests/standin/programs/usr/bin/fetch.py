# SPDX-License-Identifier: BSD-2-Clause
"""fetch(1): retrieve a file by URL (usr.bin/fetch/fetch.c)."""

from __future__ import annotations

# What is imported late has to be there before this is in a jail's root.
import calendar  # noqa: F401
import os
import re
import signal
import socket
import stat
import sys
import time
from types import FrameType
from typing import IO

import err
import libfetch
from errlist import strerror
from options import getopt

if any(word.startswith("https:") for word in sys.argv):
    import ssl  # noqa: F401

USAGE = """\
usage: fetch [-146AadFlMmnPpqRrsUv] [-B bytes] [--bind-address=host]
       [--ca-cert=file] [--ca-path=dir] [--cert=file] [--crl=file]
       [-i file] [--key=file] [-N file] [--no-passive] [--no-proxy=list]
       [--no-sslv3] [--no-tlsv1] [--no-verify-hostname] [--no-verify-peer]
       [-o file] [--referer=URL] [-S bytes] [-T seconds]
       [--user-agent=agent-string] [-w seconds] URL ..."""
KNOWN = frozenset("146AdiMmnopPqRSsTUvw")
SIZE = 65536


class FetchError(Exception):
    """What fetch prints. keep: whether what was fetched until then stays."""

    def __init__(self, message: str, *, keep: bool = False) -> None:
        super().__init__(message)
        self.keep = keep


def main(argv: list[str]) -> int:
    words = [argv[0], *(word for word in argv[1:] if not re.match("--[a-z]", word))]
    given, urls = getopt(words, "146AaB:bc:dFf:Hh:i:lMmN:nO:o:PpqRrS:sT:tUvw:", USAGE)
    options = dict(given)
    if not urls:
        print(USAGE, file=sys.stderr)
        return 1
    for letter in options:
        if letter not in KNOWN:
            err.errx("fetch", f"the stand-in's fetch doesn't know -{letter}")
    failed = False
    for url in urls:
        try:
            _Transfer(url, options, verify="--no-verify-peer" not in argv).run()
        except FetchError as error:
            err.warnx("fetch", str(error))
            failed = True
        except _UnchangedError:
            err.warnx("fetch", f"{url}: Not Modified")
    return 1 if failed else 0


class _UnchangedError(Exception):
    """Which isn't a failure."""


class _Transfer:
    """One URL."""

    def __init__(self, url: str, options: dict[str, str], verify: bool) -> None:
        self.url = url
        self.options = options
        self.path = _path(url, options.get("o"))
        self.temporary: str | None = None
        self.count = 0
        timeout = float(options["T"]) if "T" in options else 120.0 if url.startswith("http") else 0
        family = socket.AF_INET if "4" in options else socket.AF_INET6 if "6" in options else socket.AF_UNSPEC
        self.wishes = libfetch.Wishes(timeout or None, _since(options), family, verify)

    def run(self) -> None:
        """Fetch it. Raises FetchError."""
        remote = self._opened()
        if "s" in self.options:
            print("Unknown" if remote.size is None else remote.size)
            return
        wanted = self.options.get("S")
        if wanted is not None and remote.size is None:
            err.warnx("fetch", f"{self.url}: size unknown")
        elif wanted is not None and remote.size != int(wanted):
            raise FetchError(f"{self.url}: size mismatch: expected {wanted}, actual {remote.size}")
        if self.path == "-":
            self._copy(remote, sys.stdout.buffer)
            return
        if remote.size is None and "q" not in self.options:
            err.warnx("fetch", f"{self.url}: size of remote file is not known")
        there = os.stat(self.path) if os.path.isfile(self.path) else None
        if there and self.options.keys() & {"m", "M"} and (there.st_size, int(there.st_mtime)) == remote[1:]:
            return
        self._to_file(remote, there)

    def _opened(self) -> libfetch.Remote:
        """The whole of it has to answer in time, not each step (alarm(3))."""
        previous = signal.signal(signal.SIGALRM, _alarm)
        signal.setitimer(signal.ITIMER_REAL, self.wishes.timeout or 0)
        try:
            return libfetch.opened(self.url, self.wishes)
        except TimeoutError:
            raise FetchError("transfer timed out") from None
        except libfetch.FetchError as error:
            if str(error) == "Not Modified" and "i" in self.options:
                raise _UnchangedError from None
            raise FetchError(f"{self.url}: {error}") from None
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)

    def _to_file(self, remote: libfetch.Remote, there: os.stat_result | None) -> None:
        """Into the file; where there is one, into another that takes its place in the end."""
        target = self._target(there)
        try:
            with target:
                try:
                    self._copy(remote, target)
                finally:
                    if remote.modified is not None and "n" not in self.options:
                        os.utime(target.fileno(), (remote.modified, remote.modified))
        except FetchError as error:
            if not error.keep and "R" not in self.options:
                os.unlink(self.temporary or self.path)
            raise
        if self.temporary is not None:
            os.rename(self.temporary, self.path)

    def _target(self, there: os.stat_result | None) -> IO[bytes]:
        try:
            if there is None:
                return open(self.path, "wb")
            directory, slash, name = self.path.rpartition("/")
            self.temporary = f"{directory}{slash}.fetch.{os.urandom(3).hex()}.{name}"
            fd = os.open(self.temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            os.fchown(fd, there.st_uid, there.st_gid)
            os.fchmod(fd, stat.S_IMODE(there.st_mode))
            return os.fdopen(fd, "wb")
        except OSError as error:
            raise FetchError(f"{self.path}: open(): {strerror(error.errno or 0)}") from None

    def _copy(self, remote: libfetch.Remote, target: IO[bytes]) -> None:
        start, timed_out = time.monotonic(), False
        try:
            while chunk := remote.stream.read1(SIZE):
                self.count += len(chunk)
                try:
                    target.write(chunk)
                    target.flush()
                except OSError as error:
                    raise FetchError(f"{self.path}: {strerror(error.errno or 0)}") from None
        except TimeoutError:
            timed_out = True
        except OSError as error:
            raise FetchError(f"{self.url}: {strerror(error.errno or 0)}") from None
        self._tell(time.monotonic() - start)
        if timed_out:
            err.warnx("fetch", "transfer timed out")
        if remote.size is not None and self.count < remote.size:
            raise FetchError(f"{self.path} appears to be truncated: {self.count}/{remote.size} bytes", keep=True)
        if timed_out and remote.size is None:
            raise FetchError(f"{self.path} may be truncated", keep=True)

    def _tell(self, seconds: float) -> None:
        if "q" in self.options or self.path == "-":
            return
        seconds = max(seconds, 0.001)
        name, rate = self.path.rpartition("/")[2], _human(self.count / seconds)
        print(f"{name[:46]:<46}   {_human(self.count):>12} {rate}ps    {int(seconds):02d}s", file=sys.stderr)


def _alarm(_number: int, _frame: FrameType | None) -> None:
    raise TimeoutError


def _path(url: str, output: str | None) -> str:
    name = re.split("[?#]", url)[0].rpartition("/")[2] or "fetch.out"
    output = output or name
    return f"{output.rstrip('/')}/{name}" if os.path.isdir(output) else output


def _since(options: dict[str, str]) -> int | None:
    if "i" not in options:
        return None
    try:
        return int(os.stat(options["i"]).st_mtime)
    except OSError as error:
        err.err("fetch", f"{options['i']}: stat()", error.errno)


def _human(count: float) -> str:
    """Four digits and a unit, as fetch's own."""
    unit = 0
    while count >= 10000 and unit < 4:
        count /= 1024
        unit += 1
    return f"{int(count):4d} {' kMGT'[unit]}B"
