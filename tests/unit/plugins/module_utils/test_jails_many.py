# SPDX-License-Identifier: BSD-2-Clause
"""Many jails in one run: what is started for all of them, what becomes of those that depend on them, and what a run
leaves that was killed at any point.
"""

from __future__ import annotations

import os
import socket
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.bsd.jail.plugins.module_utils import runs, state
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, LockError
from ansible_collections.bsd.jail.plugins.module_utils.host import Result
from ansible_collections.bsd.jail.plugins.module_utils.jails import Outcome

from tests.unit.plugins.module_utils.fake import FakeHost, ask


@pytest.fixture
def host(tmp_path: Path) -> FakeHost:
    return FakeHost(tmp_path)


def steps(outcomes: list[Outcome]) -> dict[str, str]:
    return {one.plan.name: " ".join(one.plan.steps) for one in outcomes}


def jail(name: str, *depend: str, **options: Any) -> dict[str, Any]:
    return {"name": name, "path": "/", **({"depend": list(depend)} if depend else {}), **options}


def count(host: FakeHost) -> Counter[str]:
    """What was started, by program and operation, since the last call."""
    counted = Counter(
        " ".join(line.split()[:1] + [word for word in line.split() if word in ("-c", "-m", "-r")])
        for line in host.programs
    )
    host.programs.clear()
    return counted


# --- what it costs ----------------------------------------------------------------------------------------------------


def test_the_programs_that_are_started_do_not_grow_with_the_jails(host: FakeHost) -> None:
    ask(host, jail("one"))
    for_one = count(host)
    fifty = [jail(f"j{number}", params={"meta": "a"}) for number in range(50)]
    ask(host, *fifty)
    assert count(host) == for_one
    assert ask(host, *fifty)[0].plan.steps == ()
    assert count(host) == {"/usr/sbin/jls": 1}
    ask(host, jail("one", params={"meta": "a"}))
    for_one = count(host)
    ask(host, *fifty[1:], jail("j0", params={"meta": "b"}))
    assert count(host) == for_one
    ask(host, jail("one", path="/tmp"))
    for_one = count(host)
    ask(host, *(jail(f"j{number}", path="/tmp") for number in range(50)))
    assert count(host) == for_one
    ask(host, {"name": "one", "state": "absent"})
    for_one = count(host)
    ask(host, *({"name": f"j{number}", "state": "absent"} for number in range(50)))
    assert count(host) == for_one
    assert host.jails == {}


# --- dependents -------------------------------------------------------------------------------------------------------


@pytest.fixture
def row(host: FakeHost) -> FakeHost:
    """Three jails, each of which depends on the one before."""
    ask(host, jail("a"), jail("b", "a"), jail("c", "b"))
    host.programs.clear()
    return host


@pytest.mark.parametrize(
    ("options", "runs_then", "done"),
    [
        ({"state": "restarted"}, "abc", {"a": "stop start", "b": "stop start", "c": "stop start"}),
        ({"state": "restarted", "dependents": "stop"}, "a", {"a": "stop start", "b": "stop", "c": "stop"}),
        ({"state": "restarted", "dependents": "ignore"}, "abc", {"a": "stop start"}),
        ({"state": "stopped", "dependents": "stop"}, "", {"a": "stop", "b": "stop", "c": "stop"}),
        ({"state": "absent", "dependents": "ignore"}, "bc", {"a": "stop remove"}),
        ({"path": "/tmp"}, "abc", {"a": "stop write start", "b": "stop start", "c": "stop start"}),
    ],
)
def test_dependents(row: FakeHost, options: dict[str, Any], runs_then: str, done: dict[str, str]) -> None:
    predicted = ask(row, {"name": "a", **options}, check_mode=True)
    outcomes = ask(row, {"name": "a", **options})
    assert steps(outcomes) == done == steps(predicted)
    assert [one.diff for one in outcomes] == [one.diff for one in predicted]
    assert "".join(sorted(row.jails)) == runs_then
    assert all(one.error is None for one in outcomes)


