# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the facts part of docs/fleet.schema.json: the shape is that of facts_shape.yml, the descriptions are those of RETURN. And the
settings of a host's state before and after a change: those that the workaround may set.

.venv/test/bin/python -m tests.tools.make_fleet_schema
"""

from __future__ import annotations

import json
import re
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import KEYS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.facts_shape import Shape, shapes

from tests.conftest import ROOT
from tests.quality.documentation import documented_facts

SCHEMA = ROOT / "docs" / "fleet.schema.json"
_SINGLE: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "mark": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
    "count": {"type": "integer", "minimum": 0},
    "flag": {"type": "boolean"},
}
_MARKUP = re.compile(r"\b(?:[CVOM]|RV)\(([^()]*)\)")


def fleet_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with the facts part as it should be; the rest as it is."""
    made = facts_definitions()
    definitions: dict[str, Any] = {}
    for name, definition in schema["$defs"].items():
        if name == "facts":
            definitions.update(made)
        elif name == "state":
            definitions[name] = _state()
        elif name not in made:
            definitions[name] = definition
    return {**schema, "$defs": definitions}


def _state() -> dict[str, Any]:
    """A host before or after a change."""
    number = {"type": ["integer", "null"], "minimum": 0}
    numbers = {"type": ["array", "null"], "items": {"type": "integer", "minimum": 0}}
    properties = {"verdict": {"$ref": "#/$defs/verdict"}, **dict.fromkeys((*KEYS, "granted"), number), "granted_by_order": numbers}
    return {"type": "object", "required": list(properties), "additionalProperties": False, "properties": properties}


def facts_definitions() -> dict[str, dict[str, Any]]:
    """Each record of the facts as a definition of the schema."""
    told = _descriptions("facts", documented_facts())
    return {record: _record(names, told[record]) for record, names in shapes().items()}


def _record(names: dict[str, Shape], told: dict[str, str]) -> dict[str, Any]:
    properties = {name: {"description": told[name], **_value(shape)} for name, shape in names.items()}
    return {"type": "object", "required": list(names), "additionalProperties": False, "properties": properties}


def _value(shape: Shape) -> dict[str, Any]:
    schema = _without_null(shape)
    if not shape.nullable:
        return schema
    if "type" in schema and "pattern" not in schema and schema["type"] not in ("array", "object"):
        return {**schema, "type": [schema["type"], "null"]}
    return {"oneOf": [{"type": "null"}, schema]}


def _without_null(shape: Shape) -> dict[str, Any]:
    if shape.kind == "one":
        return {"enum": shape.of.split(", ")}
    if shape.kind == "list":
        return {"type": "array", "items": _SINGLE.get(shape.of, _reference(shape.of))}
    if shape.kind in ("counts", "texts"):
        return {"type": "object", "additionalProperties": _SINGLE["count" if shape.kind == "counts" else "text"]}
    return _SINGLE.get(shape.kind) or _reference(shape.of)


def _reference(record: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{record}"}


def _descriptions(record: str, documented: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Record -> name -> what RETURN says of it, at the first place that describes the record."""
    found = {record: {name: _plain(says["description"]) for name, says in documented.items()}}
    for name, says in documented.items():
        shape = shapes()[record][name]
        if "contains" in says:
            found = {**_descriptions(shape.of, says["contains"]), **found}
    return found


def _plain(description: str | list[str]) -> str:
    """Without Ansible's markup."""
    text = description if isinstance(description, str) else " ".join(description)
    return _MARKUP.sub(r"\1", text)


if __name__ == "__main__":
    whole = fleet_schema(json.loads(SCHEMA.read_text(encoding="utf-8")))
    SCHEMA.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
