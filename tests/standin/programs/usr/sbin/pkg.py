# SPDX-License-Identifier: BSD-2-Clause
"""pkg(7), which fetches and installs pkg(8), and that itself: /usr/sbin/pkg and /usr/local/sbin/pkg."""

from __future__ import annotations

# What is imported late has to be there before this is in a jail's root.
import gzip  # noqa: F401
import tarfile  # noqa: F401

import pkgmain


def main(argv: list[str]) -> int:
    return pkgmain.main(argv)
