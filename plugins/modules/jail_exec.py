#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Ansible module bsd.jail.jail_exec: a program in a running FreeBSD jail."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jail_exec
short_description: Run a program in a FreeBSD jail, at once or prepared first
version_added: 0.1.0
author:
  - bsd.jail maintainers (@bsd-jail)
description:
  - Runs a program in a running jail. Nothing is needed in the jail but the program, neither Python nor a shell nor an
    sshd.
  - The jail may be any that jls(8) shows, whoever made it.
  - The program gets the environment that its user's login in the jail gives (C(HOME), C(USER), C(SHELL), C(PATH), and
    what the jail's login.conf(5) sets), with O(env) on top, and the descriptors 0 to 2 and no other.
  - With O(mode=prepare) a process is started that waits, outside of the jail, to become the program; its pid is known
    before anything of the program has run, and stays. O(mode=release) lets it go. A jail has at most one such program
    at a time, its entrypoint. M(bsd.jail.jail_signal) ends it.
notes:
  - Needs root on the host; use C(become).
  - No value of O(env) or O(argv) is in the environment or on the command line of a process outside of the jail.
    O(env) and O(stdin) are neither logged on the host nor shown with C(-vvv). What the program prints is returned as it
    is; if there are secrets in it, or in O(argv), set C(no_log) on the task.
  - No shell sees O(argv) or O(cmd). For one, run V(/bin/sh) with V(-c).
  - What a prepared program prints, and its exit status, is kept in C(/var/run/bsd.jail/NAME/entrypoint) until another
    one is prepared, or the jail is stopped by M(bsd.jail.jail).
extends_documentation_fragment:
  - bsd.jail.attributes
attributes:
  check_mode:
    support: partial
    details:
      - With O(mode=run) the task is skipped, unless O(creates) or O(removes) tell what would happen, as with
        M(ansible.builtin.command). The other modes predict.
  diff_mode:
    support: none
  idempotent:
    support: partial
    details:
      - With O(mode=run), only by O(creates) and O(removes). With O(mode=prepare), a second run is refused.
options:
  name:
    description: The name or the jid of a running jail.
    type: str
    required: true
  mode:
    description:
      - V(run) - run the program, wait for its end, and return its exit status and its output.
      - V(prepare) - start the process that will become the program.
      - V(release) - let a prepared program go, and be sure that it has been executed. One that was released before is
        left as it is.
      - V(detach) - prepare and release, unless this very program was prepared and runs; its O(argv), O(env), O(user)
        and O(chdir) make it the same.
    type: str
    choices: [run, prepare, release, detach]
    default: run
  argv:
    description:
      - The program and its arguments. Without a slash its name is looked up in C(PATH).
      - It, or O(cmd), is required unless O(mode=release).
    type: list
    elements: str
  cmd:
    description: The program and its arguments as one string, which is split as a shell would, but never seen by one.
    type: str
  user:
    description: The name of a user of the jail, as who the program runs. By default root.
    type: str
  env:
    description: Variables added to the program's environment.
    type: dict
    default: {}
  chdir:
    description: The program's working directory, an absolute path within the jail.
    type: str
    default: /
  stdin:
    description: What the program reads from its standard input, exactly. Without it the input is empty.
    type: str
  creates:
    description:
      - A path or a pattern within the jail, relative to O(chdir). If there is such a file, the program isn't run.
    type: str
  removes:
    description:
      - A path or a pattern within the jail, relative to O(chdir). If there is no such file, the program isn't run.
    type: str
  timeout:
    description:
      - With O(mode=run), the seconds after which the program and all that it started is killed, and the task fails. By
        default there is no limit.
      - With O(mode=release) and O(mode=detach), the seconds within which the program must have been executed. By
        default 30.
    type: float
  console_socket:
    description:
      - The path of an AF_UNIX socket on the host. The master of a terminal is sent there, with the terminal's name as
        the data, as OCI runtimes do, and the terminal becomes the prepared program's input, output and controlling
        terminal.
      - Only with O(mode=prepare) and O(mode=detach). Without it, the input is empty and the output goes to files.
    type: str
seealso:
  - module: bsd.jail.jail
  - module: bsd.jail.jail_signal
  - module: ansible.builtin.command
  - plugin: bsd.jail.jail
    plugin_type: connection
    description: Runs any module inside a jail that has a Python.
"""

EXAMPLES = r"""
- name: Restart a service of a jail
  bsd.jail.jail_exec:
    name: web
    cmd: service syslogd onerestart

- name: Ask for something, which changes nothing
  bsd.jail.jail_exec:
    name: web
    argv: [getent, hosts, localhost]
  register: localhost
  changed_when: false

- name: Use a shell where one is needed
  bsd.jail.jail_exec:
    name: web
    argv: [/bin/sh, -c, 'du -sk /var/log/* | sort -n']
  changed_when: false

- name: Make a database, once, as the user who owns it
  bsd.jail.jail_exec:
    name: db
    argv: [/usr/local/bin/initdb, -D, /var/db/postgres/data17]
    user: postgres
    env:
      LC_ALL: C.UTF-8
    creates: /var/db/postgres/data17/PG_VERSION

