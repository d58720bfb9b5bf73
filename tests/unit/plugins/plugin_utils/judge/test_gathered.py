# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host gave, with any outcome of its gathering: facts, or the reason for which there are none."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import read_transcript
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.recorded import unreached_transcript
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered, judge_host

from tests.conftest import SAMPLE_FLEET

SSH = "Failed to connect to the host via ssh: ssh: connect to host db01 port 22: Connection refused"


def verdict(gathered: Gathered) -> str:
    return str(judge_host(gathered, load_catalogue())["verdict"])


def test_a_record_of_a_host_that_was_not_reached_says_so() -> None:
    found = Gathered.from_evidence(read_transcript(unreached_transcript(SSH)))
    assert (found.facts, found.unreachable) == (None, True) and SSH in found.message
    assert verdict(found) == "unreachable"
    assert verdict(Gathered(None, SSH)) == "unknown", "a task that failed is no host that is down"


@pytest.mark.parametrize(
    ("result", "message", "unreachable"),
    [
        ({"msg": "Task failed: x"}, "x", False),
        ({"msg": "x", "unreachable": True}, "x", True),
        ({"skip_reason": "y", "skipped": True}, "y", False),
        ({}, "gathering gave no facts", False),
        ({"msg": "a" * 4001}, "a" * 4000, False),
        (None, "nothing was gathered: the play ended for this host before that, or it has not reached this host yet (serial)", False),
    ],
)
def test_a_result_without_facts_keeps_what_it_said(result: Any, message: str, unreachable: bool) -> None:
    assert Gathered.from_result(result) == Gathered(None, message, unreachable, asked=result is not None)


def test_facts_and_a_transcript_are_read() -> None:
    assert Gathered.from_result({"ansible_facts": {"pagealloc": {"a": 1}}}).facts == {"a": 1}
    read = Gathered.from_result({"transcript": "pagealloc-evidence 1 n\n/proc/uptime:12.5 1\npagealloc-evidence end n\n"})
    assert read.facts is not None and read.facts["uptime_seconds"] == 12


def test_a_verdict_reads_no_file_once_the_tables_are_loaded() -> None:
    """In a process of its own, because the other tests have read the tables already."""
    program = """
import sys
from pathlib import Path
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered, judge_host, load_tables
gathered, opened = Gathered.from_record(sys.argv[1]), []
sys.addaudithook(lambda event, words: opened.append(str(words[0])) if event == "open" else None)
load_tables()
tables = len(opened)
assert judge_host(gathered, load_catalogue())["verdict"] == "affected"
assert any(path.endswith("facts_shape.yml") for path in opened), "the hook works"
print([path for path in opened[tables:] if path.endswith((".yml", ".json"))])
"""
    record = str(SAMPLE_FLEET / "evidence" / "db03-el64-seed.evidence")
    done = subprocess.run([sys.executable, "-c", program, record], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
