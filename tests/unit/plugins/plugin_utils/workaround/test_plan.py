# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan over hosts from 1 GB to 1 TB, what it refuses, and that it never exceeds its cap nor lowers a value."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.templating.templated import TemplatedError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.limits import available_kb, short_of_memory_kb
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.policy import read_policy
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.remedies.min_free_kbytes import limits
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.builders import BY_VERDICT, failures
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.workaround.hosts import (
    GB,
    MB,
    host,
    in_force,
    layout,
    plan_of,
    zones,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT

STEPS = [262144, 524288, 1048576, 2097152, 4194304]


def test_a_plan_as_data_has_what_the_filter_documents_and_no_more() -> None:
    documented = yaml.safe_load((ROOT / "plugins" / "filter" / "workaround_plan.yml").read_text())["RETURN"]["_value"]["contains"]
    for facts in (host(32 * GB, 2), host(GB)):
        assert list(plan_of(facts)) == list(documented)


@pytest.mark.parametrize(
    ("gb", "nodes", "cap_kb", "decisions"),
    [
        # the first step is 256 MB: 3 % of 8 GB is less
        (1, 1, 31457, ["refuse"]),
        (2, 1, 62914, ["refuse"]),
        (4, 1, 125829, ["refuse"]),
        (8, 1, 251658, ["refuse"]),
        (8, 2, 251658, ["refuse"]),
        (12, 1, 377487, [262144, "exhausted"]),
        (16, 1, 503316, [262144, "exhausted"]),
        (32, 2, 1006632, [262144, 524288, "exhausted"]),
        (64, 2, 2013265, [262144, 524288, 1048576, "exhausted"]),
        (128, 4, 4026531, [262144, 524288, 1048576, 2097152, "exhausted"]),
        (256, 4, 8053063, [*STEPS, "exhausted"]),
        (1024, 8, 32212254, [*STEPS, "exhausted"]),
    ],
)
def test_the_road_of_a_host(gb: int, nodes: int, cap_kb: int, decisions: list[Any]) -> None:
    """Each step is put in force and does not help, until the end."""
    now, record, mode = 67584, {}, 0
    for number, wanted in enumerate(decisions, 1):
        made = plan_of(host(gb * GB, nodes, now=now, mode=mode, record=record))
        if isinstance(wanted, str):
            assert made["decision"] == wanted, made["sentences"]
            assert made["min_free_kbytes"] is None and made["zone_reclaim_mode"] is None
            continue
        assert (made["decision"], made["step"], made["min_free_kbytes"]) == ("apply", number, wanted), made["sentences"]
        assert made["cap_kb"] == cap_kb
        assert made["zone_reclaim_mode"] == (1 if nodes > 1 else None)
        now, mode = wanted, 1 if nodes > 1 else 0
        record = in_force(number, wanted, made["zone_reclaim_mode"])


@pytest.mark.parametrize(
    ("facts", "policy", "decision", "said"),
    [
        (host(64 * GB, failed=False), {}, "apply", "Step 1 of 5: vm.min_free_kbytes from 67584 to 262144 kB"),
        (host(64 * GB, failed=False, now=262144), {}, "keep", "no symptom came after it"),
        (host(64 * GB, now=262144, record=in_force(1, 262144, age=599)), {}, "keep", "less than 600 s old"),
        (host(64 * GB, now=262144, record=in_force(1, 262144, age=600)), {}, "apply", "Step 2 of 5"),
        (host(64 * GB, now=262144, record=in_force(1, 262144, age=None)), {}, "apply", "Step 2 of 5"),
        (host(64 * GB, now=262144, record=in_force(1, 262144, age=5)), {"settle_seconds": 0}, "apply", "Step 2 of 5"),
        # what somebody set by hand is never lowered: the next step is above it
        (host(64 * GB, now=300000), {}, "apply", "Step 2 of 5: vm.min_free_kbytes from 300000 to 524288 kB"),
        (host(64 * GB, now=100000), {"steps_kb": [131072]}, "apply", "Step 1 of 1: vm.min_free_kbytes from 100000 to 262144 kB"),
        (host(64 * GB, now=5000000), {}, "exhausted", "only a kernel with the fix helps"),
        (host(64 * GB, record={"phase": "pending"}), {}, "mend", "was interrupted"),
        (host(64 * GB, record={"phase": "leaving"}), {}, "mend", "was interrupted"),
        # little of what is there is available
        (host(64 * GB, available_kb=400000), {}, "refuse", "which is 50 % of the 400000 kB available by /proc/meminfo"),
        (host(64 * GB, available_kb=0), {}, "refuse", "50 % of the 0 kB"),
        # all but 4 GB of the memory is in a zone that has no share: the same value would be 6 % of what has
        (
            host(256 * GB, sizes=[*layout(4 * GB), (1, "Movable", 252 * GB)]),
            {"steps_kb": [524288]},
            "apply",
            "Step 1 of 2: vm.min_free_kbytes from 67584 to 262144 kB",
        ),
        (
            host(256 * GB, now=262144, sizes=[*layout(4 * GB), (1, "Movable", 252 * GB)]),
            {},
            "exhausted",
            "at 279620 kB their high watermarks",
        ),
        (
            host(64 * GB, sizes=[(0, "DMA", 16 * MB), (0, "Normal", 880 * MB), (0, "HighMem", 63 * GB)]),
            {},
            "refuse",
            "(DMA, Normal) hold 917504 kB",
        ),
        # bytes for kB
        (host(32 * GB, now=262144), {"steps_kb": [67108863]}, "exhausted", "looks like bytes, but the unit is kB. Perhaps 65535 is meant"),
    ],
)
def test_what_is_due(facts: dict[str, Any], policy: dict[str, Any], decision: str, said: str) -> None:
    made = plan_of(facts, **policy)
    assert made["decision"] == decision, made
    assert said in " ".join(made["sentences"]), made["sentences"]


@pytest.mark.parametrize("verdict", sorted(set(BY_VERDICT) - {"affected", "at_risk", "mitigated"}))
def test_only_hosts_whose_verdict_asks_for_it(verdict: str) -> None:
    made = plan_of(BY_VERDICT[verdict])
    assert (made["decision"], made["min_free_kbytes"]) == ("none", None)
    assert f"A host with the verdict {verdict} does not need the workaround." in made["sentences"]


def test_forced_where_nothing_asks() -> None:
    starved = host(64 * GB, nics=[])
    assert plan_of(starved)["decision"] == "none"
    made = plan_of(starved, force=True)
    assert (made["decision"], made["min_free_kbytes"], made["zone_reclaim_mode"]) == ("apply", 262144, None)


def test_a_fix_that_awaits_its_reboot_asks_where_the_symptom_is_there() -> None:
    quiet = BY_VERDICT["reboot_pending"]
    failing = host(64 * GB, kernel=quiet["kernel"])
    assert plan_of(failing)["decision"] == "apply"
    assert plan_of(host(64 * GB, kernel=quiet["kernel"], failed=False))["decision"] == "none"


@pytest.mark.parametrize(
    ("nodes", "mode", "policy", "wanted", "said"),
    [
        (2, 0, {}, 1, "from 0 to 1: the host has 2 memory nodes"),
        (2, 4, {}, 5, "from 4 to 5"),
        (2, 3, {}, None, "is already 3"),
        (2, None, {}, None, "the kernel does not have it"),
        (2, 0, {"zone_reclaim": False}, None, "because workaround_zone_reclaim is false"),
        (1, 0, {}, None, "does nothing on a host with one memory node"),
    ],
)
def test_zone_reclaim_mode(nodes: int, mode: int | None, policy: dict[str, Any], wanted: int | None, said: str) -> None:
    made = plan_of(host(64 * GB, nodes, mode=mode), **policy)
    assert made["zone_reclaim_mode"] == wanted
    assert said in " ".join(made["sentences"])


def test_a_mode_that_is_missing_is_set_though_the_value_is_enough() -> None:
    made = plan_of(host(64 * GB, 2, now=262144, failed=False))
    assert (made["decision"], made["step"], made["min_free_kbytes"], made["zone_reclaim_mode"]) == ("apply", 1, 262144, 1)


def test_what_users_of_the_host_may_have_written_brings_no_further_step() -> None:
    group = {"order": 2, "atomic": None, "drivers": [], "trusted": True, "count": 12, "last": {"process": "swapper", "at": None}}
    for trusted, decision in ((True, "apply"), (False, "keep")):
        groups = [{**group, "trusted": trusted}]
        since = {"count": 12, "by_order": {"2": 12}, "groups": groups}
        of_host = host(32 * GB, now=262144, record=in_force(1, 262144), failed=False)
        of_host["failures"] = failures({"2": 12}, since_workaround=since, groups=groups)
        plan = plan_of(of_host)
        assert plan["decision"] == decision, plan["sentences"]
    assert "only a log that users of the host can write to shows the symptom after it" in plan["sentences"][0]


def test_the_next_step_keeps_the_mode_in_the_file() -> None:
    made = plan_of(host(64 * GB, 2, now=262144, mode=1, record=in_force(1, 262144, 1)))
    assert (made["decision"], made["min_free_kbytes"], made["zone_reclaim_mode"]) == ("apply", 524288, 1)


@pytest.mark.parametrize(
    ("line", "conflicts", "decision"),
    [
        ({"file": "/etc/sysctl.conf", "name": "min_free_kbytes", "value": "90112"}, "refuse", "refuse"),
        ({"file": "/etc/sysctl.conf", "name": "min_free_kbytes", "value": "90112"}, "override", "apply"),
        ({"file": "/etc/sysctl.conf", "name": "min_free_kbytes", "value": "262144"}, "refuse", "apply"),
        ({"file": "/etc/sysctl.d/zz-fleetcare-pagealloc.conf", "name": "min_free_kbytes", "value": "90112"}, "refuse", "apply"),
        ({"file": "/etc/sysctl.conf", "name": "zone_reclaim_mode", "value": "0"}, "refuse", "apply"),
    ],
)
def test_other_files_that_set_the_same(line: dict[str, str], conflicts: str, decision: str) -> None:
    made = plan_of(host(64 * GB, boot_settings=[line]), conflicts=conflicts)
    assert made["decision"] == decision
    named = any("/etc/sysctl.conf sets vm.min_free_kbytes = 90112" in sentence for sentence in made["sentences"])
    assert named == (line["value"] == "90112" and line["file"] == "/etc/sysctl.conf")


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        ({"vm": {"min_free_kbytes": None, "zone_reclaim_mode": 0}}, "vm.min_free_kbytes is not known"),
        ({"memory": None}, "the size of the host's memory is not known"),
        ({"workaround": None}, "It is not known whether an earlier run is in force"),
        ({"page_size_bytes": None}, "the page size is not known"),
    ],
)
def test_what_was_not_seen_is_a_reason_to_refuse(lost: dict[str, Any], said: str) -> None:
    made = plan_of({**host(64 * GB), **lost})
    assert made["decision"] == "refuse" and said in made["sentences"][0]


