# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transcripts and records of whole hosts, and the whole road: from what hosts say to the document and its four reports."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import (
    Evidence,
    cut_transcript,
    read_transcript,
    write_transcript,
)
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import facts_from
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.nic import lower_devices, nics_from
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.recorded import file_name_for, read_recorded, unreached_transcript
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered, judge_host
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet

from tests.security.attacks.damage import damaged
from tests.security.attacks.transcripts import evidence, sound, transcript
from tests.security.attacks.words import junk, word
from tests.security.fuzz.properties import bounded, fast_folder, harmless_reports, named, require, sound_document
from tests.security.fuzz.runner import Fuzzer
from tests.security.fuzz.site import CATALOGUE, SITE

_SOUND = "db05-el65"


def _transcript(text: str) -> None:
    found = named(read_transcript, text)
    named(cut_transcript, text, "sample")
    if found is None:
        return
    bounded([found.texts, found.reasons], text)
    again = read_transcript(write_transcript(found))
    require(again.whole == found.whole, "a transcript that is written and read is not as whole as it was")


def _facts(found: Evidence) -> None:
    facts = facts_from(found)
    bounded(facts, _size(found))
    lower_devices(found)
    for datum in ("zones", "kernel", "failures", "memory", "page_size_bytes"):
        require(facts[datum] is not None or facts["unavailable"].get(datum), f"{datum} is null, and nothing says why")
    require(all(isinstance(reason, str) for reason in facts["unavailable"].values()), "a reason is no text")


def _size(found: Evidence) -> str:
    return "".join(name + text for table in (found.texts, found.reasons) for name, text in table.items())


def _never_clear(given: list[str]) -> None:
    kind, text = given
    try:
        gathered = Gathered.from_evidence(read_transcript(text))
    except EvidenceError as error:
        gathered = Gathered(None, str(error))
    verdict = judge_host(gathered, CATALOGUE)["verdict"]
    require(verdict != "clear", f"{kind}, and the host is clear")


def _record(text: str) -> None:
    """Through a file, as recorded hosts and sosreports' caches come."""
    with tempfile.TemporaryDirectory(dir=fast_folder()) as folder:
        path = Path(folder) / file_name_for(text[:80] or "x")
        require(path.parent == Path(folder) and len(path.name) <= 200 and not path.name.startswith("."), "a host names a path")
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        gathered = Gathered.from_record(str(path))
        require(gathered.facts is None or not gathered.message, "a record gives both facts and why there are none")
        require(gathered.facts or gathered.message or gathered.unreachable, "a record gives neither facts nor a reason")
    named(read_transcript, unreached_transcript(text))


def _fleet(chance: Random) -> dict[str, str]:
    """A few hosts, one of them sound; their names are an inventory's, which may be hostile too."""
    names = (f"h{number}" if chance.random() < 0.7 else _host_name(chance) for number in range(chance.choice((1, 2, 3, 6))))
    hosts = {name: damaged(chance)[1] if chance.random() < 0.1 else transcript(chance) for name in names}
    return {**hosts, _SOUND: sound()[_SOUND]}


def _host_name(chance: Random) -> str:
    """Any text: names that differ only in white space, or in what cannot be printed, too."""
    return chance.choice((word, junk))(chance)[:300] or "x"


def _road(hosts: dict[str, str]) -> None:
    gathered = {}
    for name, text in hosts.items():
        try:
            gathered[name] = Gathered.from_evidence(read_transcript(text))
        except EvidenceError as error:
            gathered[name] = Gathered(None, str(error))
    fleet = judge_fleet(gathered, SITE)
    sound_document(fleet, list(hosts))
    require(_SOUND not in hosts or fleet["hosts"][_SOUND]["verdict"] == "clear", "other hosts changed the verdict of a sound one")
    harmless_reports(fleet, by_schema=sum(map(len, hosts.values())) % 8 == 0)


def _document(given: dict[str, Any]) -> None:
    """Facts as they may come out of a cache, and what the workaround's role says it did."""
    gathered = {name: Gathered.from_result(result) for name, result in given["results"].items()}
    fleet = judge_fleet(gathered, SITE, comparing=False, changes=given["changes"])
    sound_document(fleet, list(given["results"]))


FUZZERS = (
    Fuzzer("transcript", "a transcript", (read_transcript, cut_transcript, write_transcript), transcript, _transcript),
    Fuzzer("facts", "evidence of a host", (facts_from, nics_from, lower_devices), evidence, _facts),
    Fuzzer(
        "never_clear",
        "a clear host whose free blocks or log nobody can read",
        (judge_host,),
        lambda chance: list(damaged(chance)),
        _never_clear,
    ),
    Fuzzer("record", "a record in a file", (Gathered.from_record, read_recorded, file_name_for, unreached_transcript), transcript, _record),
    Fuzzer(
        "road", "a fleet, from transcripts to table, page, JSON and metrics", (Gathered.from_evidence, judge_fleet), _fleet, _road, share=8
    ),
)
