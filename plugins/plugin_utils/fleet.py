# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what every host gave to the one document of the fleet."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.module_utils.common.yaml import yaml_load
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence, read_transcript
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import facts_from
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.advisories import Catalogue, load_catalogue, merge_site_advisories
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.advisory import AdvisoryError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.classify import (
    FactsError,
    classify,
    counts,
    verdict_for_unreached,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.compare.comparison import compare
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.processor_time import HOST_SECONDS, limited_processor_time
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.recorded import CONNECTION, read_recorded
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.unreached import is_timeout, verdict_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.wording import fault, os_failure

SCHEMA = "fleetcare.pagealloc/fleet/1"

#: Of a message that Ansible has of a host: the start tells what went wrong.
_MOST_WORDS_CHARS = 4000


@dataclass(frozen=True)
class Gathered:
    """What gathering gave on one host: its facts, or else the message for want of which there are none."""

    facts: Mapping[str, Any] | None
    message: str = ""
    unreachable: bool = False

    @classmethod
    def from_record(cls, path: str) -> Gathered:
        """Of recorded evidence: a transcript that gather saved, or a directory. Never raises."""
        return cls.whatever(lambda: cls.from_evidence(read_recorded(path)))

    @classmethod
    def whatever(cls, read: Callable[[], Gathered]) -> Gathered:
        """What ``read`` gives; where it raises, whatever that is, the reason for which there are no facts. One host may not cost the
        fleet its report."""
        try:
            return read()
        except EvidenceError as error:
            return cls(None, str(error))
        except OSError as error:
            return cls(None, os_failure(error))
        except Exception as error:
            return cls(None, fault(error))

    @classmethod
    def from_evidence(cls, evidence: Evidence) -> Gathered:
        """Of evidence that may also be a record of why the host could not be reached."""
        if CONNECTION in evidence.reasons:
            return cls(None, evidence.reasons[CONNECTION], unreachable=True)
        with limited_processor_time(HOST_SECONDS):
            return cls(facts_from(evidence))

    @classmethod
    def from_result(cls, result: Any) -> Gathered:
        """Of the registered result of a ``gather`` task, whatever became of it. Never raises."""
        return cls.whatever(lambda: cls._from_result(result))

    @classmethod
    def _from_result(cls, result: Any) -> Gathered:
        if not isinstance(result, Mapping):
            return cls(None, "nothing was gathered: the play ended for this host before, or has yet to come to it (serial)")
        facts = (result.get("ansible_facts") or {}).get("pagealloc")
        if isinstance(facts, Mapping):
            return cls(facts)
        if isinstance(result.get("transcript"), str):
            return cls.from_evidence(read_transcript(str(result["transcript"])))
        message = str(result.get("msg") or result.get("skip_reason") or "gathering gave no facts").removeprefix("Task failed: ")
        return cls(None, message[:_MOST_WORDS_CHARS], bool(result.get("unreachable")))


def judge(gathered: Gathered, advisories: Catalogue) -> dict[str, Any]:
    """The result of one host: its verdict with its facts. Never raises: one host may not cost the fleet its report."""
    try:
        with limited_processor_time(HOST_SECONDS):
            return _judge(gathered, advisories)
    except EvidenceError as error:
        return not_judged(str(error))
    except Exception as error:
        return not_judged(fault(error))


def not_judged(reason: str) -> dict[str, Any]:
    """The result of a host of which nothing is known, for this reason."""
    return {**verdict_for_unreached("unknown", reason), "facts": None}


def _judge(gathered: Gathered, advisories: Catalogue) -> dict[str, Any]:
    if gathered.facts is None:
        if gathered.unreachable or is_timeout(gathered.message):
            kind, sentence = verdict_of(gathered.message)
        else:
            kind, sentence = "unknown", "Gathering failed."
        return {**verdict_for_unreached(kind, f"{sentence} {gathered.message}"), "facts": None}
    try:
        return {**classify(gathered.facts, advisories), "facts": gathered.facts}
    except FactsError as error:
        return not_judged(f"The facts cannot be judged. {error}")
    except AdvisoryError as error:  # a condition that gave no boolean on this host
        return {**verdict_for_unreached("unknown", f"An advisory cannot be judged on this host. {error}"), "facts": gathered.facts}


def judge_fleet(
    gathered: Mapping[str, Gathered],
    site_advisories: Sequence[Mapping[str, Any]],
    *,
    comparing: bool = True,
    troubled: Sequence[str] = (),
    changes: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """The document that all reports are made of; docs/fleet.schema.json describes it.

    ``comparing``: with what sets the hosts that show the trouble apart from the rest; ``troubled`` names these hosts where
    the verdicts are not to tell. ``changes``: what a role did to each host (workaround/outcome.py, Change). Raises AdvisoryError
    where the site's advisories are not in order.
    """
    advisories = merge_site_advisories(load_catalogue(), site_advisories)
    hosts = {name: judge(one, advisories) for name, one in gathered.items()}
    for name, change in (changes or {}).items():
        hosts[name]["change"] = change
    return {
        **head_of(SCHEMA),
        "counts": counts(hosts.values()),
        "comparison": _comparison(hosts, troubled) if comparing else None,
        "history": None,
        "hosts": hosts,
    }


def head_of(schema: str) -> dict[str, str]:
    """What a document of ours begins with: its schema, when it was made, and by which version of the collection."""
    return {
        "schema": schema,
        "generated_at": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "collection_version": _collection_version(),
    }


def _comparison(hosts: Mapping[str, Mapping[str, Any]], troubled: Sequence[str]) -> dict[str, Any]:
    """Never raises: what no one foresaw may not cost the fleet its verdicts, and is said in the comparison's place."""
    try:
        return compare(hosts, troubled)
    except Exception as error:
        return no_comparison(fault(error))


def no_comparison(reason: str) -> dict[str, Any]:
    """What stands in the place of a comparison that could not be made."""
    return {**compare({}), "conclusion": [reason]}


@contextlib.contextmanager
def no_search_for_cycles() -> Iterator[None]:
    """Facts are trees: searching the millions of objects of a large fleet for cycles finds none and takes a tenth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _collection_version() -> str:
    """The version of this collection, as an installed one states it in MANIFEST.json and a checkout in galaxy.yml."""
    root = Path(__file__).parents[2]
    for name, keys in (("MANIFEST.json", ("collection_info", "version")), ("galaxy.yml", ("version",))):
        if (root / name).is_file():
            value = yaml_load((root / name).read_text(encoding="utf-8"))
            for key in keys:
                value = value[key]
            return str(value)
    return "unknown"
