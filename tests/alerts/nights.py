# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Thirty nights of the sample fleet, and tonight, as Prometheus would have them: each night's metrics stand until the next audit."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.utc_time import utc_time_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.forecast import forecast
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.keeping import Keeping, default_url
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.observation import Observation
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.recorded_past import read_past
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.remember import remember
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import counts_by_verdict
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import VERDICTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.acknowledged import Acknowledgement
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.prometheus import render_prometheus
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.site import Site
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.templating.templated import plan_value
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.effect import OF_DECISION

from tests.alerts.monitoring import RULES, Server
from tests.conftest import SAMPLE_FLEET, tool

HOUR_SECONDS = 3600
_PAST = SAMPLE_FLEET / "nights.csv"
#: Sound, but its next boot brings the fault: the sample fleet has no such host.
BOOTS_FAULT = "db05-el65"
#: Affected, and it may wait.
WAITS = "web07-el64-bond"
_OLD_KERNEL = "2.6.32-358.el6.x86_64"

#: (when, the text of pagealloc.prom)
Night = tuple[int, str]


def sample_nights() -> list[Night]:
    """All nights, tonight with what a check of the workaround says too."""
    past = read_past(str(_PAST), "sample_fleet")
    seen: dict[str, list[Observation]] = {host: list(reversed(newest)) for host, newest in past.of_host.items()}
    when = sorted(run.at_epoch_seconds for run, _counts in past.runs)
    tonight = when[-1] + 24 * HOUR_SECONDS
    fleet = _tonight(tonight)
    return [
        *((at, _of_observations(at, seen, night)) for night, at in enumerate(when)),
        (tonight, render_prometheus(fleet) + _planned(fleet)),
    ]


def _of_observations(at: int, seen: Mapping[str, list[Observation]], night: int) -> str:
    hosts = {host: _result(host, nights[night], nights[:night]) for host, nights in seen.items() if night < len(nights)}
    counts = counts_by_verdict(hosts.values())
    return render_prometheus({"generated_at": utc_time_of(at), "counts": counts, "history": {"audits": night}, "hosts": hosts})


def _groups_of(host: str) -> list[str]:
    """As an inventory might have them: by what the name begins with."""
    return [re.sub(r"\d.*", "", host)]


def _result(host: str, now: Observation, before: list[Observation]) -> dict[str, Any]:
    """As much of a host's result as its observation holds."""
    failed = None if now.failures is None else {"failures": {"by_order": {str(now.order): now.failures} if now.order is not None else {}}}
    return {
        "verdict": now.verdict,
        "order": now.order,
        "failures_up_to_order": now.order,
        "headroom": None if now.headroom is None else {"atomic": [int(number) for number in now.headroom.split()], "non_atomic": []},
        "facts": failed,
        "account": {"unaccounted_kb": now.unaccounted_kb},
        "causes": [{"cause": cause, "certainty": "likely"} for cause in (now.causes or "").split()],
        "actions": [],
        "groups": _groups_of(host),
        "acknowledged": None,
        "forecast": forecast(before, now),
    }


def _tonight(at: int) -> dict[str, Any]:
    gathered = {path.stem: Gathered.from_record(str(path)) for path in sorted((SAMPLE_FLEET / "evidence").glob("*.evidence"))}
    facts = gathered[BOOTS_FAULT].facts
    assert facts is not None
    kernel = {**facts["kernel"], "default_boot": _OLD_KERNEL, "installed": [*facts["kernel"]["installed"], _OLD_KERNEL]}
    gathered[BOOTS_FAULT] = Gathered({**facts, "kernel": kernel})
    today = datetime.fromtimestamp(at, timezone.utc).date()
    waits = {WAITS: [Acknowledgement("replaced in December", today, VERDICTS)]}
    site = Site(today, {host: _groups_of(host) for host in gathered}, waits)
    fleet = {**judge_fleet(gathered, [], site=site), "generated_at": utc_time_of(at)}
    with tempfile.TemporaryDirectory() as folder:
        remember(fleet, Keeping(default_url(folder), "sample_fleet", 400, whole_fleet=True, write=True, past=str(_PAST)), at)
    return fleet


def _planned(fleet: Mapping[str, Any]) -> str:
    """The metrics of a check of the workaround."""
    hosts = {}
    for name, result in fleet["hosts"].items():
        if result["facts"]:
            outcome = OF_DECISION.get(plan_value(result["facts"], {}, [])["decision"], "planned")
            hosts[name] = {"change": {"what": "workaround", "outcome": outcome, "before": None, "after": None}}
    return render_prometheus({"generated_at": fleet["generated_at"], "hosts": hosts})


def open_metrics(samples: Iterable[tuple[int, str]]) -> Iterator[str]:
    """Samples, each with its time, in the format that promtool reads: those of one metric together."""
    lines: dict[str, list[str]] = defaultdict(list)
    for at, sample in samples:
        lines[re.split("[{ ]", sample, maxsplit=1)[0]].append(f"{sample} {at}\n")
    for name, told in lines.items():
        yield f"# TYPE {name} gauge\n"
        yield from told
    yield "# EOF\n"


def standing(nights: Iterable[Night], every_seconds: int, hours: int = 24) -> Iterator[tuple[int, str]]:
    """Each night's samples, so often until the next audit, as a collector gives them that is asked again and again."""
    for at, text in nights:
        samples = [line for line in text.splitlines() if not line.startswith("#")]
        for now in range(at, at + hours * HOUR_SECONDS, every_seconds):
            yield from ((now, sample) for sample in samples)


def fill(data: Path, samples: Iterable[tuple[int, str]]) -> None:
    """Blocks of Prometheus with these samples."""
    file = data.with_suffix(".openmetrics")
    with file.open("w", encoding="utf-8") as written:
        written.writelines(open_metrics(samples))
    # one pass over the file for all, and not one for every two hours
    _promtool("--max-block-duration=2000h", "openmetrics", str(file), str(data))
    file.unlink()


def sums(server: Server, start: int, end: int, every_seconds: int) -> Iterator[tuple[int, str]]:
    """What the rules record, reckoned by the Prometheus of what it has. (promtool can do this too, in blocks of two hours, which takes
    ten minutes for thirty nights.)"""
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"] if "record" in rule]
    for rule in rules:
        for series in server.query_range(rule["expr"], start, end, every_seconds):
            labels = ",".join(f"{name}={json.dumps(value)}" for name, value in series["metric"].items())
            yield from ((int(at), f"{rule['record']}{{{labels}}} {value}") for at, value in series["values"])


def _promtool(*words: str) -> None:
    done = subprocess.run(
        [tool("promtool", "prometheus"), "tsdb", "create-blocks-from", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
