# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation site: ./dev docs builds it, each link in it leads somewhere, and a browser reads it from a disk without a network."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.report.browser import Browser, chromium

from tests.conftest import ROOT, locked
from tests.quality.documentation import plugins
from tests.quality.tools import passes
from tests.tools.make_pictures import PICTURES, sample_page, source_of_page, take
from tests.tools.palette_png import size_of, source_of

#: Pages that a browser looks at, wide and on a phone: prose, tables, code, pictures, and the reference.
LOOKED_AT = ("index", "first_audit", "report", "options", "workaround", "alerts", "performance", "reference/gather_module", "search")
#: What a browser loads for a page: (element, attribute).
LOADED = {("script", "src"), ("link", "href"), ("img", "src"), ("source", "src"), ("iframe", "src")}


def load_build() -> ModuleType:
    """docs/docsite/build.py, which is a program and in no package."""
    spec = importlib.util.spec_from_file_location("docsite_build", ROOT / "docs" / "docsite" / "build.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BUILD: Any = load_build()


class Html(HTMLParser):
    """What a page loads, where it links to, and the ids that a link may aim at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.ids.add(value)
            if (tag, name) in LOADED and value:
                self.loads.append(value)
            if (tag, name) == ("a", "href") and value:
                self.links.append(value)


@pytest.fixture(scope="module")
def site() -> Path:
    """Built by the command that people run; it fails at the first warning."""
    with locked(ROOT / "build" / "docs.lock"):
        said = passes(ROOT / "dev", "docs", timeout=900)
    index = ROOT / "build" / "docs" / "index.html"
    assert said == f"The site: {index}\n"
    return index.parent


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Html]:
    return {path: Html(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    running = Browser(chromium(), str(tmp_path_factory.mktemp("profile")))
    yield running
    running.close()


def test_each_link_leads_somewhere(site: Path, pages: dict[Path, Html]) -> None:
    wrong = []
    for path, page in pages.items():
        for link in {*page.links, *page.loads}:
            aim = urlsplit(link)
            if aim.scheme or link == "#":
                continue
            target = (path.parent / unquote(aim.path)).resolve() if aim.path else path
            there = target.exists() and target.is_relative_to(site)
            if not there or (aim.fragment and target in pages and unquote(aim.fragment) not in pages[target].ids):
                wrong.append(f"{path.relative_to(site)}: {link}")
    assert wrong == []


def test_nothing_is_loaded_from_the_network(site: Path, pages: dict[Path, Html]) -> None:
    assert [load for page in pages.values() for load in page.loads if urlsplit(load).scheme or load.startswith("//")] == []
    styles = [path.read_text(encoding="utf-8") for path in site.rglob("*.css")]
    assert styles and not [
        found for style in styles for found in re.findall(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^)"']+)""", style)
    ]


def test_each_plugin_and_role_has_its_page(site: Path) -> None:
    wanted = {f"{plugin.name}_{plugin.kind}" for plugin in plugins().values()}
    wanted |= {f"{path.name}_role" for path in (ROOT / "roles").iterdir()}
    assert wanted <= {path.stem for path in (site / "reference").glob("*.html")}


def test_each_page_of_docs_is_on_the_site(site: Path) -> None:
    assert {path.stem for path in (ROOT / "docs").glob("*.md")} <= {path.stem for path in site.glob("*.html")}


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", LOOKED_AT)
def test_a_browser_reads_it_from_a_disk(site: Path, browser: Browser, name: str, width: int) -> None:
    browser.resize(width, 900)
    browser.open((site / f"{name}.html").as_uri())
    assert browser.trouble == []
    assert [url for url in browser.requests if not url.startswith(("file:", "data:"))] == []
    assert browser.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "no page is wider than its window"


def test_the_search_finds_a_page_without_a_server(site: Path, browser: Browser) -> None:
    browser.open((site / "search.html").as_uri() + "?q=watermark")
    found = browser.evaluate(
        "new Promise((done) => { let left = 200; const look = () => {"
        " const links = [...document.querySelectorAll('#search-results li a')].map((link) => link.textContent);"
        " links.includes('Headroom') || !left-- ? done(links) : setTimeout(look, 50); }; look(); })"
    )
    assert "Headroom" in found
    assert browser.trouble == []


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.file)
def test_each_picture_is_of_this_version(browser: Browser, tmp_path: Path, picture: Any) -> None:
    """The page of the sample fleet is pictured anew. The picture in docs/ has to be of the same page."""
    page = sample_page()
    taken = take(browser, page, tmp_path, picture)
    kept = (ROOT / "docs" / picture.file).read_bytes()
    assert size_of(taken) == size_of(kept) == (picture.width, picture.height)
    assert len(kept) < 125_000
    assert source_of(kept) == source_of(taken) == source_of_page(page), "run: .venv/test/bin/python -m tests.tools.make_pictures docs"


def test_a_link_that_leads_nowhere_ends_the_build() -> None:
    with pytest.raises(BUILD.BrokenLink, match="no_such_page.md"):
        BUILD.site_text("See [this](no_such_page.md).", "docs/alerts.md")
    with pytest.raises(BUILD.BrokenLink, match="passwd"):
        BUILD.site_text("See [this](../../../../../etc/passwd).", "docs/alerts.md")


@pytest.mark.parametrize(
    ("of_the_repository", "on_the_site"),
    [
        ("[a](headroom.md#the-rules)", "[a](headroom.md#the-rules)"),
        ("[a](../README.md)", "[a](index.md)"),
        ("[a](../CONTRIBUTING.md#changelog)", "[a](contributing.md#changelog)"),
        ("[a](../tests/lab/README.md)", "[a](lab.md)"),
        ("[a](fleet.schema.json)", "[a](fleet.schema.json)"),
        ("[a](../galaxy.yml)", f"[a]({BUILD.REPOSITORY}/blob/main/galaxy.yml)"),
        ("[a](../extensions/grafana)", f"[a]({BUILD.REPOSITORY}/tree/main/extensions/grafana)"),
        ("[a](https://example.com/x.md)", "[a](https://example.com/x.md)"),
        ("The filter `fleetcare.pagealloc.classify`", "The filter [`fleetcare.pagealloc.classify`](reference/classify_filter.rst)"),
        ("The role `fleetcare.pagealloc.audit`", "The role [`fleetcare.pagealloc.audit`](reference/audit_role.rst)"),
        ("The playbook `fleetcare.pagealloc.history`", "The playbook `fleetcare.pagealloc.history`"),
        ("```console\n$ cat [a](nowhere.md)\n```", "```console\n$ cat [a](nowhere.md)\n```"),
    ],
)
def test_links_of_a_page_become_links_of_the_site(of_the_repository: str, on_the_site: str) -> None:
    assert BUILD.site_text(of_the_repository, "docs/alerts.md") == on_the_site


def test_the_menu_is_the_list_of_the_front_page() -> None:
    text = "# A\n\n## Guides\n\n- [One](one.md): x\n- [Two](two.md), [file](x.json)\n\n## Rest\n\n- [Three](three.rst)\n"
    menu = BUILD.front_page(text, ["one.md", "left_out.md"])
    assert menu.count("```{toctree}") == 2
    assert ":caption: Guides\n\none.md\ntwo.md\n```" in menu
    assert ":caption: Rest\n\nthree.rst\nleft_out.md\n```" in menu


def test_each_page_of_docs_has_its_line_on_the_front_page() -> None:
    text = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    assert [path.name for path in (ROOT / "docs").glob("*.md") if f"]({path.name})" not in text] == ["index.md"]
