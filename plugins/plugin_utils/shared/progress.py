# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress of long work, printed from time to time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")

#: The longest time without a message.
SECONDS = 3.0


def with_progress(items: Iterable[Item], say: Callable[[int, float], None]) -> Iterator[Item]:
    """The items, with ``say(how many are done, seconds so far)`` at most every SECONDS."""
    began = said = time.monotonic()
    for number, item in enumerate(items):
        now = time.monotonic()
        if now - said >= SECONDS:
            said = now
            say(number, now - began)
        yield item
