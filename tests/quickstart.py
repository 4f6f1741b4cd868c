# SPDX-License-Identifier: BSD-2-Clause
"""`make quickstart`: run playbooks/quickstart.yml twice, see that the second run changes nothing, show the jails."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

from tests.hosts import CHECKOUT, STANDIN, Host, HostError, ansible_environment, real_host, stand_in_down, stand_in_up

CACHE = CHECKOUT / ".cache/quickstart"


class QuickstartError(Exception):
    """The quickstart didn't do what it shows."""


def play(host: Host, playbook: str, cache: Path) -> int:
    """Run a playbook of playbooks/ on the host, for the reader to watch.

    Returns how many tasks changed something. Raises QuickstartError if the play fails.
    """
    inventory = host.write_inventory(cache / "inventory.yml")
    log = cache / "play.log"
    log.unlink(missing_ok=True)
    command = ["ansible-playbook", "-i", str(inventory), f"playbooks/{playbook}"]
    print(f"$ ansible-playbook -i {_shown(inventory)} playbooks/{playbook}", flush=True)
    # What is counted is read from Ansible's log, so that the output stays the terminal's, colours included.
    done = subprocess.run(command, cwd=CHECKOUT, env=ansible_environment(ANSIBLE_LOG_PATH=str(log)), check=False)
    if done.returncode != 0:
        raise QuickstartError(f"The play failed with status {done.returncode}.")
    changed = re.findall(r"^.*\bok=\d+ +changed=(\d+) ", log.read_text(), re.MULTILINE)
    if not changed:
        raise QuickstartError("The play reached no host.")
    return sum(int(count) for count in changed)


def quickstart(host: Host, cache: Path) -> None:
    """Provision the jails, provision them again, show them.

    Raises QuickstartError if a play fails, or if the second changes anything.
    """
    print(f"The play, on {host.name}:")
    play(host, "quickstart.yml", cache)
    print("The same play once more. Nothing differs, so nothing may change:")
    changed = play(host, "quickstart.yml", cache)
    if changed:
        raise QuickstartError(f"The second run changed something ({changed} tasks).")
    print(f"The jails that run on {host.name}:\n$ jls\n{host.run('jls').stdout}")


def _shown(path: Path) -> Path:
    return path.relative_to(CHECKOUT) if path.is_relative_to(CHECKOUT) else path


def _main() -> None:
    parser = argparse.ArgumentParser(prog="make quickstart", description=__doc__)
    parser.add_argument("--host", metavar="USER@NAME", help="a real FreeBSD host, instead of a stand-in")
    parser.add_argument("--remove", action="store_true", help="remove what an earlier quickstart made")
    options = parser.parse_args()
    if options.remove:
        if options.host:
            play(real_host(options.host), "quickstart_remove.yml", CACHE)
        else:
            stand_in_down("quickstart")
    elif options.host:
        quickstart(real_host(options.host), CACHE)
        print(f"Away with them: make quickstart-remove HOST={options.host}")
    else:
        stand_in_down("quickstart")
        quickstart(stand_in_up("quickstart"), CACHE)
        print("The stand-in stays up, for a look around. A shell in it, and away with it:")
        print(f"  {_shown(STANDIN)} ssh quickstart\n  make quickstart-remove")


if __name__ == "__main__":
    try:
        _main()
    except (QuickstartError, HostError) as error:
        sys.exit(f"quickstart: {error}")
