# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host variable that names a host's recorded evidence, as Ansible has it."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleError
from ansible.utils.path import unfrackpath
from jinja2.exceptions import UndefinedError


class RecordVariableError(Exception):
    """A host variable that should name recorded evidence and does not; the message names the variable."""


def recorded_path(hostvars: Any, host: str, variable: str) -> str | None:
    """The path that a host's variable gives for its recorded evidence, None where it is undefined or empty: a live host.

    ``hostvars`` are Ansible's. Raises RecordVariableError where the value is no path or cannot be rendered.
    """
    value = _value(hostvars, host, variable)
    return None if value is None else _path(value, variable)


def recorded_paths(hostvars: Any, host: str, variable: str) -> list[str]:
    """The paths that a host's variable lists, of older evidence of the host; none where it is undefined. Raises as ``recorded_path``."""
    value = _value(hostvars, host, variable)
    if value is None:
        return []
    if not isinstance(value, list):
        raise RecordVariableError(f"{variable} is not a list of paths")
    return [_path(each, variable) for each in value]


def _value(hostvars: Any, host: str, variable: str) -> Any:
    """None where it is undefined or empty."""
    try:
        value = hostvars.raw_get(host).get(variable)
        if "{" in str(value):  # only then, since Ansible makes an engine anew to render it
            value = hostvars[host][variable]
        return None if value is None or value == "" else value
    except (AnsibleError, UndefinedError) as error:  # newer versions hand in what is undefined, and it raises when looked at
        raise RecordVariableError(f"{variable}: {error}") from error


def _path(value: Any, variable: str) -> str:
    if not isinstance(value, str):
        raise RecordVariableError(f"{variable} is not the path of recorded evidence")
    return str(unfrackpath(value, follow=False))