def test_available_memory_of_old_kernels_is_reckoned() -> None:
    old = host(16 * GB)
    cache = {"active_file_kb": 300_000, "inactive_file_kb": 200_000, "reclaimable_slab_kb": 0}
    old["memory"] |= {"available_kb": None, "free_kb": 1000, **cache}
    low_kb = sum(zone["low_pages"] for zone in old["zones"]) * 4
    available = max(0, 1000 - low_kb + 500_000 - min(250_000, low_kb))
    said = " ".join(plan_of(old)["sentences"])
    assert f"50 % of the {available} kB available, calculated as Linux 3.14 does" in said
    old["memory"] |= {"inactive_file_kb": None}
    assert "50 % of the 1000 kB free by /proc/meminfo (an old kernel" in " ".join(plan_of(old)["sentences"])


def test_no_zone_gets_a_watermark_beyond_what_it_holds() -> None:
    """Of the value that is planned, shared out as the kernel does."""
    value = plan_of(host(64 * GB, 2, now=524288, mode=1, record=in_force(2, 524288, 1)))["min_free_kbytes"]
    assert value == 1048576
    shares = zones(*layout(64 * GB, 2), min_free_kbytes=value)
    assert sum(share["min_pages"] for share in shares) <= 262144
    assert sum(share["min_pages"] for share in shares) >= 262144 - len(shares), "rounded down, once for each zone"
    assert all(share["min_pages"] * 3 // 2 < share["present_pages"] // 10 for share in shares)


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"cap_percent": 5}, "cap_percent: .5. is outside the allowed range; give more than 0 and less than 5"),
        ({"cap_percent": 0}, "cap_percent"),
        ({"available_percent": 100}, "available_percent"),
        ({"steps_kb": []}, "steps_kb: not a list of numbers"),
        ({"steps_kb": [2, 1]}, "steps_kb: the steps do not increase"),
        ({"steps_kb": [268435456]}, "steps_kb: 268435456 looks like bytes; the unit is kB: 262144"),
        ({"steps_kb": ["262144"]}, "steps_kb: not a list of numbers"),
        ({"settle_seconds": -1}, "settle_seconds"),
        ({"conflicts": "ignore"}, "conflicts: 'ignore' is not a valid choice"),
        ({"force": 1}, "force: neither true nor false"),
        ({"cap": 3}, "cap: unknown option; use one of steps_kb"),
    ],
)
def test_a_policy_that_cannot_be(policy: dict[str, Any], said: str) -> None:
    with pytest.raises(TemplatedError, match=f"policy: {said}"):
        plan_of(host(64 * GB), **policy)


