# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue: in order as it ships, and clear about what is wrong with a site's advisories."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge import catalogue as catalogue_module
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge import condition
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import AdvisoryError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import (
    SCHEMA,
    load_catalogue,
    merge_site_advisories,
    read_bundled,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import classify
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.kernel_spans import KernelRange
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.builders import (
    ADVISORY,
    SITE_ADVISORY,
    facts,
    kernel,
    nic,
    no_failures,
)
from jsonschema import Draft7Validator

PLUGINS = Path(catalogue_module.__file__).parents[2]
WITHOUT_DRIVER = {key: value for key, value in SITE_ADVISORY.items() if key != "driver"}
RANGE = {"dists": ["el8"], "introduced": "4.18.0-80.el8", "fixed": "4.18.0-147.el8"}


def test_the_bundled_catalogue_is_what_its_schema_allows() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    Draft7Validator.check_schema(schema)
    assert list(Draft7Validator(schema).iter_errors(read_bundled())) == []


def test_every_object_of_the_schema_is_closed() -> None:
    def objects(node: Any) -> Iterator[dict[str, Any]]:
        if isinstance(node, dict):
            if node.get("type") == "object":
                yield node
            for below in node.values():
                yield from objects(below)
        elif isinstance(node, list):
            for below in node:
                yield from objects(below)

    found = list(objects(json.loads(SCHEMA.read_text(encoding="utf-8"))))
    assert len(found) >= 6
    assert all(one["additionalProperties"] is False for one in found)


def test_the_first_case_has_its_references() -> None:
    (advisory,) = (one for one in load_catalogue().advisories if one.id == ADVISORY)
    told = " ".join(advisory.references)
    for wanted in ("532413", "479983", "725913", "ELSA-2013-1645", "redhat.com/en/blog"):
        assert wanted in told


def test_ids_are_unique() -> None:
    ids = [advisory.id for advisory in load_catalogue().advisories]
    assert len(ids) == len(set(ids))


def test_what_stands_in_the_catalogue_stands_nowhere_in_the_code() -> None:
    words: set[str] = set()
    for entry, advisory in zip(read_bundled()["advisories"], load_catalogue().advisories, strict=True):
        words |= {*advisory.drivers, *advisory.modules, advisory.bus_driver or advisory.id}
        builds = [bounds for bounds in (advisory.kernel or ()) if isinstance(bounds, KernelRange)]
        words |= {release for one in builds for release in (one.introduced, one.fixed, one.last_affected) if release}
        words |= {str(value) for value in entry.get("workaround", {}).values() if isinstance(value, int) and value > 7}
    words = {word for word in words if len(word) > 3}  # "tun" is a kind of link, too
    rooms = [path for room in ("plugin_utils", "filter", "test", "action") for path in (PLUGINS / room).rglob("*.py")]
    rooms += (PLUGINS.parent / "roles").rglob("*.yml")
    assert len(rooms) > 20
    for path in rooms:
        text = path.read_text(encoding="utf-8")
        assert [word for word in words if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text)] == [], path


@pytest.mark.parametrize("site", [None, [], ()])
def test_nothing_of_the_site_changes_nothing(site: Any) -> None:
    assert merge_site_advisories(load_catalogue(), site) is load_catalogue()


def test_one_key_can_be_overridden_alone() -> None:
    before = load_catalogue()
    after = merge_site_advisories(before, [{"id": ADVISORY, "kernel": {"fixed": "2.6.32-400.el6"}}])
    old, new = (next(one for one in catalogue.advisories if one.id == ADVISORY) for catalogue in (before, after))
    assert new.kernel is not None
    assert old.kernel is not None
    assert (new.kernel.fixed, new.kernel.ranges[0].introduced) == ("2.6.32-400.el6", old.kernel.ranges[0].introduced)
    assert (new.driver, new.workaround, new.thresholds) == (old.driver, old.workaround, old.thresholds)
    assert old.kernel.fixed == "2.6.32-431.el6"
    host = facts(kernel=kernel("2.6.32-400.el6.x86_64"))
    assert (classify(host, before)["verdict"], classify(host, after)["verdict"]) == ("at_risk", "clear")


def test_no_known_fix() -> None:
    catalogue = merge_site_advisories(load_catalogue(), [{"id": ADVISORY, "kernel": {"fixed": None}}])
    result = classify(facts(kernel=kernel("2.6.32-754.el6.x86_64")), catalogue)
    assert result["verdict"] == "at_risk"
    assert any("[2.6.32-358.el6, no fix known)" in reason for reason in result["reasons"])


