# SPDX-License-Identifier: BSD-2-Clause
"""What Ansible Galaxy gets, and what Ansible is told about it."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.hosts import CHECKOUT, ansible_environment
from tests.standin.host import requirements

ROLES = sorted(path.name for path in (CHECKOUT / "roles").iterdir())


def metadata(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((CHECKOUT / name).read_text())
    return loaded


@pytest.fixture(scope="module")
def artefact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The collection as ansible-galaxy builds it."""
    output = tmp_path_factory.mktemp("artefact")
    command = ["ansible-galaxy", "collection", "build", "--output-path", str(output)]
    subprocess.run(command, cwd=CHECKOUT, env=ansible_environment(), check=True, capture_output=True)
    return output / f"bsd-jail-{metadata('galaxy.yml')['version']}.tar.gz"


def test_the_artefact_has_what_users_need_and_nothing_else(artefact: Path) -> None:
    with tarfile.open(artefact) as archive:
        names = archive.getnames()
    assert {name.split("/")[0] for name in names} == {
        "CHANGELOG.md",
        "FILES.json",
        "LICENSE",
        "LICENSES",
        "MANIFEST.json",
        "README.md",
        "changelogs",
        "docs",
        "meta",
        "playbooks",
        "plugins",
        "roles",
    }
    changelogs = {name for name in names if name.startswith("changelogs/")}
    assert changelogs == {"changelogs/changelog.yaml"}
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_the_action_group_is_all_modules() -> None:
    modules = {path.stem for path in (CHECKOUT / "plugins/modules").glob("*.py")}
    assert modules
    assert set(metadata("meta/runtime.yml")["action_groups"]["jail"]) == modules


@pytest.fixture(scope="module")
def installed(artefact: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of someone who installed the collection, and told Ansible its short names as README says."""
    path = tmp_path_factory.mktemp("installed")
    (path / "ansible.cfg").touch()
    environment = ansible_environment(
        ANSIBLE_CONFIG=str(path / "ansible.cfg"),
        ANSIBLE_COLLECTIONS_PATH=str(path),
        ANSIBLE_LIBRARY=str(path / "ansible_collections/bsd/jail/plugins/modules"),
    )
    command = ["ansible-galaxy", "collection", "install", "--offline", "--collections-path", str(path), str(artefact)]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return environment


@pytest.mark.parametrize("name", ["jail", "bsd.jail.jail"])
def test_an_installed_collection_knows_both_names(installed: dict[str, str], name: str) -> None:
    command = ["ansible-doc", "--type", "module", name]
    document = subprocess.run(command, env=installed, check=True, capture_output=True, text=True).stdout
    assert f"{installed['ANSIBLE_LIBRARY']}/jail.py" in document


def test_readme_names_the_packages_that_a_stand_in_needs() -> None:
    readme = (CHECKOUT / "README.md").read_text()
    needed = {*requirements.PROGRAMS.values(), *requirements.FILES.values()}
    assert not [package for package in needed if f"`{package}`" not in readme]


def test_readme_names_all_there_is() -> None:
    readme = (CHECKOUT / "README.md").read_text()
    plugins = {
        f"`bsd.jail.{path.stem}`"
        for kind in ("modules", "connection", "inventory")
        for path in (CHECKOUT / "plugins" / kind).glob("*.py")
    }
    playbooks = {f"]({path.relative_to(CHECKOUT)})" for path in (CHECKOUT / "playbooks").glob("*.yml")}
    undoing = {name for name in playbooks if "_remove." in name}
    wanted = plugins | {f"`bsd.jail.{role}`" for role in ROLES} | (playbooks - undoing)
    assert not {name for name in wanted if name not in readme}


@pytest.mark.parametrize("file", ["tests/packages", ".ci/run", "playbooks/files/answer.sh"])
def test_shell_scripts_parse(file: str) -> None:
    subprocess.run(["sh", "-n", CHECKOUT / file], check=True)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_documents_the_defaults_that_it_has(role: str) -> None:
    options = metadata(f"roles/{role}/meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    defaults = metadata(f"roles/{role}/defaults/main.yml")
    templates = {name for name, value in defaults.items() if "{{" in str(value)}  # what these come to is said in words
    documented = {name: option["default"] for name, option in options.items() if "default" in option}
    assert documented == {name: value for name, value in defaults.items() if name not in templates}
    assert templates <= options.keys()
    assert all(option["type"] and option["description"] for option in options.values())


@pytest.mark.parametrize("role", ROLES)
def test_a_roles_readme_has_its_examples(role: str) -> None:
    examples = metadata(f"roles/{role}/meta/argument_specs.yml")["argument_specs"]["main"]["examples"]
    assert f"```yaml\n{examples}```" in (CHECKOUT / f"roles/{role}/README.md").read_text()
