# SPDX-License-Identifier: BSD-2-Clause
"""The modules of the kernel: all are in the kernel itself, as on the recorded host; no file has another one."""

from __future__ import annotations

BUILT_IN = (
    "bridgestp",
    "devfs",
    "fdescfs",
    "if_bridge",
    "if_epair",
    "if_lo",
    "if_tuntap",
    "if_vlan",
    "nullfs",
    "procfs",
    "pseudofs",
    "tmpfs",
    "ufs",
    "virtio_blk",
    "vtnet",
)


def present(name: str) -> bool:
    """Whether the kernel has a module, by its name or its file's."""
    return name.removesuffix(".ko") in BUILT_IN
