# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdicts, their order and their meaning. They are defined only here."""

from __future__ import annotations

#: Verdict -> what it means, worst first. Reports sort by this order.
VERDICTS: dict[str, str] = {
    "affected": "an advisory matches and the symptom is there",
    "starved": "the symptom is there, no advisory matches",
    "stalled": "TCP answers, but SSH does not finish",
    "at_risk": "an advisory matches, no symptom yet, no workaround in force",
    "unreachable": "no answer, or no login",
    "unknown": "data that the verdict needs is missing",
    "needs_review": "an advisory may match, and a person must decide",
    "reboot_pending": "the fix is installed and boots by default, the old kernel still runs",
    "mitigated": "an advisory matches, the workaround is in force, no symptom",
    "clear": "all data was read, no advisory matches, no symptom",
}

#: Verdict -> its place in that order; 0 is the worst.
SEVERITY: dict[str, int] = {verdict: place for place, verdict in enumerate(VERDICTS)}
