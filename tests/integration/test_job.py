# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scheduled job sees: each host with its own result, statistics for the job behind it, and the answer at the end."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SAMPLE_FLEET
from tests.integration.test_workaround import HERE, at_risk_here, now_kb
from tests.playbook import Ansible, inventory
from tests.sshd import closed_port

ALERT = ("-e", '{"audit_fail_on": ["affected"]}')
ROLE = [{"ansible.builtin.import_role": {"name": "fleetcare.pagealloc.audit"}}]
LAST = {"ANSIBLE_CALLBACKS_ENABLED": "fleetcare.pagealloc.answer_last"}
#: The failing hosts, the unreachable ones, and all others, by the play recap.
Ends = tuple[set[str], set[str], set[str]]


def record(name: str) -> dict[str, str]:
    return {"audit_evidence": str(SAMPLE_FLEET / "evidence" / f"{name}.evidence")}


def fleet_of_four() -> dict[str, dict[str, Any]]:
    """An affected host that is not the first, a clear one, one that is down, and a record of one that was down some day."""
    down = {"ansible_host": "127.0.0.1", "ansible_port": closed_port(), "ansible_ssh_common_args": "-F none"}
    return {"a-clear": record("db05-el65"), "b-affected": record("db03-el64-seed"), "c-down": down, "d-was-down": record("db18-down")}


def recap(done: subprocess.CompletedProcess[str]) -> Ends:
    lines = re.findall(r"^(\S+) +: ok=\d+ +changed=\d+ +unreachable=(\d+) +failed=(\d+)", done.stdout, re.M)
    assert lines, done.stdout + done.stderr
    failed, unreachable = {name for name, _dark, bad in lines if bad != "0"}, {name for name, dark, _bad in lines if dark != "0"}
    return failed, unreachable, {name for name, _dark, _bad in lines} - failed - unreachable