def test_a_new_advisory_is_added_behind_the_others_with_the_defaults() -> None:
    catalogue = merge_site_advisories(load_catalogue(), [SITE_ADVISORY])
    assert [one.id for one in catalogue.advisories] == [*(one.id for one in load_catalogue().advisories), "site-igb"]
    assert catalogue.advisories[-1].thresholds.order == 3
    assert catalogue.advisories[-1].thresholds.headroom_below == catalogue.thresholds.headroom_below
    assert catalogue.advisories[-1].in_tree_only


def test_thresholds_of_an_advisory_are_its_own() -> None:
    catalogue = merge_site_advisories(load_catalogue(), [{**SITE_ADVISORY, "symptom": {"headroom_below": 100000}}])
    result = classify(facts(nics=[nic("eth0", "igb")]), catalogue)
    assert result["verdict"] == "affected"
    assert any("fewer than 100000" in reason for reason in result["reasons"])


@pytest.mark.parametrize(
    ("site", "told"),
    [
        ({"id": ADVISORY}, "advisory list of the site: of type dict, but a list is needed; give a list of mappings"),
        ("x", "advisory list of the site: of type str, but a list is needed"),
        ([5], "advisory 1 of the site: of type int, but a mapping is needed"),
        ([{"driver": "igb"}], "advisory 1 of the site: id: missing or not a string; name the advisory it adds or overrides"),
        ([{"id": ""}], "advisory 1 of the site: id: missing or not a string"),
        ([{"id": 5}], "advisory 1 of the site: id: missing or not a string"),
        ([SITE_ADVISORY, SITE_ADVISORY], "advisory site-igb: id: appears twice"),
        (
            [{"id": ADVISORY, "kernel": {"fixxed": "x"}}],
            f"advisory {ADVISORY}: kernel.fixxed: unknown key; use one of distribution_versions, distributions",
        ),
        ([{"id": ADVISORY, "driverz": []}], f"advisory {ADVISORY}: driverz: unknown key; use one of bus_driver"),
        ([{"id": ADVISORY, "drivers": []}], f"advisory {ADVISORY}: drivers: [] should be non-empty"),
        ([{"id": ADVISORY, "drivers": ["igb"]}], f"advisory {ADVISORY}: drivers: is given together with driver; put all of them"),
        ([{**WITHOUT_DRIVER, "drivers": "igb"}], "advisory site-igb: drivers: 'igb' does not match"),
        (
            [{**WITHOUT_DRIVER, "drivers": "any", "bus_driver": "igb"}],
            "advisory site-igb: bus_driver: is about one driver, but drivers is any",
        ),
        ([WITHOUT_DRIVER], "advisory site-igb: driver: missing; name the driver, or give a list or any in drivers"),
        (
            [{**SITE_ADVISORY, "kernel": RANGE, "kernels": [RANGE]}],
            "advisory site-igb: kernels: is given together with kernel; put all ranges into kernels",
        ),
        (
            [{**SITE_ADVISORY, "kernels": [RANGE, {**RANGE, "introduced": "4.18.0-100.el8", "fixed": None}]}],
            "advisory site-igb: kernels.1: contradicts kernels.0: both cover el8, and [4.18.0-80.el8, 4.18.0-147.el8) overlaps "
            "[4.18.0-100.el8, no fix known); join the two, or separate them by versions",
        ),
        (
            [{**SITE_ADVISORY, "kernels": [RANGE, {**RANGE, "introduced": "4.18.0-200.el8", "fixed": "4.18.0-200.el8"}]}],
            "advisory site-igb: kernels.1.fixed: the range is inverted or empty: 4.18.0-200.el8 is not after kernels.1.introduced",
        ),
        (
            [{**SITE_ADVISORY, "kernel": {**RANGE, "last_affected": "4.18.0-147.el8"}}],
            "advisory site-igb: kernel.fixed: the range is inverted or empty: 4.18.0-147.el8 is not after kernel.last_affected",
        ),
        (
            [{**SITE_ADVISORY, "kernel": {**RANGE, "free_before": "4.18.0-90.el8"}}],
            "advisory site-igb: kernel.introduced: the range is inverted",
        ),
        (
            [{**SITE_ADVISORY, "upstream": {"introduced": "4.9", "fixed": "4.9.0"}}],
            "advisory site-igb: upstream.fixed: the range is inverted or empty",
        ),
        ([{**SITE_ADVISORY, "upstream": {"introduced": "four"}}], "advisory site-igb: upstream.introduced: 'four' does not match"),
        (
            [{**SITE_ADVISORY, "upstream": {"introduced": 4.1}}],
            "upstream.introduced: of type float, but string or null is needed; write it in quotes",
        ),
        ([{**SITE_ADVISORY, "upstream": {"fixed": "4.9"}}], "advisory site-igb: upstream.introduced: missing"),
        ([{**SITE_ADVISORY, "unhelpful": {"reboot": "no"}}], "advisory site-igb: unhelpful.reboot: unknown key; use one of compact_memory"),
        (
            [{"id": ADVISORY, "unhelpful": {"min_free_kbytes": "x"}}],
            f"advisory {ADVISORY}: unhelpful.min_free_kbytes: is also in workaround",
        ),
        (
            [{**SITE_ADVISORY, "workaround": {"swappiness": 1}}],
            "advisory site-igb: workaround.swappiness: unknown key; use one of commands",
        ),
        ([{**SITE_ADVISORY, "trace_functions": []}], "advisory site-igb: trace_functions: [] should be non-empty"),
        ([{**SITE_ADVISORY, "trace_functions": ["a b"]}], "advisory site-igb: trace_functions.0: 'a b' does not match"),
        ([{**SITE_ADVISORY, "only_if_logged": "yes"}], "advisory site-igb: only_if_logged: of type str, but boolean is needed"),
        (
            [{**WITHOUT_DRIVER, "drivers": "any", "only_if_logged": True}],
            "advisory site-igb: only_if_logged: drivers is any, and no key says which failures the advisory is about; name trace_modules",
        ),
        ([{**SITE_ADVISORY, "symptom": {"report": "oops"}}], "advisory site-igb: symptom.report: 'oops' is not one of"),
        (
            [{**SITE_ADVISORY, "symptom": {"failures_from_order": 4, "failures_up_to_order": 3}}],
            "advisory site-igb: symptom.failures_up_to_order: 3 is below failures_from_order 4, so no failure counts; raise it, or remove",
        ),
        (
            [{**SITE_ADVISORY, "symptom": {"report": "stall", "failures_from_order": 4}}],
            "advisory site-igb: symptom.failures_from_order: is about failures, but report says that failures are not the symptom",
        ),
        ([{**SITE_ADVISORY, "severity": "bad"}], "advisory site-igb: severity: 'bad' is not one of"),
        ([{**SITE_ADVISORY, "request": {"context": "x"}}], "advisory site-igb: request.context: 'x' is not one of"),
        ([{**SITE_ADVISORY, "confidence": {"level": "two_sources"}}], "advisory site-igb: confidence.rests_on: missing"),
        ([{"id": "new"}], "advisory new: title: missing; a new advisory must be complete"),
        ([{"id": ADVISORY, "order": "2"}], f"advisory {ADVISORY}: order: of type str, but integer is needed"),
        (
            [{"id": ADVISORY, "kernel": {"fixed": 2.6}}],
            f"advisory {ADVISORY}: kernel.fixed: of type float, but string or null is needed; write it in quotes",
        ),
        ([{"id": ADVISORY, "kernel": {"fixed": "6.5"}}], f"advisory {ADVISORY}: kernel.fixed: '6.5' does not match"),
        ([{"id": ADVISORY, "driver": 5}], f"advisory {ADVISORY}: driver: of type int, but string is needed; write it in quotes"),
        ([{"id": ADVISORY, "workaround": None}], f"advisory {ADVISORY}: workaround: of type NoneType, but object is needed"),
        ([{"id": ADVISORY, "kernel": "el6"}], f"advisory {ADVISORY}: kernel: of type str, but object is needed"),
        ([{"id": ADVISORY, "references": []}], f"advisory {ADVISORY}: references: "),
        ([{"id": ADVISORY, "kernel": {"dists": [6]}}], f"advisory {ADVISORY}: kernel.dists.0: of type int, but string is needed"),
        ([{"id": "a b", **{k: v for k, v in SITE_ADVISORY.items() if k != "id"}}], "advisory a b: id: "),
        (
            [{"id": ADVISORY, "kernel": {"fixed": "2.6.32-358.el6"}}],
            f"advisory {ADVISORY}: kernel.fixed: the range is inverted or empty: 2.6.32-358.el6 is not after kernel.introduced",
        ),
        ([{"id": ADVISORY, "kernel": {"introduced": "2.6.32-500.el6"}}], "the range is inverted or empty"),
        ([{"id": ADVISORY, "kernel": {"introduced": "2.6.32-3{}"}}], f"advisory {ADVISORY}: kernel.introduced: not a kernel release"),
        ([{"id": ADVISORY, "condition": "nics[?"}], f"advisory {ADVISORY}: condition: not a JMESPath expression"),
        ([{"id": ADVISORY, "condition": "nosuch(@)"}], ""),
    ],
)
def test_what_is_wrong_is_named_with_its_key_and_a_remedy(site: Any, told: str) -> None:
    with pytest.raises(AdvisoryError) as raised:
        catalogue = merge_site_advisories(load_catalogue(), site)
        classify(facts(), catalogue)
    assert told in str(raised.value)
    assert "; " in str(raised.value)
    assert len(str(raised.value)) < 600


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("kernel.machine == 'x86_64'", True),
        ("kernel.machine == 'ppc64'", False),
        ("length(nics[?mtu > `1500`]) > `0`", False),
        ("uptime_seconds > `10`", None),
        ("uptime_seconds == `10`", None),
        ("!uptime_seconds", True),
        ("nosuch", None),
        ("contains(nosuch, 'x')", None),
        ("kernel.machine == 'ppc64' && uptime_seconds > `1`", False),
        ("uptime_seconds > `1` || kernel.machine == 'x86_64'", True),
        ("uptime_seconds == `1` || kernel.machine == 'ppc64'", None),
        ("failures.count > `0` && failures.last.order == `2`", False),
    ],
)
def test_a_condition_that_reads_what_was_not_seen_is_not_decided(expression: str, answer: bool | None) -> None:
    assert condition.Condition(expression).ask(facts(uptime_seconds=None))[0] is answer


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("length(nics[?driver == 'ixgbe']) > `0`", False),
        ("length(nics[?driver == 'mlx4_en']) > `0`", True),
        ("failures.last.order == `2`", False),
        ("failures.mem_info.at == 'now'", False),
        ("length(nics[?firmwre == 'x']) > `0`", None),
    ],
)
def test_a_null_that_is_an_answer_is_not_unseen(expression: str, answer: bool | None) -> None:
    """lo has no driver, and a log without a failure has no last one; a key that is misspelt is still not seen."""
    loopback = nic("lo", driver=None, virtual=True, bus_driver=None)
    host = facts(nics=[nic(), loopback], failures={**no_failures(), "last": None, "mem_info": None})
    assert condition.Condition(expression).ask(host)[0] is answer


