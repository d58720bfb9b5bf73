# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""./dev mutate plants faults, and tells those that are noticed from those that are not."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
import yaml

from tests.conftest import ROOT


@pytest.mark.slow("another environment is installed for it")
def test_faults_are_planted_and_counted() -> None:
    command = [ROOT / "dev", "mutate", "plugins/plugin_utils/compare/statistics.py", "--faults", "3", "--seed", "1", "--processes", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    counted = re.search(r"^(\d) of 3 faults noticed", done.stdout, re.MULTILINE)
    assert counted, done.stdout + done.stderr
    assert len(re.findall(r"^not noticed: plugins/plugin_utils/compare/statistics\.py:\d+: ", done.stdout, re.MULTILINE)) == 3 - int(
        counted.group(1)
    )


def test_each_fault_that_is_called_equal_stands_in_a_line_that_is_there() -> None:
    """A line that has changed wants a new look at its faults."""
    equal = yaml.safe_load((ROOT / "tests" / "mutate" / "equal.yml").read_text())
    gone = [one["line"] for one in equal if one["line"] not in map(str.strip, (ROOT / one["file"]).read_text().splitlines())]
    assert len(equal) > 20 and gone == []


def test_a_file_without_a_fault_is_not_noticed() -> None:
    """With and without another import, and also if it reads the files beside it."""
    file = "plugins/plugin_utils/judge/watermark_rules.py"
    path = "tests/unit/plugins/plugin_utils/judge/test_watermark_rules.py"
    test = f"{path}::test_the_schema_of_the_fleet_knows_every_rule"
    source = (ROOT / file).read_text()
    faults = [
        {"file": file, "source": text, "inside": inside, "bounds": {test: 60}}
        for text in (source, source.replace("return ", "return not "))
        for inside in (True, False)
    ]
    done = subprocess.run(
        [sys.executable, "-m", "tests.mutate.worker"],
        cwd=ROOT,
        input="".join(json.dumps(request) + "\n" for request in ({"paths": [path], "part": 0, "parts": 1}, *faults)),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    survey, *noticed = (json.loads(line) for line in done.stdout.splitlines())
    assert test in survey["seconds"] and file in {name for entered in survey["entered"].values() for name, _line in entered}
    assert noticed == [False, False, True, True], done.stderr
