# SPDX-License-Identifier: BSD-2-Clause
"""cp(1): busybox's, but for trees with all that -p keeps, file flags too, and for those that end where a file system
does.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys

import err
import fileflags
import machine


def main(argv: list[str]) -> int:
    words = argv[1:]
    letters = ""
    while words and words[0].startswith("-") and len(words[0]) > 1:
        word = words.pop(0)
        if word == "--":
            break
        letters += word[1:]
    given = set(letters.replace("a", "RPp"))
    if "R" in given and given & {"p", "x"} and given <= set("RPpx") and len(words) > 1:
        return _Trees("p" in given, "x" in given).run(words[:-1], words[-1])
    if given & {"R", "r"}:
        words = argv[1 : len(argv) - len(words)] + [_contents(word) for word in words[:-1]] + words[-1:]
        return machine.translated(["cp", *words])
    return machine.translated(["cp", *argv[1:]])


def _contents(source: str) -> str:
    """With a slash behind it, a directory means what is in it."""
    return f"{source}." if source.endswith("/") and source.strip("/") else source


class _Trees:
    """One copying of trees, links as links: whether it keeps all there is to files, and stays on one file system."""

    def __init__(self, keeps: bool, stays: bool) -> None:
        self.keeps, self.stays = keeps, stays
        self.status = 0

    def run(self, sources: list[str], target: str) -> int:
        """Copy to a target, or into it if it is a directory. Returns the exit status."""
        into = os.path.isdir(target)
        if not into and len(sources) > 1:
            err.errx("cp", f"{target} is not a directory")
        for source in sources:
            try:
                device = os.lstat(source).st_dev
            except OSError as error:
                self._complain(source, error)
                continue
            is_named = into and not source.endswith("/")
            self._copy(
                source.rstrip("/"), f"{target.rstrip('/')}/{os.path.basename(source)}" if is_named else target, device
            )
        return self.status

    def _copy(self, source: str, target: str, device: int) -> None:
        found = os.lstat(source)
        try:
            if stat.S_ISSOCK(found.st_mode):
                err.warnx("cp", f"{source} is a socket (not copied).")
                return
            if stat.S_ISDIR(found.st_mode):
                self._directory(source, target, found, device)
            elif stat.S_ISLNK(found.st_mode):
                os.symlink(os.readlink(source), target)
            elif stat.S_ISREG(found.st_mode):
                shutil.copyfile(source, target)
                os.chmod(target, found.st_mode & 0o777)
            else:
                os.mknod(target, found.st_mode, found.st_rdev)
            if self.keeps:
                _keep(source, target, found)
        except OSError as error:
            self._complain(target, error)

    def _directory(self, source: str, target: str, found: os.stat_result, device: int) -> None:
        if not os.path.isdir(target):
            os.mkdir(target, found.st_mode & 0o777 | stat.S_IRWXU)
        if self.stays and found.st_dev != device:
            return
        for name in os.listdir(source):
            self._copy(f"{source}/{name}", f"{target}/{name}", device)

    def _complain(self, path: str, error: OSError) -> None:
        sys.stdout.flush()
        err.warn("cp", path, error.errno)
        self.status = 1


def _keep(source: str, target: str, found: os.stat_result) -> None:
    """Owner, mode, times and flags of one file."""
    os.chown(target, found.st_uid, found.st_gid, follow_symlinks=False)
    if not stat.S_ISLNK(found.st_mode):
        os.chmod(target, stat.S_IMODE(found.st_mode))
    os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns), follow_symlinks=False)
    flags = fileflags.get(source)
    if flags:
        fileflags.put(target, flags)
