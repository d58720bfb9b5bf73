# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tests `is fleetcare.pagealloc.VERDICT`, one for each verdict. The documentation of each stands in VERDICT.yml."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import VERDICTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.templating.template_call import verdict_test


class TestModule:
    """What Ansible looks for."""

    def tests(self) -> dict[str, Callable[[object], bool]]:
        """Name to callable."""
        return {verdict: verdict_test(verdict) for verdict in VERDICTS}
