# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real ansible-rulebook with the collection's rulebook, on loopback, of this test run alone."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.alerts.monitoring import RULES, Server, ended, soon
from tests.conftest import tool
from tests.playbook import rulebook
from tests.sshd import free_port

TOKEN = "s3cret-of-the-test"


@dataclass(frozen=True)
class Rulebook:
    """``folder`` holds its log, its counts and the reports of what it ran."""

    port: int
    folder: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/event"

    def send(self, *bodies: object, token: str = TOKEN) -> list[int]:
        """The status that each body is answered with."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        found = []
        for body in bodies:
            headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
            connection.request("POST", "/event", body if isinstance(body, str) else json.dumps(body), headers)
            answer = connection.getresponse()
            answer.read()
            found.append(answer.status)
        connection.close()
        return found

    def counts(self) -> dict[str, int]:
        path = self.folder / "events.prom"
        text = path.read_text() if path.exists() else ""
        return {outcome: int(count) for outcome, count in re.findall(r'outcome="(\w+)"} (\d+)', text)}

    def counted(self, **wanted: int) -> dict[str, int]:
        """The counts, once they are at least these."""
        soon(lambda: all(self.counts().get(name, 0) >= number for name, number in wanted.items()))
        return self.counts()

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def runs(self) -> int:
        """How many playbooks came to their end."""
        return self.log().count("PLAY RECAP")

    def report(self) -> dict[str, Any]:
        path = self.folder / "reports" / "fleet.json"
        return dict(json.loads(path.read_text())["hosts"]) if path.exists() else {}


@contextmanager
def running_rulebook(folder: Path, inventory: Path, *words: str, name: str = "pagealloc", **settings: str) -> Iterator[Rulebook]:
    tool("java", "openjdk-17-jre-headless")
    programs = rulebook()
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    own = {"TOKEN": TOKEN, "PORT": str(port), "REPORTS": str(folder / "reports")}
    more = {"INVENTORY": str(inventory), "COUNTS": str(folder / "events.prom"), **settings}
    given = {f"PAGEALLOC_EVENTS_{name}": value for name, value in {**own, **more}.items()}
    named = ",".join(f"PAGEALLOC_EVENTS_{variable}" for variable in own)
    command = [str(programs.programs / "ansible-rulebook"), "--rulebook", f"fleetcare.pagealloc.{name}", "-i", str(inventory)]
    environment = _environment(programs.environment(folder / "home"), programs.programs, given)
    (folder / "home").mkdir(exist_ok=True)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--env-vars", named, *words],
            cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    running = Rulebook(port, folder)
    with ended(process):
        _wait_for(running, process)
        yield running


def _environment(base: Mapping[str, str], programs: Path, given: Mapping[str, str]) -> dict[str, str]:
    return {**base, **given, "PATH": f"{programs}:{os.environ['PATH']}"}


def _wait_for(running: Rulebook, process: subprocess.Popen[bytes]) -> None:
    late = time.monotonic() + 90
    while True:
        assert process.poll() is None and time.monotonic() < late, running.log()[-3000:]
        try:
            running.send({}, token="")
            return
        except OSError:
            time.sleep(0.3)


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
