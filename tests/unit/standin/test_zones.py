# SPDX-License-Identifier: BSD-2-Clause
"""The stand-in's time zones, as Python and the C library read them."""

from __future__ import annotations

import importlib.util
import io
import pathlib
import subprocess
import zoneinfo
from datetime import datetime

import pytest

_SPEC = importlib.util.spec_from_file_location(
    "zones", pathlib.Path(__file__).parents[2] / "standin" / "host" / "zones.py"
)
assert _SPEC is not None
assert _SPEC.loader is not None
zones = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(zones)


@pytest.mark.parametrize(
    ("name", "winter", "summer"),
    [("Europe/Berlin", "+0100", "+0200"), ("America/New_York", "-0500", "-0400"), ("Asia/Kolkata", "+0530", "+0530")],
)
def test_a_zone_is_its_rule(name: str, winter: str, summer: str, tmp_path: pathlib.Path) -> None:
    content = zones.tzfile(zones.ZONES[name])
    zone = zoneinfo.ZoneInfo.from_file(io.BytesIO(content))
    (tmp_path / "zone").write_bytes(content)
    for month, offset in ((1, winter), (7, summer)):
        assert datetime(2026, month, 1, 12, tzinfo=zone).strftime("%z") == offset
        command = ["date", "-d", f"2026-{month:02}-01 12:00 UTC", "+%z"]
        done = subprocess.run(command, env={"TZ": f":{tmp_path}/zone"}, capture_output=True, text=True, check=True)
        assert done.stdout == f"{offset}\n"
