# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words that several sentences share."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import why_not_seen


@pytest.mark.parametrize(
    ("unavailable", "told"),
    [
        ({"zones": "Permission denied", "vm": "no such file"}, " (Permission denied)"),
        ({"vm": "no such file"}, " (no such file)"),
        ({"memory": "no such file"}, ""),
        ({"zones": "", "vm": 7}, ""),
        ({"zones": "{{ x\n}}" + "A" * 500}, " ({ { x }}" + "A" * 151 + "\u2026)"),
        (None, ""),
    ],
)
def test_the_first_reason_that_the_facts_have_is_told(unavailable: Any, told: str) -> None:
    assert why_not_seen({"unavailable": unavailable}, "zones", "vm") == told
    assert why_not_seen({}, "zones") == ""
