# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What compacting memory at once (vm.compact_memory) gained, from /proc/buddyinfo before and after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.buddyinfo import parse_buddyinfo
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.headroom import headroom
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.answer import Answer


def gained(answer: Answer, facts: Mapping[str, Any], order: int) -> list[str]:
    """A sentence on what compaction gained, [] where it was not asked for. ``facts``: the host's, for its watermarks."""
    if answer.values.get("compacted") == "absent":
        return ["Memory was not compacted: this kernel has no vm.compact_memory."]
    if answer.values.get("compacted") == "refused":
        return ["Memory was not compacted: the kernel refused it."]
    if answer.compacted is None:
        return []
    granted = [_granted(text, facts, order) for text in answer.compacted]
    if None in granted:
        return ["Memory was compacted; what that gained is not known."]
    return [f"Compacting memory: {granted[0]} atomic requests in a row would have been granted before it, {granted[1]} after."]


def _granted(buddyinfo: str, facts: Mapping[str, Any], order: int) -> int | None:
    try:
        blocks = {(zone["node"], zone["zone"]): zone["free_blocks"] for zone in parse_buddyinfo(buddyinfo)}
        zones = [{**zone, "free_blocks": blocks[zone["node"], zone["zone"]], "free_pages": None} for zone in facts["zones"]]
    except (EvidenceError, KeyError, TypeError):
        return None
    room = headroom({**facts, "zones": zones, "pagetypes": None})
    if room is None or order >= len(room["atomic"]) or room["atomic"][order] != room["atomic_at_most"][order]:
        return None
    granted: int = room["atomic"][order]
    return granted
