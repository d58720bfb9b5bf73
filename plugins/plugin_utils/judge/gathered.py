# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What gathering gave on one host, and the result of that host: its verdict with its facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence, read_transcript
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import facts_from
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.recorded import CONNECTION, read_recorded
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.unreached import is_timeout, verdict_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import AdvisoryError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import Catalogue, load_catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.classify import FactsError, classify, verdict_for_unreached
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.watermark_rules import kernels_of_rules
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.facts_shape import shapes
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.processor_time import HOST_SECONDS, limited_processor_time
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import fault, os_failure

#: The start of Ansible's message on a host says what went wrong.
_MOST_WORDS_CHARS = 4000


@dataclass(frozen=True)
class Gathered:
    """The result of gathering on one host: its facts, or the message that says why there are none.

    ``sentence`` comes before the message of a host that could be reached. ``asked``: False if no task has reached the host.
    """

    facts: Mapping[str, Any] | None
    message: str = ""
    unreachable: bool = False
    sentence: str = "Gathering failed."
    asked: bool = True

    @classmethod
    def from_record(cls, path: str) -> Gathered:
        """From recorded evidence: a transcript that gather saved, or a directory. Never raises."""
        return cls.whatever(lambda: cls.from_evidence(read_recorded(path)))

    @classmethod
    def whatever(cls, read: Callable[[], Gathered]) -> Gathered:
        """The result of ``read``. If it raises anything, the result has the reason and no facts, so that one host cannot break the report
        of the fleet."""
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
        """From evidence. It may also be a record of why the host could not be reached."""
        if CONNECTION in evidence.reasons:
            return cls(None, evidence.reasons[CONNECTION], unreachable=True)
        with limited_processor_time(HOST_SECONDS):
            return cls(facts_from(evidence))

    @classmethod
    def from_result(cls, result: Any) -> Gathered:
        """From the registered result of a ``gather`` task, with any outcome. Never raises."""
        return cls.whatever(lambda: cls._from_result(result))

    @classmethod
    def _from_result(cls, result: Any) -> Gathered:
        if not isinstance(result, Mapping):
            why = "nothing was gathered: the play ended for this host before that, or it has not reached this host yet (serial)"
            return cls(None, why, asked=False)
        facts = (result.get("ansible_facts") or {}).get("pagealloc")
        if isinstance(facts, Mapping):
            return cls(facts)
        if isinstance(result.get("transcript"), str):
            return cls.from_evidence(read_transcript(str(result["transcript"])))
        message = str(result.get("msg") or result.get("skip_reason") or "gathering gave no facts").removeprefix("Task failed: ")
        return cls(None, message[:_MOST_WORDS_CHARS], bool(result.get("unreachable")))


def load_tables() -> None:
    """Read all that a verdict needs from files. Ansible starts a process for each host, and each has what was read before it began."""
    load_catalogue()
    kernels_of_rules()
    shapes()


def judge_host(gathered: Gathered, advisories: Catalogue) -> dict[str, Any]:
    """The result of one host: its verdict with its facts. Never raises, so that one host cannot break the report of the fleet."""
    try:
        with limited_processor_time(HOST_SECONDS):
            return _judge(gathered, advisories)
    except EvidenceError as error:
        return not_judged(str(error))
    except Exception as error:
        return not_judged(fault(error))


def not_judged(reason: str) -> dict[str, Any]:
    """The result of a host without data, with the reason."""
    return {**verdict_for_unreached("unknown", reason), "facts": None}


def _judge(gathered: Gathered, advisories: Catalogue) -> dict[str, Any]:
    if gathered.facts is None:
        if gathered.unreachable or is_timeout(gathered.message):
            kind, sentence = verdict_of(gathered.message)
        else:
            kind, sentence = "unknown", gathered.sentence
        return {**verdict_for_unreached(kind, f"{sentence} {gathered.message}".strip()), "facts": None}
    try:
        return {**classify(gathered.facts, advisories), "facts": gathered.facts}
    except FactsError as error:
        return not_judged(f"The facts cannot be judged. {error}")
    except AdvisoryError as error:  # a condition that gave no boolean on this host
        return {**verdict_for_unreached("unknown", f"An advisory cannot be judged on this host. {error}"), "facts": gathered.facts}
