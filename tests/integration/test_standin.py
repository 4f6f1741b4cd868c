# SPDX-License-Identifier: BSD-2-Clause
"""The stand-in as a sandbox: it comes up, keeps to itself, and leaves nothing behind."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

STANDIN = Path(__file__).resolve().parents[1] / "standin/standin"
_serial = itertools.count()


def standin(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run([STANDIN, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=check)


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for a condition; fails after ten seconds."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def processes(marker: str) -> list[int]:
    """The pids of processes with a word in their command lines."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            if marker in line:
                found.append(int(entry.name))
    return found


@pytest.fixture
def name() -> Iterator[str]:
    """The name of a stand-in that is up."""
    mine = f"sandbox{os.getpid()}-{next(_serial)}"
    standin("up", mine)
    yield mine
    if mine in standin("list").stdout.split():
        standin("down", mine)


def nothing_left(name: str) -> bool:
    """Whether the machine has no process, no socket and no mount of a stand-in any more."""
    sockets = Path("/proc/net/unix").read_text()
    mounts = Path("/proc/self/mounts").read_text()
    return not processes(name) and f"@standin/{name}\n" not in sockets and "\nstandin " not in mounts


def test_it_says_it_is_freebsd(name: str) -> None:
    script = "uname -srm; python3 -c 'import sys, platform; print(sys.platform, platform.system(), platform.release())'"
    assert standin("ssh", name, script).stdout == "FreeBSD 15.1-RELEASE-p1 amd64\nfreebsd FreeBSD 15.1-RELEASE-p1\n"


def test_exit_status_and_output_come_through(name: str) -> None:
    done = standin("ssh", name, "echo out; echo err >&2; exit 7", check=False)
    assert (done.returncode, done.stdout, done.stderr) == (7, "out\n", "err\n")


def test_several_at_once_know_nothing_of_each_other(name: str) -> None:
    other = f"{name}-other"
    standin("up", other)
    try:
        standin("ssh", other, "touch /tmp/mine; jail -c name=mine path=/ persist")
        assert {name, other} <= set(standin("list").stdout.split())
        assert standin("ssh", name, "ls /tmp; jls name").stdout == ""
    finally:
        standin("down", other)


def test_a_name_is_taken_once(name: str) -> None:
    done = standin("up", name, check=False)
    assert done.returncode == 1
    assert f"{name} is up already" in done.stderr


def test_down_of_one_that_is_not_up_says_so() -> None:
    done = standin("down", "nosuch", check=False)
    assert done.returncode == 1
    assert "nosuch" in done.stderr


def test_down_takes_everything_along(name: str) -> None:
    # `name` as an argument marks the processes.
    standin(
        "ssh",
        name,
        f"jail -c name=j path=/ vnet persist; mkdir /tmp/m; mount -t tmpfs tmpfs /tmp/m;"
        f" jexec j sh -c 'sleep 1000' {name} >/dev/null 2>&1 & sh -c 'sleep 1000' {name} >/dev/null 2>&1 &",
    )
    wait_until(lambda: len(processes(name)) >= 2)
    standin("down", name)
    wait_until(lambda: nothing_left(name))


def test_nothing_stays_after_it_was_killed_by_hand(name: str) -> None:
    standin("ssh", name, f"jail -c name=j path=/ vnet persist; jexec j sh -c 'sleep 1000' {name} >/dev/null 2>&1 &")
    wait_until(lambda: len(processes(name)) >= 2)
    for pid in processes(name):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    wait_until(lambda: nothing_left(name))
    assert name not in standin("list").stdout.split()


REBOOTED = """
mkdir -p /var/run/d /mnt/gone /mnt/there
mkfifo /var/run/d/fifo; ln -s fifo /var/run/d/link; touch /var/run/d/file /tmp/file
mount -t tmpfs tmpfs /mnt/gone; echo "tmpfs /mnt/there tmpfs rw 0 0" >>/etc/fstab
ifconfig lo9 create; ifconfig bridge8 create; sysrc cloned_interfaces=lo8 ifconfig_lo8="inet 10.8.0.1/24"
sysctl vfs.usermount=1 kern.maxfiles=1000; echo kern.maxfiles=2000 >>/etc/sysctl.conf
echo 'kern.racct.enable="0"' >/boot/loader.conf
sysrc jail_enable=YES
cat >/etc/jail.conf <<X
path = /; persist; exec.start = "echo start \\${name} >>/tmp/log"; exec.stop = "echo stop \\${name} >>/tmp/log";
a { }
b { }
X
jail -c a
sleep 1000 >/dev/null 2>&1 &
"""
AFTER = """
cd /var/run/d && echo *; ls /tmp/file; mount -p | grep mnt; ifconfig -l; ifconfig lo8 | grep "inet "
sysctl -n vfs.usermount kern.maxfiles kern.racct.enable kern.hostname; rctl 2>&1
while pgrep -f "/etc/rc autoboot" >/dev/null; do sleep 0.1; done
jls name; cat /tmp/log; pgrep sleep
"""


