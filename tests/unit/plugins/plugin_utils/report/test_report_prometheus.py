# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pagealloc.prom, read back by the parser of prometheus_client."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import VERDICTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.prometheus import (
    prometheus_lines,
    render_prometheus,
    tells_of_others,
)
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.report.sample_fleet import (
    HOSTILE,
    changed_fleet,
    facts,
    fleet_of,
    hostile_fleet,
    large_fleet,
    result,
    sample_fleet,
)
from hypothesis import example, given
from hypothesis import strategies as st

from tests.conftest import tool

try:
    from prometheus_client.parser import text_string_to_metric_families
except ImportError:
    if os.environ.get("CI"):
        raise
    pytest.skip("prometheus_client is not installed", allow_module_level=True)

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(fleet: dict[str, Any]) -> Samples:
    """Every sample by its name and labels; two of one identity would make Prometheus refuse all."""
    found: Samples = {}
    for family in text_string_to_metric_families(render_prometheus(fleet)):
        assert family.type == "gauge"
        assert family.documentation
        for sample in family.samples:
            identity = (sample.name.removeprefix("pagealloc_"), frozenset(sample.labels.items()))
            assert identity not in found
            found[identity] = sample.value
    return found


@pytest.mark.parametrize("make", [sample_fleet, hostile_fleet])
def test_whether_it_tells_of_others(make: Callable[[], dict[str, Any]]) -> None:
    fleet = make()
    every = set(fleet["hosts"])
    for only_trouble in (False, True):
        text = render_prometheus(fleet, only_trouble=only_trouble)
        assert not tells_of_others(text, every) and not tells_of_others(text, every | {"more"})
        for host in every:
            assert tells_of_others(text, every - {host})
            assert tells_of_others(text, every - {host} | {"more"}) or only_trouble
    assert not tells_of_others("", []) and not tells_of_others("pagealloc_hosts{} x\n#", ["a"])


def test_what_became_of_other_hosts_stays() -> None:
    """An alert on a cure that failed must not end because another host was cured."""
    before = render_prometheus(changed_fleet())
    host = changed_fleet()["hosts"]["applied-1"]
    now = {**changed_fleet(), "hosts": {"applied-1": {**host, "change": {**host["change"], "outcome": "failed"}}}}
    text = "".join(prometheus_lines(now, before=before, elsewhere=["failed-1", "unreachable-1", "never"]))
    lines = [line for line in text.splitlines() if line.startswith("pagealloc_change_outcome")]
    assert lines == [
        'pagealloc_change_outcome{host="applied-1",what="workaround",outcome="failed"} 1',
        'pagealloc_change_outcome{host="failed-1",what="workaround",outcome="failed"} 1',
        'pagealloc_change_outcome{host="unreachable-1",what="workaround",outcome="unreachable"} 1',
    ]
    kept = [line for line in before.splitlines() if line.startswith("pagealloc_change_min_free_bytes") and "failed-1" in line]
    assert kept and set(kept) <= set(text.splitlines())
    assert text.count("# TYPE") == before.count("# TYPE") and text.count("# HELP") == before.count("# HELP")


@given(st.sampled_from(HOSTILE) | st.text())
def test_what_became_of_a_host_stays_whatever_its_name(name: str) -> None:
    host = changed_fleet()["hosts"]["applied-1"]
    before = render_prometheus({**changed_fleet(), "hosts": {name: host}})
    now = {**changed_fleet(), "hosts": {"another": host}}
    text = "".join(prometheus_lines(now, before=before, elsewhere=[name]))
    if name != "another":
        assert {line for line in before.splitlines() if line.startswith("pagealloc_change_outcome")} <= set(text.splitlines())


def at(found: Samples, name: str, **labels: str) -> float | None:
    return found.get((name, frozenset(labels.items())))


def test_every_host_has_its_verdict_and_every_verdict_its_number() -> None:
    fleet = sample_fleet()
    found = samples(fleet)
    for name, host in fleet["hosts"].items():
        assert at(found, "host_verdict", host=name, verdict=host["verdict"]) == 1
    assert sum(name == "host_verdict" for name, _labels in found) == len(fleet["hosts"])
    for verdict in VERDICTS:
        assert at(found, "hosts", verdict=verdict) == fleet["counts"][verdict]


