# SPDX-License-Identifier: BSD-2-Clause
"""A program that is prepared, released, and ended: with real processes, on whatever machine this is."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType

import pytest
from ansible_collections.bsd.jail.plugins.module_utils import entrypoint, entryrecord, libjail, program
from ansible_collections.bsd.jail.plugins.module_utils.entryrecord import ENDED, RUNNING, WAITING
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, JailError
from ansible_collections.bsd.jail.plugins.module_utils.libjail import Jail
from ansible_collections.bsd.jail.plugins.module_utils.program import Program

from .linuxjail import JAIL, LinuxHost, install, processes_about

SLEEP = Program(("sleep", "1000"))


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for a condition; fails after ten seconds."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def waits_at_the_fifo(pid: int) -> bool:
    """Whether a shell has been let on, and has gone on to open the fifo."""
    try:
        return "5" not in os.listdir(f"/proc/{pid}/fd")
    except FileNotFoundError:
        return False


def is_settled(directory: Path, pid: int) -> bool:
    """Whether a process that was to wait does, or is gone with its parent."""
    return waits_at_the_fifo(pid) or not processes_about(directory)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LinuxHost]:
    made = install(monkeypatch, tmp_path)
    yield made
    for pid in processes_about(tmp_path):
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def kill_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signals to a running program are sent without entering its jail."""

    def kill(_jid: int, work: Callable[[], list[int]]) -> list[int]:
        return work()

    monkeypatch.setattr(libjail, "inside", kill)
    monkeypatch.setattr(libjail, "kill", os.kill)


def test_the_pid_stays_and_the_status_is_kept(host: LinuxHost) -> None:
    wanted = Program(("sh", "-c", 'echo $$ "$SAID"; echo err >&2; exit 7'), env={"SAID": "a 'b'\n$c"})
    prepared = entrypoint.prepare(host, JAIL, wanted)
    base = Path(prepared.directory)
    assert entrypoint.state_of(host, prepared) == WAITING
    assert entrypoint.find(host, "web") == prepared
    assert (base.stat().st_mode & 0o777, (base / "fifo").stat().st_mode & 0o777) == (0o700, 0o600)
    assert (base / "stdout").read_text() == ""
    assert entrypoint.release(host, JAIL) == (prepared, True)
    assert not (base / "fifo").exists()
    wait_until(lambda: prepared.status is not None)
    assert entrypoint.state_of(host, prepared) == ENDED
    assert prepared.status == 7
    assert (base / "stdout").read_text() == f"{prepared.pid} a 'b'\n$c\n"
    assert (base / "stderr").read_text() == "err\n"


def test_nothing_of_the_program_is_in_a_command_line_or_a_file(host: LinuxHost, tmp_path: Path) -> None:
    wanted = Program(("sleep", "1000", "visible-argument"), env={"SECRET": "visible-value"})
    entrypoint.prepare(host, JAIL, wanted)
    for pid in processes_about(tmp_path):
        for file in ("cmdline", "environ"):
            assert b"visible" not in Path(f"/proc/{pid}/{file}").read_bytes()
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"visible-value" not in written


def test_what_waits_is_detached_and_holds_nothing_of_ours(host: LinuxHost, tmp_path: Path) -> None:
    ours = os.open("/", os.O_RDONLY)
    os.set_inheritable(ours, True)
    waiting = entrypoint.prepare(host, JAIL, SLEEP).pid
    os.close(ours)
    (keeper,) = set(processes_about(tmp_path)) - {waiting}
    wait_until(lambda: os.listdir(f"/proc/{keeper}/fd") == ["0", "1", "2"])
    wait_until(lambda: set(os.listdir(f"/proc/{waiting}/fd")) == {"0", "1", "2", "3", "6", "7", "8"})
    for pid in (keeper, waiting):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        session, terminal = int(fields[3]), int(fields[4])
        assert (session != os.getsid(0), terminal) == (True, 0)
    assert int(Path(f"/proc/{keeper}/stat").read_text().rpartition(")")[2].split()[1]) != os.getpid()


