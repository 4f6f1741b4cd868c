# SPDX-License-Identifier: BSD-2-Clause
"""accton(8): process accounting on or off. The records are written as programs start (main.py)."""

from __future__ import annotations

import os

import err
import options
from kernel import HIDDEN

USAGE = "usage: accton [file]"


def main(argv: list[str]) -> int:
    _, operands = options.getopt(argv, "", USAGE)
    if len(operands) > 1:
        options.usage(USAGE)
    setting = f"{HIDDEN}/acct"
    try:
        if not operands:
            os.unlink(setting)
            return 0
        path = os.path.realpath(operands[0], strict=True)
        with open(setting, "w") as file:
            file.write(path)
    except FileNotFoundError as error:
        if operands:
            err.err("accton", operands[0], error.errno)
    except OSError as error:
        err.err("accton", operands[0] if operands else "acct", error.errno)
    return 0
