# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sample of the causes on one guest; ``./dev lab causes`` takes more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.lab.causes import starve, write_causes
from tests.lab.kernel import kernel, kernels_with_cma
from tests.lab.troubles import HEALTHY, ONLY_CMA

#: Those that one small guest can have, and that take seconds.
SAMPLE = ("leaking driver", "kmalloc leak", "unmovable pages scattered", "large requests", "vmalloc space spent", "healthy under load")


def test_the_cause_that_is_told_is_why_the_guest_starves(tmp_path: Path) -> None:
    runs = list(starve(2, 2026, lambda line: None, SAMPLE, [kernel()]))
    figures = write_causes(runs, tmp_path / "causes.json")
    assert json.loads((tmp_path / "causes.json").read_text()) == figures
    assert figures["runs"] == 2 * len(SAMPLE)
    assert figures["wrong"] == []
    assert figures["any_cause_for_a_healthy_host"] == 0
    assert {run.told for run in runs} == {"leak", "slab_leak", "fragmentation", "request_too_large", "not_pages", HEALTHY}


@pytest.mark.lab_long  # packages of another Debian are fetched for it
def test_of_a_guest_that_has_only_cma_free_it_is_told() -> None:
    runs = list(starve(2, 2026, lambda line: None, (ONLY_CMA,), kernels_with_cma()[:1]))
    assert [run.told for run in runs] == ["cma", "cma"]
