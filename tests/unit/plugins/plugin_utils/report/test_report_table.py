# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table for a terminal: order, width, what it leaves out and says so."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import VERDICTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.table import (
    MissingLibraryError,
    render_table,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import display_width
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.report.sample_fleet import (
    BOOT_ANOTHER,
    HOSTILE,
    compared_fleet,
    facts,
    fleet_of,
    hostile_fleet,
    large_fleet,
    result,
    sample_fleet,
)
from hypothesis import given, settings
from hypothesis import strategies as st

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def hosts_in(text: str, fleet: dict[str, Any]) -> list[str]:
    """Names of hosts that begin a line, in order."""
    first = [line.split(" ")[0] for line in text.split("\n")]
    return [word for word in first if word in fleet["hosts"]]


@pytest.mark.parametrize("fleet", [sample_fleet(), hostile_fleet()], ids=["sample", "hostile"])
def test_no_line_is_wider_than_asked(fleet: dict[str, Any]) -> None:
    for width in range(60, 201):
        for line in render_table(fleet, width).split("\n"):
            assert display_width(line) <= width
            assert line.isprintable()
            assert line == line.rstrip()


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.text(), st.text(), max_size=4), st.integers(60, 200))
def test_no_name_or_reason_breaks_the_width(texts: dict[str, str], width: int) -> None:
    fleet = fleet_of({name: result("stalled", None, [reason]) for name, reason in texts.items()})
    for line in render_table(fleet, width).split("\n"):
        assert display_width(line) <= width
        assert line.isprintable()


@pytest.mark.parametrize(("least", "most", "shown"), [(7, 7, "7"), (0, 1000, "0-1000"), (10**19, 10**20, "1000000000000000…")])
def test_two_bounds_are_shown_where_they_differ(least: int, most: int, shown: str) -> None:
    host = result("starved", facts(), ["x"])
    host["headroom"].update(atomic=[0, 0, least], atomic_at_most=[0, 0, most])
    row = next(line for line in render_table(fleet_of({"a": host}), 80).split("\n") if line.startswith("a "))
    assert row.split()[-1] == shown


def test_without_ethtool_the_driver_of_the_bus_is_shown() -> None:
    seen = facts()
    seen["nics"] = [{**seen["nics"][1], "driver": None, "bus_driver": bus_driver} for bus_driver in ("virtio_net", None)]
    row = next(line for line in render_table(fleet_of({"a": result("clear", seen, [])}), 80).split("\n") if line.startswith("a "))
    assert row.split()[3] == "virtio_net"


def test_columns_stay_aligned_behind_wide_characters() -> None:
    hosts = {name: result("stalled", None, []) for name in ("漢字", "e\u0301e\u0301", "plain", "👩 x")}
    lines = [line for line in render_table(fleet_of(hosts)).split("\n") if " stalled  " in line]
    assert len(lines) == 4
    assert len({display_width(line[: line.index("stalled")]) for line in lines}) == 1


def test_worst_first_then_by_name() -> None:
    fleet = sample_fleet()
    text = render_table(fleet, 150)
    names = hosts_in(text, fleet)
    assert len(names) == len(fleet["hosts"])
    order = list(VERDICTS)
    places = [order.index(fleet["hosts"][name]["verdict"]) for name in names]
    assert places == sorted(places)
    assert names[:2] == ["db-prod-4", "db-prod-017"]
    assert names[-3:] == ["web-9", "web-10", "web-11"]


def test_a_row_says_what_is_known_and_what_is_not() -> None:
    text = render_table(sample_fleet(), 80)
    assert re.search(r"^db-prod-4 +affected +2\.6\.32-358\.23\.2\.el6 +mlx4_en +0$", text, re.M)
    assert re.search(r"^old-print-server +unreachable +\? +\? +\?$", text, re.M)
    assert "    5 order-2 page allocation failures logged" in text


