# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pagealloc.prom in the folder of a real node_exporter."""

from __future__ import annotations

from pathlib import Path

from tests.alerts.monitoring import running_node_exporter
from tests.alerts.nights import sample_nights


def test_the_audit_and_the_workaround_can_lie_side_by_side(tmp_path: Path) -> None:
    """The collector refuses two files that have a series in common."""
    texts = tmp_path / "texts"
    texts.mkdir()
    _at, both = sample_nights()[-1]
    audit, mark, workaround = both.partition("# HELP pagealloc_change_timestamp_seconds")
    (texts / "pagealloc.prom").write_text(audit)
    (texts / "pagealloc-workaround.prom").write_text(mark + workaround)
    with running_node_exporter(tmp_path / "exporter", texts) as exporter:
        exposed = exporter.get("/metrics")
    assert "node_textfile_scrape_error 0" in exposed
    assert 'pagealloc_host_verdict{host="db03-el64-seed",verdict="affected"} 1' in exposed
    assert 'pagealloc_change_outcome{host="db03-el64-seed",outcome="planned",what="workaround"} 1' in exposed
