# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a large fleet in a real browser, from asking for it to its table being there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.html import MOST_HOSTS, render_html
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.report.browser import Browser, chromium
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.report.sample_fleet import large_fleet

from tests.benchmarks.figures import Figure, progress
from tests.benchmarks.size import Size

#: What a reader waits for a page at the most.
_WANTED_SECONDS = 2.0


def page(folder: Path, size: Size) -> list[Figure]:
    """A page with as many hosts as it ever has, of a fleet ten times as large."""
    hosts = size.merges[1]
    path = folder / "fleet.html"
    path.write_text(render_html(large_fleet(hosts)))
    listed = min(MOST_HOSTS, hosts)
    seconds = []
    with _browser(folder) as browser:
        browser.open(path.as_uri())
        for _attempt in range(max(3, size.pairs)):
            start = time.perf_counter()
            browser.open(path.as_uri())
            shown = browser.evaluate('document.getElementById("shown").value')
            seconds.append(time.perf_counter() - start)
            progress(f"  {seconds[-1]:.2f} s: {shown}")
            if f"{listed:,} hosts" not in shown:
                raise RuntimeError(f"the page shows {shown}")
    note = f"seconds until a page of {listed:,} hosts is there in Chromium / {_WANTED_SECONDS:.0f}; the fleet has {hosts:,}"
    more = {"seconds": round(median(seconds), 2), "page_mb": round(path.stat().st_size / 1e6, 1)}
    return [Figure("page_10k_open_vs_2_seconds", [one / _WANTED_SECONDS for one in seconds], note, 1.0, more)]


@contextmanager
def _browser(folder: Path) -> Iterator[Browser]:
    browser = Browser(chromium(), str(folder / "profile"))
    try:
        yield browser
    finally:
        browser.close()
