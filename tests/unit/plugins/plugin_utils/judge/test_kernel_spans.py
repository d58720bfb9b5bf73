# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a kernel stands to the ranges of an advisory: a distributor's build is never cleared by what upstream did after it was made."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue, merge_site_advisories
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import classify
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.kernel_spans import (
    BEFORE,
    BETWEEN,
    FIXED,
    FOREIGN,
    IN_RANGE,
    UNAFFECTED,
    Userland,
    compare_upstream,
    place_of,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.spans_reading import read_spans
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.builders import SITE_ADVISORY, facts, kernel, nic

UPSTREAM = {"free_before": "4.5", "introduced": "4.7", "last_affected": "4.8.17", "fixed": "4.10"}
BUILDS = {"dists": ["el7"], "versions": ["3.10.0"], "introduced": "3.10.0-514.el7", "fixed": "3.10.0-862.el7"}


@pytest.mark.parametrize(
    ("release", "place"),
    [
        ("4.4.302", BEFORE),
        ("4.5", BETWEEN),
        ("4.5.0-rc1", BETWEEN),
        ("4.6.7", BETWEEN),
        ("4.7.0-rc7", BETWEEN),
        ("4.7", IN_RANGE),
        ("4.7.0", IN_RANGE),
        ("4.8.0-rc1", IN_RANGE),
        ("4.8.17", IN_RANGE),
        ("4.9.337", BETWEEN),
        ("4.10.0-rc1", BETWEEN),
        ("4.10", FIXED),
        ("4.10.0", FIXED),
        ("6.18.0", FIXED),
        # builds of distributors: only a version that has the fix from the start clears
        ("4.4.0-210-generic", FOREIGN),
        ("4.8.0-53-generic", FOREIGN),
        ("4.9.0-5-amd64", FOREIGN),
        ("4.10.0-0.rc3.1.fc26.x86_64", BETWEEN),
        ("4.10.0-28-generic", FIXED),
        ("6.6.30-arch1-1", FIXED),
        ("6.6.30-1.el7.elrepo.x86_64", FIXED),
        ("4.8.17-mine", FOREIGN),
        ("3.2.27+", FOREIGN),
        ("no kernel", FOREIGN),
        # what a range of builds says comes before upstream's
        ("3.10.0-327.el7.x86_64", BEFORE),
        ("3.10.0-514.el7.x86_64", IN_RANGE),
        ("3.10.0-862.el7.x86_64", FIXED),
        ("4.14.0-115.el7.x86_64", FIXED),
        ("2.6.32-754.el6.x86_64", UNAFFECTED),
    ],
)
def test_where_a_kernel_stands(release: str, place: str) -> None:
    spans = read_spans({"kernels": [BUILDS], "upstream": UPSTREAM, "unaffected_dists": ["el6"]})
    assert spans is not None
    assert place_of(release, spans) == place


@pytest.mark.parametrize("release", ["3.10.0-1.el7.x86_64", "4.8.0-53-generic", "4.9.337", "4.6.7"])
def test_what_no_knowledge_reaches_is_unknown_and_never_clear(release: str) -> None:
    site = [{**SITE_ADVISORY, "upstream": UPSTREAM}]
    host = facts(kernel=kernel(release, "centos"), nics=[nic("e", "igb")])
    assert classify(host, merge_site_advisories(load_catalogue(), site))["verdict"] == "unknown"


@pytest.mark.parametrize(
    ("version", "place"), [("11.2", FIXED), ("11.3", IN_RANGE), ("11.4", FOREIGN), (None, FOREIGN)], ids=["sp2", "sp3", "sp4", "not seen"]
)
def test_a_range_may_be_of_one_version_of_a_distribution(version: str | None, place: str) -> None:
    """The build that mends one service pack sorts below an affected one of the next."""
    packs = {"11.2": "3.0.101-0.7.15", "11.3": "3.0.101-0.15"}
    ranges = [{"dists": ["default"], "introduced": None, "fixed": fixed, "distribution_versions": [pack]} for pack, fixed in packs.items()]
    spans = read_spans({"kernels": ranges})
    assert spans is not None
    assert place_of("3.0.101-0.8-default", spans, Userland("sles", version)) == place


def test_several_ranges_of_one_stream() -> None:
    again: dict[str, Any] = {**BUILDS, "introduced": "3.10.0-957.el7", "fixed": None, "last_affected": "3.10.0-1062.el7"}
    spans = read_spans({"kernels": [BUILDS, again]})
    assert spans is not None
    wanted = {"500": BEFORE, "514": IN_RANGE, "862": FIXED, "957": IN_RANGE, "1062": IN_RANGE, "1063": BETWEEN}
    assert {build: place_of(f"3.10.0-{build}.el7.x86_64", spans) for build in wanted} == wanted


@pytest.mark.parametrize(
    ("left", "right", "order"), [("4.9", "4.9.0", 0), ("4.9", "4.10", -1), ("2.6.38.6", "2.6.38", 1), ("5.0", "4.20.17", 1)]
)
def test_upstream_versions_compare_as_numbers(left: str, right: str, order: int) -> None:
    assert (compare_upstream(left, right), compare_upstream(right, left)) == (order, -order)
