# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fleet.html: the report for people, one file that needs nothing else and fetches nothing.

The table is static HTML and readable without scripts. Filters, sorting and the panel of one host
come from the scripts below. The data of hosts lie packed in the page, and are unpacked for the host that is opened. Text of a host
reaches the page in two ways only: escaped by Jinja2, or as textContent.
"""

from __future__ import annotations

import base64
import functools
import gzip
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.account import PARTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import VERDICTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.columns import in_order_column, order_columns
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.comparison_view import comparison_view
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.history_view import history_view
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.nights_picture import HEIGHT, WIDTH, nights_picture
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.row_marks import row_marks
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.rows import (
    HostRow,
    host_rows,
    verdict_counts,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import (
    count_of,
    printable,
)
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

# JavaScript's toWellFormed puts the same character in the place of a lone surrogate.
_SURROGATES = re.compile("[\ud800-\udfff]")
_HERE = Path(__file__).parent
_ENCODE = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
#: Facts that have a place in the panel. One that is neither here nor below is shown by its name, so a new fact is seen at once.
_SHOWN_FACTS = (
    "kernel",
    "nics",
    "zones",
    "page_size_bytes",
    "memory",
    "vm",
    "failures",
    "modules",
    "uptime_seconds",
    "unavailable",
)
#: The reasons, the causes, the change and the NICs tell of these.
_TOLD_FACTS = ("booted_epoch_seconds", "container", "workaround", "pagetypes", "vmstat")
#: fleet_detail.js starts them.
_SCRIPTS = ("fleet_list.js", "fleet_hosts.js", "fleet_take.js", "fleet_change.js", "fleet_cause.js", "fleet_past.js", "fleet_detail.js")
_SHOWN_ZONE = ("node", "zone", "free_blocks")
_SHOWN_ROOM = ("node", "zone", "usable", "atomic_at_most")
_SHOWN_NODE = ("node", "atomic", "atomic_at_most")
# Where scripts run, a browser need not lay out the rows that fleet_list.js will put aside anyway.
_EARLY_SCRIPT = 'document.documentElement.classList.add("js")'
_FIRST_PAGE = 500
#: So many hosts are packed together: more of them pack better, and fewer are sooner unpacked.
HOSTS_IN_A_PACK = 250
#: A browser opens so many in two seconds. The page has the worst of a larger fleet, and says where the others are.
MOST_HOSTS = 10_000
# Users have no service there, or soon will have none.
_URGENT = ("affected", "starved", "stalled", "at_risk")


def render_html(fleet: Mapping[str, Any]) -> str:
    """The fleet as one self-contained HTML page, in time linear in the number of hosts. It has at most MOST_HOSTS of them."""
    every = host_rows(fleet)
    rows = every[:MOST_HOSTS]
    columns = _room_columns(rows)
    marks = row_marks([fleet["hosts"][row.name] for row in rows])
    script = "".join(map(_asset, _SCRIPTS))
    return (
        _environment()
        .get_template("fleet.html.j2")
        .render(
            counts=verdict_counts(fleet),
            verdicts=VERDICTS,
            rows=(
                (row, _link(row.name), printable(row.name, 255), [_room(column.order, row) for column in columns], numbers)
                for row, numbers in zip(rows, marks.of_rows, strict=True)
            ),
            groups=marks.groups,
            marks=Markup(_embedded({"actions": marks.actions, "commands": fleet["commands"], "advisories": fleet["advisories"]})),
            columns=columns,
            headroom_meaning=_headroom_meaning(columns),
            total=len(every),
            listed=len(rows),
            compared=comparison_view(fleet),
            past=history_view(fleet),
            nights=nights_picture(fleet),
            picture=(WIDTH, HEIGHT),
            headline=_headline(verdict_counts(fleet), len(every), sum(row.warned for row in every)),
            generated_at=printable(fleet["generated_at"], 40),
            generated_text=_moment(printable(fleet["generated_at"], 40)),
            version=printable(fleet["collection_version"], 40),
            style=Markup(_asset("fleet.css")),
            script=Markup(script),
            early_script=Markup(_EARLY_SCRIPT),
            hashes=[_hash(_EARLY_SCRIPT), _hash(script)],
            first_page=_FIRST_PAGE,
            meanings=Markup(_embedded(VERDICTS)),
            parts=Markup(_embedded(PARTS)),
            hosts_in_a_pack=HOSTS_IN_A_PACK,
            packs=Markup("\n".join(_packs(fleet, [row.name for row in rows]))),
        )
    )


class _RoomColumn(NamedTuple):
    """A column of the headroom, of one order or (None) of all; ``sort``: its name in the address."""

    order: int | None
    sort: str
    heading: str
    meaning: str


def _room_columns(rows: list[HostRow]) -> list[_RoomColumn]:
    orders = order_columns(row.order for row in rows)
    return [_room_column(order, "headroom" if len(orders) == 1 else f"headroom-{order}") for order in orders]


def _room_column(order: int | None, sort: str) -> _RoomColumn:
    if order is None:
        return _RoomColumn(order, sort, "Headroom", "Atomic requests of this order that the kernel would still grant")
    size = f"{_pages(order)} ({4 << order:,} kB with 4 kB pages)"
    return _RoomColumn(order, sort, f"Order-{order} headroom", f"Atomic requests for {size} that the kernel would still grant")


def _headroom_meaning(columns: list[_RoomColumn]) -> str:
    """The end of the page says what the columns count."""
    orders = [column.order for column in columns if column.order is not None]
    if len(orders) == 1:
        return f"Headroom is the number of atomic requests for {_pages(orders[0])} that the kernel would still grant, by its own rules."
    return (
        "Headroom is the number of atomic requests of a host's order that the kernel would still grant, by its own rules. "
        "A request of order n is for 2^n contiguous pages. A field is empty where the host is judged by another order."
    )


def _pages(order: int) -> str:
    return f"{1 << order:,} contiguous {'pages' if order else 'page'}"


def _room(column: int | None, row: HostRow) -> str:
    """The text of the column: a dash if it is not known, nothing if the host is judged by the order of another column."""
    if row.headroom is None:
        return in_order_column(column, row.order, "–")
    least, most = (f"{number:,}" for number in (row.headroom, row.headroom_at_most))
    return in_order_column(column, row.order, least if least == most else f"{least} to {most}")


def _hash(script: str) -> str:
    """The script's name in the security policy of the page: no other script runs."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@functools.cache
