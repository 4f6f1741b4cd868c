# SPDX-License-Identifier: BSD-2-Clause
"""The role jail, and the playbooks that show it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.hosts import CHECKOUT, Host

from .conftest import Ansible
from .test_role_host import changed

BASE_SET = "/usr/freebsd-dist/base.txz"
ROOTS = "/usr/local/jails79"
# What a host has that jails add to.
TRACES = f"""
ifconfig -l; mount -p; jls name; ls -A /etc/jail.conf.d /var/log
find {ROOTS} /usr/local/jails /var/db/bsd.jail/roots -mindepth 1 || true
"""
PLAYBOOKS = CHECKOUT / "playbooks"

WHOLE: dict[str, Any] = {
    "jail_name": "whole79",
    "jail_path": f"{ROOTS}/whole",
    "jail_archive": BASE_SET,
    "jail_interface": "lo79",
    "jail_addresses": ["10.79.0.1/24", "fd00:79::1/64"],
    "jail_timezone": "Europe/Berlin",
    "jail_hosts": {"10.79.0.9": ["db", "db.example.org"]},
    "jail_rc_conf": {"syslogd_enable": False, "cron_flags": 'a "$b" \\c', "number79": 1},
    "jail_files": [{"path": "/etc/inetd.conf", "content": "daytime stream tcp nowait root internal\n"}],
    "jail_mounts": [{"destination": "/mnt", "type": "tmpfs", "options": ["size=1m"]}],
    "jail_params": {"allow.raw_sockets": True},
    "jail_services": ["inetd", "cron"],
}
LOOK_INSIDE = """
hostname; readlink /etc/localtime; grep db.example.org /etc/hosts
sysrc -n syslogd_enable cron_flags number79 inetd_enable
service inetd status >/dev/null && echo inetd; service syslogd onestatus >/dev/null || echo no syslogd
"""


@pytest.fixture
def loopback(host: Host) -> Iterator[Host]:
    """A host with an interface for the jails, and a base set."""
    if host.run(f"test -f {BASE_SET}", check=False).returncode:
        pytest.skip(f"this host has no {BASE_SET}")
    host.run("ifconfig lo79 create")
    yield host
    host.run("ifconfig lo79 destroy")


def role(directory: Path, variables: dict[str, Any], **keywords: Any) -> Path:
    """A play of the role. keywords: of the task that includes it."""
    task = {"name": "Role", "ansible.builtin.include_role": {"name": "bsd.jail.jail"}, "vars": variables, **keywords}
    return play(directory, [task])


def play(directory: Path, tasks: list[dict[str, Any]]) -> Path:
    path = directory / "play.yml"
    path.write_text(
        yaml.safe_dump(
            [{"name": "Jails", "hosts": "jailhosts", "gather_facts": False, "tasks": tasks}], sort_keys=False
        )
    )
    return path


def inside(host: Host, jail: str, script: str) -> list[str]:
    """What a script prints in a jail."""
    return host.run(f"jexec -l {jail} /bin/sh <<'X'\n{script}\nX\n").stdout.splitlines()


def with_(**variables: Any) -> tuple[str, str]:
    return "-e", json.dumps(variables)


@pytest.mark.needs_users
def test_a_jail_of_its_own(loopback: Host, ansible: Ansible, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    host, traces = loopback, loopback.run(TRACES).stdout
    whole = role(tmp_path, WHOLE)
    predicted = changed(ansible.playbook(whole, "--check", "--diff"))
    assert len(predicted) == 2  # its root, and itself; of services, nothing can be known
    assert changed(ansible.playbook(whole))[:2] == predicted
    assert changed(ansible.playbook(whole)) == []
    assert inside(host, "whole79", LOOK_INSIDE) == [
        *("whole79", "/usr/share/zoneinfo/Europe/Berlin", "10.79.0.9 db db.example.org", "NO", 'a "$b" \\c', "1"),
        *("YES", "inetd", "no syslogd"),
    ]
    assert f"{ROOTS}/whole/mnt" in host.run("mount -t tmpfs").stdout
    assert "Starting cron." in host.run("cat /var/log/jail_whole79_console.log").stdout

    # Taken out, changed and added while it runs: without a restart; a service that somebody stopped is started again.
    jid = host.run("jls -j whole79 jid").stdout
    inside(host, "whole79", "service inetd stop; sysrc inetd_enable=NO; echo tampered >/etc/hosts")
    # A real host might have no way to a package.
    packages = [] if request.config.getoption("--host") else ["doas"]
    differently = with_(jail_rc_conf={"number79": 2}, jail_timezone="UTC", jail_packages=packages)
    predicted = changed(ansible.playbook(whole, "--check", *differently))
    assert len(predicted) == (5 if packages else 3)  # files, pkg(8), the package, the service enabled, and started
    assert changed(ansible.playbook(whole, *differently)) == predicted
    assert inside(host, "whole79", LOOK_INSIDE) == [
        *("whole79", "/usr/share/zoneinfo/UTC", "10.79.0.9 db db.example.org", "YES", "", "2"),
        *("YES", "inetd", "no syslogd"),
    ]
    assert host.run("jls -j whole79 jid").stdout == jid

    absent = with_(jail_state="absent", jail_purge=True)
    predicted = changed(ansible.playbook(whole, "--check", "--diff", *absent))
    assert changed(ansible.playbook(whole, *absent)) == predicted
    assert host.run(TRACES).stdout == traces


USED = f"{ROOTS}/used"
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"jail_name": "a.b"}, "jail a.b: This can't be the name of a jail."),
    ({"jail_name": "../../etc"}, "jail ../../etc: This can't be the name"),
    ({"jail_bridge": "bridge79", "jail_interface": "lo79"}, "Give one of the two."),
    ({"jail_bridge": "bridge79", "jail_epairs": [{"bridge": "bridge79"}]}, "is short for a list jail_epairs of one"),
    ({"jail_gateway": ["10.79.0.1"]}, "jail_gateway needs jail_bridge"),
    ({"jail_addresses": ["10.79.0.2/24"], "jail_epairs": [{"bridge": "bridge79"}]}, "each has addresses of its own"),
    ({"jail_bridge": "bridge7912345678"}, "at most 15 characters"),
    ({"jail_epairs": [{"addresses": ["dhcp"]}]}, "missing required arguments: bridge"),
    ({"jail_rc_conf": {"a-b": 1}}, "a-b can't be a variable"),
    ({"jail_rc_conf": {"cron_enable": False}, "jail_services": ["inetd", "cron"]}, "switches off: cron_enable."),
    ({"jail_timezone": "Mars/Base"}, "there is no /usr/share/zoneinfo/Mars/Base."),
    ({"jail_path": USED}, f"{USED} is, or lies in or around, the directory of used79."),
    ({"jail_path": f"{ROOTS}/link/used/in"}, "the directory of used79"),
    ({"jail_path": ROOTS}, "the directory of used79, written79."),
    ({"jail_path": f"{ROOTS}/written"}, "the directory of written79"),
    ({"jail_base": BASE_SET, "jail_own": f"{USED}/own"}, "the directory of used79"),
    ({"jail_path": "/usr/local"}, "the directory of used79"),
    ({"jail_path": "/etc/jail"}, "one of the host's own directories"),
    ({}, "Say what to make it from: archive or base."),
    ({"jail_archive": f"{ROOTS}/nosuch.txz"}, f"the archive {ROOTS}/nosuch.txz isn't there"),
    ({"jail_archive": f"{ROOTS}/small.txz", "jail_checksum": f"sha256:{'0' * 64}"}, "has the wrong checksum"),
    ({"jail_base": f"{ROOTS}/nosuch"}, f"{ROOTS}/nosuch"),
    ({"jail_base": f"{ROOTS}/base", "jail_archive": f"{ROOTS}/small.txz", "jail_checksum": "sha256:0"}, "sha256:0"),
    ({"jail_files": [{"path": "/etc/motd"}]}, "needs one of content, source and link"),
    ({"jail_packages": "no/../such", "jail_state": "gone"}, "value of jail_state must be one of"),
]


def test_what_is_refused(host: Host, ansible: Ansible, tmp_path: Path) -> None:
    """Before a jail is made, and with nothing left behind."""
    host.run(f"mkdir -p {USED} {ROOTS}/written; ln -s . {ROOTS}/link; jail -c name=used79 path={USED} persist")
    host.run(f"printf 'written79 {{ path = {ROOTS}/link/written; }}' >/etc/jail.conf.d/written79.conf")
    host.run(f"tar -cJf {ROOTS}/small.txz -C {ROOTS} used")
    traces = host.run(TRACES).stdout
    tasks = []
    for variables, says in REFUSED:
        attempt = {
            "name": says,
            "ansible.builtin.include_role": {"name": "bsd.jail.jail"},
            "vars": {"jail_name": "new79", "jail_path": f"{ROOTS}/new", **variables},
        }
        went = {"name": "Went", "ansible.builtin.set_fact": {"wrong": "{{ wrong | default([]) + [says] }}"}}
        said = {
            "name": "Said",
            "ansible.builtin.set_fact": {
                "wrong": "{{ wrong | default([]) + [says ~ ': ' ~ ansible_failed_result.msg] }}"
            },
            "when": "says not in ansible_failed_result.msg",
        }
        tasks.append({"block": [attempt, went], "rescue": [said], "vars": {"says": says}})
    none = {"that": "wrong | default([]) == []", "fail_msg": "{{ wrong | default([]) | join(', ') }}"}
    tasks.append({"name": "None went, nor for another reason", "ansible.builtin.assert": none})
    ansible.playbook(play(tmp_path, tasks))
    assert host.run(TRACES).stdout == traces
    host.run(f"jail -r used79; rm -rf {ROOTS} /etc/jail.conf.d/written79.conf")


@pytest.mark.needs_users
def test_the_web_stack_and_its_upgrade(loopback: Host, ansible: Ansible) -> None:
    """Three thin jails, on one base and then on another. What a jail has of its own is no other's, and stays."""
    host, traces = loopback, loopback.run(TRACES).stdout
    archive = with_(archive=BASE_SET)
    ansible.playbook(PLAYBOOKS / "webstack.yml", "--check", "--diff", *archive)
    assert host.run(TRACES).stdout == traces
    ansible.playbook(PLAYBOOKS / "webstack.yml", *archive)
    assert changed(ansible.playbook(PLAYBOOKS / "webstack.yml", *archive)) == []

    assert host.run("jexec database touch /bin/no", check=False).returncode == 1
    for place in ("/etc", "/home", "/root", "/tmp", "/usr/local", "/var"):
        host.run(f"jexec database touch {place}/kept")
        elsewhere = "/usr/local/jails/application /usr/local/jails/webstack-*"
        assert host.run(f"for root in {elsewhere}; do ls $root{place}/kept; done", check=False).stdout == ""

    shown = ansible.playbook(PLAYBOOKS / "upgrade_thin_base.yml", *archive, *with_(release="99.0-RELEASE"))
    assert len(changed(shown)) == 4  # the new base, and each jail
    assert re.search("database: .*/webstack-[0-9.]+-RELEASE, then .*/webstack-99.0-RELEASE", shown)
    host.run("jexec database ls /etc/kept /home/kept /root/kept /usr/local/kept /var/kept")
    ansible.playbook(PLAYBOOKS / "webstack_remove.yml")
    assert host.run(TRACES).stdout == traces