@given(
    kb=st.integers(1 << 20, 1 << 30),
    nodes=st.integers(1, 8),
    now=st.integers(1, 1 << 24),
    available=st.integers(0, 1 << 30),
    steps=st.lists(st.integers(1, 1 << 25), min_size=1, max_size=6, unique=True).map(sorted),
    cap=st.floats(0.1, 4.9),
    zone_percent=st.floats(1, 99),
    available_percent=st.floats(1, 99),
    mode=st.one_of(st.none(), st.integers(0, 7)),
    record=st.one_of(st.none(), st.integers(0, 4)),
    force=st.booleans(),
    order2=st.integers(0, 3),
)
def test_no_plan_exceeds_its_cap_or_lowers_a_value(
    kb: int, nodes: int, now: int, available: int, steps: list[int], cap: float, zone_percent: float, available_percent: float,
    mode: int | None, record: int | None, force: bool, order2: int,
) -> None:  # fmt: skip
    policy = {"steps_kb": steps, "cap_percent": cap, "zone_percent": zone_percent, "available_percent": available_percent}
    of_host = host(kb, nodes, now=now, mode=mode, available_kb=min(available, kb), failed=False)
    of_host["failures"] = failures({"2": order2} if order2 else {})
    if record is not None:
        of_host["workaround"] = in_force(record + 1, STEPS[record])
    made = plan_of(of_host, force=force, **policy)
    assert (made["min_free_kbytes"] is None) == (made["decision"] != "apply")
    if made["min_free_kbytes"] is None:
        assert made["zone_reclaim_mode"] is None
        return
    chosen = read_policy({**policy, "short_percent": 1, "settle_seconds": 0}, {})
    tightest = limits(of_host, now, chosen)[0].most
    assert made["min_free_kbytes"] >= now, "never lowered"
    assert made["min_free_kbytes"] == now or made["min_free_kbytes"] <= tightest <= kb * cap / 100, "never beyond the cap"
    assert made["zone_reclaim_mode"] is None or made["zone_reclaim_mode"] & (mode or 0) == (mode or 0), "no bit is taken away"
    assert made["step"] is not None and 1 <= made["step"] <= len(made["steps_kb"])


