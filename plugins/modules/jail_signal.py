#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Ansible module bsd.jail.jail_signal: a signal to processes of a running FreeBSD jail."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jail_signal
short_description: Signal processes of a FreeBSD jail
version_added: 0.1.0
author:
  - bsd.jail maintainers (@bsd-jail)
description:
  - Sends a signal to processes of a running jail, and waits for their end, if that is wanted.
  - A signal is sent by a process that has entered the jail. It can't reach a process outside of it, whatever has become
    of a pid meanwhile, and no program of the jail's own takes part.
notes:
  - Needs root on the host; use C(become).
extends_documentation_fragment:
  - bsd.jail.attributes
attributes:
  check_mode:
    support: full
    details: It can't tell who ends by the signal; RV(left) is who is there.
  diff_mode:
    support: none
  idempotent:
    support: partial
    details: It signals whoever is there. Processes that have ended by it aren't there the second time.
options:
  name:
    description: The name or the jid of a running jail.
    type: str
    required: true
  signal:
    description:
      - The signal, by its name with or without C(SIG), in any case, or by its number. V(0) only asks who is there.
    type: str
    default: TERM
  pid:
    description:
      - The pid of a process of the jail.
      - Without it, and without O(all), the jail's entrypoint is meant, the program that M(bsd.jail.jail_exec) prepared,
        waiting or running.
    type: int
  all:
    description: Signal all processes of the jail. They are listed and signalled until there is no new one.
    type: bool
    default: false
  children:
    description: The processes of jails within this one are meant too.
    type: bool
    default: false
  wait:
    description:
      - The seconds to wait for the processes to be gone. It isn't an error if they aren't; RV(left) tells.
      - With O(escalate), as long again after the second signal.
    type: float
    default: 0
  escalate:
    description: The signal, like O(signal), that those get which aren't gone after O(wait).
    type: str
  must_exist:
    description: Whether it is an error that there is no process to signal.
    type: bool
    default: false
seealso:
  - module: bsd.jail.jail
  - module: bsd.jail.jail_exec
"""

EXAMPLES = r"""
- name: Let a server read its configuration again
  bsd.jail.jail_signal:
    name: web
    pid: "{{ server.pid }}"
    signal: HUP
    must_exist: true

- name: End the program that jail_exec prepared, and be sure
  bsd.jail.jail_signal:
    name: web
    wait: 30
    escalate: KILL

- name: End all that runs in a jail, without stopping it
  bsd.jail.jail_signal:
    name: web
    all: true
    wait: 10
    escalate: KILL
"""

RETURN = r"""
pids:
  description: The processes that were there, and were signalled unless in check mode.
  returned: success
  type: list
  elements: int
  sample: [1843]
left:
  description: Those of them that are still there. With O(all), whoever is.
  returned: success
  type: list
  elements: int
  sample: []
escalated:
  description: Whether the second signal was sent.
  returned: success
  type: bool
  sample: false
parameter:
  description: The option that is wrong.
  returned: failure, when there is one
  type: str
  sample: signal
cmd:
  description: The command line of the host's program that failed.
  returned: failure, when there is one
  type: list
  elements: str
  sample: [/bin/ps, --libxo, json, -ax, -o, "pid,ppid,jid,uid,state,lstart"]
rc:
  description: The status of the program that failed, negative for the signal that ended it.
  returned: failure, when there is one
  type: int
  sample: 1
stdout:
  description: What the program that failed printed.
  returned: failure, when there is one
  type: str
  sample: ""
stderr:
  description: What the program that failed printed to its standard error.
  returned: failure, when there is one
  type: str
  sample: "ps: cannot fork"
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.bsd.jail.plugins.module_utils import entrypoint, signalling
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import Host
from ansible_collections.bsd.jail.plugins.module_utils.processes import signal_number

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "signal": {"type": "str", "default": "TERM"},
    "pid": {"type": "int"},
    "all": {"type": "bool", "default": False},
    "children": {"type": "bool", "default": False},
    "wait": {"type": "float", "default": 0},
    "escalate": {"type": "str"},
    "must_exist": {"type": "bool", "default": False},
}


def work(host: Host, options: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """What the module does and returns. Raises JailError."""
    if options["pid"] is not None and options["all"]:
        raise InputError("pid and all exclude each other.", parameter="all")
    if options["pid"] is not None and options["pid"] < 1:
        raise InputError(f"{options['pid']} can't be the pid of a process of a jail.", parameter="pid")
    if options["escalate"] is not None and options["wait"] <= 0:
        raise InputError("escalate needs a wait before it: the seconds to give the first signal.", parameter="escalate")
    number = signal_number(options["signal"])
    escalate = None if options["escalate"] is None else signal_number(options["escalate"])
    host.check()
    jail = entrypoint.jail_of(host, options["name"], check_mode)
    outcome = signalling.deliver(
        host,
        jail,
        signalling.Target(options["pid"], options["all"], options["children"]),
        number,
        wait=options["wait"],
        escalate=escalate,
        check_mode=check_mode,
    )
    if options["must_exist"] and not outcome.found:
        what = "process" if options["all"] else f"process {options['pid']}" if options["pid"] else "entrypoint"
        raise JailError(f"jail {jail.name}: there is no {what} in it to signal.", jail=jail.name)
    return {
        "changed": number != 0 and bool(outcome.found),
        "pids": list(outcome.found),
        "left": list(outcome.left),
        "escalated": outcome.escalated,
    }


def main() -> None:
    """Read the arguments, send the signal, and say who got it."""
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        result = work(Host(), module.params, module.check_mode)
    except JailError as error:
        module.fail_json(**error.result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
