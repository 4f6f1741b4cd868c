# SPDX-License-Identifier: BSD-2-Clause
"""A stand-in as FreeBSD's installer leaves a host: no Python, root isn't let in by ssh, and a user may become root by
su(1).
"""

from __future__ import annotations

import os
from pathlib import Path

USER, UID = "admin", 1001
# The passwords are `admin` and `root`.
PASSWORDS = {
    "root": "$6$7Cq21ZFJyaUQB3Q8$h/6KjtythR5s21RsMzV3"
    "8MnIIjdkjGUOgTmPUvJYpOtk5Fgyrx3c5FVJFd0l3frPNreLVBydYmbK480FNk79m.",
    USER: "$6$OVPFe1BEQZ580y5/$AtSoq5AUCtfGFpnPlNV/KfROX.MI7hNFtgs5W5widcks6lXD/9dheZm/MDwJf/Gsjf8aJYvFCaZ9kib6hsn0q1",
}


def make(top: Path) -> None:
    """Change a tree that root.py has made."""
    home = f"/home/{USER}"
    shell = f"{UID}:{UID}:User &:{home}:/bin/sh"
    _append(top / "etc/passwd", f"{USER}:*:{shell}")
    _append(top / "etc/pwd.db", f"{USER}:*:{shell}")
    _append(top / "etc/master.passwd", f"{USER}:{PASSWORDS[USER]}:{UID}:{UID}::0:0:User &:{home}:/bin/sh")
    _replace(top / "etc/master.passwd", "root::", f"root:{PASSWORDS['root']}:")
    _replace(top / "etc/group", "wheel:*:0:root\n", f"wheel:*:0:root,{USER}\n")
    _append(top / "etc/group", f"{USER}:*:{UID}:")
    _replace(top / "etc/ssh/sshd_config", "\nPermitRootLogin yes\n", "\n#PermitRootLogin no\n")
    keys = top / home[1:] / ".ssh/authorized_keys"
    keys.parent.mkdir(parents=True)
    keys.write_text("ssh-ed25519 a-key-of-the-stand-ins-user\n")
    for path in (keys, keys.parent, keys.parent.parent):
        os.chown(path, UID, UID)
    keys.parent.chmod(0o700)
    keys.chmod(0o600)


def _append(path: Path, line: str) -> None:
    path.write_text(f"{path.read_text()}{line}\n")


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    if old not in text:
        raise ValueError(f"{path} doesn't have {old!r}")
    path.write_text(text.replace(old, new, 1))