- name: Have a server run; the next play finds that it does
  bsd.jail.jail_exec:
    name: web
    mode: detach
    argv: [/usr/local/bin/caddy, file-server]
    user: www
    chdir: /usr/local/www

- name: Prepare a server, so that its pid is known
  bsd.jail.jail_exec:
    name: db
    mode: prepare
    argv: [/usr/local/bin/postgres, -D, /var/db/postgres/data17]
    user: postgres
  register: server

- name: Give it a processor of its own before it runs
  ansible.builtin.command:
    argv: [cpuset, -l, '0', -p, "{{ server.pid }}"]
  changed_when: true

- name: Let it go
  bsd.jail.jail_exec:
    name: db
    mode: release
"""

RETURN = r"""
cmd:
  description: The program and its arguments; when a program of the host's failed on the way, that one's.
  returned: success, and failure of a program
  type: list
  elements: str
  sample: [getent, hosts, localhost]
rc:
  description: The exit status, negative for the signal that ended the program. V(0) if the program wasn't run.
  returned: with O(mode=run), and failure of a program
  type: int
  sample: 0
stdout:
  description:
    - What the program printed, without line ends at its end. Bytes that aren't UTF-8 are written V(\\xNN).
  returned: with O(mode=run), and failure of a program
  type: str
  sample: '::1               localhost  localhost.my.domain'
stderr:
  description: What the program printed as errors, likewise.
  returned: with O(mode=run), and failure of a program
  type: str
  sample: ''
start:
  description: When the program was started, in the host's time; null if it wasn't.
  returned: with O(mode=run)
  type: str
  sample: '2026-11-24 20:51:24.123456'
end:
  description: When it had ended; null if it wasn't run.
  returned: with O(mode=run)
  type: str
  sample: '2026-11-24 20:51:24.223456'
delta:
  description: How long that took; null if it wasn't run.
  returned: with O(mode=run)
  type: str
  sample: '0:00:00.100000'
pid:
  description: The pid, which the process has from its preparation to its end.
  returned: with O(mode=prepare), O(mode=release) and O(mode=detach), if there is the process
  type: int
  sample: 1843
stdout_file:
  description: The path on the host of what the program prints. There is no such file with O(console_socket).
  returned: with O(mode=prepare), O(mode=release) and O(mode=detach), if there is the process
  type: str
  sample: /var/run/bsd.jail/web/entrypoint/stdout
stderr_file:
  description:
    - The path on the host of what the program prints as errors. There is no such file with O(console_socket).
  returned: with O(mode=prepare), O(mode=release) and O(mode=detach), if there is the process
  type: str
  sample: /var/run/bsd.jail/web/entrypoint/stderr
status:
  description:
    - The exit status of a prepared program that has ended, as a shell counts it, V(128) and the number of the signal
      for one that a signal ended. It is no reason for the task to fail.
  returned: with O(mode=prepare), O(mode=release) and O(mode=detach), when the program has ended
  type: int
  sample: 0
msg:
  description: Why nothing was done.
  returned: when nothing was done, and on failure
  type: str
  sample: not run, because /var/db/postgres/data17/PG_VERSION is there
parameter:
  description: The option that is wrong.
  returned: failure, when there is one
  type: str
  sample: chdir
"""

import datetime
import shlex
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.bsd.jail.plugins.module_utils import entrypoint
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import Host
from ansible_collections.bsd.jail.plugins.module_utils.inside import exists
from ansible_collections.bsd.jail.plugins.module_utils.libjail import Jail
from ansible_collections.bsd.jail.plugins.module_utils.program import Program

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "mode": {"type": "str", "choices": ["run", "prepare", "release", "detach"], "default": "run"},
    "argv": {"type": "list", "elements": "str"},
    "cmd": {"type": "str"},
    "user": {"type": "str"},
    "env": {"type": "dict", "default": {}, "no_log": True},
    "chdir": {"type": "str", "default": "/"},
    "stdin": {"type": "str", "no_log": True},
    "creates": {"type": "str"},
    "removes": {"type": "str"},
    "timeout": {"type": "float"},
    "console_socket": {"type": "str"},
}
# The modes in which an option means something, where that aren't all.
MEANT_FOR = {
    "argv": ("run", "prepare", "detach"),
    "cmd": ("run", "prepare", "detach"),
    "user": ("run", "prepare", "detach"),
    "creates": ("run", "prepare", "detach"),
    "removes": ("run", "prepare", "detach"),
    "stdin": ("run",),
    "timeout": ("run", "release", "detach"),
    "console_socket": ("prepare", "detach"),
}
RELEASE_TIME = 30.0


def check_options(options: dict[str, Any]) -> None:
    """Refuse options that would have no effect. Raises InputError."""
    mode = options["mode"]
    for option, modes in MEANT_FOR.items():
        if options[option] is not None and mode not in modes:
            raise InputError(
                f"{option} has no effect with mode={mode}, only with {', '.join(modes)}.", parameter=option
            )
    if options["timeout"] is not None and options["timeout"] <= 0:
        raise InputError(f"timeout is {options['timeout']:g}; it must be more than 0 seconds.", parameter="timeout")
    if mode != "release" and options["argv"] is None and options["cmd"] is None:
        raise InputError(f"mode={mode} needs argv or cmd: the program to run.", parameter="argv")


def program_of(options: dict[str, Any]) -> Program:
    """The program that the options describe. Raises InputError."""
    try:
        argv = options["argv"] if options["cmd"] is None else shlex.split(options["cmd"])
    except ValueError as error:
        raise InputError(f"cmd can't be split into words: {error}: {options['cmd']!r}", parameter="cmd") from error
    for name, value in options["env"].items():
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise InputError(
                f"env: the value of {name} must be a string; put quotes around it: {value!r}", parameter="env"
            )
    env = {name: str(value) for name, value in options["env"].items()}
    return Program(tuple(argv), env, options["user"], options["chdir"])


def reason_not_to(jail: Jail, options: dict[str, Any]) -> str | None:
    """Why the program isn't to be run, or None. Raises JailError."""
    creates, removes, chdir = options["creates"], options["removes"], options["chdir"]
    if creates is not None and exists(jail, creates, chdir):
        return f"not run, because {creates} is there"
    if removes is not None and not exists(jail, removes, chdir):
        return f"not run, because {removes} isn't there"
    return None


