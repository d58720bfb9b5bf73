# Copyright (c) 2026, the fleetcare.pagealloc contributors
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
#: What versions before 1.0.0 read, by what each is called now.
_OLD_NAMES: dict[str, tuple[str, ...]] = {
    "pagealloc_hosts": ("audit_hosts", "workaround_hosts", "kernel_upgrade_hosts"),
    "pagealloc_advisories": ("audit_advisories", "workaround_advisories", "kernel_upgrade_advisories"),
    "pagealloc_output_dir": ("audit_output_dir", "workaround_output_dir", "kernel_upgrade_report_dir"),
}
#: Option of an action -> what the roles call it behind SHARED.
_SHARED_OPTIONS = {
    "site_advisories": "advisories",
    **{name: name for name in ("output_dir", "ignore_unreachable", "push_url", "push_timeout_seconds")},
}


class RenamedError(ValueError):
    """A variable has a name that is no longer read."""


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


def variable_of(prefix: str, option: str, variables: Container[str]) -> str | None:
    """The variable among these that gives this option of an action: the one that all roles share, or the one with this prefix. None
    where neither is there. RenamedError where only an old name is."""
    if option not in _SHARED_OPTIONS:
        return current_name(f"{prefix}{option}", variables)
    shared = f"{SHARED}_{_SHARED_OPTIONS[option]}"
    return current_name(shared, variables) or current_name(f"{prefix}{option}", variables)


def current_name(name: str, variables: Container[str]) -> str | None:
    """This name where a variable has it, else None. RenamedError where a variable has its old name instead: to pass over it could mean
    all hosts of an inventory in place of one."""
    if name in variables:
        return name
    old = next((old for old in _OLD_NAMES.get(name, ()) if old in variables), None)
    if old is not None:
        raise RenamedError(f"the variable {old} is called {name} since version 1.0.0. Rename it")
    return None


def folder_of(role: str, variable: str, folder: Any) -> Any:
    """The role's folder for reports, of the variable that gives it: of the shared one, all but the audit have a folder below it, since
    their reports have the same names."""
    return f"{folder}/{role}" if folder and variable == f"{SHARED}_output_dir" and role != "audit" else folder
