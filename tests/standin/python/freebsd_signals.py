# SPDX-License-Identifier: BSD-2-Clause
"""FreeBSD's signals for the stand-in's interpreter, names and numbers (sig-4), on a machine that has others."""

from __future__ import annotations

import _signal
import enum
import os
import signal
from typing import Any

_NAMES = (
    "HUP INT QUIT ILL TRAP ABRT EMT FPE KILL BUS SEGV SYS PIPE ALRM TERM URG "
    "STOP TSTP CONT CHLD TTIN TTOU IO XCPU XFSZ VTALRM PROF WINCH INFO USR1 USR2"
)
_MACHINE = {name: int(member) for name, member in signal.Signals.__members__.items()}
_NUMBERS = {f"SIG{name}": number for number, name in enumerate(_NAMES.split(), 1)} | {"SIGRTMIN": 65, "SIGRTMAX": 126}
# EMT and INFO, which this machine hasn't, do as little as WINCH.
_TO_MACHINE = {number: _MACHINE.get(name, _MACHINE["SIGWINCH"]) for name, number in _NUMBERS.items()}
_FROM_MACHINE = {_MACHINE[name]: number for name, number in _NUMBERS.items() if name in _MACHINE}


def _to(number: int) -> int:
    return _TO_MACHINE.get(number, number)


def _from(number: int) -> int:
    return _FROM_MACHINE.get(number, number)


def install() -> None:
    """Give the modules signal and os FreeBSD's numbers."""
    for name in _MACHINE:
        delattr(signal, name)
    signal.Signals = enum.IntEnum("Signals", _NUMBERS, module="signal")  # type: ignore[misc]
    for name, member in signal.Signals.__members__.items():
        setattr(signal, name, member)
    _of_number("raise_signal", "siginterrupt", "getsignal", "strsignal")
    _wrap_handlers()
    _wrap_masks()
    kill, killpg, exitcode, termsig, stopsig = os.kill, os.killpg, os.waitstatus_to_exitcode, os.WTERMSIG, os.WSTOPSIG
    os.kill = lambda pid, number: kill(pid, _to(number))
    os.killpg = lambda group, number: killpg(group, _to(number))
    os.waitstatus_to_exitcode = lambda status: _ended(exitcode(status))
    os.WTERMSIG = lambda status: _from(termsig(status))
    os.WSTOPSIG = lambda status: _from(stopsig(status))


def _ended(code: int) -> int:
    return code if code >= 0 else -_from(-code)


def _of_number(*names: str) -> None:
    """Functions that are told one signal, first."""
    for name in names:
        function = getattr(_signal, name)

        def told(number: int, *rest: Any, function: Any = function) -> Any:
            return function(_to(number), *rest)

        setattr(_signal, name, told)
        if name != "getsignal":  # which has a wrapper in signal
            setattr(signal, name, told)


def _wrap_handlers() -> None:
    function = _signal.signal

    def set_handler(number: int, handler: Any) -> Any:
        machine = _to(number)
        if callable(handler) and machine != number:
            return function(machine, lambda _machine, frame: handler(number, frame))
        return function(machine, handler)

    _signal.signal = set_handler


def _wrap_masks() -> None:
    mask, valid, pending, wait = _signal.pthread_sigmask, _signal.valid_signals, _signal.sigpending, _signal.sigwait
    _signal.pthread_sigmask = lambda how, numbers: {_from(one) for one in mask(how, [_to(one) for one in numbers])}
    _signal.valid_signals = lambda: {_from(one) for one in valid()}
    _signal.sigpending = lambda: {_from(one) for one in pending()}
    _signal.sigwait = lambda numbers: _from(wait([_to(one) for one in numbers]))