@pytest.mark.parametrize(
    "options",
    [
        {"state": "stopped"},
        {"state": "absent"},
        {"state": "stopped", "dependents": "restart"},
        {"state": "restarted", "dependents": "refuse"},
    ],
)
def test_dependents_that_are_in_the_way(row: FakeHost, options: dict[str, Any]) -> None:
    (outcome,) = ask(row, {"name": "a", **options})
    assert isinstance(outcome.error, InputError)
    assert not outcome.is_changed
    assert row.operations == []


def test_dependents_by_what_they_run_with(row: FakeHost) -> None:
    # b doesn't depend on a any more by its file, but it runs as one that does
    ask(row, jail("b", state="present"))
    assert steps(ask(row, {"name": "a", "state": "restarted"})).keys() == {"a", "b", "c"}
    found = state.read(row, "b")
    assert found is not None
    assert "depend" in found.text


def test_who_stops_depending_in_the_same_run_stays(row: FakeHost) -> None:
    assert steps(ask(row, {"name": "a", "state": "absent"}, jail("b"))) == {"a": "stop remove", "b": "write modify"}
    assert sorted(row.jails) == ["b", "c"]


def test_a_run_that_is_one_for_jail8(row: FakeHost) -> None:
    seen = []
    original = row.run_detached

    def run_detached(argv: tuple[str, ...], output: str, timeout: float | None) -> Result:
        seen.append(Path(argv[2]).read_text())
        return original(argv, output, timeout)

    row.run_detached = run_detached  # type: ignore[method-assign]
    ask(row, {"name": "b", "state": "restarted"})
    assert row.operations == ["-r b c", "-c"]
    # a isn't in the text, so that nothing happens to it, and jail(8) doesn't miss it: it runs
    assert all("a {" not in text and "'a'" not in text and "depend = 'b';" in text for text in seen)


def test_a_start_that_fails_takes_along_what_needs_it_and_nothing_else(host: FakeHost) -> None:
    host.fails["-c bad"] = "jail: bad: false: failed"
    host.fails["-c needs"] = "jail: needs: skipped"
    outcomes = {one.plan.name: one for one in ask(host, jail("bad"), jail("needs", "bad"), jail("good"))}
    assert sorted(host.jails) == ["good"]
    assert outcomes["good"].error is None
    assert "false: failed" in str(outcomes["bad"].error)
    assert "skipped" in str(outcomes["needs"].error)
    assert "false" not in str(outcomes["needs"].error)
    assert host.read("jail.conf.d/bad.conf") is None
    assert host.read("jail.conf.d/good.conf") is not None


def test_what_needs_one_whose_file_can_not_be_written_is_not_started(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = os.replace

    def refuse(source: str, target: str) -> None:
        if target.endswith("/db.conf"):
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuse)
    outcomes = ask(host, jail("web", "app"), jail("app", "db"), jail("db"), jail("other"))
    assert ["No space" in str(one.error) for one in outcomes] == [False, False, True, False]
    assert "it depends on app, which doesn't run" in str(outcomes[0].error)
    assert sorted(host.jails) == ["other"]
    assert sorted(one.name for one in Path(host.conf_dir).iterdir()) == ["other.conf"]


def test_what_is_to_be_stopped_can_not_be_needed(host: FakeHost) -> None:
    ask(host, jail("db"))
    outcomes = ask(host, jail("web", "db"), {"name": "db", "state": "stopped"}, jail("other"))
    assert "which is to be stopped" in str(outcomes[0].error)
    assert sorted(host.jails) == ["other"]


def test_what_needs_one_that_can_not_be_is_not_either(host: FakeHost) -> None:
    outcomes = ask(host, jail("web", "db"), jail("db", path="/nosuch"), jail("other"))
    assert [one.error is None for one in outcomes] == [False, False, True]
    assert sorted(host.jails) == ["other"]


def test_a_loop_is_named(host: FakeHost) -> None:
    outcomes = ask(host, jail("a", "b"), jail("b", "c"), jail("c", "a"), jail("d"))
    assert "a -> b -> c -> a" in str(outcomes[0].error)
    assert [one.error is None for one in outcomes] == [False, False, False, True]


