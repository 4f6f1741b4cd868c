# SPDX-License-Identifier: BSD-2-Clause
"""FreeBSD's run-time linker, rtld(1), in a jail's root: the machine's, which looks where FreeBSD's does."""

from __future__ import annotations

from pathlib import Path

from . import machine

# Replaced by as many bytes: where Debian's linker looks before /lib and /usr/lib, and where its programs find it.
_DIRECTORY = (b"\0/usr/lib/x86_64-linux-gnu/\0", b"/usr/local/lib")
_INTERPRETER = (b"/lib64/ld-linux-x86-64.so.2\0", b"/libexec/ld-elf.so.1")

# What goes into the base system beside it: what every program of the machine's is linked with, or opens.
LIBRARIES = ("libc.so.6", "libm.so.6", "libgcc_s.so.1")


def linker() -> bytes:
    """The content of ld-elf.so.1."""
    old, new = _DIRECTORY
    return Path(machine.FILES[0]).read_bytes().replace(old, b"\0" + new.ljust(len(old) - 2, b"/") + b"\0")


def program(path: str) -> bytes:
    """The content of one of the machine's programs, made one that ld-elf.so.1 runs."""
    old, new = _INTERPRETER
    return Path(path).read_bytes().replace(old, new.ljust(len(old), b"\0"))


def library(name: str) -> bytes:
    """The content of one of LIBRARIES."""
    return Path(machine.LIBRARIES, name).read_bytes()
