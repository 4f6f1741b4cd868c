# SPDX-License-Identifier: BSD-2-Clause
"""Files that a root is given: what they are to be, what they are, and how they are put in place, while the jail may be
running and changing whatever it likes around them.

No link below the root is followed. A file is never written where it lies: a new one takes its name.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.bsd.jail.plugins.module_utils import beneath
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, JailError

_MODE = 0o644
_SHOWN = 1 << 16
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
_MAKE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class RootFile:
    """A file or link of a root, as it is to be or as it was found.

    path: within the root, absolute. content: of a file. link: what a link leads to. mode: of a file; owner: its user's
    and group's ids. kind: what else it is, in words, where it is neither; '' for nothing at all.
    """

    path: str
    content: bytes | None = None
    link: str | None = None
    mode: int = 0
    owner: tuple[int, int] = (0, 0)
    kind: str = ""


def wanted_files(options: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The option `files`, with paths spelled out. Raises InputError for what can't be."""
    checked: list[Mapping[str, Any]] = []
    for option in options:
        path = option["path"]
        where = f"files: {path!r}"
        given = [name for name in ("content", "source", "link") if option[name] is not None]
        if not path.startswith("/") or ".." in path.split("/") or "\0" in path:
            raise InputError(f"{where} isn't an absolute path without '..'.", parameter="files")
        normal = "/" + "/".join(name for name in beneath.components(path) if name != ".")
        if normal == "/" or path.endswith("/"):
            raise InputError(f"{where} isn't the path of a file.", parameter="files")
        if len(given) != 1:
            raise InputError(
                f"{where} needs one of content, source and link, and has {' and '.join(given) or 'none'}.",
                parameter="files",
            )
        if any(one["path"] == normal for one in checked):
            raise InputError(f"{where} is there twice.", parameter="files")
        if given == ["link"] and option["mode"] is not None:
            raise InputError(f"{where} is a link, which has no mode.", parameter="files")
        if given == ["link"] and (not option["link"] or "\0" in option["link"]):
            raise InputError(f"{where}: a link can't lead to {option['link']!r}.", parameter="files")
        if given == ["source"] and not option["source"].startswith("/"):
            raise InputError(f"{where}: the source {option['source']!r} isn't an absolute path.", parameter="files")
        checked.append({**option, "path": normal, "mode": _mode(where, option["mode"])})
    return checked


def _mode(where: str, given: Any) -> int:
    """A mode, given as a number or as octal digits, as Ansible's own modules take it."""
    if given is None:
        return _MODE
    try:
        mode = given if isinstance(given, int) and not isinstance(given, bool) else int(str(given), 8)
    except ValueError:
        mode = -1
    if not 0 <= mode <= 0o7777:
        raise InputError(f"{where}: the mode {given!r} isn't one in octal digits, such as '0644'.", parameter="files")
    return mode


def with_sources(
    files: Sequence[Mapping[str, Any]], jails: Callable[[], Sequence[str]], check_mode: bool, warnings: list[str]
) -> list[RootFile]:
    """The files as they are to be, with what their sources hold.

    jails: tells the resolved paths of jails; it is asked only if there is a link in the path of a source.
    Raises InputError for a source that can't be read; in a check run, an earlier task might make it: then it is a
    warning, and the file is left out.
    """
    wanted = []
    for option in files:
        path = option["path"]
        if option["link"] is not None:
            wanted.append(RootFile(path, link=option["link"]))
        elif option["content"] is not None:
            wanted.append(RootFile(path, option["content"].encode("utf-8", "surrogateescape"), mode=option["mode"]))
        else:
            try:
                wanted.append(RootFile(path, _source(path, option["source"], jails), mode=option["mode"]))
            except FileNotFoundError:
                message = f"files: {path}: the source {option['source']} isn't there."
                if not check_mode:
                    raise InputError(message, parameter="files") from None
                warnings.append(message)
    return wanted


