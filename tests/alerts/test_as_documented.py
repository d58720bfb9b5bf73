# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/alerts.md tells an operator to type, run as it stands there, with Debian's own files and paths.

Each runs in namespaces of its own: folders of the system are there and what is written to them is gone afterwards, and its ports are
nobody else's. Two kinds of lines are not run: packages are not installed, and there is no systemd to reload Prometheus, so what Debian's
unit has for that is run.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.alerts.nights import sample_nights
from tests.conftest import ROOT, cannot_run, tool
from tests.playbook import rulebook

DOCS = (ROOT / "docs" / "alerts.md").read_text()
ETC = Path("/etc/prometheus")
CHANGE = "# HELP pagealloc_change_timestamp_seconds"


def typed(beginning: str) -> str:
    """The one line of the documentation that begins so, behind its prompt."""
    (line,) = [line.removeprefix("$ ") for line in DOCS.splitlines() if line.startswith(f"$ {beginning}")]
    return line


def configuration(first_key: str) -> Any:
    """The YAML of the documentation that begins with this key."""
    (text,) = [text for text in re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL) if text.startswith(first_key)]
    return yaml.safe_load(text)


class World:
    """A folder, and what a program does within it that sees these folders of the system as its own."""

    def __init__(self, folder: Path, *own_folders: str) -> None:
        tool("unshare", "util-linux")
        tool("mount")
        if os.geteuid() != 0:
            cannot_run("only root may have folders of the system seen otherwise")
        self.folder = folder
        made = "".join(
            f"mkdir -p {folder}/over/{number}/up {folder}/over/{number}/work && mount -t overlay overlay "
            f"-o lowerdir={path},upperdir={folder}/over/{number}/up,workdir={folder}/over/{number}/work {path}\n"
            for number, path in enumerate(own_folders)
        )
        self._begin = f"set -e\nmkdir {folder}/over && mount -t tmpfs tmpfs {folder}/over\n{made}ip link set lo up\n"

    def run(self, *lines: str, seconds: int = 240, **environment: str) -> str:
        """What the lines print; all processes that they started are ended."""
        program = self._begin + "".join(f"{line}\n" for line in lines)
        (self.folder / "program").write_text(program)
        done = subprocess.run(
            ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "bash", str(self.folder / "program")],
            cwd=self.folder, env={**os.environ, **environment}, capture_output=True, text=True, timeout=seconds, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if "unshare failed" in done.stderr or "mount: " in done.stderr:
            cannot_run(f"no namespaces here: {done.stderr[:300]}")
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout


def until(command: str, wanted: str, seconds: int = 90) -> str:
    """A line of shell: the command, again and again until it prints this."""
    again = f"said=$({command} || true); case $said in *'{wanted}'*) break;; esac; sleep 1"
    return f'for _ in $(seq {seconds}); do {again}; done; echo "$said"'


def rules_of(unit: str, key: str) -> str:
    """A command of one of Debian's systemd units."""
    text = next(path for path in (Path("/usr/lib/systemd/system", unit), Path("/lib/systemd/system", unit)) if path.exists()).read_text()
    return re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)[0]


def test_the_files_reach_prometheus_and_its_alerts(tmp_path: Path) -> None:
    """Step 1 and 2: the files of the audit and of the workaround by node_exporter, the rules into Debian's own configuration."""
    tool("prometheus"), tool("promtool", "prometheus"), tool("prometheus-node-exporter")
    _at, both = sample_nights()[-1]
    audit, mark, change = both.partition(CHANGE)
    for folder, text in (("pagealloc-report", audit), ("pagealloc-workaround", mark + change)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "pagealloc.prom").write_text(text)
    (tmp_path / "extensions").symlink_to(ROOT / "extensions")
    config = {**yaml.safe_load((ETC / "prometheus.yml").read_text()), **configuration("rule_files")}
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    said = World(tmp_path, "/etc", "/var/lib").run(
        f"{rules_of('prometheus-node-exporter.service', 'ExecStart').replace('$ARGS', '')} >exporter.log 2>&1 &",
        f"{rules_of('prometheus.service', 'ExecStart').replace('$ARGS', '')} >prometheus.log 2>&1 & MAINPID=$!",
        until("curl -s 127.0.0.1:9090/-/ready", "Ready"),
        typed("cp pagealloc-report/"),
        typed("cp pagealloc-workaround/"),
        f"cp prometheus.yml {ETC}/prometheus.yml",
        typed("cp extensions/prometheus/"),
        typed("promtool check config"),
        f": instead of: {typed('systemctl reload prometheus')}",
        rules_of("prometheus.service", "ExecReload"),
        until("curl -s 127.0.0.1:9090/api/v1/alerts", "PageallocHostAffected"),
        "curl -s 127.0.0.1:9100/metrics | grep pagealloc_change_outcome",
    )
    assert "SUCCESS: 1 rule files found" in said and "db03-el64-seed" in said
    assert 'pagealloc_change_outcome{host="db03-el64-seed",outcome="planned",what="workaround"} 1' in said
    assert '"state":"firing"' in said