# --- others at work ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "waits"),
    [
        ("/bin/sh /etc/rc autoboot", True),
        ("sh /etc/rc autoboot", True),
        ("/bin/sh /etc/rc.d/jail restart web", True),
        ("/bin/sh /etc/rc.d/jail restart", True),
        ("/bin/sh /etc/rc.d/jail restart other", False),
        ("/bin/sh /etc/rc.d/cron restart web", False),
        ("jail -c", True),
        ("jail -f /x.conf -r *", True),
        ("/usr/sbin/jail -l -u root -f /etc/jail.conf.d/web.conf -c web", True),
        ("/usr/sbin/jail -cm name=web path=/", True),
        ("/usr/sbin/jail -c path=/ command=/bin/sh", False),
        ("jail -f /etc/jail.conf -c needy", True),
        ("jail -r other", False),
        ("jail -R 1", True),
        ("jail -e |", False),
        ("jail -f - -m bsd_jail_check_7", False),
        ("vi jail -c web", False),
    ],
)
def test_who_else_is_at_work(host: FakeHost, command: str, waits: bool) -> None:
    ask(host, jail("web"))
    host.write("jail.conf.d/needy.conf", "needy { path = /; depend = web; }\n")
    host.alive[815] = command
    if waits:
        with pytest.raises(LockError, match="pid 815"):
            ask(host, jail("web", params={"meta": "x"}))
    else:
        assert ask(host, jail("web", params={"meta": "x"}))[0].is_changed


def test_runs_that_nobody_speaks_of_are_forgotten(host: FakeHost) -> None:
    base = Path(runs.base(host))
    alive = base / f"{os.getpid()}-1"
    dead = base / "999999999-1"
    for one in (alive, dead):
        one.mkdir(parents=True)
    ask(host, jail("web"))
    assert list(base.iterdir()) == [alive]


# --- kills ------------------------------------------------------------------------------------------------------------


class KilledError(BaseException):
    """The run ends here."""


