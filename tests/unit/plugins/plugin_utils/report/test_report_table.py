# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table for a terminal: order, width, what it leaves out and says so."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import VERDICTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.last_screen import render_answer
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.table import WIDTH
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import display_width
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.report.sample_fleet import (
    BOOT_ANOTHER,
    HOSTILE,
    compared_fleet,
    facts,
    fleet_of,
    hostile_fleet,
    result,
    sample_fleet,
)
from hypothesis import given, settings
from hypothesis import strategies as st


def hosts_in(text: str, fleet: dict[str, Any]) -> list[str]:
    """Names of hosts that begin a line, in order."""
    first = [line.split(" ")[0] for line in text.split("\n")]
    return [word for word in first if word in fleet["hosts"]]


@pytest.mark.parametrize("fleet", [sample_fleet(), hostile_fleet()], ids=["sample", "hostile"])
def test_no_line_is_wider_than_the_screen(fleet: dict[str, Any]) -> None:
    for line in render_answer(fleet, "all", ()).split("\n"):
        assert display_width(line) <= WIDTH == 80
        assert line.isprintable()
        assert line == line.rstrip()


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.text(), st.text(), max_size=4), st.sets(st.integers(0, 42), min_size=1, max_size=6))
def test_no_name_reason_or_order_breaks_the_width(texts: dict[str, str], orders: set[int]) -> None:
    hosts = {name: result("stalled", None, [reason]) for name, reason in texts.items()}
    for order in orders:
        hosts[f"{order}" * 40] = result("starved", facts("2.6.32-358.23.2.el6.mpc07.x86_64"), ["x"], order=order)
        room = hosts[f"{order}" * 40]["headroom"]
        room.update(atomic=[10**15] * 43, atomic_at_most=[10**16] * 43)
    for line in render_answer(fleet_of(hosts), "all", ()).split("\n"):
        assert display_width(line) <= WIDTH
        assert line.isprintable()


def headings(text: str) -> list[str]:
    return next(line for line in text.split("\n") if line.startswith("HOST")).split()[4:]


def test_an_order_has_a_column_of_its_own() -> None:
    hosts = {f"by-{order}": result("affected", facts(), ["x"], order=order) for order in (2, 3)}
    hosts["blind"] = result("unknown", {**facts(), "zones": None}, ["x"], order=3)
    hosts["gone"] = result("unreachable", None, ["x"])
    text = render_answer(fleet_of(hosts), "all", ())
    assert headings(text) == ["ORDER-2", "ORDER-3"]
    room = {name: hosts[name]["headroom"]["atomic"] for name in ("by-2", "by-3")}
    ends = {line.split()[0]: line[line.index("mlx4_en") + 7 :] for line in text.split("\n") if " mlx4_en" in line}
    assert ends["by-2"].split() == [str(room["by-2"][2])] and ends["by-3"].split() == [str(room["by-3"][3])]
    assert len(ends["by-2"]) + 9 == len(ends["by-3"]) == len(ends["blind"]), "each number stands under its order"
    assert ends["blind"].split() == ["?"]
    assert re.search(r"^gone +unreachable +\? +\? +\? +\?$", text, re.M), "nothing is known of any order"


def test_more_orders_than_columns_share_one() -> None:
    hosts = {f"by-{order}": result("affected", facts(), ["x"], order=order) for order in (0, 2, 3, 5)}
    hosts["gone"] = result("unreachable", None, ["x"])
    text = render_answer(fleet_of(hosts), "all", ())
    assert headings(text) == ["HEADROOM"]
    assert re.search(rf"^by-5 .* {hosts['by-5']['headroom']['atomic'][5]} of order 5$", text, re.M)
    assert re.search(r"^gone .* \?$", text, re.M)


def test_a_fleet_without_facts_has_no_column_of_an_order() -> None:
    assert headings(render_answer(fleet_of({"gone": result("unreachable", None, ["x"])}), "all", ())) == []


