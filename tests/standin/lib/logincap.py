# SPDX-License-Identifier: BSD-2-Clause
"""login_cap(3), as far as the class `default` of FreeBSD's own login.conf(5) (recorded: jexec-2, env-2, uid-1)."""

from __future__ import annotations

import os

from users import User

_PATH = "/sbin /bin /usr/sbin /usr/bin /usr/local/sbin /usr/local/bin ~/bin"


def environment(user: User) -> dict[str, str]:
    """What setusercontext(3) sets with LOGIN_SETENV and LOGIN_SETPATH, in environ's order; less without login.conf."""
    if not os.path.exists("/etc/login.conf"):
        return {"PATH": "/usr/bin:/bin"}
    return {
        "BLOCKSIZE": "K",
        "MAIL": f"/var/mail/{user.name}",
        "MM_CHARSET": "UTF-8",
        "LANG": "C.UTF-8",
        "PATH": ":".join(part.replace("~", user.directory) for part in _PATH.split()),
    }


def clean_environment(user: User, capabilities: dict[str, str]) -> dict[str, str]:
    """The whole environment of `jexec -l` and of exec.clean, in environ's order (recorded: jexec-2).

    capabilities: environment() of the user, which is taken before a jail is entered where the user is the host's.
    """
    first = {"SHELL": user.shell or "/bin/sh", "HOME": user.directory, "USER": user.name}
    terminal = {"TERM": os.environ["TERM"]} if "TERM" in os.environ else {}
    return first | {k: v for k, v in capabilities.items() if k != "PATH"} | terminal | {"PATH": capabilities["PATH"]}