def test_a_terminal_is_the_programs_own(host: LinuxHost, tmp_path: Path) -> None:
    path = str(tmp_path / "console")
    script = "tty; test -t 1 && test -t 2 && echo mine >/dev/tty"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(1)
        prepared = entrypoint.prepare(host, JAIL, Program(("sh", "-c", script)), console_socket=path)
        with server.accept()[0] as connection:
            name, fds, _flags, _address = socket.recv_fds(connection, 1024, 1)
    entrypoint.release(host, JAIL)
    wait_until(lambda: prepared.status is not None)
    assert (prepared.status, os.read(fds[0], 1024)) == (0, name + b"\r\nmine\r\n")
    os.close(fds[0])


def test_no_listener_and_nothing_is_started(host: LinuxHost, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="console_socket '/nosuch' can't be used"):
        entrypoint.prepare(host, JAIL, SLEEP, console_socket="/nosuch")
    assert not processes_about(tmp_path)
    assert not (tmp_path / "bsd.jail/web/entrypoint").exists()


def test_a_second_one_is_told_who_has_the_place(host: LinuxHost) -> None:
    first = entrypoint.prepare(host, JAIL, SLEEP)
    with pytest.raises(JailError, match=f"waiting: 'sleep', pid {first.pid}"):
        entrypoint.prepare(host, JAIL, SLEEP)
    entrypoint.release(host, JAIL)
    with pytest.raises(JailError, match=f"running: 'sleep', pid {first.pid}"):
        entrypoint.prepare(host, JAIL, SLEEP)
    assert entrypoint.release(host, JAIL) == (first, False)


def test_detaching_the_same_program_twice_does_nothing(host: LinuxHost) -> None:
    assert entrypoint.detach(host, JAIL, SLEEP, check_mode=True) == (None, True)
    first, changed = entrypoint.detach(host, JAIL, SLEEP)
    assert changed
    assert entrypoint.detach(host, JAIL, SLEEP) == (first, False)
    assert entrypoint.detach(host, JAIL, SLEEP, check_mode=True) == (first, False)
    for other in (replace(SLEEP, env={"A": "b"}), replace(SLEEP, chdir="/tmp"), Program(("sleep", "1001"))):
        for check_mode in (True, False):
            with pytest.raises(JailError, match="there is an entrypoint already"):
                entrypoint.detach(host, JAIL, other, check_mode=check_mode)


def test_detaching_one_that_waits_releases_it(host: LinuxHost) -> None:
    prepared = entrypoint.prepare(host, JAIL, SLEEP)
    assert entrypoint.detach(host, JAIL, SLEEP) == (prepared, True)
    assert entrypoint.state_of(host, prepared) == RUNNING


def test_detaching_one_that_has_ended_starts_it_again(host: LinuxHost) -> None:
    first, _changed = entrypoint.detach(host, JAIL, Program(("true",)))
    assert first is not None
    wait_until(lambda: entrypoint.state_of(host, first) == ENDED)
    second, changed = entrypoint.detach(host, JAIL, Program(("true",)))
    assert second is not None
    assert (second.pid != first.pid, changed) == (True, True)


def test_what_a_program_starts_with(host: LinuxHost) -> None:
    script = (
        "import os, signal; print(sorted(os.listdir('/proc/self/fd')), os.getcwd(), os.getsid(0) == os.getpid(),"
        " [n for n in signal.valid_signals() if signal.getsignal(n) is signal.SIG_IGN])"
    )
    prepared = entrypoint.prepare(host, JAIL, Program((sys.executable, "-I", "-c", script), chdir="/tmp"))
    entrypoint.release(host, JAIL)
    wait_until(lambda: prepared.status is not None)
    # 3 is the directory that is being listed; Python itself ignores two signals.
    said = (Path(prepared.directory) / "stdout").read_text()
    assert said.startswith("['0', '1', '2', '3'] /tmp True"), (said, Path(prepared.directory, "stderr").read_text())
    assert "SIGINT" not in said
    assert "SIGQUIT" not in said


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (Program(("/nosuch",)), "'/nosuch' wasn't started: No such file or directory"),
        (Program(("/etc/passwd",)), "Permission denied"),
        (Program(("true",), user="nosuch"), "the jail has no user 'nosuch'"),
        (Program(("true",), chdir="/nosuch"), "'/nosuch', its working directory: No such file"),
    ],
)
def test_what_cannot_be_executed_says_why_and_leaves_nothing(
    host: LinuxHost, tmp_path: Path, wanted: Program, reason: str
) -> None:
    prepared = entrypoint.prepare(host, JAIL, wanted)
    with pytest.raises(JailError, match=reason):
        entrypoint.release(host, JAIL)
    assert not os.path.exists(prepared.directory)
    wait_until(lambda: not processes_about(tmp_path))