@pytest.mark.parametrize(
    ("memory", "low_kb", "kb", "how"),
    [
        ({"available_kb": 0, "free_kb": 9}, 5, 0, "by /proc/meminfo"),
        ({"free_kb": 100}, 5, 100, "an old kernel that does not print MemAvailable"),
        (
            {"free_kb": 100, "active_file_kb": 10, "inactive_file_kb": 6, "reclaimable_slab_kb": 40},
            5,
            100 - 5 + 16 + 40 - 5 - 5,
            "Linux 3.14",
        ),
        (
            {"free_kb": 100, "active_file_kb": 2, "inactive_file_kb": 4, "reclaimable_slab_kb": 8},
            50,
            100 - 50 + 6 + 8 - 3 - 4,
            "Linux 3.14",
        ),
        ({"free_kb": 3, "active_file_kb": 0, "inactive_file_kb": 0, "reclaimable_slab_kb": 0}, 50, 0, "Linux 3.14"),
        ({"free_kb": 50, "active_file_kb": 0, "inactive_file_kb": 1, "reclaimable_slab_kb": 0}, 50, 1, "Linux 3.14"),
    ],
)
def test_what_is_available(memory: dict[str, int], low_kb: int, kb: int, how: str) -> None:
    """Half of the page cache and of the slab, and no more of each than the low watermarks, are kept."""
    found, told = available_kb(memory, low_kb)
    assert found == kb and how in told