@pytest.mark.parametrize(("least", "most", "shown"), [(7, 7, "7"), (0, 1000, "0-1000"), (10**19, 10**20, "1000000000000000…")])
def test_two_bounds_are_shown_where_they_differ(least: int, most: int, shown: str) -> None:
    host = result("starved", facts(), ["x"])
    host["headroom"].update(atomic=[0, 0, least], atomic_at_most=[0, 0, most])
    row = next(line for line in render_answer(fleet_of({"a": host}), "all", ()).split("\n") if line.startswith("a "))
    assert row.split()[-1] == shown


def test_without_ethtool_the_driver_of_the_bus_is_shown() -> None:
    seen = facts()
    seen["nics"] = [{**seen["nics"][1], "driver": None, "bus_driver": bus_driver} for bus_driver in ("virtio_net", None)]
    row = next(line for line in render_answer(fleet_of({"a": result("clear", seen, [])}), "all", ()).split("\n") if line.startswith("a "))
    assert row.split()[3] == "virtio_net"


def test_columns_stay_aligned_behind_wide_characters() -> None:
    hosts = {name: result("stalled", None, []) for name in ("漢字", "e\u0301e\u0301", "plain", "👩 x")}
    lines = [line for line in render_answer(fleet_of(hosts), "all", ()).split("\n") if " stalled  " in line]
    assert len(lines) == 4
    assert len({display_width(line[: line.index("stalled")]) for line in lines}) == 1


def test_worst_first_then_by_name() -> None:
    fleet = sample_fleet()
    text = render_answer(fleet, "all", ())
    names = hosts_in(text, fleet)
    assert set(fleet["hosts"]) - set(names) == {"db-prod-018.storage.example.com"}, "a long name is cut"
    order = list(VERDICTS)
    places = [order.index(fleet["hosts"][name]["verdict"]) for name in names]
    assert places == sorted(places)
    assert names[:2] == ["db-prod-4", "db-prod-017"]
    assert names[-3:] == ["web-9", "web-10", "web-11"]


def test_a_row_says_what_is_known_and_what_is_not() -> None:
    text = render_answer(sample_fleet(), "all", ())
    assert re.search(r"^db-prod-4 +affected +2\.6\.32-358\.23\.2\.el6 +mlx4_en +0$", text, re.M)
    assert re.search(r"^old-print-server +unreachable +\? +\? +\?$", text, re.M)
    assert "    5 order-2 page allocation failures logged" in text


def test_counts_cover_every_verdict_seen() -> None:
    end = render_answer(sample_fleet(), "all", ()).rsplit("\n\n", maxsplit=1)[-1]
    assert " ".join(end.split()) == (
        "16 hosts: 2 affected, 1 starved, 1 stalled, 2 at_risk, 1 unreachable, 1 unknown,"
        " 1 needs_review, 1 reboot_pending, 1 mitigated, 5 clear"
    )


def test_what_sets_the_troubled_apart_stands_before_the_counts() -> None:
    text = render_answer(compared_fleet(), "all", ())
    assert text.split("\n\n")[-2].split("\n") == [
        "What sets the 8 hosts with the trouble apart from the 8 without:",
        "  firmware mlx4_en 2.11.500: 8 of 8 with the trouble have it, 0 of 8 without",
        "    (odds ratio 289, p 0.00016, corrected 0.00016).",
        "  Left out: 1 without facts.",
    ]


def test_nothing_is_said_of_a_comparison_nobody_asked_for_or_without_trouble() -> None:
    without = fleet_of({f"h{number}": result("clear", facts(), []) for number in range(3)})
    for fleet in ({**compared_fleet(), "comparison": None}, without):
        assert "apart" not in render_answer(fleet, "all", ())


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_value_in_the_comparison_breaks_nothing(text: str) -> None:
    lines = render_answer(compared_fleet(text), "all", ()).split("\n")
    assert any(line.startswith("  firmware mlx4_en") for line in lines)
    assert all(line.isprintable() and display_width(line) <= WIDTH for line in lines)


