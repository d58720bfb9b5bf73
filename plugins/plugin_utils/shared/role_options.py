# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of this collection's roles, from the one place where they stand."""

from __future__ import annotations

from functools import cache
from typing import Any

from ansible.module_utils.common.yaml import yaml_load
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.this_collection import ROOT

_OF_A_SPECIFICATION = ("type", "elements", "choices", "default")


@cache
def role_options(role: str) -> dict[str, Any]:
    """Option name -> its specification, of a role's main entry point. FileNotFoundError for a role that is none of ours."""
    if not role.isidentifier():
        raise FileNotFoundError(2, "no such role in this collection", role)
    text = (ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
    options: dict[str, Any] = yaml_load(text)["argument_specs"]["main"]["options"]
    return options


def action_options(role: str, *names: str, **renamed: str) -> dict[str, dict[str, Any]]:
    """{option of an action: its specification}, for those that the role hands on. ``renamed``: option="what the role calls it".

    Without the role's name, with which all options of a role begin. KeyError for one that the role does not have.
    """
    specified = role_options(role)
    wanted = {**{name: name for name in names}, **renamed}
    return {
        option: {key: value for key, value in specified[f"{role}_{name}"].items() if key in _OF_A_SPECIFICATION}
        for option, name in wanted.items()
    }
