# SPDX-License-Identifier: BSD-2-Clause
"""The collection, as Ansible itself imports it: only then are its plugins found by their names."""

from __future__ import annotations

from pathlib import Path

from ansible.plugins.loader import init_plugin_loader

init_plugin_loader([str(Path(__file__).resolve().parents[2] / ".venv")])
