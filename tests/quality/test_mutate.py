# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""./dev mutate plants faults, and tells those that are noticed from those that are not."""

from __future__ import annotations

import re
import subprocess

from tests.conftest import ROOT


def test_faults_are_planted_and_counted() -> None:
    command = [ROOT / "dev", "mutate", "plugins/module_utils/counts.py", "--faults", "3", "--seed", "1", "--processes", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    counted = re.search(r"^(\d) of 3 faults noticed", done.stdout, re.MULTILINE)
    assert counted, done.stdout + done.stderr
    assert len(re.findall(r"^not noticed: plugins/module_utils/counts\.py:\d+: ", done.stdout, re.MULTILINE)) == 3 - int(counted.group(1))
