# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests that several tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.lab.guest import Guest, Plan, running

#: Enough for the story to take a minute rather than twenty; the leak itself is the same.
BLOCKS_PER_PACKET = 64


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes long is left to ./dev lab, and counted as deselected, not as passed or skipped."""
    if os.environ.get("PAGEALLOC_LAB_ALL"):
        return
    long = [item for item in items if item.get_closest_marker("lab_long")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


@pytest.fixture(scope="module")
def guests() -> Iterator[dict[str, Guest]]:
    """legacy and modern, booted side by side, with a driver that leaks with every packet."""
    names = ("legacy", "modern")
    with ExitStack() as stack, ThreadPoolExecutor(len(names)) as together:

        def start(name: str) -> Guest:
            return stack.enter_context(running(Plan(name, words=(f"lab.blocks_per_packet={BLOCKS_PER_PACKET}",)), name))

        yield dict(zip(names, together.map(start, names), strict=True))
