# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fleet.html, as text and in a real browser."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import VERDICTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.html import render_html
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.nights_picture import nights_picture
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.rows import host_rows
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import printable
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.report.browser import (
    Browser,
    axe_core,
    chromium,
)
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.report.sample_fleet import (
    BOOT_ANOTHER,
    HOSTILE,
    changed_fleet,
    compared_fleet,
    facts,
    fleet_of,
    hostile_fleet,
    large_fleet,
    result,
    sample_fleet,
)

from tests.security.fuzz.properties import harmless_page

TITLE = "Kernel page starvation audit"


class Page(HTMLParser):
    """The elements of a page, and the text of its table, as a browser without scripts has them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.names: list[str] = []
        self._in_name = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "a":
            self._in_name = True
            self.names.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._in_name = False

    def handle_data(self, data: str) -> None:
        if self._in_name:
            self.names[-1] += data


def test_the_static_page_holds_every_host_worst_first() -> None:
    fleet = sample_fleet()
    assert Page(render_html(fleet)).names == [row.name for row in host_rows(fleet)]


def test_the_page_fetches_nothing() -> None:
    text = render_html(sample_fleet())
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy
    assert policy.group(1).startswith("default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-")
    assert "unsafe-eval" not in policy.group(1)
    for tag, attributes in Page(text).tags:
        assert tag not in ("iframe", "object", "embed", "base")
        for name in ("src", "href", "action"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/svg+xml,"))


def test_scripts_never_write_markup() -> None:
    text = render_html(sample_fleet())
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert word not in text


def test_hostile_text_makes_no_element() -> None:
    text = render_html(hostile_fleet())
    text.encode("utf-8")
    page = Page(text)
    harmless = [tag for tag, _attributes in Page(render_html(sample_fleet())).tags]
    assert {tag for tag, _attributes in page.tags} == set(harmless)
    assert sum(tag == "script" for tag, _attributes in page.tags) == harmless.count("script") == 6
    assert sorted(page.names) == sorted(printable(name, 255) for name in HOSTILE)
    assert not [char for char in text if char != "\n" and not char.isprintable()]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_values_in_the_comparison_make_no_element(text: str) -> None:
    harmless, page = (render_html(compared_fleet(value)) for value in ("2.11.500", text))
    assert [tag for tag, _attributes in Page(page).tags] == [tag for tag, _attributes in Page(harmless).tags]
    assert "firmware mlx4_en" in page and not [char for char in page if char != "\n" and not char.isprintable()]


def test_the_comparison_is_there_where_it_says_something() -> None:
    page = render_html(compared_fleet())
    assert ">What sets the 8 hosts with the trouble apart from the 8 without</h2>" in page
    row = r'<tr class="certain"><td><b>firmware mlx4_en 2\.11\.500</b></td><td>8 of 8</td><td>0 of 8</td><td>0</td><td>289</td>'
    assert re.search(row, page)
    assert "What sets the" not in render_html({**compared_fleet(), "comparison": None})
    assert "What sets the" not in render_html(fleet_of({"fine": result("clear", facts(), [])}))


def by_orders(*orders: int) -> dict[str, Any]:
    """A host judged by each of these orders, and one that gave no facts."""
    hosts = {f"by-{order}": result("affected", facts(), [f"order-{order}"], order=order) for order in orders}
    return fleet_of({**hosts, "gone": result("unreachable", None, ["No answer."])})


def test_an_order_has_a_column_and_a_sentence_of_its_own() -> None:
    page = render_html(by_orders(2, 3))
    heads = re.findall(r'data-sort="(headroom[^"]*)" class="c-room" title="([^"]*)">([^<]*)<', page)
    assert heads == [
        (
            "headroom-2",
            "Atomic requests for 4 contiguous pages (16 kB with 4 kB pages) that the kernel would still grant",
            "Order-2 headroom",
        ),
        (
            "headroom-3",
            "Atomic requests for 8 contiguous pages (32 kB with 4 kB pages) that the kernel would still grant",
            "Order-3 headroom",
        ),
    ]
    cells = {
        name: re.findall(r'<td class="c-room">([^<]*)</td>', row) for name, row in re.findall(r"<tr.*?>(by-\d|gone)</a>(.*?)</tr>", page)
    }
    left = {order: f"{by_orders(order)['hosts'][f'by-{order}']['headroom']['atomic'][order]:,}" for order in (2, 3)}
    assert cells == {"by-2": [left[2], ""], "by-3": ["", left[3]], "gone": ["–", "–"]}
    assert "A field is empty where the host is judged by another order." in page


@pytest.mark.parametrize(
    ("order", "sentence"),
    [(0, "for 1 contiguous page that"), (2, "for 4 contiguous pages that"), (3, "for 8 contiguous pages that")],
)
def test_the_foot_of_the_page_says_what_one_order_counts(order: int, sentence: str) -> None:
    assert f"Headroom is the number of atomic requests {sentence} the kernel would still grant" in render_html(by_orders(order))


def test_more_orders_than_columns_share_one_column() -> None:
    page = render_html(by_orders(0, 2, 3, 5))
    assert re.findall(r'data-sort="(headroom[^"]*)"', page) == ["headroom"]
    assert re.search(r'>by-5</a>.*<td class="c-room">[\d,]+ of order 5</td>', page)
    assert 'data-sort="headroom' not in render_html(by_orders())


def test_every_verdict_is_explained() -> None:
    text = render_html(fleet_of({}))
    for meaning in VERDICTS.values():
        assert f">{meaning}<" in text


@pytest.mark.parametrize(
    ("verdicts", "headline"),
    [
        ([], "No hosts were audited."),
        (["clear"], "The one host is clear."),
        (["clear", "clear"], "All 2 hosts are clear."),
        (["clear", "affected", "stalled"], "2 of 3 hosts are short of free pages or at risk."),
        (["at_risk"], "1 of 1 host is short of free pages or at risk."),
        (["clear", "unknown"], "Nothing urgent on 2 hosts; 1 needs a look."),
        (["mitigated", "reboot_pending"], "Nothing urgent on 2 hosts; 2 need a look."),
    ],
)
def test_the_headline_says_it_all(verdicts: list[str], headline: str) -> None:
    fleet = fleet_of({f"h{place}": result(verdict, None, []) for place, verdict in enumerate(verdicts)})
    assert f'<p class="headline">{headline}</p>' in render_html(fleet)


@pytest.mark.parametrize(
    ("others", "headline"),
    [
        (["clear"], "No trouble on 2 hosts now, but the table warns about 1."),
        (["unknown"], "Nothing urgent on 2 hosts; 2 need a look."),
        (["affected"], "1 of 2 hosts is short of free pages or at risk."),
    ],
)
def test_the_headline_does_not_call_clear_what_the_next_boot_ends(others: list[str], headline: str) -> None:
    hosts = {f"h{place}": result(verdict, None, []) for place, verdict in enumerate(others)}
    fleet = fleet_of({**hosts, "web": result("clear", None, ["the next boot brings it"], actions=(BOOT_ANOTHER,))})
    assert f'<p class="headline">{headline}</p>' in render_html(fleet)


def test_the_time_is_written_for_people_and_any_text_is_borne() -> None:
    assert ">24 November 2026, 02:00 UTC</time>" in render_html(sample_fleet())
    assert "&lt;b&gt;</time>" in render_html({**sample_fleet(), "generated_at": "<b>"})


def test_a_page_of_more_hosts_has_the_worst_and_says_where_the_others_are(monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = sample_fleet()
    whole = render_html(fleet)
    names = [row.name for row in host_rows(fleet)]
    monkeypatch.setattr("ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.html.MOST_HOSTS", 3)
    part = render_html(fleet)
    assert 'id="partly"' not in whole
    assert f"This page has the 3 hosts with the worst verdicts. All {len(names)} are in fleet.json" in part
    assert part.count('<th scope="row">') == 3 and [host["name"] for host in harmless_page(part)[1:]] == names[:3]
    heading = re.compile('class="headline">([^<]*)<')
    assert heading.findall(part) == heading.findall(whole)


def test_time_grows_with_the_number_of_hosts_only() -> None:
    def seconds(fleet: dict[str, Any]) -> float:
        best = 60.0
        for _turn in range(3):
            start = time.process_time()
            render_html(fleet)
            best = min(best, time.process_time() - start)
        return best

    small, large = seconds(large_fleet(1000)), seconds(large_fleet(10000))
    assert large < 40 * small  # ten times the hosts, and leave for a busy machine; 100 would be quadratic


# From here on in a real browser.


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    running = Browser(chromium(), str(tmp_path_factory.mktemp("profile")))
    yield running
    running.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Name of a fleet -> address of its page."""
    folder = tmp_path_factory.mktemp("pages")
    fleets = {
        "sample": sample_fleet(),
        "hostile": hostile_fleet(),
        "orders": by_orders(2, 3, 5),
        "large": large_fleet(10000),
        "empty": fleet_of({}),
    }
    return {name: write(folder / f"{name}.html", fleet) for name, fleet in fleets.items()}


