# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cases from the field: what is read of each, and what is said of it, is what expected.yml says.

A case is a folder with a host's files as a sosreport has them. One that holds dmesg.txt alone is the log of a host that is healthy
otherwise. A key of expected.yml that this file does not know fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.collect import find_reports, look_into
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.hosts import hosts_of

from tests.conftest import ROOT, SAMPLE_FLEET
from tests.tools.sosreports import records, report_of, write_tree

FIELD = ROOT / "tests" / "field"
EXPECTED: dict[str, dict[str, Any]] = yaml.safe_load((FIELD / "expected.yml").read_text())


_GIVE_OR_TAKE = " give or take a minute"


def judged(case: Path, scratch: Path) -> dict[str, Any]:
    """The verdict and the facts of a case's host."""
    if (case / "dmesg.txt").exists():
        case = healthy_host_with_log(case / "dmesg.txt", scratch)
    gathered = Gathered.from_record(str(case))
    assert gathered.facts is not None, gathered.message
    result: dict[str, Any] = judge_fleet({"host": gathered}, [])["hosts"]["host"]
    return result


def healthy_host_with_log(log: Path, scratch: Path) -> Path:
    """A folder with all that a healthy Debian host gives, and this dmesg, whose kernel is the one that runs."""
    record = records(SAMPLE_FLEET / "evidence")["ci12-debian12"]
    text = log.read_text()
    release = text.split("Linux version ", 1)[1].split()[0]
    members = report_of("host", record, "4")
    members["sos_commands/kernel/uname_-a"] = f"Linux host {release} #1 SMP Debian x86_64 GNU/Linux\n".encode()
    members["proc/version"] = f"Linux version {release} (x@y) #1 SMP Debian\n".encode()
    members["sos_commands/kernel/dmesg"] = text.encode()
    return write_tree(scratch / "tree", members)


def hosts_in(folder: Path) -> list[str]:
    """The hosts of an inventory whose path is this folder."""
    paths, complaints = find_reports([str(folder)], "/")
    hosts, words = hosts_of(look_into(path) for path in paths)
    assert not complaints and not words and not [host.report.error for host in hosts if host.report.error]
    return [host.name for host in hosts]


def at(facts: Any, path: str) -> Any:
    """What stands in the facts at a dotted path, None below what is null; interfaces are found by name."""
    for part in path.split("."):
        if facts is None:
            return None
        facts = next(one for one in facts if one["name"] == part) if isinstance(facts, list) else facts[part]
    return facts


def distribution(facts: Mapping[str, Any], _path: str) -> str:
    found = at(facts, "kernel.distribution")
    return f"{found['id']} {found['version']}"


#: Keys that are short for a place in the facts, or for what is made of it.
SHORT: dict[str, Callable[[Mapping[str, Any], str], Any]] = {
    "by_order": lambda facts, _key: at(facts, "failures.by_order"),
    "process": lambda facts, _key: at(facts, "failures.last.process"),
    "drivers": lambda facts, _key: at(facts, "failures.last.drivers"),
    "atomic": lambda facts, _key: at(facts, "failures.last.atomic"),
    "kernel": lambda facts, _key: at(facts, "kernel.release"),
    "kernel_of_boot": lambda facts, _key: at(facts, "failures.last.kernel"),
    "kernel.distribution": distribution,
}


def agrees(found: Any, wanted: Any, key: str = "") -> bool:
    """Whether a fact is as wanted: of what is said each word, of an interface the keys that are named, of a time the minute."""
    if key == "says":
        return all(word in found for word in wanted)
    if isinstance(wanted, Mapping) and key.startswith("nics."):
        return all(agrees(found[key], value) for key, value in wanted.items())
    if isinstance(wanted, str) and wanted.endswith(_GIVE_OR_TAKE):
        return abs(instant(found) - instant(wanted.removesuffix(_GIVE_OR_TAKE))) <= timedelta(minutes=1, seconds=59)
    return bool(found == wanted)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def mismatches(case: str, expected: Mapping[str, Any], scratch: Path) -> list[str]:
    """What of a case is not as expected, a sentence each."""
    folder = FIELD / "cases" / case
    if "hosts" in expected:
        assert set(expected) == {"hosts"}
        found = {path: hosts_in(path) for path in (folder, *(one for one in folder.iterdir() if one.is_dir()))}
        return [f"{path} has the hosts {hosts}" for path, hosts in found.items() if hosts != expected["hosts"]]
    result = judged(folder, scratch)
    said = {key: found_in(result, key) for key in expected}
    return [f"{key} is {said[key]!r}, not {wanted!r}" for key, wanted in expected.items() if not agrees(said[key], wanted, key)]


def found_in(result: Mapping[str, Any], key: str) -> Any:
    """What the result of a host says of a key of expected.yml."""
    if key == "verdict":
        return result["verdict"]
    if key == "says":
        return " ".join(result["reasons"])
    if key == "cause":
        return next((one["cause"] for one in result["causes"]), None)
    return SHORT.get(key, at)(result["facts"], key)


def test_every_case_is_expected_and_every_expectation_has_its_case() -> None:
    assert set(EXPECTED) == {case.name for case in (FIELD / "cases").iterdir()}
    assert len(EXPECTED) == 21


@pytest.mark.parametrize("case", EXPECTED)
def test_what_is_true_of_a_case_is_what_is_said(case: str, tmp_path: Path) -> None:
    assert mismatches(case, EXPECTED[case], tmp_path) == []


def test_a_key_that_nobody_knows_fails(tmp_path: Path) -> None:
    for key in ("verdicts", "kernel.releases", "nics.ens3.speed", "nics.ens9.mtu"):
        with pytest.raises((KeyError, StopIteration)):
            mismatches("policy_default", {key: 1}, tmp_path)
