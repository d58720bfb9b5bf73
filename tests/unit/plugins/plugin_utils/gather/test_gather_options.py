# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What gather takes is what it documents, and what it has of the role audit is as the role's specification has it."""

from __future__ import annotations

from typing import Any

import yaml
from ansible_collections.fleetcare.pagealloc.plugins.action.gather import OPTIONS
from ansible_collections.fleetcare.pagealloc.plugins.modules.gather import DOCUMENTATION
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.role_options import action_options

#: Not of the role: how the playbook calls the action.
_OWN = {"options_from", "facts", "hand_on"}


def plain(option: dict[str, Any]) -> dict[str, Any]:
    """Its type and default; the role writes an empty path where an action has none."""
    return {"type": option["type"], "default": option.get("default") or None}


def test_what_gather_has_of_the_role_is_the_same_there() -> None:
    shared = set(OPTIONS) - _OWN
    assert shared >= {"timeout_seconds", "pagetypeinfo"}
    of_role = action_options("audit", *(shared - {"site_advisories"}), site_advisories="advisories")
    assert {name: plain(OPTIONS[name]) for name in shared} == {name: plain(of_role[name]) for name in shared}


def test_what_gather_takes_is_documented() -> None:
    documented = yaml.safe_load(DOCUMENTATION)["options"]
    told = {name: {key: value for key, value in option.items() if key != "description"} for name, option in documented.items()}
    assert told == OPTIONS
