# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two plugins of pytest: one sees which functions of the collection each test enters, the other runs tests with a fault planted."""

from __future__ import annotations

import ast
import builtins
import os
import signal
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType
from typing import Any

import hypothesis
import pytest

from tests.mutate.reach import ROOT

_COLLECTION = "ansible_collections.fleetcare.pagealloc."
#: No test waits half as long.
_WAITING_SECONDS = 60
#: Fewer examples than in CI: a fault that is found by one in two hundred alone wants a test of its own.
_FEW = hypothesis.settings(
    deadline=None, derandomize=True, max_examples=20, database=None, phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate)
)


class _Rewriting:
    """Python loads the modules of the collection as ``rewritten`` gives them, and as they are where that is None. No file is changed."""

    def pytest_configure(self) -> None:
        hypothesis.settings.register_profile("mutate", _FEW)
        hypothesis.settings.load_profile("mutate")
        sys.meta_path.insert(0, self)  # type: ignore[arg-type]

    def find_spec(self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None) -> ModuleSpec | None:
        file = name.removeprefix(_COLLECTION).replace(".", "/") + ".py"
        if not name.startswith(_COLLECTION) or not (ROOT / file).is_file():
            return None
        tree, path = self.rewritten(file), str(ROOT / file)
        return None if tree is None else spec_from_file_location(name, path, loader=_Loader(name, path, tree))

    def rewritten(self, file: str) -> ast.Module | None:
        raise NotImplementedError


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, tree: ast.Module) -> None:
        super().__init__(name, path)
        self._tree = tree

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._tree, self.path, "exec", dont_inherit=True)


class Survey(_Rewriting):
    """``seconds``: of a processor that each test took. ``entered``: the functions that it entered, by file and line. ``shared``: those that
    were entered for several tests at once, by an import or a fixture."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.entered: dict[str, list[tuple[str, int]]] = {}
        self.shared: set[tuple[str, int]] = set()
        self._now: set[tuple[str, int]] = set()
        vars(builtins)["__pagealloc_entered__"] = self._now.add

    def rewritten(self, file: str) -> ast.Module:
        tree = ast.parse((ROOT / file).read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                first = 0 if ast.get_docstring(node) is None else 1
                node.body[first:first] = ast.parse(f"__pagealloc_entered__(({file!r}, {node.lineno}))").body
        return tree

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        self._share()
        begun = _processor_seconds()
        outcome = yield
        self.seconds[item.nodeid] = _processor_seconds() - begun
        self.entered[item.nodeid] = sorted(self._now)
        self._now.clear()
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
        self.shared |= self._now
        self._now.clear()


def _processor_seconds() -> float:
    return time.process_time() + sum(os.times()[2:4])  # and those of its children


class Planted(_Rewriting):
    """The tests of ``bounds`` are run, in that order, with ``source`` in the place of a file. A test that takes a processor longer than its
    bound, in seconds, ends the process, and so does one that waits: a fault may make it do so for ever."""

    def __init__(self, file: str, source: str, bounds: Mapping[str, int]) -> None:
        self._file = file
        self._source = source
        self._bounds = bounds

    def rewritten(self, file: str) -> ast.Module | None:
        return ast.parse(self._source) if file == self._file else None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        places = {test: place for place, test in enumerate(self._bounds)}
        items[:] = sorted((item for item in items if item.nodeid in places), key=lambda item: places[item.nodeid])

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        signal.setitimer(signal.ITIMER_VIRTUAL, self._bounds[item.nodeid])
        signal.alarm(_WAITING_SECONDS)
