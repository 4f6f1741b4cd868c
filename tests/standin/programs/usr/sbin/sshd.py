# SPDX-License-Identifier: BSD-2-Clause
"""sshd(8): from when it is started, the stand-in can be entered. It isn't a process of its own afterwards."""

from __future__ import annotations

import kernel
import options

USAGE = """\
usage: sshd [-46DdeGiqTtV] [-C connection_spec] [-c host_cert_file]
            [-E log_file] [-f config_file] [-g login_grace_time]
            [-h host_key_file] [-o option] [-p port] [-u len]"""


def main(argv: list[str]) -> int:
    given, words = options.getopt(argv, "46DdeGiqTtVC:c:E:f:g:h:o:p:u:", USAGE)
    if given or words:
        kernel.die("sshd", "a stand-in's takes no options")
    if kernel.sysctl_get()["security.jail.jailed"]:
        kernel.die("sshd", "a stand-in's runs outside of jails alone")
    kernel.listen()
    return 0
