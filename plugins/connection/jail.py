# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run tasks inside a jail of a FreeBSD host: Ansible's own connection to the host, and jexec(8) there."""

from __future__ import annotations

DOCUMENTATION = r"""
name: jail
author: bsd.jail maintainers (@bsd-jail)
version_added: 0.1.0
short_description: Run tasks inside a FreeBSD jail, through its host
description:
  - Runs modules, roles and plays inside a jail of a FreeBSD host. The jail needs no sshd and no address, the host only
    FreeBSD's base system.
  - Ansible's own C(ssh) connection goes to the host, with all of its options, and jexec(8) from there into the jail.
  - Commands see what they would see after a login, not the environment of whoever logged in to the host.
  - Modules need a Python inside the jail, as on any host. M(ansible.builtin.raw) and M(ansible.builtin.script) don't.
  - A jail that isn't there, doesn't run, is dying or can't be entered is unreachable.
  - Whoever is root in a jail doesn't get at its host by this connection. Files are written and read by programs that
    run inside the jail, so that no link of the jail's leads to the host's files. What runs on the host is jexec(8),
    without an environment, and the become plugin around it if there is one. What the jail answers is data.
extends_documentation_fragment:
  - bsd.jail.ssh
  - connection_pipelining
options:
  host:
    description:
      - The jail host, or both as C(JAIL@HOST). As the name of a host in the inventory, V(web@jailhost1) needs no more
        variables to say which jail is meant.
      - What follows the last C(@) is the host.
    type: string
    default: inventory_hostname
    vars:
      - name: inventory_hostname
      - name: ansible_host
      - name: ansible_ssh_host
      - name: delegated_vars['ansible_host']
      - name: delegated_vars['ansible_ssh_host']
  jail_name:
    description:
      - The jail, by its name or its jid, as jls(8) shows it. A child of another jail is C(parent.child).
      - By default it is taken from O(host).
    type: string
    vars:
      - name: ansible_jail_name
  remote_user:
    description:
      - The user of the jail that commands run as, by its name, looked up in the jail.
      - By default root, even if the jail has no C(/etc/passwd).
      - Whom to log in to the host as is said by O(host_user).
    type: string
    vars:
      - name: ansible_jail_user
  host_user:
    description:
      - The user to log in to the jail host as. Only root may enter jails; see O(host_become).
      - By default C(ssh) chooses.
    type: string
    ini:
      - section: defaults
        key: remote_user
    env:
      - name: ANSIBLE_REMOTE_USER
    vars:
      - name: ansible_user
      - name: ansible_ssh_user
    cli:
      - name: user
    keyword:
      - name: remote_user
  host_connection:
    description:
      - How the jail host is reached.
      - With V(local), it is the machine that Ansible itself runs on.
    type: string
    choices: [ssh, local]
    default: ssh
    vars:
      - name: ansible_jail_host_connection
  host_become:
    description:
      - Become another user on the jail host, who may enter jails.
      - This has nothing to do with a task's C(become), which is about users inside the jail.
    type: bool
    default: false
    vars:
      - name: ansible_jail_host_become
  host_become_method:
    description:
      - The become plugin to use on the jail host, such as V(ansible.builtin.sudo) or V(community.general.doas).
    type: string
    default: ansible.builtin.sudo
    vars:
      - name: ansible_jail_host_become_method
  host_become_user:
    description: Whom to become on the jail host.
    type: string
    default: root
    vars:
      - name: ansible_jail_host_become_user
  host_become_exe:
    description: The program to use on the jail host, if not the become plugin's own choice.
    type: string
    vars:
      - name: ansible_jail_host_become_exe
  host_become_flags:
    description: Its options, if not the become plugin's own choice.
    type: string
    vars:
      - name: ansible_jail_host_become_flags
  host_become_pass:
    description:
      - The password that becoming another user on the jail host takes.
      - Only one password can be given for a command. With this one, C(become) inside the jail has to do without, as it
        does for the jail's root.
    type: string
    vars:
      - name: ansible_jail_host_become_pass
      - name: ansible_jail_host_become_password
notes:
  - The host's user needs a login shell that quotes as sh(1) does, such as FreeBSD's own since 14.0.
  - FreeBSD's Python isn't where Linux has it. Naming it as C(ansible_python_interpreter) is faster than searching.
  - With O(pipelining), a task costs one command on the host, as it does there. A command that fails costs one more,
    which tells whether the jail can be entered.
  - A command that ends with status 255 looks like a host that can't be reached, as with C(ssh).
  - Large files go by pieces of 4 MiB. One that can't be written to its end is an error, and what was written stays, as
    with C(sftp). Ansible's modules write to a temporary directory first, and remove that.
seealso:
  - plugin: bsd.jail.jails
    plugin_type: inventory
    description: The jails of hosts as an inventory.
  - module: bsd.jail.jail_exec
    description: One program in a jail, from its host.
  - name: jexec(8)
    description: Execute a command inside an existing jail.
    link: https://man.freebsd.org/cgi/man.cgi?query=jexec&sektion=8
"""

