# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each stage of the pipeline takes for one host, in this process, over the sample fleet again and again."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import read_transcript
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.compare.comparison import compare
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import classify
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.headroom import headroom
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.files import REPORTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.last_screen import render_answer

from tests.benchmarks.figures import Figure, progress, rounded
from tests.benchmarks.size import Size
from tests.conftest import SAMPLE_FLEET

#: Part of classify, and measured alone beside it: not added to the sum.
_WITHIN_CLASSIFY = "headroom"


def classify_stages(_folder: Path, size: Size) -> list[Figure]:
    texts = {path.stem: path.read_text() for path in sorted((SAMPLE_FLEET / "evidence").glob("*.evidence"))}
    measurements = size.pairs * size.rounds
    progress(f"  {len(texts)} hosts, {measurements} times")
    _one_round(texts)  # fills the caches that a run of the audit fills with its first hosts
    rounds = [_one_round(texts) for _number in range(measurements)]
    stages = {name: rounded(median(one[name] for one in rounds)) for name in rounds[0]}
    shares = [one["classify"] / _whole(one) for one in rounds]
    whole = median(map(_whole, rounds))
    more = {
        "microseconds_per_host": {**stages, "whole": rounded(whole)},
        "hosts_per_second": round(1e6 / whole),
        "classify_hosts_per_second": round(1e6 / stages["classify"]),
    }
    note = (
        f"classify, headroom within it, / the whole of reading, parsing, judging and reporting one host, in one process; medians of "
        f"{measurements} rounds over the sample fleet. Rendering is that of a fleet of {len(texts)}"
    )
    return [Figure("classify", shares, note, None, more)]


def _whole(stages: dict[str, float]) -> float:
    return sum(taken for name, taken in stages.items() if name != _WITHIN_CLASSIFY)


def _one_round(texts: dict[str, str]) -> dict[str, float]:
    """Microseconds for each host by stage; hosts that gave no facts go through as those that did."""
    taken: dict[str, float] = {}

    def stage(name: str, work: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        result = work()
        taken[name] = 1e6 * (time.perf_counter() - start) / len(texts)
        return result

    advisories = load_catalogue()
    evidence = stage("read_transcript", lambda: {name: read_transcript(text) for name, text in texts.items()})
    gathered = stage("parse_facts", lambda: {name: Gathered.from_evidence(one) for name, one in evidence.items()})
    seen: list[Any] = [one.facts for one in gathered.values() if isinstance(one, Gathered) and one.facts is not None]
    stage("headroom", lambda: [headroom(facts) for facts in seen])
    stage("classify", lambda: [classify(facts, advisories) for facts in seen])
    fleet = judge_fleet(gathered, [])
    stage("compare", lambda: compare(fleet["hosts"]))
    for kind, (_file, render) in REPORTS.items():
        stage(kind, lambda render=render: render(fleet))  # type: ignore[misc]
    stage("table", lambda: render_answer(fleet, "all", ()))
    return taken