def _asset(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _link(name: str) -> str:
    """The fragment that opens this host; only URL-safe ASCII."""
    return "#host=" + quote(_SURROGATES.sub("\ufffd", name), safe="")


def _packs(fleet: Mapping[str, Any], names: list[str]) -> Iterator[str]:
    """The data of the hosts in their order, HOSTS_IN_A_PACK at a time: a line of JSON each, in gzip and Base64. fleet_hosts.js reads it."""
    for first in range(0, len(names), HOSTS_IN_A_PACK):
        lines = "\n".join(_ENCODE(_shown(name, fleet["hosts"][name])) for name in names[first : first + HOSTS_IN_A_PACK])
        yield base64.b64encode(gzip.compress(lines.encode("ascii"), mtime=0)).decode("ascii")


def _shown(name: str, result: Mapping[str, Any]) -> dict[str, Any]:
    """What the panel shows of one host, as fleet_detail.js reads it. The rest is in fleet.json."""
    facts = result["facts"]
    headroom = result["headroom"]
    shown = {"name": name, **result}
    if facts is not None:
        shown["facts"] = {key: facts[key] for key in _SHOWN_FACTS}
        shown["other_facts"] = {key: value for key, value in facts.items() if key not in _SHOWN_FACTS and key not in _TOLD_FACTS}
        shown["facts"]["zones"] = _only([zone for zone in facts["zones"] or () if zone.get("free_blocks")], _SHOWN_ZONE)
        if facts["failures"] is not None:
            shown["facts"]["failures"] = {**facts["failures"], "mem_info": None}
    if headroom is not None:
        shown["headroom"] = {
            **headroom,
            "nodes": _only(headroom["nodes"], _SHOWN_NODE),
            "zones": _only(headroom["zones"], _SHOWN_ROOM),
        }
    return shown


def _only(entries: list[Mapping[str, Any]], keys: tuple[str, ...]) -> list[dict[str, Any]]:
    return [{key: entry[key] for key in keys} for entry in entries]


def _embedded(value: object) -> str:
    """JSON that cannot end its script element: ASCII only, without ``<``, ``>`` and ``&``."""
    text = _ENCODE(value)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _headline(counts: Mapping[str, int], total: int, warned: int) -> str:
    if not total:
        return "No hosts were audited."
    urgent = sum(counts[verdict] for verdict in _URGENT)
    if urgent:
        verb = "is" if urgent == 1 else "are"
        return f"{urgent:,} of {count_of(total, 'host')} {verb} short of free pages or at risk."
    open_ones = total - counts["clear"] + warned
    if not open_ones:
        return f"All {count_of(total, 'host')} are clear." if total > 1 else "The one host is clear."
    if counts["clear"] == total:
        return f"No trouble on {count_of(total, 'host')} now, but the table warns about {warned:,}."
    verb = "needs" if open_ones == 1 else "need"
    return f"Nothing urgent on {count_of(total, 'host')}; {open_ones:,} {verb} a look."


def _moment(stamp: str) -> str:
    try:
        moment = datetime.fromisoformat(stamp.replace("Z", "+00:00"))
    except ValueError:
        return stamp
    zone = moment.tzname() or ""
    return f"{moment.day} {moment:%B %Y, %H:%M} {zone}".rstrip()
