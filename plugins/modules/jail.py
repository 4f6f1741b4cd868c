#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Ansible module bsd.jail.jail: one FreeBSD jail as it is to be."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jail
short_description: Configure, start and stop a FreeBSD jail
version_added: 0.1.0
author:
  - bsd.jail maintainers (@bsd-jail)
description:
  - Brings a jail to what is wanted of it, with what FreeBSD's base system has. No jail manager and no package is needed
    on the host but Python.
  - A jail's configuration is the file C(/etc/jail.conf.d/NAME.conf), which C(rc.d/jail) and jail(8) read as well.
  - What is given to this module is the whole configuration of the jail. When none of it is given, the configuration
    is left as it is.
  - A jail is stopped by the configuration that it was started with, even when its file has changed or is gone.
  - When the configuration differs from the one that the jail was started with, or from what the kernel says, a running
    jail is restarted or left, as O(restart) says.
  - Values are literal. They reach jail(8) exactly as given, whatever characters they contain; O(expand) makes
    exceptions.
notes:
  - Needs root on the host; use C(become).
  - A jail that C(/etc/jail.conf), C(/etc/jail.NAME.conf) or C(rc.conf) configures too is refused.
  - For jails to start at boot, C(rc.conf) needs C(jail_enable=YES), and C(/etc/jail.conf) the line
    C(.include "/etc/jail.conf.d/*.conf";). Defaults in C(/etc/jail.conf) then apply to all jails.
  - A jail on which running jails depend, or that has running child jails, isn't stopped or restarted.
  - When a start fails, the old file is put back; and if the jail was stopped to be restarted, it is started again with
    its old configuration.
  - Records of running jails are kept in C(/var/run/bsd.jail).
extends_documentation_fragment:
  - bsd.jail.attributes
attributes:
  check_mode:
    support: full
    details: Parameters for which jail(8) might load a kernel module aren't checked then.
  diff_mode:
    support: full
options:
  name:
    description:
      - The jail's name.
      - Letters, digits, V(_) and V(-), not beginning with V(-), with something other than digits among them, and no
        more than 200 bytes.
    type: str
    required: true
  state:
    description:
      - V(present) - it is configured; whether it runs isn't changed.
      - V(started) - it is configured and runs.
      - V(stopped) - it is configured and doesn't run.
      - V(restarted) - it is configured and is started anew.
      - V(absent) - it doesn't run, and its file and records are gone. Its path is left alone.
    type: str
    choices: [present, started, stopped, restarted, absent]
    default: started
  path:
    description:
      - The directory that is the jail's root. Absolute; written with links resolved.
      - Required when anything of the configuration is given.
    type: str
    aliases: [root]
  host_hostname:
    description: The jail's hostname.
    type: str
    aliases: [hostname]
  ip4:
    description: Whether the jail has IPv4 addresses of its own, the host's, or none.
    type: str
    choices: [new, inherit, disable]
  ip4_addr:
    description:
      - The jail's IPv4 addresses, the first of which is its primary one.
      - Each can have the form V(interface|address/prefix).
    type: list
    elements: str
  ip6:
    description: Whether the jail has IPv6 addresses of its own, the host's, or none.
    type: str
    choices: [new, inherit, disable]
  ip6_addr:
    description: The jail's IPv6 addresses, as O(ip4_addr).
    type: list
    elements: str
  interface:
    description:
      - The interface to which the jail's addresses are added when it starts, and from which they are taken away when it
        stops.
    type: str
  vnet:
    description:
      - Whether the jail has a network stack of its own, V(new) or V(true), or the host's, V(inherit) or V(false).
    type: raw
  vnet_interface:
    description: The interfaces that are moved into the jail's own network stack.
    type: list
    elements: str
  depend:
    description: The jails that have to run before this one starts. jail(8) starts those that don't run.
    type: list
    elements: str
  persist:
    description:
      - Whether the jail stays when no process is left in it.
      - True unless it is given.
    type: bool
  devfs_ruleset:
    description: The number of the devfs ruleset for the jail's C(/dev).
    type: int
  mounts:
    description:
      - File systems that jail(8) mounts before it starts the jail, and unmounts in reverse order after it has stopped.
    type: list
    elements: dict
    suboptions:
      destination:
        description:
          - Where to mount it, as an absolute path in the jail. The directory, or for a file the file, must be there.
        type: str
        required: true
      type:
        description: The type of the file system, such as V(nullfs) or V(tmpfs).
        type: str
        required: true
      source:
        description: What to mount. For V(nullfs), a directory or file of the host.
        type: str
      options:
        description: Options of mount(8), such as V(ro).
        type: list
        elements: str
  mount_devfs:
    description: Whether to mount a devfs on the jail's C(/dev).
    type: bool
  exec_clean:
    description: Whether commands in the jail get a clean environment.
    type: bool
  exec_start:
    description: The command that starts the jail, for the jail's shell, or a list of commands.
    type: raw
  exec_stop:
    description: The command that stops the jail, for the jail's shell, or a list of commands.
    type: raw
  params:
    description:
      - All other parameters of jail.conf(5), by their own names, such as C(allow.raw_sockets) or C(exec.prestart).
      - V(true) and V(false) set a boolean parameter; strings and integers give a value, lists of them several.
      - Parameters that jail(8) doesn't know are refused before anything is changed.
    type: dict
    default: {}
  expand:
    description:
      - The parameters whose values have jail.conf(5) variables in them, V($name) or V(${name}), that jail(8) is to
        expand.
    type: list
    elements: str
    default: []
  restart:
    description:
      - What to do when a running jail has to be restarted for its configuration to take effect.
      - V(if_needed) restarts it. V(never) leaves it as it runs, and RV(restart_needed) says which parameters wait for a
        restart.
    type: str
    choices: [if_needed, never]
    default: if_needed
  force:
    description:
      - Overwrite or remove a file that this module didn't write.
      - Also stop a running jail of which there is no configuration.
    type: bool
    default: false
  backup:
    description: Keep a copy of a file that is overwritten or removed, beside it.
    type: bool
    default: false
  lock_timeout:
    description: How many seconds to wait for another run that works on the same jail, or on one that it depends on.
    type: int
    default: 60
  timeout:
    description:
      - How many seconds jail(8) may take to start or to stop the jail. A start that takes longer is undone.
      - Without it, there is no limit but those of the jail's own C(exec.timeout) and C(stop.timeout).
    type: int
