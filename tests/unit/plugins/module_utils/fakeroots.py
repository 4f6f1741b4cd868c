# SPDX-License-Identifier: BSD-2-Clause
"""A host whose directories are real, as are the programs that fill and empty them; what runs, what is mounted and what
is on the network is played.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import tarfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.bsd.jail.plugins.module_utils.baseset import FETCH
from ansible_collections.bsd.jail.plugins.module_utils.host import JAIL, JLS, MOUNT, Host, Result
from ansible_collections.bsd.jail.plugins.module_utils.nmount import FileSystem
from ansible_collections.bsd.jail.plugins.module_utils.purge import CHFLAGS, RM
from ansible_collections.bsd.jail.plugins.module_utils.rootcontent import CP, FIND, TAR

OPTIONS: dict[str, Any] = {
    "state": "present",
    "archive": None,
    "checksum": None,
    "timeout": 60,
    "base": None,
    "directories": None,
    "files": None,
    "force": False,
    "lock_timeout": 0,
}


class RootHost(Host):
    """A FreeBSD host below a directory.

    jails: the paths of the jails that run. configured: those of jails that are configured. mounted: what is mounted, as
    type, source and mount point. network: what is at a URL, or what fetch(1) says of it. programs: the names of those
    that were started; kept: of those, which inherited a descriptor. fails: what a program says when it fails.
    before: called before a program is started. node: where the file system of all directories is mounted.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__(
            etc=f"{directory}/etc",
            var_run=f"{directory}/run",
            platform="freebsd15",
            uid=0,
            var_db=f"{directory}/db",
        )
        for name in ("etc/jail.conf.d", "run", "db"):
            (directory / name).mkdir(parents=True)
        self.jails: dict[str, str] = {}
        self.configured: dict[str, list[str]] = {}
        self.mounted: list[tuple[str, str, str]] = []
        self.network: dict[str, bytes | str] = {}
        self.node = "/"
        self.programs: list[str] = []
        self.kept: set[str] = set()
        self.environment: dict[str, str] = {}
        self.fails: dict[str, str] = {}
        self.before: dict[str, Callable[[], None]] = {}

    def fstatfs(self, fd: int) -> FileSystem:
        return FileSystem("0" * 16, "zfs", "zroot", self.node)

    def configure(self, name: str, *parameters: str) -> None:
        """Let a jail be configured; parameters: as `jail -e` shows them."""
        Path(self.etc, f"jail.conf.d/{name}.conf").write_text(f"{name} {{}}\n")
        self.configured[name] = list(parameters)

    def run(
        self, *argv: str, stdin: str | int = "", keep: Sequence[int] = (), env: Mapping[str, str] | None = None
    ) -> Result:
        self.programs.append(argv[0].rpartition("/")[2])
        if keep:
            self.kept.add(self.programs[-1])
        self.before.get(argv[0], lambda: None)()
        if argv[0] in self.fails:
            return Result(argv, 1, "", self.fails[argv[0]])
        if argv[0] == JLS:
            jails = [{"jid": jid, "name": name, "path": path} for jid, (name, path) in enumerate(self.jails.items(), 1)]
            return Result(argv, 0, json.dumps({"jail-information": {"jail": jails}}), "")
        if argv[0] == MOUNT:
            keys = ("fstype", "special", "node")
            mounted = [dict(zip(keys, one)) for one in self.mounted]
            return Result(argv, 0, json.dumps({"mount": {"mounted": mounted}}), "")
        if argv[0] == JAIL:
            marker = re.findall(r"marker[0-9a-f]+", str(stdin))[0]
            shown = ["\x1f".join([f"name={name}", marker, *own]) for name, own in self.configured.items()]
            return Result(argv, 0, "".join(f"{one}\n" for one in shown), "")
        if argv[0] == FETCH:
            self.environment = dict(env or {})
            return self._fetch(argv)
        return self._really(argv, stdin)

    def _fetch(self, argv: tuple[str, ...]) -> Result:
        output, url = argv[-2:]
        found = self.network.get(url, "Not Found")
        if isinstance(found, str):
            return Result(argv, 1, "", f"fetch: {url}: {found}\n")
        if output == "-":
            return Result(argv, 0, found.decode(), "")
        Path(output).write_bytes(found)
        return Result(argv, 0, "", "")

    def _really(self, argv: tuple[str, ...], stdin: str | int) -> Result:
        """What the machine's own programs do, as FreeBSD's are asked."""
        command: Sequence[str] = argv
        if argv[0] == CHFLAGS:
            command = ["true"]
        elif argv[0] == RM:
            command = ["rm", "-rf", "--one-file-system", *argv[2:]]
        elif argv[0] == FIND:
            command = ["find", argv[2], "-xdev", *argv[3:]]
        elif argv[0] == CP:
            command = ["cp", *argv[1:]]
        elif argv[0] == TAR:
            command = ["tar", *argv[1:]]
        else:
            raise AssertionError(f"no such program here: {argv}")
        source = {"stdin": stdin} if isinstance(stdin, int) else {"input": stdin.encode()}
        done = subprocess.run(command, **source, capture_output=True, check=False)  # type: ignore[call-overload]
        return Result(argv, done.returncode, done.stdout.decode(), done.stderr.decode())


def base_set(**more: bytes | tarfile.TarInfo) -> bytes:
    """A small archive of a base system, with more files, by their contents, or whole entries in it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in (".", "./bin", "./etc", "./home", "./root", "./tmp", "./usr", "./usr/local", "./var"):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if name == "./tmp" else 0o755
            archive.addfile(entry)
        for name, content in {"./bin/sh": b"#!", "./etc/passwd": b"root::0:0", **more}.items():
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
                continue
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
