# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is not for every run: ``./dev test`` and CI leave it out, ``./dev lab`` runs it."""

from __future__ import annotations

import os

import pytest

ALL = pytest.mark.skipif(
    not os.environ.get("PAGEALLOC_LAB_ALL"), reason="takes long, and a shorter test of the same stands beside it: ./dev lab runs it"
)