def test_one_that_the_kernel_aborts_was_not_executed(host: LinuxHost, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared, read_report = entrypoint.prepare(host, JAIL, Program(("sh", "-c", "kill -ABRT $$"))), program.read_report

    def and_see_it_end(fd: int, deadline: float) -> str | None:
        said = read_report(fd, deadline)
        wait_until(lambda: entrypoint.state_of(host, prepared) == ENDED)
        return said

    monkeypatch.setattr(program, "read_report", and_see_it_end)
    with pytest.raises(JailError, match="was aborted as soon as it was executed"):
        entrypoint.release(host, JAIL)


def test_a_jail_that_is_gone(host: LinuxHost) -> None:
    gone = Jail(8, "web", "/")
    entrypoint.prepare(host, gone, SLEEP)
    with pytest.raises(JailError, match="can't be entered: Invalid argument"):
        entrypoint.release(host, gone)


def test_what_was_prepared_for_an_earlier_instance_is_ended(host: LinuxHost, tmp_path: Path) -> None:
    earlier = entrypoint.prepare(host, Jail(5, "web", "/"), SLEEP)
    with pytest.raises(InputError, match="nothing was prepared"):
        entrypoint.release(host, JAIL)
    now = entrypoint.prepare(host, JAIL, SLEEP)
    assert now.pid != earlier.pid
    assert earlier.pid not in processes_about(tmp_path)


def test_what_waits_was_killed(host: LinuxHost) -> None:
    prepared = entrypoint.prepare(host, JAIL, SLEEP)
    os.kill(prepared.pid, signal.SIGKILL)
    wait_until(lambda: entrypoint.state_of(host, prepared) == ENDED)
    with pytest.raises(JailError, match="the process that waited was ended"):
        entrypoint.release(host, JAIL)
    assert entrypoint.prepare(host, JAIL, SLEEP).pid != prepared.pid


def test_the_fifo_was_removed(host: LinuxHost) -> None:
    prepared = entrypoint.prepare(host, JAIL, SLEEP)
    wait_until(lambda: waits_at_the_fifo(prepared.pid))
    os.unlink(prepared.fifo)
    with pytest.raises(JailError, match="the fifo at which it waits was removed"):
        entrypoint.release(host, JAIL)
    assert entrypoint.cleanup(host, "web")
    assert entrypoint.state_of(host, prepared) == ENDED


def test_a_file_in_place_of_the_fifo_lets_nothing_go(host: LinuxHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell makes one where it wanted to open a fifo for writing that is gone."""
    make = os.mkfifo
    monkeypatch.setattr(os, "mkfifo", lambda path, mode: Path(path).touch())
    prepared = entrypoint.prepare(host, JAIL, Program(("sh", "-c", "echo ran")))
    monkeypatch.setattr(os, "mkfifo", make)
    wait_until(lambda: prepared.status is not None)
    assert prepared.status == 127
    assert (Path(prepared.directory) / "stdout").read_text() == ""


def test_a_release_that_takes_too_long_gives_nothing_up(host: LinuxHost) -> None:
    prepared = entrypoint.prepare(host, JAIL, SLEEP)
    os.kill(prepared.pid, signal.SIGSTOP)
    with pytest.raises(JailError, match=r"wasn't executed within 0\.2 seconds"):
        entrypoint.release(host, JAIL, timeout=0.2)
    os.kill(prepared.pid, signal.SIGCONT)
    assert entrypoint.release(host, JAIL)[0] == prepared
    assert entrypoint.state_of(host, prepared) == RUNNING


def test_a_releaser_that_is_killed(host: LinuxHost) -> None:
    """The program goes all the same, and the next one finds it running."""
    prepared = entrypoint.prepare(host, JAIL, SLEEP)
    os.close(os.open(prepared.fifo, os.O_RDONLY))
    wait_until(lambda: entrypoint.state_of(host, prepared) == RUNNING)
    assert entrypoint.release(host, JAIL) == (prepared, False)


@pytest.mark.usefixtures("kill_inside")
def test_cleanup_ends_whatever_there_is(host: LinuxHost, tmp_path: Path) -> None:
    assert not entrypoint.cleanup(host, "web")
    entrypoint.prepare(host, JAIL, SLEEP)
    assert entrypoint.cleanup(host, "web")
    wait_until(lambda: not processes_about(tmp_path))
    deaf = entrypoint.prepare(host, JAIL, Program(("sh", "-c", "trap '' TERM; echo; while :; do sleep 0.1; done")))
    entrypoint.release(host, JAIL)
    wait_until(lambda: bool((Path(deaf.directory) / "stdout").read_text()))
    assert entrypoint.cleanup(host, "web", timeout=0.2)
    assert entrypoint.state_of(host, deaf) == ENDED
    assert not os.path.exists(deaf.directory)
    assert not entrypoint.cleanup(host, "web")


def test_after_a_boot_the_record_is_void(host: LinuxHost, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = entrypoint.prepare(host, JAIL, SLEEP)
    monkeypatch.setattr(host, "boot_id", lambda: "beef")
    assert entrypoint.find(host, "web") is None
    assert entrypoint.prepare(host, JAIL, SLEEP).pid != prepared.pid


def test_any_name_of_a_jail_makes_one_directory_below_the_records(host: LinuxHost, tmp_path: Path) -> None:
    names = [".lock", "..", "a/b", "a%2Fb", "pa.kid", "web", "ü"]
    paths = [entryrecord.directory(host, name) for name in names]
    assert len(set(paths)) == len(names)
    assert all(Path(path).parent.parent == tmp_path / "bsd.jail" for path in paths)
    assert paths[4] == str(tmp_path / "bsd.jail/pa.kid/entrypoint")
    assert not [path for path in paths if Path(path).parent.name in (".lock", "..")]


def test_no_room_for_the_record(host: LinuxHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_entrypoint: entrypoint.Entrypoint) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(entryrecord, "write", full)
    with pytest.raises(JailError, match="No space left on device"):
        entrypoint.prepare(host, JAIL, SLEEP)
    wait_until(lambda: not processes_about(tmp_path))
    assert not (tmp_path / "bsd.jail/web/entrypoint").exists()


def killed_at(line: int, work: Callable[[], object]) -> bool:
    """Do something in a child that is killed as it reaches its n-th line of the library; False if it ended before."""
    pid = os.fork()
    if pid == 0:
        left, mine = line, os.getpid()

        def trace(frame: FrameType, event: str, _argument: object) -> object:
            nonlocal left
            if "/plugins/module_utils/" not in frame.f_code.co_filename:
                return None
            if event == "line" and os.getpid() == mine:
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
            return trace

        sys.settrace(trace)
        try:
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def test_killed_between_any_two_steps_of_prepare(host: LinuxHost, tmp_path: Path) -> None:
    """What the killed run left is cleared away by the next, or waits to be released. There is never a second one."""
    line, outcomes = 1, set()
    while killed_at(line, lambda: entrypoint.prepare(host, JAIL, SLEEP)):
        found = entrypoint.find(host, "web")
        if found is None:
            wait_until(lambda: not processes_about(tmp_path))
            found = entrypoint.prepare(host, JAIL, SLEEP)
            outcomes.add("prepared anew")
        else:
            outcomes.add("was prepared")
        wait_until(partial(is_settled, tmp_path, found.pid))
        if entrypoint.state_of(host, found) == WAITING:
            assert len(processes_about(tmp_path)) == 2
        else:
            # The record was written, and the process not let on.
            outcomes.add("ended")
            with pytest.raises(JailError, match="was ended"):
                entrypoint.release(host, JAIL)
        entrypoint.cleanup(host, "web")
        wait_until(lambda: not processes_about(tmp_path))
        line += 1
    assert line > 50
    assert {"prepared anew", "was prepared"} <= outcomes
