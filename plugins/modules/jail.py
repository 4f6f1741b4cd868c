#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Ansible module bsd.jail.jail: FreeBSD jails as they are to be."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jail
short_description: Configure, start, change and stop FreeBSD jails
version_added: 0.1.0
author:
  - bsd.jail maintainers (@bsd-jail)
description:
  - Brings a jail to what is wanted of it, with what FreeBSD's base system has. No jail manager and no package is needed
    on the host but Python.
  - A jail's configuration is the file C(/etc/jail.conf.d/NAME.conf), which C(rc.d/jail) and jail(8) read as well.
  - What is given to this module is the whole configuration of the jail. When none of it is given, the configuration
    is left as it is.
  - What isn't given of it has the default that C(/etc/jail.conf) sets outside of its jails, and without one, jail(8)'s
    own, which is said with each option.
  - A jail is stopped by the configuration that it was started with, even when its file has changed or is gone.
  - When the configuration differs from the one that the jail was started with, or from what the kernel says, a running
    jail is changed while it runs, as far as FreeBSD can do that. For the rest it is restarted or left, as O(restart)
    says.
  - Many jails can be given at once, in O(jails). It takes one look at the host for all of them, one run of jail(8) for
    all that stop and one for all that start, in the order of their O(depend).
  - Values are literal. They reach jail(8) exactly as given, whatever characters they contain; O(expand) makes
    exceptions.
