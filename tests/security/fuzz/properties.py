# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to hold whatever a host says: named errors alone, bounds on size, and nothing in a report that acts on its reader."""

from __future__ import annotations

import base64
import csv
import functools
import gzip
import io
import json
import re
from collections.abc import Callable, Mapping, Sized
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, TypeVar

import jsonschema
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError, EvidenceMissing
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet_csv import render_csv
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.html import render_html
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.json_report import render_json
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.last_screen import render_answer
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.prometheus import render_prometheus
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import display_width
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import FAULT
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import ROOT

T = TypeVar("T")

#: What parsers may raise.
NAMED: tuple[type[Exception], ...] = (EvidenceError, EvidenceMissing)
_MOST_MESSAGE_CHARS = 1000
#: A result may be so large beside what it was made of.
_FREE_CHARS, _TIMES = 65_536, 40

#: What a spreadsheet takes for the beginning of a formula. Our own numbers are never below zero.
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_CONSTANT = re.compile(r"<(style|script)>.*?</\1>", re.DOTALL)
#: What acts on a terminal or turns the direction of a text. Programs read fleet.json: other odd letters may stand in it as they are.
_ACTS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_DATA = re.compile(r'<script type="application/json" id="(?:meanings|parts|marks)">(.*?)</script>', re.DOTALL)
_PACKS = re.compile(r'<script type="text/plain" id="packs" data-hosts="[0-9]+">([A-Za-z0-9+/=\n]*)</script>')


class Broken(AssertionError):
    """A property does not hold; the message says which."""


def require(holds: object, what: str) -> None:
    """Broken with ``what`` unless it holds. Not an assert: a fuzzer must not be switched off by -O."""
    if not holds:
        raise Broken(what)


def named(function: Callable[..., T], *arguments: Any, errors: tuple[type[Exception], ...] = NAMED, **keywords: Any) -> T | None:
    """What the function returns, None where it raises one of its named errors; their messages are bounded."""
    try:
        return function(*arguments, **keywords)
    except errors as error:
        require(len(str(error)) <= _MOST_MESSAGE_CHARS, f"the message of a named error is too long: {len(str(error))} characters")
        return None


def bounded(result: object, given: Sized) -> None:
    """The result is not out of all proportion to what it was made of."""
    size, most = len(json.dumps(result, default=_plain)), _FREE_CHARS + _TIMES * len(given)
    require(size <= most, f"a result is out of all proportion: {size} characters of {len(given)}")


def _plain(value: Any) -> Any:
    return vars(value) if hasattr(value, "__dict__") else list(value)


def sound_document(fleet: Mapping[str, Any], hosts: list[str]) -> None:
    """Every host once, counted once; no fault of ours anywhere; nothing unread passes for clear."""
    require(sorted(fleet["hosts"]) == sorted(set(hosts)), "the document does not hold every host exactly once")
    require(sum(fleet["counts"].values()) == len(fleet["hosts"]), "the counts do not cover every host once")
    for name, result in fleet["hosts"].items():
        for reason in result["reasons"]:
            require(not reason.startswith(FAULT), f"a host met a fault of ours: {name!r}: {reason}")
        unread_is_not_clear(result["facts"], result["verdict"])
    if fleet["comparison"]:
        require(not [told for told in fleet["comparison"]["conclusion"] if told.startswith(FAULT)], "the comparison met a fault")


def unread_is_not_clear(facts: Mapping[str, Any] | None, verdict: str) -> None:
    """No host is clear without facts, or whose free blocks or log were not read."""
    unread = facts is None or facts["zones"] is None or facts["failures"] is None
    require(not unread or verdict != "clear", "a host is clear though its free blocks or its log were not read")


