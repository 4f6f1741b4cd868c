# SPDX-License-Identifier: BSD-2-Clause
"""What a prepared program weighs while it waits: `python -m benchmarks.entrypoint [--host root@host]`.

Printed are the resident and virtual sizes, in KiB, of the process that waits and of its parent, which keeps the exit
status; and for comparison that of a Python which would wait instead.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks import on_a_host
from tests.hosts import CHECKOUT, GROUP, Host, ansible_environment

JAIL = "benchmark"
PYTHON = "/usr/local/bin/python3 -I -S -c 'import time; time.sleep(1000)'"


def _module(host: Host, directory: Path, name: str, arguments: str) -> None:
    inventory = host.write_inventory(directory / "inventory.yml")
    command = [str(Path(sys.executable).with_name("ansible")), GROUP, "-i", str(inventory), "-m", name, "-a", arguments]
    subprocess.run(command, cwd=CHECKOUT, env=ansible_environment(), stdout=subprocess.DEVNULL, check=True)


def _show(host: Host, what: str, pids: str) -> None:
    sizes = host.run(f"ps -o rss= -o vsz= -o ucomm= -p {pids}").stdout.split()
    print(f"{what:<34} {sizes[2]:<12} {sizes[0]:>8} {sizes[1]:>8}")


def measure(host: Host, directory: Path) -> None:
    """Prepare a program on the host, weigh what waits, and take all of it away again."""
    _module(host, directory, "bsd.jail.jail", f"name={JAIL} path=/")
    _module(host, directory, "bsd.jail.jail_exec", f"name={JAIL} mode=prepare argv=true")
    waiting = host.run(f"pgrep -n -f bsd.jail/{JAIL}/entrypoint/fifo").stdout.strip()
    parent = host.run(f"ps -o ppid= -p {waiting}").stdout.strip()
    python = host.run(f"{PYTHON} >/dev/null 2>&1 & sleep 1; echo $!").stdout.strip()
    print(f"{'':<34} {'program':<12} {'RSS':>8} {'VSZ':>8}")
    _show(host, "waits to become the program", waiting)
    _show(host, "its parent, for the exit status", parent)
    _show(host, "a Python that would wait instead", python)
    host.run(f"kill {python}")
    _module(host, directory, "bsd.jail.jail", f"name={JAIL} state=absent")


if __name__ == "__main__":
    on_a_host(__doc__, JAIL, measure)
