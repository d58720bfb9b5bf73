# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit sends its metrics to a real Pushgateway and a real VictoriaMetrics; where it cannot, it says so and is done."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.alerts.monitoring import running_pushgateway, running_victoria_metrics, soon
from tests.conftest import SAMPLE_FLEET
from tests.playbook import Ansible, newest, oldest

HOSTS = {name: {"audit_evidence": str(SAMPLE_FLEET / "evidence" / f"{name}.evidence")} for name in ("db03-el64-seed", "db05-el65")}


@pytest.fixture(scope="module", params=["oldest", "newest"])
def ansible(request: pytest.FixtureRequest) -> Ansible:
    return oldest() if request.param == "oldest" else newest()


def audited(ansible: Ansible, folder: Path, *words: str, check: bool = True, **options: Any) -> tuple[str, Path]:
    """(all that was said, the file of metrics)"""
    given = folder / "options.json"  # Ansible itself tells what stands on its command line
    given.write_text(json.dumps({"pagealloc_push_timeout_seconds": 5, **options}))
    _fleet, done = ansible.audit(folder, HOSTS, "-e", f"@{given}", *words, check=check)
    return done.stdout + done.stderr, folder / "pagealloc-report" / "pagealloc.prom"


def samples(text: str) -> set[str]:
    return {line for line in text.splitlines() if line.startswith("pagealloc_")}


def name(sample: str) -> str:
    return re.split("[{ ]", sample)[0]


def test_a_pushgateway_has_the_last_audit_and_no_other(ansible: Ansible, tmp_path: Path) -> None:
    with running_pushgateway(tmp_path / "gateway") as gateway:
        url = f"{gateway.url}/metrics/job/pagealloc/fleet/berlin"
        audited(ansible, tmp_path, pagealloc_push_url=url)
        said, file = audited(ansible, tmp_path, pagealloc_push_url=url, audit_metrics="trouble")
        group = 'fleet="berlin",instance="",job="pagealloc",role="audit"'
        assert f'pagealloc_hosts{{{group},verdict="affected"}} 1' in gateway.get("/metrics")
        assert Counter(map(name, samples(gateway.get("/metrics")))) == Counter(map(name, samples(file.read_text())))
        assert "db03-el64-seed" in gateway.get("/metrics") and "db05-el65" not in gateway.get("/metrics")
        assert "WARNING" not in said


def test_in_check_mode_nothing_is_sent(ansible: Ansible, tmp_path: Path) -> None:
    with running_pushgateway(tmp_path / "gateway") as gateway:
        audited(ansible, tmp_path, "--check", pagealloc_push_url=f"{gateway.url}/metrics/job/pagealloc")
        assert "pagealloc_" not in gateway.get("/metrics")


def test_an_audit_with_a_limit_takes_nothing_from_the_other_hosts(ansible: Ansible, tmp_path: Path) -> None:
    with running_pushgateway(tmp_path / "gateway") as gateway:
        url = f"{gateway.url}/metrics/job/pagealloc"
        audited(ansible, tmp_path, pagealloc_push_url=url)
        before = samples(gateway.get("/metrics"))
        said, _file = audited(ansible, tmp_path, "--limit", "db05-el65", pagealloc_push_url=url)
        assert "with --limit, the metrics of some hosts would replace" in " ".join(said.split())
        assert samples(gateway.get("/metrics")) == before and any("db03-el64-seed" in one for one in before)


def test_the_file_of_all_hosts_stays_where_an_audit_has_a_limit(ansible: Ansible, tmp_path: Path) -> None:
    _said, file = audited(ansible, tmp_path, "--limit", "db05-el65")
    assert "db05-el65" in file.read_text(), "where there is no other there is nothing to lose"
    audited(ansible, tmp_path)
    written = file.read_text()
    said, _file = audited(ansible, tmp_path, "--limit", "db05-el65")
    assert file.read_text() == written and "db03-el64-seed" in written
    assert list(json.loads((file.parent / "fleet.json").read_text())["hosts"]) == ["db05-el65"], "the report is of those that were asked"
    assert "stays as the audit before left it" in " ".join(said.split())
    said, _file = audited(ansible, tmp_path, "--limit", "all")
    assert file.read_text() != written and "stays as the audit" not in " ".join(said.split())


def test_victoria_metrics_takes_the_same(ansible: Ansible, tmp_path: Path) -> None:
    with running_victoria_metrics(tmp_path / "victoria") as server:
        audited(ansible, tmp_path, pagealloc_push_url=f"{server.url}/api/v1/import/prometheus?extra_label=fleet=berlin")
        found = soon(lambda: server.query("last_over_time(pagealloc_host_verdict[1h])", nocache="1"))
    verdicts = {one["metric"]["host"]: (one["metric"]["verdict"], one["metric"]["fleet"]) for one in found}
    assert verdicts == {"db03-el64-seed": ("affected", "berlin"), "db05-el65": ("clear", "berlin")}


def test_a_gateway_that_is_down_costs_a_warning_without_the_password(ansible: Ansible, tmp_path: Path) -> None:
    url = "http://me:hidden1word@127.0.0.1:1/metrics/job/pagealloc?token=hidden2word"
    said, file = audited(ansible, tmp_path, "-vvvv", pagealloc_push_url=url)
    assert "The metrics were not sent" in said and "Connection refused" in said
    assert samples(file.read_text())
    written = "".join(path.read_text() for path in file.parent.iterdir() if path.suffix != ".db")
    assert "hidden1word" not in said + written and "hidden2word" not in said + written


def test_what_is_no_address_is_refused_before_any_host_is_asked(ansible: Ansible, tmp_path: Path) -> None:
    for options, why in (
        ({"pagealloc_push_url": "http://me:hidden1word@gateway:9091"}, "/metrics/job/NAME"),
        ({"pagealloc_push_url": "ftp://gateway/metrics/job/a"}, "http:// or https://"),
        ({"pagealloc_push_timeout_seconds": 0}, "must be 1 or more"),
        ({"audit_metrics": "few"}, "audit_metrics"),
    ):
        said, file = audited(ansible, tmp_path, check=False, **options)
        assert why in " ".join(said.split()) and "hidden1word" not in said and not file.exists()
