# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record that the workaround role leaves, lines that set its values at boot, and times with their offsets."""

from __future__ import annotations

import contextlib

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.host_places import SETTINGS
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import (
    KEYS,
    NEWER,
    PHASES,
    no_record,
    parse_record,
    parse_settings,
)
from hypothesis import given
from hypothesis import strategies as st

SINCE = 1_363_700_000
WHOLE = f"""\
format=1
phase=in_force
step=2
min_free_kbytes=524288
zone_reclaim_mode=absent
since_epoch_seconds={SINCE}
original_min_free_kbytes=67584
original_zone_reclaim_mode=absent
previous_step=1
previous_min_free_kbytes=262144
made_folder=0
mark=0123456789abcdef
end=1
"""


def test_a_whole_record_as_the_version_before_wrote_it() -> None:
    assert parse_record(WHOLE, SINCE + 90) == {
        "phase": "in_force",
        "step": 2,
        "min_free_kbytes": 524288,
        "zone_reclaim_mode": None,
        "original_min_free_kbytes": 67584,
        "original_zone_reclaim_mode": None,
        "since_epoch_seconds": SINCE,
        "since": "2013-03-19T13:33:20Z",
        "in_force_seconds": 90,
        "mark": "0123456789abcdef",
        # it knew nothing of these, so it left them alone
        **{prefix + name: None for name in NEWER for prefix in ("", "original_")},
    }
    assert set(no_record()) == set(parse_record(WHOLE)), "absent and there have the same names"
    assert no_record()["phase"] == PHASES[0] and set(KEYS) < set(no_record())


def test_zero_is_a_value_and_absent_is_none() -> None:
    found = parse_record(WHOLE.replace("original_zone_reclaim_mode=absent", "original_zone_reclaim_mode=0"))
    assert found["original_zone_reclaim_mode"] == 0 and found["zone_reclaim_mode"] is None


@pytest.mark.parametrize("phase", ["pending", "in_force", "leaving"])
def test_a_run_that_was_cut_leaves_its_phase(phase: str) -> None:
    assert parse_record(WHOLE.replace("phase=in_force", f"phase={phase}"))["phase"] == phase


@pytest.mark.parametrize("line", ["", "mark=absent\n"])
def test_a_record_of_an_older_version_names_no_mark(line: str) -> None:
    assert parse_record(WHOLE.replace("mark=0123456789abcdef\n", line))["mark"] is None


def test_a_time_is_told_up_to_the_last_year_that_is_written_with_four_digits() -> None:
    last = parse_record(WHOLE.replace(str(SINCE), "253402300799"), 253402300799)
    assert (last["since"], last["in_force_seconds"]) == ("9999-12-31T23:59:59Z", 0)
    assert parse_record(WHOLE.replace(str(SINCE), "253402300800"))["since"] is None


@pytest.mark.parametrize("now", [None, SINCE - 1])
def test_a_clock_that_is_not_seen_or_went_back_tells_no_age(now: int | None) -> None:
    assert parse_record(WHOLE, now)["in_force_seconds"] is None


def test_a_time_beyond_every_calendar_is_borne() -> None:
    found = parse_record(WHOLE.replace(str(SINCE), "9" * 15), 1)
    assert (found["since_epoch_seconds"], found["since"]) == (999_999_999_999_999, None)


def test_a_cut_record_is_no_record() -> None:
    for length in range(len(WHOLE) - len("end=1\n")):
        with pytest.raises(EvidenceError):
            parse_record(WHOLE[:length])


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("end=1\n", "", "is incomplete"),
        ("phase=in_force", "phase=none", "not a phase"),
        ("phase=in_force", "phase={{ 7*7 }}", "not a phase"),
        ("phase=in_force\n", "", "not a phase"),
        ("step=2", "step=-2", "not a count"),
        ("step=2", "step=2; reboot", "not a count"),
        ("step=2", "step=" + "9" * 400, "not a count"),
        ("524288", "0x80000", "not a count"),
        ("original_min_free_kbytes=67584\n", "", "original_min_free_kbytes is missing"),
        ("original_min_free_kbytes=67584", "original_min_free_kbytes=absent", "original_min_free_kbytes is missing"),
        ("mark=0123456789abcdef", "mark=0123456789abcde", "not the token of a mark"),
        ("mark=0123456789abcdef", "mark=0123456789ABCDEF", "not the token of a mark"),
        ("mark=0123456789abcdef", "mark=0123456789abcdef0", "not the token of a mark"),
        ("mark=0123456789abcdef", "mark=", "not the token of a mark"),
        ("mark=0123456789abcdef", "mark={{ 7*7 }}", "not the token of a mark"),
        ("format=1", "<script>", "not a line of the record"),
    ],
)
def test_a_hostile_or_broken_record_is_refused_with_the_reason(old: str, new: str, reason: str) -> None:
    assert old in WHOLE
    with pytest.raises(EvidenceError, match=reason) as refused:
        parse_record(WHOLE.replace(old, new, 1))
    assert len(str(refused.value)) < 200
    line = WHOLE[: WHOLE.index(old)].count("\n") + 1
    assert refused.value.line == (None if "missing" in reason or not new else line)


ODD = st.builds("{}={}".format, st.sampled_from(["phase", "step", "end"]), st.text(max_size=9))
RECORDS = st.lists(st.sampled_from(WHOLE.splitlines()) | ODD | st.text(), max_size=14).map("\n".join)


@given(st.text() | RECORDS, st.none() | st.integers())
def test_any_text_is_a_record_or_an_evidence_error(text: str, now: int | None) -> None:
    with contextlib.suppress(EvidenceError):
        found = parse_record(text, now)
        assert found["phase"] in PHASES[1:] and found["original_min_free_kbytes"] is not None


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("vm.min_free_kbytes = 70000", ("min_free_kbytes", "70000")),
        ("vm/min_free_kbytes=70000", ("min_free_kbytes", "70000")),
        ("  -vm.zone_reclaim_mode=1  ", ("zone_reclaim_mode", "1")),
        ("vm.min_free_kbytes = 70000 # odd", ("min_free_kbytes", "70000 # odd")),
        ("vm.min_free_kbytes = " + "7" * 90, ("min_free_kbytes", "7" * 61)),
        ("# vm.min_free_kbytes = 70000", None),
        ("vm.min_free_kbytes =", None),
        ("vm.min_free_kbytes_of_ours = 1", None),
        ("kernel.vm.min_free_kbytes = 1", None),
        ("vm.swappiness = 1", None),
    ],
)
def test_lines_that_set_the_values(line: str, found: tuple[str, str] | None) -> None:
    lines = parse_settings([("/etc/sysctl.conf", "vm.swappiness = 10\n"), (SETTINGS, "#\n" + line)])
    assert lines == ([] if found is None else [{"file": SETTINGS, "name": found[0], "value": found[1]}])
