# SPDX-License-Identifier: BSD-2-Clause
"""How a process gets into a jail, and becomes a program there.

This file is also sent, as text, to an interpreter of its own (program.py), which is what a waiting /bin/sh becomes for
the moment before it becomes the program. So it imports the standard library only, and nothing once it is in the jail,
where an import would run what the jail put into its path.

Why not jexec(8): what it takes for the program it takes by its own environment or command line, so a value would act on
jexec on the host (recorded: env-3) or show in ps(1); a shell within the jail that reads values from a pipe needs a jail
that has a shell. And `jexec -l -U` insists on the user's home directory and goes there (recorded: env-3, uid-1).
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import functools
import json
import os
import pwd
import signal
import stat
import sys
import termios
from collections.abc import Collection
from typing import Any, NoReturn

_P_PID = 0
_PROC_TRACE_CTL, _PROC_TRACE_CTL_DISABLE = 7, 2  # sys/procctl.h
_LOGIN_SETALL = 0x7FF  # login_cap.h


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL("libc.so.7", use_errno=True)


def attach(jid: int, keep: Collection[int]) -> None:
    """Take this process into a jail, with no other descriptors open than those in `keep`.

    A directory among them would be refused (recorded: att-1), and anything else would be within the jail's reach. Until
    it executes a program, the process can't be traced by the jail's root (recorded: att-2), and it can import nothing.

    Raises OSError, and then the process isn't in the jail.
    """
    libc, low = _libc(), 0
    for fd in sorted(keep):
        if low < fd:  # an empty range at 0 is taken for all there are, by some versions of Python
            os.closerange(low, fd)
        low = fd + 1
    libc.closefrom(low)
    sys.meta_path.clear()
    how = ctypes.c_int(_PROC_TRACE_CTL_DISABLE)
    if libc.procctl(_P_PID, ctypes.c_int64(os.getpid()), _PROC_TRACE_CTL, ctypes.byref(how)) != 0:
        raise OSError(ctypes.get_errno(), "procctl")
    if libc.jail_attach(jid) != 0:
        raise OSError(ctypes.get_errno(), "jail_attach")


def become(spec: dict[str, Any]) -> NoReturn:
    """Become the program that `spec` describes (program.py), and say on a descriptor what comes in between.

    spec: `jid`; `argv`; `env`, added to what the user's login gives; `user`, None for root; `chdir`; `stdio`, the
    descriptors that become 0, 1 and 2; `terminal`, whether they are a terminal that it is to control; `report`, the
    descriptor, on which "+" and nothing else is said if the program runs, else at the end, in JSON, the step that
    failed, its errno and what it was about; `fifo`, the path of what `report` has to be, which is removed first, or
    None.
    """
    report, step, about = spec["report"], "start", ""
    os.set_inheritable(report, False)
    try:
        if spec["fifo"] is not None:
            if not stat.S_ISFIFO(os.fstat(report).st_mode):
                os._exit(127)  # the fifo was removed, and a shell makes a file in its place: nobody has let us go
            os.unlink(spec["fifo"])
        if os.getsid(0) != os.getpid():
            os.setsid()
        for number, fd in enumerate(spec["stdio"]):
            os.dup2(fd, number)
        if spec["terminal"]:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        libutil = _libutil()
        step = "attach"
        attach(spec["jid"], (0, 1, 2, report))
        step, about = "user", spec["user"] or "root"
        entry = _user(spec["user"])
        step = "login"
        _log_in(libutil, entry)
        step, about = "chdir", spec["chdir"]
        os.chdir(spec["chdir"])
        os.environ.update(spec["env"])
        step = "exec"
        _say(report, "+")
        for number in signal.valid_signals():
            if signal.getsignal(number) is signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        _exec(spec["argv"])
    except OSError as error:
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        _say(report, json.dumps((step, error.errno, about)))
    os._exit(127)


def _say(report: int, words: str) -> None:
    """To who waits to know; if nobody does any more, that is no reason not to go on."""
    try:
        os.write(report, words.encode())
    except BrokenPipeError:
        return


def _libutil() -> ctypes.CDLL:
    """FreeBSD's libutil: Python is linked with it; else it is loaded by its name (10: FreeBSD 15, 9: FreeBSD 14)."""
    for name in (None, "libutil.so.10"):
        library = ctypes.CDLL(name, use_errno=True)
        if hasattr(library, "setusercontext"):
            return library
    return ctypes.CDLL("libutil.so.9", use_errno=True)


def _user(name: str | None) -> pwd.struct_passwd | None:
    """A user of this jail; None for root in a jail that knows no users at all. Raises OSError."""
    try:
        return pwd.getpwuid(0) if name is None else pwd.getpwnam(name)
    except KeyError:
        if name is None:
            return None
        raise OSError(errno.ENOENT, "getpwnam") from None


def _log_in(libutil: ctypes.CDLL, user: pwd.struct_passwd | None) -> None:
    """Take on a user: groups, limits, umask and environment as login(1) gives them, by setusercontext(3).

    What that puts into the environment, Python's os.environ doesn't know; what is set in os.environ is added to it.
    Raises OSError.
    """
    os.environ.clear()
    if user is None:
        os.setgroups([0])
        os.setgid(0)
        os.umask(0o022)
        os.environ.update(HOME="/", USER="root", SHELL="/bin/sh", PATH="/sbin:/bin:/usr/sbin:/usr/bin")
        return
    libutil.getpwnam.restype = ctypes.c_void_p
    entry = ctypes.c_void_p(libutil.getpwnam(os.fsencode(user.pw_name)))
    if libutil.setusercontext(None, entry, ctypes.c_uint32(user.pw_uid), ctypes.c_uint(_LOGIN_SETALL)) != 0:
        raise OSError(ctypes.get_errno(), "setusercontext")
    os.environ.update(USER=user.pw_name, HOME=user.pw_dir, SHELL=user.pw_shell or "/bin/sh")


def _exec(argv: list[str]) -> NoReturn:
    """execvp(3): with the environment's PATH, and a script without an interpreter's name is one of /bin/sh."""
    arguments = (ctypes.c_char_p * (len(argv) + 1))(*map(os.fsencode, argv), None)
    _libc().execvp(arguments[0], arguments)
    raise OSError(ctypes.get_errno(), "execvp")
