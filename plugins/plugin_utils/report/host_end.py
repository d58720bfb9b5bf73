# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How each host ends for Ansible, once the report is written: failed where its verdict or outcome is asked for, unreachable where it was.

A host that is not named here ends as one on which all is well.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypedDict

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip

#: Outcomes of the workaround that do not help an affected host.
_UNCURED = ("refused", "exhausted", "none")
_MOST_CHARS = 400


class HostEnd(TypedDict):
    """``result``: "failed" or "unreachable". ``msg``: the verdict or outcome, and the sentence that explains it."""

    result: str
    msg: str


def audit_ends(
    fleet: Mapping[str, Any], fail_on: Collection[str], unreached: Collection[str], counted: Collection[str] | None = None
) -> dict[str, HostEnd]:
    """{host: how it ends} after an audit. A verdict of ``fail_on`` counts on the hosts of ``counted``, None means all of them, unless it
    is acknowledged."""
    ends: dict[str, HostEnd] = {}
    for name, host in fleet["hosts"].items():
        told = f"{host['verdict']}: {host['reasons'][0] if host['reasons'] else 'no reason is known'}"
        if host["verdict"] in fail_on and not host["acknowledged"] and (counted is None or name in counted):
            ends[name] = _end("failed", told)
        elif name in unreached:
            ends[name] = _end("unreachable", told)
    return ends


def workaround_ends(fleet: Mapping[str, Any], unreached: Collection[str], *, fail_uncured: bool) -> dict[str, HostEnd]:
    """{host: how it ends} after the workaround. ``fail_uncured``: an affected host fails that the workaround left as it was."""
    ends: dict[str, HostEnd] = {}
    for name, host in fleet["hosts"].items():
        outcome, sentences = host["change"]["outcome"], host["change"]["sentences"]
        why = sentences[0] if sentences else "no reason is known"
        if fail_uncured and host["verdict"] == "affected" and outcome in _UNCURED:
            ends[name] = _end("failed", f"affected, and the outcome of the workaround is {outcome}: {why}")
        elif outcome == "unreachable" and name in unreached:
            ends[name] = _end("unreachable", f"unreachable: {why}")
    return ends


def _end(result: str, told: str) -> HostEnd:
    return {"result": result, "msg": clip(told, _MOST_CHARS)}
