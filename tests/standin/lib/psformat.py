# SPDX-License-Identifier: BSD-2-Clause
"""ps(1)'s keywords and its columns, each as wide as its widest value (recorded: ps-1 to ps-5, prc-1, fifo-2)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import NamedTuple

import err
import proctable
from proctable import Process

DEFAULT = "pid tt state time command"
DEFAULTS = {
    "j": "user pid ppid pgid sid jobc state tt time command",
    "l": "uid pid ppid cpu pri nice vsz rss mwchan state tt time command",
    "u": "user pid %cpu %mem vsz rss tt state start time command",
    "v": "pid state time sl re pagein vsz rss lim tsiz %cpu %mem command",
}


class Context(NamedTuple):
    """What a value may depend on beside its process: the time (epoch), and the users' names looked up so far."""

    now: float
    users: dict[int, str]


class Column(NamedTuple):
    """One column.

    name: libxo's name of the field. header: what stands above it. value: gives the text. left: whether it is aligned
    to the left.
    """

    name: str
    header: str
    value: Callable[[Process, Context], str]
    left: bool = False


def _number(key: str) -> Callable[[Process, Context], str]:
    return lambda process, _: str(process[key])


def _constant(text: str) -> Callable[[Process, Context], str]:
    """What the stand-in doesn't measure."""
    return lambda _process, _context: text


def _cpu_time(process: Process, _: Context) -> str:
    hundredths = round(process["cpu"] * 100) if process["state"] != "Z" else 0
    minutes, hundredths = divmod(hundredths, 6000)
    return f"{minutes}:{hundredths // 100:02d}.{hundredths % 100:02d}"


def _seconds(process: Process, context: Context) -> int:
    return max(int(context.now - process["start"]), 0)


def _elapsed(process: Process, context: Context) -> str:
    minutes, seconds = divmod(_seconds(process, context), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}-{hours:02d}:{minutes:02d}:{seconds:02d}"
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes:02d}:{seconds:02d}"


def _started(process: Process, context: Context) -> str:
    moment = time.localtime(process["start"])
    age = context.now - process["start"]
    if age < 24 * 3600:
        return time.strftime("%l:%M%p", moment)
    return time.strftime("%a%I%p" if age < 7 * 86400 else "%e%b%y", moment)


def cpu_percentage(process: Process) -> float:
    """CPU time by time that it has been there, in per cent."""
    return float(100 * process["cpu"] / max(time.time() - process["start"], 1))


def _memory_percentage(process: Process, _: Context) -> str:
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 1024
    return f"{100 * process['rss'] / total:.1f}"


# Linux's function that a process sleeps in, and what FreeBSD calls the wait (recorded: fifo-2).
_WAIT_CHANNELS = {
    "do_select": "select",
    "do_sys_poll": "select",
    "do_wait": "wait",
    "hrtimer_nanosleep": "nanslp",
    "pipe_read": "piperd",
    "wait_for_partner": "fifoow",
}


def _wait_channel(process: Process, _: Context) -> str:
    return _WAIT_CHANNELS.get(process["wchan"], process["wchan"][:6] or "-")


def _terminal(process: Process, _: Context) -> str:
    if not process["tty"]:
        return "- "
    return str(process["tty"]).removeprefix("pts/") + " "


