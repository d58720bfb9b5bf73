# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a large fleet costs Prometheus: its series, and the time of the dashboard's queries and of the rules."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

import yaml
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.utc_time import utc_time_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import counts_by_verdict
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.files import METRICS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.prometheus import render_prometheus

from tests.alerts.dashboard import PANELS, asked
from tests.alerts.monitoring import RULES, Server, running_prometheus
from tests.alerts.nights import HOUR_SECONDS, fill, standing, sums
from tests.benchmarks.figures import Figure, progress, rounded
from tests.benchmarks.size import Size
from tests.conftest import SAMPLE_FLEET

#: One host of so many is not clear, as in a fleet that is looked after. Of the sample fleet it is every other one.
_ONE_IN = 50
_NIGHTS = 30
_STEP_SECONDS = 300
_END = 1_700_000_000
_ROUNDS = 3


def metrics(_folder: Path, size: Size) -> list[Figure]:
    """The series of a fleet with all its hosts in the metrics, and with those in trouble alone."""
    hosts = size.fleets[1]
    counted, as_sampled = (
        {kind: _series(fleet, only_trouble=kind == "trouble") for kind in METRICS} for fleet in (_fleet(hosts, _ONE_IN), _fleet(hosts, 1))
    )
    note = f"series of {hosts:,} hosts with audit_metrics=trouble / with all; one host in {_ONE_IN} is not clear"
    more = {
        "series_all": counted["all"],
        "series_trouble": counted["trouble"],
        "series_all_sample_fleet": as_sampled["all"],
        "series_trouble_sample_fleet": as_sampled["trouble"],
    }
    progress(f"  {more}")
    return [Figure("metrics_trouble_vs_all_series", [counted["trouble"] / counted["all"]], note, 0.10, more)]


def dashboard(folder: Path, size: Size) -> list[Figure]:
    """The slowest query of the dashboard, and a round of the rules, at the last second of thirty nights of a large fleet in which half
    of the hosts are in trouble, with a sample of each series every five minutes in the last hour."""
    fleet = _fleet(size.fleets[1], 1)
    host = next(name for name, result in fleet["hosts"].items() if result["verdict"] == "affected")
    now = [(_END - HOUR_SECONDS, render_prometheus(fleet))]
    progress(f"  {_series(fleet, only_trouble=False):,} series are written ...")
    fill(folder / "data", standing(now, _STEP_SECONDS, hours=1))
    last = _END - _STEP_SECONDS
    with running_prometheus(folder, "{}") as server:
        nights = list(_thirty_nights(server, now[0][1], host, last))
    fill(folder / "data", nights)
    with running_prometheus(folder, "{}") as server:
        start = last - _NIGHTS * 24 * HOUR_SECONDS
        values = {"host": host, "order": "2"}
        taken = {one.panel["title"]: _seconds(lambda one=one: asked(server, one, values, start, last)) for one in PANELS}
        rules = [rule["expr"] for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
        of_rules = sum(_seconds(lambda rule=rule: server.query(rule, time=str(last))) for rule in rules)
    slowest = max(taken, key=lambda title: taken[title])
    more = {"slowest": slowest, "seconds": rounded(taken[slowest]), "rules_seconds": rounded(of_rules)}
    progress(f"  {more}")
    note = f"seconds of the dashboard's slowest query ({slowest}) at {size.fleets[1]:,} hosts / 1"
    return [Figure("dashboard_10k_slowest_query_vs_1_second", [taken[slowest]], note, 1.0, more)]


def _seconds(ask: Callable[[], object]) -> float:
    """The median of a few. What is asked has to be there: an empty answer is quick. Alerts need not fire."""
    taken = []
    for _round in range(_ROUNDS):
        start = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - start)
    return median(taken)


def _thirty_nights(server: Server, text: str, host: str, last: int) -> Iterator[tuple[int, str]]:
    """The sums and the one host that the panels over time show, as they are at the end, before the last hour."""
    begin = last - _NIGHTS * 24 * HOUR_SECONDS
    lines = [line for line in text.splitlines() if f'host="{host}"' in line or line.startswith("pagealloc_hosts{")]
    recorded = [sample for at, sample in sums(server, last, last, _STEP_SECONDS) if at == last]
    for at in range(begin, _END - HOUR_SECONDS, _STEP_SECONDS):
        yield from ((at, sample) for sample in lines)
    for at in range(begin, last + 1, _STEP_SECONDS):
        yield from ((at, sample) for sample in recorded)


def _series(fleet: dict[str, Any], *, only_trouble: bool) -> int:
    return sum(not line.startswith("#") for line in render_prometheus(fleet, only_trouble=only_trouble).splitlines())


def _fleet(hosts: int, one_in: int) -> dict[str, Any]:
    """The sample fleet's hosts by turns. With ``one_in`` above 1, those that are not clear are one of so many."""
    gathered = {path.stem: Gathered.from_record(str(path)) for path in sorted((SAMPLE_FLEET / "evidence").glob("*.evidence"))}
    judged = judge_fleet(gathered, [], comparing=False)
    ill, clear = ([one for one in judged["hosts"].items() if (one[1]["verdict"] == "clear") == well] for well in (False, True))
    if one_in > 1:
        ills, clears = cycle(ill), cycle(clear)
        turns = (next(clears if number % one_in else ills) for number in range(hosts))
    else:
        turns = islice(cycle(judged["hosts"].items()), hosts)
    made = {f"{name}-{number:05d}": {**result, "groups": [f"rack{number % 200}", "linux"]} for number, (name, result) in enumerate(turns)}
    return {**judged, "generated_at": utc_time_of(_END), "hosts": made, "counts": counts_by_verdict(made.values())}
