# SPDX-License-Identifier: BSD-2-Clause
"""What it costs to work in a jail rather than on its host: `python -m benchmarks.connection [--host root@host]`.

Printed are, for a play of ten tasks on the host and the same play in a jail, the shortest time of three in seconds and
how often ssh was started, and the ratios; then what a hundred megabytes take into the jail and out of it, and the most
memory that one of Ansible's processes had, beside that for a file of one byte.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks import on_a_host
from tests.hosts import CHECKOUT, GROUP, Host, ansible_environment

JAIL = "benchmark"
TASKS = 10
RUNS = 3
MEGABYTES = 100
# A process begins with the memory of the one that it is forked from: a small one here.
_MEMORY = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@dataclass(frozen=True, order=True)
class Cost:
    """What a play took: seconds, how often ssh was started, and the most memory of one of its processes, in bytes."""

    seconds: float
    ssh: int
    memory: int


def play(host: Host, directory: Path, tasks: list[dict[str, Any]], **variables: str) -> Cost:
    """Run tasks on the host, or in the jail that the variables say. Raises CalledProcessError if one fails."""
    counter = directory / "ssh"
    ssh = shutil.which(host.variables.get("ansible_ssh_executable", "ssh"))
    counter.write_text(f'#!/bin/sh\necho >>{counter}.log\nexec {shlex.quote(str(ssh))} "$@"\n')
    counter.chmod(0o755)
    log = directory / "ssh.log"
    log.write_text("")
    playbook = directory / "play.yml"
    playbook.write_text(yaml.safe_dump([{"hosts": GROUP, "gather_facts": False, "tasks": tasks}]))
    inventory = host.write_inventory(directory / "inventory.yml")
    command = [str(Path(sys.executable).with_name("ansible-playbook")), str(playbook), "-i", str(inventory)]
    for name, value in {"ansible_ssh_executable": str(counter), **variables}.items():
        command += ["-e", f"{name}={value}"]
    begin = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", _MEMORY, *command],
        cwd=CHECKOUT,
        env=ansible_environment(),
        stdout=subprocess.PIPE,
        check=True,
    )
    return Cost(time.monotonic() - begin, len(log.read_text()), int(done.stdout) << 10)


def put_and_fetch(directory: Path, size: int) -> list[dict[str, Any]]:
    """The tasks that send a file of that many bytes, and fetch it again."""
    large = directory / "large"
    large.write_bytes(os.urandom(size))
    put = {"ansible.builtin.copy": {"src": str(large), "dest": f"/tmp/{JAIL}", "mode": "0600"}}
    fetch = {"ansible.builtin.fetch": {"src": f"/tmp/{JAIL}", "dest": str(directory / "back"), "flat": True}}
    return [put, fetch]


def measure(host: Host, directory: Path) -> None:
    """Run the plays and print what they took."""
    inside = {"ansible_connection": "bsd.jail.jail", "ansible_jail_name": JAIL}
    host.run(f"jail -q -c name={JAIL} path=/ persist")
    tasks: list[dict[str, Any]] = [{"ansible.builtin.command": "true"}] * TASKS
    outer = min(play(host, directory, tasks) for _ in range(RUNS))
    inner = min(play(host, directory, tasks, **inside) for _ in range(RUNS))
    print(f"{'':<16} {'host':>8} {'jail':>8} {'ratio':>8}")
    print(f"{'seconds':<16} {outer.seconds:>8.2f} {inner.seconds:>8.2f} {inner.seconds / outer.seconds:>8.2f}")
    print(f"{'ssh':<16} {outer.ssh:>8} {inner.ssh:>8} {inner.ssh / outer.ssh:>8.2f}")
    for size in (1, MEGABYTES << 20):
        for name, task in zip(("put", "fetch"), put_and_fetch(directory, size)):
            cost = play(host, directory, [task], **inside)
            print(f"{name} {size} bytes: {cost.seconds:.2f} s, ssh started {cost.ssh} times, {cost.memory >> 20} MB")
    host.run(f"rm -f /tmp/{JAIL}; jail -r {JAIL}")


if __name__ == "__main__":
    on_a_host(__doc__, JAIL, measure)