BEFORE = """# The jails of this host.
exec.poststart = "logger $name is up";
mount.devfs;
$root = "/usr/local/jails79";
path = "$root/$name";
host.hostname = "$name.example.org";

"""
WWW = """www79 {
    ip4.addr = 10.79.0.3;
    interface = lo79;
    mount += "tmpfs $root/${name}/mnt tmpfs rw 0 0"; # isn't }
    /* nor " is } this */ exec.poststop += 'echo "}"'; // }
    allow.raw_sockets;
    persist;
}
"""
AFTER = """mail79 { ip4.addr = "lo79|10.79.0.4"; exec.stop = "echo '}'"; persist; }
odd79 { ip4 = inherit; ip4.addr = 10.79.0.5; }
"quoted79" { ip4 = inherit; }
"""
MOVED = """# Written by Ansible (bsd.jail.jail). Changes made here are overwritten.
www79 {
    path = '/usr/local/jails79/www79';
    host.hostname = 'www79.example.org';
    ip4.addr = '10.79.0.3';
    interface = 'lo79';
    persist;
    mount.devfs;
    allow.raw_sockets;
    exec.poststart = 'logger www79 is up';
    exec.poststop = 'echo "}"';
    mount = 'tmpfs /usr/local/jails79/www79/mnt tmpfs rw 0 0';
}
"""


