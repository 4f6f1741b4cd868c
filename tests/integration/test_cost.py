# SPDX-License-Identifier: BSD-2-Clause
"""What an unchanged jail costs its host: the programs that are started there, by FreeBSD's process accounting."""

from __future__ import annotations

from collections import Counter

from tests.hosts import Host

from .conftest import Ansible

ACCOUNT = "/var/tmp/bsd.jail.acct"
# Started by the connection, or by the host's own accord.
NOISE = frozenset({"accton", "cron", "newsyslog", "sshd", "sshd-auth", "sshd-session"})


def started(host: Host, ansible: Ansible, module: str, arguments: str) -> Counter[str]:
    """How often each program is started on the host while a module runs."""
    host.run(f": >{ACCOUNT}; accton {ACCOUNT}")
    ansible.module(module, arguments)
    host.run("accton")
    commands = host.run(f"lastcomm -f {ACCOUNT}; rm {ACCOUNT}").stdout.splitlines()
    return Counter(line.split()[0] for line in commands if line.split()[0] not in NOISE)


def test_an_unchanged_jail_costs_one_jls(host: Host, ansible: Ansible) -> None:
    arguments = "name=cheap path=/ hostname=cheap.example.org state=started"
    ansible.module("bsd.jail.jail", arguments)
    # What any module costs is Ansible's: the shells that carry it, and Python.
    any_module = started(host, ansible, "ansible.builtin.ping", "data=x")
    assert started(host, ansible, "bsd.jail.jail", arguments) - any_module == Counter({"jls": 1})
    ansible.module("bsd.jail.jail", "name=cheap state=absent")


def test_an_unchanged_jail_on_a_bridge_costs_no_more(host: Host, ansible: Ansible) -> None:
    host.run("ifconfig bridge create name cheap0")
    arguments = '{"name": "cheap", "path": "/", "epairs": [{"bridge": "cheap0", "addresses": ["10.98.9.2/24"]}]'
    ansible.module("bsd.jail.jail", arguments + "}")
    any_module = started(host, ansible, "ansible.builtin.ping", "data=x")
    assert started(host, ansible, "bsd.jail.jail", arguments + "}") - any_module == Counter({"jls": 1})
    verified = started(host, ansible, "bsd.jail.jail", arguments + ', "verify": ["interfaces"]}')
    assert verified - any_module == Counter({"jls": 1, "ifconfig": 1})
    ansible.module("bsd.jail.jail", "name=cheap state=absent")
    host.run("ifconfig cheap0 destroy")


def test_a_jail_list_costs_nothing_to_read(host: Host, ansible: Ansible) -> None:
    host.run("cp -p /etc/rc.conf /etc/rc.conf.aside; sysrc jail_list=other")
    start = "name=cheap path=/"
    ansible.module("bsd.jail.jail", start)
    any_module = started(host, ansible, "ansible.builtin.ping", "data=x")
    assert started(host, ansible, "bsd.jail.jail", start) - any_module == Counter({"jls": 1})
    # sysrc is a script: to accounting, a shell and what that starts.
    change = started(host, ansible, "bsd.jail.jail", "name=cheap boot=false")
    assert [change[program] for program in ("jls", "jail", "ps")] == [2, 0, 0]
    ansible.module("bsd.jail.jail", "name=cheap state=absent")
    host.run("mv /etc/rc.conf.aside /etc/rc.conf")


def test_to_verify_costs_one_listing_of_each(host: Host, ansible: Ansible) -> None:
    host.run("mkdir -p /jails/cheap/a; ifconfig lo1 >/dev/null 2>&1 || ifconfig lo1 create")
    mounts = '"mounts": [{"destination": "/a", "type": "tmpfs", "source": "tmpfs"}]'
    arguments = f'{{"name": "cheap", "path": "/jails/cheap", "ip4_addr": "lo1|10.98.9.1", {mounts}'
    ansible.module("bsd.jail.jail", arguments + "}")
    any_module = started(host, ansible, "ansible.builtin.ping", "data=x")
    verified = started(host, ansible, "bsd.jail.jail", arguments + ', "verify": ["mounts", "addresses", "interfaces"]}')
    assert verified - any_module == Counter({"jls": 1, "mount": 1, "ifconfig": 1})
    ansible.module("bsd.jail.jail", "name=cheap state=absent")
    host.run("rm -r /jails/cheap")


def test_what_is_mounted_already_costs_one_listing(host: Host, ansible: Ansible) -> None:
    host.run("mkdir -p /jails/cheap /jails/source; jail -c name=cheap path=/jails/cheap persist")
    mounts = '"mounts": [{"destination": "/a", "type": "nullfs", "source": "/jails/source"}]'
    arguments = f'{{"name": "cheap", {mounts}}}'
    ansible.module("bsd.jail.jail_mount", arguments)
    any_module = started(host, ansible, "ansible.builtin.ping", "data=x")
    assert started(host, ansible, "bsd.jail.jail_mount", arguments) - any_module == Counter({"mount": 1})
    ansible.module("bsd.jail.jail_mount", f'{{"name": "cheap", "state": "unmounted", {mounts}}}')
    host.run("jail -R cheap; rm -r /jails/cheap /jails/source")


def test_telling_of_all_jails_costs_one_jls_and_one_jail(host: Host, ansible: Ansible) -> None:
    for name in ("cheap1", "cheap2"):
        ansible.module("bsd.jail.jail", f"name={name} path=/")
    any_module = started(host, ansible, "ansible.builtin.ping", "data=x")
    assert started(host, ansible, "bsd.jail.jail_info", "") - any_module == Counter({"jls": 1, "jail": 1})
    for name in ("cheap1", "cheap2"):
        ansible.module("bsd.jail.jail", f"name={name} state=absent")


def test_fifty_jails_cost_what_one_costs(host: Host, ansible: Ansible) -> None:
    one = '{"name": "cheap", "path": "/"%s}'
    many = [one.replace("cheap", f"cheap{number}") for number in range(50)]

    def cost(jails: list[str]) -> Counter[str]:
        return started(host, ansible, "bsd.jail.jail", f'{{"jails": [{", ".join(jails)}]}}') - any_module

    any_module = started(host, ansible, "ansible.builtin.ping", "data=x")
    new = cost([one % ""])
    assert cost([jail % "" for jail in many]) == new
    assert cost([jail % "" for jail in many]) == Counter({"jls": 1})
    changed = ', "hostname": "changed"'
    live = cost([one % changed])
    assert cost([many[0] % changed, *(jail % "" for jail in many[1:])]) == live
    absent = ', "state": "absent"'
    gone = cost([one % absent])
    assert cost([jail % absent for jail in many]) == gone
