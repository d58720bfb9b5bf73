# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of causes. Each has a file with its name. Causes of other causes come first."""

from __future__ import annotations

from importlib import import_module

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.causes.cause import Cause

#: If two are equally sure, the first in this list comes first. The last is used if no other is found.
CAUSE_NAMES = (
    "leak",
    "slab_leak",
    "cma",
    "one_zone_or_node",
    "request_too_large",
    "fragmentation",
    "reserve_too_small",
    "exhaustion",
    "not_pages",
    "unclear",
)
_FOLDER = "ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.causes"

CAUSES: tuple[Cause, ...] = tuple(import_module(f"{_FOLDER}.{name}").CAUSE for name in CAUSE_NAMES)
