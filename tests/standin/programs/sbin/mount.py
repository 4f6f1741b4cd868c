# SPDX-License-Identifier: BSD-2-Clause
"""mount(8): mount file systems, and show what is mounted."""

from __future__ import annotations

import os
import stat
import sys
from typing import Any, NamedTuple

import err
import fstab
import kernel
import mountfs
import options
import program
import xo
from errlist import strerror
from mounttable import Mount, is_listed, remove_slashes, resolve

PROGRAM = "mount"
USAGE = """usage: mount [-adflpruvw] [-F fstab] [-o options] [-t [no]type[,type ...]]
       mount [-dfpruvw] special | node
       mount [-dfpruvw] [-o options] [-t [no]type[,type ...]] special node"""
# The flags in the order of the plain listing, by the words of `mount -p`; below, the order there.
_NAMES = {
    "async": "asynchronous",
    "exported": "NFS exported",
    "local": "local",
    "noatime": "noatime",
    "noexec": "noexec",
    "nosuid": "nosuid",
    "nosymfollow": "nosymfollow",
    "ro": "read-only",
    "sync": "synchronous",
    "union": "union",
    "noclusterr": "noclusterr",
    "noclusterw": "noclusterw",
}
_FSTAB_ORDER = "ro sync noexec nosuid union async noatime noclusterr noclusterw nosymfollow".split()
_NOT_LOCAL = frozenset({"devfs", "fdescfs", "nfs"})
_META = ("noauto", "late", "failok", "userquota", "groupquota")


class _Request(NamedTuple):
    """What the command line asks for."""

    all: bool
    dry: bool
    late: bool
    only_late: bool
    fstab_style: bool
    verbose: bool
    force: bool
    update: bool
    types: str | None
    table: str
    words: list[str]


def main(argv: list[str]) -> int:
    style, argv = xo.parse_args(argv)
    found, operands = options.getopt(argv, "adF:fLlno:prt:uvw", USAGE)
    request = _request(found)
    if not operands:
        if request.all:
            return _mount_all(request)
        sys.stdout.write(_listing(kernel.mounts(), request, style))
        return 0
    if len(operands) == 1:
        if request.types is not None:
            options.usage(USAGE)
        return _mount_one(request, remove_slashes(operands[0]))
    if len(operands) > 2:
        options.usage(USAGE)
    return _mount(request, request.types or "ufs", operands[0], operands[1], "")


def _request(found: list[tuple[str, str]]) -> _Request:
    letters, values = {letter for letter, _ in found}, dict(found)
    if sum(letter == "t" for letter, _ in found) > 1:
        err.errx(PROGRAM, "only one -t option may be specified")
    words = [{"o": value, "r": "ro", "w": "noro"}[letter] for letter, value in found if letter in ("o", "r", "w")]
    if "u" in letters and "ro" not in ",".join(words).split(","):
        words.append("noro")
    return _Request(
        all="a" in letters,
        dry="d" in letters,
        late=bool(letters & {"l", "L"}),
        only_late="L" in letters,
        fstab_style="p" in letters,
        verbose=bool(letters & {"p", "v"}),
        force="f" in letters,
        update="u" in letters,
        types=values.get("t"),
        table=values.get("F", fstab.PATH),
        words=words,
    )


# --- mounting ---------------------------------------------------------------------------------------------------------


def _mount_all(request: _Request) -> int:
    status = 0
    table = kernel.mounts()
    for entry in _entries(request.table):
        words = entry.mntops.split(",")
        late = "late" in words
        if entry.type == "sw" or not is_listed(request.types, entry.vfstype) or "noauto" in words:
            continue
        if late != request.only_late and ((late and not request.late) or request.only_late):
            continue
        if not request.update and "update" not in words and _is_mounted(entry, table):
            continue
        if entry.file == "/" and "ro" not in words:
            continue  # it is remounted, as it is
        if _mount(request, entry.vfstype, entry.spec, entry.file, entry.mntops) and "failok" not in words:
            status = 1
    return status


def _entries(path: str) -> list[fstab.Entry]:
    try:
        return fstab.read(path)
    except OSError as error:
        print(f"fstab: {path}:0: {strerror(error.errno or 0)}", file=sys.stderr)
        return []


def _is_mounted(entry: fstab.Entry, table: list[Mount]) -> bool:
    if entry.file == "/":
        return False
    try:
        node = resolve(entry.file)
    except OSError:
        node = entry.file
    return any(
        mount["node"] == node
        and mount["fstype"] == entry.vfstype
        and (entry.vfstype not in ("ufs", "ffs", "ext2fs") or mount["special"] == entry.spec)
        for mount in table
    )


