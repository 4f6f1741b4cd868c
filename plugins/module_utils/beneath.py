# SPDX-License-Identifier: BSD-2-Clause
"""Walking down a directory tree that somebody else may change at any moment, without ever leaving it.

Each component is opened by itself, from the directory before it, and never through a link. What has been opened stays
what it is, whatever becomes of its path. So neither a link that lies there nor one that is put there while we look
leads anywhere. (O_RESOLVE_BENEATH, FreeBSD's alone, would follow links that stay inside; jail(8) refuses those too.)
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError

# O_PATH opens a link itself, where it can; where it can't, the error is FreeBSD's own (recorded: obe-1), or ELOOP.
_LOOK = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_IS_LINK = (errno.EMLINK, errno.ELOOP)
_MAX_LINKS = 32


@dataclass(frozen=True)
class Made:
    """A directory or file that was made: its path, and what tells it from another one that comes to have that path."""

    path: str
    identity: tuple[int, int]


def components(path: str) -> tuple[str, ...]:
    """The names in an absolute path."""
    return tuple(name for name in path.split("/") if name)


@contextlib.contextmanager
def opened(path: str, made: list[Made] | None = None) -> Iterator[int]:
    """What a path leads to by directories alone, as a descriptor (O_PATH).

    path: absolute, without `.` and `..`. made: directories that are missing are made, and added to this list.
    Raises InputError for a link or something else than a directory on the way, OSError (FileNotFoundError) otherwise.
    """
    names = components(path)
    here = os.open("/", _LOOK)
    try:
        for count, name in enumerate(names, 1):
            so_far = "/" + "/".join(names[:count])
            below = _enter(here, name, so_far, made)
            os.close(here)
            here = below
            if count < len(names):
                check_directory(here, so_far)
        yield here
    finally:
        os.close(here)


def make_file(directory: int, path: str, made: list[Made]) -> None:
    """See to it that there is a regular file of the path's last name in the open directory.

    Raises InputError if there is something else, OSError if it can't be made.
    """
    name = os.path.basename(path)
    try:
        fd = os.open(name, _FILE, 0o644, dir_fd=directory)
    except FileExistsError:
        found = os.stat(name, dir_fd=directory, follow_symlinks=False)
        if not stat.S_ISREG(found.st_mode):
            raise InputError(f"{path} is {kind(found.st_mode)}, and a file can only be mounted on a file.") from None
        return
    try:
        made.append(Made(path, _identity(os.fstat(fd))))
    finally:
        os.close(fd)


def unmake(made: Sequence[Made]) -> None:
    """Remove what was made, last first: what is still itself, and empty. What isn't there any more is no error."""
    for one in reversed(made):
        with contextlib.suppress(OSError, InputError), opened(os.path.dirname(one.path)) as directory:
            name = os.path.basename(one.path)
            found = os.stat(name, dir_fd=directory, follow_symlinks=False)
            if _identity(found) != one.identity:
                continue
            if stat.S_ISDIR(found.st_mode):
                os.rmdir(name, dir_fd=directory)
            elif found.st_size == 0:
                os.unlink(name, dir_fd=directory)


def resolve(path: str, jails: Sequence[str]) -> str:
    """An absolute path of the host without its links, as realpath(3) would have it; but no link is followed that lies
    in one of the jails, where the jail's root could have put it.

    jails: the resolved paths of jails. Raises InputError for such a link, or a loop of links.
    """
    done, todo, links = "/", list(reversed(components(path))), 0
    while todo:
        name = todo.pop()
        if name in (".", ".."):
            done = os.path.dirname(done) if name == ".." else done
            continue
        here = os.path.join(done, name)
        if not os.path.islink(here):
            done = here
            continue
        if any(is_within(done, jail) for jail in jails if jail != "/"):
            raise InputError(f"{here} is a link, and lies in a jail, which could change it. Give the path without it.")
        links += 1
        if links > _MAX_LINKS:
            raise InputError(f"{path}: too many links.")
        target = os.readlink(here)
        done = "/" if target.startswith("/") else done
        todo.extend(reversed(components(target)))
    return done


def is_within(path: str, directory: str) -> bool:
    """Whether a path is a directory's or below it, both resolved."""
    return path == directory or path.startswith(f"{directory.rstrip('/')}/")


def check_directory(fd: int, path: str) -> None:
    """Raise InputError unless the descriptor is a directory's."""
    mode = os.fstat(fd).st_mode
    if not stat.S_ISDIR(mode):
        raise InputError(f"{path} is {kind(mode)}, not a directory.")


def kind(mode: int) -> str:
    """What a file of that mode is, in words."""
    if stat.S_ISDIR(mode):
        return "a directory"
    if stat.S_ISREG(mode):
        return "a file"
    return "a link" if stat.S_ISLNK(mode) else "a special file"


def _enter(directory: int, name: str, path: str, made: list[Made] | None) -> int:
    """Open what has a name in a directory, no link."""
    try:
        below = _look(directory, name, path)
    except FileNotFoundError:
        if made is None:
            raise
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, 0o755, dir_fd=directory)
            made.append(Made(path, _identity(os.stat(name, dir_fd=directory, follow_symlinks=False))))
        below = _look(directory, name, path)
    if stat.S_ISLNK(os.fstat(below).st_mode):
        os.close(below)
        raise _is_link(path)
    return below


def _look(directory: int, name: str, path: str) -> int:
    try:
        return os.open(name, _LOOK, dir_fd=directory)
    except OSError as error:
        if error.errno in _IS_LINK:
            raise _is_link(path) from None
        raise


def _is_link(path: str) -> InputError:
    return InputError(f"{path} is a link. None is followed in a jail's root: give the path that it leads to.")


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
