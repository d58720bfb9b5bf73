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
    try:
        value = hostvars.raw_get(host).get(variable)
        if isinstance(value, str) and "{" in value:  # only then, since Ansible makes an engine anew to render it
            value = hostvars[host][variable]
        if value is None or value == "":
            return None
    except (AnsibleError, UndefinedError) as error:  # newer versions hand in what is undefined, and it raises when looked at
        raise RecordVariableError(f"{variable}: {error}") from error
    if not isinstance(value, str):
        raise RecordVariableError(f"{variable}: of type {type(value).__name__} where the path of recorded evidence is needed")
    return str(unfrackpath(value, follow=False))
