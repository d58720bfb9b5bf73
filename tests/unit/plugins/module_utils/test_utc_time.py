# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times as facts and reports write them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.utc_time import epoch_of, utc_time_of
from hypothesis import given
from hypothesis import strategies as st

SINCE = 1_363_700_000


@given(st.integers(-62135596800, 253402300799))
def test_there_and_back(epoch_seconds: int) -> None:
    assert epoch_of(utc_time_of(epoch_seconds)) == epoch_seconds


@pytest.mark.parametrize(
    ("at", "seconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2013-03-19T13:33:20Z", SINCE),
        ("2013-03-19T13:33:20.999Z", SINCE),
        ("2013-03-19T22:33:20+0900", SINCE),
        ("2013-03-19T22:33:20+09:00", SINCE),
        ("2013-03-19T08:03:20-0530", SINCE),
        ("2013-03-19T13:33:20", None),
        ("2013-02-30T13:33:20Z", None),
        ("2013-03-19T13:33:20Zx", None),
        ("Mar 19 13:33:20", None),
        ("", None),
        (None, None),
    ],
)
def test_a_time_counts_where_it_names_its_offset(at: Any, seconds: int | None) -> None:
    assert epoch_of(at) == seconds


@given(st.text() | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d{4})", fullmatch=True))
def test_any_time_is_survived(at: str) -> None:
    assert epoch_of(at) is None or isinstance(epoch_of(at), int)