def write(path: Path, fleet: dict[str, Any]) -> str:
    path.write_text(render_html(fleet), encoding="utf-8")
    return path.as_uri()


def shown(browser: Browser) -> list[str]:
    """The host names that the list shows now."""
    names: list[str] = browser.evaluate('Array.from(document.querySelectorAll("#hosts tbody tr"), (row) => row.cells[0].textContent)')
    return names


def panel(browser: Browser) -> str:
    browser.rest()
    text: str = browser.evaluate('document.getElementById("panel").textContent')
    return text


def click(browser: Browser, selector: str) -> None:
    browser.evaluate(f"document.querySelector({json.dumps(selector)}).click()")


def quiet(browser: Browser) -> bool:
    """Neither an error, nor a message, nor a request but for the page itself."""
    assert browser.trouble == []
    assert all(url.startswith(("file:", "data:")) for url in browser.requests)
    return sum(url.startswith("file:") for url in browser.requests) == 1


@pytest.mark.parametrize("name", ["sample", "hostile", "empty"])
def test_it_opens_without_a_word(browser: Browser, pages: dict[str, str], name: str) -> None:
    browser.open(pages[name])
    assert browser.evaluate("document.title") == TITLE
    assert quiet(browser)


def test_hostile_text_is_shown_and_never_runs(browser: Browser, pages: dict[str, str]) -> None:
    browser.open(pages["hostile"])
    assert sorted(shown(browser)) == sorted(printable(name, 255) for name in HOSTILE)
    for name in HOSTILE:
        browser.open(pages["hostile"] + "#host=" + quote(name.replace("\udc80", "\ufffd"), safe=""))
        assert browser.evaluate("document.title") == TITLE
        assert quiet(browser)
        text = panel(browser)
        assert "holds no host" not in text
        assert browser.evaluate('document.querySelectorAll("#panel :is(script, img, svg)").length') == 0
        if name.isascii() and name.isprintable():
            assert text.count(name) > 20
        assert not [char for char in text if not char.isprintable()]
        assert "{{ 7*7 }}" in text or name != "{{ 7*7 }}"
        assert "__proto__" in text
        heading = browser.evaluate('document.querySelector("#panel h2").textContent')
        assert heading[:100] == printable(name)[:100]


