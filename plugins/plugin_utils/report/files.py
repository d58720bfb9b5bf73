# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reports as files."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet_csv import render_csv
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.html import render_html
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.json_report import json_lines
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.prometheus import prometheus_lines, tells_of_others
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.regular_file import open_regular
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.whole_file import (
    TRIAL,
    remove_leftovers,
    require_writable_folder,
    write_together,
)

#: Kind of report -> its file's name and what renders it, as a text or in parts. To add a report is to add its file to
#: this folder, and an entry here.
#: The names are fixed and have no text of a host.
REPORTS: dict[str, tuple[str, Callable[[Mapping[str, Any]], str | Iterable[str]]]] = {
    "json": ("fleet.json", json_lines),
    "html": ("fleet.html", render_html),
    "prometheus": ("pagealloc.prom", prometheus_lines),
    "csv": ("fleet.csv", render_csv),
}
#: Which hosts have metrics of their own: all, or those with something to report.
METRICS = ("all", "trouble")
#: Their names.
REPORT_FILES = tuple(name for name, _render in REPORTS.values())


def require_writable(directory: str) -> None:
    """Make the directory if it is missing. Raises OSError if the reports could not be written into it."""
    if not directory:
        raise OSError(errno.EINVAL, "must not be empty", "the directory's name")
    require_writable_folder(Path(directory).absolute())


def metrics_are_of_others(directory: str, hosts: Collection[str]) -> bool:
    """Whether the metrics of an audit in this folder are of more hosts than these."""
    return tells_of_others(_metrics_in(directory), hosts)


def write_reports(
    fleet: Mapping[str, Any],
    directory: str,
    *,
    metrics: str = METRICS[0],
    elsewhere: Collection[str] = (),
    without: Collection[str] = (),
) -> dict[str, str]:
    """Write all reports into ``directory`` (made where missing), or none; {kind: absolute path}. OSError where it cannot.
    ``metrics``: one of METRICS. ``elsewhere``: hosts that this run was not to ask; the metrics of a change keep what became of them.
    ``without``: kinds of reports that stay as they are."""
    folder = Path(directory).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    paths = {kind: folder / name for kind, (name, _render) in REPORTS.items()}
    remove_leftovers([*paths.values(), folder / TRIAL])
    renders = {kind: render for kind, (_name, render) in REPORTS.items()}
    before = _metrics_in(directory) if elsewhere else ""
    renders["prometheus"] = partial(prometheus_lines, only_trouble=metrics == METRICS[1], before=before, elsewhere=elsewhere)
    write_together({paths[kind]: render(fleet) for kind, render in renders.items() if kind not in without})
    return {kind: str(path) for kind, path in paths.items()}


def _metrics_in(directory: str) -> str:
    """Those that an earlier run wrote there; none where it wrote none."""
    with contextlib.suppress(OSError, ValueError), open_regular(Path(directory) / REPORTS["prometheus"][0]) as file:
        return file.read().decode("utf-8")
    return ""
