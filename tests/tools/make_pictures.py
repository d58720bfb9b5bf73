# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the pictures of docs/ with Chromium: the page of the sample fleet, as this version makes it.

.venv/test/bin/python -m tests.tools.make_pictures docs
"""

from __future__ import annotations

import base64
import hashlib
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.html import render_html
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.report.browser import Browser, chromium

from tests.conftest import SAMPLE_FLEET
from tests.tools.palette_png import with_palette

#: The page says when it was made. The pictures are to change only with the page.
_WHEN = "2026-11-25T22:00:00Z"


@dataclass(frozen=True)
class Picture:
    """What one picture shows."""

    file: str
    width: int
    height: int
    #: The host whose panel is open.
    host: str = ""


PICTURES = (
    Picture("report.png", 1280, 1130, "db13-el64-numa"),
    Picture("report_narrow.png", 390, 844),
)


def sample_page() -> str:
    """fleet.html of the sample fleet, the same text whenever it is made."""
    gathered = {path.stem: Gathered.from_record(str(path)) for path in sorted((SAMPLE_FLEET / "evidence").glob("*.evidence"))}
    return render_html({**judge_fleet(gathered, []), "generated_at": _WHEN})


def source_of_page(page: str) -> str:
    """What each picture bears, so that one of an older page is found out."""
    return hashlib.sha256(page.encode()).hexdigest()


def take(browser: Browser, page: str, folder: Path, picture: Picture) -> bytes:
    path = folder / "fleet.html"
    path.write_text(page, encoding="utf-8")
    browser.resize(picture.width, picture.height)
    browser.call("Emulation.setScrollbarsHidden", hidden=True)
    browser.open(path.as_uri() + (f"#host={picture.host}" if picture.host else ""))
    shot = browser.call("Page.captureScreenshot", format="png")["data"]
    return with_palette(base64.b64decode(shot), source_of_page(page))


def main(target: Path) -> None:
    page = sample_page()
    with tempfile.TemporaryDirectory() as folder:
        browser = Browser(chromium(), folder + "/profile")
        try:
            for picture in PICTURES:
                (target / picture.file).write_bytes(take(browser, page, Path(folder), picture))
        finally:
            browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
