# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of remedies: KEYS names them, and each has a file with its name."""

from __future__ import annotations

from importlib import import_module

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import KEYS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.remedies.remedy import Remedy

_FOLDER = "ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.remedies"

#: In the order of KEYS. The first belongs to every step: the steps are counted by its value.
REMEDIES: tuple[Remedy, ...] = tuple(import_module(f"{_FOLDER}.{name}").REMEDY for name in KEYS)