def fast_folder() -> str | None:
    """Where a small file is written and read quickly; None for where temporary files are."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def harmless_reports(fleet: Mapping[str, Any], *, by_schema: bool = True) -> None:
    """All outputs of a document do what they should, and nothing to their readers. ``by_schema``: that takes most of the time."""
    given = json.dumps(fleet, default=str)
    for render in (_json, _page, _metrics, _sheet, _answer):
        text = render(fleet)
        require(len(text) <= 4 * _FREE_CHARS + _TIMES * len(given), f"{render.__name__} is out of all proportion")
    if by_schema:
        error = jsonschema.exceptions.best_match(_validator().iter_errors(json.loads(render_json(fleet))))
        require(error is None, f"fleet.json is not valid: {error and error.json_path}: {error and error.message[:200]}")


@functools.cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads((ROOT / "docs" / "fleet.schema.json").read_text(encoding="utf-8")))


def _json(fleet: Mapping[str, Any]) -> str:
    text = render_json(fleet)
    text.encode("utf-8")
    require(not _ACTS.search(text), "fleet.json holds characters that act on a terminal")
    json.loads(text, parse_constant=_no_constant)
    return text


def _no_constant(name: str) -> None:
    raise Broken(f"fleet.json holds {name}, which JSON does not have")


def _page(fleet: Mapping[str, Any]) -> str:
    text = render_html(fleet)
    harmless_page(text)
    return text


def harmless_page(text: str) -> list[Any]:
    """The page has the elements and links of a harmless one, and its data are data; returns these: the verdicts, then the hosts."""
    text.encode("utf-8")
    require(_harmless(text), "fleet.html holds characters that act on a terminal")
    tags = _tags(text)
    require(set(tags) <= _harmless_tags(), f"fleet.html has elements of a host's: {sorted(set(tags) - _harmless_tags())[:3]}")
    require(tags.count(("script", ())) == 2 and len([one for one in tags if one[0] == "script"]) == 6, "fleet.html has scripts of a host's")
    data, packs = _DATA.findall(text), _PACKS.findall(text)
    require(len(data) == 3 and len(packs) == 1, "fleet.html has something of a host's among its data")
    require(not set("".join(data)) & set("<>&"), "fleet.html has a host's markup among its data")
    lines = [data[0], *(gzip.decompress(base64.b64decode(pack)).decode() for pack in packs[0].split())]
    return [json.loads(line) for line in "\n".join(lines).split("\n") if line]


def _tags(page: str) -> list[tuple[str, tuple[str, ...]]]:
    """(element, its attributes' names) of all; links lead into the page and nowhere else."""
    found: list[tuple[str, tuple[str, ...]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, tuple(sorted(name for name, _value in attrs))))
            for name, value in attrs:
                if name in ("href", "src", "action"):
                    require((value or "").startswith(("#host=", "data:image/svg+xml,")), f"fleet.html has a link to {value!r}")

        def handle_comment(self, data: str) -> None:
            raise Broken(f"fleet.html has a comment: {data[:80]}")

    Reader().feed(_CONSTANT.sub(r"<\1></\1>", page, count=3))
    return found


@functools.cache
def _harmless_tags() -> frozenset[tuple[str, tuple[str, ...]]]:
    """Those of pages that hold all that a page can, of hosts that are not hostile."""
    from tests.unit.plugins.plugin_utils.report.sample_fleet import changed_fleet, compared_fleet, sample_fleet

    pages = [render_html(fleet) for fleet in (sample_fleet(), compared_fleet(), changed_fleet(), judge_fleet({}, []))]
    some_hosts = {("b", ()), ("small", ()), ("td", ("class",)), ("tr", ()), ("table", ("class", "id"))}
    many_hosts = {("p", ("class", "id"))}
    return frozenset(tag for page in pages for tag in _tags(page)) | some_hosts | many_hosts


def _metrics(fleet: Mapping[str, Any]) -> str:
    text = render_prometheus(fleet)
    require(_harmless(text), "pagealloc.prom holds characters that act on a terminal")
    identities = set()
    told = 0
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            identity = (sample.name, frozenset(sample.labels.items()))
            require(identity not in identities, f"pagealloc.prom has a series twice: {sample.name} {sample.labels}")
            identities.add(identity)
            told += sample.name in ("pagealloc_host_verdict", "pagealloc_change_outcome")
    hosts = [host for host in fleet["hosts"].values() if "change" in host] or fleet["hosts"]
    require(told == len(hosts), "pagealloc.prom does not hold the verdict or the outcome of every host once")
    return text


def _sheet(fleet: Mapping[str, Any]) -> str:
    """fleet.csv: a line a host, and no cell, nor what a semicolon cuts off one, that a spreadsheet reckons with."""
    text = render_csv(fleet)
    require(_harmless(text.replace("\r\n", "\n")), "fleet.csv holds characters that act on a terminal")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    require(len(rows) == len(fleet["hosts"]) + 1, "fleet.csv does not hold every host once")
    require({len(row) for row in rows} == {len(rows[0])}, "fleet.csv has a line with more cells or fewer")
    for part in (part.strip() for row in rows for cell in row for part in cell.split(";")):
        require(not part.startswith(_FORMULA), f"fleet.csv has a formula of a host's: {part[:80]!r}")
    return text


def _answer(fleet: Mapping[str, Any]) -> str:
    """What the terminal shows, of every host and on one screen."""
    return _answer_in(fleet, "all") + _answer_in(fleet, "worst")


def _answer_in(fleet: Mapping[str, Any], listing: str) -> str:
    plain = render_answer(fleet, listing, ())
    require(_harmless(plain), "the table holds characters that act on a terminal")
    for line in plain.split("\n"):
        require(display_width(line) <= 80, f"a line of the table is {display_width(line)} columns wide")
    painted = render_answer(fleet, listing, (), lambda _verdict, text: f"\x1b[31m{text}\x1b[0m")
    require(re.sub("\x1b\\[(?:31|0)m", "", painted) == plain, "the coloured table holds more than its own colours")
    return plain


def _harmless(text: str) -> bool:
    """Lines of what a terminal and a browser show as it is."""
    return text.replace("\n", "").isprintable()
