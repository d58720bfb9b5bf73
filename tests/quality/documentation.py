# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the documentation of every plugin from its source, and walks what RETURN says."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import FACTS_OF
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.facts_shape import Shape, shapes

from tests.conftest import ROOT

#: Documentation's name of a type -> what Python has for it.
TYPES = {"str": str, "int": int, "float": (int, float), "bool": bool, "list": list, "dict": dict, "path": str}


@dataclass(frozen=True)
class Plugin:
    """One plugin with its three documents."""

    kind: str
    name: str
    documentation: dict[str, Any]
    examples: str
    returned: dict[str, Any]


@functools.cache
def plugins() -> dict[str, Plugin]:
    """``kind/name`` -> every documented plugin of the collection."""
    found = [_module(path.stem) for path in (ROOT / "plugins" / "modules").glob("*.py")]
    for kind in ("filter", "test"):
        for path in (ROOT / "plugins" / kind).glob("*.yml"):
            text = yaml.safe_load(path.read_text())
            found.append(Plugin(kind, path.stem, text["DOCUMENTATION"], text["EXAMPLES"], text["RETURN"]))
    for kind in ("callback", "inventory", "lookup"):
        found += [_from_python(kind, path.stem) for path in (ROOT / "plugins" / kind).glob("*.py")]
    return {f"{plugin.kind}/{plugin.name}": plugin for plugin in sorted(found, key=lambda plugin: (plugin.kind, plugin.name))}


def _module(name: str) -> Plugin:
    return _from_python("module", name)


def _from_python(kind: str, name: str) -> Plugin:
    folder = "modules" if kind == "module" else kind
    tree = ast.parse((ROOT / "plugins" / folder / f"{name}.py").read_text())
    texts = {
        target.id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    returned = yaml.safe_load(texts.get("RETURN", "{}")) or {}
    return Plugin(kind, name, yaml.safe_load(texts["DOCUMENTATION"]), texts.get("EXAMPLES", ""), returned)


def facts_of(name: str) -> dict[str, Any]:
    """What RETURN of a module says stands under ansible_facts.pagealloc."""
    contains: dict[str, Any] = plugins()[f"module/{name}"].returned["ansible_facts"]["contains"]["pagealloc"]["contains"]
    return contains


def documented_facts() -> dict[str, Any]:
    """What RETURN of the three facts modules says together: all facts."""
    return {name: says for module in FACTS_OF for name, says in facts_of(module).items()}


def differences(value: Any, documented: dict[str, Any], place: str, reached: set[str]) -> Iterator[str]:
    """Where a mapping and the ``contains`` that documents it differ; ``reached`` takes every place with a value."""
    for name in sorted(set(value) - set(documented)):
        yield f"{place}.{name} is given, not documented"
    for name in sorted(set(documented) - set(value)):
        yield f"{place}.{name} is documented, not given"
    for name in sorted(set(documented) & set(value)):
        yield from _differences_of_one(value[name], documented[name], f"{place}.{name}", reached)


def _differences_of_one(value: Any, says: dict[str, Any], place: str, reached: set[str]) -> Iterator[str]:
    if value is None:
        return
    reached.add(place)
    if not _is_a(value, says["type"]):
        yield f"{place} is documented as {says['type']}, and is {value!r}"
        return
    for element in value if says["type"] == "list" else ():
        if not _is_a(element, says["elements"]):
            yield f"{place} is documented to hold {says['elements']}, and holds {element!r}"
    if "contains" in says:
        for mapping in value if isinstance(value, list) else [value]:
            yield from differences(mapping, says["contains"], place, reached)


def _is_a(value: Any, type_name: str) -> bool:
    return isinstance(value, TYPES[type_name]) and (type_name == "bool" or not isinstance(value, bool))  # type: ignore[arg-type]


def differences_from_shape(documented: dict[str, Any], record: str, reached: set[str]) -> Iterator[str]:
    """Where RETURN and the shape of the facts differ; ``reached`` takes every record that RETURN describes."""
    shape = shapes()[record]
    reached.add(record)
    if set(documented) != set(shape):
        yield f"{record}: {sorted(set(documented) ^ set(shape))} stand in one of the two alone"
    for name in sorted(set(documented) & set(shape)):
        says = documented[name]
        wanted = type_of(shape[name])
        if {key: says[key] for key in ("type", "elements") if key in says} != wanted:
            yield f"{record}.{name} is {wanted} by its shape"
        if "contains" in says:
            yield from differences_from_shape(says["contains"], shape[name].of, reached)


def type_of(shape: Shape) -> dict[str, str]:
    """How RETURN calls the type of a value."""
    names = {"text": "str", "mark": "str", "one": "str", "count": "int", "flag": "bool"}
    if shape.kind == "list":
        return {"type": "list", "elements": names.get(shape.of, "dict")}
    return {"type": names.get(shape.kind, "dict")}


def places(documented: dict[str, Any], place: str) -> Iterator[str]:
    """Every place that is documented."""
    for name, says in documented.items():
        yield f"{place}.{name}"
        yield from places(says.get("contains", {}), f"{place}.{name}")
