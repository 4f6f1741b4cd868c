#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module bsd.jail.jail_root."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: jail_root
short_description: Make a jail's root from a FreeBSD base set, give it files, and remove it
version_added: 0.1.0
author: bsd.jail maintainers (@bsd-jail)
description:
  - Makes the directory that a jail has as its root, from an archive of FreeBSD's base system (C(base.txz)), or, for a
    thin jail, from copies of those directories of a shared base that the jail must be able to write.
  - Gives it files, such as C(/etc/resolv.conf), also while the jail runs.
  - Removes it, and never anything else.
  - A root is made once. What becomes of it then is the jail's, and no run puts the archive over it again.
notes:
  - Needs root on the host; use C(become).
  - What was made, and from what, is written down in C(/var/db/bsd.jail/roots), before the first file is extracted. A
    run that was cut short, by a power failure too, is known by that; the next one clears away what was made and begins
    anew. A run that fails takes away itself what it made.
  - A root that isn't there because its file system isn't mounted, such as a ZFS data set, isn't made anew; that is an
    error.
  - Owners are set by their names, as FreeBSD's installer does; modes, times, ACLs and file flags as they are in the
    archive.
  - An archive that holds C(..), absolute paths, devices, fifos or sockets, or leads through its own links, is refused.
  - The programs that fetch an archive get the proxies and certificates that fetch(3) takes from the environment
    (C(HTTP_PROXY), C(NO_PROXY), C(SSL_CA_CERT_FILE), …). Set them with the keyword C(environment) of the task.
extends_documentation_fragment:
  - bsd.jail.attributes
