# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A datum needs no more than "Add a datum of evidence" in CONTRIBUTING.md says: facts, report, schema and page have it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.report.browser import Browser, chromium

from tests.conftest import ROOT

#: The file -> the text that is there once, and what stands in its place with the datum. In the order of CONTRIBUTING.md.
STEPS = {
    "plugins/module_utils/manifest.py": (
        """        _file("/proc/uptime"),\n""",
        """        _file("/proc/uptime"),\n        _file("/proc/sys/vm/panic_on_oom"),\n""",
    ),
    "plugins/module_utils/facts.py": (
        """        "nics": take("nics",""",
        """        "panic_on_oom": take("panic_on_oom", lambda: sole_count("panic_on_oom", evidence.get("/proc/sys/vm/panic_on_oom"))),
        "nics": take("nics",""",
    ),
    "plugins/module_utils/facts.py ": ("""("kernel", "uptime_seconds",""", """("kernel", "panic_on_oom", "uptime_seconds","""),
    "plugins/plugin_utils/shared/facts_shape.yml": (
        """  uptime_seconds: count or null\n""",
        """  uptime_seconds: count or null\n  panic_on_oom: count or null\n""",
    ),
    "plugins/modules/kernel_release_facts.py": (
        """        uptime_seconds:\n""",
        """        panic_on_oom:
          description: What the kernel does when memory has run out.
          type: int
          returned: always, null if it could not be read
          sample: 0
        uptime_seconds:\n""",
    ),
    "plugins/modules/gather.py": (
        """        uptime_seconds:\n""",
        """        panic_on_oom:
          description:
            - What the kernel does when memory has run out.
            - Described in RV(fleetcare.pagealloc.kernel_release_facts#module:ansible_facts.pagealloc.panic_on_oom).
          type: int
          returned: always, null if it could not be read
        uptime_seconds:\n""",
    ),
    "tests/quality/test_docs.py": (
        """$module_version/mlx4_en:2.0\n""",
        """$module_version/mlx4_en:2.0\n/proc/sys/vm/panic_on_oom:2\n""",
    ),
}

#: Runs with the copy: a host with the datum, one without it, and one whose datum is no number, in a report and its page.
SEEN = """
import json, sys
from pathlib import Path
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import read_transcript
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import facts_from, select
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.probe import render_probe
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.html import render_html
from jsonschema import Draft202012Validator

record = Path("playbooks/sample_fleet/evidence/db03-el64-seed.evidence").read_text()
end, source = "pagealloc-evidence end sample", "/proc/sys/vm/panic_on_oom:"
added = {"two": source + "2\\n", "odd": source + "x\\n", "none": f"!{source}No such file or directory\\n", "old": ""}
records = {name: record.replace(end, line + end) for name, line in added.items()}
fleet = judge_fleet({name: Gathered.from_evidence(read_transcript(text)) for name, text in records.items()}, [])
fleet = json.loads(json.dumps(fleet))
Path(sys.argv[1]).write_text(render_html(fleet), encoding="utf-8")
facts = {name: host["facts"] for name, host in fleet["hosts"].items()}
schema = Draft202012Validator(json.loads(Path("docs/fleet.schema.json").read_text()))
print(json.dumps({
    "probe": " $v/panic_on_oom " in render_probe("n0"),
    "facts": {name: [one["panic_on_oom"], one["unavailable"].get("panic_on_oom")] for name, one in facts.items()},
    "module": select(facts["two"], "kernel_release_facts")["panic_on_oom"],
    "schema": [error.message for error in schema.iter_errors(fleet)],
}))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The collection with the datum: nothing but what CONTRIBUTING.md names is touched."""
    found = tmp_path_factory.mktemp("datum") / "ansible_collections" / "fleetcare" / "pagealloc"
    for name in ("plugins", "roles", "playbooks", "docs", "tests"):
        shutil.copytree(ROOT / name, found / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "galaxy.yml"):
        shutil.copy(ROOT / name, found / name)
    for name, (before, after) in STEPS.items():
        path = found / name.strip()
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1, f"{name} has changed: mend this test"
        path.write_text(text.replace(before, after), encoding="utf-8")
    python(found, "-m", "tests.tools.make_fleet_schema")
    return found


def python(copy: Path, *words: str) -> str:
    """What Python prints that has the copy for the collection."""
    paths = {"PYTHONPATH": f"{copy.parents[2]}:{copy}", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, *words], cwd=copy, env={**os.environ, **paths}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    started = Browser(chromium(), str(tmp_path_factory.mktemp("profile")))
    yield started
    started.close()


def test_a_datum_is_in_the_facts_the_report_and_the_page(copy: Path, browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "fleet.html"
    seen = json.loads(python(copy, "-c", SEEN, str(page)))
    assert seen["probe"]
    facts = seen["facts"]
    assert facts["two"] == [2, None] and seen["module"] == 2
    assert facts["none"] == [None, "/proc/sys/vm/panic_on_oom: No such file or directory"]
    assert facts["odd"] == [None, "panic_on_oom: 'x' is not a count"]
    assert facts["old"][0] is None and facts["old"][1]
    assert seen["schema"] == []
    for host, shown in {"two": "panic_on_oom2", "odd": "panic_on_oomnot seen"}.items():
        browser.open(f"{page.as_uri()}#host={host}")
        assert shown in browser.evaluate('document.getElementById("panel").textContent')
        assert browser.trouble == []


def test_what_compares_documentation_and_facts_is_content(copy: Path) -> None:
    chosen = ("gather_points", "the_facts", "are_facts", "fact_is_documented", "test_facts_shape")
    said = python(
        copy, "-m", "pytest", "-n", "0", "-k", " or ".join(chosen), "tests/quality/test_docs.py", "tests/unit/plugins/plugin_utils/shared"
    )
    assert "passed" in said or "100%" in said, said
