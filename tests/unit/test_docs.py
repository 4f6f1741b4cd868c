# SPDX-License-Identifier: BSD-2-Clause
"""What the pages of docs/ and the READMEs name is there."""

from __future__ import annotations

import importlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.hosts import CHECKOUT

PAGES = sorted(
    CHECKOUT / name
    for name in subprocess.run(
        ["git", "ls-files", "*.md"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    ).stdout.split()
    if not name.startswith("LICENSE")
)


def name_of(page: Path) -> str:
    return str(page.relative_to(CHECKOUT))


def anchors(page: Path) -> set[str]:
    """The names of a page's headings, as links have them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(), flags=re.DOTALL)
    dead = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if "://" not in link and (not target.exists() or (anchor and anchor not in anchors(target))):
            dead.append(link)
    assert not dead


def given(value: Any) -> Iterator[tuple[str, str]]:
    """The modules of ours that stand anywhere in a play or a piece of one, each with an option that it is given."""
    if isinstance(value, list):
        for one in value:
            yield from given(one)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if str(key).startswith("bsd.jail."):
                yield from ((key, option) for option in inner)
            yield from given(inner)


def options(module: str) -> set[str]:
    """The options of a module, and their aliases."""
    found = importlib.import_module(f"ansible_collections.bsd.jail.plugins.modules.{module.rpartition('.')[2]}")
    documented = yaml.safe_load(found.DOCUMENTATION)["options"]
    return {*documented, *(alias for option in documented.values() for alias in option.get("aliases", []))}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_what_stands_in_yaml_is_yaml_and_gives_modules_what_they_know(page: Path) -> None:
    for block in re.findall(r"^```yaml\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE):
        for module, option in given(yaml.safe_load(block)):
            assert option in options(module), f"{module}: {option}"


def test_the_tests_that_hold_a_promise_are_there() -> None:
    named = set(re.findall(r"`(test_\w+|targets/[a-z]\w*)`", (CHECKOUT / "docs/security.md").read_text()))
    tests = CHECKOUT / "tests"
    there = {f"targets/{path.name}" for path in (tests / "integration/targets").iterdir()}
    for path in tests.glob("**/test_*.py"):
        there |= set(re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE))
    assert named
    assert not named - there


def test_the_map_of_the_library_is_complete() -> None:
    """Whoever adds a file to the library says on the page on architecture which layer it belongs to."""
    page = (CHECKOUT / "docs/architecture.md").read_text()
    table = page[page.index("The files of `plugins/module_utils`") :].split("\n\n")[1]
    named = set(re.findall(r"`(\w+)`", table))
    files = {path.stem for path in (CHECKOUT / "plugins/module_utils").glob("*.py")}
    assert not files - named