attributes:
  check_mode:
    support: full
    details:
      - Nothing is fetched. A root, archive, base or source that isn't there is a warning then, because an earlier task
        might make it; and so is a jail that still uses a root that is to be removed.
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  path:
    description:
      - The root, as an absolute path of the host. It may be a mount point, such as a ZFS data set.
      - Directories above it that are missing are made.
    type: str
    required: true
  state:
    description:
      - V(present) - the root is there. It is made from O(archive) or O(base) if it is missing or empty; without these,
        it has to be there.
      - V(absent) - the root is removed, file flags or not. Refused while a jail runs or is configured with it, or with
        a directory above or below it; while something is mounted on it, below it or (by nullfs) from it; while another
        root lies in it; and when this module didn't make it (see O(force)). File systems that are mounted within are
        never entered, and links never followed.
    type: str
    choices: [present, absent]
    default: present
  archive:
    description:
      - An archive of FreeBSD's base system to make the root from, in any form that tar(1) takes.
      - A URL that fetch(1) takes (C(https://), C(http://), C(ftp://), C(file://)), or an absolute path of the host.
      - Naming another archive for a root that is there doesn't change the root, and gives a warning.
    type: str
  checksum:
    description:
      - How the archive is verified, before it is extracted. One of the following.
      - V(sha256:HEX), the checksum itself.
      - The URL or absolute path of a MANIFEST, as FreeBSD's releases have it, which lists the name of the archive.
        Without this option, the file C(MANIFEST) beside the archive is taken. It guards against damage; against
        forgery, it is as good as where it comes from.
      - V(none), not at all.
    type: str
  cache:
    description:
      - The directory in which archives that were fetched are kept, by their checksums. They are verified again when
        they are used. It may be emptied at any time.
      - It is made with mode 0700. No other user than root may be able to write in it.
      - An archive that isn't verified isn't kept.
    type: str
    default: /var/cache/bsd.jail
  timeout:
    description: The seconds after which a download that has stalled fails.
    type: int
    default: 60
  base:
    description:
      - The root that O(directories) are copied from, for a thin jail. It is usually one that this module made from an
        archive, and that no jail has. A running jail's root is refused.
      - What is copied is this jail's own then. Naming another base later changes nothing of that.
      - The thin jail's root itself is the base, mounted read-only, with its own directories mounted over it. These are
        O(bsd.jail.jail#module:mounts) of M(bsd.jail.jail), see the examples.
    type: str
  directories:
    description:
      - The directories of O(base) that are copied, as paths within it. They must be there.
      - One that is added later is copied too. One that is taken out stays.
      - By default, V([/etc, /home, /root, /tmp, /usr/local, /var]).
    type: list
    elements: str
  files:
    description:
      - Files and links in the root, which belong to root and wheel. They are put in place, each whole or not at all,
        whenever they differ, also in a root that was there already, and while the jail runs.
      - Directories above them that are missing are made. Links on the way are refused.
    type: list
    elements: dict
    suboptions:
      path:
        description: The path within the root, as the jail sees it.
        type: str
        required: true
      content:
        description:
          - The content of the file.
          - One of O(files[].content), O(files[].source) and O(files[].link) is required.
        type: str
      source:
        description: A file of the host that has the content, by its absolute path.
        type: str
      link:
        description: What a symbolic link leads to, as the jail sees it.
        type: str
      mode:
        description: The mode of the file, in octal digits; V('0644') by default. Quote it.
        type: raw
  force:
    description:
      - With O(state=absent), remove a directory that this module didn't make too, and forget a root whose file system
        is gone. Nothing else is forced.
    type: bool
    default: false
  lock_timeout:
    description: How many seconds to wait for another run that works on the same root, or fetches the same archive.
    type: int
    default: 600
seealso:
  - module: bsd.jail.jail
  - name: hier(7)
    description: Manual page on what lies where in FreeBSD.
    link: https://man.freebsd.org/cgi/man.cgi?query=hier&sektion=7
"""

EXAMPLES = r"""
- name: A root from a base set, with the host's name servers
  bsd.jail.jail_root:
    path: /usr/local/jails/web
    archive: /usr/freebsd-dist/base.txz
    files:
      - path: /etc/resolv.conf
        source: /etc/resolv.conf
      - path: /etc/rc.conf
        content: |
          sendmail_enable="NONE"
          cron_flags="-J 60"
      - path: /etc/localtime
        link: /usr/share/zoneinfo/UTC

- name: The directories of a thin jail, from the root above as a shared base
  bsd.jail.jail_root:
    path: /usr/local/jails/thin.own
    base: /usr/local/jails/web
    directories: [/etc, /root, /tmp, /var]

- name: Where the thin jail's base will be
  ansible.builtin.file:
    path: /usr/local/jails/thin
    state: directory
    mode: "0755"

- name: The thin jail, on the base that is mounted read-only
  bsd.jail.jail:
    name: thin
    path: /usr/local/jails/thin
    state: present
    mounts:
      - {type: nullfs, source: /usr/local/jails/web, destination: /, options: [ro]}
      - {type: nullfs, source: /usr/local/jails/thin.own/etc, destination: /etc}
      - {type: nullfs, source: /usr/local/jails/thin.own/root, destination: /root}
      - {type: nullfs, source: /usr/local/jails/thin.own/tmp, destination: /tmp}
      - {type: nullfs, source: /usr/local/jails/thin.own/var, destination: /var}

- name: The jail goes, before its directories do
  bsd.jail.jail:
    name: thin
    state: absent

- name: Remove its directories
  bsd.jail.jail_root:
    path: /usr/local/jails/thin.own
    state: absent
"""

RETURN = r"""
root:
  description: The root as it is now; in check mode, as it was found.
  returned: success
  type: dict
  contains:
    path:
      description: Its path, without links.
      type: str
    state:
      description:
        - V(present) or V(absent); V(cut short) if its making or removal was, which can only be seen in check mode.
      type: str
    archive:
      description: The archive that it was made from, as it was given then; null if there was none, or it isn't known.
      type: str
    checksum:
      description: The SHA-256 of that archive, in the form of the option O(checksum); null if there was none.
      type: str
    base:
      description: The base that directories were copied from; null if none were.
      type: str
    directories:
      description: The directories that were copied.
      type: list
      elements: str
  sample:
    path: /usr/local/jails/web
    state: present
    archive: https://download.freebsd.org/releases/amd64/15.1-RELEASE/base.txz
    checksum: sha256:0f4b8c2f5e7c61d6a3a7e3f25b1a9d5e5f4f2b4e9b1c7d8e2a6c3f1d0b9e8a7c
    base: null
    directories: []
files:
  description: The paths of the files that were put in place; in check mode, would be.
  returned: success
  type: list
  elements: str
  sample: [/etc/resolv.conf]
steps:
  description: What took its time, in its order. Run Ansible with C(-v) to see it. Nothing in check mode.
  returned: success
  type: list
  elements: dict
  contains:
    step:
      description: What was done.
      type: str
    seconds:
      description: How long that took.
      type: float
  sample:
    - seconds: 24.8
      step: get and verify https://download.freebsd.org/releases/amd64/15.1-RELEASE/base.txz
    - seconds: 17.3
      step: extract https://download.freebsd.org/releases/amd64/15.1-RELEASE/base.txz
parameter:
  description: The option that is wrong.
  returned: failure, when there is one
  type: str
  sample: path
cmd:
  description: The command line of the host's program that failed.
  returned: failure, when there is one
  type: list
  elements: str
  sample: [/usr/bin/fetch, -q, -T, "60", -o, "-", "https://download.freebsd.org/releases/amd64/15.1-RELEASE/MANIFEST"]
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
  description: What the program that failed printed to its standard error, the beginning of it.
  returned: failure, when there is one
  type: str
  sample: "fetch: https://download.freebsd.org/releases/amd64/15.1-RELEASE/MANIFEST: Not Found"
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.bsd.jail.plugins.module_utils import rootmake
from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import Host
from ansible_collections.bsd.jail.plugins.module_utils.text import readable

FILE_SPEC: dict[str, dict[str, Any]] = {
    "path": {"type": "str", "required": True},
    "content": {"type": "str"},
    "source": {"type": "str"},
    "link": {"type": "str"},
    "mode": {"type": "raw"},
}
SPEC: dict[str, dict[str, Any]] = {
    "path": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "archive": {"type": "str"},
    "checksum": {"type": "str"},
    "cache": {"type": "str", "default": "/var/cache/bsd.jail"},
    "timeout": {"type": "int", "default": 60},
    "base": {"type": "str"},
    "directories": {"type": "list", "elements": "str"},
    "files": {"type": "list", "elements": "dict", "options": FILE_SPEC},
    "force": {"type": "bool", "default": False},
    "lock_timeout": {"type": "int", "default": 600},
}


def result_of(outcome: rootmake.Outcome) -> dict[str, Any]:
    """What the module returns."""
    record = outcome.record
    result: dict[str, Any] = {
        "changed": outcome.plan.changes,
        "root": {
            "path": outcome.path,
            "state": outcome.state,
            "archive": record.archive or None if record else None,
            "checksum": f"sha256:{record.checksum}" if record and record.checksum else None,
            "base": record.base or None if record else None,
            "directories": [part for part in record.parts if part != "/"] if record else [],
        },
        "files": [file.path for _found, file in outcome.plan.files],
        "steps": [{"step": step.what, "seconds": round(step.seconds, 1)} for step in outcome.steps],
        "diff": list(outcome.diff),
    }
    readable_result: dict[str, Any] = readable(result)
    return readable_result


def main() -> None:
    """Read the arguments, make or remove the root, and say what was done."""
    module = AnsibleModule(
        argument_spec=SPEC,
        mutually_exclusive=[("archive", "base"), ("archive", "directories")],
        required_by={"checksum": "archive", "directories": "base"},
        supports_check_mode=True,
    )
    try:
        outcome = rootmake.converge(Host(), module.params, module.check_mode)
    except JailError as error:
        module.fail_json(**error.result)
    for warning in outcome.warnings:
        module.warn(warning)
    module.exit_json(**result_of(outcome))


if __name__ == "__main__":
    main()
