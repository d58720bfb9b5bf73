# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""vm.zone_reclaim_mode: a node frees some of its own memory before it takes memory from another node. It reserves no memory, so it has no
limit. It slows down databases that need a large page cache, and does nothing with one memory node.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advice import zone_reclaim_in_force
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.policy import Policy
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.remedies.remedy import Case, Remedy, Wish


def _every_bit(modes: Sequence[int]) -> int:
    return reduce(or_, modes)


def _choose(case: Case) -> Wish:
    host, wanted = case.host, (case.asked or {}).get("zone_reclaim_mode")
    now = host.zone_reclaim_mode
    if wanted is None:
        return _alone(": no advisory asks for it") if case.result["advisories"] or case.policy.force else Wish(None, "")
    if host.nodes == 1:
        return _alone(": it does nothing on a host with one memory node")
    if now is None:
        return _alone(f": the kernel does not have it{host.why('vm.zone_reclaim_mode')}")
    if not case.policy.zone_reclaim:
        return _alone(", because workaround_zone_reclaim is false")
    if zone_reclaim_in_force(host, wanted):
        return Wish(None, f"vm.zone_reclaim_mode is already {now}.")
    return Wish(now | wanted, f"vm.zone_reclaim_mode from {now} to {now | wanted}: the host has {host.nodes} memory nodes.")


def _alone(why: str) -> Wish:
    return Wish(None, f"vm.zone_reclaim_mode stays unchanged{why}.")


def _usual(_policy: Policy) -> int:
    """Bit 1 is the one that helps."""
    return 1


REMEDY = Remedy(name="zone_reclaim_mode", unit="", action="set_zone_reclaim_mode", joined=_every_bit, usual=_usual, choose=_choose)
