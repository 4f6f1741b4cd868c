# SPDX-License-Identifier: BSD-2-Clause
"""What jail(8) checks and completes before it acts on a jail (usr.sbin/jail/config.c; recorded: bad-*, ip-*, unk-1)."""

from __future__ import annotations

import os
import socket

from cfjail import BOOL, FROM_FSTAB, INT, INTERNAL, IP4_IFADDR, IP6_IFADDR, OPERATION, STOP, Jail, Param
from errlist import strerror
from jailparam import ParamError, import_value, init, strtol

# gai_strerror(3), where it isn't what Linux says.
_GAI = {
    socket.EAI_AGAIN: "Name could not be resolved at this time",
    socket.EAI_FAIL: "Non-recoverable failure in name resolution",
    socket.EAI_NODATA: "No address associated with name",
    socket.EAI_NONAME: "Name does not resolve",
}


def check_parameters(jail: Jail) -> bool:
    """Check jail(8)'s own parameters and derive others from them. False, all that is wrong said, if anything is."""
    checks = [_check_value(jail, param) for param in jail.params if param.values]
    checks.append(_resolve_hostname(jail))
    for key, derived in (("ip4.addr", IP4_IFADDR), ("ip6.addr", IP6_IFADDR)):
        _split_addresses(jail, key, derived)
    checks.append(_read_fstab(jail))
    return all(checks)


def _check_value(jail: Jail, param: Param) -> bool:
    text = param.values[-1].text
    number = text.strip(" \t\n\v\f\r") != "" and not strtol(text)[1]
    if param.flags & BOOL and text.lower() not in ("true", "false") and strtol(text)[1]:
        jail.warn(f'{param.name}: unknown boolean value "{text}"')
        return False
    if param.flags & INT and not number:
        jail.warn(f'{param.name}: non-integer value "{text}"')
        return False
    return True


def _resolve_hostname(jail: Jail) -> bool:
    """ip_hostname: add the addresses of host.hostname."""
    hostname = jail.string("host.hostname")
    wanted = jail.flags & OPERATION != STOP or jail.known("interface") is not None
    if not (wanted and jail.is_true("ip_hostname") and hostname is not None):
        return True
    jail.forget("ip_hostname")
    try:
        addresses = _addresses(hostname)
    except socket.gaierror as error:
        jail.warn(f"host.hostname {hostname}: {_GAI.get(error.errno or 0, error.strerror)}")
        return False
    for address in addresses:
        jail.add("ip6.addr" if ":" in address else "ip4.addr", address)
    return True


def _addresses(hostname: str) -> list[str]:
    """A host's addresses: from the root's own hosts(5), without Linux's name service, else from the resolver."""
    found = []
    if os.path.exists("/etc/hosts"):
        with open("/etc/hosts", errors="surrogateescape") as file:
            fields = [line.partition("#")[0].split() for line in file]
        found = [address for address, *names in filter(None, fields) if hostname.lower() in map(str.lower, names)]
    return found or [str(info[4][0]) for info in socket.getaddrinfo(hostname, None, type=socket.SOCK_STREAM)]


def _split_addresses(jail: Jail, key: str, derived: str) -> None:
    """`interface|address/prefix option …`: the whole is for ifconfig(8), and the address alone for the kernel."""
    addresses = jail.known(key)
    if addresses is None:
        return
    has_interface = jail.string("interface") is not None
    for value in addresses.values:
        if has_interface or "|" in value.text:
            jail.add(derived, value.text)
        value.text = value.text.partition("|")[2] if "|" in value.text else value.text
        value.text = value.text.partition("/")[0].partition(" ")[0]


def _read_fstab(jail: Jail) -> bool:
    """mount.fstab: each line of the files is a mount of its own."""
    param = jail.known("mount.fstab")
    fine = True
    for value in param.values if param is not None else []:
        if not value.text:
            continue
        try:
            with open(value.text, errors="surrogateescape") as file:
                for line in file:
                    jail.add(FROM_FSTAB, line.rstrip("\n").partition("#")[0])
        except OSError as error:
            jail.warn(f"mount.fstab: {value.text}: {strerror(error.errno or 0)}")
            fine = False
    return fine


def import_parameters(jail: Jail) -> bool:
    """Make the kernel's typed values of what isn't jail(8)'s own. False, all that is wrong said, if anything is."""
    jail.values = []
    fine = True
    for param in jail.params:
        if param.flags & INTERNAL:
            continue
        try:
            jp = init(param.name)
            text = param.string
            if jp.is_list and len(param.values) > 1:
                text = ",".join(value.text for value in param.values)
            jail.values.append((jp, import_value(jp, text)))
        except ParamError as error:
            jail.warn(str(error))
            fine = False
    return fine
