# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of the task, from the outcome of the host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.effect import Change
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.moves import End


def task_result(end: End) -> dict[str, Any]:
    """{changed, change, plan, ansible_facts}, with diff if the host was changed or would be, and failed and msg if the task fails."""
    last = end.after or end.before
    change: Change = {
        "what": "workaround",
        "outcome": end.outcome,
        "step": None if end.outcome in ("restored", "none") else last.plan.step,
        "order": end.before.order,
        "sentences": end.sentences,
        "before": end.before.state,
        "after": end.after.state if end.after else None,
    }
    result = {
        "changed": end.changed,
        "change": change,
        "plan": end.before.plan.as_data(),
        "ansible_facts": {"pagealloc": last.facts},
    }
    if end.changed:
        result["diff"] = [_diff(end)]
    return result if end.failed is None else {**result, "failed": True, "msg": end.failed}


def _diff(end: End) -> dict[str, str]:
    old = end.before.values
    new = end.after.values if end.after else end.planned or end.before.plan.values
    return {"before": _settings(old), "after": _settings({**old, **_given(new)})}


def _given(values: Mapping[str, int | None]) -> dict[str, int | None]:
    return {name: value for name, value in values.items() if value is not None}


def _settings(values: Mapping[str, int | None]) -> str:
    return "".join(f"vm.{name} = {value}\n" for name, value in _given(values).items())