notes:
  - Needs root on the host; use C(become).
  - A jail that C(/etc/jail.conf), C(/etc/jail.NAME.conf) or C(rc.conf) configures too is refused.
  - For jails to start at boot, C(rc.conf) needs C(jail_enable=YES), and C(/etc/jail.conf) the line
    C(.include "/etc/jail.conf.d/*.conf";). The role P(bsd.jail.host#role) sees to both. Defaults in C(/etc/jail.conf)
    then apply to all jails.
  - What another jail(8) or C(rc.d/jail) works on is waited for, and so is C(/etc/rc), as long as the host boots.
  - A jail whose start or stop was cut short is started anew, or its stop is finished. What a jail left behind that
    was removed by something else, such as C(jail -R), is cleaned up before it is started or when it is to be stopped
    or absent, by the configuration that it was started with - its mounts and addresses are taken away, its
    C(exec.poststop) and C(exec.release) aren't run.
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
  idempotent:
    support: partial
    details: With O(state=restarted), each run restarts the jail.
options:
  name:
    description:
      - The jail's name. One that is called otherwise is another jail.
      - Letters, digits, V(_) and V(-), not beginning with V(-), with something other than digits among them, and no
        more than 200 bytes.
      - Either this or O(jails) is required.
    type: str
  state: &state
    description:
      - V(present) - it is configured. A running jail is left as it runs, a stopped one stopped.
      - V(started) - it is configured and runs. A running jail is changed or restarted if its configuration differs.
      - V(stopped) - it is configured and doesn't run.
      - V(restarted) - it is configured and is started anew. A running jail is stopped before.
      - V(absent) - it doesn't run, and its file and records are gone. Its path is left alone.
    type: str
    choices: [present, started, stopped, restarted, absent]
    default: started
  path: &path
    description:
      - The directory that is the jail's root. Absolute; written with links resolved.
      - Required when anything of the configuration is given.
      - A running jail has to be restarted to change it.
    type: str
    aliases: [root]
  host_hostname: &host_hostname
    description:
      - The jail's hostname. By default it is empty.
      - It is changed while the jail runs. What the jail made of it itself since it was started is left alone, see
        O(drift).
    type: str
    aliases: [hostname]
  ip4: &ip4
    description:
      - Whether the jail has IPv4 addresses of its own, the host's, or none.
      - By default V(new) with O(ip4_addr), and V(disable) without.
      - A running jail has to be restarted to change that.
    type: str
    choices: [new, inherit, disable]
  ip4_addr: &ip4_addr
    description:
      - The jail's IPv4 addresses, the first of which is its primary one.
      - Each can have the form V(interface|address/prefix), which adds it to that interface when the jail starts.
      - They are changed while the jail runs, on their interfaces too. An address that the host itself has on that
        interface is refused; one that another jail has there too stays until the last of them is stopped.
    type: list
    elements: str
  ip6: &ip6
    description:
      - Whether the jail has IPv6 addresses of its own, the host's, or none, as O(ip4).
      - By default V(new) with O(ip6_addr), and V(disable) without.
      - A running jail has to be restarted to change that.
    type: str
    choices: [new, inherit, disable]
  ip6_addr: &ip6_addr
    description: The jail's IPv6 addresses, as O(ip4_addr), in a running jail too.
    type: list
    elements: str
  interface: &interface
    description:
      - The interface to which the jail's addresses are added when it starts, and from which they are taken away when it
        stops. Without it, those that name none of their own are added to none, and the host has to have them.
      - When it changes while the jail runs, its addresses move.
    type: str
  vnet: &vnet
    description:
      - Whether the jail has a network stack of its own, V(new) or V(true), or the host's, V(inherit) or V(false), the
        default.
      - A running jail has to be restarted to change that.
    type: raw
  vnet_interface: &vnet_interface
    description:
      - The interfaces that are moved into the jail's own network stack. They come back to the host when the jail stops.
      - While the jail runs, those that are new are moved into it, and those that aren't given any more out of it.
    type: list
    elements: str
  epairs: &epairs
    description:
      - Networks that the jail is on, each by an epair(4) - one end is a member of a bridge of the host, the other is
        the jail's, which has a network stack of its own then (O(vnet=new)).
      - They are made and set up before anything of the jail runs, and gone when it is stopped, by commands that are
        written to the jail's C(exec.prestart), C(exec.created) and C(exec.poststop), beside those of O(params). So the
        jail has its network also when C(rc.d/jail) starts it. C(lo0) has its address too.
      - When only bridges change while the jail runs, its interfaces move to them, and its connections stay. For all
        else, it has to be restarted.
      - The end on the host is called C(e0a_NAME) after the jail, the jail's C(e0b_NAME), the next C(e1a_NAME) and so
        on; part of a long name is replaced by a digest.
    type: list
    elements: dict
    suboptions:
      bridge:
        description: The bridge. It has to be there; the role P(bsd.jail.host#role) makes bridges.
        type: str
        required: true
      addresses:
        description:
          - The addresses of the jail's interface, each with the length of its network's prefix.
          - V(dhcp) for an address by dhclient(8). It runs in the jail, which needs that program and bpf(4) in its
            C(/dev), which none of FreeBSD's rulesets for jails shows.
          - V(slaac) for addresses by the advertisements of IPv6 routers. The jail needs rtsol(8).
          - The start fails if another host has one of the IPv6 addresses already.
        type: list
        elements: str
        default: []
      gateway:
        description:
          - The default gateways, at most one for IPv4 and one for IPv6, in the networks of the addresses.
          - With V(dhcp) and V(slaac) they come from there.
        type: list
        elements: str
        default: []
      interface:
        description: The name of the interface in the jail. By default it is that of the jail's end, C(e0b_NAME).
        type: str
      ether:
        description:
          - The MAC address of the jail's interface.
          - Without it, one is made of C(/etc/hostid), the jail's name and the place in this list. It stays the same as
            long as these do. Clones of a host with the same C(/etc/hostid) give jails of one name the same.
        type: str
      mtu:
        description: The MTU of both ends, in bytes; by default 1500. The bridge's other members need the same.
        type: int
  depend: &depend
    description:
      - The jails that have to run before this one starts. Those that don't run are started before it.
      - They may be given in the same run, be configured already, or run. One that depends on itself by way of others is
        refused.
      - A running jail is left alone when it changes. What happens to this jail when one of them is stopped is for
        that one's O(dependents) to say.
    type: list
    elements: str
  persist: &persist
    description:
      - Whether the jail stays when no process is left in it.
      - By default it does, unlike with jail(8).
      - It is changed while the jail runs; but one without a process in it has to be restarted to lose it.
    type: bool
  devfs_ruleset: &devfs_ruleset
    description:
      - The number of the devfs ruleset for the jail's C(/dev). By default it is V(4), FreeBSD's own for jails.
      - It is applied while the jail runs, if it hides everything before it shows anything. Otherwise the jail has to be
        restarted.
    type: int
  mounts: &mounts
    description:
      - File systems that jail(8) mounts before it starts the jail, and unmounts in reverse order after it has stopped.
      - When they change while the jail runs, they are mounted and unmounted. For one that is in use, it has to be
        restarted.
      - The suboptions are those of M(bsd.jail.jail_mount), with the names of M(ansible.posix.mount) as aliases.
    type: list
    elements: dict
    suboptions:
      destination:
        description:
          - Where to mount it, as an absolute path in the jail. The directory, or for a file the file, must be there.
        type: str
        required: true
        aliases: [path]
      type:
        description: The type of the file system, such as V(nullfs) or V(tmpfs).
        type: str
        required: true
        aliases: [fstype]
      source:
        description: What to mount. For V(nullfs), a directory or file of the host.
        type: str
        aliases: [src]
      options:
        description: Options of mount(8), such as V(ro).
        type: list
        elements: str
        aliases: [opts]
  mount_devfs: &mount_devfs
    description:
      - Whether to mount a devfs on the jail's C(/dev), with the rules of O(devfs_ruleset). By default it isn't.
      - When it changes while the jail runs, it is mounted, or unmounted, as of O(mounts).
    type: bool
  exec_clean: &exec_clean
    description:
      - Whether commands in the jail, such as O(exec_start), get a clean environment instead of that of who starts it.
        By default they don't.
      - A running jail is left alone when it changes.
    type: bool
  exec_start: &exec_start
    description:
      - The command that starts the jail, for the jail's shell, or a list of commands. For a whole system, C(/bin/sh
        /etc/rc). By default there is none.
      - A running jail is left alone when it changes. It matters when the jail is started next.
    type: raw
  exec_stop: &exec_stop
    description:
      - The command that stops the jail, for the jail's shell, or a list of commands. For a whole system, C(/bin/sh
        /etc/rc.shutdown jail). By default there is none, and what runs in the jail is ended by signals.
      - A running jail is left alone when it changes. It is stopped by the new one then.
    type: raw
  params: &params
    description:
      - All other parameters of jail.conf(5), by their own names, such as C(allow.raw_sockets) or C(exec.prestart).
      - V(true) and V(false) set a boolean parameter; strings and integers give a value, lists of them several.
      - Parameters that jail(8) doesn't know are refused before anything is changed.
      - In a running jail, what jail(8) can change is changed, and what only matters when the jail is started or stopped
        is noted. For the rest it has to be restarted.
    type: dict
    default: {}
  expand: &expand
    description:
      - The parameters whose values have jail.conf(5) variables in them, V($name) or V(${name}), that jail(8) is to
        expand.
      - A running jail has to be restarted when such a parameter changes that the kernel keeps, since jail(8) alone
        knows what it comes to.
    type: list
    elements: str
    default: []
  restart: &restart
    description:
      - What to do when a running jail has to be restarted for its configuration to take effect.
      - V(if_needed) restarts it. V(never) changes what can be changed while it runs and leaves the rest, and
        RV(restart_needed) says which parameters wait for a restart.
    type: str
    choices: [if_needed, never]
    default: if_needed
  force: &force
    description:
      - Overwrite or remove a file that this module didn't write. It is refused otherwise.
      - Also stop a running jail of which there is no configuration.
    type: bool
    default: false
  backup: &backup
    description: Keep a copy of a file that is overwritten or removed, beside it.
    type: bool
    default: false
  dependents: &dependents
    description:
      - What becomes of running jails that depend on this one when it is stopped or restarted. They are stopped before
        it, and named in RV(dependents).
      - V(restart) stops them, and starts them again after it, each by the configuration that it was started with. Of a
        jail that isn't started again, none can be; then it is as V(refuse).
      - V(refuse) - the jail isn't stopped.
      - V(stop) - they are stopped, and stay so.
      - V(ignore) - they run on.
      - Without it, they are restarted when this jail is restarted, and it isn't stopped otherwise.
    type: str
    choices: [restart, refuse, stop, ignore]
  children: &children
    description:
      - What to do when running jails are within this one, and it is to be stopped or restarted.
      - V(refuse) - it isn't stopped. V(stop) - it is, and they end with it, without any C(exec.stop) but what this
        jail's own does for them. They aren't started again.
    type: str
    choices: [refuse, stop]
    default: refuse
  verify: &verify
    description:
      - What to look at in a running jail although nothing else differs. jls(8) doesn't show it, and it takes a program
        more for each.
      - V(mounts) - what its configuration mounts is mounted. V(addresses) - its addresses are on their interfaces.
        V(interfaces) - its C(vnet.interface) are in its network stack, and its epairs on their bridges.
      - What is found missing is put right while the jail runs.
    type: list
    elements: str
    choices: [mounts, addresses, interfaces]
    default: []
  drift: &drift
    description:
      - What counts as a difference of a running jail.
      - V(configured) - what is configured differently from what the jail was started with, or what somebody changed
        with jail(8). What a jail may change itself, such as its hostname, doesn't count.
      - V(kernel) - that as well. It is put right while the jail runs; but its securelevel is never lowered.
    type: str
    choices: [configured, kernel]
    default: configured
  boot: &boot
    description:
      - Whether C(rc.d/jail) starts the jail at boot, if it starts any - see the notes.
      - Without it, one that is to be started or restarted is to start at boot too, one that is to be stopped or absent
        isn't, and with O(state=present) that is left as it is.
      - FreeBSD starts all jails of C(/etc/jail.conf) as long as C(jail_list) is empty in C(rc.conf). When the first
        isn't to start, all others are put into C(jail_list), whoever configured them. From then on, only jails that are
        in it start. This module keeps those in it that it starts; for others, there is C(sysrc jail_list+=NAME).
      - When none is to start, C(jail_list) is a blank. Don't empty it, all would start then.
      - At shutdown, C(rc.d/jail) stops no other jails than those in C(jail_list). Others end without their
        C(exec.stop).
      - A jail on which one depends that starts at boot starts along with it. With C(jail_parallel_start=YES), those in
        C(jail_list) are started at the same time, each with what it depends on. Then two of them may get in each
        other's way.
      - A running jail is left alone when it changes.
    type: bool
  lock_timeout:
    description:
      - How many seconds to wait for others that work on the same jails, or on jails that those depend on. After that,
        the task fails, and says who.
    type: int
    default: 60
  timeout:
    description:
      - How many seconds jail(8) may take to stop the jails, and how many to start them. It is ended when it takes
        longer, and all jails that it was starting are undone.
      - Without it, there is no limit but those of the jail's own C(exec.timeout) and C(stop.timeout).
    type: int
  jails:
    description:
      - Jails to bring to what is wanted of them in one run, in place of O(name) and all other options but
        O(lock_timeout) and O(timeout).
      - Each has the options that the module has for one jail.
      - What goes wrong with one of them doesn't keep the others from being converged. The task fails then, and says of
        each what went wrong.
    type: list
    elements: dict
    suboptions:
      name:
        description: The jail's name, as O(name).
        type: str
        required: true
      state: *state
      path: *path
      host_hostname: *host_hostname
      ip4: *ip4
      ip4_addr: *ip4_addr
      ip6: *ip6
      ip6_addr: *ip6_addr
      interface: *interface
      vnet: *vnet
      vnet_interface: *vnet_interface
      epairs: *epairs
      depend: *depend
      persist: *persist
      devfs_ruleset: *devfs_ruleset
      mounts: *mounts
      mount_devfs: *mount_devfs
      exec_clean: *exec_clean
      exec_start: *exec_start
      exec_stop: *exec_stop
      params: *params
      expand: *expand
      restart: *restart
      force: *force
      backup: *backup
      dependents: *dependents
      children: *children
      verify: *verify
      drift: *drift
      boot: *boot
