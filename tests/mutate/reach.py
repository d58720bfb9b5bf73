# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tests reach which fault: those that enter its function, the quickest first."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "tests" / "unit" / "plugins"
#: Where no result is kept from one test to the next, so that a test that does not enter a function cannot notice a fault in it.
_NOTHING_KEPT = "plugins/module_utils/"
#: So much of a processor's time a fault is given, quickest tests first. A test that takes long tries many texts or a long one.
_ENOUGH_SECONDS = 1.5


class Reach:
    """``surveys``: what Survey saw of the tests, in parts."""

    def __init__(self, surveys: Iterable[Mapping[str, Any]]) -> None:
        self._seconds: dict[str, float] = {}
        self._entering: dict[tuple[str, int | None], set[str]] = defaultdict(set)
        self._shared: set[tuple[str, int]] = set()
        for survey in surveys:
            self._seconds.update((test, seconds) for test, seconds in survey["seconds"].items() if test not in survey["failing"])
            self._shared.update((file, line) for file, line in survey["shared"])
            for test, functions in survey["entered"].items():
                for file, line in functions if test in self._seconds else ():
                    self._entering[file, line].add(test)
                    self._entering[file, None].add(test)

    def tests_of(self, file: str, line: int) -> tuple[bool, dict[str, int]]:
        """Whether a fault is in the body of a function that nothing calls before the tests begin, and the tests that may notice it, each
        with its bound in seconds of a processor."""
        function = _function_at((ROOT / file).read_text(), line)
        inside = function is not None and (file, function) not in self._shared
        tests = self._quickest_first(self._entering[file, function if inside else None])
        if not inside or not file.startswith(_NOTHING_KEPT):
            named = {str(test.relative_to(ROOT)) for test in tests_of(file)}
            tests += self._quickest_first({test for test in self._seconds if test.partition("::")[0] in named} - set(tests))
        tests.sort(key=lambda test: f"/test_{Path(file).stem}.py::" not in test)  # those of its own name before all others
        enough = sum(seconds < _ENOUGH_SECONDS for seconds in accumulate(self._seconds[test] for test in tests))
        return inside, {test: 5 + int(10 * self._seconds[test]) for test in tests[:enough]}

    def _quickest_first(self, tests: Iterable[str]) -> list[str]:
        return sorted(tests, key=lambda test: (self._seconds[test], test))


def _function_at(source: str, line: int) -> int | None:
    """The line of the innermost function in whose body a line is; None outside all functions."""
    found = None
    for node in ast.walk(ast.parse(source)):  # from the outside to the inside
        if isinstance(node, ast.FunctionDef) and node.lineno <= line <= (node.end_lineno or 0):
            found = node.lineno if line >= node.body[0].lineno else None
    return found


def tests_of(file: str) -> list[Path]:
    """Of a parser the parsers' tests. Else those of the folder that mirrors the file's, of the folders that is in, and of who imports the
    file: the tests of a workaround's plan try its remedies too."""
    folder = UNIT / Path(file).relative_to("plugins").parent
    if folder == UNIT / "module_utils":
        return sorted(folder.glob("test_*.py"))
    rooms = [room for room in (folder, *folder.parents) if UNIT / "plugin_utils" in room.parents]
    naming = [path for path in sorted(UNIT.rglob("test_*.py")) if _names(path, file)]
    return list(dict.fromkeys([*naming, *(path for room in rooms for path in sorted(room.glob("test_*.py")))]))


def _names(path: Path, file: str) -> bool:
    """Whether a file imports from another one."""
    module = f".{file.removeprefix('plugins/').removesuffix('.py').replace('/', '.')}"
    inside, name = module.rpartition(".")[::2]
    text = path.read_text()
    return f"{module} import" in text or f"{inside} import {name}" in text