def test_the_figures_of_the_comparison_open(browser: Browser, tmp_path: Path) -> None:
    browser.open(write(tmp_path / "compared.html", compared_fleet(HOSTILE[1])))
    table = 'document.querySelector(".compared table").checkVisibility()'
    assert not browser.evaluate(table)
    click(browser, ".compared summary")
    assert browser.evaluate(table)
    assert HOSTILE[1] in browser.evaluate('document.querySelector(".compared tbody").textContent')
    assert browser.evaluate("document.title") == TITLE
    for width in (360, 768, 1280):
        browser.resize(width, 900)
        assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth")
    browser.resize(1280, 900)
    assert quiet(browser)


def test_a_host_can_be_linked_to(browser: Browser, pages: dict[str, str]) -> None:
    browser.open(pages["sample"] + "#host=db-prod-017")
    text = panel(browser)
    for part in (
        "db-prod-017",
        "Kernel 2.6.32-358.23.2.el6 lies between",
        "Raise vm.min_free_kbytes",
        "pagealloc-mlx4-rhel6.4",
        "Node 0 DMA32",
        "order 2",
        "16 kB",
        "9,539",
        "0x4020 = __GFP_HIGH | __GFP_COMP",
        "kworker/u16:3",
        "mlx4_en on mlx4_core",
        "memory.available_kb",
        "kernels before 3.14 do not report it",
        "1 (P)",
    ):
        assert part in text, part
    assert browser.evaluate('document.querySelectorAll("#hosts [aria-current]").length') == 1
    assert browser.evaluate("document.activeElement.id") == "panel"
    assert quiet(browser)


def test_the_picture_marks_where_a_request_would_fail(browser: Browser, pages: dict[str, str]) -> None:
    browser.open(pages["sample"] + "#host=db-prod-017")
    marks = browser.evaluate(
        'Array.from(document.querySelectorAll(".heat tbody:first-of-type tr"), (row) =>'
        ' row.cells[0].textContent + ": " + Array.from(row.cells).slice(1, -1)'
        '.map((cell) => !cell.classList.contains("refused") ? "." : cell.classList.contains("usual") ? "x" : "X").join(""))'
    )
    assert marks == ["Node 0 DMA: ...........", "Node 0 DMA32: xxXXxxxxxxx", "Node 0 Normal: ..XXxxxxxxx", "Node 1 Normal: ..XXxxxxxxx"]


def test_block_sizes_follow_the_page_size(browser: Browser, tmp_path: Path) -> None:
    fleet = fleet_of({"arm": result("clear", facts(page_size_bytes=65536), [])})
    browser.open(write(tmp_path / "arm.html", fleet) + "#host=arm")
    heads = browser.evaluate('Array.from(document.querySelectorAll(".heat thead th"), (head) => head.textContent)')
    assert heads[:3] == ["order 064 kB", "order 1128 kB", "order 2256 kB"]
    assert heads[-2] == "order 1064 MB"


@pytest.mark.parametrize(
    ("host", "parts"),
    [
        ("db-prod-018.storage.example.com", ["no SSH banner came", "this host gave no facts"]),
        ("app-legacy-3", ["Not known: /proc/buddyinfo: permission denied", "No kernel log could be read: dmesg: read"]),
        ("web-1", ["No allocation failure in the kernel ring buffer", "there may have been failures"]),
        ("nowhere", ["This report has no host of this name."]),
    ],
)
def test_what_is_not_known_says_why(browser: Browser, pages: dict[str, str], host: str, parts: list[str]) -> None:
    browser.open(f"{pages['sample']}#host={host}")
    for part in parts:
        assert part in panel(browser)
    assert quiet(browser)