seealso:
  - module: bsd.jail.jail_root
    description: Makes the directory that a jail has as its root.
  - module: bsd.jail.jail_info
    description: Tells which jails there are.
  - module: bsd.jail.jail_mount
    description: Mounts into a jail what doesn't belong to it for good.
  - plugin: bsd.jail.jail
    plugin_type: connection
    description: Runs tasks inside a jail.
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
    path: /usr/local/jails/web
    hostname: web.example.org
    interface: lo1
    ip4_addr: 10.0.0.10
    mount_devfs: true
    exec_clean: true
    exec_start: /bin/sh /etc/rc
    exec_stop: /bin/sh /etc/rc.shutdown jail

- name: Keep it from being started at boot; it runs on
  bsd.jail.jail:
    name: web
    boot: false

- name: A jail with a network stack of its own, on a bridge of the host
  bsd.jail.jail:
    name: mail
    path: /usr/local/jails/mail
    epairs:
      - bridge: bridge0
        addresses: [10.0.0.20/24, fd00:0:0:1::20/64]
        gateway: [10.0.0.1, fd00:0:0:1::1]

- name: A jail with an interface of the host in its network stack, and a parameter that has no option
  bsd.jail.jail:
    name: router
    path: /usr/local/jails/router
    vnet: new
    vnet_interface: epair9b
    params:
      allow.raw_sockets: true
      exec.prestart:
        - /sbin/ifconfig epair9 create up
      exec.poststop: /sbin/ifconfig epair9a destroy

