# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A part of the account compared with the fleet: how sure it is that somebody keeps memory that should be given back."""

from __future__ import annotations

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.cause_limits import cause_limits
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.causes.cause import LIKELY, POSSIBLE, SHOWN, Evidenced, kb_told
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.situation import Situation


def too_much(situation: Situation, part: str | None, name: str, what: str, limits_of: str) -> Evidenced | None:
    """A finding if the part is far above the fleet's, or, without a fleet, larger than on a healthy host.

    ``part``: of the account, None for unaccounted memory. ``name``: of its figures. ``what``: its words in a sentence.
    """
    percent = situation.part_percent(part)
    if percent is None:
        return None
    kb = situation.account["unaccounted_kb"] if part is None else situation.account["parts"].get(part, 0)
    told = f"/proc/meminfo: {kb_told(kb)} of {kb_told(situation.total_kb)} ({percent} %) {what}"
    figures = {f"{name}_kb": kb, f"{name}_percent": percent}
    limits = cause_limits()[limits_of]
    if situation.fleet is None:
        certainty = LIKELY if percent >= limits["likely_percent"] else POSSIBLE if percent >= limits["possible_percent"] else None
        alone = "fewer than 4 hosts have this kernel and memory size, so there is no comparison"
        return Evidenced(certainty, (told, alone), figures) if certainty else None
    median, spread = (situation.fleet[f"{name}_percent"][key] for key in ("median", "spread"))
    above = percent - median
    figures |= {"fleet_hosts": situation.fleet["hosts"], "fleet_median_percent": median, "fleet_spread_percent": spread}
    beside = (
        f"the median of {situation.fleet['hosts']} hosts with this kernel and memory size is {median} %; most are within {spread} % of it"
    )
    if above < limits["above_fleet_percent"] or above < spread * limits["spreads"]:
        # all hosts of a fleet may leak in the same way; then the figure itself decides
        return Evidenced(POSSIBLE, (told, beside), figures) if percent >= limits["likely_percent"] else None
    return Evidenced(SHOWN if above >= limits["shown_above_fleet_percent"] else LIKELY, (told, beside), figures)
