# SPDX-License-Identifier: BSD-2-Clause
"""Which jails there are: how the answers of jail(8), jls(8), sysctl(8), ifconfig(8) and ps(1) are read."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.bsd.jail.plugins.module_utils import info
from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import IFCONFIG, JAIL, JLS, MOUNT, PS, Host, Result
from ansible_collections.bsd.jail.plugins.modules import jail_info

SEPARATOR = "\x1f"


class InfoHost(Host):
    """A FreeBSD host below a directory; what its programs answer is given by their name and, for jail(8), by a word of
    the configuration that it reads.

    programs: the command lines of what was started, in order.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(etc=f"{root}/etc", var_run=f"{root}/var/run", platform="freebsd15", uid=0)
        (root / "etc/jail.conf.d").mkdir(parents=True)
        self.programs: list[tuple[str, ...]] = []
        self.read: list[str] = []
        self.shows: dict[str, str] = {}
        self.complains: dict[str, str] = {}
        self.answers: dict[str, str] = {
            JLS: '{"jail-information": {"jail": []}}',
            info.SYSCTL: "security.jail.param.securelevel: integer\nsecurity.jail.param.meta: string\n"
            "security.jail.param.allow.mount: node\nsecurity.jail.param.allow.mount.: integer\n"
            "security.jail.param.host.hostid: unsigned long\nsecurity.jail.param.ip4: node\n"
            "security.jail.param.ip4.: integer\nsecurity.jail.param.ip4.addr: opaque\n",
        }

    def write(self, path: str, text: str) -> str:
        Path(self.etc, path).write_text(text)
        return f"{self.etc}/{path}"

    def run(self, *argv: str, stdin: str = "") -> Result:
        self.programs.append(argv)
        if argv[0] != JAIL:
            return Result(argv, 0, self.answers[argv[0]], "")
        assert argv[1:] == ("-f", "-", "-e", SEPARATOR)
        self.read.append(stdin)
        for word, complaint in self.complains.items():
            if word in stdin:
                return Result(argv, 1, "", complaint)
        marker = re.findall(r"marker[0-9a-f]+", stdin)[0]
        shown = [text for word, text in self.shows.items() if word in stdin]
        return Result(argv, 0, "".join(shown).replace("|", SEPARATOR).replace("MARKER", marker), "")

    def runs_of(self, program: str) -> int:
        return sum(argv[0] == program for argv in self.programs)


@pytest.fixture
def host(tmp_path: Path) -> InfoHost:
    return InfoHost(tmp_path)


def configured(host: InfoHost, text: str, shown: str) -> dict[str, object]:
    """What is told of the parameters of the jail c1, by its file and what jail(8) shows."""
    host.write("jail.conf.d/c1.conf", text)
    host.shows["c1.conf"] = shown
    jail = info.gather(host, ["c1"], ["parameters"])["jails"][0]
    assert jail["configured"] is True
    parameters = jail["configured_parameters"]
    assert isinstance(parameters, dict)
    return parameters


@pytest.mark.parametrize(
    ("written", "shown", "value"),
    [
        ("'a b'", '"a b"', ["a b"]),
        ("'a;b'", "a;b", ["a;b"]),
        (r"""'a"b'""", """'a"b'""", ['a"b']),
        (r"""'a\'b'""", '''"a'b"''', ["a'b"]),
        (r"""'a\'b"c'""", r'''"a'b\"c"''', ["a'b\"c"]),
        (r"'a\\b'", r"a\\b", ["a\\b"]),
        ('"a\\nb"', "a\nb", ["a\nb"]),
        ('"a\\nname=c2"', "a\nname=c2", ["a\nname=c2"]),
        ('"a\\tb"', '"a\tb"', ["a\tb"]),
        ("''", '""', [""]),
        ("a, b", "a,b", ["a", "b"]),
        ("'a,b'", "a,b", ["a,b"]),
        ("'a,b', c", "a,b,c", ["a,b", "c"]),
        ("a, 'b c,d', ''", 'a,"b c,d",""', ["a", "b c,d", ""]),
        ("'a,b', \"$name\", 'c,d'", "a,b,c1,c,d", ["a,b", "c1", "c,d"]),
        ("\"x $name,y\", 'c,d'", '"x c1,y",c,d', ["x c1,y", "c,d"]),
        ('"$list"', "a,b", ["a", "b"]),
        ('"x$text"', "xa,b", ["xa,b"]),
    ],
)
def test_a_command_is_what_was_written(host: InfoHost, written: str, shown: str, value: object) -> None:
    found = configured(
        host,
        f"c1 {{ path = /; exec.start = {written}; }}",
        f"name=c1|MARKER|path=/|exec.start={shown}\nname=c2|MARKER|path=/\n",
    )
    assert found["exec.start"] == value
    assert set(found) == {"name", "path", "exec.start"}


