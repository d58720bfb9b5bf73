# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What fails today and is being mended: each with an input that shows it. A test holds that it fails still; once mended, it goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class OpenPoint(NamedTuple):
    """``point``: where it stands in the issues. ``fuzzers``: which meet it, ``sign``: what their failure's story holds then.

    ``given``: an input of the first of them.
    """

    point: str
    fuzzers: tuple[str, ...]
    sign: str
    given: Any


OPEN: Sequence[OpenPoint] = ()


def is_open(fuzzer: str, story: str) -> bool:
    """Whether a failure is one of these."""
    return any(fuzzer in one.fuzzers and one.sign in story for one in OPEN)
