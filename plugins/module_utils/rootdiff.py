# SPDX-License-Identifier: BSD-2-Clause
"""How a plan for a root looks to people, in the form that Ansible shows: the root, and each file, before and after."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from ansible_collections.bsd.jail.plugins.module_utils.rootfiles import RootFile
from ansible_collections.bsd.jail.plugins.module_utils.rootplan import Found, Plan, Wanted


def of(want: Wanted, found: Found, plan: Plan) -> tuple[dict[str, str], ...]:
    """The differences that a plan makes."""
    parts = []
    if plan.clear or plan.make or plan.remove:
        parts.append(_part(f"root {found.path}", _root_before(found), _root_after(want, found, plan)))
    for before, after in plan.files:
        is_with_mode = after.content is not None and before.content is not None and _mode(before) != _mode(after)
        path = f"{found.path}{after.path}"
        parts.append(_part(path, _file(before, is_with_mode), _file(after, is_with_mode)))
    return tuple(parts)


def _part(header: str, before: str, after: str) -> dict[str, str]:
    return {"before_header": header, "after_header": header, "before": before, "after": after}


def _root_before(found: Found) -> str:
    if not found.inode:
        return "state: absent\n"
    if found.record is None:
        return "state: present\n" if found.filled else "state: present (empty)\n"
    cut_short = " (cut short)" if found.record.making or found.record.removing else ""
    return _lines([f"state: present{cut_short}", f"source: {found.record.source}", *_directories(found.parts)])


def _root_after(want: Wanted, found: Found, plan: Plan) -> str:
    if plan.remove:
        return "state: absent\n"
    kept = [part for part in found.parts if part not in plan.clear and part not in plan.make]
    return _lines(["state: present", f"source: {want.source}", *_directories(sorted([*kept, *plan.make]))])


def _directories(parts: Iterable[str]) -> list[str]:
    return [f"directory: {part}" for part in parts if part != "/"]


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _mode(file: RootFile) -> str:
    return f"mode: {file.mode:04o}, owner: {file.owner[0]}:{file.owner[1]}\n"


def _file(file: RootFile, with_mode: bool) -> str:
    if file.link is not None:
        return f"link: {file.link}\n"
    if file.content is None:
        return f"({file.kind})\n" if file.kind else ""
    try:
        text = file.content.decode()
    except UnicodeDecodeError:
        text = f"(binary, SHA-256 {hashlib.sha256(file.content).hexdigest()})\n"
    return _mode(file) * with_mode + text
