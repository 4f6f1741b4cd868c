# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The jails of FreeBSD hosts as hosts of the inventory."""

from __future__ import annotations

DOCUMENTATION = r"""
name: jails
author: bsd.jail maintainers (@bsd-jail)
version_added: 0.1.0
short_description: The jails of FreeBSD hosts
description:
  - Asks FreeBSD hosts which jails they have. Each jail becomes a host C(JAIL@HOST) of the inventory, in the group
    C(jails), reached by the connection plugin P(bsd.jail.jail#connection).
  - The configuration is a file whose name ends in C(jails.yml) or C(jails.yaml).
  - Jail hosts need nothing but FreeBSD's base system, and no root as long as only jails that run are asked for.
  - What is asked is the host's jls(8), and for O(states=stopped) its jail(8), which shows the configuration and runs
    nothing of it. Nothing in a jail is read or run.
extends_documentation_fragment:
  - constructed
  - inventory_cache
options:
  plugin:
    description: The name of this plugin.
    type: string
    required: true
    choices: [bsd.jail.jails]
  hosts:
    description:
      - The jail hosts. Each is a group or a host of an inventory source that was read before this one, or an address.
      - Sources are read in the order in which they are given, those of a directory in that of their names.
      - Hosts are asked with the variables that they have, those of C(group_vars) and C(host_vars) included, as far as
        they concern the connection. Their jails get the same ones.
      - If a host's variables say C(ansible_connection=local), its jails are those of the machine that Ansible runs on.
      - If they say C(ansible_become), that is done on the host, and not in its jails (C(ansible_jail_host_become)).
        What the group C(all) says holds for the jails themselves too, as for any host.
    type: list
    elements: string
    required: true
  states:
    description:
      - Jails in which states there are to be.
      - V(stopped) are jails that are configured and don't run. To read their configuration takes root on the jail host.
      - V(dying) jails wait for something of theirs to end; they can't be entered any more.
    type: list
    elements: string
    choices: [running, stopped, dying]
    default: [running]
  children:
    description:
      - Whether there are to be jails within jails too, such as C(web.child).
      - Whoever is root in their parent makes them, and chooses their C(meta). Don't ask for them where that would
        decide which jail is given a secret.
    type: bool
    default: false
  unreachable:
    description: Whether a jail host that doesn't answer, or can't, is worth a warning or is an error.
    type: string
    choices: [warn, error]
    default: warn
  keyed_groups:
    default:
      - {prefix: host, key: jail_host}
      - {prefix: state, key: jail_state}
notes:
  - "Each jail has the variables C(jail_host), C(jail_state), C(jail_jid) (V(0) if it is stopped), C(jail_path),
    C(jail_hostname), C(jail_ip4) and C(jail_ip6) (lists of addresses), C(jail_vnet) (true if its network is its own),
    and C(jail_meta): its parameter C(meta), of words like C(role=web), as a dictionary."
  - A jail chooses its C(jail_hostname) itself, unless C(allow.set_hostname) is off. No value is taken for a template.
  - C(ansible_python_interpreter) isn't taken over from the jail host, for a jail has its own. O(compose) can set it.
  - A jail that a play makes is in the inventory after C(refresh_inventory) of M(ansible.builtin.meta).
  - Hosts are asked before plays begin. Of what a command line says about the connection, all but a password that
    Ansible asked for (C(-k)) is known then; the variable C(ansible_password) is.
seealso:
  - plugin: bsd.jail.jail
    plugin_type: connection
    description: How the jails are reached.
  - module: bsd.jail.jail_info
    description: Jails, as data of a play.
"""

EXAMPLES = r"""
# jails.yml: the jails of the group jailhosts of another inventory source, and of one more host, running or not.
plugin: bsd.jail.jails
hosts: [jailhosts, jailhost9.example.org]
states: [running, stopped]
compose:
  ansible_python_interpreter: "'/usr/local/bin/python3'"
# A jail with meta="role=web owner=ops" is in the groups role_web and owner_ops, besides host_… and state_…
keyed_groups:
  - {prefix: host, key: jail_host}
  - {prefix: state, key: jail_state}
  - {prefix: role, key: jail_meta.role}
  - {prefix: owner, key: jail_meta.owner}
"""

import re
import secrets
import shlex
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible import constants, context
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.helpers import get_group_vars
from ansible.module_utils.common.text.converters import to_text
from ansible.playbook.play_context import PlayContext
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.plugins.loader import connection_loader
from ansible.utils.vars import combine_vars
from ansible.vars.plugins import get_vars_from_inventory_sources
from ansible_collections.bsd.jail.plugins.module_utils import jls
from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError

CONNECTION = "bsd.jail.jail"

