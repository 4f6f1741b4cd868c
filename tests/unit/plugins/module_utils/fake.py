# SPDX-License-Identifier: BSD-2-Clause
"""A host that plays the few programs that the library starts, and counts them; its answers are recorded ones."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.bsd.jail.plugins.module_utils import confread
from ansible_collections.bsd.jail.plugins.module_utils.configured import settings_of
from ansible_collections.bsd.jail.plugins.module_utils.desired import desired
from ansible_collections.bsd.jail.plugins.module_utils.host import IFCONFIG, JAIL, JLS, MOUNT, PS, Host, Result
from ansible_collections.bsd.jail.plugins.module_utils.jails import Outcome, converge
from ansible_collections.bsd.jail.plugins.module_utils.rcconf import SYSRC
from ansible_collections.bsd.jail.plugins.modules.jail import jail_spec

# What the module's options are where a test says nothing of them.
DEFAULTS: dict[str, Any] = {option: spec.get("default") for option, spec in jail_spec().items()}

# What the kernel says of a jail that was given a path and `persist` (recorded: ls-5), in part.
KERNEL = {
    "devfs_ruleset": "0",
    "dying": False,
    "enforce_statfs": "2",
    "host": "new",
    "ip4": "disable",
    "ip6": "disable",
    "meta": "",
    "path": "/",
    "persist": False,
    "securelevel": "-1",
    "vnet": "inherit",
    "allow.raw_sockets": False,
    "allow.set_hostname": True,
    "children.max": "0",
    "host.hostname": "",
    "ip4.addr": [],
    "ip6.addr": [],
}


class FakeHost(Host):
    """A FreeBSD host below a directory.

    jails: what runs, by name, as jls(8) shows it. programs: the command lines of what was started, in order.
    fails: patterns of an operation of jail(8), and its configuration, that fails, and what jail(8) then says; with the
    word `gone` in front, the jail is removed all the same. alive: pids of other programs that run, and what they are.
    mounted: what mount(8) shows. interfaces: what ifconfig(8) prints. boot: kern.boot_id. before_exec: called when
    jail(8) is about to be started.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(etc=f"{root}/etc", var_run=f"{root}/var/run", platform="freebsd15", uid=0)
        (root / "etc/jail.conf.d").mkdir(parents=True)
        (root / "var/run").mkdir(parents=True)
        self.jails: dict[str, dict[str, object]] = {}
        self.programs: list[str] = []
        self.fails: dict[str, str] = {}
        self.alive: dict[int, str] = {}
        self.mounted: list[dict[str, object]] = []
        self.interfaces = ""
        self.boot = "0" * 32
        self.last_jid = 0
        self.before_exec: Callable[[], None] = lambda: None

    def boot_id(self) -> str:
        return self.boot

    def write(self, path: str, text: str) -> None:
        """Write a file below /etc."""
        Path(self.etc, path).write_text(text)

    def read(self, path: str) -> str | None:
        """The text of a file below /etc."""
        file = Path(self.etc, path)
        return file.read_text() if file.exists() else None

    def run(self, *argv: str, stdin: str = "") -> Result:
        self.programs.append(" ".join(argv))
        if argv[0] == JLS:
            listed = [{"jid": str(jail["jid"]), "name": name, **jail} for name, jail in self.jails.items()]
            return Result(argv, 0, json.dumps({"jail-information": {"jail": listed}}), "")
        if argv[0] == PS:
            listed = [{"pid": str(pid), "jail-id": "0", "command": line} for pid, line in self.alive.items()]
            return Result(argv, 0, json.dumps({"process-information": {"process": listed}}), "")
        if argv[0] == MOUNT:
            return Result(argv, 0, json.dumps({"mount": {"mounted": self.mounted}}), "")
        if argv[0] == IFCONFIG:
            return Result(argv, 0, self.interfaces, "")
        if argv[0] == SYSRC:
            return self._sysrc(argv)
        if argv[:2] == (JAIL, "-m"):
            return self._modify(argv)
        if argv[:3] == (JAIL, "-c", "name=bsd_jail_new"):
            self.jails["bsd_jail_new"] = {**KERNEL, "jid": "999"}
            return Result(argv, 0, "", "")
        if argv[:2] == (JAIL, "-R"):
            del self.jails[argv[2]]
            return Result(argv, 0, "", "")
        assert argv[:4] == (JAIL, "-f", "-", "-m"), argv
        probes = argv[4:] or tuple(one.name for one in confread.parse(stdin) if one.kind == "jail")
        return Result(argv, 1, "", "".join(self._answer_to_probe(stdin, probe) for probe in probes))

    def _sysrc(self, argv: tuple[str, ...]) -> Result:
        """sysrc(8), for words without quotes: what sh(1) makes of rc.conf, and a line more at its end."""
        name, assigns, value = argv[-1].partition("=")

        def said() -> str:
            script = f'cd "{self.etc}"; . ./rc.conf; printf %s "${name}"'
            return subprocess.run(["/bin/sh", "-ec", script], capture_output=True, text=True, check=True).stdout

        try:
            before = said()
        except subprocess.CalledProcessError as error:
            return Result(argv, 1, "", f"{error.stderr}sysrc: Exiting due to previous syntax errors\n")
        if assigns:
            self.write("rc.conf", f'{self.read("rc.conf") or ""}{name}="{value}"\n')
            return Result(argv, 0, f"{before} -> {said()}\n", "")
        return Result(argv, 0, f"{before}\n", "")

    def _modify(self, argv: tuple[str, ...]) -> Result:
        name = argv[2].removeprefix("name=")
        for pattern, words in self.fails.items():
            if re.search(pattern, f"-m {name}"):
                return Result(argv, 1, "", words)
        for argument in argv[3:]:
            parameter, has_value, value = argument.partition("=")
            base = None if has_value else confread.positive(parameter)
            self.jails[name][base or parameter] = value if has_value else base is None
        return Result(argv, 0, "", "")

    def _answer_to_probe(self, text: str, probe: str) -> str:
        """What jail(8) says of a jail that doesn't run (recorded: unk-1)."""
        broken = re.search(r"^\.include '(.*)';$", text, re.MULTILINE)
        if broken:
            return f"jail: {broken.group(1)}: unexpected EOF\n"
        said = [f"jail: {probe}: unknown parameter: {name}" for name in settings_of(text, probe) if "nosuch" in name]
        return "".join(f"{line}\n" for line in (said or [f'jail: "{probe}" not found']))

    def run_detached(self, argv: tuple[str, ...], output: str, timeout: float | None) -> Result:
        self.before_exec()
        self.programs.append(" ".join(argv))
        _jail, _f, conf, operation, *names = argv
        text = Path(conf).read_text()
        blocks = {one.name: one.text for one in confread.parse(text)}
        said = [line for name in names or blocks for line in self._do(operation, name, blocks.get(name, ""))]
        result = Result(argv, 1 if said else 0, "", "".join(f"{line}\n" for line in said))
        Path(f"{output}.err").write_text(result.stderr)
        Path(f"{output}.rc").write_text(f"{result.rc}\n")
        return result

    def _do(self, operation: str, name: str, text: str) -> list[str]:
        """Start or stop one jail. Returns what jail(8) says if that fails."""
        for pattern, words in self.fails.items():
            if re.search(pattern, f"{operation} {name}\n{text}", re.DOTALL):
                if words.startswith("gone"):
                    del self.jails[name]
                return [words]
        if operation == "-r":
            del self.jails[name]
        else:
            self.start(name, text)
        return []

    def start(self, name: str, text: str) -> None:
        """Let a jail run with the kernel parameters that a configuration sets."""
        self.last_jid += 1
        jail: dict[str, object] = {**KERNEL, "jid": str(self.last_jid)}
        for parameter, setting in settings_of(text, name).items():
            if parameter in KERNEL:
                texts = [] if isinstance(setting, bool) else [item.text for item in setting]
                many = isinstance(KERNEL[parameter], list)
                jail[parameter] = setting if isinstance(setting, bool) else texts if many else texts[-1]
        self.jails[name] = jail

    @property
    def operations(self) -> list[str]:
        """What jail(8) was told to do, without the probes."""
        mine = (line.split()[1:] for line in self.programs if line.startswith(JAIL) and " - " not in line)
        return [
            " ".join(words[2:] if words[0] == "-f" else words)
            for words in mine
            if "bsd_jail_new" not in " ".join(words)
        ]


def ask(host: Host, *jails: dict[str, Any], check_mode: bool = False) -> list[Outcome]:
    """Bring jails to what is wanted of them, by their options."""
    wanted = [desired({**DEFAULTS, **one}) for one in jails]
    return converge(host, wanted, check_mode=check_mode, lock_timeout=0.1)


def ask_one(host: Host, check_mode: bool = False, **options: Any) -> Outcome:
    """Bring the jail web to what is wanted of it. Raises what is wrong with it."""
    outcome = ask(host, {"name": "web", **options}, check_mode=check_mode)[0]
    if outcome.error is not None:
        raise outcome.error
    return outcome


def files(host: FakeHost) -> dict[str, str]:
    """All files of the host, but for the locks, and for when a record was written."""
    root = Path(host.etc).parent
    found = {str(one): one.read_text() for one in root.rglob("*") if one.is_file() and ".lock" not in one.parts}
    return {path: re.sub(r'"written": [0-9.]+', "", text) for path, text in found.items()}
