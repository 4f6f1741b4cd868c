# SPDX-License-Identifier: BSD-2-Clause
"""What is done with a jail, by what was found: transitions, the programs that they cost, and what is undone."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from ansible_collections.bsd.jail.plugins.module_utils import runs, state
from ansible_collections.bsd.jail.plugins.module_utils.configured import settings_of
from ansible_collections.bsd.jail.plugins.module_utils.errors import CommandError, LockError
from ansible_collections.bsd.jail.plugins.module_utils.state import Record

from tests.unit.plugins.module_utils.fake import FakeHost, ask_one, files

RECORD = "bsd.jail/web"


@pytest.fixture
def host(tmp_path: Path) -> FakeHost:
    return FakeHost(tmp_path)


def text_of_record(host: FakeHost) -> str:
    found = state.read(host, "web")
    assert found is not None
    return found.text


def record(host: FakeHost, name: str = "web") -> Record | None:
    return state.read(host, name)


# --- states -----------------------------------------------------------------------------------------------------------


def test_a_new_jail_is_written_and_started(host: FakeHost) -> None:
    outcome = ask_one(host, path="/")
    assert outcome.plan.steps == ("write", "start")
    assert host.operations == ["-c web"]
    assert outcome.jail is not None
    assert outcome.state == "running"
    found = record(host)
    assert found is not None
    assert (found.phase, found.jid, found.boot) == ("started", 1, host.boot)
    assert "path = '/';" in found.text


def test_an_unchanged_jail_costs_one_jls_and_writes_nothing(host: FakeHost) -> None:
    options = {"path": "/", "host_hostname": "a", "ip4_addr": ["10.0.0.1"], "params": {"allow.raw_sockets": True}}
    ask_one(host, **options)
    before = {path: os.stat(path).st_mtime_ns for path in files(host)}
    host.programs.clear()
    for check_mode in (False, True):
        outcome = ask_one(host, check_mode, **options)
        assert outcome.plan.steps == ()
        assert outcome.diff == ()
    assert host.programs == ["/usr/sbin/jls --libxo json -n"] * 2
    assert {path: os.stat(path).st_mtime_ns for path in files(host)} == before


def test_what_is_to_be_absent_and_is_costs_one_jls(host: FakeHost) -> None:
    assert ask_one(host, state="absent").plan.steps == ()
    assert host.programs == ["/usr/sbin/jls --libxo json -n"]


@pytest.mark.parametrize(
    ("now", "to", "steps"),
    [
        (None, "present", "write"),
        (None, "started", "write start"),
        (None, "restarted", "write start"),
        (None, "stopped", "write"),
        (None, "absent", ""),
        ("present", "present", ""),
        ("present", "started", "start"),
        ("present", "restarted", "start"),
        ("present", "stopped", ""),
        ("present", "absent", "remove"),
        ("started", "present", ""),
        ("started", "started", ""),
        ("started", "restarted", "stop start"),
        ("started", "stopped", "stop"),
        ("started", "absent", "stop remove"),
    ],
)
def test_transitions(host: FakeHost, now: str | None, to: str, steps: str) -> None:
    if now:
        ask_one(host, state=now, path="/")
    before, programs = files(host), len(host.programs)
    predicted = ask_one(host, True, state=to, path="/")
    assert files(host) == before
    assert all(" -c " not in line and " -r " not in line for line in host.programs[programs:])
    done = ask_one(host, state=to, path="/")
    assert " ".join(done.plan.steps) == steps
    assert done.plan == predicted.plan
    again = ask_one(host, state=to, path="/")
    assert " ".join(again.plan.steps) == ("stop start" if to == "restarted" else "")
    assert ("web" in host.jails) == (to in ("started", "restarted") or (now == "started" and to == "present"))
    assert (host.read("jail.conf.d/web.conf") is None) == (to == "absent")
    if "web" not in host.jails:
        assert record(host) is None


def test_without_its_configuration_a_jail_is_started_by_the_file_as_it_is(host: FakeHost) -> None:
    host.write("jail.conf.d/web.conf", "web { path = /; persist; }\n")
    assert ask_one(host).plan.steps == ("start",)
    assert ask_one(host, state="stopped").plan.steps == ("stop",)
    assert host.read("jail.conf.d/web.conf") == "web { path = /; persist; }\n"


# --- a jail that runs and differs -------------------------------------------------------------------------------------


def test_a_restart_stops_by_the_old_configuration_and_starts_by_the_new(host: FakeHost) -> None:
    ask_one(host, path="/", exec_stop=["old-stop"])
    seen = []
    host.before_exec = lambda: seen.append(text_of_record(host))
    outcome = ask_one(host, path="/tmp", exec_stop=["new-stop"])
    assert host.operations == ["-c web", "-r web", "-c web"]
    assert outcome.plan.restart_needed == ("path",)
    assert ["old-stop" in text for text in seen] == [True, False]


def test_what_only_matters_when_it_stops_is_noted(host: FakeHost) -> None:
    ask_one(host, path="/", exec_stop=["old-stop"])
    outcome = ask_one(host, path="/", exec_stop=["new-stop"])
    assert outcome.plan.steps == ("write", "modify")
    (_file, running) = outcome.diff
    assert running["before"] == "state: running\nexec.stop: old-stop\n"
    assert running["after"] == "state: running\nexec.stop: new-stop\n"
    assert host.operations == ["-c web"]
    assert ask_one(host, path="/", exec_stop=["new-stop"]).plan.steps == ()
    found = record(host)
    assert found is not None
    assert "new-stop" in found.text


def test_what_can_be_changed_while_it_runs_is(host: FakeHost) -> None:
    ask_one(host, path="/", params={"meta": "a"})
    outcome = ask_one(host, path="/", params={"meta": "b"})
    assert outcome.plan.steps == ("write", "modify")
    assert host.operations == ["-c web", "-m name=web meta=b"]
    (_file, running) = outcome.diff
    assert (running["before"], running["after"]) == ("state: running\nmeta: a\n", "state: running\nmeta: b\n")
    assert ask_one(host, path="/", params={"meta": "b"}).plan.steps == ()


def test_a_change_that_fails_is_undone(host: FakeHost) -> None:
    ask_one(host, path="/", params={"meta": "a"})
    before, noted = host.read("jail.conf.d/web.conf"), text_of_record(host)
    host.fails["-m web"] = "jail: web: no"
    with pytest.raises(CommandError, match=r"web.conf is as it was before, and the jail runs \(jid 1\)\.$"):
        ask_one(host, path="/", params={"meta": "b"})
    assert (host.read("jail.conf.d/web.conf"), text_of_record(host)) == (before, noted)
    assert ask_one(host, path="/", params={"meta": "a"}).plan.steps == ()


def test_a_parameter_that_was_taken_out_is_a_change(host: FakeHost) -> None:
    ask_one(host, path="/", params={"allow.raw_sockets": True})
    outcome = ask_one(host, path="/")
    assert outcome.plan.steps == ("write", "modify")
    (_file, running) = outcome.diff
    assert running["before"] == "state: running\nallow.raw_sockets: true\n"
    assert running["after"] == "state: running\nallow.raw_sockets: (as in a new jail)\n"
    assert host.jails["web"]["allow.raw_sockets"] is False
    assert ask_one(host, path="/").plan.steps == ()


def test_restart_never_leaves_it_and_says_what_waits(host: FakeHost) -> None:
    ask_one(host, path="/", exec_stop=["old-stop"])
    outcome = ask_one(host, path="/tmp", exec_stop=["new-stop"], restart="never")
    assert (outcome.plan.steps, outcome.plan.restart_needed) == (("write", "modify"), ("path",))
    again = ask_one(host, path="/tmp", exec_stop=["new-stop"], restart="never")
    assert (again.plan.steps, again.plan.restart_needed) == ((), ("path",))
    found = record(host)
    assert found is not None
    assert "path = '/';" in found.text
    assert "new-stop" in found.text
    assert ask_one(host, state="stopped").plan.restart_needed == ()
    assert host.operations[-1] == "-r web"


def test_what_somebody_changed_in_the_kernel_is_put_right(host: FakeHost) -> None:
    ask_one(host, path="/", params={"allow.raw_sockets": False})
    host.jails["web"]["allow.raw_sockets"] = True
    assert ask_one(host, path="/", params={"allow.raw_sockets": False}).plan.steps == ("modify",)
    assert host.jails["web"]["allow.raw_sockets"] is False


def test_a_jail_is_stopped_by_the_fstab_that_it_was_started_with(host: FakeHost) -> None:
    host.write("fstab.web", "# mounts\n/data\\040x /mnt nullfs ro 0 0 # one\n\ntmpfs /tmp tmpfs rw 0 0\n")
    options = {"path": "/", "params": {"mount.fstab": f"{host.etc}/fstab.web", "mount": "/a /b nullfs ro 0 0"}}
    ask_one(host, **options)
    found = record(host)
    assert found is not None
    assert [item.text for item in settings_of(found.text, "web")["mount"]] == [
        "/a /b nullfs ro 0 0",
        "/data\\040x /mnt nullfs ro 0 0",
        "tmpfs /tmp tmpfs rw 0 0",
    ]
    assert ask_one(host, **options).plan.steps == ()
    host.write("fstab.web", "tmpfs /tmp tmpfs rw 0 0\n")
    seen = []
    host.before_exec = lambda: seen.append(text_of_record(host))
    ask_one(host, state="stopped")
    assert "/data" in seen[0]


def test_what_nobody_asked_for_is_left_alone(host: FakeHost) -> None:
    ask_one(host, path="/")
    host.jails["web"].update({"allow.raw_sockets": True, "host.hostname": "changed", "securelevel": "2"})
    assert ask_one(host, path="/").plan.steps == ()


def test_before_a_file_is_replaced_under_a_running_jail_the_old_text_becomes_its_record(host: FakeHost) -> None:
    # it was started by rc.d/jail: there is no record
    host.write("jail.conf.d/web.conf", "web { path = /; persist; exec.stop = old-stop; }\n")
    host.start("web", "web { path = /; persist; }")
    ask_one(host, state="present", path="/", exec_stop=["new-stop"], force=True)
    found = record(host)
    assert found is not None
    assert "old-stop" in found.text
    assert ask_one(host, path="/", exec_stop=["new-stop"]).plan.steps == ("modify",)


# --- records ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("contradiction", ["boot", "jid", "rc.d/jail"])
def test_a_record_of_another_instance_is_not_believed(host: FakeHost, contradiction: str) -> None:
    ask_one(host, path="/", exec_stop=["old-stop"])
    host.write("jail.conf.d/web.conf", "web { path = /; persist; exec.stop = other-stop; }\n")
    if contradiction == "boot":
        host.boot = "1" * 32
    elif contradiction == "jid":
        host.jails["web"]["jid"] = "99"
    else:
        id_file = Path(host.var_run, "jail_web.id")
        id_file.write_text("1\n")
        os.utime(id_file, (time.time() + 5, time.time() + 5))
    seen = []
    host.before_exec = lambda: seen.append(text_of_record(host))
    ask_one(host, state="stopped")
    assert "other-stop" in seen[0]


@pytest.mark.parametrize(("edited", "warned"), [(5, 1), (-5, 0)])
def test_a_file_that_was_edited_after_rc_d_jail_started_the_jail(host: FakeHost, edited: int, warned: int) -> None:
    host.write("jail.conf.d/web.conf", "web { path = /; persist; }\n")
    id_file, path = Path(host.var_run, "jail_web.id"), Path(host.etc, "jail.conf.d/web.conf")
    id_file.write_text("1\n")
    host.start("web", "web { path = /; persist; }")
    os.utime(path, (id_file.stat().st_mtime + edited,) * 2)
    assert len(ask_one(host, state="stopped").warnings) == warned


def test_half_a_record_is_none(host: FakeHost) -> None:
    ask_one(host, path="/")
    Path(host.var_run, RECORD, "record.json").write_text('{"phase": "started"')
    assert record(host) is None


def left_over(host: FakeHost, phase: str, status: str | None) -> None:
    """What a run leaves that was killed while jail(8) worked, which then ended with a status, or was killed too."""
    ask_one(host, path="/")
    found = record(host)
    assert found is not None
    run = runs.prepare(host, "-c", {"web": found.text})
    state.write(host, "web", Record(phase, host.boot, 0, found.text, run=run.identity))
    if status is not None:
        Path(runs.base(host), run.identity, "jail.rc").write_text(status)
    host.programs.clear()


@pytest.mark.parametrize("phase", ["starting", "stopping"])
@pytest.mark.parametrize("status", [None, "", "137\n"])
def test_a_start_or_stop_that_was_cut_short_is_started_anew(host: FakeHost, phase: str, status: str | None) -> None:
    left_over(host, phase, status)
    outcome = ask_one(host, path="/")
    assert outcome.plan.steps == ("stop", "start")
    assert "cut short" in outcome.diff[0]["before"]


@pytest.mark.parametrize(("phase", "status"), [("starting", "0\n"), ("stopping", "1\n")])
def test_a_jail8_that_outlived_its_run_and_ended_well_was_not_in_vain(host: FakeHost, phase: str, status: str) -> None:
    left_over(host, phase, status)
    assert ask_one(host, path="/").plan.steps == ()
    assert host.programs == ["/usr/sbin/jls --libxo json -n"]


@pytest.mark.parametrize(("phase", "status"), [("starting", "1\n"), ("stopping", "0\n")])
def test_a_jail_that_runs_though_ours_did_not_start_or_was_stopped_is_another(
    host: FakeHost, phase: str, status: str
) -> None:
    left_over(host, phase, status)
    host.write("jail.conf.d/web.conf", "web { path = /; persist; exec.stop = other-stop; }\n")
    seen = []
    host.before_exec = lambda: seen.append(text_of_record(host))
    ask_one(host, state="stopped")
    assert "other-stop" in seen[0]


def test_a_jail8_of_an_earlier_run_is_waited_for(host: FakeHost) -> None:
    left_over(host, "starting", None)
    host.alive[815] = f"/usr/sbin/jail -f {runs.base(host)}/{os.listdir(runs.base(host))[0]}/jail.conf -c"
    with pytest.raises(LockError, match="pid 815"):
        ask_one(host, path="/")
    assert host.operations == []


def test_two_names_that_begin_alike(host: FakeHost) -> None:
    left_over(host, "starting", None)
    host.alive[815] = "/usr/sbin/jail -c web2"
    assert ask_one(host, path="/").plan.steps == ("stop", "start")


def test_two_runs_at_once(host: FakeHost) -> None:
    with state.locked(host, ["web"], 0), pytest.raises(LockError, match=f"pid {os.getpid()}"):
        ask_one(host, path="/")
    assert host.operations == []


# --- failures ---------------------------------------------------------------------------------------------------------


def test_a_start_that_fails_leaves_nothing(host: FakeHost) -> None:
    host.fails["-c web"] = "jail: web: false: failed"
    with pytest.raises(
        CommandError, match=r"web can't be started: jail: web: false: failed \(status 1 of: .* -c web\)"
    ) as caught:
        ask_one(host, path="/")
    assert caught.value.details["rc"] == 1
    assert files(host) == {}


def test_a_restart_that_fails_brings_the_old_jail_back(host: FakeHost) -> None:
    ask_one(host, path="/", exec_start=["good"])
    before = host.read("jail.conf.d/web.conf")
    host.fails["-c web.*bad"] = "jail: web: bad: failed"
    with pytest.raises(CommandError, match="runs again with its old configuration"):
        ask_one(host, path="/tmp", exec_start=["bad"])
    assert host.operations == ["-c web", "-r web", "-c web", "-c web"]
    assert host.read("jail.conf.d/web.conf") == before
    assert host.jails["web"]["jid"] == "2"
    assert ask_one(host, path="/", exec_start=["good"]).plan.steps == ()


def test_a_restart_of_which_nothing_can_be_started_says_so(host: FakeHost) -> None:
    ask_one(host, path="/", exec_start=["good"])
    host.fails["-c web"] = "jail: web: failed"
    with pytest.raises(CommandError, match="putting it back failed too"):
        ask_one(host, path="/tmp", exec_start=["bad"])
    assert host.jails == {}


def test_a_jail_that_cannot_be_stopped_is_left_as_it_is(host: FakeHost) -> None:
    # exs-2: after a failure in exec.stop the jail is still there
    ask_one(host, path="/")
    before = host.read("jail.conf.d/web.conf")
    host.fails["-r web"] = "jail: web: false: failed"
    for options in ({"state": "absent"}, {"state": "stopped"}, {"path": "/tmp", "exec_start": ["new"]}):
        with pytest.raises(CommandError, match="still runs"):
            ask_one(host, **options)
    assert host.read("jail.conf.d/web.conf") == before
    found = record(host)
    assert found is not None
    assert found.phase == "started"


def test_what_fails_after_the_jail_is_gone_is_said_when_all_else_is_done(host: FakeHost) -> None:
    # exs-2: after a failure in exec.poststop the jail is gone, though the status is 1
    ask_one(host, path="/")
    host.fails["-r web"] = "gone: jail: web: false: failed"
    with pytest.raises(CommandError, match="was stopped, but"):
        ask_one(host, state="absent")
    assert files(host) == {}
    assert ask_one(host, state="absent").plan.steps == ()
