# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one audit saves for a later report, in Ansible's fact cache or in a folder of records, and how old it may be.

The fact ``pagealloc_gathered`` beside ``pagealloc`` says when a host was last asked. For a host without facts it has the message, so that
a later report gives it the same verdict. Older facts of that host are then not used.
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
#: The clocks of two controllers may differ by this much.
_CLOCKS_APART_SECONDS = 300


def facts_to_hand_on(gathered: Gathered, at_epoch_seconds: int) -> dict[str, Any]:
    """The facts of a host for the cache. If the host gave no facts, those of an earlier audit stay there but are not used."""
    told: dict[str, Any] = {"at_epoch_seconds": at_epoch_seconds}
    if gathered.facts is not None:
        return {"pagealloc": gathered.facts, GATHERED: told}
    return {GATHERED: {**told, "message": gathered.message, "unreachable": gathered.unreachable}}


def taken_from_cache(facts: Mapping[str, Any], now_epoch_seconds: int, most_seconds: int) -> Gathered:
    """The host from its facts in the cache, or why there are none: they are missing or older than ``most_seconds``."""
    known, told = facts.get("pagealloc"), facts.get(GATHERED)
    if known is None and told is None:
        return nothing_handed_on()
    if not isinstance(told, Mapping) or not is_whole_number(told.get("at_epoch_seconds")):
        return _unbelieved("The cached facts do not tell when they were gathered. Audit the host again.")
    if why := too_old(told["at_epoch_seconds"], now_epoch_seconds, most_seconds):
        return _unbelieved(why)
    if "message" in told:
        return Gathered.from_result({"msg": told["message"], "unreachable": told.get("unreachable") is True})
    return (
        Gathered(known)
        if isinstance(known, Mapping)
        else _unbelieved("The cached facts are not the facts of a host. Audit the host again.")
    )


def taken_from_record(path: Path, now_epoch_seconds: int, most_seconds: int) -> Gathered:
    """The host from the record that ``gather`` saved, or why it is not used: it is missing or older than ``most_seconds``."""
    try:
        saved_epoch_seconds = int(path.stat().st_mtime)
    except FileNotFoundError:
        return nothing_handed_on()
    why = too_old(saved_epoch_seconds, now_epoch_seconds, most_seconds)
    return _unbelieved(why) if why else Gathered.from_record(str(path))


def nothing_handed_on() -> Gathered:
    """For a host that no audit saved."""
    why = "No audit saved facts of this host, or they expired in the cache (fact_caching_timeout). Audit the host."
    return Gathered(None, why, sentence="", asked=False)


def too_old(at_epoch_seconds: int, now_epoch_seconds: int, most_seconds: int) -> str:
    """Why data from that time is too old; empty if it is not. ``most_seconds`` 0: any age is accepted."""
    age = now_epoch_seconds - at_epoch_seconds
    if age < -_CLOCKS_APART_SECONDS:
        return f"This audit is dated {_span(-age)} in the future, so the clock of a controller is wrong. Audit the host again."
    if most_seconds and age > most_seconds:
        return f"The last audit of this host was {_span(age)} ago, and the limit is {_span(most_seconds)} (audit_facts_max_age_seconds)."
    return ""


def _unbelieved(why: str) -> Gathered:
    return Gathered(None, why, sentence="")


def _span(seconds: int) -> str:
    """In the two largest units: ``2 days 3 hours``."""
    parts = [(seconds // 86400, "day"), (seconds // 3600 % 24, "hour"), (seconds // 60 % 60, "minute"), (seconds % 60, "second")]
    first = next((place for place, (number, _unit) in enumerate(parts) if number), len(parts) - 1)
    return " ".join(count_of(number, unit) for number, unit in parts[first : first + 2] if number) or "0 seconds"
