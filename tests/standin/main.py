# SPDX-License-Identifier: BSD-2-Clause
"""Run one of FreeBSD's programs: `main.py NAME ARGV...`, as the launcher calls it."""

import os
import signal
import sys

# An ordinary user in a jail's root stays there, and the working directory is lent (launcher.c).
LENT = "STANDIN_LENT" in os.environ
HIDDEN = "usr/libexec/standin" if LENT else "/usr/libexec/standin"
PR_SET_NAME = 15


def account(name: str) -> None:
    """Process accounting, while accton(8) has it on."""
    try:
        with open(f"{HIDDEN}/acct") as setting, open(setting.read(), "a") as log:
            log.write(f"{name} {os.getuid()} {os.stat(log.fileno()).st_mtime}\n")
    except OSError:
        return


def back_to_jail() -> None:
    """From where the launcher climbed to, back into the jail's root; what a program may import has to be there
    before.
    """
    import ctypes  # noqa: F401
    import importlib
    import json  # noqa: F401

    import kernel

    for file in os.listdir(f"{HIDDEN}/lib"):
        if file.endswith(".py"):
            importlib.import_module(file[:-3])
    kernel.SOCKET = f"{HIDDEN}/kernel.sock"
    kernel.connect()
    kernel.OUTSIDE = os.open("." if LENT else "/", os.O_PATH | os.O_CLOEXEC)
    cwd = int(os.environ.pop("STANDIN_CWD"))
    if LENT:
        del os.environ["PYTHONHOME"], os.environ["STANDIN_LENT"]
    else:
        root = int(os.environ.pop("STANDIN_ROOT"))
        os.fchdir(root)
        os.chroot(".")
        os.close(root)
    try:
        os.fchdir(cwd)
    except OSError:
        os.chdir("/")
    os.close(cwd)


def like_a_c_program() -> None:
    """Without what Python adds to a locale that isn't set (PEP 538), and with bytes going out as they came in."""
    if "no_lc_ctype" in sys._xoptions:
        os.environ.pop("LC_CTYPE", None)
    sys.stderr.reconfigure(errors="surrogateescape")  # type: ignore[union-attr]


def keep_the_only_group() -> None:
    """In a user namespace of one user and one group, root has that group, and no other can be set."""
    setgroups = os.setgroups

    def set_or_keep(groups: list[int]) -> None:
        try:
            setgroups(groups)
        except PermissionError:
            if os.geteuid() != 0:
                raise

    os.setgroups = set_or_keep  # type: ignore[assignment]


def open_standard_streams() -> None:
    """What the caller has closed is /dev/null, so that no other file gets its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.open(os.devnull, os.O_RDWR), mode))  # noqa: SIM115


def run(name: str, argv: list[str]) -> int:
    import importlib

    try:
        with open(f"{HIDDEN}/proc/self/comm", "w") as comm:
            comm.write(name)
    except FileNotFoundError:  # in a jail whose root is a nullfs of /
        import ctypes  # which takes its time

        ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode())
    module = importlib.import_module(f"programs.{name}")
    if "STANDIN_CWD" in os.environ:
        back_to_jail()
    status = module.main(argv)
    return 0 if status is None else status


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.path[:0] = [HIDDEN, f"{HIDDEN}/lib"]
    open_standard_streams()
    like_a_c_program()
    keep_the_only_group()
    account(sys.argv[1])
    code: object = 1
    try:
        code = run(sys.argv[1], sys.argv[2:])
    except SystemExit as exit_:
        code = exit_.code
    if isinstance(code, str):
        print(code, file=sys.stderr)
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0)
