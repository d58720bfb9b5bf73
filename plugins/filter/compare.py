# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``fleetcare.pagealloc.compare``; its documentation is in compare.yml."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.templating.template_call import template_call
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.templating.templated import compare_value


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to callable."""
        return {"compare": template_call("compare", compare_value)}
