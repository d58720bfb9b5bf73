# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One number of a headroom: what is not known is no number, and none is no zero."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.granted import granted

HEADROOM = {"atomic": [7, 3, 0], "atomic_at_most": [8, 4, 1]}


@pytest.mark.parametrize(
    ("headroom", "order", "numbers"),
    [
        (HEADROOM, 0, (7, 8)),
        (HEADROOM, 2, (0, 1)),
        (HEADROOM, 3, (None, None)),
        (HEADROOM, None, (None, None)),
        (None, 2, (None, None)),
        (None, None, (None, None)),
    ],
)
def test_granted(headroom: dict[str, Any] | None, order: int | None, numbers: tuple[int | None, int | None]) -> None:
    assert (granted(headroom, "atomic", order), granted(headroom, "atomic_at_most", order)) == numbers
