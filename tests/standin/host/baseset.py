# SPDX-License-Identifier: BSD-2-Clause
"""A base set as FreeBSD's releases have it, base.txz with its MANIFEST: the root of a jail, whose programs are the
stand-in's.

Owners, modes and file flags are FreeBSD's (etc/mtree/BSD.*.dist, PRECIOUSPROG and PRECIOUSLIB of its makefiles).
"""

from __future__ import annotations

import hashlib
import os
import tarfile
from pathlib import Path

from . import root, rtld
from .archive import Writer
from .zones import ZONES, tzfile

# Path, and what isn't root:wheel 0755 of it.
DIRECTORIES = """
. bin boot boot/defaults boot/kernel boot/loader.conf.d boot/modules
dev:mode=0555
etc etc/X11 etc/authpf etc/autofs etc/bluetooth etc/cron.d etc/defaults etc/devd etc/dma etc/gss etc/jail.conf.d
etc/kyua etc/mail etc/mtree etc/newsyslog.conf.d etc/ntp:mode=0700 etc/pam.d etc/periodic etc/periodic/daily
etc/periodic/monthly etc/periodic/security etc/periodic/weekly etc/pkg etc/ppp etc/profile.d etc/rc.conf.d etc/rc.d
etc/security:mode=0700 etc/ssh etc/ssl etc/ssl/certs etc/sysctl.kld.d etc/syslog.d
home lib lib/geom libexec libexec/resolvconf media mnt net
proc:mode=0555
rescue
root:mode=0750
sbin
tmp:mode=1777
usr usr/bin usr/include usr/lib usr/lib/compat usr/libdata usr/libexec usr/local usr/obj usr/sbin usr/share
usr/share/locale usr/share/locale/C.UTF-8 usr/share/misc usr/share/skel usr/share/zoneinfo usr/src usr/tests
var var/account
var/at var/at/jobs:owner=daemon:mode=1755 var/at/spool:owner=daemon:mode=1755
var/audit:group=audit:mode=0750
var/authpf:group=authpf:mode=0770
var/backups:mode=0750
var/cache
var/crash:mode=0750
var/cron:mode=0750 var/cron/tabs:mode=0700
var/db var/db/entropy:owner=operator:group=operator:mode=0700 var/db/etcupdate:mode=0700
var/db/freebsd-update:mode=0700 var/db/ipf:mode=0700 var/db/ntp:owner=ntpd:group=ntpd var/db/pkg var/db/ports
var/empty:mode=0555:flags=schg
var/games:group=games:mode=0775
var/heimdal:mode=0700
var/log
var/mail:group=mail:mode=0775
var/msgs:owner=daemon
var/preserve
var/run var/run/ppp:group=network:mode=0770 var/run/wpa_supplicant
var/rwho:group=daemon:mode=0775
var/spool var/spool/dma:group=mail:mode=0770 var/spool/lock:owner=uucp:group=dialer:mode=0775
var/spool/lpd:group=daemon var/spool/mqueue:group=daemon var/spool/output var/spool/output/lpd:group=daemon
var/tmp:mode=1777 var/tmp/vi.recover:mode=1777
var/unbound:owner=unbound:group=unbound
var/yp
"""

LINKS = {
    "etc/aliases": "mail/aliases",
    "etc/termcap": "/usr/share/misc/termcap",
    "etc/unbound": "../var/unbound",
    "sys": "usr/src/sys",
}

# What makes the stand-in's own host out of a base system.
HOSTS_OWN = frozenset(
    {
        "boot/loader.conf",
        "etc/fstab",
        "etc/hostid",
        "etc/hosts",
        "etc/machine-id",
        "etc/rc.conf",
        "etc/resolv.conf",
        "etc/ssh/sshd_config",
        "usr/local/etc/rc.d/openssh",
        "var/run/dmesg.boot",
    }
)

