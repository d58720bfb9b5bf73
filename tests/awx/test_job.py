# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The very path of an AWX job: ``ansible-runner transmit | worker | process``, the worker in the execution environment.

The folders and files are laid out as AWX 24 does: an inventory that is a program, ``env/extravars``, ``--limit`` in ``env/cmdline``, the
key for an agent, and the facts of the hosts as files beside the artifacts, which a later job gets back.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.awx.image import built_image, container_environment
from tests.conftest import ROOT, SAMPLE_FLEET
from tests.sshd import Sshd, free_port, running_sshd

pytestmark = pytest.mark.slow("an execution environment is built, and jobs run in it")

#: As AWX writes it: https://docs.ansible.com/ansible/latest/dev_guide/developing_inventory.html
_INVENTORY = "#! /usr/bin/env python3\n# -*- coding: utf-8 -*-\nprint({text!r})\n"
_SSH = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ControlMaster=no"


@dataclass(frozen=True)
class Job:
    """A job that has ended, as AWX has it then."""

    folder: Path
    number: str

    @property
    def artifacts(self) -> Path:
        return self.folder / "artifacts" / self.number

    @property
    def exit_status(self) -> int:
        return int((self.artifacts / "rc").read_text())

    @property
    def output(self) -> str:
        return (self.artifacts / "stdout").read_text()

    def events(self, kind: str) -> list[dict[str, Any]]:
        every = (json.loads(path.read_text()) for path in (self.artifacts / "job_events").glob("*.json"))
        return [one for one in every if one["event"] == kind]

    def hosts_of(self, *kinds: str) -> set[str]:
        return {one["event_data"]["host"] for kind in kinds for one in self.events(kind)}

    @property
    def statistics(self) -> dict[str, Any]:
        (told,) = self.events("playbook_on_stats")
        artifacts: dict[str, Any] = told["event_data"]["artifact_data"]
        return artifacts

    @property
    def report(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.artifacts / "report" / "fleet.json").read_text())
        return document


@dataclass
class Awx:
    """What a controller does with a job, on hosts behind an sshd and recorded ones."""

    folder: Path
    image: str
    key: Path
    hosts: dict[str, dict[str, Any]]
    facts: dict[str, bytes]
    jobs: int = 0

    def run(self, playbook: str, *hosts: str, limit: str = "", **variables: Any) -> Job:
        """A job over these hosts, with the facts that earlier jobs left of them; what it leaves is kept for the next."""
        self.jobs += 1
        job = Job(self.folder / f"awx_{self.jobs}", str(self.jobs))
        self._lay_out(job, playbook, hosts, limit, variables)
        done = job.folder.with_name(f"done_{self.jobs}")
        transmit = ["ansible-runner", "transmit", str(job.folder), "--ident", job.number, "--playbook", playbook]
        worker = ["podman", "run", "--rm", "--interactive", "--network", "host", self.image]
        process = ["ansible-runner", "process", str(done), "--ident", job.number]
        sent = self._through(transmit, b"")
        self._through(process, self._through([*worker, "ansible-runner", "worker", "--private-data-dir", "/runner"], sent))
        ended = Job(done, job.number)
        for path in (ended.artifacts / "fact_cache").glob("*"):
            self.facts[path.name] = path.read_bytes()
        return ended

    def _lay_out(self, job: Job, playbook: str, hosts: tuple[str, ...], limit: str, variables: Mapping[str, Any]) -> None:
        folder = job.folder
        for name in ("project", "inventory", "env"):
            (folder / name).mkdir(parents=True)
        shutil.copy(ROOT / "extensions" / "awx" / "project" / playbook, folder / "project")
        shutil.copytree(SAMPLE_FLEET / "evidence", folder / "project" / "evidence")
        script = folder / "inventory" / "hosts"
        chosen = {name: self.hosts[name] for name in hosts}
        script.write_text(_INVENTORY.format(text=json.dumps({"all": {"hosts": list(chosen)}, "_meta": {"hostvars": chosen}})))
        script.chmod(0o700)
        told = {
            "awx_job_id": int(job.number),
            "awx_inventory_name": "servers",
            "pagealloc_output_dir": f"/runner/artifacts/{job.number}/report",
        }
        (folder / "env" / "extravars").write_text(json.dumps({**told, **variables}))
        (folder / "env" / "ssh_key").write_text(self.key.read_text())
        (folder / "env" / "cmdline").write_text(f"--limit {limit}" if limit else "")
        (folder / "env" / "settings").write_text(json.dumps({"fact_cache": "fact_cache", "fact_cache_type": "jsonfile"}))
        cache = job.artifacts / "fact_cache"
        cache.mkdir(parents=True)
        for name, content in self.facts.items():
            if name.removeprefix("s1_") in hosts:
                (cache / name).write_bytes(content)

    def _through(self, command: list[str], given: bytes) -> bytes:
        done = subprocess.run(command, input=given, capture_output=True, env=container_environment(), timeout=300, check=False)
        assert done.stdout or command[1] == "process", done.stderr.decode(errors="replace")[-4000:]
        return done.stdout


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with running_sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture
def awx(sshd: Sshd, tmp_path: Path) -> Awx:
    here = {"ansible_port": sshd.port, "ansible_user": "root", "ansible_ssh_common_args": _SSH}
    hosts: dict[str, dict[str, Any]] = {f"live{number}": {"ansible_host": f"127.0.6.{number}", **here} for number in (1, 2)}
    hosts["ill"] = {"audit_evidence": "/runner/project/evidence/db03-el64-seed.evidence"}
    hosts["down"] = {**here, "ansible_host": "127.0.0.1", "ansible_port": free_port()}
    return Awx(tmp_path, built_image(), sshd.key, hosts, {})


def test_two_slices_and_their_one_report(awx: Awx) -> None:
    first = awx.run("audit.yml", "live1", "ill", audit_history="none")
    second = awx.run("audit.yml", "live2", "down", audit_history="none")
    assert "live1" in first.hosts_of("runner_on_ok")
    assert "down" in second.hosts_of("runner_on_unreachable", "runner_on_failed")
    assert first.exit_status == 0
    assert set(first.report["hosts"]) == {"live1", "ill"} and set(second.report["hosts"]) == {"live2", "down"}
    assert first.statistics["pagealloc_counts"]["affected"] == 1

    report = awx.run("report.yml", *awx.hosts)
    assert report.exit_status == 0
    assert report.hosts_of("runner_on_unreachable") == set()
    apart = {**first.report["hosts"], **second.report["hosts"]}
    together = report.report["hosts"]
    assert set(together) == set(awx.hosts)
    for name, result in apart.items():
        assert {key: together[name][key] for key in ("verdict", "reasons", "facts")} == {
            key: result[key] for key in ("verdict", "reasons", "facts")
        }
    assert together["down"]["verdict"] == "unreachable"
    assert report.statistics["pagealloc_counts"]["affected"] == 1


def test_a_job_that_fails_keeps_its_statistics_and_its_report(awx: Awx) -> None:
    job = awx.run("audit.yml", *awx.hosts, limit="live1,ill", audit_fail_on=["affected"])
    assert job.exit_status == 2
    assert job.statistics["pagealloc_counts"]["affected"] == 1
    assert set(job.report["hosts"]) == {"live1", "ill"}
