# SPDX-License-Identifier: BSD-2-Clause
"""The steps of the stand-in's jail(8), with real commands but without a kernel: entering a jail does nothing here."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Callable

import pytest
from cfjail import FAILED, IP4_IFADDR, IP6_IFADDR, START, STOP, Jail
from jailcommand import START_STEPS, STOP_STEPS, CommandError, Commands, address_command, split_command
from jailconf import load_config
from jailmount import check_path, device_command, mount_command
from jailstate import State


def jail(**parameters: str) -> Jail:
    """A jail with parameters, whose names have '_' for '.'."""
    made = Jail("j")
    made.jid = 7
    for name, value in parameters.items():
        made.add_argument(f"{name.replace('_', '.')}={value}")
    return made


class Run:
    """Takes jails through their steps, as jail(8)'s main loop does, and keeps what happened."""

    def __init__(self, log: pathlib.Path, jails: list[Jail], limit: int = -1) -> None:
        self._log = log
        self.state = State(jails, 0)
        self.commands = Commands(self.state, 0, limit, lambda _: self.write("created"), lambda _: self.write("removed"))

    def write(self, word: str) -> None:
        with self._log.open("a") as file:
            file.write(f"{word}\n")

    def all(self, operation: int, steps: tuple[str, ...]) -> list[str]:
        for chosen in list(self.state.jails):
            chosen.flags |= operation
            self.commands.begin(chosen, steps)
            self.state.requeue(chosen, self.state.ready)
        while (jail := self.state.next(self.commands.processes.next)) is not None:
            if self.commands.finish(jail) and not (jail.flags & STOP and jail.flags & FAILED):
                self.commands.next(jail)
        return self._log.read_text().split() if self._log.exists() else []


Load = Callable[..., Run]


