# SPDX-License-Identifier: BSD-2-Clause
"""stat(1): what is known of a file, in a format."""

from __future__ import annotations

import os
import re
import stat
import sys
import time

import err
import fileflags
import options
import users

PROGRAM = "stat"
USAGE = "usage: stat [-FHLnq] [-f format | -l | -r | -s | -x] [-t timefmt] [file|handle ...]"
_DEFAULT = '%d %i %Sp %l %Su %Sg %r %z "%Sa" "%Sm" "%Sc" "%SB" %k %b %#Xf %N'
_FORMATS = {
    "r": "%d %i %#p %l %u %g %r %z %a %m %c %B %k %b %f %N",
    "s": (
        "st_dev=%d st_ino=%i st_mode=%#p st_nlink=%l st_uid=%u st_gid=%g st_rdev=%r st_size=%z st_atime=%a"
        " st_mtime=%m st_ctime=%c st_birthtime=%B st_blksize=%k st_blocks=%b st_flags=%f"
    ),
    "l": "%Sp %l %Su %Sg %Z %Sm %N%SY",
    "x": (
        '  File: "%N"%n  Size: %-11z  FileType: %HT%n'
        "  Mode: (%OMp%03OLp/%.10Sp)         Uid: (%5u/%8Su)  Gid: (%5g/%8Sg)%n"
        "Device: %Hd,%Ld   Inode: %i    Links: %l%nAccess: %Sa%nModify: %Sm%nChange: %Sc%n Birth: %SB"
    ),
}
_FIELD = re.compile(r"%([#+\-0 ]*)([0-9]*)(?:\.([0-9]*))?([DOUXFS]?)([HML]?)([a-zA-Z%@])")
_TYPES = {
    stat.S_IFDIR: ("Directory", "/"),
    stat.S_IFREG: ("Regular File", ""),
    stat.S_IFLNK: ("Symbolic Link", "@"),
    stat.S_IFIFO: ("Fifo File", "|"),
    stat.S_IFSOCK: ("Socket", "="),
    stat.S_IFCHR: ("Character Device", ""),
    stat.S_IFBLK: ("Block Device", ""),
}


def main(argv: list[str]) -> int:
    found, names = options.getopt(argv, "f:FHLlnqrst:x", USAGE)
    given = dict(found)
    shape = given.get("f") or next((_FORMATS[letter] for letter, _ in found if letter in _FORMATS), _DEFAULT)
    times = given.get("t", "%c" if "x" in given else "%b %e %T %Y")
    status = 0
    for name in names or [""]:
        try:
            result = os.fstat(0) if not name else os.stat(name) if "L" in given else os.lstat(name)
        except OSError as error:
            if "q" not in given:
                err.warn(PROGRAM, f"{name}: stat" if "L" in given else f"{name}: lstat", error.errno)
            status = 1
            continue
        text = _File(name, result, times).formatted(shape)
        sys.stdout.write(text + ("" if "n" in given else "\n"))
    return status


class _File:
    """A file and how its times are shown."""

    def __init__(self, name: str, status: os.stat_result, times: str) -> None:
        self.name = name
        self.status = status
        self.times = times

    def formatted(self, shape: str) -> str:
        """The format with its fields filled in."""
        return _FIELD.sub(self._field, shape)

    def _field(self, match: re.Match[str]) -> str:
        flags, width, precision, output, part, datum = match.groups()
        if datum in "%nt@":
            return {"%": "%", "n": "\n", "t": "\t", "@": "1"}[datum]
        value = self._value(datum, part, output == "S")
        if value is None:
            err.errx(PROGRAM, f"{match[0]}: bad format")
        if isinstance(value, int):
            kind = output or {"p": "O", "f": "X"}.get(datum, "D")
            text = {"O": f"{value:o}", "X": f"{value:x}"}.get(kind, str(value))
            text = {"O": "0", "X": "0x"}.get(kind, "") * ("#" in flags and value != 0) + text
        else:
            text = value[: int(precision)] if precision else value
        size = int(width or 0)
        if "-" in flags:
            return text.ljust(size)
        return text.rjust(size, "0" if "0" in flags and isinstance(value, int) else " ")

    def _value(self, datum: str, part: str, text: bool) -> int | str | None:
        status = self.status
        if datum in "amcB":
            moment = {"a": status.st_atime, "m": status.st_mtime, "c": status.st_ctime, "B": status.st_ctime}[datum]
            return time.strftime(self.times, time.localtime(moment)) if text else int(moment)
        if datum == "p":
            return self._mode(part, text)
        if datum in "ug":
            return self._owner(datum, text)
        if datum in "dr":
            number = status.st_dev if datum == "d" else status.st_rdev
            return {"H": os.major, "L": os.minor}.get(part, int)(number)
        if datum == "f":
            flags = fileflags.get(self.name)
            return (",".join(flags) or "-") if text else sum(fileflags.NUMBERS[name] for name in flags)
        if datum == "Y":
            target = os.readlink(self.name) if stat.S_ISLNK(status.st_mode) else ""
            return f" -> {target}" if text and target else target
        if datum == "T":
            long, short = _TYPES[stat.S_IFMT(status.st_mode)]
            return (
                long
                if part == "H"
                else "*"
                if not short and status.st_mode & 0o111 and long == "Regular File"
                else short
            )
        if datum == "Z":
            return f"{os.major(status.st_rdev)},{os.minor(status.st_rdev)}" if status.st_rdev else status.st_size
        if datum == "N":
            return self.name or "(stdin)"
        numbers = {
            "i": status.st_ino,
            "l": status.st_nlink,
            "z": status.st_size,
            "b": status.st_blocks,
            "k": status.st_blksize,
            "v": 0,
        }
        return numbers.get(datum)

    def _mode(self, part: str, text: bool) -> int | str:
        mode = self.status.st_mode
        if text:
            letters = stat.filemode(mode)
            return {"H": letters[1:4], "M": letters[4:7], "L": letters[7:10]}.get(part, letters)
        return {"H": mode >> 12, "M": mode >> 9 & 7, "L": mode & 0o777}.get(part, mode)

    def _owner(self, datum: str, text: bool) -> int | str:
        number = self.status.st_uid if datum == "u" else self.status.st_gid
        if not text:
            return number
        user = users.by_uid(number)
        name = (user.name if user else None) if datum == "u" else users.group_name(number)
        return name or f"({number})"
