# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of this collection's roles, from the one place where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.common.yaml import yaml_load
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.this_collection import ROOT


def role_options(role: str) -> dict[str, Any]:
    """Option name -> its specification, of a role's main entry point. FileNotFoundError for a role that is none of ours."""
    if not role.isidentifier():
        raise FileNotFoundError(2, "no such role in this collection", role)
    text = (ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
    options: dict[str, Any] = yaml_load(text)["argument_specs"]["main"]["options"]
    return options


def options_of_action(role: str, renamed: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The specification of the options of the action that carries a role out, from the role's own. ``renamed``: the role's options that
    have another name there than without the role's; "" for those that the action does not have."""
    options = {renamed.get(name, name.removeprefix(f"{role}_")): says for name, says in role_options(role).items()}
    shape = ("type", "elements", "choices", "default")
    return {name: {key: says[key] for key in shape if key in says} for name, says in options.items() if name}
