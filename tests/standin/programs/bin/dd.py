# SPDX-License-Identifier: BSD-2-Clause
"""dd(1): busybox's, with sizes as FreeBSD writes them."""

from __future__ import annotations

import re

import machine

_SIZE = re.compile(r"((?:bs|ibs|obs|count|skip|iseek|seek|oseek)=)([0-9]+)([kmg])$")


def main(argv: list[str]) -> int:
    words = [_SIZE.sub(lambda match: match[1] + match[2] + match[3].upper(), word) for word in argv[1:]]
    words = [word.replace("iseek=", "skip=").replace("oseek=", "seek=") for word in words]
    machine.busybox(["dd", *words])
