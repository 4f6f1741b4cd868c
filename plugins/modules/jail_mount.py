#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module bsd.jail.jail_mount."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: jail_mount
short_description: Mount file systems into a jail's root, and unmount them
version_added: 0.1.0
author: bsd.jail maintainers (@bsd-jail)
description:
  - Mounts directories and files of the host (nullfs), tmpfs and other file systems below a jail's root, whether it
    runs or not, and unmounts them.
  - The mounts last until they are unmounted or the host is rebooted. For mounts that belong to the jail, and that come
    and go with it, use the option O(bsd.jail.jail#module:mounts) of M(bsd.jail.jail).
  - A file system that is mounted as asked isn't touched. One that is mounted otherwise (another type, source, or other
    options) is replaced.
  - No link below the root is followed, and nothing is ever mounted outside of the root, whatever the processes in the
    jail do meanwhile.
notes:
  - Needs root on the host; use C(become).
  - Compared is what mount(8) shows. It shows the options V(ro), V(noexec), V(nosuid), V(nosymfollow) and V(union), and
    of file systems other than nullfs also V(noatime), V(sync), V(async), V(noclusterr), V(noclusterw) and V(suiddir);
    but neither the size of a tmpfs nor the ruleset of a devfs. When only what it doesn't show has changed, nothing is
    done; unmount it first.
  - When something fails half way, what was mounted is unmounted again, the directories and files that were made are
    removed, and a nullfs that had been replaced is mounted again.
  - Mounts that the jail's own configuration has are left to jail(8). To be asked for one that is there as it is, is
    fine; to be asked to change one is refused.
extends_documentation_fragment:
  - bsd.jail.attributes
attributes:
  check_mode:
    support: full
    details: A root, jail or source that isn't there is a warning then, because an earlier task might make it.
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  name:
    description:
      - The jail, by its name, or by its jid if it runs. Its root is that of the running jail, else the path of its
        configuration.
      - One of O(name) and O(root) is required.
    type: str
  root:
    description: The root, as an absolute path of the host.
    type: str
  mounts:
    description:
      - The file systems, in the order of mounting. None is mounted before the one that it lies in.
      - Its suboptions have the names of the OCI runtime specification; those of M(ansible.posix.mount) are aliases.
    type: list
    elements: dict
    required: true
    suboptions:
      destination:
        description:
          - Where to mount it, as an absolute path as the jail sees it.
          - Directories that are missing are made, and for a source that is a file, the file.
          - Links and V(..) in it are refused.
        type: str
        required: true
        aliases: [path]
      type:
        description:
          - The type of the file system, such as V(nullfs), V(tmpfs), V(devfs), V(fdescfs) or V(procfs). Required with
            O(state=mounted).
          - Types whose mounting needs a program of its own, such as NFS, can't be mounted.
        type: str
        aliases: [fstype]
      source:
        description:
          - What to mount. For V(nullfs), a directory or file of the host, as an absolute path.
          - Links in it are followed, but none that lies in a jail.
          - File systems without a source need none.
        type: str
        aliases: [src]
      options:
        description:
          - Options of mount(8), such as V(ro) or V(size=64m).
          - V(noauto), V(late) and V(failok) mean nothing here.
          - A devfs is mounted with V(ruleset=4), as jail(8) does, unless a ruleset is given.
        type: list
        elements: str
        aliases: [opts]
  state:
    description:
      - V(mounted) - all of O(mounts) are there.
      - V(unmounted) - nothing is mounted on the destinations of O(mounts). They are unmounted in reverse order. When
        some can't be, the others are all the same, and the task fails. What else is said of the mounts is ignored.
    type: str
    choices: [mounted, unmounted]
    default: mounted
  force:
    description:
      - Unmount a file system that is in use.
      - Unmount what is mounted below a file system that is unmounted, or that would be hidden by one that is mounted.
      - Replace a tmpfs though it holds files, which are lost.
    type: bool
    default: false
  lock_timeout:
    description: How many seconds to wait for another run that works on the same jail, or on mounts.
    type: int
    default: 60
seealso:
  - module: bsd.jail.jail
  - name: mount(8)
    description: Manual page of the program.
    link: https://man.freebsd.org/cgi/man.cgi?query=mount&sektion=8