@pytest.fixture
def load(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Makes a Run of a text, in which LOG is the file that is kept."""
    log = tmp_path / "log"
    monkeypatch.setattr("kernel.jail_attach", lambda jid: None)
    monkeypatch.setattr("kernel.processes", list)

    def make(text: str, limit: int = -1) -> Run:
        conf = tmp_path / "c.conf"
        conf.write_text(text.replace("LOG", str(log)))
        return Run(log, load_config(str(conf)), limit)

    return make


ALL_STEPS = "".join(
    f"exec.{step} = 'echo {step} >> LOG'; "
    for step in "prepare prestart created start poststart prestop stop poststop release".split()
)


def test_order_of_the_steps(load: Load) -> None:  # exs-1
    run = load(f"j {{ {ALL_STEPS} }}")
    assert run.all(START, START_STEPS) == "prepare prestart created created start poststart".split()
    run.state.jails[0].flags = 0
    assert run.all(STOP, STOP_STEPS)[6:] == "prestop stop removed poststop release".split()


@pytest.mark.parametrize(
    ("step", "done"),
    [
        ("prepare", ""),
        ("prestart", "prepare"),
        ("created", "prepare prestart created removed"),
        ("start", "prepare prestart created created removed"),
        ("poststart", "prepare prestart created created start removed"),
    ],
)
def test_a_failed_start_is_undone(load: Load, step: str, done: str) -> None:  # exs-2
    run = load(f"j {{ {ALL_STEPS} exec.{step} = false; }}")
    assert run.all(START, START_STEPS) == done.split()
    assert run.state.jails[0].flags & FAILED


@pytest.mark.parametrize(("step", "done"), [("prestop", ""), ("stop", "prestop"), ("poststop", "prestop stop removed")])
def test_a_failed_stop_goes_no_further(load: Load, step: str, done: str) -> None:  # exec-3, exs-2
    run = load(f"j {{ {ALL_STEPS} exec.{step} = false; }}")
    assert run.all(STOP, STOP_STEPS) == done.split()


def test_several_commands_of_one_step(load: Load) -> None:
    run = load("j { exec.start = 'echo 1 >> LOG', '', 'echo 2 >> LOG'; exec.start += 'echo 3 >> LOG'; }")
    assert run.all(START, START_STEPS) == ["created", "1", "2", "3"]


def test_a_command_that_takes_too_long(load: Load, capfd: pytest.CaptureFixture[str]) -> None:  # exec-4
    run = load("j { exec.prestart = 'sleep 3'; exec.timeout = 1; }")
    assert run.all(START, START_STEPS) == []
    assert capfd.readouterr().err == "jail: j: sleep 3: timed out\n"


def test_messages_of_failed_commands(load: Load, capfd: pytest.CaptureFixture[str]) -> None:  # exec-1, exs-2
    for command in ("exit 3", "exit 3;", "kill -9 $$"):
        load(f"j {{ exec.start = '{command}'; }}").all(START, START_STEPS)
    assert capfd.readouterr().err.splitlines() == [
        "jail: j: exec exit: No such file or directory",
        "jail: j: exit 3: failed",
        "jail: j: /bin/sh -c exit 3;: failed",
        "jail: j: /bin/sh -c kill -9 $$: exited on signal 9",
    ]


def test_commands_of_several_jails_at_once(load: Load, tmp_path: pathlib.Path) -> None:  # many-2
    """Each waits for the other, which only works at once."""
    os.mkfifo(tmp_path / "fifo")
    run = load(f"a {{ exec.start = 'echo x > {tmp_path}/fifo'; }} b {{ exec.start = 'cat {tmp_path}/fifo >> LOG'; }}")
    assert run.all(START, START_STEPS) == ["created", "created", "x"]


def test_the_limit_of_commands(load: Load) -> None:  # many-2
    text = "".join(f"j{n} {{ exec.start = 'echo + >> LOG; sleep 0.05; echo - >> LOG'; }} " for n in range(4))
    assert [word for word in load(text, 1).all(START, START_STEPS) if word in "+-"] == ["+", "-"] * 4


def test_in_the_background(load: Load) -> None:
    run = load("j { exec.prestart = 'sleep 1 &'; exec.prestart += 'echo x >> LOG'; }")
    assert run.all(START, START_STEPS) == ["x", "created"]


@pytest.mark.parametrize(
    ("command", "argv", "background"),
    [
        ("exit 3", ["exit", "3"], False),
        ("  echo\ta  b ", ["echo", "a", "b"], False),
        ("sleep 5 &", ["sleep", "5"], True),
        ("sleep 5 & echo", ["/bin/sh", "-c", "sleep 5 & echo"], False),
        ("echo $HOME", ["/bin/sh", "-c", "echo $HOME"], False),
        ("echo a#b %d ^ , = -", ["echo", "a#b", "%d", "^", ",", "=", "-"], False),
        ("", [], False),
    ],
)
def test_commands_and_the_shell(command: str, argv: list[str], background: bool) -> None:
    assert split_command(command) == (argv, background)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("10.7.0.5", "if0 inet 10.7.0.5 netmask 255.255.255.255 alias"),
        ("lo1|10.7.0.6/24", "lo1 inet 10.7.0.6/24 alias"),
        ("lo1|10.7.0.6/255.255.255.0", "lo1 inet 10.7.0.6 netmask 255.255.255.0 alias"),
        ("lo1|", "lo1 inet  netmask 255.255.255.255 alias"),
        ("|10.0.0.1", " inet 10.0.0.1 netmask 255.255.255.255 alias"),
        ("lo1|10.7.6.1/24/3", "lo1 inet 10.7.6.1/24/3 alias"),
        ("lo1|10.7.0.6/24 mtu 1400", "lo1 inet 10.7.0.6/24 mtu 1400 alias"),
    ],
)
def test_addresses(value: str, words: str) -> None:  # ip-1, ip-2, ip-6
    argv = address_command(jail(interface="if0"), IP4_IFADDR, value, down=False)
    assert " ".join(argv) == f"/sbin/ifconfig {words}"


def test_addresses_of_ipv6_and_their_end() -> None:  # ip-3, ip-5
    one = jail(interface="if0")
    assert address_command(one, IP6_IFADDR, "fd00::7", down=False)[2:] == "inet6 fd00::7 prefixlen 128 alias".split()
    assert address_command(one, IP6_IFADDR, "lo1|fd00::7/64", down=True)[1:] == "lo1 inet6 fd00::7/64 -alias".split()
    assert address_command(one, IP4_IFADDR, "lo1|10.0.0.1/8 up", down=True)[1:] == "lo1 inet 10.0.0.1/8 -alias".split()


@pytest.mark.parametrize(
    ("line", "argv"),
    [
        ("/src /mnt nullfs ro 0 0", "/sbin/mount -t nullfs -o ro /src /mnt"),
        ("tmpfs /mnt tmpfs", "/sbin/mount -t tmpfs tmpfs /mnt"),
        ("/s\\040p\t/m\\011x nullfs rw", "/sbin/mount -t nullfs -o rw /s p /m\tx"),
        ("", ""),
    ],
)
def test_mount_lines(line: str, argv: str) -> None:  # mnt-11, mpl-1
    command = mount_command(jail(path="/root1"), "mount", line, down=False)
    assert command is not None
    assert " ".join(command) == argv


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("/data /mnt", "mount: /data /mnt: missing information"),  # mpl-1
        ("/data mnt nullfs ro", "mount: mnt: not an absolute pathname"),  # mpl-1
        ("/data\\q /mnt nullfs", "mount: /data\\q /mnt nullfs: fstab parse error"),  # command.c
    ],
)
def test_bad_mount_lines(capfd: pytest.CaptureFixture[str], line: str, message: str) -> None:
    assert mount_command(jail(path="/root1"), "mount", line, down=False) is None
    assert capfd.readouterr().err == f"jail: j: {message}\n"


def test_devices(tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]) -> None:  # dev-2, dev-3
    one = jail(path=str(tmp_path), devfs_ruleset="9")
    assert device_command(one, "mount.devfs", down=False) is None
    assert capfd.readouterr().err == f"jail: j: mount.devfs: {tmp_path}/dev: No such file or directory\n"
    (tmp_path / "dev" / "fd").mkdir(parents=True)
    assert device_command(one, "mount.fdescfs", down=False) == [
        "/sbin/mount",
        "-t",
        "fdescfs",
        ".",
        f"{tmp_path}/dev/fd",
    ]
    two = jail(path=str(tmp_path))
    two.add_argument("devfs_ruleset=9")
    assert device_command(two, "mount.devfs", down=False) == [
        "/sbin/mount",
        "-t",
        "devfs",
        "-oruleset=9",
        ".",
        f"{tmp_path}/dev",
    ]


def test_links_below_the_path(tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]) -> None:  # pth-1
    root = tmp_path / "root1"
    (root / "real").mkdir(parents=True)
    (root / "lnk").symlink_to("real")
    (tmp_path / "rlink").symlink_to("root1")
    below = f"{root}/lnk"
    assert not check_path(jail(path=str(root)), "mount", below)
    assert capfd.readouterr().err == f"jail: j: mount: {below} is a symbolic link\n"
    assert not check_path(jail(path=str(root)), "mount", f"{below}/x")
    assert not check_path(jail(path=f"{tmp_path}/rlink"), "mount", f"{tmp_path}/rlink/lnk")
    assert check_path(jail(path=f"{root}/"), "mount", below)
    assert check_path(jail(path=str(root)), "mount", f"{tmp_path}//root1/lnk")
    assert check_path(jail(path=f"{tmp_path}/rlink"), "mount", below)
    assert check_path(jail(path=str(root)), "exec.consolelog", f"{root}/real/log", is_file=True)
    assert not check_path(jail(path=str(root)), "exec.consolelog", f"{root}/nosuch/log", is_file=True)


def test_a_jail_that_cannot_be_made(tmp_path: pathlib.Path) -> None:
    def refuse(_: Jail) -> None:
        raise CommandError

    one = jail()
    state = State([one], 0)
    commands = Commands(state, 0, -1, refuse, refuse)
    one.flags = START
    commands.begin(one, START_STEPS)
    assert commands.next(one)
    assert one.flags & FAILED
    assert one.queue is state.ready
    assert not commands.next(one)
