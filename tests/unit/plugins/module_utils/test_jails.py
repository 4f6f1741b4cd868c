# SPDX-License-Identifier: BSD-2-Clause
"""What is done with a jail, by what was found: transitions, the programs that they cost, and what is undone."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.bsd.jail.plugins.module_utils import runs, state
from ansible_collections.bsd.jail.plugins.module_utils.configured import settings_of
from ansible_collections.bsd.jail.plugins.module_utils.desired import desired
from ansible_collections.bsd.jail.plugins.module_utils.errors import CommandError, InputError, JailError, LockError
from ansible_collections.bsd.jail.plugins.module_utils.host import Host
from ansible_collections.bsd.jail.plugins.module_utils.jails import Outcome, converge
from ansible_collections.bsd.jail.plugins.module_utils.state import Record

from tests.unit.plugins.module_utils.fake import DEFAULTS, FakeHost

RECORD = "bsd.jail/web"


@pytest.fixture
def host(tmp_path: Path) -> FakeHost:
    return FakeHost(tmp_path)


def ask(host: Host, check_mode: bool = False, **options: Any) -> Outcome:
    outcome = ask_many(host, [{"name": "web", **options}], check_mode)[0]
    if outcome.error is not None:
        raise outcome.error
    return outcome


def ask_many(host: Host, jails: list[dict[str, Any]], check_mode: bool = False) -> list[Outcome]:
    return converge(host, [desired({**DEFAULTS, **one}) for one in jails], check_mode=check_mode, lock_timeout=0.1)


def files(host: FakeHost) -> dict[str, str]:
    """All files of the host, but for the locks, and for when a record was written."""
    root = Path(host.etc).parent
    found = {str(one): one.read_text() for one in root.rglob("*") if one.is_file() and ".lock" not in one.parts}
    return {path: re.sub(r'"written": [0-9.]+', "", text) for path, text in found.items()}


def text_of_record(host: FakeHost) -> str:
    found = state.read(host, "web")
    assert found is not None
    return found.text


def record(host: FakeHost, name: str = "web") -> Record | None:
    return state.read(host, name)


# --- states -----------------------------------------------------------------------------------------------------------


def test_a_new_jail_is_written_and_started(host: FakeHost) -> None:
    outcome = ask(host, path="/")
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
    ask(host, **options)
    before = {path: os.stat(path).st_mtime_ns for path in files(host)}
    host.programs.clear()
    for check_mode in (False, True):
        outcome = ask(host, check_mode, **options)
        assert outcome.plan.steps == ()
        assert outcome.diff == ()
    assert host.programs == ["/usr/sbin/jls --libxo json -n"] * 2
    assert {path: os.stat(path).st_mtime_ns for path in files(host)} == before


def test_what_is_to_be_absent_and_is_costs_one_jls(host: FakeHost) -> None:
    assert ask(host, state="absent").plan.steps == ()
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
        ask(host, state=now, path="/")
    before, programs = files(host), len(host.programs)
    predicted = ask(host, True, state=to, path="/")
    assert files(host) == before
    assert all(" -c " not in line and " -r " not in line for line in host.programs[programs:])
    done = ask(host, state=to, path="/")
    assert " ".join(done.plan.steps) == steps
    assert done.plan == predicted.plan
    again = ask(host, state=to, path="/")
    assert " ".join(again.plan.steps) == ("stop start" if to == "restarted" else "")
    assert ("web" in host.jails) == (to in ("started", "restarted") or (now == "started" and to == "present"))
    assert (host.read("jail.conf.d/web.conf") is None) == (to == "absent")
    if "web" not in host.jails:
        assert record(host) is None


def test_without_its_configuration_a_jail_is_started_by_the_file_as_it_is(host: FakeHost) -> None:
    host.write("jail.conf.d/web.conf", "web { path = /; persist; }\n")
    assert ask(host).plan.steps == ("start",)
    assert ask(host, state="stopped").plan.steps == ("stop",)
    assert host.read("jail.conf.d/web.conf") == "web { path = /; persist; }\n"


# --- a jail that runs and differs -------------------------------------------------------------------------------------


def test_a_restart_stops_by_the_old_configuration_and_starts_by_the_new(host: FakeHost) -> None:
    ask(host, path="/", exec_stop=["old-stop"])
    seen = []
    host.before_exec = lambda: seen.append(text_of_record(host))
    outcome = ask(host, path="/tmp", exec_stop=["new-stop"])
    assert host.operations == ["-c web", "-r web", "-c web"]
    assert outcome.plan.restart_needed == ("path",)
    assert ["old-stop" in text for text in seen] == [True, False]


def test_what_only_matters_when_it_stops_is_noted(host: FakeHost) -> None:
    ask(host, path="/", exec_stop=["old-stop"])
    outcome = ask(host, path="/", exec_stop=["new-stop"])
    assert outcome.plan.steps == ("write", "modify")
    (_file, running) = outcome.diff
    assert running["before"] == "state: running\nexec.stop: old-stop\n"
    assert running["after"] == "state: running\nexec.stop: new-stop\n"
    assert host.operations == ["-c web"]
    assert ask(host, path="/", exec_stop=["new-stop"]).plan.steps == ()
    found = record(host)
    assert found is not None
    assert "new-stop" in found.text


def test_what_can_be_changed_while_it_runs_is(host: FakeHost) -> None:
    ask(host, path="/", params={"meta": "a"})
    outcome = ask(host, path="/", params={"meta": "b"})
    assert outcome.plan.steps == ("write", "modify")
    assert host.operations == ["-c web", "-m name=web meta=b"]
    (_file, running) = outcome.diff
    assert (running["before"], running["after"]) == ("state: running\nmeta: a\n", "state: running\nmeta: b\n")
    assert ask(host, path="/", params={"meta": "b"}).plan.steps == ()


def test_a_change_that_fails_is_undone(host: FakeHost) -> None:
    ask(host, path="/", params={"meta": "a"})
    before, noted = host.read("jail.conf.d/web.conf"), text_of_record(host)
    host.fails["-m web"] = "jail: web: no"
    with pytest.raises(CommandError, match=r"web.conf is as it was before, and the jail runs \(jid 1\)\.$"):
        ask(host, path="/", params={"meta": "b"})
    assert (host.read("jail.conf.d/web.conf"), text_of_record(host)) == (before, noted)
    assert ask(host, path="/", params={"meta": "a"}).plan.steps == ()


def test_a_parameter_that_was_taken_out_is_a_change(host: FakeHost) -> None:
    ask(host, path="/", params={"allow.raw_sockets": True})
    outcome = ask(host, path="/")
    assert outcome.plan.steps == ("write", "modify")
    (_file, running) = outcome.diff
    assert running["before"] == "state: running\nallow.raw_sockets: true\n"
    assert running["after"] == "state: running\nallow.raw_sockets: (as in a new jail)\n"
    assert host.jails["web"]["allow.raw_sockets"] is False
    assert ask(host, path="/").plan.steps == ()


def test_restart_never_leaves_it_and_says_what_waits(host: FakeHost) -> None:
    ask(host, path="/", exec_stop=["old-stop"])
    outcome = ask(host, path="/tmp", exec_stop=["new-stop"], restart="never")
    assert (outcome.plan.steps, outcome.plan.restart_needed) == (("write", "modify"), ("path",))
    again = ask(host, path="/tmp", exec_stop=["new-stop"], restart="never")
    assert (again.plan.steps, again.plan.restart_needed) == ((), ("path",))
    found = record(host)
    assert found is not None
    assert "path = '/';" in found.text
    assert "new-stop" in found.text
    assert ask(host, state="stopped").plan.restart_needed == ()
    assert host.operations[-1] == "-r web"


def test_what_somebody_changed_in_the_kernel_is_put_right(host: FakeHost) -> None:
    ask(host, path="/", params={"allow.raw_sockets": False})
    host.jails["web"]["allow.raw_sockets"] = True
    assert ask(host, path="/", params={"allow.raw_sockets": False}).plan.steps == ("modify",)
    assert host.jails["web"]["allow.raw_sockets"] is False


def test_a_jail_is_stopped_by_the_fstab_that_it_was_started_with(host: FakeHost) -> None:
    host.write("fstab.web", "# mounts\n/data\\040x /mnt nullfs ro 0 0 # one\n\ntmpfs /tmp tmpfs rw 0 0\n")
    options = {"path": "/", "params": {"mount.fstab": f"{host.etc}/fstab.web", "mount": "/a /b nullfs ro 0 0"}}
    ask(host, **options)
    found = record(host)
    assert found is not None
    assert [item.text for item in settings_of(found.text, "web")["mount"]] == [
        "/a /b nullfs ro 0 0",
        "/data\\040x /mnt nullfs ro 0 0",
        "tmpfs /tmp tmpfs rw 0 0",
    ]
    assert ask(host, **options).plan.steps == ()
    host.write("fstab.web", "tmpfs /tmp tmpfs rw 0 0\n")
    seen = []
    host.before_exec = lambda: seen.append(text_of_record(host))
    ask(host, state="stopped")
    assert "/data" in seen[0]


def test_what_nobody_asked_for_is_left_alone(host: FakeHost) -> None:
    ask(host, path="/")
    host.jails["web"].update({"allow.raw_sockets": True, "host.hostname": "changed", "securelevel": "2"})
    assert ask(host, path="/").plan.steps == ()


def test_before_a_file_is_replaced_under_a_running_jail_the_old_text_becomes_its_record(host: FakeHost) -> None:
    # it was started by rc.d/jail: there is no record
    host.write("jail.conf.d/web.conf", "web { path = /; persist; exec.stop = old-stop; }\n")
    host.start("web", "web { path = /; persist; }")
    ask(host, state="present", path="/", exec_stop=["new-stop"], force=True)
    found = record(host)
    assert found is not None
    assert "old-stop" in found.text
    assert ask(host, path="/", exec_stop=["new-stop"]).plan.steps == ("modify",)


# --- records ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("contradiction", ["boot", "jid", "rc.d/jail"])
def test_a_record_of_another_instance_is_not_believed(host: FakeHost, contradiction: str) -> None:
    ask(host, path="/", exec_stop=["old-stop"])
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
    ask(host, state="stopped")
    assert "other-stop" in seen[0]


@pytest.mark.parametrize(("edited", "warned"), [(5, 1), (-5, 0)])
def test_a_file_that_was_edited_after_rc_d_jail_started_the_jail(host: FakeHost, edited: int, warned: int) -> None:
    host.write("jail.conf.d/web.conf", "web { path = /; persist; }\n")
    id_file, path = Path(host.var_run, "jail_web.id"), Path(host.etc, "jail.conf.d/web.conf")
    id_file.write_text("1\n")
    host.start("web", "web { path = /; persist; }")
    os.utime(path, (id_file.stat().st_mtime + edited,) * 2)
    assert len(ask(host, state="stopped").warnings) == warned


def test_half_a_record_is_none(host: FakeHost) -> None:
    ask(host, path="/")
    Path(host.var_run, RECORD, "record.json").write_text('{"phase": "started"')
    assert record(host) is None


def left_over(host: FakeHost, phase: str, status: str | None) -> None:
    """What a run leaves that was killed while jail(8) worked, which then ended with a status, or was killed too."""
    ask(host, path="/")
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
    outcome = ask(host, path="/")
    assert outcome.plan.steps == ("stop", "start")
    assert "cut short" in outcome.diff[0]["before"]


@pytest.mark.parametrize(("phase", "status"), [("starting", "0\n"), ("stopping", "1\n")])
def test_a_jail8_that_outlived_its_run_and_ended_well_was_not_in_vain(host: FakeHost, phase: str, status: str) -> None:
    left_over(host, phase, status)
    assert ask(host, path="/").plan.steps == ()
    assert host.programs == ["/usr/sbin/jls --libxo json -n"]


@pytest.mark.parametrize(("phase", "status"), [("starting", "1\n"), ("stopping", "0\n")])
def test_a_jail_that_runs_though_ours_did_not_start_or_was_stopped_is_another(
    host: FakeHost, phase: str, status: str
) -> None:
    left_over(host, phase, status)
    host.write("jail.conf.d/web.conf", "web { path = /; persist; exec.stop = other-stop; }\n")
    seen = []
    host.before_exec = lambda: seen.append(text_of_record(host))
    ask(host, state="stopped")
    assert "other-stop" in seen[0]


def test_a_jail8_of_an_earlier_run_is_waited_for(host: FakeHost) -> None:
    left_over(host, "starting", None)
    host.alive[815] = f"/usr/sbin/jail -f {runs.base(host)}/{os.listdir(runs.base(host))[0]}/jail.conf -c"
    with pytest.raises(LockError, match="pid 815"):
        ask(host, path="/")
    assert host.operations == []


def test_two_names_that_begin_alike(host: FakeHost) -> None:
    left_over(host, "starting", None)
    host.alive[815] = "/usr/sbin/jail -c web2"
    assert ask(host, path="/").plan.steps == ("stop", "start")


def test_two_runs_at_once(host: FakeHost) -> None:
    with state.locked(host, ["web"], 0), pytest.raises(LockError, match=f"pid {os.getpid()}"):
        ask(host, path="/")
    assert host.operations == []


# --- failures ---------------------------------------------------------------------------------------------------------


def test_a_start_that_fails_leaves_nothing(host: FakeHost) -> None:
    host.fails["-c web"] = "jail: web: false: failed"
    with pytest.raises(
        CommandError, match=r"web can't be started: jail: web: false: failed \(status 1 of: .* -c web\)"
    ) as caught:
        ask(host, path="/")
    assert caught.value.details["rc"] == 1
    assert files(host) == {}


def test_a_restart_that_fails_brings_the_old_jail_back(host: FakeHost) -> None:
    ask(host, path="/", exec_start=["good"])
    before = host.read("jail.conf.d/web.conf")
    host.fails["-c web.*bad"] = "jail: web: bad: failed"
    with pytest.raises(CommandError, match="runs again with its old configuration"):
        ask(host, path="/tmp", exec_start=["bad"])
    assert host.operations == ["-c web", "-r web", "-c web", "-c web"]
    assert host.read("jail.conf.d/web.conf") == before
    assert host.jails["web"]["jid"] == "2"
    assert ask(host, path="/", exec_start=["good"]).plan.steps == ()


def test_a_restart_of_which_nothing_can_be_started_says_so(host: FakeHost) -> None:
    ask(host, path="/", exec_start=["good"])
    host.fails["-c web"] = "jail: web: failed"
    with pytest.raises(CommandError, match="putting it back failed too"):
        ask(host, path="/tmp", exec_start=["bad"])
    assert host.jails == {}


def test_a_jail_that_cannot_be_stopped_is_left_as_it_is(host: FakeHost) -> None:
    # exs-2: after a failure in exec.stop the jail is still there
    ask(host, path="/")
    before = host.read("jail.conf.d/web.conf")
    host.fails["-r web"] = "jail: web: false: failed"
    for options in ({"state": "absent"}, {"state": "stopped"}, {"path": "/tmp", "exec_start": ["new"]}):
        with pytest.raises(CommandError, match="still runs"):
            ask(host, **options)
    assert host.read("jail.conf.d/web.conf") == before
    found = record(host)
    assert found is not None
    assert found.phase == "started"


def test_what_fails_after_the_jail_is_gone_is_said_when_all_else_is_done(host: FakeHost) -> None:
    # exs-2: after a failure in exec.poststop the jail is gone, though the status is 1
    ask(host, path="/")
    host.fails["-r web"] = "gone: jail: web: false: failed"
    with pytest.raises(CommandError, match="was stopped, but"):
        ask(host, state="absent")
    assert files(host) == {}
    assert ask(host, state="absent").plan.steps == ()


# --- what is refused --------------------------------------------------------------------------------------------------


def test_an_unknown_parameter_is_refused_by_name(host: FakeHost) -> None:
    before = files(host)
    for state_wanted in ("present", "started", "stopped"):
        with pytest.raises(InputError, match="jail: web: unknown parameter: nosuch"):
            ask(host, state=state_wanted, path="/", params={"nosuch.parameter": 1})
    assert files(host) == before


def test_the_question_is_about_a_jail_that_nobody_has(host: FakeHost) -> None:
    ask(host, path="/")
    host.programs.clear()
    ask(host, path="/", params={"meta": "x"})
    (question,) = (line for line in host.programs if " - -m " in line)
    assert question.split()[-1] not in ("web", *host.jails)


def test_check_mode_does_not_ask_for_what_may_load_a_module(host: FakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    original = host.run

    def run(*argv: str, stdin: str = "") -> Any:
        asked.append(stdin)
        return original(*argv, stdin=stdin)

    monkeypatch.setattr(host, "run", run)
    ask(host, True, path="/", params={"linux": "new", "meta": "x"})
    probe = "".join(asked).partition("bsd_jail_check")[2]
    assert "meta" in probe
    assert "linux" not in probe


def test_a_file_that_is_not_ours(host: FakeHost) -> None:
    host.write("jail.conf.d/web.conf", "web { path = /tmp; persist; }\n")
    for options in ({"path": "/"}, {"state": "absent"}):
        with pytest.raises(InputError, match="wasn't written by this collection"):
            ask(host, **options)
    outcome = ask(host, path="/", force=True, backup=True)
    assert outcome.backup is not None
    assert Path(outcome.backup).read_text() == "web { path = /tmp; persist; }\n"


def test_a_jail_that_nothing_here_configures(host: FakeHost) -> None:
    host.start("web", "web { path = /; persist; }")
    for options in ({"path": "/"}, {"state": "absent"}, {"state": "stopped"}, {}):
        with pytest.raises(InputError, match=r"jid 1, path /.* nothing here configures it"):
            ask(host, **options)
    assert ask(host, state="absent", force=True).plan.steps == ("stop",)


@pytest.mark.parametrize(
    ("path", "text", "place"),
    [
        ("jail.conf", "web { path = /; }", "jail.conf:"),
        ("jail.conf.d/other.conf", "other { path = /; }\nweb { path = /; }", "other.conf:"),
        ("jail.web.conf", "", "jail.web.conf:"),
        ("rc.conf", 'jail_web_rootdir="/"\n', r"rc.conf \(jail_web_\*\):"),
    ],
)
def test_a_name_that_is_configured_elsewhere(host: FakeHost, path: str, text: str, place: str) -> None:
    host.write(path, text)
    with pytest.raises(InputError, match=place):
        ask(host, path="/")


def test_a_jail_on_which_others_depend(host: FakeHost) -> None:
    ask(host, name="db", path="/")
    ask(host, path="/", depend=["db"])
    for options in (
        {"state": "stopped"},
        {"state": "stopped", "dependents": "restart"},
        {"state": "restarted", "dependents": "refuse"},
        {"path": "/tmp", "dependents": "refuse"},
        {"state": "absent"},
    ):
        with pytest.raises(InputError, match="while web runs, which depends on db"):
            ask(host, name="db", **options)
    ask(host, state="stopped")
    ask(host, name="db", state="stopped")
    assert host.jails == {}


def test_a_jail_with_children(host: FakeHost) -> None:
    ask(host, path="/")
    host.start("web.child", "web.child { path = /; persist; }")
    with pytest.raises(InputError, match=r"run within web, .*: web\.child"):
        ask(host, state="stopped")


def test_paths_and_interfaces_that_are_not_there(host: FakeHost, tmp_path: Path) -> None:
    for options in (
        {"path": "/nosuch"},
        {"path": "/", "interface": "nosuch0"},
        {"path": "/", "ip4_addr": ["nosuch0|10.0.0.1"]},
    ):
        with pytest.raises(InputError, match="nosuch"):
            ask(host, **options)
        assert ask(host, True, **options).warnings
        outcome = ask(host, True, **options, params={"exec.prestart": "make it"})  # pre-1
        assert outcome.warnings == ()
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="isn't a directory"):
        ask(host, True, path=str(tmp_path / "file"), params={"exec.prestart": "make it"})


def test_an_fstab_that_is_not_there(host: FakeHost) -> None:
    given = {"mount.fstab": f"{host.etc}/fstab"}
    with pytest.raises(InputError, match="fstab isn't there"):
        ask(host, path="/", params=given)
    assert ask(host, True, path="/", params=given).warnings
    assert ask(host, True, path="/", params={**given, "exec.prepare": "make it"}).warnings == ()


# --- files around -----------------------------------------------------------------------------------------------------

INCLUDE = '.include "{etc}/jail.conf.d/*.conf";\n'


def test_defaults_of_jail_conf_apply_where_it_includes_the_directory(host: FakeHost) -> None:
    # two-1
    host.write("jail.conf", 'meta = "default"; ' + INCLUDE.format(etc=host.etc))
    outcome = ask(host, path="/")
    assert host.jails["web"]["meta"] == "default"
    assert outcome.diff[1]["after"] == "state: running\nmeta: default (a default)\n"
    assert ask(host, path="/").plan.steps == ()
    host.write("jail.conf", 'meta = "other"; ' + INCLUDE.format(etc=host.etc))
    assert ask(host, path="/").plan.steps == ("modify",)
    assert host.jails["web"]["meta"] == "other"


def test_defaults_of_a_jail_conf_that_does_not_include_it_do_not_apply(host: FakeHost) -> None:
    host.write("jail.conf", 'meta = "default";')
    ask(host, path="/")
    assert host.jails["web"]["meta"] == ""


def test_another_jails_file_is_no_concern_of_ours(host: FakeHost) -> None:
    host.write("jail.conf", INCLUDE.format(etc=host.etc))
    ask(host, path="/")
    ask(host, name="other", path="/", params={"meta": "x"})
    assert ask(host, path="/").plan.steps == ()


@pytest.mark.parametrize("included", [True, False])
def test_dependencies_are_read_with_it(host: FakeHost, included: bool) -> None:
    # xdp-1, xdp-3
    if included:
        host.write("jail.conf", INCLUDE.format(etc=host.etc))
    ask(host, state="present", name="db", path="/")
    ask(host, state="present", name="cache", path="/")
    ask(host, path="/", depend=["db"])
    found = record(host)
    assert found is not None
    assert "cache" not in found.text
    assert host.jails.keys() == {"db", "web"}
    assert state.read(host, "db") is not None
    with pytest.raises(InputError, match="web depends on nobody, which nothing here configures"):
        ask(host, path="/", depend=["nobody"])


def test_a_file_that_cannot_be_read(host: FakeHost) -> None:
    # two-1: it keeps all jails from starting, so nothing is changed that would have to be started with it
    host.write("jail.conf", INCLUDE.format(etc=host.etc))
    ask(host, path="/")
    host.write("jail.conf.d/broken.conf", "broken {")
    assert ask(host, path="/").plan.steps == ()
    with pytest.raises(InputError, match=r"broken\.conf: unexpected EOF"):
        ask(host, path="/tmp")
    ask(host, state="stopped")


@pytest.mark.parametrize("default", ["depend = db;", "* { jid = 5; }"])
def test_defaults_that_would_lead_a_question_to_another_jail(host: FakeHost, default: str) -> None:
    host.write("jail.conf", default + INCLUDE.format(etc=host.etc))
    with pytest.raises(InputError, match="for all jails"):
        ask(host, path="/")


# --- where it can't work at all ---------------------------------------------------------------------------------------


def test_not_freebsd_and_not_root(tmp_path: Path) -> None:
    with pytest.raises(JailError, match="isn't FreeBSD"):
        ask(Host(str(tmp_path), str(tmp_path), platform="linux", uid=0), path="/")
    with pytest.raises(JailError, match="become"):
        ask(Host(str(tmp_path), str(tmp_path), platform="freebsd15", uid=1001), path="/")
    with pytest.raises(JailError, match="/usr/sbin/jls isn't there"):
        ask(Host(str(tmp_path), str(tmp_path), platform="freebsd15", uid=0), path="/")
    assert list(tmp_path.iterdir()) == []
