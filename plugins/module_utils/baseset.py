# SPDX-License-Identifier: BSD-2-Clause
"""Archives of FreeBSD's base system, such as base.txz: where they are, how they are fetched, verified and kept.

What is handed on is an open file that has been verified, not a path: what is extracted is what was verified.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ansible_collections.bsd.jail.plugins.module_utils import locks
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import Host

FETCH = "/usr/bin/fetch"
NONE = "none"

_URL = re.compile(r"(https?|ftp|file)://\S+")
_SHA256 = re.compile(r"sha256:([0-9A-Fa-f]{64})")
_LONGEST = 100  # of the name of a file in the cache, behind its checksum
# fetch(3): what the environment of a fetch(1) says of the way out of here.
_FETCH_ENVIRONMENT = (
    *("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY", "ftp_proxy", "NO_PROXY", "no_proxy"),
    *("SSL_CA_CERT_FILE", "SSL_CA_CERT_PATH"),
)


@dataclass(frozen=True)
class Archive:
    """An archive that a root is made from.

    place: its URL, or its path on the host.
    checksum: its SHA-256 in hexadecimal digits, '' where that isn't given. manifest: the URL or path of a MANIFEST that
    lists it, '' where it isn't to be looked at.
    cache: the directory for what is fetched. timeout: seconds after which a transfer that has stalled fails.
    """

    place: str
    checksum: str
    manifest: str
    cache: str
    timeout: int

    @property
    def name(self) -> str:
        """The name of the file."""
        return os.path.basename(_path(self.place))


def wanted(place: str, checksum: str | None, cache: str, timeout: int) -> Archive:
    """What the module's options say of the archive. Raises InputError."""
    _check_place(place, "archive")
    if not os.path.basename(_path(place)):
        raise InputError(f"archive {place!r} is a directory, not an archive in it.", parameter="archive")
    if not cache.startswith("/"):
        raise InputError(f"cache {cache!r} isn't an absolute path.", parameter="cache")
    if timeout < 1:
        raise InputError(f"timeout {timeout}: a download can't take less than a second.", parameter="timeout")
    match = _SHA256.fullmatch(checksum or "")
    if match is not None:
        return Archive(place, match.group(1).lower(), "", cache, timeout)
    if checksum == NONE:
        return Archive(place, "", "", cache, timeout)
    manifest = checksum or f"{os.path.dirname(_path(place))}/MANIFEST"
    try:
        _check_place(manifest, "checksum")
    except InputError as error:
        raise InputError(
            f"checksum {checksum!r} is neither 'sha256:' and 64 hexadecimal digits, nor the URL or absolute path of a "
            "MANIFEST, nor 'none'.",
            parameter="checksum",
        ) from error
    return Archive(place, "", manifest, cache, timeout)


def is_url(place: str) -> bool:
    """Whether a place is a URL that fetch(1) takes."""
    return _URL.fullmatch(place) is not None


@contextlib.contextmanager
def verified(host: Host, archive: Archive, keep: Sequence[int], lock_timeout: float) -> Iterator[tuple[int, str]]:
    """The archive, open at its beginning, and its SHA-256 in hexadecimal digits; verified, unless it isn't to be.

    keep: descriptors that the programs inherit. lock_timeout: seconds to wait for another run that fetches it.
    Raises JailError; then nothing is kept of it.
    """
    expected = archive.checksum or (_listed(host, archive, keep) if archive.manifest else "")
    if is_url(archive.place):
        fd, found = _from_cache(host, archive, expected, keep, lock_timeout)
    else:
        fd = _opened(archive.place, "archive")
        found = _digest(fd)
    try:
        _compare(archive, expected, found)
        yield fd, found
    finally:
        os.close(fd)


def _check_place(place: str, parameter: str) -> None:
    if "\0" in place or not (is_url(place) or place.startswith("/")):
        raise InputError(
            f"{parameter} {place!r} is neither a URL (https, http, ftp, file) nor an absolute path of the host.",
            parameter=parameter,
        )


def _path(place: str) -> str:
    """A place without the query of a URL."""
    return re.split("[?#]", place)[0] if is_url(place) else place


def _compare(archive: Archive, expected: str, found: str) -> None:
    if expected and found != expected:
        by = f"{archive.manifest} lists" if archive.manifest else "the option checksum says"
        raise JailError(
            f"{archive.place} has the wrong checksum: its SHA-256 is {found}, and {by} {expected}. It isn't used.",
            parameter="checksum",
        )