- name: A thin jail, its base system mounted read-only
  bsd.jail.jail:
    name: thin
    path: /usr/local/jails/thin
    mounts:
      - destination: /
        type: nullfs
        source: /usr/local/jails/base
        options: [ro]
      - destination: /tmp
        type: tmpfs
        options: [size=64m]

- name: Let jail(8) make the hostname out of the jail's name
  bsd.jail.jail:
    name: db
    path: /usr/local/jails/db
    hostname: ${name}.example.org
    expand: [host_hostname]

- name: Stop a jail, so that it stays stopped over a reboot, and leave its configuration as it is
  bsd.jail.jail:
    name: web
    state: stopped

- name: Stop a jail until the next boot
  bsd.jail.jail:
    name: web
    state: stopped
    boot: true

- name: Two jails at once, the second of which needs the first
  bsd.jail.jail:
    jails:
      - name: db
        path: /usr/local/jails/db
      - name: web
        path: /usr/local/jails/web
        depend: [db]

- name: Change what can be changed while the jail runs, and only tell what else waits for a restart
  bsd.jail.jail:
    name: web
    path: /usr/local/jails/web
    hostname: www.example.org
    depend: [db]
    ip6: disable
    restart: never
  register: web

- name: Show it
  ansible.builtin.debug:
    var: web.restart_needed

