# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters as Ansible calls them: plain in, untrusted out, and errors that name the option."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.fleetcare.pagealloc.plugins.filter import classify, compare, headroom, workaround_plan
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import VERDICTS
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.builders import (
    ADVISORY,
    BY_VERDICT,
    facts,
    failures,
    nic,
)
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.workaround.hosts import GB, host

FILTERS = {
    **classify.FilterModule().filters(),
    **compare.FilterModule().filters(),
    **headroom.FilterModule().filters(),
    **workaround_plan.FilterModule().filters(),
}


class Lazy(Mapping[str, Any]):
    """A container that makes its content up when touched, as those of ansible-core 2.19 do."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content

    def __getitem__(self, key: str) -> Any:
        value = self.content[key]
        return Lazy(value) if isinstance(value, dict) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self.content)

    def __len__(self) -> int:
        return len(self.content)


class Marked(str):
    """A string that carries something along."""


@pytest.mark.parametrize("wanted", BY_VERDICT)
def test_classify(wanted: str) -> None:
    result = FILTERS["classify"](BY_VERDICT[wanted])
    assert result["verdict"] == wanted
    assert sorted(result) == [
        "account",
        "actions",
        "advisories",
        "causes",
        "failures_up_to_order",
        "headroom",
        "order",
        "reasons",
        "symptom",
        "unhelpful",
        "verdict",
    ]
    assert FILTERS["classify"](Lazy(BY_VERDICT[wanted])) == result


def test_classify_with_the_site() -> None:
    site = [Lazy({Marked("id"): Marked(ADVISORY), "kernel": {"fixed": "2.6.32-358.2.1.el6"}})]
    assert FILTERS["classify"](facts(), site)["verdict"] == "clear"
    assert FILTERS["classify"](facts(), site_advisories=site)["verdict"] == "clear"
    assert FILTERS["classify"](facts(), None)["verdict"] == FILTERS["classify"](facts(), [])["verdict"] == "at_risk"


def test_what_the_host_said_stays_untrusted() -> None:
    wrap = type(FILTERS["classify"](facts())["reasons"][0])
    result = FILTERS["classify"](facts(failures=failures({"2": 1}, last={"process": "{{ 1 }}"})))
    assert {type(reason) for reason in result["reasons"]} == {wrap}
    assert not any("{{" in reason for reason in result["reasons"])


def test_headroom() -> None:
    found = FILTERS["headroom"](Lazy(facts()))
    assert found["rule"] == "before-4.4"
    assert len(found["atomic"]) == 11
    assert FILTERS["headroom"](facts(zones=None)) is None


@pytest.mark.parametrize("name", ["classify", "headroom"])
@pytest.mark.parametrize(
    ("value", "told"),
    [
        (5, "facts: of type int, but the mapping ansible_facts.pagealloc is needed"),
        (None, "facts: of type NoneType"),
        ({}, "facts.kernel: missing"),
        ({**facts(), "nics": "eth0"}, "facts.nics: 'eth0', but a list is needed"),
        ({**facts(), "nics": [object()]}, "facts.nics[0]: a value of type object is not data; perhaps a variable is undefined"),
    ],
)
def test_facts_that_are_none_are_named(name: str, value: Any, told: str) -> None:
    with pytest.raises(AnsibleFilterError) as raised:
        FILTERS[name](value)
    assert f"fleetcare.pagealloc.{name}: {told}" in str(raised.value)


@pytest.mark.parametrize(
    ("site", "told"),
    [
        ({"id": "x"}, "site_advisories: advisory list of the site: of type dict, but a list is needed"),
        ([{"id": ADVISORY, "x": 1}], f"site_advisories: advisory {ADVISORY}: x: unknown key"),
        ([{"id": ADVISORY, "condition": "nics"}], f"site_advisories: advisory {ADVISORY}: condition: gives a value of type list"),
        ([{"id": object()}], "site_advisories[0].id: a value of type object is not data"),
    ],
)
def test_site_advisories_at_fault_are_named(site: Any, told: str) -> None:
    with pytest.raises(AnsibleFilterError) as raised:
        FILTERS["classify"](facts(), site)
    assert told in str(raised.value)


def test_nested_too_deeply() -> None:
    deep: list[Any] = []
    for _depth in range(100000):
        deep = [deep]
    with pytest.raises(AnsibleFilterError, match=r"nested too deeply"):
        FILTERS["classify"]({**facts(), "pagetypes": deep})


HOSTS = {
    **{f"ill-{number}": {"symptom": True, "facts": facts(nics=[nic(firmware="{{ 1 }}")])} for number in range(8)},
    **{f"well-{number}": {"symptom": False, "facts": facts()} for number in range(8)},
}


def test_compare() -> None:
    found = FILTERS["compare"](Lazy(HOSTS))
    assert found["facts"][0]["sets_apart"] and found["troubled_by"] == "symptom"
    wrap = type(FILTERS["classify"](facts())["reasons"][0])
    assert {type(found["conclusion"][0])} == {wrap} and "{{" not in found["conclusion"][0]
    listed = FILTERS["compare"](HOSTS, ["well-1", "gone"])
    assert listed["troubled_by"] == "list" and listed["hosts"]["troubled"] == listed["hosts"]["not_in_fleet"] == 1


@pytest.mark.parametrize(
    ("hosts", "troubled", "told"),
    [
        ([], [], "hosts: a mapping of host names to results is needed"),
        ({"a": 5}, [], "hosts.a: of type int, but a result with symptom and facts is needed"),
        ({"a": {"symptom": True}}, [], "hosts.a.facts: the mapping ansible_facts.pagealloc, or null, is needed"),
        ({"a": {"facts": facts()}}, [], "hosts.a.symptom: true, false or null is needed; without it, name the hosts in troubled"),
        (HOSTS, "ill-1", "troubled: a list of host names is needed"),
        (HOSTS, [1], "troubled: a list of host names is needed"),
        (HOSTS, [object()], "troubled[0]: a value of type object is not data; perhaps a variable is undefined"),
    ],
)
def test_what_compare_cannot_use_is_named(hosts: Any, troubled: Any, told: str) -> None:
    with pytest.raises(AnsibleFilterError) as raised:
        FILTERS["compare"](hosts, troubled)
    assert f"fleetcare.pagealloc.compare: {told}" in str(raised.value)


@pytest.mark.parametrize("name", ["classify", "headroom"])
def test_documentation_stands_beside_it(name: str) -> None:
    documents = yaml.safe_load((Path(classify.__file__).with_name(f"{name}.yml")).read_text(encoding="utf-8"))
    assert list(documents) == ["DOCUMENTATION", "EXAMPLES", "RETURN"]
    assert documents["DOCUMENTATION"]["name"] == name
    assert yaml.safe_load(documents["EXAMPLES"])
    result = FILTERS[name](facts(failures=failures({"2": 12})))
    assert set(documents["RETURN"]["_value"]["contains"]) == set(result)


def test_documented_verdicts_are_those_that_facts_can_bring_about() -> None:
    documents = yaml.safe_load((Path(classify.__file__).with_name("classify.yml")).read_text(encoding="utf-8"))
    told = documents["RETURN"]["_value"]["contains"]["verdict"]["choices"]
    assert told == [verdict for verdict in VERDICTS if verdict in BY_VERDICT]


def test_documented_sentences_are_real() -> None:
    documents = yaml.safe_load((Path(classify.__file__).with_name("classify.yml")).read_text(encoding="utf-8"))
    told = documents["RETURN"]["_value"]["contains"]
    last = {"process": "swapper", "at": None, "drivers": ["mlx4_en"]}
    reasons = FILTERS["classify"](facts(failures=failures({"2": 12}, last=last)))["reasons"]
    reasons += FILTERS["classify"](BY_VERDICT["starved"])["reasons"]
    assert [sentence for sentence in told["reasons"]["sample"] if sentence not in reasons] == []
    made = [action for one in BY_VERDICT.values() for action in FILTERS["classify"](one)["actions"]]
    assert all(action in made for action in told["actions"]["sample"])
    assert {action["action"] for action in made} <= set(told["actions"]["contains"]["action"]["choices"])


def test_workaround_plan() -> None:
    made = FILTERS["workaround_plan"](host(64 * GB))
    assert (made["decision"], made["min_free_kbytes"]) == ("apply", 262144)
    assert FILTERS["workaround_plan"](Lazy(host(64 * GB)), Lazy({}), None) == made
    smaller = Lazy({Marked("cap_percent"): 0.25, "zone_reclaim": False})
    refused = FILTERS["workaround_plan"](Lazy(host(64 * GB)), policy=smaller)
    assert (refused["decision"], refused["cap_kb"]) == ("refuse", 167772)
    site = [Lazy({Marked("id"): Marked(ADVISORY), "workaround": {"min_free_kbytes": 131072}})]
    assert FILTERS["workaround_plan"](host(64 * GB), site_advisories=site)["min_free_kbytes"] == 131072


def test_what_a_plan_quotes_of_a_host_stays_untrusted() -> None:
    line = {"file": "/etc/sysctl.d/{{ 7*7 }}.conf", "name": "min_free_kbytes", "value": "1"}
    made = FILTERS["workaround_plan"](host(64 * GB, boot_settings=[line]))
    wrap = type(FILTERS["classify"](facts())["reasons"][0])
    assert made["decision"] == "refuse" and {type(sentence) for sentence in made["sentences"]} == {wrap}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (([],), "facts: of type list"),
        (({},), "facts.kernel: missing"),
        ((host(64 * GB, boot_settings=[{}]),), "facts.vm.boot_settings[0].file: missing"),
        ((host(64 * GB), "x"), "policy: of type str, but a mapping is needed"),
        ((host(64 * GB), {"cap": 3}), "policy: cap: unknown option; use one of steps_kb"),
        ((host(64 * GB), {"cap_percent": 5}), "policy: cap_percent: '5' is outside the allowed range"),
        ((host(64 * GB), {"steps_kb": [268435456]}), "policy: steps_kb: 268435456 looks like bytes; the unit is kB: 262144"),
        ((host(64 * GB), {}, [{"id": ADVISORY, "condition": "nics["}]), "site_advisories: "),
    ],
)
def test_errors_of_workaround_plan_name_the_option(words: tuple[Any, ...], told: str) -> None:
    with pytest.raises(AnsibleFilterError) as refused:
        FILTERS["workaround_plan"](*words)
    assert str(refused.value).startswith("fleetcare.pagealloc.workaround_plan: " + told)