# Variables of a jail host, by what they are to its jails.
_OF_HOST = {
    "ansible_become": "ansible_jail_host_become",
    "ansible_become_exe": "ansible_jail_host_become_exe",
    "ansible_become_flags": "ansible_jail_host_become_flags",
    "ansible_become_method": "ansible_jail_host_become_method",
    "ansible_become_pass": "ansible_jail_host_become_pass",
    "ansible_become_password": "ansible_jail_host_become_pass",
    "ansible_become_user": "ansible_jail_host_become_user",
}
# What a jail doesn't have of its host.
_OF_ITS_OWN = ("_extras", "ansible_host", "ansible_jail_name", "ansible_jail_user", "inventory_hostname")
_JLS = "/usr/sbin/jls -d --libxo json -n"
# A character that no value has.
_SEPARATOR = "\x1f"
_EXHIBIT = """
for file in /etc/jail.conf /etc/jail.conf.d/*.conf; do
    [ ! -e "$file" ] || printf '* {{ {marker}; }}\\n.include "%s";\\n' "$file" | /usr/sbin/jail -f - -e '{separator}'
done
true
"""


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """An inventory source of jails."""

    NAME = "bsd.jail.jails"

    def verify_file(self, path: str) -> bool:
        """Whether a file is one of ours, by its name."""
        return bool(super().verify_file(path)) and path.endswith(("jails.yml", "jails.yaml"))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Ask the hosts for their jails, or the cache, and add them. Raises AnsibleParserError."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        hosts = self._hosts()
        jails = self._cached(path, cache, hosts)
        self.inventory.add_group("jails")
        for host, variables in hosts.items():
            for jail in jails.get(host, []):
                if "." not in jail["name"] or self.get_option("children"):
                    self._add(host, variables, jail)

    def _hosts(self) -> dict[str, dict[str, Any]]:
        """The jail hosts, and the variables of the connection to their jails."""
        hosts: dict[str, dict[str, Any]] = {}
        for name in self.get_option("hosts"):
            if name in self.inventory.groups:
                known = self.inventory.groups[name].get_hosts()
            elif name in self.inventory.hosts:
                known = [self.inventory.hosts[name]]
            elif "@" in name:
                raise AnsibleParserError(f"hosts: {name}: whom to log in as is for the variable ansible_user to say")
            else:
                hosts.setdefault(name, {"ansible_host": name})
                continue
            for host in known:
                try:
                    hosts.setdefault(host.name, self._variables(host))
                except AnsibleError as error:
                    self._complain(host.name, error)
        return hosts

    def _complain(self, host: str, error: Exception) -> None:
        """Say that the jails of a host aren't known. Raises AnsibleParserError if that is to be an error."""
        message = f"The jails of {host} aren't known: {error}"
        if self.get_option("unreachable") == "error":
            raise AnsibleParserError(message) from error
        self.display.warning(message)

    def _variables(self, host: Any) -> dict[str, Any]:
        sources = getattr(self.inventory, "processed_sources", [])
        groups = host.get_groups()
        every: dict[str, Any] = {}
        for more in (
            get_group_vars(groups),
            get_vars_from_inventory_sources(self.loader, sources, groups, "all"),
            host.get_vars(),
            get_vars_from_inventory_sources(self.loader, sources, [host], "all"),
            self._vars,
        ):
            every = combine_vars(every, more)
        self.templar.available_variables = every
        connection = str(self.templar.template(every.get("ansible_connection", "ssh"))).rpartition(".")[2]
        variables = {
            "ansible_host": self.templar.template(every.get("ansible_host", host.name)),
            "ansible_jail_host_connection": "ssh" if connection == "smart" else connection,
        }
        for name, ours in _OF_HOST.items():
            if name in every:
                variables[ours] = self.templar.template(every[name])
        options = connection_loader.get(CONNECTION, PlayContext())._resolve_option_variables(every, self.templar)
        return {**variables, **{name: value for name, value in options.items() if name not in _OF_ITS_OWN}}

    def _cached(self, path: str, cache: bool, hosts: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
        """The jails of each host that answers."""
        states = self.get_option("states")
        key = self.get_cache_key(f"{path} {sorted(states)}")
        known: dict[str, list[dict[str, Any]]] = {}
        if self.get_option("cache") and cache:
            known = dict(self._cache.get(key) or {})
        connections: dict[str, Any] = {}
        for host, variables in hosts.items():
            if host not in known:
                try:
                    connections[host] = self._connect(host, variables)
                except AnsibleError as error:
                    self._complain(host, error)
        with ThreadPoolExecutor(max_workers=constants.DEFAULT_FORKS) as pool:
            answers = {host: pool.submit(_ask, connection, states) for host, connection in connections.items()}
        for host, answer in answers.items():
            try:
                known[host], complaints = answer.result()
            except (AnsibleError, JailError) as error:
                self._complain(host, error)
            else:
                for line in complaints:
                    self.display.warning(f"{host}: {line}")
        if self.get_option("cache"):
            self._cache[key] = known
        return known

    def _connect(self, host: str, variables: dict[str, Any]) -> Any:
        """A connection to the jail host, for which we give it jail 0: that is the host itself."""
        connection = connection_loader.get(CONNECTION, PlayContext())
        connection.set_options(
            task_keys={"remote_user": context.CLIARGS.get("remote_user")},
            var_options={"inventory_hostname": host, **variables, "ansible_jail_name": "0"},
        )
        return connection

    def _add(self, host: str, variables: dict[str, Any], jail: dict[str, Any]) -> None:
        name = f"{jail['name']}@{host}"
        self.inventory.add_host(name, "jails")
        about = {f"jail_{key}": value for key, value in jail.items() if key != "name"}
        given = {
            **variables,
            **about,
            "ansible_connection": CONNECTION,
            "ansible_jail_name": jail["name"],
            "jail_host": host,
        }
        for variable, value in given.items():
            self.inventory.set_variable(name, variable, value)
        every = combine_vars(given, self.inventory.get_host(name).get_vars())
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), every, name, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), every, name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), every, name, strict=strict)


