# SPDX-License-Identifier: BSD-2-Clause
"""What it costs to work in a jail rather than on its host: `python -m benchmarks.connection [--host root@host]`.

Printed are, for a play of ten tasks on the host and the same play in a jail, the shortest time of three in seconds and
how often ssh was started, and the ratios; then the times that a hundred megabytes take into the jail and out of it.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from tests.hosts import CHECKOUT, GROUP, Host, ansible_environment, real_host, stand_in_down, stand_in_up

JAIL = "benchmark"
TASKS = 10
RUNS = 3
MEGABYTES = 100


def _play(host: Host, directory: Path, tasks: list[dict[str, Any]], **variables: str) -> tuple[float, int]:
    """The time that tasks take on the host, or in the jail by the variables, and how often ssh is started."""
    counter = directory / "ssh"
    ssh = shutil.which(host.variables.get("ansible_ssh_executable", "ssh"))
    counter.write_text(f'#!/bin/sh\necho >>{counter}.log\nexec {shlex.quote(str(ssh))} "$@"\n')
    counter.chmod(0o755)
    log = directory / "ssh.log"
    log.write_text("")
    play = directory / "play.yml"
    play.write_text(yaml.safe_dump([{"hosts": GROUP, "gather_facts": False, "tasks": tasks}]))
    inventory = host.write_inventory(directory / "inventory.yml")
    command = [str(Path(sys.executable).with_name("ansible-playbook")), str(play), "-i", str(inventory)]
    for name, value in {"ansible_ssh_executable": str(counter), **variables}.items():
        command += ["-e", f"{name}={value}"]
    begin = time.monotonic()
    subprocess.run(command, cwd=CHECKOUT, env=ansible_environment(), stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - begin, len(log.read_text())


def measure(host: Host, directory: Path) -> None:
    """Run the plays and print what they took."""
    inside = {"ansible_connection": "bsd.jail.jail", "ansible_jail_name": JAIL}
    host.run(f"jail -q -c name={JAIL} path=/ persist")
    tasks: list[dict[str, Any]] = [{"ansible.builtin.command": "true"}] * TASKS
    outside_time, outside_ssh = min(_play(host, directory, tasks) for _ in range(RUNS))
    inside_time, inside_ssh = min(_play(host, directory, tasks, **inside) for _ in range(RUNS))
    print(f"{'':<16} {'host':>8} {'jail':>8} {'ratio':>8}")
    print(f"{'seconds':<16} {outside_time:>8.2f} {inside_time:>8.2f} {inside_time / outside_time:>8.2f}")
    print(f"{'ssh':<16} {outside_ssh:>8} {inside_ssh:>8} {inside_ssh / outside_ssh:>8.2f}")
    large = directory / "large"
    large.write_bytes(os.urandom(MEGABYTES << 20))
    there = "/tmp/benchmark.large"
    put = {"ansible.builtin.copy": {"src": str(large), "dest": there, "mode": "0600"}}
    fetch = {"ansible.builtin.fetch": {"src": there, "dest": str(directory / "back"), "flat": True}}
    for name, task in (("put", put), ("fetch", fetch)):
        seconds, ssh = _play(host, directory, [task], **inside)
        print(f"{MEGABYTES} MB {name:<9} {'':>8} {seconds:>8.2f}, ssh started {ssh} times")
    host.run(f"rm -f {there}; jail -r {JAIL}")


def main() -> None:
    """Measure on a stand-in, or on the host that was given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", metavar="USER@HOST", help="a real FreeBSD host")
    login = parser.parse_args().host
    with tempfile.TemporaryDirectory() as directory:
        if login:
            measure(real_host(login), Path(directory))
            return
        try:
            measure(stand_in_up(JAIL), Path(directory))
        finally:
            stand_in_down(JAIL)


if __name__ == "__main__":
    main()