def test_a_jail_moves_into_the_collection(host: Host, ansible: Ansible, tmp_path: Path) -> None:
    migrate = PLAYBOOKS / "migrate.yml"
    host.run("test ! -e /etc/jail.conf || mv /etc/jail.conf /etc/jail.conf.aside; ifconfig lo79 create")
    host.run(f"mkdir -p {ROOTS}/www79/dev {ROOTS}/www79/mnt {ROOTS}/mail79/dev")
    host.run(f"cat >/etc/jail.conf <<'X'\n{BEFORE}{WWW}{AFTER}X\nservice jail onestart www79 mail79")
    running = host.run("jls jid name path").stdout
    assert len(running.splitlines()) == 2

    shown = ansible.playbook(migrate, "-e", "jail=www79")
    assert host.run("jls jid name path").stdout == running
    kept = f'{BEFORE}{AFTER}.include "/etc/jail.conf.d/*.conf";\n'
    assert host.run("cat /etc/jail.conf").stdout == kept
    assert host.run("cat /etc/jail.conf.d/www79.conf").stdout == MOVED
    assert host.run("cat /etc/jail.conf.*~").stdout == f"{BEFORE}{WWW}{AFTER}"
    assert changed(ansible.playbook(migrate, "-e", "jail=www79")) == []
    # What it shows is what is.
    said = re.search(r'"msg": (\{.*?\n    \})\n', shown, re.DOTALL)
    assert said is not None
    task = {"name": "As shown", "bsd.jail.jail": {"jails": [json.loads(said[1])]}}
    assert changed(ansible.playbook(play(tmp_path, [task]))) == []

    for jail, why in (
        ("quoted79", "can't be told from what is around it"),
        ("odd79", "odd79 stays in /etc/jail.conf, which is as it was: .*contradicts"),
        ("none79", "isn't configured in /etc/jail.conf"),
    ):
        with pytest.raises(pytest.fail.Exception, match=why):
            ansible.playbook(migrate, "-e", f"jail={jail}")
        assert host.run("cat /etc/jail.conf; ls /etc/jail.conf.d").stdout == f"{kept}www79.conf\n"
    host.run(f"service jail onestop www79 mail79; rm -rf {ROOTS}; ifconfig lo79 destroy")
    host.run("rm -f /etc/jail.conf /etc/jail.conf.*~ /etc/jail.conf.d/www79.conf")
    host.run("test ! -e /etc/jail.conf.aside || mv /etc/jail.conf.aside /etc/jail.conf")
