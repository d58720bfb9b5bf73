# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator may ask for: the options of the role kernel_upgrade, from its argument specification, where alone they stand."""

from __future__ import annotations

from functools import cache
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.role_options import role_options

_ROLE = "kernel_upgrade"
_OF_A_SPECIFICATION = ("type", "elements", "choices", "default")


def of_role(*names: str, **renamed: str) -> dict[str, dict[str, Any]]:
    """{option of an action: its specification}, for those that the role hands on. ``renamed``: option="what the role calls it".

    None begins with the role's name, which all of the role's have.
    """
    specified = _options()
    wanted = {**{name: name for name in names}, **renamed}
    return {
        option: {key: value for key, value in specified[f"{_ROLE}_{name}"].items() if key in _OF_A_SPECIFICATION}
        for option, name in wanted.items()
    }


def acceptable() -> frozenset[str]:
    """The checks whose blockers an operator may take upon himself."""
    return frozenset(_options()[f"{_ROLE}_accept"]["choices"])


@cache
def _options() -> dict[str, Any]:
    return role_options(_ROLE)
