# SPDX-License-Identifier: BSD-2-Clause
"""Ask a user for a password, as su(1), sudo and doas do by PAM, and see whether it is right."""

from __future__ import annotations

import os
import sys
import termios

import password
from pwdb import Database


def asked(prompt: str, *, from_input: bool = False) -> str:
    """What is typed after a prompt: on the terminal, without an echo, or from standard input where that is none.

    from_input: in any case (sudo -S), with the prompt on standard error.
    """
    terminal = sys.stdin.isatty()
    out = sys.stderr if from_input else sys.stdout
    saved = termios.tcgetattr(0) if terminal else None
    if saved is not None:
        silent = list(saved)
        silent[3] &= ~termios.ECHO
        termios.tcsetattr(0, termios.TCSAFLUSH, silent)
    try:
        print(prompt, end="", file=out, flush=True)
        typed = _line()
    finally:
        if saved is not None:
            termios.tcsetattr(0, termios.TCSAFLUSH, saved)
            print(file=out, flush=True)
    return typed


def _line() -> str:
    """One line, and nothing of what follows it, which is the program's."""
    typed = b""
    while (byte := os.read(0, 1)) not in (b"", b"\n"):
        typed += byte
    return typed.decode(errors="surrogateescape")


def is_password(user: str, typed: str) -> bool:
    """Whether a user's password was typed. Only root can know."""
    account = Database().account(user)
    return account is not None and password.fits(typed, account.password)


def needs_none(user: str) -> bool:
    """Whether a user has the empty password."""
    account = Database().account(user)
    return account is not None and account.password == ""
