# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What compacting memory gained."""

from __future__ import annotations

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.answer import Answer
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.remedies.compact_memory import gained
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.builders import facts, zone

SHATTERED = "Node 0, zone   Normal  60000  20000      0      0      0      0      0      0      0      0      0\n"
WHOLE = "Node 0, zone   Normal      0      0      0      0      0      0      0      0      0      0     97\n"
HOST = facts(zones=[zone([60000, 20000, *[0] * 9])])


def said(before: str, after: str) -> list[str]:
    return gained(Answer("applied", compacted=(before, after)), HOST, 2)


def test_the_gain_is_told_in_requests() -> None:
    """97 blocks of 1024 pages are 99328. An atomic request needs 99328 - 4 n - 3 pages above 3/8 of 11000: n is up to 23799."""
    told = "Compacting memory: the kernel would have granted 0 atomic requests in a row before it, and 23800 after it."
    assert said(SHATTERED, WHOLE) == [told]


def test_a_gain_of_which_only_bounds_are_known_is_not_told() -> None:
    host = {**HOST, "kernel": {"release": "6.1.0-25-arm64"}, "zones": [{**HOST["zones"][0], "free_cma_pages": 4000}]}
    before = "Node 0, zone   Normal  80000      0   1000      0      0      0      0      0      0      0      0\n"
    told = gained(Answer("applied", compacted=(before, WHOLE)), host, 2)
    assert told == ["Memory was compacted, but the gain is not known."]


def test_where_it_was_not_asked_for_nothing_is_said() -> None:
    assert gained(Answer("applied"), HOST, 2) == []


@pytest.mark.parametrize(("told", "words"), [("absent", "this kernel has no vm.compact_memory"), ("refused", "the kernel refused it")])
def test_where_it_could_not_be_done(told: str, words: str) -> None:
    sentences = gained(Answer("applied", values={"compacted": told}, compacted=(SHATTERED, SHATTERED)), HOST, 2)
    assert len(sentences) == 1 and "was not compacted" in sentences[0] and words in sentences[0]


@pytest.mark.parametrize("table", ["{{ 7*7 }}\n", SHATTERED.replace("Normal", "DMA32"), SHATTERED.replace("60000", "-1")])
def test_a_table_that_tells_nothing_is_no_gain(table: str) -> None:
    assert said(table, WHOLE) == said(WHOLE, table) == ["Memory was compacted, but the gain is not known."]
    assert gained(Answer("applied", compacted=(SHATTERED, WHOLE)), {**HOST, "zones": None}, 2) == said(table, WHOLE)
