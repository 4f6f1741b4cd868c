# SPDX-License-Identifier: BSD-2-Clause
"""What parts of the collection cost, measured: each module of this package prints its own figures."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.hosts import Host, real_host, stand_in_down, stand_in_up


def on_a_host(about: str | None, name: str, measure: Callable[[Host, Path], None]) -> None:
    """Measure on a stand-in of that name, or on the host that the command line names.

    about: what --help says. measure: gets the host, and a directory that is gone afterwards.
    """
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", metavar="USER@HOST", help="a real FreeBSD host")
    login = parser.parse_args().host
    with tempfile.TemporaryDirectory() as directory:
        if login:
            measure(real_host(login), Path(directory))
            return
        try:
            measure(stand_in_up(name), Path(directory))
        finally:
            stand_in_down(name)
