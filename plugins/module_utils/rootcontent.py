# SPDX-License-Identifier: BSD-2-Clause
"""What a root is filled with: an archive of a base system, or copies of directories of another root."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ansible_collections.bsd.jail.plugins.module_utils import beneath, purge
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import Host

TAR = "/usr/bin/tar"
FIND = "/usr/bin/find"
CP = "/bin/cp"

# tar(1) takes the slash away and goes on (recorded: tar-1).
_ABSOLUTE = "Removing leading '/'"
_NOT_USUAL = ("!", "(", "-type", "f", "-o", "-type", "d", "-o", "-type", "l", ")")
_NAMED = 3


def extract(host: Host, place: str, archive: int, root: str, keep: Sequence[int]) -> None:
    """Extract an archive into an empty directory, with owners, modes, times and file flags (recorded: tar-1).

    place: what to call the archive. archive: the open file. keep: descriptors that the programs inherit.
    Raises JailError for an archive that isn't whole, that leads out of the directory, or that isn't of files,
    directories and links alone; then the directory may have something in it.
    """
    # As long as the archive doesn't say otherwise: most have an entry for their top.
    os.chmod(root, 0o755)
    result = host.run(TAR, "-x", "-p", "-f", "-", "-C", root, stdin=archive, keep=keep)
    if result.rc != 0:
        raise result.brief().error(f"{place} can't be extracted into {root}")
    if _ABSOLUTE in result.stderr:
        raise JailError(f"{place} isn't extracted: it holds absolute paths, as no base set does.")
    result = host.run(FIND, "-x", root, *_NOT_USUAL, keep=keep)
    if result.rc != 0:
        raise result.brief().error(f"{root} can't be looked through")
    unusual = [path[len(root) :] for path in result.stdout.splitlines()]
    if unusual:
        some = ", ".join(unusual[:_NAMED]) + (", …" if len(unusual) > _NAMED else "")
        raise JailError(
            f"{place} isn't extracted: it holds devices, fifos or sockets ({some}), as no base set does. "
            "A jail's devices come from devfs."
        )
    if not purge.contents(root):
        raise JailError(f"{place} isn't extracted: there is nothing in it.")


def check_directories(base: str, parts: Sequence[str]) -> None:
    """Raise InputError unless all parts are directories of a base, on paths without links."""
    for part in parts:
        try:
            with beneath.opened(base + part) as directory:
                beneath.check_directory(directory, base + part)
        except InputError as error:
            raise InputError(f"directories: {error.message}", parameter="directories") from error
        except OSError as error:
            raise InputError(
                f"directories: {base}{part} can't be copied: {error.strerror}.", parameter="directories"
            ) from error


def copy(host: Host, base: str, parts: Sequence[str], root: str, keep: Sequence[int]) -> None:
    """Copy directories of a base into a root where there are none, with owners, modes, times and file flags.

    parts: their absolute paths within both. keep: descriptors that the programs inherit. Raises JailError.
    """
    for part in parts:
        try:
            with beneath.opened(os.path.dirname(root + part), []):
                pass
        except OSError as error:
            raise JailError(f"{os.path.dirname(root + part)} can't be made: {error.strerror}.") from error
        result = host.run(CP, "-a", "-x", base + part, root + part, keep=keep)
        if result.rc != 0:
            raise result.brief().error(f"{base}{part} can't be copied to {root}{part}")