def test_headroom_and_unusable_memory() -> None:
    fleet = sample_fleet()
    found = samples(fleet)
    room = fleet["hosts"]["backup-ams-02"]["headroom"]
    for order in (2, 3):
        one = {"host": "backup-ams-02", "order": str(order)}
        assert at(found, "headroom_requests", atomic="true", **one) == room["atomic"][order]
        assert at(found, "headroom_requests", atomic="false", **one) == room["non_atomic"][order]
        assert at(found, "unusable_free_ratio", **one) == pytest.approx(room["unusable_free_percent"][order] / 100, abs=1e-6)
    assert at(found, "headroom_requests", host="db-prod-4", order="2", atomic="true") == 0


def orders(fleet: dict[str, Any], name: str = "headroom_requests") -> set[str]:
    return {dict(labels)["order"] for metric, labels in samples(fleet) if metric == name}


@pytest.mark.parametrize(
    ("judged_by", "up_to", "shown"), [(2, 3, {"2", "3"}), (3, 3, {"3"}), (5, 3, {"5"}), (1, 4, {"1", "2", "3", "4"}), (0, 0, {"0"})]
)
def test_the_orders_are_those_that_hosts_are_judged_by(judged_by: int, up_to: int, shown: set[str]) -> None:
    host = {**result("clear", facts(), []), "order": judged_by, "failures_up_to_order": up_to}
    fleet = fleet_of({"h": host})
    assert orders(fleet) == orders(fleet, "unusable_free_ratio") == orders(fleet, "allocation_failures") == shown


def test_every_host_has_the_series_of_every_order_of_the_fleet() -> None:
    fleet = fleet_of({"a": result("clear", facts(), []), "b": result("clear", facts(), [], order=5), "c": result("unknown", None, [])})
    for host in "ab":
        series = {dict(labels)["order"] for metric, labels in samples(fleet) if metric == "headroom_requests" and ("host", host) in labels}
        assert series == {"2", "3", "5"}
    assert orders(fleet_of({"c": result("unknown", None, [])})) == set()


def test_what_is_not_known_has_no_sample_and_zero_has_one() -> None:
    found = samples(sample_fleet())
    for name in ("headroom_requests", "unusable_free_ratio", "allocation_failures"):
        hosts = {dict(labels)["host"] for metric, labels in found if metric == name}
        assert not hosts & {"old-print-server", "app-legacy-3", "db-prod-018.storage.example.com"}
    assert at(found, "allocation_failures", host="web-1", order="2") == 0
    assert at(found, "allocation_failures", host="db-prod-017", order="2") == 41


def test_no_free_page_gives_no_ratio_and_few_orders_no_sample() -> None:
    host = sample_fleet()["hosts"]["web-1"]
    host["headroom"] |= {"unusable_free_percent": [None] * 11, "atomic": [1, 2], "non_atomic": [1, 2]}
    found = samples(fleet_of({"web-1": host}))
    assert not {name for name, _labels in found} & {"unusable_free_ratio", "headroom_requests"}


@pytest.mark.parametrize("stamp", ["2026-11-24T02:00:00Z", "2026-11-24T03:00:00+01:00", "2026-11-24T02:00:00"])
def test_the_time_of_the_audit(stamp: str) -> None:
    found = samples({**sample_fleet(), "generated_at": stamp})
    assert at(found, "audit_timestamp_seconds") == datetime(2026, 11, 24, 2, tzinfo=timezone.utc).timestamp()


def test_hostile_names_stay_one_series_each() -> None:
    text = render_prometheus(hostile_fleet())
    text.encode("utf-8")
    assert all(line.isprintable() for line in text.split("\n"))
    found = samples(hostile_fleet())
    assert sum(name == "host_verdict" for name, _labels in found) == len(HOSTILE)
    assert at(found, "host_verdict", host="\"quotes' & \\ back`tick", verdict="starved") == 1


def test_long_names_that_differ_at_their_ends_stay_apart() -> None:
    hosts = {"x" * 1000 + end: result("unreachable", None, []) for end in "ab"}
    assert sum(name == "host_verdict" for name, _labels in samples(fleet_of(hosts))) == 2


@given(st.sets(st.text(alphabet=' \t\n\u2028\u200b\\"{xt0', max_size=6)))
@example({"db  1", "db 1", "db\t1", "db\u00a01"})
@example({"a\x1b", "a\\x1b"})
def test_names_that_read_the_same_stay_apart(names: set[str]) -> None:
    found = samples(fleet_of({name: result("unreachable", None, []) for name in names}))
    assert sum(name == "host_verdict" for name, _labels in found) == len(names)


def test_an_empty_fleet_has_all_counts() -> None:
    found = samples(fleet_of({}))
    assert [at(found, "hosts", verdict=verdict) for verdict in VERDICTS] == [0] * len(VERDICTS)


