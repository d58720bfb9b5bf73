# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one list of all fuzzers."""

from __future__ import annotations

from tests.security.fuzz import of_acknowledged, of_answers, of_data, of_hosts, of_past, of_reports, of_texts
from tests.security.fuzz.runner import Fuzzer

GROUPS = (
    of_texts.FUZZERS,
    of_hosts.FUZZERS,
    of_data.FUZZERS,
    of_answers.FUZZERS,
    of_past.FUZZERS,
    of_acknowledged.FUZZERS,
    of_reports.FUZZERS,
)

FUZZERS: dict[str, Fuzzer] = {fuzzer.name: fuzzer for group in GROUPS for fuzzer in group}