def _ask(connection: Any, states: list[str]) -> tuple[list[dict[str, Any]], list[str]]:
    """The jails of a host in some states, and what jail(8) complains of. Raises AnsibleError and JailError."""
    running: dict[str, dict[str, Any]] = {}
    dying: dict[str, dict[str, Any]] = {}
    stopped: dict[str, dict[str, Any]] = {}
    complaints: list[str] = []
    for one in jls.parse(_run(connection, _JLS)[0]):
        (dying if one.parameters.get("dying") in (True, "true") else running)[one.name] = {
            "name": one.name,
            "jid": one.jid,
            "path": one.text("path"),
            "hostname": one.text("host.hostname"),
            "ip4": list(one.addresses("ip4.addr")),
            "ip6": list(one.addresses("ip6.addr")),
            "vnet": one.text("vnet") == "new",
            "meta": _meta(one.text("meta")),
        }
    if "stopped" in states:
        stopped, complaints = _configured(connection)
    # A name that is dying can be taken again (recorded: dyi-2), and most of those that run are configured.
    jails: dict[str, dict[str, Any]] = {}
    for state, found in (("running", running), ("dying", dying), ("stopped", stopped)):
        for name, jail in found.items():
            jails.setdefault(name, {**jail, "state": state})
    wanted = (jail for jail in jails.values() if jail["state"] in states)
    return sorted(wanted, key=lambda jail: str(jail["name"])), complaints


def _configured(connection: Any) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """All jails that are configured. rc.d/jail reads /etc/jail.conf, which may include the others, and each jail's own
    file (recorded: rcd-1, rcd-7); of two jails of one name, /etc/jail.conf's counts.

    A default of ours, which every jail has, tells where one begins: a value may have lines in it (recorded: conf-10).
    """
    marker = f"marker{secrets.token_hex(8)}"
    script = _EXHIBIT.format(marker=marker, separator=_SEPARATOR)
    output, complaints = _run(connection, f"/bin/sh -c {shlex.quote(script)}")
    begin = rf"(?:\A|\n)(?=(?:name=[^\n{_SEPARATOR}]*{_SEPARATOR})?{marker}(?:{_SEPARATOR}|\n|\Z))"
    jails: dict[str, dict[str, Any]] = {}
    for record in re.split(begin, output)[1:]:
        given = dict(_parameters(record))
        jails.setdefault(
            given["name"],
            {
                "name": given["name"],
                "jid": 0,
                "path": given.get("path", ""),
                "hostname": given.get("host.hostname", ""),
                "ip4": [address for address in given.get("ip4.addr", "").split(",") if address],
                "ip6": [address for address in given.get("ip6.addr", "").split(",") if address],
                "vnet": "vnet" in given and given["vnet"] in ("", "new"),
                "meta": _meta(given.get("meta", "")),
            },
        )
    return jails, complaints.splitlines()


def _parameters(record: str) -> Iterator[tuple[str, str]]:
    """The parameters of a jail as `jail -e` shows them: values with spaces or quotes in them are in quotes."""
    for parameter in record.strip("\n").split(_SEPARATOR):
        name, _equals, value = parameter.partition("=")
        if value[:1] in ("'", '"') and value[-1:] == value[:1]:
            value = re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.DOTALL)
        yield name, value


def _meta(text: str) -> dict[str, str]:
    """What is in a jail's parameter meta: words like role=web."""
    return {name: value for name, _equals, value in (word.partition("=") for word in text.split())}


def _run(connection: Any, command: str) -> tuple[str, str]:
    """What a command on the jail host prints, and says. Raises AnsibleError if it fails."""
    status, stdout, stderr = connection.exec_on_host(command)
    words = to_text(stderr, errors="replace").strip()
    if status != 0:
        raise AnsibleError(words or f"{command}: status {status}")
    return to_text(stdout, errors="replace"), words
