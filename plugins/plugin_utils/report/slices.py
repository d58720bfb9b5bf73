# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the audits of a fleet's slices handed on, host by host, for the one report of them all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.fact_cache import FactCache, FactCacheError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.recorded import file_name_for
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.handed_on import taken_from_cache, taken_from_record
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.progress import with_progress


class HandedOn(Mapping[str, Gathered]):
    """host -> what was handed on of it, read when it is asked for and not kept. ``say`` is told now and then how many are read."""

    def __init__(self, hosts: Sequence[str], read: Callable[[str], Gathered], say: Callable[[int, float], None]) -> None:
        self._hosts, self._read, self._say = hosts, read, say

    def __getitem__(self, host: str) -> Gathered:
        return Gathered.whatever(lambda: self._read(host))

    def __iter__(self) -> Iterator[str]:
        return with_progress(self._hosts, self._say)

    def __len__(self) -> int:
        return len(self._hosts)


def reader(folder: str | None, now_epoch_seconds: int, most_seconds: int) -> Callable[[str], Gathered]:
    """What reads one host: from the folder of records, or without one from Ansible's fact cache. FactCacheError where that is none."""
    if folder:
        return lambda host: taken_from_record(Path(folder) / file_name_for(host), now_epoch_seconds, most_seconds)
    cache = FactCache()

    def read(host: str) -> Gathered:
        try:
            return taken_from_cache(cache.read(host), now_epoch_seconds, most_seconds)
        except FactCacheError as error:
            return Gathered(None, f"The fact cache cannot be read. {error}", sentence="")

    return read
