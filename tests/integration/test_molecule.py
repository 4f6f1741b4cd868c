# SPDX-License-Identifier: BSD-2-Clause
"""Molecule's scenarios, of which one is run: the bodies of the others are targets, which test_targets.py runs."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.hosts import CHECKOUT, ansible_environment, stand_ins

SCENARIOS = CHECKOUT / "extensions/molecule"
TARGETS = CHECKOUT / "tests/integration/targets"


def molecule(directory: Path, state: Path, *arguments: str, **variables: str) -> str:
    """Run molecule in a directory, with its state in another. Returns what it printed; fails if it fails."""
    path = f"{CHECKOUT / '.venv/bin'}:{os.environ['PATH']}"
    environment = ansible_environment(PATH=path, MOLECULE_EPHEMERAL_DIRECTORY=str(state), NO_COLOR="1", **variables)
    done = subprocess.run(
        ["molecule", *arguments],
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.fail(f"molecule {' '.join(arguments)}: status {done.returncode}\n{done.stdout}", pytrace=False)
    return done.stdout


def test_a_scenario(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    host = request.config.getoption("--host") or ""
    said = molecule(CHECKOUT, tmp_path, "test", "--scenario-name", "jail", BSD_JAIL_HOST=host)
    assert re.findall(r"^(\w+) > (\w+): Executed: Successful", said, re.MULTILINE) == [
        ("default", "create"),
        ("jail", "converge"),
        ("jail", "idempotence"),
        ("jail", "verify"),
        ("jail", "cleanup"),
        ("default", "destroy"),
    ]
    assert f"molecule-{hashlib.sha1(str(CHECKOUT).encode()).hexdigest()[:8]}" not in stand_ins()


def test_each_scenario_is_a_target() -> None:
    scenarios = {path.parent.name for path in SCENARIOS.glob("*/molecule.yml")}
    assert scenarios >= {"default", "jail", "jail_mount", "jail_exec", "jail_signal", "roles", "connection"}
    for name in scenarios - {"default"}:
        tasks = TARGETS / name / "tasks"
        assert {path.name for path in tasks.iterdir()} >= {"main.yml", "converge.yml", "verify.yml", "cleanup.yml"}
        assert yaml.safe_load((SCENARIOS / name / "molecule.yml").read_text()) == {}
