# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A remedy is added by its name in KEYS and its file: what hosts are asked, the record, the plan, the program and the result follow."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import KEYS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.remedies.all_remedies import REMEDIES

from tests.conftest import ROOT

NEW = '''
"""vm.swappiness, for this test."""

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.limits import Limit
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.remedies.remedy import Remedy, Wish


def _choose(case):
    now = case.host.settings["swappiness"]
    return Wish(10, f"vm.swappiness from {now} to 10.") if now else Wish(90, "vm.swappiness from 0 to 90.")


def _limits(case):
    return [Limit(50, "half of a hundred is 50")]


REMEDY = Remedy(name="swappiness", unit="", action="set_swappiness", joined=min, usual=lambda policy: 10, choose=_choose, limits=_limits)
'''

#: Runs with the collection's copy that has the remedy; prints what its parts made of it.
SEEN = """
import json, sys
from pathlib import Path
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.manifest import LINES_WANTED
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.probe import render_probe
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import no_record, parse_record, parse_settings
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.forms import from_sysctl
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.look import look_at
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.machine import next_move
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.moves import WorkaroundSeen, WorkaroundWanted
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.policy import read_policy
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.task_result import task_result
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.workaround.hosts import GB, host
from tests.security.workaround_host import WorkaroundHost

catalogue = load_catalogue()
facts = host(32 * GB, 2)
policy = read_policy({}, catalogue.workaround)
look, none = (look_at({**facts, "vm": {**facts["vm"], "swappiness": now}}, catalogue, policy) for now in (60, 0))
values = dict(next_move(WorkaroundWanted(), WorkaroundSeen(found=look)).values)
folder = WorkaroundHost(Path(sys.argv[1]))
swappiness = folder.vm / "swappiness"
swappiness.write_text("60\\n")
applied = folder.ask("dash", "apply", **values).outcome, swappiness.read_text(), folder.left().settings, parse_record(folder.left().record)
print(json.dumps({
    "probe": " $v/swappiness " in render_probe("n0") and "|swappi)" in LINES_WANTED,
    "sosreport": from_sysctl("vm.swappiness = 60"),
    "boot": parse_settings([("/etc/sysctl.conf", "vm.swappiness = 1")]),
    "no_record": no_record(),
    "plan": look.plan.as_data(),
    "too_far": none.plan.as_data(),
    "diff": task_result(next_move(WorkaroundWanted(check_mode=True), WorkaroundSeen(found=look)))["diff"],
    "applied": applied,
    "changed": folder.ask("dash", "apply", **{**values, "expected_swappiness": 59}).reason,
    "left": (folder.ask("dash", "leave").outcome, swappiness.read_text(), folder.left().settings, folder.left().record),
}))
"""


@pytest.fixture
def seen(tmp_path: Path) -> dict[str, Any]:
    """What a copy of the collection with the remedy makes of it. Nothing but the two places is touched."""
    copy = tmp_path / "ansible_collections" / "fleetcare" / "pagealloc"
    for name in ("plugins", "roles", "tests/unit"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "plugins/plugin_utils/workaround/remedies/swappiness.py").write_text(NEW)
    listed = copy / "plugins/module_utils/workaround_state.py"
    text = listed.read_text()
    listed.write_text(text.replace('("min_free_kbytes", "zone_reclaim_mode") + NEWER', repr((*KEYS, "swappiness"))))
    assert listed.read_text() != text
    paths = {"PYTHONPATH": f"{tmp_path}:{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"}
    words = [sys.executable, "-c", SEEN, str(tmp_path / "host")]
    done = subprocess.run(words, env={**os.environ, **paths}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_name_and_a_file_make_a_remedy(seen: dict[str, Any]) -> None:
    assert seen["probe"] is True and seen["sosreport"] == {"/proc/sys/vm/swappiness": "60\n"}
    assert seen["boot"] == [{"file": "/etc/sysctl.conf", "name": "swappiness", "value": "1"}]
    assert seen["no_record"].keys() >= {"swappiness", "original_swappiness"}
    assert (seen["plan"]["decision"], seen["plan"]["swappiness"], seen["plan"]["before"]["swappiness"]) == ("apply", 10, 60)
    assert "vm.swappiness from 60 to 10." in seen["plan"]["sentences"]
    assert (seen["too_far"]["decision"], seen["too_far"]["swappiness"]) == ("refuse", None)
    assert seen["too_far"]["sentences"][0] == "vm.swappiness, 90, is not safe: half of a hundred is 50."
    assert "vm.swappiness = 60\n" in seen["diff"][0]["before"] and "vm.swappiness = 10\n" in seen["diff"][0]["after"]
    outcome, now, settings, record = seen["applied"]
    assert (outcome, now, record["swappiness"], record["original_swappiness"]) == ("applied", "10\n", 10, 60)
    assert settings.endswith("\nvm.min_free_kbytes = 262144\nvm.zone_reclaim_mode = 1\nvm.swappiness = 10\n")
    assert seen["changed"] == "vm.swappiness is 10, and was 59 when the plan was made"
    assert seen["left"] == ["restored", "60\n", None, None]


def test_every_name_of_the_list_is_that_of_its_remedy_and_its_file() -> None:
    assert [remedy.name for remedy in REMEDIES] == list(KEYS)
    folder = ROOT / "plugins" / "plugin_utils" / "workaround" / "remedies"
    # compact_memory keeps no value, so there is nothing to record, to give back or to have at the next boot
    assert {path.stem for path in folder.glob("*.py")} == {*KEYS, "remedy", "all_remedies", "compact_memory"}


def test_an_advisory_may_ask_for_every_remedy_and_for_nothing_else() -> None:
    """But for commands, which are shown to a person and run by nobody else."""
    schema = json.loads((ROOT / "plugins/plugin_utils/judge/advisories/schema.json").read_text())
    assert set(schema["definitions"]["advisory"]["properties"]["workaround"]["properties"]) == {*KEYS, "commands"}
