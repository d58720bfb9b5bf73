# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of a host in a sentence: one line, bounded, and no template in it."""

from __future__ import annotations

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.wording import clip


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{ 7*7 }}", "{ { 7*7 }}"),
        ("{% if x %}", "{ % if x %}"),
        ("{# x", "{ # x"),
        ("{{{ x", "{ { { x"),
        ("{{% raw %}", "{ { % raw %}"),
        ("{{{{{#", "{ { { { { #"),
        ("{ {x}", "{ {x}"),
        ("{\u200b{ 7*7 }}", "{ { 7*7 }}"),
    ],
)
def test_no_two_braces_stay_together(text: str, told: str) -> None:
    assert clip(text) == told


def test_a_sentence_is_one_line_within_its_bound() -> None:
    assert clip("a\nb\x1b[31m\u202ec") == "a b [31m c"
    assert clip("{{" * 500, 20) == "{ { { { { { { { { {…"
