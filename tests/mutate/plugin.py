# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For pytest, ``-p tests.mutate.plugin``: one module is loaded from another file, $PAGEALLOC_MUTANT_FILE. The checkout stays as it is."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from types import ModuleType

import hypothesis


class _Finder:
    def find_spec(self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None) -> ModuleSpec | None:
        wanted = name == os.environ["PAGEALLOC_MUTANT_MODULE"]
        return spec_from_file_location(name, os.environ["PAGEALLOC_MUTANT_FILE"]) if wanted else None


sys.meta_path.insert(0, _Finder())  # type: ignore[arg-type]
sys.dont_write_bytecode = True


def pytest_configure() -> None:
    """Fewer examples than in CI: a fault that is found by one in two hundred alone wants a test of its own."""
    hypothesis.settings.register_profile("mutate", deadline=None, derandomize=True, max_examples=20, database=None)
    hypothesis.settings.load_profile("mutate")