@pytest.mark.parametrize(
    ("written", "shown", "parameter", "value"),
    [
        ("securelevel = 2;", "securelevel=2", "securelevel", 2),
        ("securelevel = -1;", "securelevel=-1", "securelevel", -1),
        ("meta = 2;", "meta=2", "meta", "2"),
        ("meta = 'a,b';", "meta=a,b", "meta", "a,b"),
        ("meta = a, b;", "meta=a,b", "meta", "b"),
        ('meta = "$x";', "meta=a,b", "meta", "a,b"),
        ("allow.mount;", "allow.mount", "allow.mount", True),
        ("allow.nomount;", "allow.nomount", "allow.mount", False),
        ("allow.mount = true;", "allow.mount=true", "allow.mount", True),
        ("allow.mount = 'False';", "allow.mount=False", "allow.mount", False),
        ("exec.timeout = 7;", "exec.timeout=7", "exec.timeout", 7),
        ("mount.devfs;", "mount.devfs", "mount.devfs", True),
        ("ip4.addr = 10.0.0.1;", "ip4.addr=10.0.0.1", "ip4.addr", ["10.0.0.1"]),
        ("ip4 = inherit;", "ip4=inherit", "ip4", "inherit"),
    ],
)
def test_a_value_has_its_type(host: InfoHost, written: str, shown: str, parameter: str, value: object) -> None:
    found = configured(host, f"c1 {{ {written} path = /; }}", f"name=c1|MARKER|{shown}|path=/\n")
    assert found[parameter] == value
    assert type(found[parameter]) is type(value)


def test_a_jail_with_a_number_for_a_name(host: InfoHost) -> None:
    host.write("jail.conf", "1234 { path = /; persist; }")
    host.shows["jail.conf"] = "MARKER|path=/|persist|name=1234\nname=c2|MARKER|path=/\n"
    assert [jail["name"] for jail in info.gather(host, None, [])["jails"]] == ["1234", "c2"]


def test_states(host: InfoHost) -> None:
    main = host.write("jail.conf", '.include "jail.conf.d/*.conf";')
    web = host.write("jail.conf.d/web.conf", "web { path = /web; }")
    host.write("jail.conf.d/db.conf", "db { path = /db; }")
    host.shows[main] = "name=db|MARKER|path=/db\nname=web|MARKER|path=/web\n"
    listed = [
        {"jid": "3", "name": "web", "dying": True, "path": "/old"},
        {"jid": "4", "name": "gone", "dying": True, "path": "/gone"},
        {"jid": "5", "name": "web", "dying": False, "path": "/web"},
        {"jid": "6", "name": "hand", "dying": False, "path": "/"},
        {"jid": "7", "name": "hand.kid", "dying": False, "path": "/"},
    ]
    host.answers[JLS] = json.dumps({"jail-information": {"jail": listed}})
    result = info.gather(host, None, [])
    assert result["problems"] == []
    told = [(one["name"], one["running"], one["configured"], one["jid"], one["dying"]) for one in result["jails"]]
    assert told == [
        ("db", False, True, None, []),
        ("gone", False, False, None, [4]),
        ("hand", True, False, 6, []),
        ("hand.kid", True, False, 7, []),
        ("web", True, True, 5, [3]),
    ]
    assert result["jails"][4]["files"] == [web]
    assert {one["boot"] for one in result["jails"]} == {False}
    host.write("rc.conf", "jail_enable=YES\njail_list=web\n")
    assert [one["boot"] for one in info.gather(host, None, [])["jails"]] == [False, False, False, False, True]
    host.write("rc.conf", "jail_conf=/etc/other.conf\n")
    assert {one["boot"] for one in info.gather(host, None, [])["jails"]} == {None}
    host.programs.clear()
    assert info.gather(host, None, [])["problems"] == []
    assert [one["path"] for one in result["jails"]] == ["/db", None, "/", "/", "/web"]
    assert host.runs_of(JLS) == host.runs_of(JAIL) == 1
    asked = info.gather(host, ["7", "nosuch", "web", "5"], [])["jails"]
    assert [(one["name"], one["running"]) for one in asked] == [("hand.kid", True), ("nosuch", False), ("web", True)]