def test_large_fleets() -> None:
    assert sum(name == "host_verdict" for name, _labels in samples(large_fleet(500))) == 500


def test_what_is_unaccounted_and_the_causes() -> None:
    fleet = sample_fleet()
    known, unknown = fleet["hosts"]["db-prod-4"], fleet["hosts"]["backup-ams-02"]
    known["account"]["unaccounted_kb"], unknown["account"]["unaccounted_kb"] = 7, None
    found = samples(fleet)
    assert at(found, "unaccounted_bytes", host="db-prod-4") == 7 * 1024
    assert not [labels for name, labels in found if name == "unaccounted_bytes" and ("host", "backup-ams-02") in labels]
    assert at(found, "host_cause", host="db-prod-4", cause="leak", certainty="likely") == 1
    healthy = [name for name, host in fleet["hosts"].items() if not host["causes"]]
    assert healthy and not [labels for name, labels in found if name == "host_cause" and dict(labels)["host"] in healthy]


def forecast(headroom_end: str | None = None, unaccounted_end: str | None = None) -> dict[str, Any]:
    ends = {"exhausted_earliest": headroom_end, "exhausted_latest": headroom_end}
    return {"forecast": {**ends, "unaccounted": {"exhausted_earliest": unaccounted_end, "exhausted_latest": None}}}


def of_some_kinds() -> dict[str, Any]:
    """Quiet, in trouble, and clear with something to come: each host of its kind is named after it."""
    clear = result("clear", facts(), [])
    hosts = {
        "quiet": {**clear, **forecast()},
        "affected": result("affected", facts(), []),
        "unknown": result("unknown", None, []),
        "falls": {**clear, **forecast("2026-12-01T00:00:00Z")},
        "leaks": {**clear, **forecast(None, "2026-12-02T00:00:00Z")},
        "boots": {**clear, "actions": [{"action": "set_default_kernel", "description": ""}]},
    }
    return {**fleet_of(hosts), "history": {"audits": 7}}


def hosts_with(found: Samples, name: str, **labels: str) -> set[str]:
    wanted = set(labels.items())
    return {dict(of)["host"] for metric, of in found if metric == name and wanted <= of}


def test_what_is_coming_has_its_date() -> None:
    found = samples(of_some_kinds())
    ends = {"headroom_exhausted_timestamp_seconds": "falls", "available_exhausted_timestamp_seconds": "leaks"}
    for name, host in ends.items():
        assert hosts_with(found, name) == {host}
    first = datetime(2026, 12, 1, tzinfo=timezone.utc).timestamp()
    assert at(found, "headroom_exhausted_timestamp_seconds", host="falls", end="latest") == first
    assert at(found, "available_exhausted_timestamp_seconds", host="leaks", end="earliest") == first + 86400
    assert at(found, "available_exhausted_timestamp_seconds", host="leaks", end="latest") is None


def test_a_kernel_that_boots_the_fault_next_is_told() -> None:
    assert hosts_with(samples(of_some_kinds()), "host_boots_fault_next") == {"boots"}


def test_with_trouble_alone_a_quiet_host_has_no_series_and_is_counted() -> None:
    fleet = of_some_kinds()
    text = render_prometheus(fleet, only_trouble=True)
    assert 'host="quiet"' not in text and 'pagealloc_hosts{verdict="clear"} 4' in text
    every, fewer = set(render_prometheus(fleet).splitlines()), set(text.splitlines())
    assert fewer < every
    assert every - fewer == {line for line in every if 'host="quiet"' in line}


def test_a_fleet_that_was_changed_gives_nothing_that_an_audit_gives() -> None:
    fleet = of_some_kinds()
    change = {"what": "workaround", "outcome": "exhausted", "before": None, "after": None}
    fleet["hosts"]["affected"]["change"] = change
    found = samples(fleet)
    assert {name for name, _labels in found} == {"change_timestamp_seconds", "change_outcome"}
    assert hosts_with(found, "change_outcome", outcome="exhausted") == {"affected"}


def test_promtool_finds_nothing_amiss() -> None:
    promtool = tool("promtool", "prometheus")
    changed = of_some_kinds()
    changed["hosts"]["affected"]["change"] = {"what": "workaround", "outcome": "applied", "before": None, "after": None}
    for fleet in (of_some_kinds(), sample_fleet(), hostile_fleet(), changed):
        text = render_prometheus(fleet)
        done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout + done.stderr) == (0, "")
