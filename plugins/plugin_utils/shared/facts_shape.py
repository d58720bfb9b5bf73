# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of ``ansible_facts.pagealloc`` (facts_shape.yml), and whether given facts have it.

Facts come from gathering, but also from a cache, a file or a template: they are checked once, and whoever reads them then need not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

from ansible.module_utils.common.yaml import yaml_load
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip

_FILE = Path(__file__).with_name("facts_shape.yml")
_NOTATION = re.compile(r"(?:(list) of |(counts|texts) by |(one) of )?(.+?)( or null)?(, needed)?")
_SINGLE = ("text", "count", "flag", "mark")
_ORDER = re.compile("[0-9]{1,3}")
#: No counter of a kernel is wider than 64 bits.
_LARGEST = (1 << 64) - 1


class FactsError(Exception):
    """Facts that are not in the shape of ``ansible_facts.pagealloc``; ``key`` is the dotted path to the odd one."""

    def __init__(self, key: str, fault: str) -> None:
        super().__init__(f"facts.{key}: {fault}" if key else f"facts: {fault}")
        self.key = key
        self.fault = fault


class Shape(NamedTuple):
    """The shape of one value. ``kind``: text, count, flag, mark, one (of several words), record, list, counts or texts.

    ``of``: the record, the kind of a list's elements, the words to choose from, or what the keys of counts and texts are.
    """

    kind: str
    of: str
    nullable: bool
    needed: bool


@lru_cache(maxsize=1)
def shapes() -> dict[str, dict[str, Shape]]:
    """Record -> name -> shape. The record of all is ``facts``."""
    records = yaml_load(_FILE.read_text(encoding="utf-8"))
    return {record: {name: _shape(notation) for name, notation in values.items()} for record, values in records.items()}


def _shape(notation: str) -> Shape:
    found = _NOTATION.fullmatch(notation)
    if found is None:
        raise ValueError(notation)
    of = found[4]
    kind = found[1] or found[2] or found[3] or (of if of in _SINGLE else "record")
    return Shape(kind, of, bool(found[5]), bool(found[6]))


def is_whole_number(value: object) -> TypeGuard[int]:
    """Whether a value is a count as facts have them: a whole number of 0 or more that a kernel's counter can hold."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST


def check_facts(facts: object) -> Mapping[str, Any]:
    """The facts, which are in their shape; FactsError naming the first value that is not.

    What is needed must be there; all else may be absent or null, and was then not seen. Names that the shape has not are passed over.
    """
    if not isinstance(facts, Mapping):
        raise FactsError("", f"of type {type(facts).__name__}, but the mapping ansible_facts.pagealloc is needed")
    _check_record(facts, "facts", "")
    return facts


def sound_parts(facts: Mapping[str, Any], *names: str) -> list[Any]:
    """The facts of these names, None for one that is not in its shape: what is odd was not seen."""
    return [facts.get(name) if _is_sound(facts.get(name), shapes()["facts"][name]) else None for name in names]


def _is_sound(value: object, shape: Shape) -> bool:
    try:
        _check(value, shape, "")
    except FactsError:
        return False
    return True


def _check_record(found: Mapping[str, Any], record: str, prefix: str) -> None:
    for name, shape in shapes()[record].items():
        value = found.get(name)
        if value is not None:
            _check(value, shape, prefix + name)
        elif shape.needed and not shape.nullable:
            raise FactsError(prefix + name, "missing")
        elif shape.needed and name not in found:
            raise FactsError(prefix + name, "missing; are these the whole ansible_facts.pagealloc?")


def _check(value: object, shape: Shape, path: str) -> None:
    if value is None:
        return
    if shape.kind == "record":
        _check_record(_mapping(value, path), shape.of, path + ".")
    elif shape.kind == "list":
        _check_list(value, shape.of, path)
    elif shape.kind in ("counts", "texts"):
        _check_table(value, shape, path)
    elif not _is_a(value, shape.kind):
        raise _odd(path, value, _WANTED.get(shape.kind, "a string"))
    elif shape.needed and isinstance(value, str) and not value.strip():
        raise FactsError(path, "missing")


#: How a message calls what is needed, where it is not a string; and a list of them.
_WANTED = {"count": "a count", "flag": "true, false or null"}
_WANTED_LISTS = {"count": "a list of counts", "text": "a list of strings"}


def _is_a(value: object, kind: str) -> bool:
    """Newer versions may have words that are not known here, so a word is any text."""
    if kind == "count":
        return is_whole_number(value)
    return isinstance(value, bool if kind == "flag" else str)


def _check_list(value: object, of: str, path: str) -> None:
    if not isinstance(value, (list, tuple)):
        raise _odd(path, value, "a list")
    if of in _SINGLE:
        for element in value:
            if not _is_a(element, of):
                raise _odd(path, element, _WANTED_LISTS[of])
        return
    for place, element in enumerate(value):
        where = f"{path}[{place}]"
        _check_record(_mapping(element, where), of, where + ".")


def _check_table(value: object, shape: Shape, path: str) -> None:
    kind = "count" if shape.kind == "counts" else "text"
    for key, one in _mapping(value, path).items():
        if not (_is_order(key) if shape.of == "order" else isinstance(key, str)):
            raise _odd(path, key, "an order" if shape.of == "order" else "a name")
        if one is not None and not _is_a(one, kind):
            raise _odd(f"{path}.{clip(key, 40)}", one, _WANTED.get(kind, "a string"))


def _is_order(key: object) -> bool:
    """JSON makes strings of the orders; a plain number is welcome too."""
    return (isinstance(key, str) or is_whole_number(key)) and _ORDER.fullmatch(str(key)) is not None


def _mapping(value: object, path: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _odd(path, value, "a mapping")
    return value


def _odd(path: str, value: object, wanted: str) -> FactsError:
    told = repr(clip(value, 40)) if isinstance(value, (str, bool, float)) else f"this {type(value).__name__}"
    if isinstance(value, int) and abs(value) <= _LARGEST:
        told = str(value)
    return FactsError(path, f"{told}, but {wanted} is needed")
