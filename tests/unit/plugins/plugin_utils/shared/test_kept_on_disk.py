# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results kept on disk are as those of a dict, through all that is made of them."""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.keeping import Keeping
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.remember import remember
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report import fleet as module
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.files import write_reports
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.last_screen import render_answer
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.kept_on_disk import KeptOnDisk

from tests.conftest import SAMPLE_FLEET


def test_as_a_dict() -> None:
    kept = KeptOnDisk()
    kept["a"] = {"n": 1}
    kept["b"] = {"n": 2}
    assert kept["a"] == {"n": 1}
    kept["a"]["n"] = 5  # a copy
    assert dict(kept) == {"a": {"n": 1}, "b": {"n": 2}}
    kept["a"] = {"n": 7}
    assert (list(kept), len(kept), kept["a"], "c" in kept) == (["a", "b"], 2, {"n": 7}, False)
    del kept["a"]
    with pytest.raises(KeyError):
        kept["a"]


def test_all_reports_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "utc_time_of", lambda _seconds: "2026-01-01T00:00:00Z")
    records = sorted((SAMPLE_FLEET / "evidence").glob("*.evidence"))

    def made(name: str, results: MutableMapping[str, dict[str, Any]] | None) -> dict[str, str]:
        fleet = judge_fleet({record.stem: Gathered.from_record(str(record)) for record in records}, [], results=results)
        remember(fleet, Keeping(f"sqlite:///{tmp_path / name}.db", "fleet", 400, True, True), 1_764_000_000)
        paths = write_reports(fleet, str(tmp_path / name))
        return {**{kind: Path(path).read_text() for kind, path in paths.items()}, "table": render_answer(fleet, "all", ())}

    assert made("memory", None) == made("disk", KeptOnDisk())


def test_each_result_is_read_once_for_the_fleet_and_twice_for_the_comparison() -> None:
    class Counted(KeptOnDisk):
        reads = 0

        def __getitem__(self, name: str) -> Any:
            Counted.reads += 1
            return super().__getitem__(name)

    records = sorted((SAMPLE_FLEET / "evidence").glob("*.evidence"))
    gathered = {record.stem: Gathered.from_record(str(record)) for record in records}
    for comparing, most in ((False, 1), (True, 3)):
        Counted.reads = 0
        judge_fleet(gathered, [], comparing=comparing, results=Counted())
        assert Counted.reads <= most * len(records)
