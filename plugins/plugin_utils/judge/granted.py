# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One number of a headroom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def granted(headroom: Mapping[str, Any] | None, kind: str, order: int | None) -> int | None:
    """Requests of ``order`` that the kernel would grant. ``kind`` is ``atomic`` or ``non_atomic``, or either with ``_at_most``. None if it
    is not known, or if the host's allocator has no such order.
    """
    if headroom is None or order is None or order >= len(headroom[kind]):
        return None
    number: int = headroom[kind][order]
    return number
