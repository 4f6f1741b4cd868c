# SPDX-License-Identifier: BSD-2-Clause
"""Why this machine doesn't let its user make what a stand-in is made of, and how it would.

Looked for after a stand-in failed to come up, by trying one thing after another.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from pathlib import Path

from . import linux, users

# Linux's settings that forbid an ordinary user what he may otherwise: the value with which they do, and the one to set.
SETTINGS = {
    "user.max_user_namespaces": ("0", "15000"),
    "kernel.unprivileged_userns_clone": ("0", "1"),
    "kernel.apparmor_restrict_unprivileged_userns": ("1", "0"),
}
SETTINGS_AT = Path("/proc/sys")
CONTAINER = "or, in a container, start that with --privileged"
NAMESPACES = linux.CLONE_NEWNS | linux.CLONE_NEWUTS | linux.CLONE_NEWIPC | linux.CLONE_NEWPID | linux.CLONE_NEWNET
DIRECTORIES = ("/mnt/lower", "/mnt/upper", "/mnt/work", "/mnt/root")


def problem() -> str | None:
    """What is forbidden, and the way out; None where all that is tried here is allowed."""
    here, there = os.pipe()
    if os.fork() == 0:
        found = _first_forbidden()
        os.write(there, (found or "").encode())
        os._exit(0)
    os.close(there)
    os.wait()
    with os.fdopen(here) as answer:
        return answer.read() or None


def _first_forbidden() -> str | None:
    """In a process of its own, which ends up in namespaces of its own."""
    ordinary = os.geteuid() != 0
    user = "an ordinary user" if ordinary else "root"
    steps: dict[str, tuple[Callable[[], None], str]] = {
        "make namespaces": (_namespaces, _settings() if ordinary else CONTAINER.removeprefix("or, ")),
        "mount a tmpfs": (_tmpfs, _settings() if ordinary else CONTAINER.removeprefix("or, ")),
        "mount an overlay": (
            _overlay,
            f"that takes Linux 6.6 or newer, and this is {platform.release()}: use root (sudo)"
            if ordinary
            else "use a machine's own root, not a container's",
        ),
        "mount proc": (
            _proc,
            "this container hides parts of /proc: docker run --security-opt systempaths=unconfined, "
            "podman run --security-opt unmask=ALL, or --privileged",
        ),
    }
    for what, (step, remedy) in steps.items():
        try:
            step()
        except OSError as error:
            return f"{user} may not {what} here ({error.strerror}); {remedy}"
    return None


def _settings() -> str:
    """What root has to set, or else."""
    lines = []
    for name, (forbids, allows) in SETTINGS.items():
        file = SETTINGS_AT / name.replace(".", "/")
        if file.exists() and file.read_text().strip() == forbids:
            lines.append(f"sysctl -w {name}={allows}")
    return f"as root: {'; '.join(lines)}" if lines else f"use root (sudo), {CONTAINER}"


def _namespaces() -> None:
    if os.geteuid() != 0:
        users.become_root()
    linux.unshare(NAMESPACES)
    pid = os.fork()  # a pid namespace begins with a child
    if pid != 0:
        os.waitpid(pid, 0)
        os._exit(0)


def _tmpfs() -> None:
    linux.mount("none", "/", "none", linux.MS_REC | linux.MS_PRIVATE)
    linux.mount("none", "/mnt", "tmpfs")
    for directory in DIRECTORIES:
        os.mkdir(directory)


def _overlay() -> None:
    if users.are_mapped():
        os.setxattr("/mnt/upper", "user.standin", b"")
    linux.mount("none", "/mnt/root", "overlay", 0, users.overlay("/mnt/lower", "/mnt/upper", "/mnt/work"))


def _proc() -> None:
    linux.mount("proc", "/mnt/work", "proc")
