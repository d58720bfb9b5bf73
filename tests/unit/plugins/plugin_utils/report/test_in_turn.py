# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Audits that write into one folder: none loses what another asked other hosts for."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report import in_turn as module
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.files import REPORT_FILES, write_reports
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.in_turn import OTHERS, hosts_of_report, in_turn


def audit(folder: Path, hosts: Iterable[str], *, whole_fleet: bool = False) -> str:
    fleet = judge_fleet({name: Gathered(None, "refused", unreachable=True) for name in hosts}, [])
    with in_turn(str(folder), REPORT_FILES, fleet["hosts"], whole_fleet=whole_fleet) as kept:
        write_reports(fleet, str(folder))
    return kept


def others(folder: Path) -> list[frozenset[str]]:
    return sorted((hosts_of_report(one / "fleet.json") for one in (folder / OTHERS).glob("*")), key=sorted)


def test_a_slice_after_another_keeps_its_report(tmp_path: Path) -> None:
    assert audit(tmp_path, ["a", "b"], whole_fleet=True) == ""
    told = audit(tmp_path, ["c", 'd"\n<'], whole_fleet=True)
    assert "2 hosts that this audit did not cover (a, b)" in told and str(tmp_path / OTHERS) in told
    assert hosts_of_report(tmp_path / "fleet.json") == {"c", 'd"\n<'}
    assert others(tmp_path) == [{"a", "b"}]
    (kept,) = (tmp_path / OTHERS).iterdir()
    assert sorted(path.name for path in kept.iterdir()) == sorted(REPORT_FILES)


def test_slices_night_after_night_take_no_more_room(tmp_path: Path) -> None:
    for _night in range(3):
        audit(tmp_path, ["a", "b"])
        audit(tmp_path, ["c", "d"])
    assert others(tmp_path) == [{"a", "b"}]


def test_an_audit_of_all_takes_their_place(tmp_path: Path) -> None:
    audit(tmp_path, ["a", "b"])
    audit(tmp_path, ["c"])
    assert audit(tmp_path, ["a", "b", "c"], whole_fleet=True) == ""
    assert not (tmp_path / OTHERS).exists()
    assert len(json.loads((tmp_path / "fleet.json").read_text())["hosts"]) == 3


def test_hosts_that_left_the_inventory_are_gone_and_those_left_out_are_kept(tmp_path: Path) -> None:
    audit(tmp_path, "abcd")
    assert audit(tmp_path, "abc", whole_fleet=True) == ""
    assert audit(tmp_path, "ab", whole_fleet=False) != ""
    assert others(tmp_path) == [frozenset("abc")]


def test_what_nobody_asked_for_in_thirty_days_goes(tmp_path: Path) -> None:
    audit(tmp_path, "ab")
    old = time.time() - 31 * 86400
    os.utime(tmp_path / "fleet.json", (old, old))
    audit(tmp_path, "c")
    assert others(tmp_path) == []


def test_two_at_the_same_time_write_one_after_the_other(tmp_path: Path) -> None:
    slices = [[f"{letter}{number}" for number in range(20)] for letter in "abcdef"]
    threads = [threading.Thread(target=audit, args=(tmp_path, names)) for names in slices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [hosts_of_report(tmp_path / "fleet.json"), *others(tmp_path)]
    assert sorted(map(sorted, found)) == sorted(map(sorted, slices))


def test_one_that_hangs_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_WAIT_SECONDS", 0.2)
    with (
        in_turn(str(tmp_path), REPORT_FILES, [], whole_fleet=False),
        pytest.raises(OSError, match="another audit is still writing"),
        in_turn(str(tmp_path), REPORT_FILES, [], whole_fleet=False),
    ):
        pass


@pytest.mark.parametrize("text", ["", "{}", '"hosts":{\n"a', '"hosts":{\n"\\ud800', "\0\xff"])
def test_a_file_of_others_is_no_report(tmp_path: Path, text: str) -> None:
    (tmp_path / "fleet.json").write_text(text)
    assert hosts_of_report(tmp_path / "fleet.json") == frozenset()
    assert audit(tmp_path, "a") == ""


def test_a_link_is_not_kept(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text('{\n"hosts":{\n"x":{}\n}}\n')
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "fleet.json").symlink_to(secret)
    audit(folder, "a")
    assert not list((folder / OTHERS).rglob("fleet.json"))
    assert "x" in secret.read_text()
