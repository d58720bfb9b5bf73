# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fleet.csv: one line a host, the worst verdict first, for a spreadsheet or a ticket system."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.csv_cells import write_rows
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.rows import HostRow, host_rows


def _fact(result: Mapping[str, Any], group: str, name: str) -> object:
    return ((result["facts"] or {}).get(group) or {}).get(name)


#: Heading -> what stands below it, of the host's row and its result. None is an empty cell.
_COLUMNS: dict[str, Callable[[HostRow, Mapping[str, Any]], object]] = {
    "host": lambda row, _result: row.name,
    "verdict": lambda row, _result: row.verdict,
    "groups": lambda _row, result: "; ".join(result["groups"]),
    "acknowledged_until": lambda _row, result: (result["acknowledged"] or {}).get("until"),
    "change": lambda _row, result: (result.get("change") or {}).get("outcome"),
    "symptom": lambda _row, result: result["symptom"],
    "order": lambda row, _result: row.order,
    "headroom_at_least": lambda row, _result: row.headroom,
    "headroom_at_most": lambda row, _result: row.headroom_at_most,
    "failures": lambda _row, result: _fact(result, "failures", "count"),
    "kernel": lambda row, _result: row.kernel,
    "drivers": lambda row, _result: row.drivers,
    "free_kb": lambda _row, result: _fact(result, "memory", "free_kb"),
    "min_free_kbytes": lambda _row, result: _fact(result, "vm", "min_free_kbytes"),
    "zone_reclaim_mode": lambda _row, result: _fact(result, "vm", "zone_reclaim_mode"),
    "advisories": lambda _row, result: "; ".join(result["advisories"]),
    "actions": lambda _row, result: "; ".join(action["action"] for action in result["actions"]),
    "reasons": lambda _row, result: "; ".join(result["reasons"]),
}


def render_csv(fleet: Mapping[str, Any]) -> str:
    """The fleet as CSV. What is not known is an empty cell, never zero."""
    file = io.StringIO(newline="")
    hosts = ((row, fleet["hosts"][row.name]) for row in host_rows(fleet))
    write_rows(file, list(_COLUMNS), ([cell(row, result) for cell in _COLUMNS.values()] for row, result in hosts))
    return file.getvalue()