EXAMPLES = r"""
# An inventory: two jails of one host, the second with a name of its own.
jails:
  hosts:
    web@jailhost1.example.org:
    database:
      ansible_host: jailhost1.example.org
      ansible_jail_name: db
  vars:
    ansible_connection: bsd.jail.jail
    ansible_user: root
    ansible_python_interpreter: /usr/local/bin/python3

# An ordinary login on the host. It becomes root there by su(1), to be allowed to jexec(8).
jails_by_su:
  hosts:
    mail@jailhost2.example.org:
  vars:
    ansible_connection: bsd.jail.jail
    ansible_user: admin
    ansible_python_interpreter: /usr/local/bin/python3
    ansible_jail_host_become: true
    ansible_jail_host_become_method: ansible.builtin.su
    ansible_jail_host_become_pass: "{{ lookup('ansible.builtin.env', 'JAILHOST2_PASSWORD') }}"

# The machine that Ansible runs on is the jail host. Commands run as a user of the jail.
jails_here:
  hosts:
    git@localhost:
  vars:
    ansible_connection: bsd.jail.jail
    ansible_jail_host_connection: local
    ansible_jail_user: git
    ansible_python_interpreter: /usr/local/bin/python3
"""

import os
import re
import shlex
import stat
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError, AnsibleFileNotFound
from ansible.module_utils.common.text.converters import to_bytes, to_text
from ansible.playbook.play_context import PlayContext
from ansible.plugins.become import BecomeBase
from ansible.plugins.connection import ConnectionBase
from ansible.plugins.loader import become_loader, connection_loader
from ansible.utils.display import Display

display = Display()

_Answer = tuple[int, bytes, bytes]

# Files are sent and fetched by the piece, each a command of its own: what is in memory is one piece, and a connection
# that broke and is retried does again what it had half done.
_BLOCK = 1 << 16
_BLOCKS = 64
_PIECE = _BLOCK * _BLOCKS