@pytest.mark.parametrize("crash", [(), ("--crash",)])
def test_what_a_reboot_leaves(name: str, crash: tuple[str]) -> None:
    """What FreeBSD leaves (recorded: bot-1). The jails are stopped before, unless it was a crash, and started after."""
    identity = "sysctl -b kern.boot_id | od -An -tx1"
    standin("ssh", name, REBOOTED)
    before = standin("ssh", name, identity).stdout
    standin("reboot", name, *crash)
    assert standin("ssh", name, AFTER, check=False).stdout.split("\n") == [
        "fifo link",
        "/tmp/file",
        "tmpfs\t\t\t/mnt/there\t\ttmpfs\trw\t\t0 0",
        "vtnet0 lo0 lo8",
        "\tinet 10.8.0.1 netmask 0xffffff00",
        "0",
        "2000",
        "0",
        "jailhost.example.org",
        "rctl: RACCT/RCTL present, but disabled; enable using kern.racct.enable=1 tunable",
        "a",
        "b",
        "start a",
        *([] if crash else ["stop a"]),
        "start a",
        "start b",
        "",
    ]
    assert standin("ssh", name, identity).stdout != before


def test_nobody_gets_in_while_it_boots(name: str) -> None:
    """The connection that lets it go down is closed, and then refused until sshd is there."""
    before_sshd = "# PROVIDE: slow\\n# BEFORE: openssh\\nsleep 1000\\n"
    script = f"printf '{before_sshd}' >/usr/local/etc/rc.d/slow; chmod +x /usr/local/etc/rc.d/slow"
    standin("ssh", name, script)
    done = standin("ssh", name, "shutdown -r now; sleep 1000", check=False)
    assert (done.returncode, done.stderr) == (255, f"Connection to {name} closed by remote host.\n")
    done = standin("ssh", name, "true", check=False)
    assert (done.returncode, done.stderr) == (255, f"ssh: connect to host {name} port 22: Connection refused\n")


def test_what_linux_shows_is_out_of_sight(name: str) -> None:
    script = "ls /proc /sys /usr/bin/mount /usr/bin/python3 /bin/ps 2>&1"
    words = standin("ssh", name, script, check=False).stdout
    assert "/sys: No such file" in words
    assert "/usr/bin/mount: No such file" in words
    assert "/usr/bin/python3: No such file" in words
    assert "/bin/ps\n" in words


@pytest.mark.needs_users
@pytest.mark.parametrize("vnet", ["", "vnet"])
def test_an_ordinary_user_runs_what_was_copied_into_a_jails_root(name: str, vnet: str) -> None:
    script = (
        "mkdir -p /small/bin /small/tmp; cp /bin/sh /bin/ls /bin/kill /usr/bin/id /small/bin/;"
        f"jail -c name=small path=/small {vnet} persist;"
        " jexec -u nobody small sh -c 'id -u; cd /tmp; pwd; ls /; kill -0 $$ && echo sent; exit 7'; echo $?"
    )
    assert standin("ssh", name, script).stdout.split("\n") == ["65534", "/tmp", "bin", "tmp", "sent", "7", ""]


@pytest.fixture
def ordinary() -> Iterator[list[str]]:
    """The command standin in a copy of an ordinary user's own, as that user, who has no users beside himself."""
    user = 65534
    with tempfile.TemporaryDirectory() as directory:  # tmp_path lies in one that is root's alone
        copy = Path(directory, "standin")
        shutil.copytree(STANDIN.parent, copy, ignore=shutil.ignore_patterns("build", "__pycache__"))
        for path in (directory, copy):
            os.chown(path, user, user)
        yield ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", str(copy / "standin")]


@pytest.mark.skipif(os.geteuid() != 0, reason="all these tests run as an ordinary user")
def test_an_ordinary_users_own(ordinary: list[str]) -> None:
    """Jails, with a network of their own too, device nodes and mounts, as root's; its name is nobody else's to use."""
    mine = f"ordinary{os.getpid()}-{next(_serial)}"

    def run(*arguments: str) -> str:
        done = subprocess.run([*ordinary, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        return done.stdout + done.stderr

    said = run("up", mine)
    if "may not" in said:
        pytest.skip(said)
    assert said == ""
    try:
        assert run("list") == f"{mine}\n"
        script = (
            "id -u; mkdir -p /j/dev; jail -c name=j path=/j vnet persist; jls -j j vnet; mount -t devfs devfs /j/dev;"
            " [ -c /j/dev/null ] && echo >/j/dev/null && umount /j/dev && ls /j/dev; rmdir /usr/lib/compat;"
            " mkdir /usr/lib/compat; ls /usr/lib/compat; ifconfig epair create; jail -r j; jls -q name"
        )
        assert run("ssh", mine, script).split("\n") == ["0", "new", "epair0a", ""]
        assert run("reboot", mine) == ""
        assert run("ssh", mine, "hostname; jls -q name") == "jailhost.example.org\n"
        assert mine not in standin("list").stdout
        assert f"the stand-in of the name {mine} is another user's" in standin("down", mine, check=False).stderr
    finally:
        run("down", mine)
    assert run("list") == ""