seealso:
  - name: jail(8)
    description: Manual page of the program.
    link: https://man.freebsd.org/cgi/man.cgi?query=jail&sektion=8
  - name: jail.conf(5)
    description: Manual page of the configuration file.
    link: https://man.freebsd.org/cgi/man.cgi?query=jail.conf&sektion=5
"""

EXAMPLES = r"""
- name: A jail with an address of its own
  bsd.jail.jail:
    name: web
    path: /jails/web
    hostname: web.example.org
    interface: lo1
    ip4_addr: 10.0.0.10
    mount_devfs: true
    exec_clean: true
    exec_start: /bin/sh /etc/rc
    exec_stop: /bin/sh /etc/rc.shutdown jail

- name: A jail with a network stack of its own, and a parameter that has no option
  bsd.jail.jail:
    name: router
    path: /jails/router
    vnet: new
    vnet_interface: epair0b
    params:
      allow.raw_sockets: true
      exec.prestart:
        - /sbin/ifconfig epair0 create up
      exec.poststop: /sbin/ifconfig epair0a destroy

- name: A thin jail, its base system mounted read-only
  bsd.jail.jail:
    name: thin
    path: /jails/thin
    mounts:
      - destination: /
        type: nullfs
        source: /jails/base
        options: [ro]
      - destination: /tmp
        type: tmpfs
        options: [size=64m]

- name: Let jail(8) make the hostname out of the jail's name
  bsd.jail.jail:
    name: db
    path: /jails/db
    hostname: ${name}.example.org
    expand: [host_hostname]

- name: Stop a jail, and leave its configuration as it is
  bsd.jail.jail:
    name: web
    state: stopped

- name: Remove a jail; its files under path stay
  bsd.jail.jail:
    name: web
    state: absent
"""

RETURN = r"""
jail:
  description: The jail as it is now; in check mode, as it was found.
  returned: success
  type: dict
  contains:
    name:
      description: Its name.
      type: str
      returned: success
      sample: web
    state:
      description: V(running), V(stopped) (configured, but not running) or V(absent).
      type: str
      returned: success
      sample: running
    conf_path:
      description: Its file.
      type: str
      returned: success
      sample: /etc/jail.conf.d/web.conf
    jid:
      description: Its jid.
      type: int
      returned: when it runs
      sample: 17
    path:
      description: Its root, as the kernel says.
      type: str
      returned: when it runs
      sample: /jails/web
    hostname:
      description: Its hostname, as the kernel says.
      type: str
      returned: when it runs
      sample: web.example.org
    ip4_addr:
      description: Its IPv4 addresses, as the kernel says.
      type: list
      elements: str
      returned: when it runs
      sample: [10.0.0.10]
    ip6_addr:
      description: Its IPv6 addresses, as the kernel says.
      type: list
      elements: str
      returned: when it runs
      sample: []