def test_counts_cover_every_verdict_seen() -> None:
    end = render_table(sample_fleet()).rsplit("\n\n", maxsplit=1)[-1]
    assert " ".join(end.split()) == (
        "16 hosts: 2 affected, 1 starved, 1 stalled, 2 at_risk, 1 unreachable, 1 unknown,"
        " 1 needs_review, 1 reboot_pending, 1 mitigated, 5 clear"
    )


def test_what_sets_the_troubled_apart_stands_before_the_counts() -> None:
    text = render_table(compared_fleet())
    assert text.split("\n\n")[-2].split("\n") == [
        "What sets the 8 hosts with the trouble apart from the 8 without:",
        "  firmware mlx4_en 2.11.500: 8 of 8 with the trouble have it, 0 of 8 without",
        "    (odds ratio 289, p 0.00016, corrected 0.00016).",
        "  Left out: 1 that gave no facts.",
    ]


def test_nothing_is_said_of_a_comparison_nobody_asked_for_or_without_trouble() -> None:
    without = fleet_of({f"h{number}": result("clear", facts(), []) for number in range(3)})
    for fleet in ({**compared_fleet(), "comparison": None}, without):
        assert "apart" not in render_table(fleet)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_value_in_the_comparison_breaks_nothing(text: str) -> None:
    for width in (60, 80, 150):
        lines = render_table(compared_fleet(text), width).split("\n")
        assert any(line.startswith("  firmware mlx4_en") for line in lines)
        assert all(line.isprintable() and display_width(line) <= width for line in lines)


def test_a_large_fleet_hides_the_clear_and_says_so() -> None:
    fleet = large_fleet(3000)
    other = sum(host["verdict"] != "clear" for host in fleet["hosts"].values())
    text = render_table(fleet, max_rows=1000)
    assert other == len(hosts_in(render_table(fleet, 150, max_rows=1000), fleet))
    assert f"… and {3000 - other:,} more clear hosts, see fleet.html" in text
    assert " ".join(text.rsplit("\n\n", maxsplit=1)[-1].split()).startswith("3,000 hosts: ")


def test_more_trouble_than_rows_is_said_too() -> None:
    fleet = large_fleet(3000)
    text = render_table(fleet, 150, max_rows=10)
    assert len(hosts_in(text, fleet)) == 10
    other = sum(host["verdict"] != "clear" for host in fleet["hosts"].values())
    clear = 3000 - other
    assert f"… and {other - 10:,} more that are not clear and {clear:,} more clear hosts, see fleet.html" in text


def test_a_clear_host_with_a_warning_comes_before_the_others_and_is_never_hidden() -> None:
    hosts = {f"app{number}": result("clear", facts(), ["Nothing matched."]) for number in range(5)}
    hosts["web"] = result("clear", facts(), ["the next boot brings it"], actions=(BOOT_ANOTHER,))
    fleet = fleet_of(hosts)
    text = render_table(fleet, 80)
    assert hosts_in(text, fleet)[0] == "web"
    assert "    the next boot brings it" in text and "Nothing matched" not in text
    few = render_table(fleet, 80, max_rows=3)
    assert hosts_in(few, fleet) == ["web"] and "and 5 more clear hosts, see" in few
    worse = fleet_of({**hosts, **{f"db{number}": result("unknown", None, []) for number in range(3)}})
    assert "and 6 more clear hosts (1 with a warning), see fleet.html" in render_table(worse, 80, max_rows=3)


def test_an_empty_fleet() -> None:
    assert render_table(fleet_of({})).endswith("\n\n0 hosts\n")


def test_colour_changes_nothing_but_colour() -> None:
    for fleet in (sample_fleet(), hostile_fleet()):
        for width in (60, 80, 150):
            plain = render_table(fleet, width)
            coloured = render_table(fleet, width, colour=True)
            assert "\x1b" not in plain
            assert "\x1b[1;31m" in coloured
            assert ANSI.sub("", coloured) == plain


def test_without_tabulate_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tabulate", None)
    with pytest.raises(MissingLibraryError, match="pip install tabulate"):
        render_table(sample_fleet())
