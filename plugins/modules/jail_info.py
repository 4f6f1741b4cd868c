#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Ansible module bsd.jail.jail_info: which FreeBSD jails run and are configured."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jail_info
short_description: Tell which FreeBSD jails run and are configured
version_added: 0.1.0
author:
  - bsd.jail maintainers (@bsd-jail)
description:
  - Tells which jails of a host run, which are configured, and what they are like. Nothing is changed.
  - Jails are found however they were made, by this collection, by hand or by another manager.
  - What is configured is what C(jail -e) shows of C(/etc/jail.conf) and what it includes, of C(/etc/jail.conf.d/*.conf)
    and of C(/etc/jail.NAME.conf). A file that jail(8) can't read isn't an error; RV(problems) tells of it.
notes:
  - Needs root on the host; use C(become).
  - However many jails there are, it starts one C(jls) and one C(jail). A file that can't be read makes it one C(jail)
    for each jail, and so does one outside of C(/etc/jail.conf) that sets defaults.
extends_documentation_fragment:
  - bsd.jail.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  name:
    description:
      - The names of the jails to tell of, or the jids of running ones. Without it, all are told of.
      - A jail that there isn't is told of too, as neither running nor configured.
    type: list
    elements: str
    aliases: [names]
  path:
    description:
      - Directories. Only jails are told of whose root is one of them, or lies in or around one of them.
      - A root that is C(/) lies around none.
    type: list
    elements: str
  gather:
    description:
      - What to tell besides. Each starts one more program on the host, V(addresses) one for each jail with a network
        stack of its own too.
      - V(parameters) are RV(jails[].parameters) and RV(jails[].configured_parameters). The others are what bears their
        name.
    type: list
    elements: str
    choices: [parameters, addresses, mounts, processes]
    default: []
seealso:
  - module: bsd.jail.jail
  - plugin: bsd.jail.jails
    plugin_type: inventory
    description: Jails as hosts of the inventory.
"""

EXAMPLES = r"""
- name: All jails
  bsd.jail.jail_info:
  register: info

- name: Show those that run
  ansible.builtin.debug:
    msg: "{{ info.jails | selectattr('running') | map(attribute='name') }}"

- name: See to it that jail(8) can read its files
  ansible.builtin.assert:
    that: info.problems | length == 0
    fail_msg: "{{ info.problems | map(attribute='msg') | join(', ') }}"

- name: See to it that all that runs is configured, and would come back after a reboot
  ansible.builtin.assert:
    that: info.jails | selectattr('running') | rejectattr('configured') | length == 0

- name: One jail, with all that can be told of it
  bsd.jail.jail_info:
    name: web
    gather: [parameters, addresses, mounts, processes]
  register: web

- name: Use its address
  ansible.builtin.debug:
    msg: "{{ web.jails[0].addresses | map(attribute='address') | first }}"
"""

RETURN = r"""
jails:
  description: The jails, by name; those that were asked for in that order.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The jail's name. That of a jail in another one begins with the other's and a dot.
      type: str
      returned: success
      sample: web
    running:
      description: Whether it runs.
      type: bool
      returned: success
      sample: true
    configured:
      description: Whether a file configures it.
      type: bool
      returned: success
      sample: true
    jid:
      description: The jid of a running jail, else null.
      type: int
      returned: success
      sample: 12
    dying:
      description: The jids of jails of this name that are stopped, and that the kernel can't let go of yet.
      type: list
      elements: int
      returned: success
      sample: []
    path:
      description: The directory that is its root; null if it neither runs nor is configured, or its file can't be read.
      type: str
      returned: success
      sample: /usr/local/jails/web
    files:
      description: The files that configure it. There should be at most one.
      type: list
      elements: str
      returned: success
      sample: [/etc/jail.conf.d/web.conf]
    boot:
      description:
        - Whether C(rc.d/jail) starts it at boot, by C(/etc/rc.conf) and C(/etc/jail.conf), be it as one on which
          another depends; null if they can't be read.
      type: bool
      returned: success
      sample: true
    parameters:
      description:
        - What the kernel says of a running jail, by the names of jail(8), numbers as integers, flags as booleans,
          addresses as lists. Null for one that doesn't run.
      type: dict
      returned: O(gather) has V(parameters)
      sample: {allow.raw_sockets: true, host.hostname: web.example.org, ip4.addr: [10.78.0.5], securelevel: -1}
    configured_parameters:
      description:
        - What is configured, with the defaults in jail.conf(5), variables replaced. Null if it isn't configured, or
          its file can't be read.
      type: dict
      returned: O(gather) has V(parameters)
      sample: {exec.start: [/bin/sh /etc/rc], host.hostname: web.example.org, path: /usr/local/jails/web, persist: true}
    addresses:
      description:
        - The addresses of a running jail. Of one that has the host's, none of its own.
      type: list
      elements: dict
      returned: O(gather) has V(addresses)
      contains:
        address:
          description: The address.
          type: str
          returned: success
        interface:
          description: The interface that has it; null if there is none.
          type: str
          returned: success
        prefix:
          description: The length of its prefix; null if no interface has it.
          type: int
          returned: success
      sample: [{address: 10.78.0.5, interface: lo1, prefix: 32}]
    mounts:
      description: What is mounted at RV(jails[].path) and below, in the order of mounting.
      type: list
      elements: dict
      returned: O(gather) has V(mounts)
      contains:
        destination:
          description: Where, as a path within the jail.
          type: str
          returned: success
        type:
          description: The file system's type.
          type: str
          returned: success
        source:
          description: What is mounted.
          type: str
          returned: success
        options:
          description: Its options, those that mount(8) shows.
          type: list
          elements: str
          returned: success
        fsid:
          description: Its id, which umount(8) takes too.
          type: str
          returned: success
      sample: [{destination: /dev, type: devfs, source: devfs, options: [], fsid: 00ff000302000000}]
    processes:
      description: The processes of a running jail; those of jails in it are theirs.
      type: list
      elements: dict
      returned: O(gather) has V(processes)
      contains:
        pid:
          description: The process's id, the same on the host as in the jail.
          type: int
          returned: success
        ppid:
          description: That of its parent.
          type: int
          returned: success
        uid:
          description: The id of its user.
          type: int
          returned: success
        state:
          description: Its state, in the letters of ps(1).
          type: str
          returned: success
        started:
          description: When it started, in UTC; null where ps(1) doesn't know.
          type: str
          returned: success
        command:
          description: The program and its arguments.
          type: str
          returned: success
      sample: [{pid: 1843, ppid: 1, uid: 0, state: SsJ, started: '2026-11-24T20:51:24Z', command: /usr/sbin/cron -s}]
problems:
  description: What is wrong with what is configured.
  returned: success
  type: list
  elements: dict
  contains:
    msg:
      description: What jail(8) says of it.
      type: str
      returned: success
    path:
      description: The file; null if jail(8) names none.
      type: str
      returned: success
    line:
      description: The line; null if jail(8) names none.
      type: int
      returned: success
    jail:
      description: The jail that it concerns, or whose own file it is; null if neither is known.
      type: str
      returned: success
  sample:
    - msg: 'jail: /etc/jail.conf.d/web.conf line 3: }: syntax error'
      path: /etc/jail.conf.d/web.conf
      line: 3
      jail: web
parameter:
  description: The option that is wrong.
  returned: failure, when there is one
  type: str
  sample: name
cmd:
  description: The command line of the host's program that failed.
  returned: failure, when there is one
  type: list
  elements: str
  sample: [/sbin/ifconfig, -j, '12']
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
  sample: 'ifconfig: jail "12" not found'
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.bsd.jail.plugins.module_utils import info
from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import Host
from ansible_collections.bsd.jail.plugins.module_utils.text import readable

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "name": {"type": "list", "elements": "str", "aliases": ["names"]},
    "path": {"type": "list", "elements": "str"},
    "gather": {"type": "list", "elements": "str", "choices": list(info.GATHER), "default": []},
}


def main() -> None:
    """Read the arguments, look at the host, and say what there is."""
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    host = Host()
    try:
        host.check()
        result = info.gather(host, module.params["name"], module.params["gather"], module.params["path"])
    except JailError as error:
        module.fail_json(**readable(error.result))
    module.exit_json(changed=False, **readable(result))


if __name__ == "__main__":
    main()
