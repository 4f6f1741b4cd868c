# SPDX-License-Identifier: BSD-2-Clause
"""Who a session of a stand-in is for: a user that its sshd lets in."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

CONFIGURATION = Path("/etc/ssh/sshd_config")
# FreeBSD's; without any of them root isn't let in.
ROOT_IS_LET_IN = frozenset({"yes", "prohibit-password", "without-password"})


@dataclass(frozen=True)
class Login:
    """A user as the stand-in knows it. groups: all of its groups, its own first."""

    name: str
    uid: int
    groups: list[int]
    home: str
    shell: str

    def become(self) -> None:
        """Make this process, which is root's, one of the user's, in its home directory."""
        if self.uid != 0:
            os.setgroups(self.groups)
            os.setgid(self.groups[0])
            os.setuid(self.uid)
        os.chdir(self.home if os.path.isdir(self.home) else "/")

    def environment(self, base: dict[str, str]) -> dict[str, str]:
        """What sshd gives the user's shell. base: what it gives to everybody."""
        return {**base, "HOME": self.home, "USER": self.name, "LOGNAME": self.name, "SHELL": self.shell}


# At the console, or by a key that root's ssh has.
ROOT = Login("root", 0, [0, 5], "/root", "/bin/sh")


def find(name: str) -> Login | None:
    """A user whom sshd lets in, as the files of this process's root have it; None where it doesn't.

    The key is taken to be the user's own: it has to be in ~/.ssh/authorized_keys for all but root.
    """
    for line in Path("/etc/pwd.db").read_text().splitlines():
        fields = line.split(":")
        if fields[0] == name:
            break
    else:
        return None
    uid, gid, home, shell = int(fields[2]), int(fields[3]), fields[5], fields[6] or "/bin/sh"
    allowed = _permits_root() if uid == 0 else Path(home, ".ssh/authorized_keys").exists()
    return Login(name, uid, [gid, *_groups(name, gid)], home, shell) if allowed else None


def _permits_root() -> bool:
    """The first line that has the keyword counts."""
    for line in CONFIGURATION.read_text().splitlines():
        words = line.partition("#")[0].lower().split()
        if words[:1] == ["permitrootlogin"]:
            return words[1] in ROOT_IS_LET_IN
    return False


def _groups(name: str, own: int) -> list[int]:
    found = [line.split(":") for line in Path("/etc/group").read_text().splitlines()]
    return [int(fields[2]) for fields in found if name in fields[3].split(",") and int(fields[2]) != own]