def fleet_with(**hosts: int) -> dict[str, Any]:
    """So many hosts with each verdict."""
    quiet = {verdict: result(verdict, facts() if verdict == "clear" else None, ["x"]) for verdict in hosts}
    return fleet_of({f"{verdict}-{number}": quiet[verdict] for verdict, most in hosts.items() for number in range(most)})


@pytest.mark.parametrize(
    ("hosts", "shown", "said"),
    [
        ({"stalled": 1, "clear": 199}, 1, "… and 199 more clear hosts, see fleet.html"),
        ({"stalled": 200, "clear": 1}, 200, "… and 1 more clear host, see fleet.html"),
        ({"stalled": 201, "clear": 2000}, 200, "… and 1 more that is not clear and 2,000 more clear hosts, see fleet.html"),
        ({"stalled": 1300}, 200, "… and 1,100 more that are not clear, see fleet.html"),
    ],
)
def test_the_list_of_those_that_are_not_clear_ends_and_says_so(hosts: dict[str, int], shown: int, said: str) -> None:
    fleet = fleet_with(**hosts)
    text = render_answer(fleet, "not_clear", ())
    assert len(hosts_in(text, fleet)) == shown
    assert said in text
    assert f"{sum(hosts.values()):,} hosts: {hosts['stalled']:,} stalled" in text
    whole = render_answer(fleet, "all", ())
    assert len(hosts_in(whole, fleet)) == sum(hosts.values()) and "see fleet.html" not in whole


def test_a_clear_host_with_a_warning_comes_before_the_others_and_is_never_hidden() -> None:
    warned = {"web": result("clear", facts(), ["the next boot brings it"], actions=(BOOT_ANOTHER,))}
    few = fleet_of({**fleet_with(clear=5)["hosts"], **warned})
    assert hosts_in(render_answer(few, "all", ()), few)[0] == "web"
    assert "    the next boot brings it" in render_answer(few, "all", ())
    assert hosts_in(render_answer(few, "not_clear", ()), few) == ["web"] and "and 5 more clear hosts, see" in render_answer(
        few, "worst", ()
    )
    worse = fleet_of({**fleet_with(clear=300, unknown=200)["hosts"], **warned})
    text = " ".join(render_answer(worse, "not_clear", ()).split())
    assert "and 301 more clear hosts (1 with a warning), see fleet.html" in text


def test_an_empty_fleet() -> None:
    assert render_answer(fleet_of({}), "all", ()).endswith("\n\n0 hosts\n")


@pytest.mark.parametrize("fleet", [sample_fleet(), hostile_fleet()], ids=["sample", "hostile"])
def test_paint_changes_verdicts_and_nothing_else(fleet: dict[str, Any]) -> None:
    painted: list[tuple[str, str]] = []

    def paint(verdict: str, text: str) -> str:
        painted.append((verdict, text.strip()))
        return f"\x1b[31m{text}\x1b[0m"

    text = render_answer(fleet, "all", (), paint)
    assert re.sub(r"\x1b\[[0-9;]*m", "", text) == render_answer(fleet, "all", ())
    assert text.count("\x1b") == 2 * len(painted)
    in_rows, in_counts = painted[: len(fleet["hosts"])], painted[len(fleet["hosts"]) :]
    assert all(shown == verdict for verdict, shown in in_rows)
    assert in_counts == [(verdict, f"{n} {verdict}") for verdict, n in fleet["counts"].items() if n]


def test_a_host_with_a_cause_has_a_line_on_it() -> None:
    hosts = {"leaks": result("starved", facts(), ["why"]), "well": result("clear", facts(), ["fine"])}
    lines = render_answer(fleet_of(hosts), "all", ()).splitlines()
    assert [line for line in lines if "Cause" in line] == [lines[lines.index("    why") + 1]]
    assert lines[lines.index("    why") + 1].startswith("    Cause: leak, likely: /proc/meminfo: 12.6 GB of 62.8 GB (20 %)")