def run(jail: Jail, program: Program, options: dict[str, Any]) -> dict[str, Any]:
    """Run the program to its end."""
    stdin = (options["stdin"] or "").encode("utf-8", "surrogateescape")
    start = datetime.datetime.now()
    finished = entrypoint.run(jail, program, stdin, options["timeout"])
    end = datetime.datetime.now()
    return {
        "changed": True,
        "cmd": list(program.argv),
        "rc": finished.rc,
        "stdout": finished.stdout.decode("utf-8", "backslashreplace").rstrip("\r\n"),
        "stderr": finished.stderr.decode("utf-8", "backslashreplace").rstrip("\r\n"),
        "start": str(start),
        "end": str(end),
        "delta": str(end - start),
    }


def not_run(program: Program, mode: str, why: str) -> dict[str, Any]:
    """What the module returns when it doesn't run or prepare a program."""
    result: dict[str, Any] = {"changed": False, "cmd": list(program.argv), "msg": why}
    if mode == "run":
        result.update(rc=0, stdout="", stderr="", start=None, end=None, delta=None)
    return result


def prepared(found: entrypoint.Entrypoint, changed: bool) -> dict[str, Any]:
    """What the module returns of an entrypoint."""
    result: dict[str, Any] = {
        "changed": changed,
        "cmd": list(found.argv),
        "pid": found.pid,
        "stdout_file": f"{found.directory}/stdout",
        "stderr_file": f"{found.directory}/stderr",
    }
    if found.status is not None:
        result["status"] = found.status  # a result's rc that isn't 0 would make the task fail
    if not changed:
        result["msg"] = "it was released before"
    return result


def work(host: Host, options: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """What the module does and returns. Raises JailError."""
    check_options(options)
    host.check()
    mode, release_time = options["mode"], options["timeout"] or RELEASE_TIME
    if mode == "release":
        jail = entrypoint.jail_of(host, options["name"], check_mode)
        return prepared(*entrypoint.release(host, jail, release_time, check_mode=check_mode))
    program = program_of(options)
    jail = entrypoint.jail_of(host, options["name"], check_mode)
    program.check(jail.name)
    reason = reason_not_to(jail, options)
    if reason is not None:
        return not_run(program, mode, reason)
    if mode == "run":
        if not check_mode:
            return run(jail, program, options)
        told = options["creates"] is not None or options["removes"] is not None
        return {**not_run(program, mode, "not run in check mode"), "changed": told, "skipped": not told}
    console_socket, found = options["console_socket"], None
    if mode == "detach":
        found, changed = entrypoint.detach(host, jail, program, console_socket, release_time, check_mode=check_mode)
    elif check_mode:
        entrypoint.refuse_second(host, jail)
        changed = True
    else:
        found, changed = entrypoint.prepare(host, jail, program, console_socket), True
    if found is None:
        return {**not_run(program, mode, "not prepared in check mode"), "changed": changed}
    return prepared(found, changed)


def main() -> None:
    """Read the arguments, do what they ask for, and say how it went."""
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, mutually_exclusive=[("argv", "cmd")], supports_check_mode=True)
    # Neither logged on the host nor shown; but what the program prints isn't searched for it: an `env` of {A: 1} would
    # mask every 1.
    module.no_log_values.clear()
    hidden = {option: "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER" for option in ("env", "stdin") if module.params[option]}
    invocation = {"module_args": {**module.params, **hidden}}
    try:
        result = work(Host(), module.params, module.check_mode)
    except JailError as error:
        module.fail_json(invocation=invocation, **error.result)
    if module.params["mode"] == "run" and result.get("rc", 0) != 0:
        module.fail_json(msg="non-zero return code", invocation=invocation, **result)
    module.exit_json(invocation=invocation, **result)


if __name__ == "__main__":
    main()
