# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module and keeps the facts of the other facts modules."""

from __future__ import annotations

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.facts_action import FactsAction


class ActionModule(FactsAction):
    """See plugins/modules/nic_driver_facts.py."""
