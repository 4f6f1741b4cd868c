# SPDX-License-Identifier: BSD-2-Clause
"""The stand-in's modules import each other by their bare names, from tests/standin/lib."""

from __future__ import annotations

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "standin" / "lib"))
