# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For pytest: the modules of the collection are loaded from other source. No file is changed."""

from __future__ import annotations

import ast
import signal
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType

import hypothesis
import pytest

from tests.mutate.reach import ROOT

COLLECTION = "ansible_collections.fleetcare.pagealloc."
#: Fewer examples than in CI: a fault that is found by one in two hundred alone wants a test of its own.
_FEW = hypothesis.settings(
    deadline=None, derandomize=True, max_examples=20, database=None, phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate)
)


#: No test waits half as long.
_WAITING_SECONDS = 60


def bound(seconds: int) -> None:
    """End this process where it takes a processor for so long from now on, or waits: a fault may make it do so for ever."""
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    signal.alarm(_WAITING_SECONDS)


class Rewriting:
    """Python loads the modules of the collection as ``rewritten`` gives them, and as they are where that is None."""

    def pytest_configure(self) -> None:
        hypothesis.settings.register_profile("mutate", _FEW)
        hypothesis.settings.load_profile("mutate")
        sys.meta_path.insert(0, self)  # type: ignore[arg-type]

    def find_spec(self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None) -> ModuleSpec | None:
        file = name.removeprefix(COLLECTION).replace(".", "/") + ".py"
        if not name.startswith(COLLECTION) or not (ROOT / file).is_file():
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


class Planted(Rewriting):
    """The tests of ``bounds`` are run, in that order, with ``source`` in the place of a file."""

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
        bound(self._bounds[item.nodeid])
