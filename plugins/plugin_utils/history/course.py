# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data for the pictures of the page: the fleet's verdicts over time, and a host's figures with its events. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TypedDict

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.utc_time import utc_time_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.changes import happened
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.keeping import Run
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.observation import Observation

#: How many audits of the fleet are shown, including this one.
MOST_NIGHTS = 60
#: How many hosts have their course in a report: those with trouble now or soon. The playbook history has the course of each host.
MOST_COURSES = 500


class Night(TypedDict):
    """One audit of the fleet. ``verdicts``: how many hosts had each. ``whole_fleet``: False if only a part was asked."""

    at: str
    whole_fleet: bool
    verdicts: dict[str, int]


class Course(TypedDict):
    """What audits saw of one host, oldest first. All lists are as long as ``at``; null means not known. ``headroom``: requests of
    ``order``.

    ``marks``: events between two audits, each with the place of the second audit: rebooted, kernel_changed,
    workaround_put_in_force, workaround_taken_back.
    """

    order: int | None
    at: list[str]
    verdicts: list[str]
    headroom: list[int | None]
    unaccounted_kb: list[int | None]
    marks: list[dict[str, str | int]]


def nights_of(runs: Sequence[tuple[Run, Mapping[str, int]]], run: Run, now: Mapping[str, Observation]) -> list[Night]:
    """The newest audits, oldest first, ``run`` the last."""
    every = [(run, Counter(one.verdict for one in now.values())), *runs][:MOST_NIGHTS]
    return [{"at": utc_time_of(one.at_epoch_seconds), "whole_fleet": one.whole_fleet, "verdicts": dict(seen)} for one, seen in every[::-1]]


def course_of(past: Sequence[Observation], now: Observation) -> Course:
    """``past``: in any order. Audits of one moment count once."""
    points = list({one.at_epoch_seconds: one for one in sorted((*past, now), key=lambda one: one.at_epoch_seconds)}.values())
    return {
        "order": now.order,
        "at": [utc_time_of(one.at_epoch_seconds) for one in points],
        "verdicts": [one.verdict for one in points],
        "headroom": [one.left(now.order) for one in points],
        "unaccounted_kb": [one.unaccounted_kb for one in points],
        "marks": list(_marks(points)),
    }


def _marks(points: Sequence[Observation]) -> Iterator[dict[str, str | int]]:
    last: Observation | None = None
    for place, one in enumerate(points):
        if one.kernel is None:
            continue  # nobody answered that night
        for kind in happened(last, one) if last else ():
            yield {"place": place, "mark": kind}
        last = one
