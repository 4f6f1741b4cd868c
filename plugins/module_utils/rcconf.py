# SPDX-License-Identifier: BSD-2-Clause
"""rc.conf(5) as rc.d/jail has it. It is a shell script; but one that only assigns values, as nearly all do, can be read
without a shell. For any other, sysrc(8) says what comes of it, and sysrc(8) is what changes it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from ansible_collections.bsd.jail.plugins.module_utils.conf import read_conf
from ansible_collections.bsd.jail.plugins.module_utils.host import Host

SYSRC = "/usr/sbin/sysrc"

# Of FreeBSD's /etc/defaults/rc.conf.
_DEFAULTS = {"jail_enable": "NO", "jail_list": "", "jail_conf": "/etc/jail.conf"}
# They say which files are read.
_OF_FILES = ("rc_conf_files", "local_startup")
_NOTHING = re.compile(r"[ \t]*(#.*)?")
_ASSIGNMENT = re.compile(
    r"""
    [ \t]* (?P<name>[A-Za-z_]\w*) =
    (?: "(?P<double> (?: [^"\\$`] | \$\w | \$\{\w+\} )* )" | '(?P<single>[^']*)' | (?P<bare>[\w./:,@%+-]*) )
    (?: [ \t]+ (\#.*)? )?
    """,
    re.VERBOSE | re.ASCII,
)


def read(host: Host, names: Sequence[str]) -> dict[str, str]:
    """The values of some variables of rc.d/jail: jail_enable, jail_list, jail_conf. No program is started, unless a
    file does more than assign values.

    Raises JailError where sysrc(8) can't read the files.
    """
    values = {name: _DEFAULTS[name] for name in names}
    for path in _files(host):
        for line in (read_conf(path) or "").split("\n"):
            if _NOTHING.fullmatch(line):
                continue
            match = _ASSIGNMENT.fullmatch(line)
            if match is None or match["name"] in _OF_FILES:
                return _asked(host, names)
            if match["name"] in values:
                value = next(text for text in (match["double"], match["single"], match["bare"]) if text is not None)
                if "$" in value and match["single"] is None:
                    return _asked(host, names)
                values[match["name"]] = value
    return values


def assign(host: Host, name: str, value: str) -> None:
    """Set a variable, in the file that sets it already, else in /etc/rc.conf. Raises JailError, also if the variable
    has another value all the same: something else than an assignment sets it.
    """
    result = host.run(SYSRC, *_service(host), "-n", f"{name}={value}")
    if result.rc != 0:
        raise result.error(f"sysrc(8) can't set {name} in rc.conf")
    if not result.stdout.rstrip("\n").endswith(f"-> {value}"):
        raise result.error(f"sysrc(8) set {name} to '{value}', but a file of rc.conf(5) makes something else of it")


def _asked(host: Host, names: Sequence[str]) -> dict[str, str]:
    values = {}
    for name in names:
        result = host.run(SYSRC, *_service(host), "-n", name)
        if result.rc != 0:
            raise result.error("sysrc(8) can't read rc.conf")
        values[name] = result.stdout.rstrip("\n")
    return values


def _service(host: Host) -> tuple[str, ...]:
    """What makes sysrc(8) look at the files that are rc.d/jail's alone too."""
    return ("-s", "jail") if any(os.path.exists(path) for path in _own(host)) else ()


def _own(host: Host) -> tuple[str, ...]:
    return (f"{host.etc}/rc.conf.d/jail", "/usr/local/etc/rc.conf.d/jail")


def _files(host: Host) -> Iterator[str]:
    """The files in the order in which rc.subr(8) reads them; each overrides those before it."""
    yield f"{host.etc}/defaults/vendor.conf"
    yield f"{host.etc}/rc.conf"
    yield f"{host.etc}/rc.conf.local"
    for path in _own(host):
        if os.path.isdir(path):
            yield from filter(os.path.isfile, (f"{path}/{name}" for name in sorted(os.listdir(path))))
        else:
            yield path


def is_yes(value: str) -> bool:
    """Whether a value is one of those that rc.subr(8) takes for YES."""
    return value.lower() in ("yes", "true", "on", "1")
