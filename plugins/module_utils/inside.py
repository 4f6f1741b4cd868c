# SPDX-License-Identifier: BSD-2-Clause
"""Looking at files as a jail sees them."""

from __future__ import annotations

import glob
import os

from ansible_collections.bsd.jail.plugins.module_utils import libjail
from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError


def exists(jail: libjail.Jail, pattern: str, directory: str) -> bool:
    """Whether there is a file of this path, or that matches this pattern, in the jail, links followed as there.

    directory: what a relative path is relative to. Raises JailError if that can't be entered, or the jail can't.
    """

    def work() -> bool:
        os.chdir(directory)
        return bool(glob.glob(pattern))

    try:
        return bool(libjail.inside(jail.jid, work))
    except OSError as error:
        raise JailError(f"jail {jail.name}: {directory!r}: {error.strerror}.", jail=jail.name) from error
