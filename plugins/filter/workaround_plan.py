# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``fleetcare.pagealloc.workaround_plan``; its documentation is in workaround_plan.yml."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.templated import TemplatedError, plan_value


def workaround_plan(facts: object, policy: object = None, site_advisories: object = None) -> Any:
    """The plan for one host. Its sentences quote the host, so they stay untrusted in templates."""
    try:
        return wrap_var(plan_value(facts, policy, site_advisories))
    except TemplatedError as error:
        raise AnsibleFilterError(f"fleetcare.pagealloc.workaround_plan: {error}") from error


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to callable."""
        return {"workaround_plan": workaround_plan}
