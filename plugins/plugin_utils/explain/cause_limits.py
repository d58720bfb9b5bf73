# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limits of the figures: limits.yml, read once."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from ansible.module_utils.common.yaml import yaml_load

_FILE = Path(__file__).with_name("limits.yml")


@lru_cache(maxsize=1)
def cause_limits() -> dict[str, dict[str, int]]:
    """What limits.yml says: subject -> name -> number."""
    found: dict[str, dict[str, int]] = yaml_load(_FILE.read_text(encoding="utf-8"))
    return found
