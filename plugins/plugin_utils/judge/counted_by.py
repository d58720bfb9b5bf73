# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The thresholds by which the verdict counted the failures of a host."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import Advisory, Thresholds, on_pages_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import Catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.criteria import YES, believing_the_bus, match
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.host import Host


def explained_by(noise: Iterable[Advisory], limits: Thresholds) -> Thresholds:
    """The thresholds without failures that are known to be noise. Functions cannot show that, because those of several traces are in one
    list."""
    known = [one.thresholds for one in noise if not one.thresholds.report]
    return replace(limits, explained=frozenset((driver, one.order) for one in known for driver in one.drivers))


def thresholds_of_symptom(host: Host, limits: Thresholds, catalogue: Catalogue) -> list[Thresholds]:
    """``limits`` of the host's result, without the failures that a matching advisory calls harmless, and the limits of matching advisories
    that find their failures by the trace."""
    host = believing_the_bus(host, catalogue.advisories)
    matching = [one for one in catalogue.advisories if match(host, one)[0] == YES]
    by_trace = [one.thresholds for one in matching if one.thresholds.by_trace and not one.is_noise]
    noise = [one for one in matching if one.is_noise]
    return [explained_by(noise, limits), *(on_pages_of(host.page_size_bytes, one) for one in by_trace)]