"""

EXAMPLES = r"""
- name: Give a jail a directory of the host, read-only
  bsd.jail.jail_mount:
    name: web
    mounts:
      - destination: /usr/local/www
        type: nullfs
        source: /srv/www
        options: [ro, nosuid]

- name: Give it one file, and a place for temporary files
  bsd.jail.jail_mount:
    name: web
    mounts:
      - destination: /etc/resolv.conf
        type: nullfs
        source: /etc/resolv.conf
        options: [ro]
      - destination: /tmp
        type: tmpfs
        options: [size=64m, mode=1777]

- name: Mount into a root of which no jail is configured yet
  bsd.jail.jail_mount:
    root: /usr/local/jails/new
    mounts:
      - destination: /dev
        type: devfs

- name: Take one away, even while it is in use
  bsd.jail.jail_mount:
    name: web
    state: unmounted
    force: true
    mounts:
      - destination: /usr/local/www
"""

RETURN = r"""
root:
  description: The root, without links; null in check mode, as long as there is no such jail.
  returned: success
  type: str
  sample: /usr/local/jails/web
mounted:
  description: The paths on which something was mounted, in this order; in check mode, would be.
  returned: success
  type: list
  elements: str
  sample: [/usr/local/jails/web/usr/local/www]
unmounted:
  description: The paths from which something was unmounted, in this order; in check mode, would be.
  returned: success
  type: list
  elements: str
  sample: []
made:
  description: The directories and files that were made to mount on; in check mode, none. Unmounting leaves them.
  returned: success
  type: list
  elements: str
  sample: [/usr/local/jails/web/usr/local/www]
parameter:
  description: The option that is wrong.
  returned: failure, when there is one
  type: str
  sample: mounts
cmd:
  description: The command line of the host's program that failed.
  returned: failure, when there is one
  type: list
  elements: str
  sample: [/sbin/mount, -v, --libxo, json]
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
  sample: "mount: /dev/ada9p1: No such file or directory"
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import Host
from ansible_collections.bsd.jail.plugins.module_utils.mountplan import node
from ansible_collections.bsd.jail.plugins.module_utils.mounts import Outcome, converge

MOUNT_SPEC: dict[str, dict[str, Any]] = {
    "destination": {"type": "str", "required": True, "aliases": ["path"]},
    "type": {"type": "str", "aliases": ["fstype"]},
    "source": {"type": "str", "aliases": ["src"]},
    "options": {"type": "list", "elements": "str", "aliases": ["opts"]},
}
SPEC: dict[str, dict[str, Any]] = {
    "name": {"type": "str"},
    "root": {"type": "str"},
    "mounts": {"type": "list", "elements": "dict", "required": True, "options": MOUNT_SPEC},
    "state": {"type": "str", "choices": ["mounted", "unmounted"], "default": "mounted"},
    "force": {"type": "bool", "default": False},
    "lock_timeout": {"type": "int", "default": 60},
}


def result_of(outcome: Outcome) -> dict[str, Any]:
    """What the module returns."""
    plan, root = outcome.plan, outcome.root.path if outcome.root else ""
    header = outcome.root.label if outcome.root else ""
    result: dict[str, Any] = {
        "changed": bool(plan.unmounts or plan.mounts),
        "root": outcome.root.path if outcome.root else None,
        "mounted": [node(root, one.destination) for one in plan.mounts],
        "unmounted": [one.node for one in plan.unmounts],
        "made": list(outcome.made),
        "diff": {"before_header": header, "after_header": header, "before": plan.before, "after": plan.after},
    }
    return result


def main() -> None:
    """Read the arguments, mount or unmount, and say what was done."""
    module = AnsibleModule(
        argument_spec=SPEC,
        mutually_exclusive=[("name", "root")],
        required_one_of=[("name", "root")],
        supports_check_mode=True,
    )
    try:
        outcome = converge(Host(), module.params, module.check_mode)
    except JailError as error:
        module.fail_json(**error.result)
    for warning in outcome.warnings:
        module.warn(warning)
    module.exit_json(**result_of(outcome))


if __name__ == "__main__":
    main()