def test_filters_by_address(browser: Browser, pages: dict[str, str]) -> None:
    browser.open(pages["sample"] + "#verdict=affected")
    assert shown(browser) == ["db-prod-4", "db-prod-017"]
    browser.open(pages["sample"] + "#q=IXGBE%20order-2")
    assert shown(browser) == ["backup-ams-02"]
    browser.open(pages["sample"] + "#q=nothing-like-it&verdict=clear&%E0%A4%A=broken&sort=__proto__")
    assert shown(browser) == []
    assert browser.evaluate('document.getElementById("nothing").checkVisibility()')
    assert quiet(browser)


def test_filters_by_hand(browser: Browser, pages: dict[str, str]) -> None:
    browser.open(pages["sample"])
    everything = shown(browser)
    click(browser, '.tile[data-v="at_risk"]')
    assert shown(browser) == ["db-prod-019", "db-prod-020"]
    assert browser.evaluate("location.hash") == "#verdict=at_risk"
    browser.evaluate('document.getElementById("search").focus()')
    browser.type("020")
    assert shown(browser) == ["db-prod-020"]
    assert browser.evaluate('document.getElementById("shown").value') == "1 of 16 hosts"
    click(browser, "#reset")
    assert shown(browser) == everything
    assert quiet(browser)


def test_sorts(browser: Browser, pages: dict[str, str]) -> None:
    browser.open(pages["sample"])
    everything = shown(browser)
    click(browser, 'th[data-sort="host"] button')
    by_name = shown(browser)
    assert by_name[0] == "app-legacy-3"
    assert by_name[-3:] == ["web-9", "web-10", "web-11"]
    assert browser.evaluate('document.querySelector("[data-sort=host]").getAttribute("aria-sort")') == "ascending"
    click(browser, 'th[data-sort="host"] button')
    assert shown(browser) == by_name[::-1]
    click(browser, 'th[data-sort="host"] button')
    assert shown(browser) == everything
    click(browser, 'th[data-sort="headroom"] button')
    assert shown(browser)[:3] == ["db-prod-4", "db-prod-017", "backup-ams-02"]
    assert shown(browser)[-1] == "app-legacy-3"


def test_the_panel_and_the_columns_follow_the_order_of_each_host(browser: Browser, tmp_path: Path) -> None:
    fleet = by_orders(2, 3)
    for name in ("by-2", "by-3"):
        room = fleet["hosts"][name]["headroom"]
        room.update(atomic=[50, 40, 30, 0, *[0] * 7], atomic_at_most=[50, 40, 30, 0, *[0] * 7])
    address = write(tmp_path / "orders.html", fleet)
    for name, order, left, size in (("by-2", 2, "30", "16 kB"), ("by-3", 3, "0", "32 kB")):
        browser.open(f"{address}#host={name}")
        assert f"{left}atomic order-{order} requests ({size}) left" in panel(browser)
        bad = browser.evaluate('document.querySelector("#panel .figure").classList.contains("bad")')
        assert bad is (left == "0")
        assert browser.evaluate('document.querySelector(".heat .critical").textContent').startswith(f"order {order}")
    browser.open(address)
    click(browser, 'th[data-sort="headroom-3"] button')
    assert shown(browser)[0] == "by-3"
    click(browser, 'th[data-sort="headroom-2"] button')
    assert shown(browser)[0] == "by-2"
    assert browser.evaluate("location.hash") == "#sort=headroom-2"
    assert quiet(browser)


def test_an_order_above_the_usual_ones_is_marked_too(browser: Browser, tmp_path: Path) -> None:
    host = result(
        "affected", facts(zones=[{**facts()["zones"][2], "free_blocks": [60000] + [0] * 10, "free_pages": 60000}]), ["x"], order=5
    )
    browser.open(write(tmp_path / "five.html", fleet_of({"five": host})) + "#host=five")
    marked = browser.evaluate(
        'Array.from(document.querySelectorAll(".heat tbody:first-of-type tr td.refused:not(.usual)"), (cell) => cell.cellIndex - 1)'
    )
    assert marked == [1, 2, 3, 4, 5]
    assert quiet(browser)


@pytest.mark.parametrize(("zones", "rows"), [([None, [7, 0, 1]], 1), ([None, None], 0)])
def test_a_zone_without_its_free_blocks_costs_the_panel_nothing_else(
    browser: Browser, zones: list[list[int] | None], rows: int, tmp_path: Path
) -> None:
    host = result("unknown", facts(), ["x"])
    host["headroom"] = None
    host["facts"]["zones"] = [{**facts()["zones"][2], "free_blocks": blocks} for blocks in zones]
    browser.open(write(tmp_path / "no_blocks.html", fleet_of({"here": host})) + "#host=here")
    assert browser.evaluate('document.querySelectorAll(".heat tbody tr").length') == rows
    assert "Free memory by block size" in panel(browser)
    assert quiet(browser)


