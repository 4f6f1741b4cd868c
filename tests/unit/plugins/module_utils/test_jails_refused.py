# SPDX-License-Identifier: BSD-2-Clause
"""What isn't done with a jail, because it is refused, and what files around it mean for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.bsd.jail.plugins.module_utils import state
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import Host

from tests.unit.plugins.module_utils.fake import FakeHost, ask_one, files


@pytest.fixture
def host(tmp_path: Path) -> FakeHost:
    return FakeHost(tmp_path)


# --- what is refused --------------------------------------------------------------------------------------------------


def test_an_unknown_parameter_is_refused_by_name(host: FakeHost) -> None:
    before = files(host)
    for state_wanted in ("present", "started", "stopped"):
        with pytest.raises(InputError, match="jail: web: unknown parameter: nosuch"):
            ask_one(host, state=state_wanted, path="/", params={"nosuch.parameter": 1})
    assert files(host) == before


def test_the_question_is_about_a_jail_that_nobody_has(host: FakeHost) -> None:
    ask_one(host, path="/")
    host.programs.clear()
    ask_one(host, path="/", params={"meta": "x"})
    (question,) = (line for line in host.programs if " - -m " in line)
    assert question.split()[-1] not in ("web", *host.jails)


def test_check_mode_does_not_ask_for_what_may_load_a_module(host: FakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    original = host.run

    def run(*argv: str, stdin: str = "") -> Any:
        asked.append(stdin)
        return original(*argv, stdin=stdin)

    monkeypatch.setattr(host, "run", run)
    ask_one(host, True, path="/", params={"linux": "new", "meta": "x"})
    probe = "".join(asked).partition("bsd_jail_check")[2]
    assert "meta" in probe
    assert "linux" not in probe


def test_a_file_that_is_not_ours(host: FakeHost) -> None:
    host.write("jail.conf.d/web.conf", "web { path = /tmp; persist; }\n")
    for options in ({"path": "/"}, {"state": "absent"}):
        with pytest.raises(InputError, match="wasn't written by this collection"):
            ask_one(host, **options)
    outcome = ask_one(host, path="/", force=True, backup=True)
    assert outcome.backup is not None
    assert Path(outcome.backup).read_text() == "web { path = /tmp; persist; }\n"


def test_a_jail_that_nothing_here_configures(host: FakeHost) -> None:
    host.start("web", "web { path = /; persist; }")
    for options in ({"path": "/"}, {"state": "absent"}, {"state": "stopped"}, {}):
        with pytest.raises(InputError, match=r"jid 1, path /.* nothing here configures it"):
            ask_one(host, **options)
    assert ask_one(host, state="absent", force=True).plan.steps == ("stop",)


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
        ask_one(host, path="/")


def test_a_jail_on_which_others_depend(host: FakeHost) -> None:
    ask_one(host, name="db", path="/")
    ask_one(host, path="/", depend=["db"])
    for options in (
        {"state": "stopped"},
        {"state": "stopped", "dependents": "restart"},
        {"state": "restarted", "dependents": "refuse"},
        {"path": "/tmp", "dependents": "refuse"},
        {"state": "absent"},
    ):
        with pytest.raises(InputError, match="while web runs, which depends on db"):
            ask_one(host, name="db", **options)
    ask_one(host, state="stopped")
    ask_one(host, name="db", state="stopped")
    assert host.jails == {}


def test_a_jail_with_children(host: FakeHost) -> None:
    ask_one(host, path="/")
    host.start("web.child", "web.child { path = /; persist; }")
    with pytest.raises(InputError, match=r"run within web, .*: web\.child"):
        ask_one(host, state="stopped")


def test_paths_and_interfaces_that_are_not_there(host: FakeHost, tmp_path: Path) -> None:
    for options in (
        {"path": "/nosuch"},
        {"path": "/", "interface": "nosuch0"},
        {"path": "/", "ip4_addr": ["nosuch0|10.0.0.1"]},
    ):
        with pytest.raises(InputError, match="nosuch"):
            ask_one(host, **options)
        assert ask_one(host, True, **options).warnings
        outcome = ask_one(host, True, **options, params={"exec.prestart": "make it"})  # pre-1
        assert outcome.warnings == ()
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="isn't a directory"):
        ask_one(host, True, path=str(tmp_path / "file"), params={"exec.prestart": "make it"})


def test_an_fstab_that_is_not_there(host: FakeHost) -> None:
    given = {"mount.fstab": f"{host.etc}/fstab"}
    with pytest.raises(InputError, match="fstab isn't there"):
        ask_one(host, path="/", params=given)
    assert ask_one(host, True, path="/", params=given).warnings
    assert ask_one(host, True, path="/", params={**given, "exec.prepare": "make it"}).warnings == ()


# --- files around -----------------------------------------------------------------------------------------------------

INCLUDE = '.include "{etc}/jail.conf.d/*.conf";\n'


def test_defaults_of_jail_conf_apply_where_it_includes_the_directory(host: FakeHost) -> None:
    # two-1
    host.write("jail.conf", 'meta = "default"; ' + INCLUDE.format(etc=host.etc))
    outcome = ask_one(host, path="/")
    assert host.jails["web"]["meta"] == "default"
    assert outcome.diff[1]["after"] == "state: running\nmeta: default (a default)\n"
    assert ask_one(host, path="/").plan.steps == ()
    host.write("jail.conf", 'meta = "other"; ' + INCLUDE.format(etc=host.etc))
    assert ask_one(host, path="/").plan.steps == ("modify",)
    assert host.jails["web"]["meta"] == "other"


def test_defaults_of_a_jail_conf_that_does_not_include_it_do_not_apply(host: FakeHost) -> None:
    host.write("jail.conf", 'meta = "default";')
    ask_one(host, path="/")
    assert host.jails["web"]["meta"] == ""


def test_another_jails_file_is_no_concern_of_ours(host: FakeHost) -> None:
    host.write("jail.conf", INCLUDE.format(etc=host.etc))
    ask_one(host, path="/")
    ask_one(host, name="other", path="/", params={"meta": "x"})
    assert ask_one(host, path="/").plan.steps == ()


@pytest.mark.parametrize("included", [True, False])
def test_dependencies_are_read_with_it(host: FakeHost, included: bool) -> None:
    # xdp-1, xdp-3
    if included:
        host.write("jail.conf", INCLUDE.format(etc=host.etc))
    ask_one(host, state="present", name="db", path="/")
    ask_one(host, state="present", name="cache", path="/")
    ask_one(host, path="/", depend=["db"])
    found = state.read(host, "web")
    assert found is not None
    assert "cache" not in found.text
    assert host.jails.keys() == {"db", "web"}
    assert state.read(host, "db") is not None
    with pytest.raises(InputError, match="web depends on nobody, which nothing here configures"):
        ask_one(host, path="/", depend=["nobody"])


def test_a_file_that_cannot_be_read(host: FakeHost) -> None:
    # two-1: it keeps all jails from starting, so nothing is changed that would have to be started with it
    host.write("jail.conf", INCLUDE.format(etc=host.etc))
    ask_one(host, path="/")
    host.write("jail.conf.d/broken.conf", "broken {")
    assert ask_one(host, path="/").plan.steps == ()
    with pytest.raises(InputError, match=r"broken\.conf: unexpected EOF"):
        ask_one(host, path="/tmp")
    ask_one(host, state="stopped")


@pytest.mark.parametrize("default", ["depend = db;", "* { jid = 5; }"])
def test_defaults_that_would_lead_a_question_to_another_jail(host: FakeHost, default: str) -> None:
    host.write("jail.conf", default + INCLUDE.format(etc=host.etc))
    with pytest.raises(InputError, match="for all jails"):
        ask_one(host, path="/")


# --- where it can't work at all ---------------------------------------------------------------------------------------


def test_not_freebsd_and_not_root(tmp_path: Path) -> None:
    with pytest.raises(JailError, match="isn't FreeBSD"):
        ask_one(Host(str(tmp_path), str(tmp_path), platform="linux", uid=0), path="/")
    with pytest.raises(JailError, match="become"):
        ask_one(Host(str(tmp_path), str(tmp_path), platform="freebsd15", uid=1001), path="/")
    with pytest.raises(JailError, match="/usr/sbin/jls isn't there"):
        ask_one(Host(str(tmp_path), str(tmp_path), platform="freebsd15", uid=0), path="/")
    assert list(tmp_path.iterdir()) == []
