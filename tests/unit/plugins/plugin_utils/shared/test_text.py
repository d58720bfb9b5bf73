# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile text made harmless, widths, cutting, wrapping and natural order."""

from __future__ import annotations

import unicodedata

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import (
    count_of,
    cut,
    display_width,
    natural_key,
    printable,
    wrap,
)
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.report.sample_fleet import HOSTILE
from hypothesis import given
from hypothesis import strategies as st

# All of Unicode, lone surrogates included, and often what matters here.
ANY_TEXT = st.text(st.one_of(st.characters(), st.characters(categories=["Cs", "Cc", "Cf", "Mn", "Lo"])))


@given(ANY_TEXT, st.integers(1, 60))
def test_printable_is_harmless_and_bounded(text: str, limit: int) -> None:
    safe = printable(text, limit)
    assert len(safe) <= limit
    assert safe.isprintable()
    safe.encode("utf-8")
    assert not [char for char in safe if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")]


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=100))
def test_printable_leaves_plain_text_alone(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("red\x1b[31m", "red\\x1b[31m"),
        ("a\x9b2J", "a\\x9b2J"),
        ("safe\u202egnp.exe", "safe\\u202egnp.exe"),
        ("lone\udc80", "lone\\udc80"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("two\nlines\tand\u2028more", "two lines and more"),
        ("漢字 é", "漢字 é"),
        (None, "None"),
        (12, "12"),
    ],
)
def test_printable_shows_what_it_took_away(text: object, safe: str) -> None:
    assert printable(text) == safe


def test_printable_drops_subclasses() -> None:
    class Tagged(str):
        def __str__(self) -> str:
            return "did not return the facts"

    assert {type(printable(Tagged("plain")))} == {str}
    assert printable(Tagged("plain")) == "plain"


def test_printable_refuses_a_senseless_limit() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        printable("x", 0)


def test_display_width_counts_columns() -> None:
    assert display_width("eth0") == 4
    assert display_width("漢字") == 4
    assert display_width("e\u0301") == 1


@given(ANY_TEXT, st.integers(0, 40))
def test_cut_fits(text: str, width: int) -> None:
    safe = printable(text)
    short = cut(safe, width)
    assert display_width(short) <= width
    assert short == safe or width == 0 or short.endswith("…")


@given(ANY_TEXT, st.integers(1, 40), st.integers(1, 4))
def test_wrap_fits(text: str, width: int, max_lines: int) -> None:
    lines = wrap(printable(text), width, max_lines)
    assert len(lines) <= max_lines
    assert all(display_width(line) <= width for line in lines)


@given(st.lists(st.text("abc", min_size=1, max_size=8), max_size=12))
def test_wrap_loses_no_word_when_there_is_room(words: list[str]) -> None:
    assert " ".join(wrap(" ".join(words), 10, 100)).split() == words


def test_wrap_breaks_at_spaces_and_says_what_is_missing() -> None:
    assert wrap("one two three four", 9, 2) == ["one two", "three fo…"]
    assert wrap("one two", 9, 2) == ["one two"]
    assert wrap("", 9, 2) == []


def test_natural_key_orders_names_as_people_do() -> None:
    names = ["db-10", "db-2", "db-002", "DB-1", "db", "2", "10", "9" * 5000, "", *HOSTILE]
    ordered = sorted(names, key=natural_key)
    assert sorted(set(names), key=natural_key) == ordered
    assert [name for name in ordered if name.lower().startswith("db")] == ["db", "DB-1", "db-002", "db-2", "db-10"]
    assert ordered.index("2") < ordered.index("10") < ordered.index("9" * 5000)


@given(st.lists(ANY_TEXT))
def test_natural_key_is_a_total_order(names: list[str]) -> None:
    assert sorted(sorted(names), key=natural_key) == sorted(sorted(names, reverse=True), key=natural_key)


def test_count_of() -> None:
    assert [count_of(n, "host") for n in (0, 1, 10000)] == ["0 hosts", "1 host", "10,000 hosts"]
