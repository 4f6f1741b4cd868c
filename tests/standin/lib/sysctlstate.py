# SPDX-License-Identifier: BSD-2-Clause
"""The values of sysctl(8)'s variables, as the caller's jail sees them."""

from __future__ import annotations

import errno
import json
import os
import struct
import time
from typing import Any

import kernel
import sysctls
from sysctls import Oid

INTEGERS = {"int": "=i", "uint": "=I", "long": "=q", "ulong": "=Q", "u64": "=Q"}
# Those that Linux's network stack really has.
LINUX = {
    "net.inet.ip.forwarding": "usr/libexec/standin/proc/sys/net/ipv4/ip_forward",
    "net.inet6.ip6.forwarding": "usr/libexec/standin/proc/sys/net/ipv6/conf/all/forwarding",
}
SET = "usr/libexec/standin/sysctl.json"


class State:
    """The values: the kernel's as this jail sees them, what was set since the boot, and otherwise those at boot."""

    def __init__(self) -> None:
        self._kernel: dict[str, Any] = kernel.sysctl_get()
        try:
            with open(_open(SET, os.O_RDONLY)) as file:
                self._set = dict(json.load(file))
        except FileNotFoundError:
            self._set = {}

    def number(self, name: str) -> int:
        """The value of an integer."""
        return int(self.text(sysctls.OIDS[name]) or 0)

    def text(self, oid: Oid) -> str | None:
        """A value as sysctl(8) prints it, None for one that it doesn't know how to print."""
        if oid.name == "kern.boottime":
            second, fraction = divmod(float(self._kernel["kern.boottime"]), 1)
            date = time.strftime("%a %b %e %H:%M:%S %Y", time.localtime(second))
            return f"{{ sec = {int(second)}, usec = {int(fraction * 1e6)} }} {date}"
        if oid.name == "vm.loadavg":
            return "{{ {:.2f} {:.2f} {:.2f} }}".format(*os.getloadavg())
        if oid.name == "kern.clockrate":
            return oid.value
        if oid.kind == "opaque":
            return None
        if oid.name in LINUX:
            with open(_open(LINUX[oid.name], os.O_RDONLY)) as file:
                return file.read().strip()
        if oid.name in self._kernel:
            return str(self._kernel[oid.name])
        return str(self._set.get(oid.name, oid.value))

    def packed(self, oid: Oid) -> bytes:
        """A value as the kernel gives it."""
        if oid.name == "kern.boottime":
            second, fraction = divmod(float(self._kernel["kern.boottime"]), 1)
            return struct.pack("=qq", int(second), int(fraction * 1e6))
        if oid.name == "kern.boot_id":
            return bytes.fromhex(self._kernel["kern.boot_id"])
        text = self.text(oid) or ""
        return struct.pack(INTEGERS[oid.kind], int(text)) if oid.kind in INTEGERS else text.encode() + b"\0"

    def set(self, oid: Oid, new: str) -> None:
        """Raises OSError EPERM for who may not."""
        value: int | str = int(new, 0) if oid.kind in INTEGERS else new
        if oid.name in LINUX:
            with open(_open(LINUX[oid.name], os.O_WRONLY), "w") as file:
                file.write(str(value))
        elif oid.name in self._kernel:
            kernel.sysctl_set(oid.name, value)
            self._kernel = kernel.sysctl_get()
        elif self._kernel["security.jail.jailed"] or os.geteuid() != 0:
            raise OSError(errno.EPERM, oid.name)
        else:
            self._set[oid.name] = str(value)
            with open(_open(SET, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "w") as file:
                json.dump(self._set, file)


def _open(path: str, flags: int) -> int:
    """A file of the stand-in's own root, of which path is below; this may run in a jail's."""
    top = os.open("/", os.O_PATH) if kernel.OUTSIDE is None else kernel.OUTSIDE
    return os.open(path, flags, 0o644, dir_fd=top)
