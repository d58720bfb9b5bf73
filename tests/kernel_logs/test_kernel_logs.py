# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sample of the generator's logs comes out right, in each kernel and dialect; the long run is python -m tests.kernel_logs."""

from __future__ import annotations

import subprocess
from collections import Counter

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_filter import AWK_FILTER, filter_log

from tests.conftest import tool
from tests.kernel_logs.__main__ import run, written
from tests.kernel_logs.check import Log, ambiguous, answer, faults, make
from tests.kernel_logs.dialects import DIALECTS
from tests.kernel_logs.kernels import KERNELS

SEED, LOGS = 1, 12_000


@pytest.mark.slow("thousands of kernel logs are made and read")
def test_a_sample_comes_out_right() -> None:
    tally, wrong = run(range(SEED, SEED + LOGS))
    told = [f"seed {seed}, {kernel}, {dialect}, {written(make(seed))}: {'; '.join(said)}" for seed, kernel, dialect, said in wrong[:10]]
    assert not wrong, f"{len(wrong)} of {LOGS} logs:\n" + "\n".join(told)
    assert {kernel for kernel, _dialect, _kind in tally} == {kernel.name for kernel in KERNELS}
    assert {dialect for _kernel, dialect, _kind in tally} == {dialect.name for dialect in DIALECTS}
    kinds = Counter(dict.fromkeys(("right", "ambiguous"), 0))
    for (_kernel, _dialect, kind), count in tally.items():
        kinds[kind] += count
    assert kinds["ambiguous"] < LOGS / 8, kinds


@pytest.mark.parametrize("seed", [500261119, 500428255, 500430400, 900039417, 920259101, 940138151, 940015413])
def test_a_log_that_was_wrong_once_stays_right(seed: int) -> None:
    log = make(seed)
    assert faults(log, answer(log)) == []


def test_a_seed_gives_the_same_log() -> None:
    assert make(4711).texts == make(4711).texts
    assert make(4711).texts != make(4711 + len(DIALECTS)).texts


def _plain_log() -> Log:
    """A log with one failure, and everything about it is known."""
    for seed in range(len(DIALECTS), 1000 * len(DIALECTS), len(DIALECTS)):
        log = make(seed)
        told = [
            failed for failed in log.truth.failures if failed.modules and failed.process and failed.process.isalpha() and failed.order < 9
        ]
        if len(log.truth.failures) == len(told) == 1 and not ambiguous(log) and not faults(log, answer(log)):
            return log
    raise AssertionError("no such log")


@pytest.mark.parametrize("name", ["count", "by_order", "by_process", "by_driver"])
def test_the_check_sees_a_wrong_answer(name: str) -> None:
    log = _plain_log()
    failed = log.truth.failures[0]
    old, new = {
        "count": (": page allocation failure", ": page allocation success"),
        "by_order": (f" order:{failed.order}", f" order:{failed.order + 1}"),
        "by_process": (str(failed.process), "another"),
        "by_driver": (f"[{failed.modules[0]}", "[another"),
    }[name]
    log.texts = {source: text.replace(old, new) for source, text in log.texts.items()}
    assert any(fault.startswith(name) for fault in faults(log, answer(log)))


@pytest.mark.parametrize("awk", ["mawk", "gawk", "busybox awk"])
def test_the_filter_on_the_target_is_that_of_the_test(awk: str) -> None:
    program, *words = awk.split()
    for seed in range(1, 60):
        log = make(seed)
        if log.filtered:
            continue
        text = log.texts[log.dialect.source]
        command = [tool(program), *words, "-v", "tag=$log", AWK_FILTER.strip()]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        assert done.stdout == "".join(f"$log:{line}\n" for line in filter_log(text).splitlines()), f"seed {seed}: {done.stderr}"
