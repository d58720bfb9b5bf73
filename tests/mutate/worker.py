# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs tests with a fault planted, time after time: what all tests import is imported once, and each run is a fork.

Reads a line of JSON for each run ({"module": …, "file": …, "tests": [… paths]}), and answers with "noticed" or "not noticed".
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any

import pytest

_SHARED = ("hypothesis", "yaml", "jinja2", "ansible.template", "ansible.plugins.action")
#: No test of a file takes half as long; a fault that makes it wait forever counts as noticed.
_SECONDS = 120


def main() -> None:
    for name in _SHARED:
        importlib.import_module(name)
    answers = os.fdopen(os.dup(1), "w")
    nothing = os.open(os.devnull, os.O_RDWR)
    for output in (1, 2):
        os.dup2(nothing, output)
    for line in sys.stdin:
        answers.write("noticed\n" if _fails(json.loads(line)) else "not noticed\n")
        answers.flush()


def _fails(run: Mapping[str, Any]) -> bool:
    child = os.fork()
    if not child:
        os._exit(_run(run))
    return os.waitpid(child, 0)[1] != 0


def _run(run: Mapping[str, Any]) -> int:
    signal.alarm(_SECONDS)
    os.environ.update(PAGEALLOC_MUTANT_MODULE=run["module"], PAGEALLOC_MUTANT_FILE=run["file"], CI="1")
    return int(pytest.main(["-n", "0", "-x", "-p", "tests.mutate.plugin", *run["tests"]]))


if __name__ == "__main__":
    main()
