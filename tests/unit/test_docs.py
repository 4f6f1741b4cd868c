# SPDX-License-Identifier: BSD-2-Clause
"""What the pages of docs/ and the READMEs name is there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

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
