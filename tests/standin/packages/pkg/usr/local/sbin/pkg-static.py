# SPDX-License-Identifier: BSD-2-Clause
"""pkg-static(8): pkg(8), which needs nothing else, and doesn't fetch itself."""

from __future__ import annotations

# What is imported late has to be there before this is in a jail's root.
import gzip  # noqa: F401
import tarfile  # noqa: F401

import pkgmain


def main(argv: list[str]) -> int:
    return pkgmain.main(argv)