HOSTS = "::1\t\t\tlocalhost localhost.my.domain\n127.0.0.1\t\tlocalhost localhost.my.domain\n"

# Those that aren't root:wheel 0644 (in etc/rc.d and the programs' directories 0555).
MODES = {"etc/master.passwd": 0o600, "etc/spwd.db": 0o600}

# Those that mustn't be replaced.
PRECIOUS = frozenset({"usr/bin/chpass", "usr/bin/crontab", "usr/bin/su"})

PROGRAMS = ("bin/", "sbin/", "usr/bin/", "usr/sbin/", "etc/rc.d/")


def make(build: Path, base: Path) -> None:
    """Make base.txz and MANIFEST in a build's directory.

    build: has the launcher, our shared libraries, and paths. base: the directory of files that go in as they are.
    """
    archive = build / "base.txz"
    with tarfile.open(archive, "w:xz", format=tarfile.PAX_FORMAT, preset=1) as tar:
        writer = Writer(tar, base, "./")
        _fill(writer, build, base)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    line = ["base.txz", digest, str(writer.count), "base", '"Base system (MANDATORY)"', "on"]
    (build / "MANIFEST").write_text("\t".join(line) + "\n")


def _fill(writer: Writer, build: Path, base: Path) -> None:
    for word in DIRECTORIES.split():
        path, *given = word.split(":")
        attributes = dict(each.split("=") for each in given)
        mode = int(attributes.pop("mode", "0755"), 8)
        writer.directory(path, mode, **attributes)
    for path, target in LINKS.items():
        writer.symbolic_link(path, target)
    _fill_programs(writer, build)
    writer.file("libexec/ld-elf.so.1", rtld.linker(), 0o555, "schg")
    for name in rtld.LIBRARIES:
        writer.file(f"lib/{name}", rtld.library(name), 0o444)
    for name in root.LIBRARIES:
        writer.file(f"lib/{name}", (build / name).read_bytes(), 0o444, "schg")
    _fill_base(writer, base)
    zones = {f"usr/share/zoneinfo/{name}": tzfile(rule) for name, rule in ZONES.items()}
    for directory in sorted({os.path.dirname(path) for path in zones} - {"usr/share/zoneinfo"}):
        writer.directory(directory)
    for path, content in zones.items():
        writer.file(path, content, 0o444)


def _fill_programs(writer: Writer, build: Path) -> None:
    """The launcher and busybox, once each, and hard links to them; programs with attributes of their own apart."""
    applets = [f"{directory}/{name}" for directory, names in root.APPLETS.items() for name in names.split()]
    launched = sorted({*(build / "paths").read_text().split(), *root.LAUNCHED})
    launcher = (build / "launcher").read_bytes()
    busybox = Path(root.binaries()["busybox"]).read_bytes()
    for paths, content in ((sorted({*applets} - {*launched}), busybox), (launched, launcher)):
        shared = [path for path in paths if path not in root.SETUID | PRECIOUS]
        writer.file(shared[0], content, 0o555)
        for path in shared[1:]:
            writer.hard_link(path, shared[0], 0o555)
    for path in sorted(root.SETUID | PRECIOUS):
        if path in launched:
            writer.file(path, launcher, 0o4555 if path in root.SETUID else 0o555, "schg" if path in PRECIOUS else "")


def _fill_base(writer: Writer, base: Path) -> None:
    for file in sorted(path for path in base.rglob("*") if path.is_file()):
        path = str(file.relative_to(base))
        if path not in HOSTS_OWN:
            writer.file(path, file.read_bytes(), MODES.get(path, 0o555 if path.startswith(PROGRAMS) else 0o644))
    writer.file("etc/hosts", HOSTS.encode())
    writer.file("etc/pwd.db", (base / "etc/passwd").read_bytes())
    writer.file("etc/spwd.db", (base / "etc/master.passwd").read_bytes(), MODES["etc/spwd.db"])
