# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prometheus and its relatives, each on a free port of loopback, of this test run alone, in a folder that goes with it."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.prometheus import render_prometheus
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.report.sample_fleet import sample_fleet

from tests.conftest import ROOT, tool
from tests.sshd import free_port

RULES = ROOT / "extensions" / "prometheus" / "pagealloc.rules.yml"
RULES_TEST = ROOT / "extensions" / "prometheus" / "pagealloc.rules.test.yml"
_READY_SECONDS = 30

Found = TypeVar("Found")


@dataclass(frozen=True)
class Server:
    """A program that answers HTTP."""

    url: str
    process: subprocess.Popen[bytes]

    def get(self, path: str, **asked: str) -> str:
        with urlopen(f"{self.url}{path}{'?' if asked else ''}{urlencode(asked)}", timeout=60) as answer:
            return str(answer.read().decode())

    def query(self, expression: str, **more: str) -> list[dict[str, Any]]:
        """The series that a query gives now, or at ``time``."""
        return _series_of(self.get("/api/v1/query", query=expression, **more))

    def query_range(self, expression: str, start: float, end: float, step_seconds: float) -> list[dict[str, Any]]:
        span = {"start": str(start), "end": str(end), "step": str(step_seconds)}
        return _series_of(self.get("/api/v1/query_range", query=expression, **span))


def _series_of(answer: str) -> list[dict[str, Any]]:
    found = json.loads(answer)
    assert found["status"] == "success", found
    return list(found["data"]["result"])


def soon(look: Callable[[], Found], seconds: float = 30) -> Found:
    """What ``look`` finds, once it finds something; nothing where it does not in this time."""
    late = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < late:
        time.sleep(0.2)
    return found


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """The process has come to its end behind the block."""
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def _running(command: list[str], port: int, ready: str, folder: Path) -> Iterator[Server]:
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=folder)
    server = Server(f"http://127.0.0.1:{port}", process)
    with ended(process):
        _wait_until_ready(server, ready, log)
        yield server


def _wait_until_ready(server: Server, ready: str, log: Path) -> None:
    late = time.monotonic() + _READY_SECONDS
    while True:
        assert server.process.poll() is None, log.read_text(errors="replace")[-3000:]
        try:
            server.get(ready)
            return
        except (URLError, OSError):
            assert time.monotonic() < late, log.read_text(errors="replace")[-3000:]
            time.sleep(0.1)


@contextmanager
def running_prometheus(folder: Path, config: str, *words: str, port: int | None = None) -> Iterator[Server]:
    """With this configuration; its data are in ``folder/data``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "prometheus.yml").write_text(config)
    port = port or free_port()
    command = [
        tool("prometheus"), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
        "--storage.tsdb.retention.time=10y", f"--web.listen-address=127.0.0.1:{port}", *words,
    ]  # fmt: skip
    with _running(command, port, "/-/ready", folder) as server:
        yield server


@contextmanager
def running_pushgateway(folder: Path) -> Iterator[Server]:
    port = free_port()
    # Debian's keeps what it has in /var/lib unless it is told where
    command = [tool("prometheus-pushgateway"), f"--web.listen-address=127.0.0.1:{port}", f"--persistence.file={folder}/data"]
    with _running(command, port, "/-/ready", folder) as server:
        yield server


@contextmanager
def running_node_exporter(folder: Path, text_files: Path) -> Iterator[Server]:
    """With its collector of text files alone."""
    port = free_port()
    command = [
        tool("prometheus-node-exporter"), f"--web.listen-address=127.0.0.1:{port}", "--collector.disable-defaults",
        "--collector.textfile", f"--collector.textfile.directory={text_files}",
    ]  # fmt: skip
    with _running(command, port, "/", folder) as server:
        yield server


@contextmanager
def running_victoria_metrics(folder: Path) -> Iterator[Server]:
    port = free_port()
    command = [
        tool("victoria-metrics"),
        f"-httpListenAddr=127.0.0.1:{port}",
        f"-storageDataPath={folder}/data",
        "-retentionPeriod=10y",
        "-search.latencyOffset=0s",
    ]
    with _running(command, port, "/health", folder) as server:
        yield server


@contextmanager
def running_alertmanager(folder: Path, config: str) -> Iterator[Server]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "alertmanager.yml").write_text(config)
    port = free_port()
    command = [
        tool("prometheus-alertmanager"), f"--config.file={folder}/alertmanager.yml", f"--storage.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
    ]  # fmt: skip
    with _running(command, port, "/-/ready", folder) as server:
        yield server


def metric_names() -> set[str]:
    """All that pagealloc.prom ever holds: of an audit with a history, and of a change."""
    audited = {**sample_fleet(), "history": {"audits": 1}}
    changed = sample_fleet()
    next(iter(changed["hosts"].values()))["change"] = {"what": "workaround", "outcome": "applied", "before": None, "after": None}
    return {name for fleet in (audited, changed) for name in re.findall(r"^# TYPE (\w+)", render_prometheus(fleet), re.M)}