- name: Restart a jail, and those that depend on it
  bsd.jail.jail:
    name: db
    state: restarted

- name: Remove a jail; its files under path stay
  bsd.jail.jail:
    name: web
    state: absent
"""

RETURN = r"""
jail:
  description: The jail as it is now; in check mode, as it was found.
  returned: with O(name); of a task that fails, when it is known
  type: dict
  contains: &jail
    name:
      description: Its name.
      type: str
      returned: always
      sample: web
    state:
      description: V(running), V(stopped) (configured, but not running) or V(absent).
      type: str
      returned: always
      sample: running
    conf_path:
      description: Its file.
      type: str
      returned: always
      sample: /etc/jail.conf.d/web.conf
    boot:
      description: Whether C(rc.d/jail) starts it at boot, be it as one on which another depends.
      type: bool
      returned: when C(rc.conf) can be read
      sample: true
    jid:
      description: Its jid.
      type: int
      returned: when it runs
      sample: 17
    path:
      description: Its root, as the kernel says.
      type: str
      returned: when it runs
      sample: /usr/local/jails/web
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
jails:
  description: With O(jails), each jail in the order in which it was given.
  returned: with O(jails); of a task that fails, when they are known
  type: list
  elements: dict
  contains:
    <<: *jail
    changed:
      description: Whether anything was done with it and not undone, or would be in check mode.
      type: bool
      returned: always
      sample: true
    diff:
      description: What was changed, or would be, in the form that Ansible shows with C(--diff).
      type: list
      elements: dict
      returned: always
      sample:
        - before_header: /etc/jail.conf.d/web.conf
          after_header: /etc/jail.conf.d/web.conf
          before: ""
          after: "web { … }"
    restart_needed:
      description: &restart_needed
        - The parameters for whose sake the running jail had to be restarted, or, with O(restart=never) and
          O(state=present), still has to be.
      type: list
      elements: str
      returned: always
      sample: [ip6]
    backup_file: &backup_file
      description: The copy of the file that was overwritten or removed.
      type: str
      returned: when O(backup=true) and there was one
      sample: /etc/jail.conf.d/web.conf.4711.2026-01-31@12:00:00~
    msg:
      description: What went wrong with it, or why it isn't as it should be.
      type: str
      returned: when something did
      sample: jail web depends on db, which isn't configured.
    parameter: &parameter
      description: The option, or parameter of jail.conf(5), that is wrong or in the way.
      returned: failure, when there is one
      type: str
      sample: depend
    cmd: &cmd
      description: The command line of the program that failed.
      returned: failure, when there is one
      type: list
      elements: str
      sample: [/usr/sbin/jail, -f, /var/run/bsd.jail/.run/4711-815/jail.conf, -c, web]
    rc: &rc
      description: The status of the program that failed, negative for the signal that ended it.
      returned: failure, when there is one
      type: int
      sample: 1
    stdout: &stdout
      description: What the program that failed printed.
      returned: failure, when there is one
      type: str
      sample: "web: created"
    stderr: &stderr
      description: What the program that failed printed to its standard error.
      returned: failure, when there is one
      type: str
      sample: "jail: web: /bin/sh /etc/rc: failed"