def test_less_than_this_is_short_of_memory() -> None:
    policy = read_policy({"short_percent": 2.5}, load_catalogue().workaround)
    assert short_of_memory_kb({"memory": {"total_kb": 1000}}, policy) == 25
    assert short_of_memory_kb({"memory": {"total_kb": 1039}}, policy) == 25


@pytest.mark.parametrize(("total_kb", "meant"), [(1 << 20, True), ((1 << 20) + 1, False)])
def test_a_step_as_large_as_the_memory_was_meant_in_bytes(total_kb: int, meant: bool) -> None:
    made = plan_of(host(total_kb), steps_kb=[1 << 20], force=True)
    assert made["decision"] == "refuse"
    small = plan_of({**host(total_kb), "nics": []}, steps_kb=[1 << 20], force=True)
    assert ("1048576 looks like bytes, but the unit is kB. Perhaps 1024 is meant." in " ".join(small["sentences"])) is meant


def test_the_limit_itself_is_safe() -> None:
    """3 % of 64 GB are 2013265 kB."""
    for step, decision in ((2013265, "apply"), (2013266, "refuse")):
        forced = host(64 * GB, nics=[])
        assert plan_of(forced, steps_kb=[step], force=True)["decision"] == decision


def test_a_forced_step_says_that_it_was_forced() -> None:
    forced = " ".join(plan_of(host(64 * GB, nics=[]), force=True)["sentences"])
    assert "kB, because force is set." in forced and "The limit is" in forced
    asked = " ".join(plan_of(host(64 * GB))["sentences"])
    assert "kB, for advisory mlx4_en-rhel-6.4-order-2." in asked


@pytest.mark.parametrize(("now", "decision"), [(262143, "apply"), (262144, "keep")])
def test_the_first_step_stands_once_it_is_reached(now: int, decision: str) -> None:
    assert plan_of(host(64 * GB, failed=False, now=now))["decision"] == decision


def test_a_value_below_the_record_does_not_stand() -> None:
    """Somebody has lowered it: the step that the record tells of is due again, and none above it."""
    made = plan_of(host(64 * GB, now=262143, record=in_force(1, 262144), failed=False))
    assert (made["decision"], made["min_free_kbytes"]) == ("apply", 262144)


def test_the_limit_grows_with_what_is_set_already() -> None:
    """Of what is available a rise may take two thirds of its share, above the value that is set."""
    policy = read_policy({}, load_catalogue().workaround)
    found = {now: limits({**host(64 * GB, available_kb=300), "zones": zones(*layout(64 * GB))}, now, policy) for now in (0, 5)}
    assert found[5][0].most - found[0][0].most == 5
    assert found[0][0].most == 300 * 50 // 100 * 2 // 3


def test_a_zone_whose_low_watermark_was_not_seen_keeps_nothing_back() -> None:
    unseen = host(64 * GB)
    unseen["memory"] |= {"available_kb": None, "free_kb": 1000, "active_file_kb": 0, "inactive_file_kb": 0, "reclaimable_slab_kb": 0}
    unseen["zones"] = [{**one, "low_pages": None} for one in unseen["zones"]]
    assert "50 % of the 1000 kB available" in " ".join(plan_of(unseen)["sentences"])


def test_only_the_value_of_memory_is_told_as_the_next_step() -> None:
    too_far = " ".join(plan_of(host(4 * GB))["sentences"])
    assert "The next step, 262144 kB, is not safe" in too_far and "The limit is" not in too_far
