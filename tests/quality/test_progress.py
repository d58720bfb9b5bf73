# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tests a plain ./dev test runs, what it says meanwhile, and why it left the others out."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.progress import in_words, seconds_left

QUICK = """
def test_one() -> None: pass
def test_two() -> None: pass
"""
SLOW = """
import pytest
@pytest.mark.slow("an image is built")
def test_image() -> None: pass
@pytest.mark.parametrize("core", ["oldest", "newest"])
def test_core(core: str) -> None: pass
"""
LAB = "def test_guest() -> None: pass"
WORDS = [sys.executable, "-m", "pytest"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Six tests, with this repository's way to run them."""
    for name in ("pyproject.toml", "tests/conftest.py", "tests/progress.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for name, text in (("test_quick", QUICK), ("test_slow", SLOW), ("lab/test_guests", LAB)):
        (tmp_path / "tests" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "tests" / f"{name}.py").write_text(text)
    (tmp_path / ".venv").mkdir()
    return tmp_path


def run(checkout: Path, *words: str, **environment: str) -> str:
    kept = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST")}
    done = subprocess.run([*WORDS, *words], cwd=checkout, env={**kept, **environment}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("processes", ["0", "2"])
def test_what_takes_long_is_left_out_with_the_reason(checkout: Path, processes: str) -> None:
    said = run(checkout, "-n", processes)
    assert "3 passed, 3 skipped" in said
    how = "(run with ./dev test --all, with CI=1, or by name)"
    for why in ("an image is built", "the newest ansible-core does the same here", "real kernels in QEMU take half an hour"):
        assert f"     1 {why} {how}" in said, said
    assert "\r\x1b" not in said, "a log gets no line that is written over"
    kept = json.loads((checkout / ".venv/durations.json").read_text())
    assert {file: tests for file, (_seconds, tests) in kept["quick"].items()} == {
        "tests/test_quick.py": 2, "tests/test_slow.py": 3, "tests/lab/test_guests.py": 1,
    }  # fmt: skip


@pytest.mark.parametrize(("words", "passed"), [(["--all"], 6), (["tests/test_slow.py"], 3), (["tests/lab"], 1)])
def test_it_is_run_where_it_is_asked_for(checkout: Path, words: list[str], passed: int) -> None:
    assert f"{passed} passed in" in run(checkout, "-n", "0", *words)


def test_ci_runs_all(checkout: Path) -> None:
    assert "6 passed in" in run(checkout, "-n", "2", CI="1")
    assert set(json.loads((checkout / ".venv/durations.json").read_text())) == {"all"}


def test_on_a_terminal_one_line_says_what_runs_and_how_long(checkout: Path) -> None:
    (checkout / "tests/test_quick.py").write_text(
        "import time\ndef test_long() -> None: time.sleep(0.5)\ndef test_bad() -> None: assert 0\n"
    )
    head, tail = pty.openpty()
    with subprocess.Popen([*WORDS, "-n", "0", "tests/test_quick.py"], cwd=checkout, stdout=tail, stderr=tail) as process:
        os.close(tail)
        said = b""
        while part := _read(head):
            said += part
        process.wait()
    os.close(head)
    text = re.sub(r"\x1b\[\d*m", "", said.decode())
    assert re.search(r"\r\x1b\[K0 of 2 tests, about \d+ s left, till \d\d:\d\d: test_quick\r", text), text
    assert "tests/test_quick.py::test_bad: failed" in text and "1 failed, 1 passed" in text
    assert ".F" not in text


def _read(head: int) -> bytes:
    try:
        return os.read(head, 4096)
    except OSError:  # the other end is closed
        return b""


def test_how_long_it_will_take() -> None:
    of_each = {"a": 10.0, "b": 1.0}
    assert seconds_left({"a": 1, "b": 10}, of_each, processes=2) == 10
    assert seconds_left({"a": 6, "b": 10}, of_each, processes=2) == 60, "the tests of a file run one after the other"
    assert seconds_left({"a": 1, "b": 10}, of_each, processes=1, pace=2) == 40
    assert seconds_left({}, {}, processes=2) == 0
    assert (in_words(0.2), in_words(45), in_words(300)) == ("1 s", "45 s", "5 min")


def test_the_files_that_were_measured_are_there() -> None:
    for files in json.loads((ROOT / "tests/durations.json").read_text()).values():
        assert files and not [file for file in files if not (ROOT / file).exists()]