class Fuse:
    """Ends the run before or after the n-th of what it does to the host."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, host: FakeHost) -> None:
        self.left = -1
        for owner, name in ((os, "replace"), (os, "unlink"), (host, "run"), (host, "run_detached")):
            monkeypatch.setattr(owner, name, self.guarded(getattr(owner, name)))

    def guarded(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            self.burn()
            result = original(*args, **options)
            self.burn()
            return result

        return call

    def burn(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise KilledError


SCENES: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]] = {
    "start": ([], [jail("a"), jail("b", "a")]),
    "change": ([jail("a", params={"meta": "x"})], [jail("a", params={"meta": "y"}, exec_stop="new")]),
    "restart": ([jail("a"), jail("b", "a"), jail("c", "b")], [jail("a", path="/tmp")]),
    "stop": ([jail("a"), jail("b", "a")], [{"name": "a", "state": "stopped", "dependents": "stop"}]),
    "absent": ([jail("a"), jail("b", "a")], [{"name": "a", "state": "absent"}, {"name": "b", "state": "absent"}]),
}


@pytest.mark.parametrize("scene", SCENES)
def test_a_run_that_is_killed_anywhere_is_completed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scene: str
) -> None:
    before, then = SCENES[scene]
    good = FakeHost(tmp_path / "good")
    if before:
        ask(good, *before)
    ask(good, *then)
    point = 0
    while True:
        point += 1
        host = FakeHost(tmp_path / f"at-{point}")
        if before:
            ask(host, *before)
        with monkeypatch.context() as patched:
            fuse = Fuse(patched, host)
            fuse.left = point
            try:
                ask(host, *then)
            except KilledError:
                pass
            else:
                break
        outcomes = ask(host, *then)
        assert [str(one.error) for one in outcomes if one.error] == [], point
        for now, wanted in zip(what_is(host), what_is(good)):
            assert now == wanted, point
        host.programs.clear()
        assert set(steps(ask(host, *then)).values()) == {""}, point
        assert host.programs == ["/usr/sbin/jls --libxo json -n"]
    assert point > 10


def what_is(host: FakeHost) -> tuple[dict[str, object], ...]:
    """What runs, what is configured, what is on record, without jids."""
    jails = {name: {**one, "jid": ""} for name, one in sorted(host.jails.items())}
    files = {one.name: one.read_text() for one in sorted(Path(host.conf_dir).iterdir())}
    records = {name: state.read(host, name) for name in state.names(host)}
    # One of which jail(8) has ended well, while nobody was left to note it, says the same.
    phase = {"starting": "started"}
    known = {
        name: (phase.get(one.phase, one.phase), one.text) for name, one in records.items() if one and not one.is_clean
    }
    return jails, files, known


# --- what is left behind, and what others need ------------------------------------------------------------------------


MOUNTED = {"fstype": "nullfs", "special": "/src", "opts": ["local"], "fsid": "0011223344556677"}
WITH_MOUNT = {"mounts": [{"type": "nullfs", "source": "/src", "destination": "/tmp"}]}


@pytest.fixture
def lo1() -> str:
    return next(name for _index, name in socket.if_nameindex())


def test_what_a_jail_left_behind_is_taken_away(host: FakeHost, monkeypatch: pytest.MonkeyPatch, lo1: str) -> None:
    one = jail("web", interface=lo1, ip4_addr=["10.0.0.1"], **WITH_MOUNT)
    ask(host, one)
    del host.jails["web"]
    # what is mounted over it by somebody else stays
    host.mounted = [{**MOUNTED, "node": "/tmp"}, {**MOUNTED, "node": "/tmp", "special": "/other", "fsid": "8"}]
    host.interfaces = f"{lo1}: flags=8049<UP>\n\tinet 10.0.0.1 netmask 0xffffffff\n\tinet 10.0.0.2 netmask 0xffffffff\n"
    done: list[str] = []
    monkeypatch.setattr(host, "unmount", lambda fsid, force: done.append(fsid))
    host.programs.clear()
    predicted = ask(host, {"name": "web", "state": "stopped"}, check_mode=True)
    assert done == []
    (outcome,) = ask(host, {"name": "web", "state": "stopped"})
    assert outcome.plan.steps == ("clean",)
    assert outcome.diff == predicted[0].diff
    assert outcome.diff[0]["before"] == f"state: stopped\nmount: /src on /tmp\naddress: {lo1}|10.0.0.1\n"
    assert done == ["0011223344556677"]
    assert [line for line in host.programs if "-alias" in line] == [
        f"/sbin/ifconfig {lo1} inet 10.0.0.1 netmask 255.255.255.255 -alias"
    ]
    assert state.read(host, "web") is None


def test_what_another_jail_has_too_is_not_left_behind(host: FakeHost, lo1: str) -> None:
    ask(host, jail("web", interface=lo1, ip4_addr=["10.0.0.1"], **WITH_MOUNT))
    ask(host, jail("other", interface=lo1, ip4_addr=["10.0.0.1"]))
    del host.jails["web"]
    host.mounted = [{**MOUNTED, "node": "/tmp"}]
    host.interfaces = f"{lo1}: flags=8049<UP>\n\tinet 10.0.0.1 netmask 0xffffffff\n"
    assert ask(host, {"name": "web", "state": "stopped"})[0].plan.steps == ()


def test_an_address_goes_with_the_last_jail_that_has_it(host: FakeHost, lo1: str) -> None:
    names = ("a", "b", "c")
    ask(host, *(jail(name, interface=lo1, ip4_addr=["10.0.0.1"]) for name in names))
    seen: list[str] = []
    original = host.run_detached

    def run_detached(argv: tuple[str, ...], output: str, timeout: float | None) -> Result:
        seen.append(Path(argv[2]).read_text())
        return original(argv, output, timeout)

    host.run_detached = run_detached  # type: ignore[method-assign]
    ask(host, {"name": "a", "state": "stopped"})
    ask(host, {"name": "b", "state": "stopped"}, {"name": "c", "state": "stopped"})
    assert [text.count("10.0.0.1") for text in seen] == [0, 1]


def test_an_address_of_the_hosts_own_is_refused_before_anything_is_done(host: FakeHost, lo1: str) -> None:
    host.interfaces = f"{lo1}: flags=8049<UP>\n\tinet 10.0.0.1 netmask 0xff000000\n"
    wrong, good = ask(host, jail("web", interface=lo1, ip4_addr=["10.0.0.1"]), jail("good"))
    assert "the host itself has 10.0.0.1" in str(wrong.error)
    assert good.error is None
    assert sorted(host.jails) == ["good"]
