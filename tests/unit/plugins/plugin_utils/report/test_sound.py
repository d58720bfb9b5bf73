# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts that are broken in every place and every way: the report has every host once, and the others are as they were."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import facts_from
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.recorded import read_recorded
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import VERDICTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.files import write_reports
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.last_screen import render_answer
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.sound import raising_for, told_soundly
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import FAULT
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.effect import change_of

from tests.conftest import SAMPLE_FLEET

FACTS = {name: facts_from(read_recorded(str(SAMPLE_FLEET / "evidence" / f"{name}.evidence"))) for name in ("db05-el65", "db03-el64-seed")}
Place = tuple[str | int, ...]


def deep(levels: int) -> list[Any]:
    whole: list[Any] = []
    for _level in range(levels):
        whole = [whole]
    return whole


class Surprise(Exception):
    """What no one foresaw."""


class Hostile:
    """Not data at all."""

    def __repr__(self) -> str:
        raise Surprise

    __str__ = __repr__


BROKEN = {
    "null": None, "text": "x", "list": [None], "mapping": {"x": None}, "false": False, "number": -1, "not a number": float("nan"),
    "fraction": 0.5, "huge": 10**5000, "deep": deep(3000), "object": Hostile(), "gone": ...,
}  # fmt: skip


def places(value: Any, path: Place = ()) -> Iterator[Place]:
    if path:
        yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for key, below in pairs:
        yield from places(below, (*path, key))


def broken(facts: Mapping[str, Any], place: Place, value: Any) -> dict[str, Any]:
    whole: Any = copy.deepcopy(facts)
    holder = whole
    for key in place[:-1]:
        holder = holder[key]
    if value is ...:
        del holder[place[-1]]
    else:
        holder[place[-1]] = value
    return dict(whole)


def told(fleet: Mapping[str, Any], folder: Path) -> tuple[Mapping[str, Any], str]:
    sound, (_paths, table) = told_soundly(fleet, lambda one: (write_reports(one, str(folder)), render_answer(one, "all", ())))
    return sound, table


PLACES = sorted({place for facts in FACTS.values() for place in places(facts)}, key=repr)


@pytest.mark.parametrize("how", BROKEN)
def test_facts_broken_anywhere_cost_only_their_host(how: str, tmp_path: Path) -> None:
    """All at once, so that the one that breaks the report is found among many."""
    sources = {str(place): FACTS["db03-el64-seed"] if _has(FACTS["db03-el64-seed"], place) else FACTS["db05-el65"] for place in PLACES}
    facts = {f"h{number}": broken(sources[str(place)], place, BROKEN[how]) for number, place in enumerate(PLACES)}
    gathered = {name: Gathered.from_result({"ansible_facts": {"pagealloc": one}}) for name, one in facts.items()}
    sound, table = told(judge_fleet({**gathered, "fine": Gathered(FACTS["db03-el64-seed"])}, []), tmp_path)
    assert list(sound["hosts"]) == [*facts, "fine"] and sum(sound["counts"].values()) == len(facts) + 1
    assert sound["hosts"]["fine"]["verdict"] == "affected" and "fine" in table
    written = json.loads((tmp_path / "fleet.json").read_text())
    assert set(written["hosts"]) == set(sound["hosts"])
    for result in sound["hosts"].values():
        assert result["verdict"] in VERDICTS and result["reasons"]
        assert result["facts"] is not None or result["verdict"] == "unknown"


def _has(facts: Any, place: Place) -> bool:
    for key in place:
        if not (isinstance(facts, dict) and key in facts) and not (isinstance(facts, list) and isinstance(key, int) and key < len(facts)):
            return False
        facts = facts[key]
    return True


def test_what_renders_whole_is_rendered_once(tmp_path: Path) -> None:
    calls: list[int] = []
    fleet = judge_fleet({"fine": Gathered(FACTS["db05-el65"])}, [])
    assert told_soundly(fleet, lambda one: calls.append(len(one["hosts"])))[0] is fleet and calls == [1]
    with pytest.raises(OSError, match="full"):
        told_soundly(fleet, _raiser(OSError("full")))


def _raiser(error: Exception) -> Callable[[Any], None]:
    def raises(_hosts: Any) -> None:
        raise error

    return raises


def test_the_ones_among_thousands_are_found_by_halves() -> None:
    tries: list[int] = []

    def use(hosts: dict[str, Any]) -> None:
        tries.append(len(hosts))
        for name in ("h17", "h4711"):
            if name in hosts:
                raise Surprise(name)

    assert set(raising_for(dict.fromkeys(f"h{number}" for number in range(5000)), use)) == {"h17", "h4711"}
    assert len(tries) < 60
    assert raising_for({}, use) == {}


def test_a_change_that_cannot_be_shown_is_one_that_nobody_knows(tmp_path: Path) -> None:
    changes = {"a": change_of({"change": {"outcome": "applied"}}), "b": change_of(None)}
    gathered = {name: Gathered(FACTS["db05-el65"]) for name in changes}
    sound, table = told(judge_fleet(gathered, [], comparing=False, changes=changes), tmp_path)
    assert sound["hosts"]["a"]["change"]["outcome"] == "failed" and sound["hosts"]["a"]["change"]["sentences"][0].startswith(FAULT)
    assert sound["hosts"]["a"]["verdict"] == "unknown" and sound["hosts"]["b"]["change"]["outcome"] == "not_reached"
    assert "1 failed" in table


def test_a_comparison_that_cannot_be_shown_costs_no_host(tmp_path: Path) -> None:
    fleet = judge_fleet({"a": Gathered(FACTS["db05-el65"])}, [])
    sound, _table = told({**fleet, "comparison": {"hosts": {}}}, tmp_path)
    assert sound["hosts"] == fleet["hosts"] and sound["comparison"]["conclusion"][0].startswith(FAULT)
