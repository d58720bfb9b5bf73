# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other sentences of a report on an advisory: how sure it is, what does not help, where to look if the log is silent."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import Advisory

_LEVELS = {"two_sources": "two sources show it", "one_source": "one source shows it", "unproven": "no source shows it"}
#: The name of a remedy in a sentence.
_REMEDIES = {"compact_memory": "compacting memory"}


def advisory_told(advisory: Advisory) -> tuple[str, ...]:
    """Sentences for the reasons; none if the advisory says nothing about this."""
    return tuple(_sentences(advisory))


def _sentences(advisory: Advisory) -> Iterator[str]:
    named = f"advisory {advisory.id}"
    if advisory.silent:
        where = f": look at {advisory.counter} in ethtool -S" if advisory.counter else ""
        yield f"{named}: the kernel does not log this failure, so a silent log proves nothing{where}"
    for remedy, why in advisory.unhelpful.items():
        yield f"{named}: {_REMEDIES.get(remedy, f'changing vm.{remedy}')} does not help: {why}"
    if advisory.confidence:
        yield f"{named}: {_LEVELS[advisory.confidence['level']]}: {' '.join(advisory.confidence['rests_on'].split())}"