_COLUMNS = {
    "%cpu": Column("percent-cpu", "%CPU", lambda process, _: f"{cpu_percentage(process):.1f}"),
    "%mem": Column("percent-memory", "%MEM", _memory_percentage),
    "args": Column("arguments", "COMMAND", lambda process, _: proctable.command(process), left=True),
    "comm": Column("command", "COMMAND", lambda process, _: process["comm"], left=True),
    "command": Column("command", "COMMAND", lambda process, _: proctable.command(process), left=True),
    "cpu": Column("on-cpu", "C", _constant("0")),
    "emul": Column("emulation-envirnment", "EMUL", _constant("FreeBSD ELF64"), left=True),
    "etime": Column("elapsed-time", "ELAPSED", _elapsed),
    "etimes": Column("elapsed-times", "ELAPSED", lambda process, context: str(_seconds(process, context))),
    "fib": Column("fib", "FIB", _constant("0")),
    "flags": Column("flags", "F", _constant("10004000")),
    "gid": Column("gid", "GID", _number("gid")),
    "jail": Column("jail-name", "JAIL", _number("jail"), left=True),
    "jid": Column("jail-id", "JID", _number("jid")),
    "jobc": Column("job-control-count", "JOBC", _constant("0")),
    "lim": Column("memory-limit", "LIM", _constant("-")),
    "lstart": Column("start-time", "STARTED", lambda p, _: time.strftime("%c", time.localtime(p["start"])), left=True),
    "mwchan": Column("wait-channel", "MWCHAN", _wait_channel, left=True),
    "nice": Column("nice", "NI", _number("nice")),
    "nlwp": Column("threads", "NLWP", _number("threads")),
    "pagein": Column("pageins", "PAGEIN", _constant("0")),
    "pgid": Column("process-group", "PGID", _number("pgid")),
    "pid": Column("pid", "PID", _number("pid")),
    "ppid": Column("ppid", "PPID", _number("ppid")),
    "pri": Column("priority", "PRI", _constant("20")),
    "re": Column("residency-time", "RE", lambda process, context: str(min(_seconds(process, context), 127))),
    "rss": Column("rss", "RSS", _number("rss")),
    "ruid": Column("real-uid", "RUID", _number("ruid")),
    "ruser": Column("real-user", "RUSER", lambda p, context: proctable.user_name(p["ruid"], context.users), left=True),
    "sid": Column("sid", "SID", _number("sid")),
    "sl": Column("sleep-time", "SL", _constant("0")),
    "start": Column("start-time", "STARTED", _started, left=True),
    "state": Column("state", "STAT", lambda process, _: proctable.state(process), left=True),
    "time": Column("cpu-time", "TIME", _cpu_time),
    "tpgid": Column("terminal-process-gid", "TPGID", _number("tpgid")),
    "tsiz": Column("text-size", "TSIZ", _constant("4")),
    "tt": Column("terminal-name", "TT ", _terminal),
    "tty": Column("tty", "TTY", lambda process, _: process["tty"] or "-", left=True),
    "ucomm": Column("accounting-name", "UCOMM", lambda process, _: process["comm"], left=True),
    "uid": Column("uid", "UID", _number("uid")),
    "user": Column(
        "user", "USER", lambda process, context: proctable.user_name(process["uid"], context.users), left=True
    ),
    "vsz": Column("virtual-size", "VSZ", _number("vsz")),
    "wchan": Column("wait-channel", "WCHAN", _wait_channel, left=True),
}
_ALIASES = {
    "pcpu": "%cpu",
    "pmem": "%mem",
    "cputime": "time",
    "euid": "uid",
    "egid": "gid",
    "f": "flags",
    "ni": "nice",
    "stat": "state",
    "vsize": "vsz",
}


def keywords(width: int) -> str:
    """All keywords, for -L, in lines of that width (0: one line)."""
    lines, line = [], ""
    for word in sorted([*_COLUMNS, *_ALIASES]):
        if line and width and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return "\n".join([*lines, line])


def columns(formats: list[str]) -> tuple[list[Column], int]:
    """The columns of lists of keywords, each with its own header after '=', and the exit status: 1 if one is unknown.

    Exits as ps(1) does when no keyword is known.
    """
    found: list[Column] = []
    status = 0
    for text in formats:
        for word, header in _words(text):
            column = _COLUMNS.get(_ALIASES.get(word, word))
            if column is None:
                err.warnx("ps", f"{word}: keyword not found")
                status = 1
            else:
                found.append(column if header is None else column._replace(header=header))
    if not found:
        err.warnx("ps", "no valid keywords; valid keywords:")
        print(keywords(79))
        raise SystemExit(1)
    return found, status


def _words(text: str) -> list[tuple[str, str | None]]:
    """Keywords with their headers; a header goes to the end of the list, separators and all."""
    words: list[tuple[str, str | None]] = []
    while text:
        separators = [text.index(character) for character in " \t,\n" if character in text]
        end = min(separators, default=len(text))
        if "=" in text[:end]:
            word, _, header = text.partition("=")
            return [*words, (word, header)]
        if end:
            words.append((text[:end], None))
        text = text[end + 1 :]
    return words


def without_arguments(shown: list[Column]) -> list[Column]:
    """-c: the name of the program in place of its command line."""
    return [column._replace(value=_COLUMNS["comm"].value) if column.header == "COMMAND" else column for column in shown]


def text(shown: list[Column], rows: list[list[str]], width: int) -> str:
    """The table, cut at a width (0: not at all). No header line where all headers are empty."""
    lines = [[column.header for column in shown]] if any(column.header for column in shown) else []
    lines += rows
    widths = [max(len(line[index]) for line in lines) if lines else 0 for index in range(len(shown))]
    out = []
    for line in lines:
        cells = [
            cell.ljust(width_) if column.left else cell.rjust(width_)
            for column, cell, width_ in zip(shown, line, widths)
        ]
        if shown[-1].left:
            cells[-1] = line[-1]
        joined = " ".join(cells)
        out.append((joined[:width] if width else joined) + "\n")
    return "".join(out)