restart_needed:
  description:
    - The parameters for whose sake the running jail had to be restarted, or, with O(restart=never) and
      O(state=present), still has to be.
  returned: success
  type: list
  elements: str
  sample: [path]
backup_file:
  description: The copy of the file that was overwritten or removed.
  returned: when O(backup=true) and there was one
  type: str
  sample: /etc/jail.conf.d/web.conf.4711.2026-01-31@12:00:00~
cmd:
  description: The command line of the program that failed.
  returned: when a program of the base system failed
  type: list
  elements: str
  sample: [/usr/sbin/jail, -f, /var/run/bsd.jail/web/jail.conf, -c, web]
rc:
  description: The status of the program that failed, negative for the signal that ended it.
  returned: when a program of the base system failed
  type: int
  sample: 1
stdout:
  description: What the program that failed printed.
  returned: when a program of the base system failed
  type: str
  sample: "web: created"
stderr:
  description: What the program that failed printed to its standard error.
  returned: when a program of the base system failed
  type: str
  sample: "jail: web: /bin/sh /etc/rc: failed"
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.bsd.jail.plugins.module_utils.desired import STARTED, STATES, desired
from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import Host
from ansible_collections.bsd.jail.plugins.module_utils.jails import Outcome, converge
from ansible_collections.bsd.jail.plugins.module_utils.params import OPTIONS
from ansible_collections.bsd.jail.plugins.module_utils.text import readable


def argument_spec() -> dict[str, dict[str, Any]]:
    """The module's options: those of the table of parameters, and those of the module itself."""
    spec: dict[str, dict[str, Any]] = {
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "choices": list(STATES), "default": STARTED},
        "params": {"type": "dict", "default": {}},
        "expand": {"type": "list", "elements": "str", "default": []},
        "restart": {"type": "str", "choices": ["if_needed", "never"], "default": "if_needed"},
        "force": {"type": "bool", "default": False},
        "backup": {"type": "bool", "default": False},
        "lock_timeout": {"type": "int", "default": 60},
        "timeout": {"type": "int"},
    }
    for option, parameter in OPTIONS.items():
        spec[option] = {"type": parameter.type}
        if parameter.type == "list":
            spec[option]["elements"] = "str"
        if parameter.aliases:
            spec[option]["aliases"] = list(parameter.aliases)
        if parameter.choices:
            spec[option]["choices"] = list(parameter.choices)
    spec["mounts"].update(
        elements="dict",
        options={
            "destination": {"type": "str", "required": True},
            "type": {"type": "str", "required": True},
            "source": {"type": "str"},
            "options": {"type": "list", "elements": "str"},
        },
    )
    return spec


def result_of(outcome: Outcome) -> dict[str, Any]:
    """What the module returns of one jail."""
    jail: dict[str, Any] = {"name": outcome.plan.name, "state": outcome.state, "conf_path": outcome.conf_path}
    if outcome.jail is not None:
        jail.update(
            jid=outcome.jail.jid,
            path=outcome.jail.text("path"),
            hostname=outcome.jail.text("host.hostname"),
            ip4_addr=list(outcome.jail.addresses("ip4.addr")),
            ip6_addr=list(outcome.jail.addresses("ip6.addr")),
        )
    result: dict[str, Any] = {
        "changed": bool(outcome.plan.steps),
        "jail": jail,
        "restart_needed": list(outcome.plan.restart_needed),
        "diff": list(outcome.plan.diff),
    }
    if outcome.backup:
        result["backup_file"] = outcome.backup
    return result


def main() -> None:
    """Read the arguments, bring the jail to what is wanted, and say what was done."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    options = module.params
    try:
        outcomes = converge(
            Host(),
            [desired(options)],
            check_mode=module.check_mode,
            lock_timeout=options["lock_timeout"],
            timeout=options["timeout"],
        )
    except JailError as error:
        module.fail_json(**readable({"msg": error.message, **error.details}))
    for warning in outcomes[0].warnings:
        module.warn(readable(warning))
    module.exit_json(**readable(result_of(outcomes[0])))


if __name__ == "__main__":
    main()
