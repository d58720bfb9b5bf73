# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host registered in the play, or its record instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.record_variable import HostVariables, RecordVariableError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered


def gathered_of(result: Any, variables: HostVariables, options: dict[str, Any], otherwise: Gathered | None = None) -> Gathered:
    """What a host registered; of one that did not, since its evidence is recorded, what the record holds, or ``otherwise`` where there is
    no record. Never raises."""

    def read() -> Gathered:
        if result is None and options["recorded"]:
            try:
                path = variables.recorded_path(options["recorded"])
            except RecordVariableError as error:
                return Gathered(None, str(error))
            if path is not None:
                return Gathered.from_record(path)
        return otherwise or Gathered.from_result(result)

    return Gathered.whatever(read)


def is_unreached(result: Any, variables: HostVariables, options: dict[str, Any]) -> bool:
    """Whether the host itself could not be reached. A record of this is from another day."""
    if not isinstance(result, Mapping) or not result.get("unreachable"):
        return False
    try:
        return not options["recorded"] or variables.recorded_path(options["recorded"]) is None
    except RecordVariableError:
        return True