def stats_of(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    shown = done.stdout[done.stdout.index("CUSTOM STATS") :]
    return dict(json.loads(shown[shown.index("{") : shown.rindex("}") + 1]))


def test_each_host_ends_with_its_own_result(ansible: Ansible, tmp_path: Path) -> None:
    retries = {"ANSIBLE_RETRY_FILES_ENABLED": "true", "ANSIBLE_RETRY_FILES_SAVE_PATH": str(tmp_path)}
    behind = {"ansible.builtin.debug": {"msg": "behind the audit"}, "delegate_to": "localhost"}
    # with free, which host ends its task first is chance
    site = {"hosts": "all", "gather_facts": False, "strategy": "linear", "tasks": [behind]}
    plays = [{"ansible.builtin.import_playbook": "fleetcare.pagealloc.audit"}, site]
    (tmp_path / "site.yml").write_text(json.dumps(plays))
    command = ("ansible-playbook", "-i", str(inventory(tmp_path, fleet_of_four())), "site.yml", *ALERT)
    done = ansible.run(*command, folder=tmp_path, check=False, ANSIBLE_STRATEGY="free", ANSIBLE_ANY_ERRORS_FATAL="true", **retries)
    assert recap(done) == ({"b-affected"}, {"c-down"}, {"a-clear", "d-was-down"})
    assert done.returncode == 4
    assert 'fatal: [b-affected]: FAILED! => {"changed": false, "msg": "affected: kernel log (dmesg): 2 order-2' in done.stdout
    assert "unreachable: Nothing listens on the SSH port." in done.stdout
    assert next(tmp_path.glob("*.retry")).read_text().split() == ["b-affected", "c-down"]
    went_on = re.findall(r"^ok: \[(\S+)(?: -> localhost)?\] => \{$", done.stdout, re.M)
    assert sorted(went_on) == ["a-clear", "d-was-down"], "a site's play goes on"


def test_the_hosts_that_end_well_cost_nothing_and_of_a_play_whose_hosts_all_fail_the_next_one_runs(
    ansible: Ansible, tmp_path: Path
) -> None:
    many = {f"clear-{number}": record("db05-el65") for number in range(20)}
    _fleet, done = ansible.audit(tmp_path, {**many, "bad": record("db03-el64-seed")}, *ALERT, check=False)
    assert done.returncode == 2 and recap(done) == ({"bad"}, set(), {"clear-0"})
    end = done.stdout[done.stdout.index("End each host") :]
    assert sorted(re.findall(r"^(ok|fatal): \[(\S+?)\]", end, re.M)) == [("fatal", "bad"), ("ok", "clear-0")]
    _fleet, done = ansible.audit(tmp_path, {"bad": record("db03-el64-seed")}, *ALERT, check=False)
    assert done.returncode == 2 and recap(done) == ({"bad"}, set(), {"localhost"})
    _fleet, done = ansible.audit(tmp_path, many, *ALERT)
    assert "TASK [End" not in done.stdout


@pytest.mark.parametrize("words", [(), ("--check",), ("--limit", "all")])
def test_the_role_alone_ends_them_too(ansible: Ansible, words: tuple[str, ...], tmp_path: Path) -> None:
    behind = {"ansible.builtin.debug": {"msg": "behind"}}
    hosts = {name: {"ansible_connection": "local", **host} for name, host in fleet_of_four().items()}
    hosts["c-down"]["ansible_connection"] = "ssh"
    done = ansible.play(tmp_path, hosts, [*ROLE, behind], *ALERT, *words, check=False)
    assert recap(done) == ({"b-affected"}, {"c-down"}, {"a-clear", "d-was-down"}) and done.returncode == 4
    assert done.stdout.count('"msg": "behind"') == 2


@pytest.mark.parametrize("play", [{"any_errors_fatal": True}, {"max_fail_percentage": 0}, {"serial": 2}])
def test_the_role_keeps_to_the_rules_of_its_play(ansible: Ansible, play: dict[str, Any], tmp_path: Path) -> None:
    hosts = {"a": record("db05-el65"), "b": record("db03-el64-seed"), "c": record("db05-el65")}
    local = {name: {"ansible_connection": "local", **host} for name, host in hosts.items()}
    done = ansible.play(tmp_path, local, [*ROLE, {"ansible.builtin.debug": {"msg": "behind"}}], *ALERT, check=False, **play)
    failed, unreachable, _others = recap(done)
    assert (failed, unreachable) == ({"b"}, set()) and done.returncode == 2
    assert done.stdout.count('"msg": "behind"') == (2 if "serial" in play else 0)


def test_an_unreachable_host_may_be_left_to_the_report(ansible: Ansible, tmp_path: Path) -> None:
    hosts = fleet_of_four()
    _fleet, done = ansible.audit(tmp_path, hosts, "-e", "pagealloc_ignore_unreachable=true")
    assert recap(done) == (set(), set(), {"a-clear", "c-down"})
    _fleet, done = ansible.audit(tmp_path, hosts, "-e", "audit_fail_on=unreachable", "--limit", "c-down", check=False)
    assert recap(done)[:2] == ({"c-down"}, set()) and done.returncode == 2, "its verdict was asked for"


def test_the_second_night_fails_for_new_verdicts_alone(ansible: Ansible, tmp_path: Path) -> None:
    new = (*ALERT, "-e", "audit_fail_on_new=true")
    first = {"old": record("db03-el64-seed"), "later": record("db05-el65")}
    _fleet, done = ansible.audit(tmp_path, first, *new, check=False)
    assert recap(done)[0] == {"old"}
    _fleet, done = ansible.audit(tmp_path, {**first, "later": record("db03-el64-seed")}, *new, check=False)
    assert recap(done)[0] == {"later"}


def affected_here() -> dict[str, Any]:
    """A site's advisory that calls this machine affected, and a cure for it."""
    choices = at_risk_here()
    (advisory,) = choices.pop("pagealloc_advisories")
    return {"pagealloc_advisories": [{**advisory, "symptom": {"headroom_below": 10**9}}], **choices}


def test_a_sites_advisory_is_given_once_to_audit_and_cures(ansible: Ansible, tmp_path: Path) -> None:
    shared = json.dumps({**affected_here(), "pagealloc_output_dir": str(tmp_path / "all"), "pagealloc_hosts": "here"})
    hosts = {"here": HERE, "not-meant": HERE}

    def told(playbook: str, *words: str) -> subprocess.CompletedProcess[str]:
        command = ("ansible-playbook", f"fleetcare.pagealloc.{playbook}", "-i", str(inventory(tmp_path, hosts)), "-e", shared, *words)
        done = ansible.run(*command, folder=tmp_path, check=False)
        assert "not-meant" not in done.stdout and "DEPRECATION" not in done.stderr, done.stderr
        return done

    assert told("audit").returncode == 0
    assert json.loads((tmp_path / "all" / "fleet.json").read_text())["hosts"]["here"]["verdict"] == "affected"
    assert told("workaround", "--check").returncode == 0
    assert json.loads((tmp_path / "all" / "workaround" / "fleet.json").read_text())["hosts"]["here"]["change"]["outcome"] == "planned"
    told("kernel_upgrade", "--check")
    upgraded = json.loads((tmp_path / "all" / "kernel_upgrade" / "kernel_upgrade.json").read_text())["hosts"]["here"]
    assert (upgraded["verdict_before"], upgraded["outcome"]) != ("affected", "untouched") and upgraded["verdict_before"] == "affected"
    assert json.loads((tmp_path / "all" / "fleet.json").read_text())["hosts"]["here"].get("change") is None, (
        "the audit's report is still there"
    )


@pytest.mark.parametrize(
    ("playbook", "old", "new"),
    [
        ("workaround", {"audit_advisories": []}, "pagealloc_advisories"),
        ("kernel_upgrade", {"kernel_upgrade_report_dir": "/srv/reports"}, "pagealloc_output_dir"),
        ("diagnostics", {"workaround_hosts": "here"}, "pagealloc_hosts"),
    ],
)
def test_an_old_name_ends_the_play_before_any_host_is_asked(
    ansible: Ansible, tmp_path: Path, playbook: str, old: dict[str, Any], new: str
) -> None:
    """If workaround_hosts=here were passed over, all hosts of the inventory would be changed."""
    command = ("ansible-playbook", f"fleetcare.pagealloc.{playbook}", "-i", str(inventory(tmp_path, {"here": HERE, "there": HERE})))
    done = ansible.run(*command, "--check", "-e", json.dumps(old), folder=tmp_path, check=False)
    said = " ".join((done.stdout + done.stderr).split())
    assert f"the variable {next(iter(old))} is called {new} since version 1.0.0. Rename it" in said, said
    assert done.returncode != 0 and not list(tmp_path.rglob("fleet.json")) and "changed=" not in said.replace("changed=0", "")


def test_a_cure_that_does_not_cure_fails_the_job_and_stops_no_other_host(ansible: Ansible, tmp_path: Path) -> None:
    hosts = {
        "a": {**HERE, "workaround_cap_percent": 0.001},
        "b": HERE,
        "down": {"ansible_host": "127.0.0.1", "ansible_port": closed_port()},
    }
    choices = {**affected_here(), "workaround_serial": 1}
    fleet, done = ansible.workaround(tmp_path, hosts, "--check", check=False, **choices)
    assert {name: host["change"]["outcome"] for name, host in fleet["hosts"].items()} == {
        "a": "refused",
        "b": "planned",
        "down": "unreachable",
    }
    assert recap(done) == ({"a"}, {"down"}, {"b"}) and done.returncode == 4
    assert "affected, and the outcome of the workaround is refused: The next step" in done.stdout
    lenient = {**choices, "workaround_fail_uncured": False, "pagealloc_ignore_unreachable": True}
    command = ("ansible-playbook", "fleetcare.pagealloc.workaround", "-i", str(inventory(tmp_path, hosts)), "--check")
    done = ansible.run(*command, "-e", json.dumps(lenient), folder=tmp_path, ANSIBLE_SHOW_CUSTOM_STATS="true")
    assert recap(done)[:2] == (set(), set())
    told = stats_of(done)
    assert told["pagealloc_hosts_by_outcome"] == {"unreachable": ["down"], "refused": ["a"], "planned": ["b"]}, "of the last batch alone"
    assert Path(told["pagealloc_list"]).name == "fleet.csv" and Path(told["pagealloc_list"]).is_file()


def without_a_workaround() -> dict[str, Any]:
    choices = affected_here()
    (advisory,) = choices["pagealloc_advisories"]
    return {**choices, "pagealloc_advisories": [{name: value for name, value in advisory.items() if name != "workaround"}]}


def at_its_end() -> dict[str, Any]:
    """The first step is in force, and the next one is not safe."""
    choices = affected_here()
    (advisory,) = choices["pagealloc_advisories"]
    advised = [{**advisory, "workaround": {"min_free_kbytes": now_kb()}}]
    return {**choices, "pagealloc_advisories": advised, "workaround_steps_kb": [now_kb() + 8192], "workaround_cap_percent": 0.001}


@pytest.mark.parametrize(("choices", "outcome"), [(without_a_workaround, "none"), (at_its_end, "exhausted")])
def test_an_affected_host_that_no_step_can_help_fails_the_job(
    ansible: Ansible, choices: Callable[[], dict[str, Any]], outcome: str, tmp_path: Path
) -> None:
    custom = {"ANSIBLE_SHOW_CUSTOM_STATS": "true"}
    document = json.dumps(choices())
    command = (
        "ansible-playbook",
        "fleetcare.pagealloc.workaround",
        "-i",
        str(inventory(tmp_path, {"here": HERE})),
        "--check",
        "-e",
        document,
    )
    done = ansible.run(*command, folder=tmp_path, check=False, **custom)
    assert recap(done)[0] == {"here"} and done.returncode == 2
    assert f"affected, and the outcome of the workaround is {outcome}: " in done.stdout
    told = stats_of(done)
    assert told["pagealloc_outcome_counts"] == {outcome: 1} and told["pagealloc_hosts_by_verdict"] == {"affected": ["here"]}
    # of most hosts nothing is to be done, so those are counted alone
    assert told["pagealloc_hosts_by_outcome"] == ({} if outcome == "none" else {outcome: ["here"]})
    done = ansible.run(*command, "-e", "workaround_fail_uncured=false", folder=tmp_path)
    assert recap(done) == (set(), set(), {"here"})


def test_the_kernel_upgrade_hands_its_outcomes_on(ansible: Ansible, tmp_path: Path) -> None:
    """Nothing asks for one on this machine, and the other cannot be reached."""
    hosts = {"a-well": HERE, "down": {"ansible_host": "127.0.0.1", "ansible_port": closed_port()}}
    command = ("ansible-playbook", "fleetcare.pagealloc.kernel_upgrade", "-i", str(inventory(tmp_path, hosts)), "--check")
    done = ansible.run(*command, folder=tmp_path, check=False, ANSIBLE_SHOW_CUSTOM_STATS="true")
    told = stats_of(done)
    assert {name: count for name, count in told["pagealloc_kernel_upgrade_counts"].items() if count} == {"unreachable": 1, "untouched": 1}
    assert told["pagealloc_kernel_upgrade_hosts_by_outcome"] == {"unreachable": ["down"]}
    assert told["pagealloc_kernel_upgrade_hosts_not_named"] == 0
    upgraded = json.loads(Path(told["pagealloc_kernel_upgrade_list"]).read_text())["hosts"]
    assert {name: host["outcome"] for name, host in upgraded.items()} == {"a-well": "untouched", "down": "unreachable"}


def test_the_next_job_of_a_workflow_takes_the_affected_alone(ansible: Ansible, tmp_path: Path) -> None:
    custom = {"ANSIBLE_SHOW_CUSTOM_STATS": "true"}
    sick, well = {**HERE, "audit_evidence": record("db03-el64-seed")["audit_evidence"]}, {**HERE, **record("db05-el65")}
    hosts = {"sick": sick, "well": well, "risky": {**HERE, **record("db02-el64")}}
    _fleet, done = ansible.audit(tmp_path, hosts, *ALERT, check=False, **custom)
    handed_on = stats_of(done)
    assert handed_on["pagealloc_hosts_by_verdict"] == {"affected": ["sick"], "at_risk": ["risky"]}
    assert handed_on["pagealloc_hosts_not_named"] == 0 and Path(handed_on["pagealloc_list"]).name == "fleet.csv"
    only = {"pagealloc_only_verdicts": ["affected"], **affected_here()}
    command = ("ansible-playbook", "fleetcare.pagealloc.workaround", "-i", str(inventory(tmp_path, hosts)), "--check")
    done = ansible.run(*command, "-e", json.dumps({**handed_on, **only}), folder=tmp_path, **custom)
    assert recap(done) == (set(), set(), {"sick"})
    assert stats_of(done)["pagealloc_hosts_by_outcome"] == {"planned": ["sick"]}
    # of 1,000 affected two were named
    more = {**handed_on, "pagealloc_counts": {"affected": 3}}
    done = ansible.run(*command, "-e", json.dumps({**more, **only}), folder=tmp_path)
    assert "The other 2 are left for the next run" in " ".join((done.stdout + done.stderr).split())
    done = ansible.run(*command, "-e", json.dumps(only), folder=tmp_path, check=False)
    assert done.returncode != 0 and "PLAY RECAP" not in done.stdout, "never all hosts in place of those that nobody named"
    assert "pagealloc_hosts_by_verdict is missing" in " ".join((done.stdout + done.stderr).split())
    done = ansible.run(
        *command, "-e", json.dumps({**only, **handed_on, "pagealloc_hosts_by_verdict": {}, "pagealloc_counts": {}}), folder=tmp_path
    )
    assert "no hosts matched" in done.stdout


def test_the_answer_stands_last_and_fits_a_screen(ansible: Ansible, tmp_path: Path) -> None:
    names = sorted(path.stem for path in (SAMPLE_FLEET / "evidence").glob("*.evidence"))
    hosts = {f"{name}-{copy}": record(name) for name in names for copy in range(5)}
    ansible.audit(tmp_path, {**hosts, "one": record("db05-el65")})
    _fleet, done = ansible.audit(tmp_path, {**hosts, "one": record("db03-el64-seed")}, *ALERT, check=False, **LAST)
    answer = done.stdout[done.stdout.index("PLAY RECAP") :].split("\n\n", 1)[1].strip("\n").split("\n")
    assert len(answer) <= 24 and max(map(len, answer[:-1])) <= 80, "\n".join(answer)
    assert answer[0].startswith("HOST ") and answer[2].split()[:2] == ["db03-el64-seed-0", "affected"]
    told = " ".join(" ".join(answer).split())
    assert "196 hosts: 51 affected" in told and "newly affected: one" in told and "more clear hosts, see fleet.html" in told
    assert answer[-1] == f"Report: {tmp_path}/pagealloc-report/fleet.html"
    assert done.stdout.count("VERDICT") == 1, "shown once"
    _fleet, done = ansible.audit(tmp_path, {"one": record("db05-el65")}, "-e", "audit_listing=all")
    assert re.search(r"^one +clear ", done.stdout, re.M)
    _fleet, done = ansible.audit(tmp_path, {"one": record("db05-el65")})
    assert "HOST " not in done.stdout and "\n1 host: 1 clear\nReport: " in done.stdout


def test_in_a_jobs_container_it_is_said_that_the_report_goes(ansible: Ansible, tmp_path: Path) -> None:
    root = Path("/").stat().st_dev == tmp_path.stat().st_dev
    _fleet, done = ansible.audit(tmp_path, {"one": record("db05-el65")}, "-e", "awx_job_id=7")
    said = "The container of this job takes it away. To keep it, set pagealloc_output_dir to\na path that is exposed to the jobs"
    assert (said in done.stdout) is root
