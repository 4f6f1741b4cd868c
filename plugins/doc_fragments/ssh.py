# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of Ansible's own ssh connection, for plugins that reach a jail host through it."""

from __future__ import annotations

from typing import Any

import yaml
from ansible.plugins.connection.ssh import DOCUMENTATION as SSH

# Files go by other ways than these, and whom to log in as is said by `host_user`.
_LEFT_OUT = ("remote_user", "scp_", "sftp_", "ssh_transfer_method")


def _ours(value: Any) -> Any:
    """The same by our name of the user who logs in, and without `version_added`, which counts Ansible's releases."""
    if isinstance(value, dict):
        return {key: _ours(inner) for key, inner in value.items() if key != "version_added"}
    if isinstance(value, list):
        return [_ours(inner) for inner in value]
    return value.replace("O(remote_user)", "O(host_user)") if isinstance(value, str) else value


def _options() -> dict[str, Any]:
    options: dict[str, Any] = yaml.safe_load(SSH)["options"]
    return {name: _ours(option) for name, option in options.items() if not name.startswith(_LEFT_OUT)}


class ModuleDocFragment:
    """Shared documentation, named by `extends_documentation_fragment: bsd.jail.ssh`."""

    DOCUMENTATION: str = yaml.safe_dump({"options": _options()})
