# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""unclear: the figures do not show the cause; what to gather."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.causes.cause import POSSIBLE, Cause, Evidenced, action
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.situation import Situation
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advice import Action
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import why_not_seen


def _missing(situation: Situation) -> Iterator[tuple[str, str]]:
    """(a sentence on missing data, what to gather)."""
    if situation.account["unclear"] is not None:
        yield situation.account["unclear"], "all of /proc/meminfo"
    if situation.now is None or situation.now.headroom is None:
        yield (
            f"the free blocks or watermarks are not known{why_not_seen(situation.facts, 'zones', 'zones.watermarks')}",
            "/proc/buddyinfo and /proc/zoneinfo",
        )
    if situation.failures and situation.then is None:
        yield "the log does not have the Mem-Info of the failures", "the kernel log after the next failure"


def _find(situation: Situation) -> Evidenced | None:
    """The finding if no other cause is found."""
    reasons = [reason for reason, _what in _missing(situation)]
    return Evidenced(POSSIBLE, tuple(reasons) or ("the figures fit none of the known causes",))


def _advice(situation: Situation) -> list[Action]:
    later = "the same figures an hour later"
    if situation.facts.get("deep") is None:
        later = f"/proc/pagetypeinfo and /proc/slabinfo, and {later}"
    what = [datum for _reason, datum in _missing(situation)] or [later]
    return [action("gather_missing", f"To find the cause, gather {'; '.join(what)}")]


CAUSE = Cause("unclear", _find, _advice)