dependents:
  description:
    - The jails that weren't asked for and were stopped or restarted, or would be in check mode, since they depend on
      one that was; and those that an earlier run stopped for that and this one started again.
  returned: always, unless a task fails before they are known
  type: list
  elements: str
  sample: [web]
restart_needed:
  description: *restart_needed
  type: list
  elements: str
  sample: [ip6]
  returned: with O(name); of a task that fails, when it is known
backup_file: *backup_file
parameter: *parameter
cmd: *cmd
rc: *rc
stdout: *stdout
stderr: *stderr
"""

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.bsd.jail.plugins.module_utils.desired import STARTED, STATES, Desired, desired
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, JailError, together
from ansible_collections.bsd.jail.plugins.module_utils.host import Host
from ansible_collections.bsd.jail.plugins.module_utils.jails import Outcome, converge
from ansible_collections.bsd.jail.plugins.module_utils.livelook import PARTS
from ansible_collections.bsd.jail.plugins.module_utils.params import OPTIONS
from ansible_collections.bsd.jail.plugins.module_utils.text import readable


def jail_spec() -> dict[str, dict[str, Any]]:
    """The options of one jail, but for its name: those of the table of parameters, and what is wanted of it."""
    spec: dict[str, dict[str, Any]] = {
        "state": {"type": "str", "choices": list(STATES), "default": STARTED},
        "params": {"type": "dict", "default": {}},
        "expand": {"type": "list", "elements": "str", "default": []},
        "restart": {"type": "str", "choices": ["if_needed", "never"], "default": "if_needed"},
        "dependents": {"type": "str", "choices": ["restart", "refuse", "stop", "ignore"]},
        "children": {"type": "str", "choices": ["refuse", "stop"], "default": "refuse"},
        "verify": {"type": "list", "elements": "str", "choices": list(PARTS), "default": []},
        "drift": {"type": "str", "choices": ["configured", "kernel"], "default": "configured"},
        "boot": {"type": "bool"},
        "force": {"type": "bool", "default": False},
        "backup": {"type": "bool", "default": False},
    }
    for option, parameter in OPTIONS.items():
        spec[option] = {"type": parameter.type}
        if parameter.type == "list":
            spec[option]["elements"] = "str"
        if parameter.aliases:
            spec[option]["aliases"] = list(parameter.aliases)
        if parameter.choices:
            spec[option]["choices"] = list(parameter.choices)
    spec["epairs"] = {
        "type": "list",
        "elements": "dict",
        "options": {
            "bridge": {"type": "str", "required": True},
            "addresses": {"type": "list", "elements": "str", "default": []},
            "gateway": {"type": "list", "elements": "str", "default": []},
            "interface": {"type": "str"},
            "ether": {"type": "str"},
            "mtu": {"type": "int"},
        },
    }
    spec["mounts"].update(
        elements="dict",
        options={
            "destination": {"type": "str", "required": True, "aliases": ["path"]},
            "type": {"type": "str", "required": True, "aliases": ["fstype"]},
            "source": {"type": "str", "aliases": ["src"]},
            "options": {"type": "list", "elements": "str", "aliases": ["opts"]},
        },
    )
    return spec


def argument_spec() -> dict[str, dict[str, Any]]:
    """The module's options: those of one jail, or a list of such jails."""
    return {
        "name": {"type": "str"},
        **jail_spec(),
        "jails": {
            "type": "list",
            "elements": "dict",
            "options": {"name": {"type": "str", "required": True}, **jail_spec()},
        },
        "lock_timeout": {"type": "int", "default": 60},
        "timeout": {"type": "int"},
    }


