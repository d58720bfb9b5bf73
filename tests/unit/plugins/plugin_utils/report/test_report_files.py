# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of reports: what stands in it is written, and to add one takes its own file and an entry."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report import files
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.files import REPORTS, write_reports
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.report.sample_fleet import sample_fleet

from tests.conftest import ROOT

_CODE = ("plugins", "roles", "playbooks", "extensions")


def test_every_report_of_the_list_is_written(tmp_path: Path) -> None:
    written = write_reports(sample_fleet(), str(tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == {name for name, _render in REPORTS.values()}
    for kind, (name, render) in REPORTS.items():
        assert written[kind] == str(tmp_path / name)
        assert Path(written[kind]).read_bytes().decode() == "".join(render(sample_fleet()))


def test_a_report_is_added_by_an_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def names(fleet: Mapping[str, Any]) -> str:
        return "\n".join(fleet["hosts"])

    monkeypatch.setitem(files.REPORTS, "names", ("names.txt", names))
    assert write_reports(sample_fleet(), str(tmp_path))["names"] == str(tmp_path / "names.txt")
    assert "db-prod-017" in (tmp_path / "names.txt").read_text()


def test_the_csv_needed_its_file_and_an_entry() -> None:
    """No other code names it: neither its file, nor its module, nor its function."""
    code = [path for folder in _CODE for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".yml", ".j2", ".js", ".sh")]
    naming = {
        path.name for path in code if any(word in path.read_text(encoding="utf-8") for word in ("fleet.csv", "fleet_csv", "render_csv"))
    }
    assert naming == {"fleet_csv.py", "files.py"}
