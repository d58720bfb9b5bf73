# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events that reach a real ansible-rulebook, and the whole way from an audit's alert to the audit that ends it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.alerts.eda import TOKEN, Rulebook, running_rulebook
from tests.alerts.monitoring import RULES, Server, running_alertmanager, running_prometheus, running_pushgateway, soon
from tests.alerts.test_known_hosts import HOSTILE
from tests.conftest import SAMPLE_FLEET
from tests.playbook import Ansible, inventory, newest, oldest


def recorded(name: str) -> dict[str, str]:
    return {"audit_evidence": str(SAMPLE_FLEET / "evidence" / f"{name}.evidence")}


HOSTS = {"db03": recorded("db03-el64-seed"), "db05": recorded("db05-el65")}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rulebook]:
    folder = tmp_path_factory.mktemp("rulebook")
    with running_rulebook(folder, inventory(folder, HOSTS), MOST_HOSTS_AN_HOUR="3") as started:
        yield started


def test_forged_and_hostile_events_and_a_flood_do_nothing_but_be_counted(running: Rulebook) -> None:
    assert set(running.send({"host": "db03"}, token="") + running.send({"host": "db03"}, token="guessed")) == {401}
    assert running.send("no JSON") == [400]
    hostile = [{"host": host, "message": "{{ lookup('pipe', 'touch owned') }}"} for host in HOSTILE if host.isprintable()]
    assert set(running.send(*hostile)) == {200}
    start = time.monotonic()
    assert set(running.send(*({"host": f"db{number}x", "message": "flood"} for number in range(10_000)))) == {200}
    assert running.counted(unknown_host=10_000 + len(hostile)) == {
        "accepted": 0, "throttled": 0, "over_limit": 0, "unknown_host": 10_000 + len(hostile), "resolved": 0, "malformed": 0,
    }  # fmt: skip
    assert time.monotonic() - start < 120
    assert running.runs() == 0 and not (running.folder / "reports").exists()
    assert not list(running.folder.rglob("owned"))


def test_an_event_leads_to_one_audit_of_its_host(running: Rulebook) -> None:
    running.send(*[{"host": "db03", "message": "{{ lookup('pipe', 'touch owned') }} page allocation failure: order:2"}] * 50)
    assert soon(lambda: running.report().get("db03"), 90), running.log()[-3000:]
    assert list(running.report()) == ["db03"] and running.report()["db03"]["verdict"] == "affected"
    assert running.counted(throttled=49)["accepted"] == 1
    assert soon(lambda: running.runs() == 1)
    assert "touch owned" not in running.log() and not list(running.folder.rglob("owned"))


@pytest.fixture(scope="module", params=["oldest", "newest"])
def ansible(request: pytest.FixtureRequest) -> Ansible:
    return oldest() if request.param == "oldest" else newest()


@pytest.mark.parametrize("do", ["", "audit", "check", "reboot"])
def test_the_playbook_does_what_is_allowed_and_nothing_else(ansible: Ansible, tmp_path: Path, do: str) -> None:
    local = {"here": {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}}
    given = {"pagealloc_hosts": "here", "workaround_force": True, **({"respond_do": do} if do else {})}
    words = ("-i", str(inventory(tmp_path, local)), "-e", json.dumps(given))
    done = ansible.run("ansible-playbook", "fleetcare.pagealloc.respond", *words, folder=tmp_path, check=False)
    changes = tmp_path / "pagealloc-workaround" / "fleet.json"
    assert (tmp_path / "pagealloc-report" / "fleet.json").exists(), done.stdout
    assert changes.exists() == (do == "check")
    if do == "check":
        assert json.loads(changes.read_text())["hosts"]["here"]["change"]["outcome"] in ("planned", "refused")


def prometheus_config(gateway: Server, alertmanager: Server) -> str:
    def target(server: Server) -> list[dict[str, Any]]:
        return [{"targets": [server.url.removeprefix("http://")]}]

    return json.dumps({
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(RULES)],
        "scrape_configs": [{"job_name": "pagealloc", "honor_labels": True, "static_configs": target(gateway)}],
        "alerting": {"alertmanagers": [{"static_configs": target(alertmanager)}]},
    })  # fmt: skip


def alertmanager_config(rulebook: Rulebook) -> str:
    hook = {"url": rulebook.url, "send_resolved": True, "http_config": {"authorization": {"credentials": TOKEN}}}
    route = {"receiver": "rulebook", "group_by": ["host"], "group_wait": "1s", "group_interval": "2s", "repeat_interval": "1h"}
    return json.dumps({"route": route, "receivers": [{"name": "rulebook", "webhook_configs": [hook]}]})


def firing(prometheus: Server) -> set[tuple[str, str]]:
    alerts = json.loads(prometheus.get("/api/v1/alerts"))["data"]["alerts"]
    return {(one["labels"]["alertname"], one["labels"].get("host", "")) for one in alerts if one["state"] == "firing"}


def test_from_an_alert_to_an_audit_and_to_the_end_of_the_alert(tmp_path: Path) -> None:
    """The host is a record: what cures it is that its next record is of a host that is well."""
    affected, cured = (("PageallocHostAffected", "db03"), {"db03": recorded("db05-el65"), "db05": recorded("db05-el65")})
    ansible = newest()
    with (
        running_rulebook(tmp_path / "rulebook", inventory(tmp_path, HOSTS)) as rulebook,
        running_pushgateway(tmp_path / "gateway") as gateway,
        running_alertmanager(tmp_path / "alertmanager", alertmanager_config(rulebook)) as alertmanager,
        running_prometheus(tmp_path / "prometheus", prometheus_config(gateway, alertmanager)) as prometheus,
    ):
        sent = ("-e", f"pagealloc_push_url={gateway.url}/metrics/job/pagealloc")
        ansible.audit(tmp_path / "night", HOSTS, *sent)
        assert soon(lambda: affected in firing(prometheus))
        assert soon(lambda: "db03" in rulebook.report(), 90), rulebook.log()[-3000:]
        assert rulebook.counted(accepted=1)["accepted"] == 1
        ansible.audit(tmp_path / "night", cured, *sent)
        assert soon(lambda: affected not in firing(prometheus), 30)
        assert affected not in firing(prometheus)
        assert rulebook.counted(resolved=1)["resolved"] == 1
