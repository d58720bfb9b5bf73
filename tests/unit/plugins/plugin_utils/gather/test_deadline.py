# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host sends is bounded; the files that a module is made of are no flood."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.deadline import MAX_ANSWER_BYTES, MAX_MODULE_BYTES, Deadline


@pytest.mark.parametrize(("most_bytes", "flooded"), [(MAX_ANSWER_BYTES, True), (MAX_MODULE_BYTES, False)])
def test_files_that_are_read_beside_a_child_count(most_bytes: int, flooded: bool, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * (2 * MAX_ANSWER_BYTES))
    with Deadline(60, most_bytes) as deadline, subprocess.Popen(["sleep", "0.5"]) as child:
        (tmp_path / "file").read_bytes()
        child.wait()
        time.sleep(0.1)
    assert (deadline.flooded, deadline.passed) == (flooded, False)