# --- MANIFEST ---------------------------------------------------------------------------------------------------------


def _listed(host: Host, archive: Archive, keep: Sequence[int]) -> str:
    """The checksum that the MANIFEST has for the archive (release/scripts/make-manifest.sh: lines of fields with tabs
    in between, the name and the SHA-256 first). Raises JailError.
    """
    ways_out = "Give its checksum (checksum: sha256:…), or do without verifying it (checksum: none)."
    try:
        text = _manifest(host, archive, keep)
    except JailError as error:
        raise JailError(
            f"{archive.place} can't be verified: {error.message.rstrip('.')}. {ways_out}", **error.details
        ) from error
    for line in text.splitlines():
        name, _tab, rest = line.partition("\t")
        checksum = rest.partition("\t")[0].lower()
        if name == archive.name and re.fullmatch("[0-9a-f]{64}", checksum):
            return checksum
    raise JailError(
        f"{archive.place} can't be verified: {archive.manifest} doesn't list {archive.name}. {ways_out}",
        parameter="checksum",
    )


def _manifest(host: Host, archive: Archive, keep: Sequence[int]) -> str:
    if is_url(archive.manifest):
        return _fetch(host, archive, archive.manifest, "-", keep)
    fd = _opened(archive.manifest, "checksum")
    with open(fd, encoding="utf-8", errors="replace") as file:
        return file.read()


# --- fetching ---------------------------------------------------------------------------------------------------------


def _fetch(host: Host, archive: Archive, url: str, output: str, keep: Sequence[int]) -> str:
    """Fetch a URL into a file, or with `-` as a text. fetch(1) keeps nothing of what it can't get whole. Raises
    JailError.
    """
    env = {name: os.environ[name] for name in _FETCH_ENVIRONMENT if name in os.environ}
    result = host.run(FETCH, "-q", "-T", str(archive.timeout), "-o", output, url, keep=keep, env=env)
    if result.rc != 0:
        raise result.error(f"{url} can't be fetched")
    return result.stdout


def _from_cache(
    host: Host, archive: Archive, expected: str, keep: Sequence[int], lock_timeout: float
) -> tuple[int, str]:
    """The archive as it lies in the cache, fetched if it doesn't or is damaged; and its checksum.

    What lies there has its checksum in its name, and is verified again by who uses it. So what can't be verified isn't
    kept.
    """
    _make_cache(archive.cache)
    key = expected or hashlib.sha256(os.fsencode(archive.place)).hexdigest()
    path = f"{archive.cache}/{key}.{archive.name[-_LONGEST:]}"
    with locks.held(host, {f".archive-{key}": f"archive {archive.place}"}, lock_timeout) as lock:
        if expected and os.path.exists(path):
            fd = _opened(path, "cache")
            found = _digest(fd)
            if found == expected:
                return fd, found
            os.close(fd)
        temporary = f"{path}.new"
        try:
            # fetch(1) would write beside what is there, under a name of its own, and leave that if it is killed.
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            _fetch(host, archive, archive.place, temporary, (*keep, *lock))
            fd = _opened(temporary, "cache")
            found = _digest(fd)
            if found == expected:
                os.replace(temporary, path)
            return fd, found
        except OSError as error:
            raise JailError(f"{temporary} can't be written: {error.strerror}.", parameter="cache") from error
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)


def _make_cache(path: str) -> None:
    """Make the directory, root's alone, if it isn't there. Raises JailError where others could change what is in it."""
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.mkdir(path, 0o700)
        found = os.stat(path)
    except OSError as error:
        raise JailError(f"the cache {path} can't be made: {error.strerror}.", parameter="cache") from error
    if not stat.S_ISDIR(found.st_mode):
        raise InputError(f"the cache {path} isn't a directory.", parameter="cache")
    if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise InputError(
            f"others than root can write in the cache {path}: give it to root, with mode 0700, or give another one.",
            parameter="cache",
        )


def _opened(path: str, parameter: str) -> int:
    """A regular file, open for reading. Raises JailError."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.", parameter=parameter) from error
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise InputError(f"{path} isn't a file.", parameter=parameter)
    return fd


def _digest(fd: int) -> str:
    """The SHA-256 of an open file, which is at its beginning then."""
    digest = hashlib.sha256()
    os.lseek(fd, 0, os.SEEK_SET)
    while True:
        data = os.read(fd, 1 << 20)
        if not data:
            break
        digest.update(data)
    os.lseek(fd, 0, os.SEEK_SET)
    return digest.hexdigest()
