# SPDX-License-Identifier: BSD-2-Clause
"""sysrc(8): look at and change rc.conf(5)."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable

import err
import jailparam
import kernel
import rcconf
from errlist import strerror
from options import getopt
from rcconf import RcConf

USAGE = """\
Usage: sysrc [OPTIONS] {name[[+|-]=value] ...|-a|-A|-l|-L [name ...]|-x name ...}
Try `sysrc --help' for more information."""


def main(argv: list[str]) -> int:
    given, words = getopt(argv, "aAcdDeEf:Fhij:lLnNqR:s:vxX", USAGE)
    letters = {letter for letter, _ in given} - ({"v"} if given and given[-1][0] == "q" else set())
    for letter, value in given:
        if letter == "j":
            _attach(value)
        elif letter == "R":
            os.chroot(value)
            os.chdir("/")
    if "h" in letters or (not words and not letters & {"a", "A", "l"}):
        print(USAGE, file=sys.stderr)
        return 1
    for word in words:
        name = re.match(r"[^%#+=-]*", word)[0]  # type: ignore[index]
        if not re.fullmatch(r"\w*", name):
            err.errx("sysrc", f"{name}: name contains characters not allowed in shell")
    conf = _conf(given)
    if "l" in letters:
        print(rcconf.DEFAULTS if "D" in letters else " ".join(conf.files()))
        return 0
    for path in [*conf.files(), *([] if conf.only else [rcconf.DEFAULTS])]:
        if os.path.exists(path) and not rcconf.parses(path):
            err.errx("sysrc", "Exiting due to previous syntax errors")
    if letters & {"a", "A"}:
        return _all(conf, letters)
    failures = [word for word in words if not Word(conf, letters, word).done()]
    return 1 if failures else 0


def _attach(jail: str) -> None:
    """Into the jail, as sysrc(8) gets there: by jexec(8), with jexec's words where that fails."""
    try:
        kernel.jail_attach(jailparam.jail_getid(jail))
    except (jailparam.ParamError, kernel.KernelError) as error:
        err.errx("jexec", str(error))


def _conf(given: list[tuple[str, str]]) -> RcConf:
    only = tuple(value for letter, value in given if letter == "f")
    if only:
        return RcConf(only)
    for letter, service in given:
        if letter == "s":
            own = [f"{directory}/rc.conf.d/{service}" for directory in ("/etc", "/usr/local/etc")]
            return RcConf((*RcConf().files(), *(path for path in own if os.path.exists(path))))
    return RcConf((rcconf.DEFAULTS,)) if ("D", "") in given else RcConf()


def _all(conf: RcConf, letters: set[str]) -> int:
    names = rcconf.everything() if not conf.only else []
    if "A" not in letters:
        names = [name for name in names if conf.find(name) not in ("", rcconf.DEFAULTS)]
    values = conf.values(names)
    for name in names:
        _print(conf, letters, name, values.get(name, ""))
    return 0


def _print(conf: RcConf, letters: set[str], name: str, value: str) -> None:
    """One variable, as the options ask for it."""
    if "F" in letters:
        print(conf.find(name) if "n" in letters else f"{name}: {conf.find(name)}")
        return
    head = f"{conf.find(name)}: " if "v" in letters else ""
    if "N" in letters:
        print(head + name)
    elif "n" in letters:
        print(head + value)
    else:
        print(head + (f'{name}="{value}"' if "e" in letters else f"{name}: {value}"))


class Word:
    """One operand: name, name=value, name+=value or name-=value."""

    def __init__(self, conf: RcConf, letters: set[str], word: str) -> None:
        self.conf = conf
        self.letters = letters
        name, equals, self.value = word.partition("=")
        self.assigns = bool(equals)
        self.mode = name[-1:] if equals and name[-1:] in ("+", "-") else ""
        self.name = name.rstrip("+-") if self.mode else name

    def done(self) -> bool:
        """Do it. False when it fails."""
        values = self.conf.values([self.name])
        before = values.get(self.name, "")
        if "d" in self.letters:
            print(f"{self.name}: {_description(self.name)}")
        if not self.assigns:
            return self._shown(self.name in values, before)
        if {"x", "X"} & self.letters:
            return self._edited(lambda: self.conf.delete(self.name))
        new = {"": self.value, "+": _appended(before, self.value), "-": _removed(before, self.value)}[self.mode]
        if "c" in self.letters:
            return self._checked(self.name in values, before, new)
        return self._set(before, new)

    def _shown(self, present: bool, value: str) -> bool:
        if not present:
            if not {"i", "q"} & self.letters:
                err.warnx("sysrc", f"unknown variable '{self.name}'")
            return False
        if "c" in self.letters or "d" in self.letters:
            return True
        if {"x", "X"} & self.letters:
            return self._edited(lambda: self.conf.delete(self.name))
        _print(self.conf, self.letters, self.name, value)
        return True

    def _checked(self, present: bool, before: str, new: str) -> bool:
        if "v" in self.letters:
            if not present:
                print(f"{self.name}: not currently set")
            elif new != before:
                print(f"{self.conf.find(self.name)}: {self.name}: would change from `{before}' to `{new}'")
            else:
                print(f"{self.conf.find(self.name)}: {self.name}: already set to `{before}'")
        return present and new == before

    def _set(self, before: str, new: str) -> bool:
        if "v" in self.letters:
            found = self.conf.find(self.name)
            print(f"{self.conf.files()[0] if found in ('', rcconf.DEFAULTS) else found}: ", end="")
        if not self._edited(lambda: self.conf.set(self.name, new)):
            return False
        after = self.conf.values([self.name]).get(self.name, "")
        if "N" in self.letters:
            print(self.name)
        elif "e" in self.letters and "n" not in self.letters:
            print(f'{self.name}="{before}" # -> "{after}"')
        else:
            print(f"{'' if 'n' in self.letters else f'{self.name}: '}{before} -> {after}")
        return True

    def _edited(self, edit: Callable[[], None]) -> bool:
        try:
            edit()
        except PermissionError as error:
            err.warnx("sysrc", f"cannot create {error.filename}: Permission denied")
            return False
        except OSError as error:
            err.warnx("sysrc", f"cannot create {error.filename}: {strerror(error.errno or 0)}")
            return False
        except ValueError as error:
            err.warnx("sysrc", f"{error}: Not overwriting file due to previous syntax errors")
            return False
        return True


def _delimiter(text: str) -> str:
    """The first character of what is added or removed, if it can be one."""
    return " " if not text or re.match(r"[\sa-zA-Z0-9./]", text) else text[0]


def _appended(before: str, text: str) -> str:
    delimiter = _delimiter(text)
    split = None if delimiter == " " else delimiter
    there = before.split(split)
    new = before
    for each in text.split(split):
        if each and each not in there:
            new += delimiter + each
    return new.removeprefix(delimiter)


def _removed(before: str, text: str) -> str:
    delimiter = _delimiter(text)
    split = None if delimiter == " " else delimiter
    away = text.split(split)
    return delimiter.join(each for each in before.split(split) if each and each not in away)


def _description(name: str) -> str:
    """The comment on a variable in the defaults, which may go on in the lines after it."""
    found = ""
    with open(rcconf.DEFAULTS) as file:
        for line in file:
            if re.match(rf"#?{name}=", line):
                found = line.partition("# ")[2].strip()
            elif found and re.match(r"\s+# ", line):
                found += " " + line.partition("# ")[2].strip()
            elif found:
                break
    return found