def _mount_one(request: _Request, name: str) -> int:
    if request.update:
        mount = next((row for row in reversed(kernel.mounts()) if name in (row["node"], row["special"])), None)
        if mount is None:
            err.errx(PROGRAM, f"not currently mounted {name}")
        return _mount(request, mount["fstype"], mount["special"], mount["node"], "")
    entries = _entries(request.table)
    entry = next((e for e in entries if e.file == name), next((e for e in entries if e.spec == name), None))
    if entry is None:
        err.errx(PROGRAM, f"{name}: unknown special file or file system")
    if entry.type == "sw":
        err.errx(PROGRAM, f"{name} has unknown file system type")
    return _mount(request, entry.vfstype, entry.spec, entry.file, entry.mntops)


def _mount(request: _Request, vfstype: str, special: str, name: str, mntops: str) -> int:
    """Mount one file system. Returns its exit status."""
    try:
        node = _mount_point(vfstype, name)
    except OSError as error:
        err.warn(PROGRAM, name, error.errno)
        return 1
    words = [word for part in (mntops, *request.words) for word in part.split(",")]
    words += ["force"] * request.force + ["update"] * (request.update or node == "/")
    words = [word for word in words if word and word.partition("=")[0] not in _META]
    arguments = [argument for word in words for argument in ("-o", word)] + [special, node]
    by_program = vfstype in mountfs.BY_PROGRAM
    if request.dry:
        print(" ".join([f"exec: mount_{vfstype}" if by_program else f"mount -t {vfstype}", *arguments]))
        return 0
    if by_program:
        status = _run(f"mount_{vfstype}", arguments)
    else:
        status = mountfs.mount_fs(vfstype, words, special, node)
    if request.verbose and status == 0:
        shown = [mount for mount in kernel.mounts() if mount["node"] == node][-1:]
        sys.stdout.write(_listing(shown, request, xo.Style()))
    return status


def _mount_point(vfstype: str, name: str) -> str:
    """checkpath() and checkpath_allow_file(): the resolved path, a directory unless the type can mount on a file."""
    node = resolve(name)
    if vfstype != "nullfs" and not stat.S_ISDIR(os.stat(node).st_mode):
        raise NotADirectoryError(20, os.strerror(20))
    return node


def _run(name: str, arguments: list[str]) -> int:
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        error = program.execvp([name, *arguments], path=f"/sbin/{name}")
        err.warn(PROGRAM, f"exec {name} not found in /sbin:/usr/sbin", error.errno)
        os._exit(1)
    return program.exit_code(os.waitpid(pid, 0)[1])


# --- listing ----------------------------------------------------------------------------------------------------------


def _listing(table: list[Mount], request: _Request, style: xo.Style) -> str:
    table = [mount for mount in table if is_listed(request.types, mount["fstype"])]
    if request.fstab_style:
        known = fstab.system()
        rows = [_fstab_row(mount, known) for mount in table]
        if style.json:
            return xo.dumps({"mount": {"fstab": rows}}, style)
        return "".join(_fstab_line(row) for row in rows)
    if style.json:
        return xo.dumps({"mount": {"mounted": [_instance(mount, request.verbose) for mount in table]}}, style)
    return "".join(_line(mount, request.verbose) for mount in table)


def _flags(mount: Mount) -> list[str]:
    flags = set(mount["flags"]) | (set() if mount["fstype"] in _NOT_LOCAL else {"local"})
    return [name for flag, name in _NAMES.items() if flag in flags]


def _line(mount: Mount, verbose: bool) -> str:
    words = [mount["fstype"], *_flags(mount)]
    if verbose:
        words += [f"fsid {mount['fsid']}", "vnodes: count 1 "]
    return f"{mount['special']} on {mount['node']} ({', '.join(words)})\n"


def _instance(mount: Mount, verbose: bool) -> dict[str, Any]:
    instance: dict[str, Any] = {key: mount[key] for key in ("special", "node", "fstype")}
    flags = _flags(mount)
    if flags:
        instance["opts"] = flags
    if verbose:
        instance |= {"fsid": mount["fsid"], "vnodes": {"count": 1}}
    return instance


def _fstab_row(mount: Mount, known: list[fstab.Entry]) -> dict[str, Any]:
    words = [word for word in _FSTAB_ORDER if word in mount["flags"]]
    entry = next(
        (e for e in known if e.spec == mount["special"]), next((e for e in known if e.file == mount["node"]), None)
    )
    numbers = (entry.freq, entry.passno) if entry else (0, 0)
    return {
        "device": mount["special"],
        "mntpoint": mount["node"],
        "fstype": mount["fstype"],
        "opts": ",".join(words if "ro" in words else ["rw", *words]),
        "dump": numbers[0],
        "pass": numbers[1],
    }


def _fstab_line(row: dict[str, Any]) -> str:
    out = ""
    for key in ("device", "mntpoint"):
        length = len(row[key].encode(errors="surrogateescape"))
        out += row[key] + "\t" * ((length < 8) + (length < 16)) + ("\t" if length < 24 else " ")
    return (
        f"{out}{row['fstype']}\t{row['opts']}{chr(9) if len(row['opts']) < 8 else ' '}\t{row['dump']} {row['pass']}\n"
    )
