# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One sentence on all advisories about drivers that a host does not have, and one on all about failures that its log does not show.

One sentence for each would hide the sentences on the host's own drivers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import Advisory
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.criteria import DRIVER, LOG, Criterion, drivers_seen, log_unread
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.host import Host
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import listed

#: How many names a sentence has, and the length of each.
_MOST = (40, 80)
_Answered = tuple[Advisory, Criterion]


def told_of_others(host: Host, answered: Sequence[_Answered]) -> Iterator[str]:
    """``answered``: the advisories that fold, each with the answer that excludes it. A single one has its own sentence."""
    without = [one for one in answered if one[1].folds == DRIVER]
    unlogged = [one for one in answered if one[1].folds == LOG]
    for told, together in ((without, _without_driver), (unlogged, _unlogged)):
        if told:
            yield told[0][1].reason if len(told) == 1 else together(host, [advisory for advisory, _answer in told])


def _without_driver(host: Host, advisories: Sequence[Advisory]) -> str:
    drivers = listed(sorted({driver for advisory in advisories for driver in advisory.drivers}), *_MOST)
    return f"no network interface has a driver that {len(advisories)} advisories are about ({drivers_seen(host.nics or ())}): {drivers}"


def _unlogged(host: Host, advisories: Sequence[Advisory]) -> str:
    ids = listed((advisory.id for advisory in advisories), *_MOST)
    if host.failures is None:
        return f"{len(advisories)} advisories are about failures in the kernel log, {log_unread(host)}: {ids}"
    return f"the kernel log shows no failure that {len(advisories)} advisories are about: {ids}"
