# SPDX-License-Identifier: BSD-2-Clause
"""The documentation is true: each example runs as it stands, and what modules return is what they say they return.

Before a module's examples, the tasks of `examples/MODULE/before.yml` make what they need. After them, those of
`examples/MODULE/after.yml` show what no example does, such as what a task returns that fails, and those of
`examples/MODULE/clean.yml` leave nothing.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.hosts import CHECKOUT, GROUP

from .conftest import Ansible

HERE = Path(__file__).parent
BASE_SET = "/usr/freebsd-dist/base.txz"
MODULES = sorted(path.stem for path in (CHECKOUT / "plugins/modules").glob("*.py"))
# What their examples do isn't for a host whose only user is root.
NEED_USERS = frozenset({"jail_exec", "jail_root"})
# What Ansible has in any result.
COMMON = {"changed", "diff", "exception", "failed", "msg", "skipped", "stderr_lines", "stdout_lines", "warnings"}
TYPES = {"bool": bool, "dict": dict, "float": float, "int": int, "list": list, "str": str}


@dataclass(frozen=True)
class Task:
    """A task that has run: what it gave to the module, and what the module returned."""

    arguments: dict[str, Any]
    is_check: bool
    result: dict[str, Any]

    @property
    def is_success(self) -> bool:
        return not self.result.get("failed")

    def has_given(self, option: str) -> bool | None:
        """Whether the task gave an option; None if it did and failed."""
        return (self.is_success or None) if option in self.arguments else False

    @property
    def has_run(self) -> bool:
        """Of jail_exec: whether the program was to be run, and nothing was in the way."""
        is_wanted = self.arguments.get("mode", "run") == "run"
        return is_wanted and (self.is_success or self.result["msg"] == "non-zero return code")

    @property
    def has_entrypoint(self) -> bool:
        """Of jail_exec: whether there is a process that was prepared."""
        is_wanted = self.arguments.get("mode", "run") != "run"
        return is_wanted and self.is_success and not str(self.result.get("msg")).startswith("not ")


# Whether a key is returned, by the words that say when: of the task, and of the dictionary that the key is in. None if
# these can't tell.
RETURNED: dict[str, Callable[[Task, dict[str, Any]], bool | None]] = {
    "success": lambda task, _beside: task.is_success,
    "failure, when there is one": lambda task, _beside: False if task.is_success else None,
    "success, and failure of a program": lambda task, beside: task.is_success or "rc" in beside,
    "with O(mode=run)": lambda task, _beside: task.has_run,
    "with O(mode=run), and failure of a program": lambda task, beside: task.has_run or "rc" in beside,
    "with O(mode=prepare), O(mode=release) and O(mode=detach), if there is the process": (
        lambda task, _beside: task.has_entrypoint
    ),
    "with O(mode=prepare), O(mode=release) and O(mode=detach), when the program has ended": (
        lambda task, _beside: None if task.has_entrypoint else False
    ),
    "when nothing was done, and on failure": (
        lambda task, beside: not (task.is_success and (beside.get("start") or task.result["changed"])) or task.is_check
    ),
    "O(gather) has V(parameters)": lambda task, _beside: "parameters" in task.arguments.get("gather", []),
    "O(gather) has V(addresses)": lambda task, _beside: "addresses" in task.arguments.get("gather", []),
    "O(gather) has V(mounts)": lambda task, _beside: "mounts" in task.arguments.get("gather", []),
    "O(gather) has V(processes)": lambda task, _beside: "processes" in task.arguments.get("gather", []),
    "always": lambda _task, _beside: True,
    "always, unless a task fails before they are known": lambda task, _beside: task.is_success or None,
    "with O(name); of a task that fails, when it is known": lambda task, _beside: task.has_given("name"),
    "with O(jails); of a task that fails, when they are known": lambda task, _beside: task.has_given("jails"),
    "when it runs": lambda _task, beside: beside["state"] == "running",
    "when C(rc.conf) can be read": lambda _task, _beside: None,
    "when O(backup=true) and there was one": lambda _task, _beside: None,
    "when something did": lambda task, _beside: False if task.is_success else None,
}


def check_type(about: dict[str, Any], value: Any, where: str) -> Iterator[str]:
    """What is wrong with a value, or a sample, of which the documentation says what it is."""
    if value is None and "null" in str(about["description"]):
        return
    if type(value) is not TYPES[about["type"]]:
        yield f"{where}: {value!r} isn't of type {about['type']}"
        return
    for one in value if isinstance(value, list) else []:
        if type(one) is not TYPES[about["elements"]]:
            yield f"{where}: {one!r} isn't of type {about['elements']}"


def check_alike(sample: Any, value: Any, where: str) -> Iterator[str]:
    """In what a value differs from its sample, as far as both have a thing."""
    if sample is None or value is None:
        return
    if type(sample) is not type(value):
        yield f"{where}: {value!r} isn't like its sample, {sample!r}"
    elif isinstance(value, dict):
        for key in sample.keys() & value.keys():
            yield from check_alike(sample[key], value[key], f"{where}.{key}")
    elif isinstance(value, list) and sample and value:
        yield from check_alike(sample[0], value[0], f"{where}[]")


def check_keys(
    documented: dict[str, Any], found: dict[str, Any], task: Task, seen: set[str], where: str = ""
) -> Iterator[str]:
    """What a dictionary has that isn't documented, or the other way round. Keys that are there are added to seen."""
    for key in found.keys() - documented.keys():
        yield f"{where}{key} isn't documented"
    for key, about in documented.items():
        name = f"{where}{key}"
        when = about.get("returned", "always")
        if RETURNED[when](task, found) is (key not in found):
            yield f"{name} is returned: {when}; but {'here too' if key in found else 'not here'}"
        if key not in found:
            continue
        seen.add(name)
        value = found[key]
        yield from check_type(about, value, name)
        if "sample" in about:
            yield from check_alike(about["sample"], value, name)
        for one in value if isinstance(value, list) else [value]:
            if "contains" in about and isinstance(one, dict):
                yield from check_keys(about["contains"], one, task, seen, f"{name}.")


