# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the results of all hosts to the one document of the fleet."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.utc_time import utc_time_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.compare.comparison import compare
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.explanation import Seen, explain_fleet, seen_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import Catalogue, load_catalogue, merge_site_advisories
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import counts_by_verdict
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered, judge_host
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.commands import commands_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.site import NO_SITE, Site
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.this_collection import collection_version
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import fault

SCHEMA = "fleetcare.pagealloc/fleet/1"


def judge_fleet(
    gathered: Mapping[str, Gathered],
    site_advisories: Sequence[Mapping[str, Any]],
    *,
    comparing: bool = True,
    troubled: Sequence[str] = (),
    changes: Mapping[str, Mapping[str, Any]] | None = None,
    results: MutableMapping[str, dict[str, Any]] | None = None,
    site: Site = NO_SITE,
) -> dict[str, Any]:
    """The document that all reports are made of; docs/fleet.schema.json describes it.

    ``comparing``: with what sets the hosts that show the trouble apart from the rest; ``troubled`` names these hosts where the verdicts
    are not to tell. ``changes``: what a role did to each host (workaround/effect.py, Change). ``results``: what is to hold the hosts'
    results, where a dict is too small. ``site``: what the site says of its hosts. Raises AdvisoryError if the site's advisories have a
    fault.
    """
    advisories = merge_site_advisories(load_catalogue(), site_advisories)
    hosts, verdicts = judged_by(advisories, gathered, changes, results, site)
    return {
        **head_of(SCHEMA),
        "counts": counts_by_verdict({"verdict": verdict} for verdict in verdicts),
        "advisories": {one.id: {"title": one.title, "references": list(one.references)} for one in advisories.advisories},
        "commands": commands_of(site.inventory),
        "comparison": _comparison(hosts, troubled) if comparing else None,
        "history": None,
        "hosts": hosts,
    }


def judged_by(
    advisories: Catalogue,
    gathered: Mapping[str, Gathered],
    changes: Mapping[str, Mapping[str, Any]] | None = None,
    results: MutableMapping[str, dict[str, Any]] | None = None,
    site: Site = NO_SITE,
) -> tuple[MutableMapping[str, dict[str, Any]], list[str]]:
    """(the hosts' results with their causes, their verdicts), by advisories that are merged already; the rest as with ``judge_fleet``."""
    hosts: MutableMapping[str, dict[str, Any]] = {} if results is None else results
    # what is needed of every host at once is kept here, since each look at ``results`` may read a file
    seen: dict[str, Seen] = {}
    verdicts: list[str] = []
    for name, one in gathered.items():
        result = judge_host(one, advisories)
        result = {**result, **site.told_of(name, result["verdict"])}
        hosts[name] = {**result, "change": changes[name]} if changes and name in changes else result
        verdicts.append(result["verdict"])
        if (told := seen_of(result)) is not None:
            seen[name] = told
    explain_fleet(hosts, seen, advisories)
    return hosts, verdicts


def head_of(schema: str) -> dict[str, str]:
    """What a document of ours begins with: its schema, when it was made, and by which version of the collection."""
    return {
        "schema": schema,
        "generated_at": utc_time_of(time.time()),
        "collection_version": collection_version(),
    }


def _comparison(hosts: Mapping[str, Mapping[str, Any]], troubled: Sequence[str]) -> dict[str, Any]:
    """Never raises, so that an unexpected error does not cost the fleet its verdicts. The error replaces the comparison."""
    try:
        return compare(hosts, troubled)
    except Exception as error:
        return no_comparison(fault(error))


def no_comparison(reason: str) -> dict[str, Any]:
    """The replacement for a comparison that could not be made."""
    return {**compare({}), "conclusion": [reason]}


@contextlib.contextmanager
def no_search_for_cycles() -> Iterator[None]:
    """Facts are trees: searching the millions of objects of a large fleet for cycles finds none and takes a tenth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
