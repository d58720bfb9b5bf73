# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A warning for a host with any verdict: a fault with the next boot, or memory that runs out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Between these two the end lies; the later one is not always known.
ENDS = ("earliest", "latest")


def boots_fault_next(result: Mapping[str, Any]) -> bool:
    """Whether the default kernel has a fault that the running one does not have."""
    return any(action["action"] == "set_default_kernel" for action in result["actions"])


def trends_of(result: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """``headroom`` and ``unaccounted``: their trends; empty without a history."""
    forecast = result.get("forecast")
    return {"headroom": forecast, "unaccounted": forecast["unaccounted"]} if forecast else {}


def first_end(result: Mapping[str, Any]) -> str:
    """When nothing may be left, "" if it is not known."""
    ends = [trend["exhausted_earliest"] for trend in trends_of(result).values()]
    return min((end for end in ends if end), default="")


def is_quiet(result: Mapping[str, Any]) -> bool:
    """Clear, and without a warning."""
    return result["verdict"] == "clear" and not boots_fault_next(result) and not first_end(result)
