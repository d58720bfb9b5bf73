# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``fleetcare.pagealloc.headroom``; its documentation is in headroom.yml."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.templated import TemplatedError, headroom_value


def headroom(facts: object) -> Any:
    """The headroom of one host, or None. Zone names come from the host, so they stay untrusted in templates."""
    try:
        return wrap_var(headroom_value(facts))
    except TemplatedError as error:
        raise AnsibleFilterError(f"fleetcare.pagealloc.headroom: {error}") from error


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to callable."""
        return {"headroom": headroom}
