# SPDX-License-Identifier: BSD-2-Clause
"""Changing a running jail by the steps of a plan, and undoing them when one fails. The caller holds the jail's lock."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.bsd.jail.plugins.module_utils import (
    beneath,
    jls,
    mountlook,
    mountplan,
    mounts,
    mounttable,
    state,
)
from ansible_collections.bsd.jail.plugins.module_utils.addresses import Alias
from ansible_collections.bsd.jail.plugins.module_utils.conf import no_form
from ansible_collections.bsd.jail.plugins.module_utils.confread import Setting
from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import DEVFS, IFCONFIG, JAIL, Host
from ansible_collections.bsd.jail.plugins.module_utils.jls import Shown
from ansible_collections.bsd.jail.plugins.module_utils.livesteps import (
    ApplyRules,
    ChangeMounts,
    LivePlan,
    MoveAlias,
    MoveInterface,
    MoveMember,
    Set,
    Step,
)
from ansible_collections.bsd.jail.plugins.module_utils.params import normal_address
from ansible_collections.bsd.jail.plugins.module_utils.roots import Root

# A jail that is there for a moment, to see what a new one has; and the lock of who makes it, which no jail can have.
_NEW_JAIL, _NEW_JAIL_LOCK = "bsd_jail_new", ".new"


def apply(host: Host, name: str, jid: int, plan: LivePlan) -> None:
    """Do the steps of a live change.

    name, jid: the running jail's. Raises JailError; then what was done is undone. What can't be undone, the message
    says, and the detail `left` has it as a list.
    """
    done: list[Step] = []
    sets = [step for step in plan.steps if isinstance(step, Set)]
    new = _new_jail(host) if any(step.value is None for step in sets) else {}
    try:
        for step in plan.steps:
            if not isinstance(step, Set):
                _do(host, name, jid, step)
                done.append(step)
            elif step is sets[0]:  # jail(8) sets all of them at once, or none
                _modify(host, name, [_argument(one.parameter, _value(one, new)) for one in sets])
                done += sets
    except JailError as error:
        left = _undo(host, name, jid, done)
        if left:
            words = f"{error.message} Undoing what was done failed too: {' '.join(left)}"
            raise type(error)(words, **{**error.details, "left": left}) from error
        raise


def locks(plan: LivePlan) -> tuple[str, ...]:
    """What has to be locked for a plan beside the jail, by the names of locks (state.locked)."""
    return (mounts.LOCK,) if any(isinstance(step, ChangeMounts) for step in plan.steps) else ()


def _do(host: Host, name: str, jid: int, step: Step) -> None:
    if isinstance(step, MoveAlias):
        _alias(host, name, step.old, step.new)
    elif isinstance(step, MoveInterface):
        _move(host, name, jid, step.interface, step.inside)
    elif isinstance(step, MoveMember):
        _move_member(host, name, step.interface, step.bridge, step.joins)
    elif isinstance(step, ApplyRules):
        _apply_rules(host, name, step.path, step.new)
    elif isinstance(step, ChangeMounts):
        _change_mounts(host, name, step)


def _undo(host: Host, name: str, jid: int, done: Sequence[Step]) -> list[str]:
    """Undo steps in reverse. Returns what can't be undone. Mounts, which are last, undo themselves."""
    left = []
    for step in reversed(done):
        try:
            if isinstance(step, Set):
                _modify(host, name, [_argument(step.parameter, step.was)])
            elif isinstance(step, MoveAlias):
                _alias(host, name, step.new, step.old)
            elif isinstance(step, MoveInterface):
                _move(host, name, jid, step.interface, not step.inside)
            elif isinstance(step, MoveMember):
                _move_member(host, name, step.interface, step.bridge, not step.joins)
            elif isinstance(step, ApplyRules):
                _apply_rules(host, name, step.path, step.old)
        except JailError as error:
            left.append(error.message)
    return left


# --- parameters of the kernel -----------------------------------------------------------------------------------------


def _modify(host: Host, name: str, arguments: Sequence[str]) -> None:
    """jail -m. What stands on its command line arrives literally (recorded: lit-2)."""
    result = host.run(JAIL, "-m", f"name={name}", *arguments)
    if result.rc != 0:
        raise result.error(f"jail {name} can't be changed", name)


def _value(step: Set, new: dict[str, Shown]) -> Setting | Shown:
    return new[step.parameter] if step.value is None else step.value


