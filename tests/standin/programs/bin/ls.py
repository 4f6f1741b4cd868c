# SPDX-License-Identifier: BSD-2-Clause
"""ls(1)."""

from __future__ import annotations

import fcntl
import os
import stat
import struct
import sys
import termios
import time

import err
import fileflags
import options
import users

PROGRAM = "ls"
USAGE = """usage: ls [-ABCFGHILPRSTUWZabcdfghiklmnopqrstuvwxy1,] [--color=when] [-D format]
          [file ...]"""
HALF_YEAR = 365 * 86400 // 2


def main(argv: list[str]) -> int:
    argv = [argv[0], *(word for word in argv[1:] if not word.startswith("--color"))]
    found, names = options.getopt(argv, "ABCD:FGHILPRSTUWZabcdfghiklmnopqrstuvwxy1,", USAGE)
    return _Listing(found).run(names or ["."])


class _Listing:
    """One run: the options, and what was printed so far."""

    def __init__(self, found: list[tuple[str, str]]) -> None:
        self.flags = {letter for letter, _ in found}
        self.time_format = dict(found).get("D", "")
        formats = [letter for letter, _ in found if letter in "lgn1Cmx"]
        self.format = (
            "l" if formats[-1:] and formats[-1] in "gn" else (formats or ["C" if sys.stdout.isatty() else "1"])[-1]
        )
        self.follow = "L" in self.flags
        self.status = 0
        self.printed = False
        self.names: dict[int, str] = {}
        self.groups: dict[int, str] = {}

    def run(self, names: list[str]) -> int:
        files: list[tuple[str, os.stat_result]] = []
        directories: list[tuple[str, os.stat_result]] = []
        for name in sorted(names) if "f" not in self.flags else names:
            try:
                status = self._stat(name, operand=True)
            except OSError as error:
                err.warn(PROGRAM, name, error.errno)
                self.status = 1
                continue
            as_directory = stat.S_ISDIR(status.st_mode) and "d" not in self.flags
            (directories if as_directory else files).append((name, status))
        if files:
            self._print(self._sorted(files), "")
            self.printed = True
        for name, _ in self._sorted(directories):
            self._directory(name, len(names) > 1)
        return self.status

    def _stat(self, path: str, operand: bool = False) -> os.stat_result:
        through = self.follow or (
            operand and ("H" in self.flags or (self.format != "l" and "F" not in self.flags and "d" not in self.flags))
        )
        if through:
            try:
                return os.stat(path)
            except FileNotFoundError:
                return os.lstat(path)
        return os.lstat(path)

    def _directory(self, path: str, titled: bool) -> None:
        try:
            names = os.listdir(path)
        except OSError as error:
            err.warn(PROGRAM, path, error.errno)
            self.status = 1
            return
        if titled:
            print(("\n" if self.printed else "") + f"{path}:")
        self.printed = True
        if self.flags & {"a", "f"}:
            names += [".", ".."]
        elif "A" not in self.flags and (os.getuid() != 0 or "I" in self.flags):
            names = [name for name in names if not name.startswith(".")]
        entries = []
        for name in names:
            try:
                entries.append((name, self._stat(os.path.join(path, name))))
            except OSError as error:
                err.warn(PROGRAM, name, error.errno)
                self.status = 1
        entries = self._sorted(entries)
        if self.format == "l" or "s" in self.flags:
            print(f"total {sum(status.st_blocks for _, status in entries) // self._block()}")
        self._print(entries, path)
        if "R" in self.flags:
            for name, status in entries:
                if stat.S_ISDIR(status.st_mode) and name not in (".", ".."):
                    self._directory(os.path.join(path, name), True)

    def _block(self) -> int:
        return 2 if "k" in self.flags or os.environ.get("BLOCKSIZE", "").upper() == "K" else 1

    def _sorted(self, entries: list[tuple[str, os.stat_result]]) -> list[tuple[str, os.stat_result]]:
        if "f" in self.flags:
            return entries
        entries = sorted(entries, key=lambda entry: os.fsencode(entry[0]))
        if "t" in self.flags:
            entries.sort(key=lambda entry: -self._time(entry[1]))
        elif "S" in self.flags:
            entries.sort(key=lambda entry: -entry[1].st_size)
        return entries[::-1] if "r" in self.flags else entries

    def _time(self, status: os.stat_result) -> float:
        return status.st_atime if "u" in self.flags else status.st_ctime if "c" in self.flags else status.st_mtime

    def _print(self, entries: list[tuple[str, os.stat_result]], path: str) -> None:
        if self.format == "l":
            return self._print_long(entries, path)
        cells = [self._prefix(status) + name + self._mark(status) for name, status in entries]
        if self.format == "m":
            print(", ".join(cells))
        elif self.format in ("C", "x") and cells:
            self._print_columns(cells)
        else:
            for cell in cells:
                print(cell)

    def _prefix(self, status: os.stat_result) -> str:
        inode = f"{status.st_ino} " if "i" in self.flags else ""
        return inode + (f"{status.st_blocks // self._block()} " if "s" in self.flags else "")

    def _mark(self, status: os.stat_result) -> str:
        if stat.S_ISDIR(status.st_mode):
            return "/" if self.flags & {"F", "p"} else ""
        if "F" not in self.flags:
            return ""
        for test, mark in ((stat.S_ISLNK, "@"), (stat.S_ISSOCK, "="), (stat.S_ISFIFO, "|")):
            if test(status.st_mode):
                return mark
        return "*" if status.st_mode & 0o111 else ""

    def _print_columns(self, cells: list[str]) -> None:
        try:
            width = struct.unpack("HHHH", fcntl.ioctl(1, termios.TIOCGWINSZ, b"\0" * 8))[1] or 80
        except OSError:
            width = 80
        column = (max(len(cell) for cell in cells) + 8) & ~7
        count = max(width // column, 1)
        rows = -(-len(cells) // count)
        for row in range(rows):
            line = cells[row::rows] if self.format == "C" else cells[row * count : (row + 1) * count]
            print("".join(cell.ljust(column) for cell in line[:-1]) + line[-1])

    def _print_long(self, entries: list[tuple[str, os.stat_result]], path: str) -> None:
        rows = []
        for name, status in entries:
            full = os.path.join(path, name) if path else name
            row = [stat.filemode(status.st_mode) + " ", str(status.st_nlink)]
            if "g" not in self.flags:
                row.append(self._owner(status.st_uid))
            row.append(self._group(status.st_gid))
            if "o" in self.flags:
                row.append(",".join(fileflags.get(full)) or "-")
            row += [self._size(status), self._date(status)]
            target = f" -> {os.readlink(full)}" if stat.S_ISLNK(status.st_mode) else ""
            rows.append((self._prefix(status), row, name + self._mark(status) + target))
        widths = [max(len(row[index]) for _, row, _ in rows) for index in range(len(rows[0][1]))] if rows else []
        size = len(widths) - 2
        for prefix, row, name in rows:
            cells = [
                cell.rjust(width) if index in (1, size) else cell.ljust(width)
                for index, (cell, width) in enumerate(zip(row, widths))
            ]
            print(prefix + " ".join([*cells, name]))

    def _owner(self, uid: int) -> str:
        if "n" in self.flags:
            return str(uid)
        if uid not in self.names:
            found = users.by_uid(uid)
            self.names[uid] = found.name if found else str(uid)
        return self.names[uid]

    def _group(self, gid: int) -> str:
        if "n" in self.flags:
            return str(gid)
        if gid not in self.groups:
            self.groups[gid] = users.group_name(gid) or str(gid)
        return self.groups[gid]

    def _size(self, status: os.stat_result) -> str:
        if stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
            return hex(status.st_rdev)
        if "h" not in self.flags:
            return str(status.st_size)
        size, unit = float(status.st_size), "B"
        for unit in "BKMGTP":  # noqa: B007 (the one that it stops at)
            if size < 1000:
                break
            size /= 1024
        return f"{size:.1f}{unit}" if unit != "B" and size < 10 else f"{size:.0f}{unit}"

    def _date(self, status: os.stat_result) -> str:
        moment = self._time(status)
        if self.time_format:
            shape = self.time_format
        elif "T" in self.flags:
            shape = "%b %e %H:%M:%S %Y"
        else:
            shape = "%b %e %H:%M" if abs(time.time() - moment) < HALF_YEAR else "%b %e  %Y"
        return time.strftime(shape, time.localtime(moment))
