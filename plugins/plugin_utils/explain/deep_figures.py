# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the second look at a host shows for its causes: slab caches, pages by migrate type, and how much its NICs can ask for at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.headroom_zones import USABLE_ZONES

#: The ends of names of caches that are freed when memory is short (SLAB_RECLAIM_ACCOUNT in fs/ and lib/ of the kernel).
_RECLAIMABLE = ("dentry", "dentry_cache", "inode_cache", "_inode", "inode_cachep", "buffer_head", "radix_tree_node")
#: The smallest buffer that drivers take for a frame, and their extra bytes: headroom and skb_shared_info.
_SMALLEST_BUFFER_BYTES, _BESIDE_FRAME_BYTES = 2048, 18 + 64 + 320
#: The largest frame (64 kB, of IPoIB's connected mode), ring and number of channels.
_MOST_FRAME_BYTES, _MOST_RING, _MOST_CHANNELS = 1 << 16, 1 << 17, 1 << 12


def fixed_caches(facts: Mapping[str, Any], most_kb: int) -> list[Mapping[str, Any]]:
    """The largest caches that cannot be freed, by their names; none larger than ``most_kb``."""
    caches = (facts.get("deep") or {}).get("slab_caches") or ()
    return [cache for cache in caches if cache["kb"] <= most_kb and not cache["name"].endswith(_RECLAIMABLE)]


def page_types(facts: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The rows of /proc/pagetypeinfo of the zones that an ordinary kernel request may use; empty if it was not read."""
    rows = facts.get("pagetypes") or (facts.get("deep") or {}).get("pagetypes") or ()
    return [row for row in rows if row["zone"] in USABLE_ZONES]


def free_pages_of(rows: Iterable[Mapping[str, Any]], *migrate_types: str) -> int:
    """The free pages of these migrate types."""
    return sum(
        blocks << order for row in rows if row["migrate_type"] in migrate_types for order, blocks in enumerate(row["free_blocks"][:64])
    )


def fixed_percent(rows: Iterable[Mapping[str, Any]]) -> float | None:
    """The percentage of memory in pageblocks for pages that cannot be moved, free or not; None if it is not known."""
    known = [row for row in rows if row.get("pageblock_pages") is not None]
    total = sum(row["pageblock_pages"] for row in known)
    fixed = sum(row["pageblock_pages"] for row in known if row["migrate_type"] in ("Unmovable", "Reclaimable"))
    return round(100 * fixed / total, 1) if total else None


@dataclass(frozen=True)
class Rings:
    """The receive rings of a NIC when all are full. ``channels``: None if ethtool does not show it; then there may be more than one."""

    nic: str
    ring: int
    channels: int | None
    buffer_bytes: int

    @property
    def kb(self) -> int:
        return self.ring * (self.channels or 1) * self.buffer_bytes // 1024


def rings_of(facts: Mapping[str, Any]) -> list[Rings]:
    """The rings of each NIC with known ring and MTU, the largest first."""
    mtus = {nic["name"]: nic.get("mtu") for nic in facts.get("nics") or ()}
    found = []
    for nic in (facts.get("deep") or {}).get("nics") or ():
        mtu, ring = mtus.get(nic["name"]), nic.get("rx_ring")
        if mtu and ring and ring <= _MOST_RING and mtu <= _MOST_FRAME_BYTES:
            channels = nic.get("rx_channels") if (nic.get("rx_channels") or 0) <= _MOST_CHANNELS else None
            found.append(Rings(nic["name"], ring, channels or None, _buffer_bytes(mtu)))
    return sorted(found, key=lambda one: (-one.kb, one.nic))


def _buffer_bytes(mtu: int) -> int:
    """The smallest block of 2^n bytes that a frame fits into."""
    return max(_SMALLEST_BUFFER_BYTES, 1 << (mtu + _BESIDE_FRAME_BYTES - 1).bit_length())
