# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of Ansible's own ssh connection, for plugins that reach a jail host through it."""

from __future__ import annotations

from typing import Any

import yaml
from ansible.plugins.connection.ssh import DOCUMENTATION as SSH

# Files go by other ways than these, and whom to log in as is said by `host_user`.
_LEFT_OUT = ("remote_user", "scp_", "sftp_", "ssh_transfer_method")


def _without_versions(value: Any) -> Any:
    """The same without `version_added`, which counts Ansible's releases, not this collection's."""
    if isinstance(value, dict):
        return {key: _without_versions(inner) for key, inner in value.items() if key != "version_added"}
    if isinstance(value, list):
        return [_without_versions(inner) for inner in value]
    return value


def _options() -> dict[str, Any]:
    options: dict[str, Any] = yaml.safe_load(SSH)["options"]
    return {name: _without_versions(option) for name, option in options.items() if not name.startswith(_LEFT_OUT)}


class ModuleDocFragment:
    """Shared documentation, named by `extends_documentation_fragment: bsd.jail.ssh`."""

    DOCUMENTATION: str = yaml.safe_dump({"options": _options()})
