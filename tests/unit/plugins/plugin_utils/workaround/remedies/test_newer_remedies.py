# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The remedies that only newer kernels have: when they are chosen, how far they go, and that the host has old values or new ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import KEYS, NEWER, no_record, parse_record
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import AdvisoryError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue, merge_site_advisories
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.templating.templated import classify_value
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.look import Look, look_at
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.machine import next_move
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.moves import RunProgram, WorkaroundSeen, WorkaroundWanted
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.policy import PolicyError, read_policy
from hypothesis import given
from hypothesis import strategies as st

from tests.security.workaround_host import SHELLS, WorkaroundHost
from tests.unit.plugins.plugin_utils.builders import ROOMY, Facts, blank, zone
from tests.unit.plugins.plugin_utils.explain.test_causes import NEARLY_NONE, block, failed, memory
from tests.unit.plugins.plugin_utils.explain.test_causes import host as starved

SCALE, COMPACTION = NEWER
NOW_KB = 4000
ADVISORY = {
    "id": "site-ixgbe",
    "title": "a site's own",
    "driver": "ixgbe",
    "in_tree_only": False,
    "order": 2,
    "fix": "none is known",
    "references": ["https://example.org/ixgbe"],
}


def host(cause: str, memory_kb: Facts | None = None, **vm: Any) -> Facts:
    """A host of a newer kernel that starves for this cause; no advisory speaks of its driver."""
    zones, then = [zone(list(ROOMY), min_pages=1000)], failed(2, [block(NEARLY_NONE)])
    more = {} if cause == "fragmentation" else {"zones": zones, "failures": then}
    seen = {"min_free_kbytes": NOW_KB, "zone_reclaim_mode": 0, SCALE: 10, COMPACTION: 0, "boot_settings": [], **vm}
    return starved(vm=blank("vm", **seen), memory=memory_kb or memory(), workaround=no_record(), **more)


def looked(found: Facts, advisories: list[Facts] | None = None, **policy: Any) -> Look:
    catalogue = merge_site_advisories(load_catalogue(), advisories or [])
    return look_at(found, catalogue, read_policy(policy, catalogue.workaround))


@pytest.mark.parametrize(
    ("cause", "vm", "wanted"),
    [
        ("fragmentation", {}, {COMPACTION: 20}),
        ("fragmentation", {COMPACTION: 19}, {COMPACTION: 20}),
        ("reserve_too_small", {}, {SCALE: 50}),
        ("reserve_too_small", {SCALE: 49}, {SCALE: 50}),
        # the kernel has none, or it is there already: the reserve itself
        ("reserve_too_small", {SCALE: None}, {"min_free_kbytes": 10_000}),
        ("reserve_too_small", {SCALE: 50}, {SCALE: 200}),
        ("reserve_too_small", {SCALE: 199}, {SCALE: 200}),
        ("reserve_too_small", {SCALE: 200}, {"min_free_kbytes": 10_000}),
    ],
)
def test_the_cause_of_a_host_without_an_advisory_chooses(cause: str, vm: Facts, wanted: dict[str, int]) -> None:
    look = looked(host(cause, **vm))
    assert look.state["verdict"] == "starved" and look.plan.decision == "apply", look.plan.sentences
    assert look.plan.values == {**dict.fromkeys(KEYS), "min_free_kbytes": NOW_KB, **wanted}
    assert look.plan.step == 1
    [said] = [sentence for sentence in look.plan.sentences if f"because of its cause, {cause}." in sentence]
    assert f"vm.{next(iter(wanted))} from" in said
    assert not [sentence for sentence in look.plan.sentences if "zone_reclaim_mode" in sentence], "nobody speaks of it"


@pytest.mark.parametrize("vm", [{COMPACTION: None}, {COMPACTION: 20}, {COMPACTION: 100}])
def test_where_the_cause_has_nothing_to_set_nothing_is_done(vm: Facts) -> None:
    assert looked(host("fragmentation", **vm)).plan.decision == "none"


def test_nothing_is_compacted_for_pages_that_cannot_be_moved() -> None:
    """Measured (docs/remedies.md): it brings nothing."""
    for slab_percent, decision in ((40, "apply"), (60, "none")):
        look = looked(host("fragmentation", memory(slab=slab_percent, available=10)), remedies=[COMPACTION])
        assert look.plan.decision == decision, (slab_percent, look.plan.sentences)


def test_a_log_that_users_can_write_to_has_root_set_nothing() -> None:
    there = host("reserve_too_small")
    groups = [{**group, "trusted": False} for group in there["failures"]["groups"]]
    forged = looked({**there, "failures": {**there["failures"], "groups": groups}})
    assert groups and (forged.state["verdict"], forged.plan.decision) == ("starved", "none")