def test_a_host_without_jails(host: InfoHost) -> None:
    assert info.gather(host, None, info.GATHER[:1]) == {"jails": [], "problems": []}
    assert host.runs_of(JAIL) == 0


def test_files_that_nothing_includes_are_read_in_one_run(host: InfoHost) -> None:
    for name in ("a", "b", "c"):
        host.write(f"jail.conf.d/{name}.conf", f"{name} {{ path = /; }}")
        host.shows[f"{name}.conf"] = f"name={name}|MARKER|path=/\n"
    host.write("jail.conf.d/d.conf", "persist; d { path = /; }")
    host.shows["d.conf"] = "name=d|MARKER|persist|path=/\n"
    assert [jail["name"] for jail in info.gather(host, None, [])["jails"]] == ["a", "b", "c", "d"]
    assert ["d.conf" in text for text in host.read] == [False, True], "its defaults aren't the others'"


def test_a_file_that_does_not_parse(host: InfoHost) -> None:
    main = host.write("jail.conf", 'meta = "default";\n.include "jail.conf.d/*.conf";')
    bad = host.write("jail.conf.d/bad.conf", "bad {\n path = /\n}\n")
    worse = host.write("jail.conf.d/worse.conf", "worse {\n")
    host.write("jail.conf.d/web.conf", "web { path = /web; }")
    host.complains = {
        f"{main}'": f"jail: {bad} line 3: }}: syntax error\n",
        worse: f"jail: {worse}: unexpected EOF\n",
    }
    host.shows["web {"] = "name=web|MARKER|meta=default|path=/web\n"
    result = info.gather(host, None, ["parameters"])
    assert result["problems"] == [
        {"msg": f"jail: {bad} line 3: }}: syntax error", "path": bad, "line": 3, "jail": "bad"},
        {"msg": f"jail: {worse}: unexpected EOF", "path": worse, "line": None, "jail": "worse"},
    ]
    jails = {one["name"]: one for one in result["jails"]}
    assert set(jails) == {"bad", "web", "worse"}
    assert jails["bad"]["configured"] is True
    assert jails["bad"]["configured_parameters"] is None
    assert jails["bad"]["files"] == [bad]
    assert jails["web"]["configured_parameters"] == {"name": "web", "meta": "default", "path": "/web"}
    assert host.runs_of(JAIL) == 3


def test_jail_fails_without_a_word(host: InfoHost) -> None:
    host.write("jail.conf.d/c1.conf", "c1 { path = /; }")
    host.complains["c1"] = ""
    with pytest.raises(JailError, match="doesn't say what is configured"):
        info.gather(host, None, [])


def test_a_variable_that_is_missing(host: InfoHost) -> None:
    host.write("jail.conf.d/c1.conf", "c1 { path = /; host.hostname = $b; }")
    words = 'jail: c1: host.hostname: variable "b" not found'
    host.complains["c1"] = f"{words}\n"
    assert info.gather(host, None, [])["problems"] == [{"msg": words, "path": None, "line": None, "jail": "c1"}]


def test_the_old_variables_of_rc_conf(host: InfoHost) -> None:
    path = host.write("rc.conf", 'jail_old_rootdir="/old"\n')
    (problem,) = info.gather(host, None, [])["problems"]
    assert problem["path"] == path
    assert "jail_old_*" in problem["msg"]


RUNNING = [
    {
        "jid": "5",
        "name": "web",
        "dying": False,
        "path": "/j/web",
        "vnet": "inherit",
        "ip4.addr": ["10.7.0.1", "9.9.9.9"],
    },
    {"jid": "6", "name": "vn", "dying": False, "path": "/j/web2", "vnet": "new", "ip4": "inherit", "securelevel": "-1"},
]


def details(host: InfoHost, what: str) -> list[object]:
    host.answers[JLS] = json.dumps({"jail-information": {"jail": RUNNING}})
    return [jail[what] for jail in info.gather(host, ["web", "vn", "nosuch"], [what])["jails"]]


