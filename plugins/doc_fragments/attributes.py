# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules of this collection promise of check mode, diff mode and platforms."""

from __future__ import annotations


class ModuleDocFragment:
    """Shared documentation, named by `extends_documentation_fragment: bsd.jail.attributes`."""

    DOCUMENTATION = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/bsd.jail.jail) in C(module_defaults) to set defaults for this module.
    support: full
    membership: [bsd.jail.jail]
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the target.
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
  idempotent:
    description: When run twice in a row with the same arguments, outside of check mode, the second run changes nothing.
  platform:
    description: Target systems that the module works on.
    support: full
    platforms: freebsd
"""