def _argument(parameter: str, value: Setting | Shown) -> str:
    """A parameter as jail(8) takes it on its command line."""
    if isinstance(value, bool):
        return parameter if value else no_form(parameter)
    if isinstance(value, str):
        return f"{parameter}={value}"
    texts = [item if isinstance(item, str) else item.text for item in value]
    if parameter in ("ip4.addr", "ip6.addr"):
        found = [normal_address(part) for text in texts for part in text.split(",") if part.strip()]
        return f"{parameter}={','.join(found)}"
    return f"{parameter}={texts[-1] if texts else ''}"


def _new_jail(host: Host) -> dict[str, Shown]:
    """What a new jail has of which nothing is said: FreeBSD's defaults differ by version and by sysctl, so one is made,
    looked at, and removed. Raises JailError.
    """
    with state.locked(host, [_NEW_JAIL_LOCK], 60):
        if _NEW_JAIL in jls.running(host):
            host.run(JAIL, "-R", _NEW_JAIL)  # of a run that was killed
        result = host.run(JAIL, "-c", f"name={_NEW_JAIL}", "path=/", "persist")
        if result.rc != 0:
            raise result.error("a jail can't be made to see what a new one has")
        try:
            return dict(jls.running(host)[_NEW_JAIL].parameters)
        finally:
            host.run(JAIL, "-R", _NEW_JAIL)


# --- what jail -m doesn't do ------------------------------------------------------------------------------------------


def _alias(host: Host, name: str, old: Alias | None, new: Alias | None) -> None:
    """Give an address to an interface, with another netmask where it has it (recorded: vnm-2), or take it away."""
    alias, add = (old, False) if new is None else (new, True)
    if alias is None:
        return
    result = host.run(*alias.argv(add))
    if result.rc != 0:
        what = "given to" if add else "taken from"
        raise result.error(f"jail {name}: the address {alias.address} can't be {what} {alias.interface}", name)


def _move(host: Host, name: str, jid: int, interface: str, inside: bool) -> None:
    """Move an interface into the jail's network stack, or back (recorded: vnm-1, net-2)."""
    result = host.run(IFCONFIG, interface, "vnet" if inside else "-vnet", str(jid))
    if result.rc != 0:
        what = "moved into it" if inside else "taken back from it"
        raise result.error(f"jail {name}: the interface {interface} can't be {what}", name)


def _move_member(host: Host, name: str, interface: str, bridge: str, joins: bool) -> None:
    """Let an interface of the host join a bridge, or leave it (recorded: vnt-2)."""
    result = host.run(IFCONFIG, bridge, "addm" if joins else "deletem", interface)
    if result.rc != 0:
        raise result.error(f"jail {name}: {interface} can't {'join' if joins else 'leave'} the bridge {bridge}", name)


def _apply_rules(host: Host, name: str, path: str, ruleset: str) -> None:
    """Let a mounted devfs show what a ruleset says (recorded: drf-2). Nobody in the jail can move what is mounted right
    below its root; that devfs(8) will find just that is looked at.
    """
    try:
        with beneath.opened(path) as here:
            found = host.fstatfs(here)
    except OSError as error:
        raise JailError(f"jail {name}: {path}: {error.strerror}.", jail=name, parameter="devfs_ruleset") from error
    if found.fstype != "devfs" or found.node != path:
        raise JailError(f"jail {name}: no devfs is mounted on {path}.", jail=name, parameter="devfs_ruleset")
    for words in (("ruleset", ruleset), ("rule", "applyset")):
        result = host.run(DEVFS, "-m", path, *words)
        if result.rc != 0:
            raise result.error(f"jail {name}: ruleset {ruleset} can't be applied to {path}", name)


def _change_mounts(host: Host, name: str, step: ChangeMounts) -> None:
    """Unmount and mount. If that fails, what the jail had is mounted again; of a tmpfs, the files are lost."""
    root = Root(step.path, name, runs=True)
    wanted = mountlook.with_sources(root, step.mounts, False, [])
    found = mountplan.Found(step.path, mounttable.read(host), {})
    try:
        mounts.carry_out(host, root, mountplan.Plan(step.unmounts, tuple(wanted), "", ""), found, False)
    except JailError:
        left = mountplan.Found(step.path, mounttable.read(host), {})
        missing = tuple(mount for mount in step.unmounted if not left.at(mount.destination))
        mounts.carry_out(host, root, mountplan.Plan((), missing, "", ""), left, False)
        raise
