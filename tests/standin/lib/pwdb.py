# SPDX-License-Identifier: BSD-2-Clause
"""The user database as pw(8) and chpass(1) change it: master.passwd(5), the passwd(5) made from it, and group(5)."""

from __future__ import annotations

import os
from dataclasses import dataclass, field


@dataclass
class Account:
    """A line of master.passwd(5). change, expire: seconds since the epoch, 0 for never."""

    name: str
    password: str = "*"
    uid: int = 0
    gid: int = 0
    login_class: str = ""
    change: int = 0
    expire: int = 0
    gecos: str = ""
    home: str = ""
    shell: str = ""

    @classmethod
    def of_line(cls, line: str) -> Account:
        f = line.split(":")
        return cls(f[0], f[1], int(f[2]), int(f[3]), f[4], int(f[5] or 0), int(f[6] or 0), f[7], f[8], f[9])

    def line(self, password: str | None = None) -> str:
        """The line; with another password, '*' where it isn't to be seen."""
        shown = self.password if password is None else password
        numbers = f"{self.uid}:{self.gid}:{self.login_class}:{self.change}:{self.expire}"
        return f"{self.name}:{shown}:{numbers}:{self.gecos}:{self.home}:{self.shell}"

    def public_line(self) -> str:
        """The line of passwd(5)."""
        return f"{self.name}:*:{self.uid}:{self.gid}:{self.gecos}:{self.home}:{self.shell}"


@dataclass
class Group:
    """A line of group(5)."""

    name: str
    gid: int
    password: str = "*"
    members: list[str] = field(default_factory=list)

    @classmethod
    def of_line(cls, line: str) -> Group:
        f = line.split(":")
        return cls(f[0], int(f[2]), f[1], [member for member in f[3].split(",") if member])

    def line(self) -> str:
        return f"{self.name}:{self.password}:{self.gid}:{','.join(self.members)}"


class Database:
    """The files below a directory, /etc."""

    def __init__(self, directory: str = "/etc") -> None:
        self.directory = directory
        self.accounts = [Account.of_line(line) for line in self._lines("master.passwd")]
        self.groups = [Group.of_line(line) for line in self._lines("group")]

    def _lines(self, name: str) -> list[str]:
        with open(f"{self.directory}/{name}", errors="surrogateescape") as file:
            return [line.rstrip("\n") for line in file if line.strip() and not line.startswith("#")]

    def account(self, name: str = "", uid: int | None = None) -> Account | None:
        """By name, or by number."""
        found = (a for a in self.accounts if (a.name == name if uid is None else a.uid == uid))
        return next(found, None)

    def group(self, name: str = "", gid: int | None = None) -> Group | None:
        """By name, or by number."""
        return next((g for g in self.groups if (g.name == name if gid is None else g.gid == gid)), None)

    def save_accounts(self) -> None:
        self._write("master.passwd", [account.line() for account in self.accounts], 0o600)
        for name in ("passwd", "pwd.db"):
            self._write(name, [account.public_line() for account in self.accounts], 0o644)

    def save_groups(self) -> None:
        self._write("group", [group.line() for group in self.groups], 0o644)

    def _write(self, name: str, lines: list[str], mode: int) -> None:
        new = f"{self.directory}/{name}.new"
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", errors="surrogateescape") as file:
            file.write("".join(f"{line}\n" for line in lines))
        os.chmod(new, mode)
        os.rename(new, f"{self.directory}/{name}")
