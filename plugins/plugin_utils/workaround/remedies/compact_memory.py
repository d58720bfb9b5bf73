# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gain of compacting memory at once (vm.compact_memory), from /proc/buddyinfo before and after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.buddyinfo import parse_buddyinfo
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.granted import granted
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.headroom import headroom
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.answer import Answer


def gained(answer: Answer, facts: Mapping[str, Any], order: int | None) -> list[str]:
    """A sentence on the gain of compaction, [] if it was not asked for. ``facts``: the host's, for its watermarks."""
    if answer.values.get("compacted") == "absent":
        return ["Memory was not compacted: this kernel has no vm.compact_memory."]
    if answer.values.get("compacted") == "refused":
        return ["Memory was not compacted: the kernel refused it."]
    if answer.compacted is None:
        return []
    before, after = (_granted_with(text, facts, order) for text in answer.compacted)
    if before is None or after is None:
        return ["Memory was compacted, but the gain is not known."]
    return [f"Compacting memory: the kernel would have granted {before} atomic requests in a row before it, and {after} after it."]


def _granted_with(buddyinfo: str, facts: Mapping[str, Any], order: int | None) -> int | None:
    try:
        blocks = {(zone["node"], zone["zone"]): zone["free_blocks"] for zone in parse_buddyinfo(buddyinfo)}
        zones = [{**zone, "free_blocks": blocks[zone["node"], zone["zone"]], "free_pages": None} for zone in facts["zones"]]
    except (EvidenceError, KeyError, TypeError):
        return None
    room = headroom({**facts, "zones": zones, "pagetypes": None})
    least, most = (granted(room, kind, order) for kind in ("atomic", "atomic_at_most"))
    return least if least == most else None