def test_keyboard(browser: Browser, pages: dict[str, str]) -> None:
    browser.open(pages["sample"])
    browser.evaluate('document.querySelector("#hosts tbody a").focus()')
    browser.press("Enter")
    assert browser.evaluate("location.hash") == "#host=db-prod-4"
    browser.press("ArrowRight")
    assert browser.evaluate('document.querySelector("#panel h2").textContent') == "db-prod-017"
    browser.press("ArrowLeft")
    browser.press("ArrowLeft")
    assert browser.evaluate('document.querySelector("#panel h2").textContent') == "db-prod-4"
    browser.press("Escape")
    assert browser.evaluate('document.getElementById("panel").hidden')
    assert browser.evaluate("document.activeElement.textContent") == "db-prod-4"


def test_going_back_closes_the_host(browser: Browser, pages: dict[str, str]) -> None:
    browser.open(pages["sample"])
    click(browser, "#hosts tbody tr:nth-child(3) td")
    assert browser.evaluate("location.hash") == "#host=backup-ams-02"
    browser.evaluate("new Promise((done) => { addEventListener('popstate', () => setTimeout(done)); history.back(); })")
    assert browser.evaluate('document.getElementById("panel").hidden')


def test_twenty_thousand_hosts_open_as_fast_as_ten_thousand(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "fleet.html"
    page.write_text(render_html(large_fleet(20_000)))
    began = time.monotonic()
    browser.open(page.as_uri())
    assert browser.evaluate('document.getElementById("shown").value') == "first 500 of 10,000 hosts"
    assert time.monotonic() - began < 20  # two seconds on a machine that does nothing else
    assert "All 20,000 are in fleet.json" in browser.evaluate('document.getElementById("partly").textContent')


def test_ten_thousand_hosts(browser: Browser, pages: dict[str, str]) -> None:
    start = time.monotonic()
    browser.open(pages["large"] + "#host=host-9999.dc0.example.com")
    assert time.monotonic() - start < 40  # a second or so on an idle machine
    assert len(render_html(large_fleet(10_000))) < 12_000_000
    assert "host-9999.dc0.example.com" in panel(browser)
    assert len(shown(browser)) == 500
    assert browser.evaluate('document.getElementById("shown").value') == "first 500 of 10,000 hosts"
    click(browser, "#more")
    assert len(shown(browser)) == 1000
    assert browser.evaluate('(go({q: "host-9998."}, true), document.getElementById("shown").value)') == "1 of 10,000 hosts"
    assert shown(browser) == ["host-9998.dc8.example.com"]
    assert quiet(browser)


def in_groups() -> dict[str, Any]:
    """Hosts of two groups, one of them acknowledged, one with a name that --limit takes for a pattern."""
    hosts = sample_fleet()["hosts"]
    named = {"db-prod-017": ["db", "north"], "db-prod-4": ["db"], "backup-ams-02": ["north"]}
    found = {name: {**host, "groups": named.get(name, [])} for name, host in hosts.items()}
    found["db-prod-4"]["acknowledged"] = {"reason": "waits for CHG0042", "until": "2026-12-24"}
    found["~db.*"] = {**found["db-prod-017"]}
    return fleet_of(found)


def test_a_group_can_be_picked_and_saved(browser: Browser, tmp_path: Path) -> None:
    address = write(tmp_path / "groups.html", in_groups())
    browser.open(address)
    options = browser.evaluate("[...document.querySelector('#group').options].map((one) => one.text)")
    assert options == ["all", "db (3)", "north (3)"]
    browser.open(f"{address}#group=north&verdict=affected")
    assert shown(browser) == ["db-prod-017", "~db.*"]
    table = list(csv.DictReader(io.StringIO(browser.evaluate("csvText(found)"))))
    assert [(row["Host"], row["Verdict"], row["Groups"]) for row in table] == [
        ("db-prod-017", "affected", "db; north"),
        ("~db.*", "affected", "db; north"),
    ]
    browser.open(f"{address}#q=CHG0042")
    assert shown(browser) == ["db-prod-4"]
    waits = next(csv.DictReader(io.StringIO(browser.evaluate("csvText(found)"))))
    assert (waits["Verdict"], waits["Acknowledged"]) == ("affected", "acknowledged until 2026-12-24: waits for CHG0042")
    browser.open(f"{address}#host=db-prod-4")
    assert "Acknowledged until 2026-12-24: waits for CHG0042" in panel(browser)
    assert quiet(browser)


def test_what_is_saved_starts_no_formula(browser: Browser, tmp_path: Path) -> None:
    host = result("affected", facts(), ["=1+1"])
    browser.open(write(tmp_path / "formula.html", fleet_of({"-cmd": {**host, "groups": ["+1", "@x"]}})))
    row = next(csv.DictReader(io.StringIO(browser.evaluate("csvText(found)"))))
    assert (row["Host"], row["Why"], row["Groups"]) == ("'-cmd", "'=1+1", "'+1;' @x")


def test_a_command_can_be_copied_for_one_host_and_for_all_shown(browser: Browser, tmp_path: Path) -> None:
    address = write(tmp_path / "groups.html", in_groups())
    start, end = "ansible-playbook fleetcare.pagealloc.workaround -i hosts.yml --limit ", " -b --check --diff"
    browser.open(f"{address}#host=db-prod-017")
    panel(browser)
    commands = "[...document.querySelectorAll('#panel .command code')].map((one) => one.textContent)"
    assert browser.evaluate(commands)[0] == f"{start}db-prod-017{end}"
    browser.open(f"{address}#host=~db.*")
    panel(browser)
    assert browser.evaluate(commands) == [], "the name means other hosts to --limit"
    browser.open(f"{address}#group=db")
    click(browser, "#take summary")
    browser.evaluate("new Promise((done) => setTimeout(done))")
    told = browser.evaluate("[...document.querySelectorAll('#commands section')].map((one) => one.innerText)")
    assert told[0].startswith("raise_min_free_kbytes: 3 hosts\n")
    assert f"{start}db-prod-017,db-prod-4{end}" in told[0] and "1 left out" in told[0]
    assert quiet(browser)


def test_many_hosts_go_into_a_file_for_the_limit(browser: Browser, tmp_path: Path) -> None:
    one = sample_fleet()["hosts"]["db-prod-017"]
    browser.open(write(tmp_path / "many.html", fleet_of({f"db-{number}": one for number in range(101)})))
    click(browser, "#take summary")
    browser.evaluate("new Promise((done) => setTimeout(done))")
    told = browser.evaluate("document.querySelector('#commands section').innerText")
    assert "--limit @raise_min_free_kbytes.txt" in told and "Save raise_min_free_kbytes.txt" in told


def test_an_advisory_has_its_links_and_none_runs(browser: Browser, pages: dict[str, str]) -> None:
    links = "[...document.querySelectorAll('#panel .chips a')].map((one) => one.getAttribute('href'))"
    browser.open(pages["sample"] + "#host=db-prod-4")
    assert "mlx4_en frees none" in panel(browser) and "KB 1" in panel(browser)
    assert browser.evaluate(links) == ["https://access.redhat.com/solutions/1"]
    browser.open(pages["hostile"] + "#host=..%2F..%2Fx")
    panel(browser)
    assert browser.evaluate(links) == []


def test_a_change_is_shown_as_two_pictures(browser: Browser, tmp_path: Path) -> None:
    browser.open(write(tmp_path / "changed.html", changed_fleet()) + "#host=applied-1")
    panel(browser)
    captions = browser.evaluate("[...document.querySelectorAll('#panel figure figcaption')].map((one) => one.textContent)")
    assert captions == ["Atomic requests left, before", "Atomic requests left, after"]
    numbers = browser.evaluate(
        "[...document.querySelectorAll('#panel .room')].map((one) => [...one.querySelectorAll('b')].map((n) => n.textContent))"
    )
    assert numbers == [["400", "90", "12", "0", "0"], ["90,000", "45,000", "20,480", "9", "0"]]
    browser.open(write(tmp_path / "changed.html", changed_fleet()) + "#host=kept-1")
    panel(browser)
    assert browser.evaluate("document.querySelectorAll('#panel .room').length") == 0


def test_before_and_after_break_no_word_on_a_telephone(browser: Browser, tmp_path: Path) -> None:
    browser.resize(390, 900)
    try:
        browser.open(write(tmp_path / "changed.html", changed_fleet()) + "#host=applied-1")
        panel(browser)
        tops = (
            "(cell) => { const all = document.createRange(); all.selectNodeContents(cell);"
            " return new Set([...all.getClientRects()].map((box) => box.top)).size; }"
        )
        assert max(browser.evaluate(f"[...document.querySelectorAll('#panel .change td')].map({tops})")) == 1
    finally:
        browser.resize(1280, 900)


@pytest.mark.parametrize("width", [360, 768, 1280, 1920])
@pytest.mark.parametrize("name", ["sample", "hostile", "orders"])
def test_nothing_sticks_out_sideways(browser: Browser, pages: dict[str, str], name: str, width: int) -> None:
    browser.resize(width, 900)
    try:
        for address in ("", "#host=db-prod-017", "#host=" + "x" * 300):
            browser.open(pages[name] + address)
            assert browser.evaluate("document.documentElement.scrollWidth") <= width
            assert browser.evaluate("document.getElementById('panel').scrollWidth") <= width
    finally:
        browser.resize(1280, 900)


def test_without_scripts_the_table_is_complete(browser: Browser, pages: dict[str, str]) -> None:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(pages["sample"])
        # The page's scripts are off, the test's own are not.
        assert len(shown(browser)) == 16
        assert browser.evaluate('document.querySelector("noscript").textContent').startswith("Without JavaScript")
        assert not browser.evaluate('document.querySelector(".tools").checkVisibility()')
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)


