# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often Ansible looks for results: a look costs the same whether there is one or not."""

from __future__ import annotations

import pytest
from ansible import constants
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.inventory_hosts import look_for_results_less_often


@pytest.mark.parametrize(
    ("hosts", "set_before", "seconds"),
    [(1, 0.001, 0.004), (8_000, 0.001, 0.004), (100_000, 0.001, 0.05), (100, 0.5, 0.5)],
)
def test_it_looks_every_4_ms_less_often_in_a_large_fleet_and_never_more_often_than_the_site_set(
    hosts: int, set_before: float, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "DEFAULT_INTERNAL_POLL_INTERVAL", set_before)
    look_for_results_less_often(hosts)
    assert pytest.approx(seconds) == constants.DEFAULT_INTERNAL_POLL_INTERVAL
