# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events that reach a real ansible-rulebook, and the whole way from an audit's alert to the audit that ends it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.alerts.eda import Rulebook, alertmanager_config, firing, prometheus_config, running_rulebook
from tests.alerts.monitoring import running_alertmanager, running_prometheus, running_pushgateway, soon
from tests.alerts.test_known_hosts import HOSTILE
from tests.conftest import SAMPLE_FLEET
from tests.playbook import Ansible, inventory, newest, oldest


def recorded(name: str) -> dict[str, str]:
    return {"audit_evidence": str(SAMPLE_FLEET / "evidence" / f"{name}.evidence")}


INSTALLED = pytest.mark.slow("ansible-rulebook is installed for it, and waits for events")
HOSTS = {"db03": recorded("db03-el64-seed"), "db05": recorded("db05-el65")}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rulebook]:
    folder = tmp_path_factory.mktemp("rulebook")
    with running_rulebook(folder, inventory(folder, HOSTS), MOST_HOSTS_AN_HOUR="3") as started:
        yield started


@INSTALLED
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


@INSTALLED
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


@pytest.mark.parametrize("asked", [True, False])
def test_diagnostics_are_taken_before_anything_else_where_the_site_asks_for_them(tmp_path: Path, asked: bool) -> None:
    local = {"here": {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}}
    given = {"pagealloc_hosts": "here", "respond_diagnostics": str(asked).lower()}
    words = ("-i", str(inventory(tmp_path, local)), "-e", json.dumps(given))
    done = newest().run("ansible-playbook", "fleetcare.pagealloc.respond", *words, folder=tmp_path, check=False)
    assert (tmp_path / "pagealloc-report" / "fleet.json").exists(), done.stdout
    assert len(list(tmp_path.rglob("sosreport-*.tar.gz"))) == asked, done.stdout


@INSTALLED
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


class Templates(BaseHTTPRequestHandler):
    """As much of AWX as ansible-rulebook asks for job templates. ``launched`` has what each was given."""

    launched: list[tuple[str, dict[str, Any]]]
    names = ("audit", "workaround, check", "workaround, apply")

    def _answer(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "{}")
        address = urlsplit(self.path)
        if self.command == "POST":
            self.launched.append((self.names[int(address.path.split("/")[4])], sent))
        body = json.dumps(self._said(address.path, dict(parse_qsl(address.query)))).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _answer

    def _said(self, path: str, asked: dict[str, str]) -> dict[str, Any]:
        if path.endswith("/launch/") or "/jobs/" in path:
            return {
                "id": 1,
                "url": "/api/v2/jobs/1/",
                "type": "job",
                "status": "successful",
                "artifacts": {},
                "created": "2026-11-27T00:00:00Z",
            }
        if "unified_jobs" in path:
            return {"results": [{**self._said("/jobs/", {}), "finished": "2026-11-27T00:00:01Z"}], "next": None, "count": 1}
        if "unified_job_templates" in path:
            return {"results": [self._template(asked["name"])], "next": None, "count": 1}
        return {"version": "24.6.1"}

    def _template(self, name: str) -> dict[str, Any]:
        number = self.names.index(name)
        asks = {f"ask_{what}_on_launch": what == "limit" for what in ("limit", "labels", "inventory", "variables")}
        launch = {"launch": f"/api/v2/job_templates/{number}/launch/"}
        return {
            "type": "job_template",
            "id": number,
            "name": name,
            "related": launch,
            "summary_fields": {"organization": {"name": "Default"}},
            **asks,
        }

    def log_message(self, format: str, *words: Any) -> None:
        pass


@pytest.mark.parametrize(("do", "template"), zip(("audit", "check", "cure"), Templates.names, strict=True))
@INSTALLED
def test_in_awx_a_job_template_is_started_for_these_hosts_alone(tmp_path: Path, do: str, template: str) -> None:
    handler = type("Handler", (Templates,), {"launched": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as awx:
        threading.Thread(target=awx.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        words = ("--controller-url", f"http://127.0.0.1:{awx.server_port}", "--controller-token", "x")
        with running_rulebook(tmp_path / "rulebook", inventory(tmp_path, HOSTS), *words, name="pagealloc_awx", DO=do) as rulebook:
            alerts = [{"status": "firing", "labels": {"host": host}} for host in ("db05", "{{ db03 }}", "nobody", "db03", "db05")]
            rulebook.send({"alerts": alerts}, {"host": "nobody"})
            assert soon(lambda: handler.launched), rulebook.log()[-3000:]
            assert rulebook.counted(unknown_host=3)["accepted"] == 2
        awx.shutdown()
    [(name, given)] = handler.launched
    assert name == template and given["limit"] == "db05,db03"
    assert "nobody" not in json.dumps(given) and "{{" not in json.dumps(given)
