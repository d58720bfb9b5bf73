# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs tests with a fault planted, time after time: what tests and collection import is imported once, and each run is a fork.

Reads lines of JSON and answers each with one. The first is {"paths": of tests, "part": ..., "parts": ...}: that part of the tests is run
without a fault, and told what Session says of them. Each of the rest is a fault, {"file": ..., "source": with the
fault, "inside": whether it is in the body of a function that nothing calls before the tests begin, "bounds": {test: seconds of a
processor}}: whether one of these tests notices it.
"""

from __future__ import annotations

import ast
import builtins
import functools
import gc
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Generator, Iterable, Mapping
from types import CodeType, FunctionType
from typing import Any, TextIO

import pytest

from tests.mutate.plugin import COLLECTION, Planted, Rewriting, bound
from tests.mutate.reach import ROOT

#: No import takes half as long.
_IMPORT_SECONDS = 20


def main() -> None:
    requests, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.environ["CI"] = "1"
    first = json.loads(requests.readline())
    pytest.main(["-n", "0", "--tb=no", *first["paths"]], plugins=[Session(first["part"], first["parts"], requests, answers)])


class Session(Rewriting):
    """Says of each test how many ``seconds`` of a processor it took and which functions it ``entered``, by file and line; which were
    entered for several tests at once, by an import or a fixture: ``shared``; and which tests are ``failing``."""

    def __init__(self, part: int, parts: int, requests: TextIO, answers: TextIO) -> None:
        self._part = slice(part, None, parts)
        self._requests = requests
        self._answers = answers
        self._seconds: dict[str, float] = {}
        self._entered: dict[str, list[tuple[str, int]]] = {}
        self._shared: set[tuple[str, int]] = set()
        self._failing: list[str] = []
        self._now: set[tuple[str, int]] = set()
        vars(builtins)["__pagealloc_entered__"] = self._now.add

    def rewritten(self, file: str) -> ast.Module:
        tree = ast.parse((ROOT / file).read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                first = 0 if ast.get_docstring(node) is None else 1
                node.body[first:first] = ast.parse(f"__pagealloc_entered__(({file!r}, {node.lineno}))").body
        return tree

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for items in zip(session.items[self._part], [*session.items[self._part][1:], None], strict=True):
            _run(*items)
        self._answer({"seconds": self._seconds, "entered": self._entered, "shared": sorted(self._shared), "failing": self._failing})
        session.testsfailed = 0
        live = _Live(session)
        gc.freeze()
        for line in self._requests:
            self._answer(not _passes(live, json.loads(line)))
        return True

    def _answer(self, answer: object) -> None:
        print(json.dumps(answer), file=self._answers, flush=True)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        self._share()
        begun = _processor_seconds()
        failed = item.session.testsfailed
        outcome = yield
        self._seconds[item.nodeid] = _processor_seconds() - begun
        self._entered[item.nodeid] = sorted(self._now)
        self._now.clear()
        if item.session.testsfailed > failed:
            self._failing.append(item.nodeid)
        return outcome

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, request: pytest.FixtureRequest) -> Generator[None, Any, Any]:
        own = set(self._now)
        outcome = yield
        if request.scope != "function":
            self._share()
            self._now.update(own)
        return outcome

    def _share(self) -> None:
        self._shared |= self._now
        self._now.clear()


def _processor_seconds() -> float:
    return time.process_time() + sum(os.times()[2:4])  # and those of its children


class _Live:
    """The functions of the collection and what keeps results of theirs, as they are in this process."""

    def __init__(self, session: pytest.Session) -> None:
        self._session = session
        self._items = {item.nodeid: item for item in session.items}
        self._functions: dict[str, list[FunctionType]] = defaultdict(list)
        self._caches = []
        for one in gc.get_objects():
            if isinstance(one, FunctionType) and one.__code__.co_filename.startswith(str(ROOT)):
                self._functions[one.__code__.co_filename].append(one)
            elif isinstance(one, functools._lru_cache_wrapper):
                self._caches.append(one)

    def run(self, fault: Mapping[str, Any]) -> int:
        """Run the tests with the fault, in a process of its own."""
        if not fault["inside"]:
            return _run_anew(fault)
        codes = dict(_codes_of(compile(fault["source"], "", "exec", dont_inherit=True)))
        for function in self._functions[str(ROOT / fault["file"])]:
            code = codes.get((function.__code__.co_name, function.__code__.co_firstlineno))
            function.__code__ = function.__code__ if code is None else code
        for cache in self._caches:
            cache.cache_clear()
        items = [self._items[test] for test in fault["bounds"]]
        for item, following in zip(items, [*items[1:], None], strict=True):
            bound(fault["bounds"][item.nodeid])
            _run(item, following)
            if self._session.testsfailed:
                return 1
        return 0


def _codes_of(code: CodeType) -> Iterable[tuple[tuple[str, int], CodeType]]:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield (inner.co_name, inner.co_firstlineno), inner
            yield from _codes_of(inner)


def _run(item: pytest.Item, following: pytest.Item | None) -> None:
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


def _run_anew(fault: Mapping[str, Any]) -> int:
    """With all modules imported once more: the fault is in what an import does."""
    for name in [name for name in sys.modules if name.startswith((COLLECTION, "tests.unit", "tests.security"))]:
        del sys.modules[name]
    paths = dict.fromkeys(test.partition("::")[0] for test in fault["bounds"])
    bound(_IMPORT_SECONDS)
    code = pytest.main(["-n", "0", "-x", "--tb=no", *paths], plugins=[Planted(fault["file"], fault["source"], fault["bounds"])])
    return 0 if code == pytest.ExitCode.NO_TESTS_COLLECTED else int(code)  # a fault may take a test's parameters away


def _passes(live: _Live, fault: Mapping[str, Any]) -> bool:
    child = os.fork()
    if not child:
        os._exit(min(live.run(fault), 1))
    return os.waitpid(child, 0)[1] == 0


if __name__ == "__main__":
    main()
