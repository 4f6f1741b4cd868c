# SPDX-License-Identifier: BSD-2-Clause
"""What Ansible Galaxy gets is enough: with ansible-core and nothing else, it provisions what the quickstart shows."""

from __future__ import annotations

import os
import re
import sys
from importlib import metadata
from pathlib import Path

from tests.hosts import CHECKOUT, Host, ansible_environment

from .conftest import run


def test_the_quickstart_by_the_installed_collection(host: Host, tmp_path: Path) -> None:
    build = ["ansible-galaxy", "collection", "build", "--output-path", str(tmp_path)]
    run(build, CHECKOUT, ansible_environment())
    (artefact,) = tmp_path.glob("bsd-jail-*.tar.gz")

    # Somebody who has nothing: no configuration, no other collection, of Python's packages only those of ansible-core.
    kept = {name: value for name, value in os.environ.items() if not re.match("ANSIBLE_|PYTHON|VIRTUAL_ENV", name)}
    theirs = {**kept, "HOME": str(tmp_path), "PATH": f"{tmp_path}/venv/bin:{os.defpath}", "NO_COLOR": "1"}
    run([sys.executable, "-m", "venv", "venv"], tmp_path, theirs)
    core = f"ansible-core=={metadata.version('ansible-core')}"
    run(["venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", core], tmp_path, theirs)

    run(["ansible-galaxy", "collection", "install", "--offline", str(artefact)], tmp_path, theirs)
    assert run(["ansible-galaxy", "collection", "list"], tmp_path, theirs).split().count("bsd.jail") == 1
    inventory = str(host.write_inventory(tmp_path / "inventory.yml"))
    play = ["ansible-playbook", "-i", inventory]
    run([*play, "bsd.jail.quickstart"], tmp_path, theirs)
    assert " changed=0 " in run([*play, "bsd.jail.quickstart"], tmp_path, theirs)
    assert host.run("jls name").stdout.split() == ["loopback", "bridged", "thin"]
    run([*play, "bsd.jail.quickstart_remove"], tmp_path, theirs)
    assert host.run("jls name").stdout == ""
