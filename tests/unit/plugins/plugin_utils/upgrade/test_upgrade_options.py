# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An action has the options of the role and documents them as the role's specification has them, which stands in one file."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
import yaml
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.role_options import action_options, role_options

ACTIONS = ("kernel_preflight", "kernel_install", "kernel_schedule", "kernel_reboot")
PLUGINS = "ansible_collections.fleetcare.pagealloc.plugins"


@pytest.mark.parametrize("action", ACTIONS)
def test_what_is_documented_is_what_is_taken(action: str) -> None:
    taken = importlib.import_module(f"{PLUGINS}.action.{action}").ActionModule.OPTIONS
    documented = yaml.safe_load(importlib.import_module(f"{PLUGINS}.modules.{action}").DOCUMENTATION)["options"]
    told: dict[str, Any] = {
        name: {key: value for key, value in option.items() if key != "description"} for name, option in documented.items()
    }
    assert told == taken


def test_an_option_of_the_role_is_as_its_specification_has_it() -> None:
    said = role_options("kernel_upgrade")["kernel_upgrade_install_timeout_seconds"]
    assert action_options("kernel_upgrade", seconds="install_timeout_seconds") == {"seconds": {"type": "int", "default": said["default"]}}
    assert set(action_options("kernel_upgrade", "target", "cluster")) == {"target", "cluster"}
    with pytest.raises(KeyError):
        action_options("kernel_upgrade", "nothing")