def wanted(options: Mapping[str, Any]) -> list[Desired]:
    """The jails that are asked for. Raises JailError, which names all that is wrong."""
    if options["jails"] is None:
        return [desired(options)]
    beside = [name for name, one in jail_spec().items() if options[name] != one.get("default")]
    if beside:
        raise InputError(f"{beside[0]} is given beside jails: give it to each of the jails that it is meant for.")
    jails, errors = [], []
    for one in options["jails"]:
        try:
            jails.append(desired(one))
        except InputError as error:
            errors.append(error)
    if errors:
        raise together(errors)
    return jails


def jail_of(outcome: Outcome) -> dict[str, Any]:
    """What the module says of one jail."""
    jail: dict[str, Any] = {"name": outcome.plan.name, "state": outcome.state, "conf_path": outcome.conf_path}
    if outcome.boot is not None:
        jail["boot"] = outcome.boot
    if outcome.jail is not None:
        jail.update(
            jid=outcome.jail.jid,
            path=outcome.jail.text("path"),
            hostname=outcome.jail.text("host.hostname"),
            ip4_addr=list(outcome.jail.addresses("ip4.addr")),
            ip6_addr=list(outcome.jail.addresses("ip6.addr")),
        )
    return jail


def details_of(outcome: Outcome) -> dict[str, Any]:
    """What the module says of what was done with one jail."""
    details: dict[str, Any] = {
        "changed": outcome.is_changed,
        "restart_needed": list(outcome.plan.restart_needed),
        "diff": list(outcome.diff),
    }
    if outcome.backup:
        details["backup_file"] = outcome.backup
    return details


def result_of(outcomes: list[Outcome], asked: list[Desired], is_one: bool) -> dict[str, Any]:
    """What the module returns. outcomes: of the jails that were asked for, in their order, and then of others."""
    ours, others = outcomes[: len(asked)], outcomes[len(asked) :]
    result: dict[str, Any]
    if is_one:
        result = {"jail": jail_of(ours[0]), **details_of(ours[0])}
    else:
        result = {"jails": [{**jail_of(one), **details_of(one), **_wrong(one)} for one in ours]}
    result["changed"] = any(one.is_changed for one in outcomes)
    result["diff"] = [part for one in outcomes for part in one.diff]
    result["dependents"] = [one.plan.name for one in others if one.plan.is_dependent]
    return result


def _wrong(outcome: Outcome) -> dict[str, Any]:
    return {} if outcome.error is None else outcome.error.result


def main() -> None:
    """Read the arguments, bring the jails to what is wanted, and say what was done."""
    module = AnsibleModule(
        argument_spec=argument_spec(),
        mutually_exclusive=[("name", "jails")],
        required_one_of=[("name", "jails")],
        supports_check_mode=True,
    )
    options = module.params
    try:
        asked = wanted(options)
        outcomes = converge(
            Host(),
            asked,
            check_mode=module.check_mode,
            lock_timeout=options["lock_timeout"],
            timeout=options["timeout"],
        )
    except JailError as error:
        module.fail_json(**readable(error.result))
    for outcome in outcomes:
        for warning in outcome.warnings:
            module.warn(readable(warning))
    result = result_of(outcomes, asked, options["jails"] is None)
    errors = [one.error for one in outcomes if one.error is not None]
    if errors:
        failure = together(errors)
        module.fail_json(**readable({**result, **failure.result}))
    module.exit_json(**readable(result))


if __name__ == "__main__":
    main()