def test_the_sample_fleet_alerts_as_told(tmp_path: Path) -> None:
    """Step 4, with a Prometheus that looks each second."""
    own_rules, (told, example) = ROOT / "extensions" / "prometheus" / "pagealloc.rules.yml", _told_of_alerts()
    config: dict[str, Any] = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(own_rules)],
        "scrape_configs": [{"job_name": "gateway", "honor_labels": True, "static_configs": [{"targets": ["127.0.0.1:9091"]}]}],
    }
    (tmp_path / "prometheus.yml").write_text(json.dumps(config))
    subprocess.run([ROOT / "dev", "audit", "--version"], check=True, capture_output=True, timeout=300)  # makes .venv/audit, from PyPI
    said = World(tmp_path, str(ROOT), "/var/lib").run(
        f"cd {ROOT}",
        typed("prometheus-pushgateway"),
        until("curl -s 127.0.0.1:9091/-/ready", "OK"),
        f"{typed('./dev audit')} >{tmp_path}/audit.log 2>&1 || [ $? = 4 ]",  # a host of the sample fleet is unreachable
        f"counted=$({typed('curl -s 127.0.0.1:9091/metrics')}); echo counted $counted",
        f"prometheus --config.file={tmp_path}/prometheus.yml --storage.tsdb.path={tmp_path}/data >{tmp_path}/prometheus.log 2>&1 &",
        until("curl -s 127.0.0.1:9090/api/v1/alerts", '"state":"firing"'),
        "sleep 3; curl -s 127.0.0.1:9090/api/v1/alerts",
    )
    number = re.findall(r"curl -s 127.0.0.1:9091/metrics \| grep -c '\^pagealloc_'\n(\d+)\n", DOCS)
    assert re.findall(r"^counted (\d+)$", said, re.MULTILINE) == number
    firing = [one for one in json.loads(said.splitlines()[-1])["data"]["alerts"] if one["state"] == "firing"]
    assert len(firing) == told, sorted((one["labels"]["alertname"], one["labels"].get("host")) for one in firing)
    lines = {f"{one['labels']['alertname']} {one['labels'].get('host')} | {one['annotations']['summary']}" for one in firing}
    assert set(example) <= lines


def _told_of_alerts() -> tuple[int, list[str]]:
    """How many alerts the documentation promises, and the examples it has."""
    number, lines = re.findall(r"Prometheus shows (\d+) alerts, such as\n\n```text\n(.*?)```", DOCS, re.DOTALL)[0]
    return int(number), lines.splitlines()


def test_an_event_leads_to_an_audit_by_the_lines_of_the_documentation(tmp_path: Path) -> None:
    programs = rulebook()
    tool("java", "openjdk-17-jre-headless")
    inventory = {"all": {"hosts": {"db03": {"audit_evidence": str(ROOT / "playbooks/sample_fleet/evidence/db03-el64-seed.evidence")}}}}
    (tmp_path / "hosts").write_text(json.dumps(inventory))
    (tmp_path / "home").mkdir()
    environment = {**programs.environment(tmp_path / "home"), "PATH": f"{programs.programs}:{os.environ['PATH']}"}
    said = World(tmp_path, "/etc", "/var/lib").run(
        "mkdir -p /etc/ansible && cp hosts /etc/ansible/hosts",
        typed("export PAGEALLOC_EVENTS_TOKEN").replace("TOKEN=...", "TOKEN=7f3a"),
        typed("export PAGEALLOC_EVENTS_INVENTORY"),
        f"{typed('ansible-rulebook')} >rulebook.log 2>&1 &",
        until("curl -s -o /dev/null -w '%{http_code}' 127.0.0.1:5000/event -d '{}'", "401", 120),
        typed("curl -d"),
        until('cat "$PAGEALLOC_EVENTS_REPORTS"/fleet.json', "affected", 120),
        until('cat "$PAGEALLOC_EVENTS_COUNTS"', 'outcome="accepted"} 1'),
        **environment,
    )
    assert '"db03":{' in said and 'outcome="accepted"} 1' in said


def test_alertmanager_takes_its_part_beside_what_debian_has(tmp_path: Path) -> None:
    config, part = yaml.safe_load((ETC / "alertmanager.yml").read_text()), configuration("receivers")
    config["receivers"] += part["receivers"]
    first, last = part["route"]["routes"]
    config["route"]["routes"] = [first, *config["route"]["routes"], {**last, "receiver": config["route"]["receiver"]}]
    file = tmp_path / "alertmanager.yml"
    file.write_text(yaml.safe_dump(config))
    amtool = tool("amtool", "prometheus-alertmanager")
    checked = subprocess.run([amtool, "check-config", str(file)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    for alert, receivers in (("PageallocHostAffected", "pagealloc,team-X-mails"), ("PageallocHostStalled", "team-X-mails")):
        command = [amtool, "config", "routes", "test", f"--config.file={file}", f"alertname={alert}"]
        assert subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() == receivers
