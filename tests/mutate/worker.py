# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs tests in forks of one process, which imports once what all tests import.

Reads a line of JSON for each run, and answers with one:
{"survey": [paths of tests]}: how long each test takes and which functions it enters, as Survey has it; null where a test fails.
{"file": ..., "source": ..., "steps": [{test: bound in seconds}, ...]}: whether a test fails with that source in the place of the file.
A step is begun where none before it failed.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.mutate.plugin import Planted, Survey

_SHARED = ("hypothesis", "yaml", "jinja2", "ansible.template", "ansible.plugins.action")
#: A fault may make even the import of a module wait for ever.
_IMPORT_SECONDS = 30


def main() -> None:
    for name in _SHARED:
        importlib.import_module(name)
    answers = os.fdopen(os.dup(1), "w")
    nothing = os.open(os.devnull, os.O_RDWR)
    for output in (1, 2):
        os.dup2(nothing, output)
    os.environ["CI"] = "1"
    for line in sys.stdin:
        run = json.loads(line)
        answers.write(json.dumps(_survey(run["survey"]) if "survey" in run else _is_noticed(run)) + "\n")
        answers.flush()


def _survey(paths: list[str]) -> object:
    with tempfile.TemporaryDirectory(prefix="pagealloc-mutate-") as folder:
        seen = Path(folder) / "seen.json"
        return json.loads(seen.read_text()) if _passes(partial(_surveyed, paths, seen)) else None


def _surveyed(paths: list[str], seen: Path) -> int:
    survey = Survey()
    code = _tests(paths, survey)
    seen.write_text(json.dumps({"seconds": survey.seconds, "entered": survey.entered, "shared": sorted(survey.shared)}))
    return code


def _is_noticed(run: Mapping[str, Any]) -> bool:
    return not all(_passes(partial(_planted, run, bounds)) for bounds in run["steps"])


def _planted(run: Mapping[str, Any], bounds: Mapping[str, int]) -> int:
    signal.alarm(_IMPORT_SECONDS)
    return _tests(list(dict.fromkeys(test.partition("::")[0] for test in bounds)), Planted(run["file"], run["source"], bounds))


def _tests(paths: list[str], plugin: object) -> int:
    code = pytest.main(["-n", "0", "-x", "--tb=no", *paths], plugins=[plugin])
    return 0 if code == pytest.ExitCode.NO_TESTS_COLLECTED else int(code)  # a fault may take a test's parameters away


def _passes(run: Callable[[], int]) -> bool:
    child = os.fork()
    if not child:
        os._exit(run())
    return os.waitpid(child, 0)[1] == 0


if __name__ == "__main__":
    main()