def test_an_advisory_asks_for_them_and_goes_before_the_cause() -> None:
    asks = {**ADVISORY, "workaround": {SCALE: 100, COMPACTION: 40}}
    look = looked(host("fragmentation"), [asks])
    assert (look.state["verdict"], look.plan.decision) == ("affected", "apply")
    assert (look.plan.values[SCALE], look.plan.values[COMPACTION]) == (100, 40)
    assert f"vm.{SCALE} from 10 to 100, for advisory site-ixgbe." in look.plan.sentences
    done = looked(host("fragmentation", **{SCALE: 100, COMPACTION: 40}), [asks])
    assert done.plan.decision == "keep" and f"vm.{SCALE} is already 100." in done.plan.sentences


@pytest.mark.parametrize(("remedy", "cause"), [(COMPACTION, "fragmentation"), (SCALE, "reserve_too_small")])
def test_what_an_advisory_calls_useless_is_not_set_for_the_cause(remedy: str, cause: str) -> None:
    useless = {**ADVISORY, "unhelpful": {remedy: "it was tried"}}
    assert looked(host(cause), [useless]).plan.values[remedy] is None
    assert looked(host(cause), [ADVISORY]).plan.values[remedy] is not None


def test_the_operator_chooses_among_them() -> None:
    both = looked(host("fragmentation"), remedies=[SCALE, COMPACTION])
    assert (both.plan.values[SCALE], both.plan.values[COMPACTION]) == (50, 20)
    assert f"vm.{SCALE} from 10 to 50, as workaround_remedies asks." in both.plan.sentences
    other = looked(host("fragmentation"), remedies=[SCALE])
    assert (other.plan.values[SCALE], other.plan.values[COMPACTION]) == (50, None)
    asks = {**ADVISORY, "workaround": {"min_free_kbytes": 8000, COMPACTION: 40}}
    chosen = looked(host("fragmentation"), [asks], remedies=[COMPACTION])
    assert chosen.plan.values == {**dict.fromkeys(KEYS), "min_free_kbytes": NOW_KB, COMPACTION: 40}
    assert "vm.min_free_kbytes stays at 4000 kB." in chosen.plan.sentences
    assert looked(host("fragmentation"), remedies=[]).plan == looked(host("fragmentation")).plan


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["swappiness"], "remedies: 'swappiness' is not a setting of the workaround; use some of min_free_kbytes, zone_reclaim_mode, "),
        (["compact_memory"], "'compact_memory' is not a setting of the workaround"),
        ("min_free_kbytes", "'min_free_kbytes' is not a list"),
        ([None], "'None' is not a setting"),
    ],
)
def test_an_unknown_remedy_is_named(names: Any, said: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read_policy({"remedies": names}, load_catalogue().workaround)
    assert said in str(caught.value) and caught.value.option == "remedies"


@pytest.mark.parametrize(("remedy", "since"), [(SCALE, "Linux 4.6"), (COMPACTION, "Linux 5.9, and Red Hat's kernel of EL 8.4")])
def test_a_kernel_that_lacks_it_is_told_by_name(remedy: str, since: str) -> None:
    without = host("fragmentation", **{COMPACTION: 30, remedy: None})
    forced = looked(without, remedies=[remedy], force=True)
    assert forced.plan.decision == "refuse" and not any(forced.plan.values.values())
    told = f"vm.{remedy} should be set as workaround_remedies asks, but this kernel does not have it; {since} introduced it."
    assert forced.plan.sentences == [told, "Choose other settings in workaround_remedies for this host."]
    unread = {**without, "unavailable": {f"vm.{remedy}": "permission denied"}}
    assert "but its value is not known (permission denied)." in looked(unread, remedies=[remedy], force=True).plan.sentences[0]
    # an advisory that asks for another thing too does what can be done
    asks = {**ADVISORY, "workaround": {"min_free_kbytes": 8000, remedy: 30}}
    some = looked(without, [asks])
    assert (some.plan.decision, some.plan.values["min_free_kbytes"], some.plan.values[remedy]) == ("apply", 8000, None)
    assert f"vm.{remedy} stays unchanged: this kernel does not have it; {since} introduced it." in some.plan.sentences
    assert looked(without, [{**ADVISORY, "workaround": {remedy: 30}}]).plan.decision == "refuse"


def test_an_unset_setting_is_no_workaround_in_force() -> None:
    asks = [{**ADVISORY, "workaround": {SCALE: 50}}]
    verdicts = {now: looked(healthy(**{SCALE: now}), asks).state["verdict"] for now in (49, 50, None)}
    assert verdicts == {49: "at_risk", 50: "mitigated", None: "at_risk"}


def healthy(**vm: Any) -> Facts:
    return {**host("reserve_too_small", **vm), "failures": {**failed(2), "count": 0, "by_order": {}, "groups": [], "last": None}}


@pytest.mark.parametrize(
    ("workaround", "key"), [({SCALE: 0}, SCALE), ({SCALE: 1001}, SCALE), ({COMPACTION: 101}, COMPACTION), ({COMPACTION: True}, COMPACTION)]
)
def test_an_advisory_with_a_value_that_no_kernel_takes(workaround: Facts, key: str) -> None:
    with pytest.raises(AdvisoryError, match=f"workaround.{key}"):
        looked(host("fragmentation"), [{**ADVISORY, "workaround": workaround}])


@pytest.mark.parametrize(
    ("asked", "memory_kb", "said"),
    [
        # 10 % of 1,000,000 kB less the reserve, by twice the memory
        (201, None, "200 is the largest value that is tried"),
        (200, {"available_kb": 60_000}, "at 160 the increase of the high watermarks would cost 50 % of the 60000 kB available"),
    ],
)
def test_its_limit_is_the_hosts_own_memory(asked: int, memory_kb: Facts | None, said: str) -> None:
    seen = host("reserve_too_small", {**memory(), **memory_kb} if memory_kb else None)
    plan = looked(seen, [{**ADVISORY, "workaround": {SCALE: asked}}]).plan
    assert plan.decision == "refuse" and said in plan.sentences[0], plan.sentences
    assert f"vm.{SCALE}, {asked} ten-thousandths, is not safe" in plan.sentences[0]
    assert "Choose other settings in workaround_remedies" in plan.sentences[1]


@given(
    total_kb=st.integers(200_000, 1 << 32), percent=st.integers(1, 60), asked=st.integers(1, 1000), now=st.integers(0, 1000),
    zone_percent=st.integers(1, 99), available_percent=st.integers(1, 99),
)  # fmt: skip
def test_what_is_set_never_takes_more_than_its_limits_nor_lowers_it(
    total_kb: int, percent: int, asked: int, now: int, zone_percent: int, available_percent: int
) -> None:
    available = total_kb * percent // 100
    seen = host("reserve_too_small", {**memory(), "total_kb": total_kb, "available_kb": available}, **{SCALE: now})
    limits = {"zone_percent": zone_percent, "available_percent": available_percent, "force": True}
    value = looked(seen, [{**ADVISORY, "workaround": {SCALE: asked}}], **limits).plan.values[SCALE]
    if value is not None:
        assert now < value == asked <= 200
        assert 2 * value * total_kb <= (total_kb * zone_percent // 100 - NOW_KB) * 10_000
        assert 2 * (value - now) * total_kb <= available * available_percent // 100 * 10_000


@pytest.mark.parametrize("mb", [256, 512, 1024, 1999])
def test_the_first_step_of_a_small_machine_is_one_that_it_can_take(mb: int) -> None:
    total_kb = mb * 1024
    seen = {**memory(), "total_kb": total_kb, "free_kb": total_kb // 10, "available_kb": total_kb // 3}
    zones = [zone([0, 0, 0, 0], min_pages=700, present_pages=total_kb // 4)]
    little = {**host("fragmentation", seen, min_free_kbytes=2000), "zones": zones}
    asks = [{**ADVISORY, "workaround": {"min_free_kbytes": 262144}}]
    plan = looked(little, asks).plan
    assert (plan.decision, plan.step, plan.values["min_free_kbytes"]) == ("apply", 1, total_kb // 100), plan.sentences
    assert plan.steps_kb[:4] == [total_kb // 100, total_kb * 2 // 100, total_kb * 3 // 100, 262144]
    own = looked(little, asks, steps_kb=[524288]).plan
    assert own.decision == "refuse" and own.steps_kb[0] == 262144, "the operator's own steps are taken as they are"


def test_the_first_step_of_a_machine_that_is_not_small_is_as_before() -> None:
    for total_kb, first in ((2097151, 20971), (2097152, 262144)):
        seen = host("fragmentation", {**memory(), "total_kb": total_kb})
        assert looked(seen, [{**ADVISORY, "workaround": {"min_free_kbytes": 262144}}]).plan.steps_kb[0] == first


VALUES = {SCALE: 50, COMPACTION: 20, f"expected_{SCALE}": 10, f"expected_{COMPACTION}": 0}


@pytest.mark.parametrize("shell", SHELLS)
def test_the_host_has_the_old_values_or_the_new_ones(tmp_path: Path, shell: str) -> None:
    there = WorkaroundHost(tmp_path, {SCALE: 10, COMPACTION: 0})
    assert there.ask(shell, "apply", **VALUES).outcome == "applied"
    assert newer_of(there) == ["50", "20"]
    left = there.left()
    assert left.settings is not None and left.settings.endswith(f"\nvm.zone_reclaim_mode = 1\nvm.{SCALE} = 50\nvm.{COMPACTION} = 20\n")
    seen = {f"expected_{COMPACTION}": 20, f"expected_{SCALE}": 49, "expected_min_free_kbytes": 262144}
    by_hand = there.ask(shell, "apply", **{**VALUES, **seen})
    assert (by_hand.outcome, by_hand.reason) == ("changed", f"vm.{SCALE} is 50, and was 49 when the plan was made")
    assert there.left() == left, "nothing is half done"
    (there.vm / COMPACTION).write_text("99\n")
    assert there.ask(shell, "leave").reason.startswith(f"vm.{COMPACTION} is 99, the record says 20: somebody changed it")
    assert there.ask(shell, "leave", force=True).outcome == "restored"
    assert newer_of(there) == ["10", "0"] and there.left().record is None and there.left().settings is None


def newer_of(there: WorkaroundHost) -> list[str]:
    return [(there.vm / name).read_text().strip() for name in NEWER]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_value_that_the_kernel_does_not_take_undoes_the_whole_step(tmp_path: Path, shell: str) -> None:
    there = WorkaroundHost(tmp_path, {SCALE: 10})
    constant = Path("/proc/sys/kernel/ngroups_max")
    (there.vm / COMPACTION).symlink_to(constant)
    before = there.left()
    answer = there.ask(shell, "apply", **{**VALUES, f"expected_{COMPACTION}": int(constant.read_text())})
    assert (answer.outcome, answer.reason) == ("failed", "the kernel did not accept the values")
    assert there.left() == before and (there.vm / SCALE).read_text() == "10\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_record_of_the_version_before_is_read_and_gone_on_from(tmp_path: Path, shell: str) -> None:
    """It knew of two settings."""
    there = WorkaroundHost(tmp_path, {SCALE: 10, COMPACTION: 0})
    assert there.ask(shell, "apply", **{f"expected_{name}": now for name, now in ((SCALE, 10), (COMPACTION, 0))}).outcome == "applied"
    lines = there.record.read_text().splitlines(keepends=True)
    there.record.write_text("".join(line for line in lines if SCALE not in line and COMPACTION not in line))
    step_1 = parse_record(there.record.read_text())
    assert (step_1["phase"], step_1[SCALE], step_1[f"original_{SCALE}"]) == ("in_force", None, None)
    further = {**VALUES, "expected_min_free_kbytes": 262144, "expected_zone_reclaim_mode": 1, "min_free_kbytes": 524288, "step": 2}
    assert there.ask(shell, "apply", **further).outcome == "applied" and newer_of(there) == ["50", "20"]
    assert there.ask(shell, "undo", step=2).outcome == "rolled_back"
    assert newer_of(there) == ["10", "0"], "what the step before had left alone is as it was"
    assert there.ask(shell, "leave").outcome == "restored"
    assert newer_of(there) == ["10", "0"] and there.left().running == ("67584", "0")


def test_the_program_gets_them_with_what_they_were() -> None:
    move = next_move(WorkaroundWanted(), WorkaroundSeen(found=looked(host("fragmentation"))))
    assert isinstance(move, RunProgram) and move.verb == "apply"
    assert {name: move.values[name] for name in (SCALE, COMPACTION)} == {SCALE: None, COMPACTION: 20}
    assert (move.values[f"expected_{SCALE}"], move.values[f"expected_{COMPACTION}"], move.values["step"]) == (10, 0, 1)


@pytest.mark.parametrize(("remedy", "cause"), [(COMPACTION, "fragmentation"), (SCALE, "reserve_too_small")])
def test_what_an_advisory_calls_useless_is_told_so_and_not_advised(remedy: str, cause: str) -> None:
    there = host(cause)
    for useless, advised in (({}, True), ({"unhelpful": {remedy: "it was tried"}}, False)):
        found = classify_value(there, [{**ADVISORY, **useless}])
        assert (f"set_{remedy}" in {one["action"] for one in found["actions"]}) is advised
        assert ({"action": f"set_{remedy}", "reason": "it was tried (advisory site-ixgbe)"} in found["unhelpful"]) is not advised


def test_a_clear_host_is_not_told_that_nothing_asks_for_what_its_cause_got() -> None:
    record = blank("workaround", phase="in_force", step=1, min_free_kbytes=NOW_KB, original_min_free_kbytes=NOW_KB)
    for value, said in ((50, "to see whether it is still needed"), (None, "it is no longer needed")):
        cured = {**healthy(), "workaround": {**record, SCALE: value, f"original_{SCALE}": value and 10}}
        [action] = classify_value(cured)["actions"]
        assert action["action"] == "remove_workaround" and said in action["description"]
