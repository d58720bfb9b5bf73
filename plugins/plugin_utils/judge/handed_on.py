# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one audit hands on to a later report, in Ansible's fact cache or in a folder of records; how old that may be.

The fact ``pagealloc_gathered`` stands beside ``pagealloc`` and tells when a host was last asked. Of a host that gave no facts it has
what was said instead, so that a report made elsewhere gives it the same verdict. What a host was before is then not believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.facts_shape import is_whole_number
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import count_of

#: The fact that tells when.
GATHERED = "pagealloc_gathered"
#: So far the clocks of two controllers may be apart.
_CLOCKS_APART_SECONDS = 300


def facts_to_hand_on(gathered: Gathered, at_epoch_seconds: int) -> dict[str, Any]:
    """The facts of a host for the cache. Without facts of the host, those that an earlier audit gave stay there, and are not believed."""
    told: dict[str, Any] = {"at_epoch_seconds": at_epoch_seconds}
    if gathered.facts is not None:
        return {"pagealloc": gathered.facts, GATHERED: told}
    return {GATHERED: {**told, "message": gathered.message, "unreachable": gathered.unreachable}}


def taken_from_cache(facts: Mapping[str, Any], now_epoch_seconds: int, most_seconds: int) -> Gathered:
    """What the facts of a host in the cache tell of it; why there are none where they are older than ``most_seconds``."""
    known, told = facts.get("pagealloc"), facts.get(GATHERED)
    if known is None and told is None:
        return nothing_handed_on()
    if not isinstance(told, Mapping) or not is_whole_number(told.get("at_epoch_seconds")):
        return _unbelieved("The cached facts do not tell when they were gathered. Audit the host again.")
    if why := too_old(told["at_epoch_seconds"], now_epoch_seconds, most_seconds):
        return _unbelieved(why)
    if "message" in told:
        return Gathered.from_result({"msg": told["message"], "unreachable": told.get("unreachable") is True})
    return Gathered(known) if isinstance(known, Mapping) else _unbelieved("The cached facts are none of a host. Audit the host again.")


def taken_from_record(path: Path, now_epoch_seconds: int, most_seconds: int) -> Gathered:
    """What the record of a host tells that ``gather`` saved; why it is not believed where it is older than ``most_seconds``."""
    try:
        saved_epoch_seconds = int(path.stat().st_mtime)
    except FileNotFoundError:
        return nothing_handed_on()
    why = too_old(saved_epoch_seconds, now_epoch_seconds, most_seconds)
    return _unbelieved(why) if why else Gathered.from_record(str(path))


def nothing_handed_on() -> Gathered:
    """Of a host that no audit told anything of."""
    why = "No audit handed on anything of this host, or it expired in the cache (fact_caching_timeout). Audit the host."
    return Gathered(None, why, sentence="", asked=False)


def too_old(at_epoch_seconds: int, now_epoch_seconds: int, most_seconds: int) -> str:
    """Why what was seen then is not believed now; empty where it is. ``most_seconds`` 0: however old it is."""
    age = now_epoch_seconds - at_epoch_seconds
    if age < -_CLOCKS_APART_SECONDS:
        return f"The host was audited {_span(-age)} from now, so the clock of a controller is wrong. Audit the host again."
    if most_seconds and age > most_seconds:
        return f"The host was last audited {_span(age)} ago, and {_span(most_seconds)} is the most (audit_facts_max_age_seconds)."
    return ""


def _unbelieved(why: str) -> Gathered:
    return Gathered(None, why, sentence="")


def _span(seconds: int) -> str:
    """In the two largest units: ``2 days 3 hours``."""
    parts = [(seconds // 86400, "day"), (seconds // 3600 % 24, "hour"), (seconds // 60 % 60, "minute"), (seconds % 60, "second")]
    first = next((place for place, (number, _unit) in enumerate(parts) if number), len(parts) - 1)
    return " ".join(count_of(number, unit) for number, unit in parts[first : first + 2] if number) or "0 seconds"
