# SPDX-License-Identifier: BSD-2-Clause
"""rc.conf(5) as sysrc(8) has it: values are what /bin/sh makes of the files, edits keep all that is around them."""

from __future__ import annotations

import errno
import os
import re
from dataclasses import dataclass

DEFAULTS = "/etc/defaults/rc.conf"
_READ = """\
if [ "$ONLY" ]; then
    for FILE in $ONLY; do
        [ -r "$FILE" ] && . "$FILE"
    done
else
    . "$RC_DEFAULTS" && source_rc_confs
fi
for NAME in $NAMES; do
    eval "[ \\"\\${$NAME+set}\\" ]" && eval "printf '%s=%s\\\\0' $NAME \\"\\$$NAME\\""
done
"""
_LIST = """\
. "$RC_DEFAULTS"; source_rc_confs
set
"""


@dataclass(frozen=True)
class RcConf:
    """The files that sysrc works on.

    only: these and no defaults (sysrc -f); empty for rc_conf_files of the defaults.
    """

    only: tuple[str, ...] = ()

    def values(self, names: list[str]) -> dict[str, str]:
        """Those of the variables that are set, with their values."""
        only = [path if "/" in path else f"./{path}" for path in self.only]
        environment = {"RC_DEFAULTS": DEFAULTS, "ONLY": " ".join(only), "NAMES": " ".join(names)}
        found = _shell(_READ, environment).split("\0")[:-1]
        return dict(each.partition("=")[::2] for each in found)

    def files(self) -> list[str]:
        """The files in the order in which they are read."""
        return list(self.only) or self.values(["rc_conf_files"]).get("rc_conf_files", "").split()

    def find(self, name: str) -> str:
        """The file with the assignment that counts, '' without one."""
        files = self.files()
        for path in [*reversed(files), *([] if self.only else [DEFAULTS])]:
            if os.path.isfile(path) and any(_assigns(name, line) for line in _lines(path)):
                return path
        return ""

    def set(self, name: str, value: str) -> None:
        """Replace the last assignment in the file that has it, or add one to the first file.

        Raises OSError, and ValueError (with the file's path) where the result wouldn't be a shell script.
        """
        path = self.find(name)
        if path in ("", DEFAULTS):
            with open(self.files()[0], "a") as file:
                file.write(f'{name}="{value}"\n')
            return
        lines = _lines(path)
        last = max(number for number, line in enumerate(lines) if _assigns(name, line))
        lines[last] = _assigned(lines[last], value)
        _replace(path, lines)

    def delete(self, name: str) -> None:
        """Remove every assignment to it. Raises as set() does."""
        for path in self.files():
            if os.path.exists(path):
                lines = _lines(path)
                left = [line for line in lines if not _assigns(name, line)]
                if left != lines:
                    _replace(path, left)


def _assigns(name: str, line: str) -> bool:
    return re.match(rf"\s*{re.escape(name)}=", line) is not None


def _assigned(line: str, value: str) -> str:
    """The line with another value, in the quotes that it had, else in double ones; what follows stays."""
    head, equals, rest = line.partition("=")
    quote = rest[:1] if rest[:1] in ("'", '"') else ""
    if quote:
        _old, closing, tail = rest[1:].partition(quote)
        return f"{head}{equals}{quote}{value}{closing}{tail}"
    tail = rest[len(re.match(r"[^\s]*", rest)[0]) :] if rest[:1] not in (" ", "\t", ";") else rest  # type: ignore[index]
    return f'{head}{equals}"{value}"{tail}'


def _lines(path: str) -> list[str]:
    with open(path, errors="surrogateescape") as file:
        return file.read().splitlines()


def _replace(path: str, lines: list[str]) -> None:
    """Put new text in place of a file, by way of another one that takes over mode and owner."""
    there = os.stat(path)
    new = f"/tmp/sysrc.{os.getpid()}"
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", errors="surrogateescape") as file:
        file.write("".join(f"{line}\n" for line in lines))
    os.chmod(new, there.st_mode & 0o7777)
    os.chown(new, there.st_uid, there.st_gid)
    if not parses(new):
        os.unlink(new)
        raise ValueError(path)
    try:
        os.rename(new, path)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with open(new, "rb") as source, open(path, "wb") as target:
            target.write(source.read())
        os.unlink(new)


def parses(path: str) -> bool:
    """Whether /bin/sh takes a file for a script; if not, it has said why on standard error."""
    pid = os.posix_spawn("/bin/sh", ["sh", "-n", path], os.environ)
    return os.waitpid(pid, 0)[1] == 0


def everything() -> list[str]:
    """The names of all variables that are set, the defaults' among them, in the shell's order."""
    environment = {"RC_DEFAULTS": DEFAULTS}
    own = re.compile(r"^([A-Za-z_]\w*)=", re.MULTILINE)
    shell = set(own.findall(_shell("set\n", environment)))
    return [name for name in own.findall(_shell(_LIST, environment)) if name not in shell]


def _shell(script: str, environment: dict[str, str]) -> str:
    """What a script prints."""
    read, write = os.pipe()
    path = {"PATH": "/sbin:/bin:/usr/sbin:/usr/bin"}
    actions = [(os.POSIX_SPAWN_DUP2, write, 1), (os.POSIX_SPAWN_CLOSE, read)]
    pid = os.posix_spawn("/bin/sh", ["sh", "-c", script], path | environment, file_actions=actions)
    os.close(write)
    with os.fdopen(read, errors="surrogateescape", newline="") as output:
        text = output.read()
    os.waitpid(pid, 0)
    return text
