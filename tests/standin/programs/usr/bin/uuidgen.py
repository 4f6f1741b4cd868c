# SPDX-License-Identifier: BSD-2-Clause
"""uuidgen(1)."""

from __future__ import annotations

import uuid

from options import getopt

USAGE = "usage: uuidgen [-1] [-r] [-c] [-n count] [-o filename]"


def main(argv: list[str]) -> int:
    given, _rest = getopt(argv, "1cn:o:r", USAGE)
    options = dict(given)
    lines = [str(uuid.uuid4() if "r" in options else uuid.uuid1()) for _ in range(int(options.get("n", "1")))]
    text = "".join(f"{line.replace('-', '') if 'c' in options else line}\n" for line in lines)
    if "o" in options:
        with open(options["o"], "w") as file:
            file.write(text)
    else:
        print(text, end="")
    return 0