def _source(path: str, source: str, jails: Callable[[], Sequence[str]]) -> bytes:
    if os.path.realpath(source) != os.path.normpath(source):
        source = beneath.resolve(source, jails())
    try:
        fd = os.open(source, _READ)
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise InputError(f"files: {path}: the source {source} isn't a file.", parameter="files")
            with open(fd, "rb", closefd=False) as file:
                return file.read()
        finally:
            os.close(fd)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise InputError(
            f"files: {path}: the source {source} can't be read: {error.strerror}.", parameter="files"
        ) from error


def look(root: str, wanted: RootFile) -> RootFile:
    """What lies in a root where a file is to be. Raises JailError for a path through a link, or something else that is
    no directory.
    """
    name, nothing = os.path.basename(wanted.path), RootFile(wanted.path)
    try:
        with _directory(root, wanted.path) as directory:
            found = os.stat(name, dir_fd=directory, follow_symlinks=False)
            owner = (found.st_uid, found.st_gid)
            if stat.S_ISLNK(found.st_mode):
                return RootFile(wanted.path, link=os.readlink(name, dir_fd=directory), owner=owner)
            if not stat.S_ISREG(found.st_mode):
                return RootFile(wanted.path, kind=beneath.kind(found.st_mode))
            with open(os.open(name, _READ, dir_fd=directory), "rb") as file:
                # A jail's file may have any size: enough to see that it differs, and to show how.
                content = file.read(max(len(wanted.content or b"") + 1, _SHOWN))
            return RootFile(wanted.path, content, mode=stat.S_IMODE(found.st_mode), owner=owner)
    except FileNotFoundError:
        return nothing
    except OSError as error:
        raise _failed(root, wanted, error.strerror or str(error)) from error


def differs(wanted: RootFile, found: RootFile) -> bool:
    """Whether a file isn't as it is to be. Raises InputError where something lies there that isn't replaced."""
    if found.kind == "a directory":
        raise InputError(f"files: {wanted.path} is a directory, which isn't replaced by a file.", parameter="files")
    if wanted.link is not None:
        return found.link != wanted.link
    return found != wanted


def put(root: str, wanted: RootFile) -> None:
    """Put a file in place, whole or not at all; directories that are missing are made. Raises JailError."""
    name = os.path.basename(wanted.path)
    temporary = f".{name[:200]}.{secrets.token_hex(4)}"
    try:
        with _directory(root, wanted.path, []) as directory:
            try:
                identity = _make(directory, temporary, wanted)
                os.replace(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
                there = os.stat(name, dir_fd=directory, follow_symlinks=False)
            finally:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(temporary, dir_fd=directory)
            if (there.st_dev, there.st_ino) != identity:
                raise _failed(root, wanted, "something else took its place at once")
    except OSError as error:
        hint = " (a file flag may forbid it: chflags(1))" if error.errno == errno.EPERM else ""
        raise _failed(root, wanted, f"{error.strerror}{hint}") from error


def _make(directory: int, name: str, wanted: RootFile) -> tuple[int, int]:
    """Make the file or link under a name of its own. Returns what tells it from others."""
    if wanted.link is not None:
        os.symlink(wanted.link, name, dir_fd=directory)
        found = os.stat(name, dir_fd=directory, follow_symlinks=False)
        return found.st_dev, found.st_ino
    fd = os.open(name, _MAKE, 0o600, dir_fd=directory)
    with open(fd, "wb") as file:
        file.write(wanted.content or b"")
        os.fchown(fd, *wanted.owner)
        os.fchmod(fd, wanted.mode)
        file.flush()
        os.fsync(fd)
        found = os.fstat(fd)
    return found.st_dev, found.st_ino


@contextlib.contextmanager
def _directory(root: str, path: str, made: list[beneath.Made] | None = None) -> Iterator[int]:
    """The directory of a file, as an open descriptor."""
    with beneath.opened(f"{root}{os.path.dirname(path)}", made) as directory:
        beneath.check_directory(directory, f"{root}{os.path.dirname(path)}")
        yield directory


def _failed(root: str, wanted: RootFile, why: str) -> JailError:
    return JailError(f"root {root}: the file {wanted.path}: {why}.", parameter="files")