class Connection(ConnectionBase):
    """A jail, reached through another connection that goes to its host."""

    transport = "bsd.jail.jail"
    has_pipelining = True

    _host: ConnectionBase
    _address: str
    _jail: str
    _outside: BecomeBase | None

    def __init__(self, play_context: PlayContext, *args: Any, **kwargs: Any) -> None:
        super().__init__(play_context, *args, **kwargs)
        self._arguments = (args, {**kwargs, "shell": self._shell})

    def set_options(
        self,
        task_keys: dict[str, Any] | None = None,
        var_options: dict[str, Any] | None = None,
        direct: dict[str, Any] | None = None,
    ) -> None:
        """Take the options, and make the connection to the jail host of them.

        Raises AnsibleError if it isn't clear which jail of which host is meant, or a plugin isn't there.
        """
        super().set_options(task_keys=task_keys, var_options=var_options, direct=direct)
        self._jail, self._address = _jail_and_host(self.get_option("jail_name"), self.get_option("host"))
        args, kwargs = self._arguments
        name = self.get_option("host_connection")
        self._host = connection_loader.get(f"ansible.builtin.{name}", self._play_context, *args, **kwargs)
        self._host.set_options(task_keys=task_keys, var_options=var_options, direct=direct)
        if name == "ssh":
            self._host.set_option("host", self._address)
        self._outside = self._host_become()

    def _host_become(self) -> BecomeBase | None:
        if not self.get_option("host_become"):
            return None
        method = self.get_option("host_become_method")
        plugin = become_loader.get(method)
        if plugin is None:
            raise AnsibleError(f"ansible_jail_host_become_method: there is no become plugin {method}")
        words = {f"become_{word}": self.get_option(f"host_become_{word}") for word in ("user", "exe", "flags", "pass")}
        plugin.set_options(direct={name: value for name, value in words.items() if value is not None})
        return plugin

    def _connect(self) -> Connection:
        self._connected = True
        return self

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> _Answer:
        """Let the jail's /bin/sh run a command line. Returns its status, standard output and standard error.

        Raises AnsibleConnectionFailure if the host can't be reached or the jail not be entered.
        """
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        display.vvv(f"JAIL {self._jail}: EXEC {cmd}", host=self._address)
        answer = self._run(cmd, in_data, sudoable)
        if answer[0] != 0:
            self._enter()
        return answer

    def _enter(self) -> None:
        """Was it the command that failed, or jexec(8), or what had to let us run it? Status and words don't tell: the
        command could have said the same. So do nothing in the jail, and see if that works.
        """
        status, stdout, stderr = self._run(":", None, sudoable=False)
        if status != 0:
            words = to_text(stderr + stdout).strip()
            raise AnsibleConnectionFailure(f"Can't enter the jail {self._jail} of {self._address}: {words}")

    def _run(self, cmd: str, in_data: bytes | None, sudoable: bool) -> _Answer:
        return self.exec_on_host(self._jexec(cmd), in_data, sudoable)

    def exec_on_host(self, command: str, in_data: bytes | None = None, sudoable: bool = False) -> _Answer:
        """Run a simple command on the jail host, as the user that it takes there.

        sudoable: whether the command becomes another user inside the jail.
        Returns its status, standard output and standard error. Raises AnsibleConnectionFailure if the host can't be
        reached, AnsibleError for two passwords.
        """
        inside = self.become if sudoable else None
        outside = self._outside
        if outside is None:
            self._host.become = self.become
            answer: _Answer = self._host.exec_command(_keep_status(command), in_data, sudoable)
            return answer
        # The connection waits for one of them to succeed: for that of the host, unless the other needs a password.
        waited, other = outside, inside
        if inside is not None and inside.expect_prompt():
            if outside.get_option("become_pass"):
                raise AnsibleError("Become has a password on the jail host and one in the jail: only one can be given")
            waited, other = inside, outside
        self._host.become = waited
        command = _keep_status(outside.build_become_command(command, self._shell))
        # With data there is no terminal, which would change line ends.
        status, stdout, stderr = self._host.exec_command(command, in_data or (None if sudoable else b"\n"), True)
        if other is not None and other.success:
            stdout = re.sub(re.escape(to_bytes(other.success)) + rb"\r?\n", b"", stdout, count=1)
        return status, stdout, stderr

    def _jexec(self, cmd: str) -> str:
        """The command line for the jail host. No environment: it would act on jexec itself (recorded: env-3).

        With -U, jexec sets the environment of a login by the jail's own files; -l does so by the host's. Unlike both
        together, neither insists on the home directory (recorded: env-3, jexec-7).
        """
        user = self.get_option("remote_user")
        who = ["-U", user] if user else ["-l"]
        inside = ["/bin/sh", "-c", f"cd 2>&-; {cmd}"]
        return shlex.join(["/usr/bin/env", "-i", "/usr/sbin/jexec", *who, "--", self._jail, *inside])

    def put_file(self, in_path: str, out_path: str) -> None:
        """Send a file. A new one has the mode of the one sent, one that is there keeps its own.

        Raises AnsibleFileNotFound if there is none, AnsibleError with the words of the program that couldn't write it.
        """
        super().put_file(in_path, out_path)
        display.vvv(f"JAIL {self._jail}: PUT {in_path} TO {out_path}", host=self._address)
        path = shlex.quote(out_path)
        if not os.path.exists(to_bytes(in_path, errors="surrogate_or_strict")):
            raise AnsibleFileNotFound(f"file or module does not exist: {in_path}")
        with open(to_bytes(in_path, errors="surrogate_or_strict"), "rb") as source:
            mode = stat.S_IMODE(os.fstat(source.fileno()).st_mode) & 0o777
            make = f"[ -e {path} ] || {{ umask 077 && : >{path} && chmod {mode:o} -- {path}; }}"
            piece = source.read(_PIECE)
            write = "cat" if piece else ":"
            self._transfer(f"{{ {make}; }} && {write} >{path}", piece, f"send {in_path} to {out_path}")
            blocks = _BLOCKS
            while piece := source.read(_PIECE):
                write = f"dd of={path} bs={_BLOCK} seek={blocks} conv=notrunc status=none"
                self._transfer(write, piece, f"send {in_path} to {out_path}")
                blocks += _BLOCKS

    def fetch_file(self, in_path: str, out_path: str) -> None:
        """Fetch a file. A new one has the mode of the one fetched, one that is there keeps its own.

        Raises AnsibleError with the words of the program that couldn't read it.
        """
        super().fetch_file(in_path, out_path)
        display.vvv(f"JAIL {self._jail}: FETCH {in_path} TO {out_path}", host=self._address)
        path = shlex.quote(in_path)
        what = f"fetch {in_path}"
        # A jail may be too small for stat(1), or for /dev/null.
        mode = f"stat -L -f %Lp -- {path} 2>&- || echo 600"
        read = f"dd if={path} bs={_BLOCK} count={_BLOCKS} status=none"
        # The jail's word isn't taken for bits that make another user of who runs the file.
        words, piece = self._receive(f"{{ {mode}; }} && {read}", what)
        permissions = int(words, 8) & 0o777 if re.fullmatch(rb"[0-7]{1,4}", words) else 0o600
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        target = os.open(to_bytes(out_path, errors="surrogate_or_strict"), flags, permissions | stat.S_IWUSR)
        with open(target, "wb") as file:
            file.write(piece)
            blocks = _BLOCKS
            while len(piece) == _PIECE:
                _words, piece = self._receive(f"echo . && {read} skip={blocks}", what)
                file.write(piece)
                blocks += _BLOCKS

    def _receive(self, command: str, what: str) -> tuple[bytes, bytes]:
        """What a command prints: a line, and data. Data alone might lose white space at its beginning: Ansible's local
        connection drops that after become.
        """
        line, _newline, data = self._transfer(command, None, what).partition(b"\n")
        return line, data

    def _transfer(self, command: str, in_data: bytes | None, what: str) -> bytes:
        status, stdout, stderr = self.exec_command(command, in_data, sudoable=False)
        if status != 0:
            words = to_text(stderr).strip()
            raise AnsibleError(f"Can't {what} in the jail {self._jail} of {self._address}: {words}")
        return stdout

    def is_pipelining_enabled(self, wrap_async: bool = False) -> bool:
        """Whether modules can be given to Python by its standard input, as far as everything on the way allows it."""
        self._host.become = self.become
        outside = self._outside
        asks = outside is not None and not outside.pipelining and bool(outside.get_option("become_pass"))
        return bool(self._host.is_pipelining_enabled(wrap_async)) and not asks

    def reset(self) -> None:
        """Give up the connection to the host, if it is kept."""
        self._host.reset()

    def close(self) -> None:
        """Let go of the connection to the host."""
        self._host.close()
        self._connected = False


def _jail_and_host(jail: str | None, host: str) -> tuple[str, str]:
    """Which jail of which host. jail: the option jail_name, if given. host: the option host.

    Raises AnsibleError if that isn't clear.
    """
    before, at, address = host.rpartition("@")
    if jail and at and before != jail:
        raise AnsibleError(f"Which jail? ansible_jail_name is {jail!r}, and the host {host!r} says {before!r}")
    jail = jail or before
    if not jail:
        raise AnsibleError(
            f"Which jail of {host}? Set ansible_jail_name, or let the host's name in the inventory be JAIL@HOST"
            f" (and ansible_host, if it is set, likewise)"
        )
    return jail, address


def _keep_status(command: str) -> str:
    """Keep the login shell from becoming the command, whose end by a signal would look like one of the connection.

    Both sh(1) and csh(1) exit with the command's status.
    """
    return f"{command} || exit"