CONTRAST = """
(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const paint = (colours) => {
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return Array.from(canvas.getImageData(0, 0, 1, 1).data).slice(0, 3);
  };
  const light = (rgb) => rgb.map((c) => c / 255).map((c) => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
  const low = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = Array.from(element.childNodes).some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility() || element.closest("script, .sr, .unused, .usual, option, select")) continue;
    const stack = [];
    for (let up = element; up; up = up.parentElement) stack.unshift(getComputedStyle(up).backgroundColor);
    const [a, b] = [light(paint(stack)), light(paint([...stack, getComputedStyle(element).color]))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) low.push([element.tagName, element.className, element.textContent.slice(0, 20), ratio.toFixed(2)].join(" "));
  }
  return Array.from(new Set(low));
})()
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", ["", "#host=db-prod-017", "#verdict=at_risk&host=db-prod-019"])
def test_all_text_can_be_read(browser: Browser, pages: dict[str, str], scheme: str, address: str) -> None:
    """WCAG 2.2, 1.4.3: a contrast of at least 4.5 to 1."""
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    try:
        browser.open(pages["sample"] + address)
        assert browser.evaluate(CONTRAST) == []
    finally:
        browser.call("Emulation.setEmulatedMedia", features=[])


AXE = """axe.run(document, {resultTypes: ["violations"]}).then((found) => found.violations.map(
(one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).slice(0, 3)}`))"""


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, tmp_path: Path, scheme: str, width: int) -> None:
    """axe-core, the rules that accessibility audits of the web go by."""
    axe = axe_core().read_text(encoding="utf-8")
    pages = {
        "groups": (in_groups(), ("", "#host=db-prod-017", "#host=db-prod-018.storage.example.com")),
        "compared": (compared_fleet(), ("",)),
        "changed": (changed_fleet(), ("#host=applied-1",)),
    }
    browser.resize(width, 900)
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    try:
        for name, (fleet, addresses) in pages.items():
            url = write(tmp_path / f"{name}.html", fleet)
            for address in addresses:
                browser.open(url + address)
                browser.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
                browser.evaluate(axe + "; 0")
                assert "\n".join(browser.evaluate(AXE)) == "", f"{name}{address}"
    finally:
        browser.resize(1280, 900)
        browser.call("Emulation.setEmulatedMedia", features=[])


def test_on_paper_the_open_host_stands_alone(browser: Browser, pages: dict[str, str]) -> None:
    browser.call("Emulation.setEmulatedMedia", media="print")
    try:
        browser.open(pages["sample"] + "#host=db-prod-017")
        assert not browser.evaluate('document.getElementById("main").checkVisibility()')
        browser.open(pages["sample"])
        assert browser.evaluate('document.getElementById("hosts").checkVisibility()')
        assert not browser.evaluate('document.querySelector(".tools").checkVisibility()')
    finally:
        browser.call("Emulation.setEmulatedMedia", media="")


def test_on_paper_it_is_light(browser: Browser, pages: dict[str, str]) -> None:
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.call("Emulation.setEmulatedMedia", media="print", features=dark)
    try:
        browser.open(pages["sample"] + "#host=db-prod-017")
        assert browser.evaluate(CONTRAST) == []
    finally:
        browser.call("Emulation.setEmulatedMedia", media="", features=[])


#: All of 10 GB: 4 GB are nobody's.
ACCOUNTED = {
    "total_kb": 10 << 20, "free_kb": 1 << 20, "active_anon_kb": 2 << 20, "inactive_anon_kb": 0, "active_file_kb": 2 << 20,
    "inactive_file_kb": 0, "slab_kb": 1 << 20, "reclaimable_slab_kb": 0, "unreclaimable_slab_kb": 1 << 20, "page_tables_kb": 0,
}  # fmt: skip


def test_the_panel_tells_the_cause_and_where_the_memory_went(browser: Browser, tmp_path: Path) -> None:
    memory = {**dict.fromkeys(facts()["memory"]), **ACCOUNTED}
    leaking, healthy = result("starved", facts(memory=memory), ["x"]), result("clear", facts(memory=None), ["x"])
    address = write(tmp_path / "cause.html", fleet_of({"leaks": leaking, "well": healthy}))
    browser.open(f"{address}#host=leaks")
    said = panel(browser)
    for words in ("The cause", "leak (likely)", "12.6 GB of 62.8 GB", "What would not help", "Dropping caches brings nothing back."):
        assert words in said
    bars = browser.evaluate('Array.from(document.querySelectorAll(".account li"), (line) => line.textContent)')
    assert bars == [
        "The kernel counts it nowhere4 GB · 40 %", "Processes2 GB · 20 %", "Page cache2 GB · 20 %", "Free1 GB · 10 %",
        "Kernel caches that cannot be freed1 GB · 10 %",
    ]  # fmt: skip
    assert "Of 12 hosts with the same kernel and memory size, the median is 2.1 %." in said
    assert "It includes kernel stacks, per-CPU variables, free pages in the processors' lists, vmalloc, because" in said
    assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth")
    browser.open(f"{address}#host=well")
    assert "The cause" not in panel(browser) and "The account is not known: /proc/meminfo could not be read." in panel(browser)
    assert quiet(browser)


def _past_of(hosts: dict[str, Any]) -> dict[str, Any]:
    """A fleet with a history of three audits, one of them of a part."""
    fleet = fleet_of(hosts)
    verdicts = [{"clear": 2}, {"affected": 1, "clear": 1}, {"clear": 1}, {"affected": 2}]
    nights = [{"at": f"2026-11-2{day}T22:00:00Z", "whole_fleet": day != 2, "verdicts": counts} for day, counts in enumerate(verdicts)]
    told = {"label": "fleet", "audits": 3, "previous_at": "2026-11-22T22:00:00Z", "changes": {}, "new_verdicts": {}, "fault": None}
    return {**fleet, "history": {**told, "nights": nights}}


def test_each_audit_of_the_whole_fleet_is_a_bar_as_high_as_its_hosts_in_trouble() -> None:
    picture = nights_picture(_past_of({"a": result("affected", facts(), ["why"])}))
    assert picture is not None and (picture.most, picture.first, picture.last) == (2, "2026-11-20", "2026-11-23")
    assert [one.parts for one in picture.bars] == [[], [("affected", 50.0, 50.0)], [("affected", 0.0, 100.0)]]
    assert picture.bars[1].told == "2026-11-21T22:00:00Z: 1 affected, 1 clear" and picture.verdicts == ["affected"]
    assert nights_picture({"history": None}) is None


def _with_course(verdict: str = "affected") -> dict[str, Any]:
    trend = {
        "state": "falling",
        "audits": 6,
        "since": "2026-11-01T00:00:00Z",
        "per_day": -10.0,
        "per_day_least": -11.0,
        "per_day_most": -9.0,
    }
    ends = {"exhausted_earliest": "2026-11-08T00:00:00Z", "exhausted_latest": "2026-11-09T00:00:00Z"}
    none = {**trend, "state": "no_trend", "per_day": None, "exhausted_earliest": None, "exhausted_latest": None}
    past = {
        "order": 2,
        "at": [f"2026-11-0{day}T00:00:00Z" for day in range(1, 7)],
        "verdicts": [verdict] * 6,
        "headroom": [70, 60, None, 40, 30, 20],
        "unaccounted_kb": [None, None, None, 2048, 2048, 4096],
        "marks": [{"place": 3, "mark": "rebooted"}],
    }
    return {**result(verdict, facts(), ["why"]), "past": past, "forecast": {**trend, **ends, "order": 2, "unaccounted": none}}


def test_the_panel_draws_what_earlier_audits_saw(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "fleet.html"
    path.write_text(render_html(_past_of({"a": _with_course(), "b": result("clear", facts(), [])})))
    browser.open(f"{path.as_uri()}#host=a")
    captions = browser.evaluate("[...document.querySelectorAll('#panel figcaption')].map((one) => one.innerText)")
    assert captions == [
        "20 atomic order-2 requests left \u221210 a day; nothing will be left between 2026-11-08 and 2026-11-09",
        "4 MB memory that the kernel counts nowhere",
    ]
    points = browser.evaluate("document.querySelector('#panel .curve').getAttribute('points').split(' ').length")
    wedge = browser.evaluate("document.querySelectorAll('#panel .foretold').length")
    assert (points, wedge) == (5, 1), "a night without an answer is no point"
    assert browser.evaluate("document.querySelector('#panel .marks').innerText") == "2026-11-04: rebooted"
    assert browser.evaluate("document.querySelectorAll('.nights rect').length") == 2
    assert browser.trouble == []


def test_many_reasons_are_folded_and_none_is_lost(browser: Browser, tmp_path: Path) -> None:
    reasons = [f"reason {number}" for number in range(25)]
    path = tmp_path / "fleet.html"
    path.write_text(render_html(fleet_of({"a": {**result("affected", facts(), ["why"]), "reasons": reasons}})))
    browser.open(f"{path.as_uri()}#host=a")
    assert browser.evaluate("[...document.querySelectorAll('#panel .reasons li')].map((one) => one.textContent)")[:25] == reasons
    assert browser.evaluate("document.querySelector('#panel details summary').innerText") == "15 more"
