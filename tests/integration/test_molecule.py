# SPDX-License-Identifier: BSD-2-Clause
"""Molecule's scenarios, of which one is run (the bodies of the others are targets, which test_targets.py runs).

And that of a collection of somebody else's, who tests his role on a stand-in.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.hosts import CHECKOUT, STANDIN, ansible_environment, stand_ins

from .conftest import run

SCENARIOS = CHECKOUT / "extensions/molecule"
EXAMPLE = CHECKOUT / "tests/integration/testing_roles"
TARGETS = CHECKOUT / "tests/integration/targets"


def molecule(directory: Path, state: Path, *arguments: str, **variables: str) -> str:
    """Run molecule in a directory, with its state in another. Returns what it printed; fails if it fails."""
    path = f"{CHECKOUT / '.venv/bin'}:{os.environ['PATH']}"
    environment = ansible_environment(PATH=path, MOLECULE_EPHEMERAL_DIRECTORY=str(state), NO_COLOR="1", **variables)
    return run(["molecule", *arguments], directory, environment)


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


def test_somebody_elses_collection(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """As docs/testing-roles.md has it, with bsd.jail installed from its artefact."""
    if request.config.getoption("--host"):
        pytest.skip("is about stand-ins")
    collection = tmp_path / "ansible_collections/acme/web"
    shutil.copytree(EXAMPLE, collection)
    (tmp_path / "ansible.cfg").touch()
    galaxy = ["ansible-galaxy", "collection"]
    build = [*galaxy, "build", "--output-path", str(tmp_path)]
    subprocess.run(build, cwd=CHECKOUT, env=ansible_environment(), check=True, capture_output=True)
    (artefact,) = tmp_path.glob("bsd-jail-*.tar.gz")
    install = [*galaxy, "install", "--offline", "--collections-path", str(tmp_path), str(artefact)]
    theirs = {"ANSIBLE_CONFIG": str(tmp_path / "ansible.cfg"), "ANSIBLE_COLLECTIONS_PATH": str(tmp_path)}
    subprocess.run(install, env=ansible_environment(**theirs), check=True, capture_output=True)
    said = molecule(collection, tmp_path / "state", "test", STANDIN=str(STANDIN.parent), **theirs)
    steps = re.findall(r"^default > (\w+): Executed: Successful", said, re.MULTILINE)
    assert steps == ["destroy", "create", "converge", "idempotence", "verify", "destroy"]


def test_its_documentation_shows_it() -> None:
    page = (CHECKOUT / "docs/testing-roles.md").read_text()
    shown = dict(re.findall(r"^`([a-z.]+)`:\n\n```yaml\n(.*?)```$", page, re.MULTILINE | re.DOTALL))
    files = (EXAMPLE / "extensions/molecule/default").iterdir()
    assert shown == {path.name: re.sub(r"\A---\n# SPDX.*\n", "", path.read_text()) for path in files}