def check_samples(documented: dict[str, Any], where: str = "") -> Iterator[str]:
    """What is wrong with the samples themselves, and keys that have none."""
    for key, about in documented.items():
        name = f"{where}{key}"
        if "sample" in about:
            yield from check_type(about, about["sample"], name)
        elif "contains" in about:
            yield from check_samples(about["contains"], f"{name}.")
        else:
            yield f"{name} has no sample"


def expected(documented: dict[str, Any], where: str = "") -> Iterator[str]:
    """The keys that must have been returned at least once: all but those of failures, not all of which can be made."""
    for key, about in documented.items():
        if not about.get("returned", "").startswith("failure"):
            yield f"{where}{key}"
            yield from expected(about.get("contains", {}), f"{where}{key}.")


def tasks_of(path: Path) -> list[dict[str, Any]]:
    """The tasks in a file, none if it isn't there."""
    tasks: list[dict[str, Any]] = yaml.safe_load(path.read_text()) if path.exists() else []
    return tasks


def run(ansible: Ansible, directory: Path, before: list[dict[str, Any]], tasks: list[dict[str, Any]]) -> list[Any]:
    """Run the tasks of a play. Returns the results of those that don't come before."""
    for number, task in enumerate(tasks):
        task.setdefault("register", f"result_{number}")
    results = directory / "results.json"
    names = ", ".join(task["register"] for task in tasks)
    save = {
        "name": "Save the results",
        "ansible.builtin.copy": {"content": f"{{{{ [{names}] | to_json }}}}", "dest": str(results), "mode": "0600"},
        "delegate_to": "localhost",
        "vars": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable},
    }
    play = directory / "play.yml"
    play.write_text(yaml.safe_dump([{"hosts": GROUP, "gather_facts": False, "tasks": [*before, *tasks, save]}]))
    ansible.playbook(play)
    found: list[Any] = json.loads(results.read_text())
    return found


@pytest.mark.parametrize(
    "module",
    [pytest.param(name, marks=pytest.mark.needs_users if name in NEED_USERS else ()) for name in MODULES],
)
def test_module(ansible: Ansible, tmp_path: Path, module: str) -> None:
    documentation = importlib.import_module(f"ansible_collections.bsd.jail.plugins.modules.{module}")
    action = f"bsd.jail.{module}"
    before, after, clean = (
        tasks_of(HERE / "examples" / module / f"{when}.yml") for when in ("before", "after", "clean")
    )
    tasks = [*yaml.safe_load(documentation.EXAMPLES), *after, *clean]
    results = run(ansible, tmp_path, before, tasks)
    documented = yaml.safe_load(documentation.RETURN)
    wrong, seen = list(check_samples(documented)), set[str]()
    for task, result in zip(tasks, results):
        if action in task:
            ran = Task(task[action] or {}, task.get("check_mode", False), result)
            found = {key: value for key, value in result.items() if key in documented or key not in COMMON}
            wrong += [f"{task['name']}: {what}" for what in check_keys(documented, found, ran, seen)]
    wrong += [f"{key} was never returned" for key in expected(documented) if key not in seen]
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.needs_users
def test_roles(ansible: Ansible, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """The roles' examples, one after the other: jails need what the role host makes."""
    before = tasks_of(HERE / "examples/roles/before.yml")
    after = tasks_of(HERE / "examples/roles/after.yml") if pytestconfig.getoption("--host") else []
    examples = []
    for role in ("host", "jail"):
        specs = yaml.safe_load((CHECKOUT / f"roles/{role}/meta/argument_specs.yml").read_text())
        examples += yaml.safe_load(specs["argument_specs"]["main"]["examples"])
    around = ({"hosts": GROUP, "gather_facts": False, "tasks": tasks} for tasks in (before, after))
    play = tmp_path / "play.yml"
    play.write_text(yaml.safe_dump([next(around), *examples, next(around)]))
    # Where the host has what the examples would get from the network, it comes from there.
    is_here = ansible.host.run(f"test -f {BASE_SET}", check=False).returncode == 0
    ansible.playbook(play, *(("-e", f"jail_archive={BASE_SET}") if is_here else ()))


def test_the_first_play_of_the_readme(ansible: Ansible, tmp_path: Path) -> None:
    """It does what it says, and a second time nothing."""
    blocks = re.findall(r"^```yaml\n(.*?)^```", (CHECKOUT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    (first,) = (block for block in blocks if "hosts: jailhosts" in block)
    for when in ("before", "clean"):
        play = {"hosts": GROUP, "gather_facts": False, "tasks": tasks_of(HERE / "examples/jail" / f"{when}.yml")}
        (tmp_path / f"{when}.yml").write_text(yaml.safe_dump([play]))
    (tmp_path / "first.yml").write_text(first)
    ansible.playbook(tmp_path / "before.yml")
    assert "changed=1 " in ansible.playbook(tmp_path / "first.yml")
    assert "changed=0 " in ansible.playbook(tmp_path / "first.yml")
    assert ansible.host.run("jls -j web ip4.addr securelevel").stdout == "10.78.0.5 2\n"
    ansible.module("bsd.jail.jail", "name=web state=absent")
    ansible.playbook(tmp_path / "clean.yml")