def test_addresses(host: InfoHost) -> None:
    host.answers[IFCONFIG] = (
        "lo1: flags=1008049<UP,LOOPBACK> metric 0 mtu 16384\n\toptions=680003<RXCSUM>\n"
        "\tinet 10.7.0.1 netmask 0xffffff00\n\tinet6 fe80::1%lo1 prefixlen 64 scopeid 0x2\n\tgroups: lo\n"
    )
    on_lo1 = {"address": "10.7.0.1", "interface": "lo1", "prefix": 24}
    assert details(host, "addresses") == [
        [on_lo1, {"address": "9.9.9.9", "interface": None, "prefix": None}],
        [on_lo1, {"address": "fe80::1", "interface": "lo1", "prefix": 64}],
        [],
    ]
    assert [argv[1:] for argv in host.programs if argv[0] == IFCONFIG] == [(), ("-j", "6")]


def test_mounts(host: InfoHost) -> None:
    mounted = [
        {"special": "/dev/da0", "node": "/", "fstype": "ufs", "opts": ["local"], "fsid": "01"},
        {"special": "/a b", "node": "/j/web", "fstype": "nullfs", "opts": ["local", "read-only"], "fsid": "02"},
        {"special": "devfs", "node": "/j/web/dev", "fstype": "devfs", "fsid": "03"},
        {"special": "devfs", "node": "/j/web2/dev", "fstype": "devfs", "fsid": "04"},
    ]
    host.answers[MOUNT] = json.dumps({"mount": {"mounted": mounted}})
    assert details(host, "mounts") == [
        [
            {"destination": "/", "type": "nullfs", "source": "/a b", "options": ["ro"], "fsid": "02"},
            {"destination": "/dev", "type": "devfs", "source": "devfs", "options": [], "fsid": "03"},
        ],
        [{"destination": "/dev", "type": "devfs", "source": "devfs", "options": [], "fsid": "04"}],
        [],
    ]


def test_processes(host: InfoHost) -> None:
    row = {"pid": "18", "ppid": "1", "jail-id": "5", "uid": "80", "state": "SCJ ", "arguments": "sleep 300"}
    rows = [{**row, "start-time": "Tue Nov 24 20:51:24 2026"}, {**row, "jail-id": "0", "start-time": "-"}]
    host.answers[PS] = json.dumps({"process-information": {"process": rows}})
    started = "2026-11-24T20:51:24Z"
    told = {"pid": 18, "ppid": 1, "uid": 80, "state": "SCJ", "started": started, "command": "sleep 300"}
    assert details(host, "processes") == [[told], [], []]


def test_what_the_kernel_says_has_types(host: InfoHost) -> None:
    host.answers[JLS] = json.dumps(
        {"jail-information": {"jail": [{**RUNNING[1], "meta": "12", "host.hostid": "4000000000", "ip4.addr": []}]}}
    )
    (jail,) = info.gather(host, ["6"], ["parameters"])["jails"]
    assert jail["parameters"] == {
        "dying": False,
        "host.hostid": 4000000000,
        "ip4": "inherit",
        "ip4.addr": [],
        "jid": "6",
        "meta": "12",
        "name": "vn",
        "path": "/j/web2",
        "securelevel": -1,
        "vnet": "new",
    }, "only what sysctl(8) calls a number is one"


def test_the_documentation_names_the_same_options() -> None:
    documented = yaml.safe_load(jail_info.DOCUMENTATION)["options"]
    assert set(documented) == set(jail_info.ARGUMENT_SPEC)
    for name, option in jail_info.ARGUMENT_SPEC.items():
        for key in ("type", "aliases", "choices", "default", "elements"):
            assert documented[name].get(key) == option.get(key), (name, key)


def test_who_uses_a_directory(host: InfoHost, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("jails")
    roots = {"same": f"{tmp_path}/link/a", "in": f"{tmp_path}/jails/a/b", "around": f"{tmp_path}/jails"}
    others = {"host": "/", "beside": f"{tmp_path}/jails/ab", "nowhere": ""}
    for name, root in {**roots, **others}.items():
        path = f" path = {root};" if root else ""
        host.write(f"jail.conf.d/{name}.conf", f"{name} {{{path} }}")
        host.shows[f"{name}.conf"] = f"name={name}|MARKER|path={root}\n" if root else f"name={name}|MARKER\n"

    def users(*paths: str) -> set[str]:
        return {jail["name"] for jail in info.gather(host, None, [], paths)["jails"]}

    assert users(f"{tmp_path}/jails/a") == set(roots)
    assert users(f"{tmp_path}/link/a/") == set(roots)
    assert users("/", "/nowhere") == {*roots, "host", "beside"}
    assert users() == set()
