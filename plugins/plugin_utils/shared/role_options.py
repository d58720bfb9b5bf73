# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of this collection's roles, from their specification."""

from __future__ import annotations

from collections.abc import Container
from functools import cache
from typing import Any

from ansible.module_utils.common.yaml import yaml_load
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.this_collection import ROOT

_OF_A_SPECIFICATION = ("type", "elements", "choices", "default", "no_log")

#: The prefix of options that several roles share. Other options have the role's name as prefix.
SHARED = "pagealloc"
#: The variable with the pattern of hosts that the playbooks run over, and the older one of each.
HOSTS = ("pagealloc_hosts", "audit_hosts", "workaround_hosts", "kernel_upgrade_hosts")
#: Shared option -> the older name that each role had for it.
_OLDER_NAMES: dict[str, dict[str, str]] = {
    "pagealloc_advisories": {role: f"{role}_advisories" for role in ("audit", "workaround", "kernel_upgrade")},
    "pagealloc_output_dir": {
        "audit": "audit_output_dir", "workaround": "workaround_output_dir", "kernel_upgrade": "kernel_upgrade_report_dir",
    },
}  # fmt: skip
#: Those whose older names meant the same. An older folder was that of its role alone.
_SAME_FOR_ALL = ("pagealloc_advisories",)
#: Option of an action -> what the roles call it behind SHARED.
_SHARED_OPTIONS = {
    "site_advisories": "advisories",
    **{name: name for name in ("output_dir", "ignore_unreachable", "push_url", "push_timeout_seconds")},
}


@cache
def role_options(role: str) -> dict[str, Any]:
    """Option name -> its specification, of a role's main entry point. Raises FileNotFoundError for a role that this collection does not
    have."""
    if not role.isidentifier():
        raise FileNotFoundError(2, "this collection has no such role", role)
    text = (ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
    options: dict[str, Any] = yaml_load(text)["argument_specs"]["main"]["options"]
    return options


def action_options(role: str, *names: str, **renamed: str) -> dict[str, dict[str, Any]]:
    """{option of an action: its specification}, for those that the role hands on. ``renamed``: option="what the role calls it".

    Without what the role's options begin with: its name, or SHARED. KeyError for one that the role does not have.
    """
    specified = role_options(role)
    wanted = {**{name: name for name in names}, **renamed}
    return {
        option: {key: value for key, value in specified[_full_name(role, name)].items() if key in _OF_A_SPECIFICATION}
        for option, name in wanted.items()
    }


def _full_name(role: str, name: str) -> str:
    shared = f"{SHARED}_{name}"
    return shared if shared in role_options(role) else f"{role}_{name}"


def names_of(role: str, option: str) -> list[str]:
    """The variables that may give this option of the role: its name, then its older names, those that the role itself had first."""
    older = _OLDER_NAMES.get(option, {})
    own = [older[role]] if role in older else []
    others = [name for name in older.values() if name not in own] if option in _SAME_FOR_ALL else []
    return [option, *own, *others]


def variable_of(prefix: str, option: str, variables: Container[str]) -> str | None:
    """The variable among these that gives this option of an action; None where none does.

    ``prefix``: what the names of the variables begin with. With that of a role of ours, what the roles share is looked for under the
    shared name and its old ones.
    """
    names = [f"{prefix}{option}"]
    if option in _SHARED_OPTIONS:
        names = [*names_of(prefix.removesuffix("_"), f"{SHARED}_{_SHARED_OPTIONS[option]}"), *names]
    return next((name for name in names if name in variables), None)


def folder_of(role: str, variable: str, folder: Any) -> Any:
    """The role's folder for reports, of the variable that gives it: of the shared one, all but the audit have a folder below it, since
    their reports have the same names."""
    return f"{folder}/{role}" if folder and variable == f"{SHARED}_output_dir" and role != "audit" else folder
