# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sosreports and records of other days are a host's past. Each is judged like the newest one and gives one observation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.observation import Observation, observation_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.recorded_past import newest_first
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue, merge_site_advisories
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judged_by


def older_observations(paths: Mapping[str, Sequence[str]], site_advisories: Sequence[Mapping[str, Any]]) -> dict[str, list[Observation]]:
    """{host: what its older evidence shows, newest first}. Evidence without its own time is left out.

    ``paths``: host -> the paths of its older evidence. Raises AdvisoryError if the site's advisories have a fault.
    """
    catalogue = merge_site_advisories(load_catalogue(), site_advisories)
    found = {}
    for host, each in paths.items():
        judged, _verdicts = judged_by(catalogue, {path: Gathered.from_record(path) for path in each})
        seen = [observation_of(result, 0) for result in judged.values()]
        found[host] = newest_first(one for one in seen if one.at_epoch_seconds)
    return found
