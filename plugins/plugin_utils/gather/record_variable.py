# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host variable that names a host's recorded evidence, as Ansible has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.utils.path import unfrackpath
from jinja2.exceptions import UndefinedError


class RecordVariableError(Exception):
    """A host variable that should name recorded evidence and does not; the message names the variable."""


class HostVariables:
    """The variables of a host, read once, because Ansible builds them again each time. All methods raise RecordVariableError if a value is
    not a path or cannot be rendered."""

    def __init__(self, hostvars: Any, host: str) -> None:
        """``hostvars``: Ansible's."""
        self._hostvars, self._host = hostvars, host
        try:
            self.raw: Mapping[str, Any] = dict(hostvars.raw_get(host))
        except AnsibleError as error:
            raise RecordVariableError(str(error)) from error

    def recorded_path(self, name: str) -> str | None:
        """The path of the host's recorded evidence in the variable. None for a live host, if the variable is undefined or empty."""
        value = self._value(name)
        return None if value is None else _path(value, name)

    def recorded_paths(self, name: str) -> list[str]:
        """The paths of older evidence of the host in the variable; none if it is undefined."""
        value = self._value(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise RecordVariableError(f"{name} is not a list of paths")
        return [_path(each, name) for each in value]

    def _value(self, name: str) -> Any:
        """None if it is undefined or empty."""
        try:
            value = self.raw.get(name)
            if "{" in str(value):  # only if needed, because Ansible makes a new engine to render it
                value = self._hostvars[self._host][name]
            return None if value is None or value == "" else value
        except (AnsibleError, UndefinedError) as error:  # newer versions give an undefined object, and it raises when it is read
            raise RecordVariableError(f"{name}: {error}") from error


def _path(value: Any, variable: str) -> str:
    if not isinstance(value, str):
        raise RecordVariableError(f"{variable} is not the path of recorded evidence")
    return str(unfrackpath(value, follow=False))
