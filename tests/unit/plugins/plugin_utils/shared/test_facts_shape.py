# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of the facts: all that is of another is refused by its name, wherever it stands; what the tests make is of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.facts_shape import (
    FactsError,
    Shape,
    check_facts,
    is_whole_number,
    shapes,
    sound_parts,
)
from jsonschema import Draft202012Validator

from tests.conftest import ROOT
from tests.unit.plugins.plugin_utils.builders import BY_VERDICT, CLEAR_BY_DRIVER, Facts, blank, facts
from tests.unit.plugins.plugin_utils.report.sample_fleet import changed_fleet, compared_fleet, sample_fleet
from tests.unit.plugins.plugin_utils.workaround.hosts import GB, host, in_force

Path = tuple[str | int, ...]


def whole(record: str) -> Facts:
    """A record with a value for everything that the shape names."""
    return {name: _value(shape) for name, shape in shapes()[record].items()}


def _value(shape: Shape) -> Any:
    if shape.kind == "list":
        return [_value(shape._replace(kind=shape.of if shape.of not in shapes() else "record"))]
    if shape.kind in ("record", "one"):
        return whole(shape.of) if shape.kind == "record" else shape.of.split(", ")[-1]
    return {"text": "x", "mark": "0" * 16, "count": 3, "flag": True, "counts": {"2": 3}, "texts": {"x": "y"}}[shape.kind]


def _each(record: str, path: Path = ()) -> Iterator[tuple[Path, Shape]]:
    """Every place of the whole facts, with its shape."""
    for name, shape in shapes()[record].items():
        yield (*path, name), shape
        if shape.of in shapes():
            yield from _each(shape.of, (*path, name, 0) if shape.kind == "list" else (*path, name))


PLACES = dict(_each("facts"))
#: Kind -> what is not of it.
ODD: dict[str, list[Any]] = {
    "text": [5, True, ["x"], {}],
    "mark": [5, []],
    "one": [5, {}],
    "count": [-1, True, "3", 1.0, 1 << 64, [3]],
    "flag": [0, 1, "true"],
    "list": ["x", {}, 5, [None], [7.5], [[]]],
    "counts": [[], "x", {"2": -1}, {"2": "3"}, {2.5: 1}],
    "texts": [[], {"x": 5}, {5: "x"}],
    "record": [[], "x", 5, True],
}


def put(path: Path, value: Any) -> Facts:
    given = whole("facts")
    _holder(given, path)[path[-1]] = value
    return given


def without(path: Path) -> Facts:
    given = whole("facts")
    del _holder(given, path)[path[-1]]
    return given


def _holder(given: Any, path: Path) -> Any:
    for step in path[:-1]:
        given = given[step]
    return given


def written(path: Path) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)[1:]


def name(path: Any) -> str:
    return written(path) if isinstance(path, tuple) else ""


def test_the_whole_is_in_its_shape() -> None:
    given = whole("facts")
    assert check_facts(given) is given and sound_parts(given, *given) == [*given.values()]


@pytest.mark.parametrize("path", PLACES, ids=name)
def test_what_is_of_another_shape_is_refused_by_its_name(path: Path) -> None:
    for value in ODD[PLACES[path].kind]:
        given = put(path, value)
        with pytest.raises(FactsError) as refused:
            check_facts(given)
        assert refused.value.key.startswith(written(path)), value
        assert sound_parts(given, *given) == [None if key == path[0] else part for key, part in given.items()]


@pytest.mark.parametrize("path", PLACES, ids=name)
def test_what_is_needed_must_be_there_and_all_else_may_be_missing(path: Path) -> None:
    shape = PLACES[path]
    for given, refuse in ((put(path, None), shape.needed and not shape.nullable), (without(path), shape.needed)):
        if refuse:
            with pytest.raises(FactsError, match="missing"):
                check_facts(given)
        else:
            assert check_facts(given) is given


@pytest.mark.parametrize("blank_text", ["", "  "])
def test_a_name_that_is_needed_is_not_blank(blank_text: str) -> None:
    with pytest.raises(FactsError, match=r"nics\[0\].name: missing"):
        check_facts(put(("nics", 0, "name"), blank_text))
    check_facts(put(("kernel", "release"), blank_text))


def test_orders_may_be_numbers_and_names_may_not() -> None:
    check_facts(put(("failures", "by_order"), {2: 3, "003": 1}))
    for odd in ("", "-1", "1000", "\u0663", "2 ", -1, True, 1.0):
        with pytest.raises(FactsError, match="but an order is needed"):
            check_facts(put(("failures", "by_order"), {odd: 1}))
    with pytest.raises(FactsError, match="but a name is needed"):
        check_facts(put(("failures", "by_process"), {1 << 20000: 1}))


def test_a_part_that_is_missing_was_not_seen() -> None:
    assert sound_parts({"vm": {}}, "vm", "kernel") == [{}, None]


def test_names_that_the_shape_has_not_are_passed_over() -> None:
    given = {**facts(), "of_a_newer_version": object()}
    assert check_facts(given) is given


@pytest.mark.parametrize("number", [0, 1, (1 << 64) - 1])
def test_a_whole_number(number: int) -> None:
    assert is_whole_number(number)


@pytest.mark.parametrize("other", [-1, 1 << 64, True, 1.0, "1", None])
def test_no_whole_number(other: object) -> None:
    assert not is_whole_number(other)


# What the tests are made of


def _validator() -> Draft202012Validator:
    schema = json.loads((ROOT / "docs" / "fleet.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator({"$defs": schema["$defs"], "$ref": "#/$defs/facts"})


def _made() -> Iterator[tuple[str, Facts]]:
    yield "whole", whole("facts")
    yield from BY_VERDICT.items()
    yield "clear by driver", CLEAR_BY_DRIVER
    yield "in force", host(64 * GB, 2, record=in_force(1, 262144, 1))
    for fleet in (sample_fleet(), compared_fleet(), changed_fleet()):
        yield from ((host, result["facts"]) for host, result in fleet["hosts"].items() if result["facts"])


def test_the_tests_make_facts_as_gathering_gives_them() -> None:
    validator = _validator()
    for what, given in _made():
        assert [f"{what}: {error.json_path}: {error.message[:80]}" for error in validator.iter_errors(given)] == []
        assert check_facts(given) is given


def test_the_schema_refuses_what_gathering_never_gives() -> None:
    validator = _validator()
    for path, shape in PLACES.items():
        assert validator.is_valid(put(path, None)) is shape.nullable, path
        assert not validator.is_valid(without(path)), path
        assert not validator.is_valid(put(path, [[]])), path


def test_a_misspelt_fact_is_noticed() -> None:
    with pytest.raises(AssertionError, match="min_free_kb"):
        blank("vm", min_free_kb=1)
