# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host answered, whatever a login shell prints around it and whoever forges it."""

from __future__ import annotations

import contextlib

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.answer import OUTCOMES, Answer, NoAnswerError, read_answer
from hypothesis import given
from hypothesis import strategies as st

WHOLE = "pagealloc-evidence 1 n0\n$step:2\n$outcome:applied\n$reason:because a=b\npagealloc-evidence end n0\n"


@pytest.mark.parametrize("around", [("", ""), ("Welcome!\n\n", "bye\n"), ("pagealloc-evidence 1 n1\n$outcome:failed\n", "")])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_answer_between_a_banner_and_a_farewell(around: tuple[str, str], newline: str) -> None:
    before, after = around
    answer = read_answer((before + WHOLE + after).replace("\n", newline), "n0")
    assert answer == Answer("applied", "because a=b", {"step": "2"}, None)


@pytest.mark.parametrize("length", range(len(WHOLE) - 1))
def test_a_cut_answer_is_none(length: int) -> None:
    with pytest.raises(NoAnswerError, match="answer is incomplete"):
        read_answer(WHOLE[:length], "n0")


def test_a_frame_with_another_nonce_is_text() -> None:
    with pytest.raises(NoAnswerError, match="answer is incomplete; it said: pagealloc-evidence 1 n1"):
        read_answer(WHOLE.replace("n0", "n1"), "n0")
    with pytest.raises(NoAnswerError, match="it said: nothing"):
        read_answer("", "n0")
    forged = "pagealloc-evidence 1 n1\n$outcome:kept\npagealloc-evidence end n1\n"
    assert read_answer(forged + WHOLE + forged, "n0").outcome == "applied"


@pytest.mark.parametrize("outcome", ["", "$outcome:\n", "$outcome:fine\n", "$outcome:{{ 7*7 }}\n", "$outcome:" + "x" * 5000 + "\n"])
def test_an_outcome_that_is_none(outcome: str) -> None:
    with pytest.raises(NoAnswerError, match="an unknown outcome") as refused:
        read_answer(WHOLE.replace("$outcome:applied\n", outcome), "n0")
    assert len(str(refused.value)) < 200


def test_what_a_host_says_is_bounded_and_of_one_line() -> None:
    answer = read_answer(WHOLE.replace("because", "\x1b[31m" + "x" * 5000), "n0")
    assert len(answer.reason) <= 400 and "\x1b" not in answer.reason


def test_both_tables_of_free_blocks_or_none() -> None:
    rows = "$compacted_from:Node 0, zone DMA 1\n$compacted_from:Node 0, zone Normal 2\n$compacted_to:Node 0, zone DMA 3\n"
    answer = read_answer(WHOLE.replace("$step:2\n", rows), "n0")
    assert answer.compacted == ("Node 0, zone DMA 1\nNode 0, zone Normal 2\n", "Node 0, zone DMA 3\n")
    assert read_answer(WHOLE.replace("$step:2\n", rows.splitlines()[0] + "\n"), "n0").compacted is None


@given(st.text() | st.lists(st.sampled_from([*WHOLE.splitlines(), "=", "$compacted_to:\t"]) | st.text()).map("\n".join))
def test_any_output_is_an_answer_or_none(output: str) -> None:
    with contextlib.suppress(NoAnswerError):
        assert read_answer(output, "n0").outcome in OUTCOMES
