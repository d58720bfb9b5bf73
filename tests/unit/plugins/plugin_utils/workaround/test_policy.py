# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the choices of an operator end."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.policy import PolicyError, read_policy

DEFAULTS = load_catalogue().workaround


@pytest.mark.parametrize(
    ("option", "good", "bad"),
    [
        ("cap_percent", [0.1, 4.9], [0, 5, -1, True, "3", float("nan")]),
        ("available_percent", [1, 99.9], [0, 100]),
        ("zone_percent", [1, 99.9], [0, 100]),
        ("short_percent", [1, 99.9], [0, 100]),
        ("settle_seconds", [0, 600], [-1, 1.5, True, "600"]),
        ("zone_reclaim", [True, False], [1, "yes"]),
        ("force", [True, False], [0, "no"]),
        ("conflicts", ["refuse", "override"], ["ignore", ""]),
        (
            "steps_kb",
            [[1], [1, 2], [(64 << 20) - 1], [1, 64 << 20], (5, 6)],
            [[], [0], [0, 1], [-1], [1, 1], [2, 1], [True], [64 << 20], 262144, "262144"],
        ),
    ],
)
def test_a_choice_on_both_sides_of_its_boundary(option: str, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        chosen = getattr(read_policy({option: value}, DEFAULTS), option)
        assert chosen == (tuple(value) if option == "steps_kb" else value)
    for value in bad:
        with pytest.raises(PolicyError) as caught:
            read_policy({option: value}, DEFAULTS)
        assert caught.value.option == option and str(caught.value).startswith(f"{option}: ")


def test_bytes_are_told_in_kb() -> None:
    with pytest.raises(PolicyError, match="67108864 looks like bytes; the unit is kB: 65536"):
        read_policy({"steps_kb": [64 << 20, 65 << 20]}, DEFAULTS)


def test_a_choice_goes_before_the_default_and_null_is_none() -> None:
    assert read_policy({"settle_seconds": 5}, {**DEFAULTS, "settle_seconds": 7}).settle_seconds == 5
    assert read_policy({"settle_seconds": None}, {**DEFAULTS, "settle_seconds": 7}).settle_seconds == 7
    assert read_policy(None, DEFAULTS).settle_seconds == 600, "that of the role"
