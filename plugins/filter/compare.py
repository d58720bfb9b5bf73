# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``fleetcare.pagealloc.compare``; its documentation is in compare.yml."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.templated import TemplatedError, compare_value


def compare(hosts: object, troubled: object = None) -> Any:
    """What sets the troubled hosts apart. Values of facts come from the hosts, so they stay untrusted in templates."""
    try:
        return wrap_var(compare_value(hosts, troubled or []))
    except TemplatedError as error:
        raise AnsibleFilterError(f"fleetcare.pagealloc.compare: {error}") from error


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to callable."""
        return {"compare": compare}
