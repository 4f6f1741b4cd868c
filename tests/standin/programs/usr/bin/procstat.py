# SPDX-License-Identifier: BSD-2-Clause
"""procstat(1): details of processes, as far as their open files go."""

from __future__ import annotations

import stat

import err
import kernel
import openfiles
import options
from errlist import strerror
from proctable import Process

PROGRAM = "procstat"
USAGE = """usage: procstat [--libxo] [-Hhn] [-M core] [-N system] [-w interval] command
                [pid ... | core ...]
       procstat [--libxo] -a [-Hhn] [-M core] [-N system] [-w interval] command
       procstat [--libxo] [-Hhn] [-M core] [-N system] [-w interval]
                [-S | -b | -c | -e | -f [-C] | -i [-n] | -j [-n] | -k [-k] |
                 -l | -r [-H] | -s | -t | -v | -x] [pid ... | core ...]"""
EX_USAGE = 64
FILES = ("files", "file", "fd", "fds")


def main(argv: list[str]) -> int:
    found, words = options.getopt(argv, "afHhn", USAGE, EX_USAGE)
    flags = {letter for letter, _ in found}
    if "f" not in flags:
        if not words or words[0] not in FILES:
            options.usage(USAGE, EX_USAGE)
        words = words[1:]
    table = {process["pid"]: process for process in kernel.processes()}
    if "h" not in flags:
        print("  PID COMM                FD T V FLAGS    REF  OFFSET PRO NAME")
    for pid in sorted(table) if "a" in flags else [_pid(word) for word in words]:
        if pid not in table:
            err.errx(PROGRAM, f"procstat_getprocs(): {strerror(3)}" if pid else "no pid")
        for file in openfiles.of_process(pid):
            print(_line(table[pid], file))
    return 0


def _pid(word: str) -> int:
    if not word.isdigit():
        err.err(PROGRAM, f"{word}", 2)
    return int(word)


def _line(process: Process, file: openfiles.OpenFile) -> str:
    mode = file.status.st_mode
    kind = "p" if stat.S_ISFIFO(mode) and openfiles.is_anonymous(file) else "s" if stat.S_ISSOCK(mode) else "v"
    vnode = "d" if stat.S_ISDIR(mode) else "c" if stat.S_ISCHR(mode) else "r" if kind == "v" else "-"
    special = file.fd in (openfiles.ROOT, openfiles.DIRECTORY, openfiles.TEXT)
    flags = ("r" if file.readable else "-") + ("w" if file.writable else "-") + "------"
    numbers = "  -       -" if special else f"  1 {file.offset:7d}"
    start = f"{process['pid']:5d} {process['comm']:<16} {file.fd:>5} {kind} {vnode} {flags}"
    return f"{start} {numbers} -   {file.path if kind == 'v' else '-'}"
