# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter of events: what gets past it, and what is counted and does nothing."""

from __future__ import annotations

import json
import re
import runpy
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.alerts.monitoring import soon
from tests.conftest import ROOT

PLUGIN = ROOT / "extensions" / "eda" / "plugins" / "event_filter" / "known_hosts.py"
FILTER = runpy.run_path(str(PLUGIN))
KNOWN = frozenset({"db01", "db02", "web-1.example.com"})
HOSTILE = (
    "{{ lookup('pipe', 'touch /tmp/owned') }}", "db01,all", "all", "*", "db*", "!db01", "~db.*", "@/etc/passwd",
    "db01; reboot", "-e x=1", "db01\n",
    " db01", "DB01", "db01:&web", "", "x" * 100_000, "db01\0", "\ud800",
)  # fmt: skip


def gate(throttle: int = 3600, most: int = 20) -> Any:
    return FILTER["Gate"](throttle, most)


def event(host: Any, message: Any = "page allocation failure") -> dict[str, Any]:
    return {"payload": {"host": host, "message": message}, "meta": {"headers": {"x": "{{ 1 }}"}, "endpoint": "{{ 2 }}"}}


def alerts(*named: tuple[Any, str]) -> dict[str, Any]:
    return {
        "payload": {
            "status": "firing",
            "alerts": [{"status": status, "labels": {"alertname": "x", "host": host}} for host, status in named],
        }
    }


def test_a_host_of_the_inventory_has_its_turn_once_in_a_while() -> None:
    door = gate(throttle=100)
    assert door.passing(event("db01"), KNOWN, 0.0) == ["db01"]
    assert door.passing(event("db01"), KNOWN, 99.9) == []
    assert door.passing(event("db02"), KNOWN, 99.9) == ["db02"]
    assert door.passing(event("db01"), KNOWN, 100.0) == ["db01"]
    assert door.counts == {"accepted": 3, "throttled": 1}


def test_of_an_alert_each_host_that_fires_has_its_turn() -> None:
    door = gate()
    found = door.passing(
        alerts(("db01", "firing"), ("db02", "resolved"), ("db01", "firing"), ("db99", "firing"), (7, "firing")), KNOWN, 0.0
    )
    assert found == ["db01"]
    assert door.counts == {"accepted": 1, "resolved": 1, "throttled": 1, "unknown_host": 1, "malformed": 1}


@pytest.mark.parametrize("host", HOSTILE)
def test_what_is_no_name_of_the_inventory_does_nothing(host: str) -> None:
    door = gate()
    assert door.passing(event(host), KNOWN, 0.0) == door.passing(alerts((host, "firing")), KNOWN, 0.0) == []
    assert door.counts == {"unknown_host": 2}


@pytest.mark.parametrize(
    "body", [None, [], "text", {}, {"host": None}, {"host": ["db01"]}, {"alerts": []}, {"alerts": "db01"}, {"alerts": [1]}]
)
def test_what_is_no_event_of_ours_is_counted(body: Any) -> None:
    door = gate()
    assert door.passing({"payload": body}, KNOWN, 0.0) == [] and door.counts["malformed"] == 1


@given(
    st.recursive(
        st.none() | st.text() | st.integers() | st.sampled_from(sorted(KNOWN)),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["payload", "alerts", "labels", "host", "status"]) | st.text(), inner)
        ),
        max_leaves=20,
    )
)
def test_whatever_comes_only_names_of_the_inventory_get_past(sent: Any) -> None:
    assert set(gate().passing({"payload": sent}, KNOWN, 0.0)) <= KNOWN
    assert set(gate().passing(sent, KNOWN, 0.0)) <= KNOWN


def test_a_flood_is_counted() -> None:
    door, start = gate(most=5), time.monotonic()
    many = frozenset(f"db{number:05d}" for number in range(10_000))
    passed = [host for number in range(10_000) for host in door.passing(event(f"db{number:05d}"), many, number / 1000)]
    assert len(passed) == 5 and door.counts == {"accepted": 5, "over_limit": 9_995}
    repeated = [host for _number in range(10_000) for host in door.passing(event("db00000"), many, 11.0)]
    assert repeated == [] and door.counts["throttled"] == 10_000
    assert time.monotonic() - start < 5
    assert door.passing(event("db00009"), many, 3610.0) == ["db00009"]


def test_a_list_of_alerts_without_end_is_cut() -> None:
    door = gate()
    door.passing(alerts(*[("nobody", "firing")] * 5000), KNOWN, 0.0)
    assert door.counts == {"unknown_host": 1000}


def test_names_that_are_patterns_or_groups_are_none_of_the_inventory() -> None:
    listing = {
        "_meta": {"hostvars": {"db01": {}, "db[0]": {}}},
        "all": {"children": ["ungrouped", "db"]},
        "db": {"hosts": ["db02", "db", "a b", "-x", "{{ x }}", "web:1", "d\u00e4b"]},
    }
    assert FILTER["hosts_of"](listing) == {"db01", "db02"}


@pytest.fixture
def inventory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "inventory.json"
    path.write_text(json.dumps({"all": {"hosts": {"db01": {"secret": "{{ x }}"}, "db02": {}}}}))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
    monkeypatch.setenv("PAGEALLOC_EVENTS_INVENTORY", str(path))
    return path


def test_the_whole_filter_gives_names_and_counts(inventory: Path, tmp_path: Path) -> None:
    main = runpy.run_path(str(PLUGIN))["main"]
    counts = tmp_path / "events.prom"
    options = {"do": "check", "counts": str(counts)}
    assert main(event("db01", "{{ 7 * 7 }}"), **options) == [{"pagealloc": {"hosts": "db01", "do": "check"}}]
    assert main(event("db01"), **options) == main(event("nobody"), **options) == []
    assert main(alerts(("db02", "firing"), ("db01", "firing")), **options) == [{"pagealloc": {"hosts": "db02", "do": "check"}}]
    assert soon(lambda: counts.exists() and re.search('"unknown_host"} 1', counts.read_text()))
    told = Counter(dict(re.findall(r'outcome="(\w+)"} (\d+)', counts.read_text())))
    assert told == {"accepted": "2", "throttled": "2", "over_limit": "0", "unknown_host": "1", "resolved": "0", "malformed": "0"}


def test_an_inventory_that_cannot_be_read_lets_nobody_past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    main = runpy.run_path(str(PLUGIN))["main"]
    assert main(event("localhost"), inventory=str(tmp_path / "none")) == []


@pytest.mark.parametrize("options", [{}, {"inventory": "x", "do": "reboot"}, {"inventory": "x", "throttle_seconds": "soon"}])
def test_wrong_options_are_told_with_the_first_event(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        runpy.run_path(str(PLUGIN))["main"](event("db01"), **options)