@pytest.mark.parametrize(("expression", "wanted"), [("vm.zone_reclaim_mode == `0`", "at_risk"), ("vm.zone_reclaim_mode == `1`", "clear")])
def test_a_condition_decides(expression: str, wanted: str) -> None:
    catalogue = merge_site_advisories(load_catalogue(), [{"id": ADVISORY, "condition": expression}])
    assert classify(facts(), catalogue)["verdict"] == wanted
    assert classify(facts(vm=None), catalogue)["verdict"] == "unknown"


@pytest.mark.parametrize("expression", ["kernel.machine", "length(nics)", "nics", "length(`5`)", "abs(kernel.release) > `1`"])
def test_a_condition_that_gives_no_boolean_is_an_error(expression: str) -> None:
    catalogue = merge_site_advisories(load_catalogue(), [{"id": ADVISORY, "condition": expression}])
    with pytest.raises(AdvisoryError, match=f"advisory {ADVISORY}: condition: "):
        classify(facts(), catalogue)


def test_a_site_with_another_stream_of_kernels() -> None:
    catalogue = merge_site_advisories(load_catalogue(), [{**SITE_ADVISORY, "kernel": RANGE, "distributions": ["rhel"]}])
    wanted = {
        "4.18.0-79.el8.x86_64": "clear",
        "4.18.0-80.el8.x86_64": "at_risk",
        "4.18.0-80.1.2.el8_0.x86_64": "at_risk",
        "4.18.0-147.el8.x86_64": "clear",
        "4.14.35-1902.el7uek.x86_64": "unknown",
    }
    got = {release: classify(facts(kernel=kernel(release), nics=[nic("e", "igb")]), catalogue)["verdict"] for release in wanted}
    assert got == wanted


@pytest.mark.parametrize("package", ["jsonschema", "jmespath"])
def test_a_package_that_is_not_installed_is_named_with_how_to_install_it(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    catalogue_module._validator.cache_clear()
    site = [{**SITE_ADVISORY, "condition": "`true`"}]
    with pytest.raises(AdvisoryError, match=f"pip install {package}"):
        merge_site_advisories(load_catalogue(), site)
    monkeypatch.undo()
    catalogue_module._validator.cache_clear()
    assert merge_site_advisories(load_catalogue(), site).advisories[-1].condition


def test_without_either_package_the_bundled_catalogue_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    monkeypatch.setitem(sys.modules, "jmespath", None)
    load_catalogue.cache_clear()
    assert classify(facts(), merge_site_advisories(load_catalogue(), []))["verdict"] == "at_risk"


def test_what_was_checked_once_need_not_be_checked_in_the_process_of_each_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """To load jsonschema there would cost more than to judge the host."""
    site = [SITE_ADVISORY, {"id": ADVISORY, "kernel": {"fixed": "2.6.32-420.el6"}}]
    checked = merge_site_advisories(load_catalogue(), site)
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    catalogue_module._validator.cache_clear()
    assert merge_site_advisories(load_catalogue(), site, checked=False) == checked
