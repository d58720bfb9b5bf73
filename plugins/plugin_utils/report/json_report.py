# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fleet.json: the whole result for programs. Its schema is docs/fleet.schema.json."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

# Never raw in the file although JSON allows it: C1 control characters and bidirectional overrides
# would act on the terminal of whoever looks at the file, a lone surrogate cannot be UTF-8.
_ESCAPED = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")

_ENCODER = json.JSONEncoder(
    # The fleet is a tree, made by us: looking for circles takes a fifth of the time.
    ensure_ascii=False,
    allow_nan=False,
    check_circular=False,
    sort_keys=True,
    separators=(",", ":"),
)


def render_json(fleet: Mapping[str, Any]) -> str:
    """The fleet as one JSON document, one line for each host, in an order that never varies.

    Hosts and all keys below them are sorted; the head stays as the schema names it. The text can
    always be written as UTF-8: lone surrogates become ``\\ufffd``. Raises ValueError for numbers
    that JSON does not have.
    """
    return "".join(json_lines(fleet))


def json_lines(fleet: Mapping[str, Any]) -> Iterator[str]:
    """The same in parts."""
    hosts: Mapping[str, Any] = fleet["hosts"]
    yield "{\n"
    for key in ("schema", "generated_at", "collection_version"):
        yield f"{_text(key)}:{_text(fleet[key])},\n"
    # Worst first is how the counts are made, and how a person wants to read them.
    counts = ",".join(f"{_text(verdict)}:{_text(n)}" for verdict, n in fleet["counts"].items())
    yield f'"counts":{{{counts}}},\n'
    for key in ("advisories", "commands", "comparison", "history"):
        yield f"{_text(key)}:{_text(fleet[key])},\n"
    yield '"hosts":{\n'
    comma = ",\n"
    for place, name in enumerate(sorted(hosts)):
        yield f"{comma if place else ''}{_text(name)}:{_text(hosts[name])}"
    yield "\n}}\n"


def _text(value: object) -> str:
    text = _ENCODER.encode(value)
    return text if text.isascii() and "\x7f" not in text else _ESCAPED.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return "\\ufffd" if 0xD800 <= code <= 0xDFFF else f"\\u{code:04x}"
