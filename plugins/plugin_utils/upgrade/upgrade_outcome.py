# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The outcome of each host, from the registered results of the steps, as a document and as a table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import count_of, cut, natural_key, printable, wrap
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.effect import change_of

SCHEMA = "fleetcare.pagealloc/kernel_upgrade/1"

#: Outcome -> what it means, in the order of the report.
OUTCOMES: dict[str, str] = {
    "failed": "a step failed; the message says which kernel boots now",
    "refused": "preflight found a problem; nothing was changed",
    "unreachable": "the host did not answer",
    "pending": "the playbook has not reached this host",
    "planned": "check mode: something would be changed",
    "scheduled": "the new kernel boots by default, and the reboot is scheduled",
    "installed": "the new kernel boots by default, the old one runs",
    "rebooted": "the new kernel runs",
    "cancelled": "a scheduled reboot was cancelled",
    "untouched": "the verdict does not need an upgrade",
}
_WIDTHS = (24, 11, 14)
_INDENT = "    "
_PARAGRAPH = re.compile(r"\n+")


def outcome_of(steps: Mapping[str, Mapping[str, Any] | None], check_mode: bool = False) -> dict[str, Any]:
    """{outcome, verdict_before, verdict, running, target, due, workaround, why, findings} of one host.

    ``steps``: what was registered by ``preflight``, ``install``, ``schedule``, ``reboot`` and, where the workaround was to be taken
    away, ``workaround``; None where a step was not reached. ``workaround``: what became of it, a key of OUTCOMES in workaround/effect.py.
    """
    preflight = steps.get("preflight") or {}
    upgrade = preflight.get("upgrade") or {}
    reached = [(name, result) for name in ("preflight", "install", "schedule", "reboot") if (result := steps.get(name)) and _ran(result)]
    outcome, why = _outcome(reached, upgrade)
    if check_mode and outcome in ("scheduled", "installed", "rebooted", "cancelled"):
        outcome, why = "planned", _plan(reached)
    change = change_of(steps["workaround"]) if steps.get("workaround") else None
    if change and change["outcome"] not in ("kept", "none"):
        why = "\n".join([*([why] if outcome != "untouched" else []), f"workaround {change['outcome']}: {' '.join(change['sentences'])}"])
        outcome = "failed" if change["outcome"] in ("failed", "rolled_back", "unreachable") else outcome
    results = dict(reached)
    verdicts = [result["verdict"] for _name, result in reversed(reached) if result.get("verdict")]
    target = upgrade.get("target") or {}
    schedule = results.get("schedule", {}).get("schedule")
    return {
        "outcome": outcome,
        "verdict_before": upgrade.get("verdict"),
        "verdict": verdicts[0] if verdicts else upgrade.get("verdict"),
        "running": results.get("reboot", {}).get("running") or upgrade.get("running"),
        "target": target.get("release"),
        "due": schedule["at_utc"] if schedule else (upgrade.get("due") or {}).get("at"),
        "workaround": change and change["outcome"],
        "why": why,
        "findings": list(upgrade.get("findings") or ()),
    }


def _ran(result: Mapping[str, Any]) -> bool:
    return not result.get("skipped")


def _outcome(reached: list[tuple[str, Mapping[str, Any]]], upgrade: Mapping[str, Any]) -> tuple[str, str]:
    if not reached:
        return "pending", "a host before it failed, or its turn has not come"
    name, last = next(((name, result) for name, result in reached if result.get("failed") or result.get("unreachable")), reached[-1])
    if last.get("failed") or last.get("unreachable"):
        said = str(last.get("msg", "")).removeprefix("Task failed: ")
        if name == "preflight":
            return ("refused" if ": refused, " in said else "unreachable" if _is_lost(last, said) else "failed"), said
        return "failed", said
    if name == "reboot":
        return "rebooted", str(last.get("last_words") or "")
    if name == "schedule":
        schedule = last.get("schedule")
        return ("scheduled", f"the reboot is due at {schedule['at_utc']}") if schedule else ("cancelled", "")
    if name == "install":
        half = f"; it was only half installed: {'; '.join(last['repaired'])}" if last.get("repaired") else ""
        return "installed", f"through {last['via']}{half}" if last.get("via") else "it was already installed"
    left = [finding["sentence"] for finding in upgrade.get("findings") or ()]
    return "untouched", str(left[-1] if left else (upgrade.get("reasons") or [""])[0])


def _plan(reached: list[tuple[str, Mapping[str, Any]]]) -> str:
    words = {"install": "install it and make it the default", "schedule": "change the schedule", "reboot": "reboot"}
    told = [words[name] for name, result in reached if name in words and result.get("changed")]
    return f"would {', '.join(told)}" if told else "nothing would be changed"


def _is_lost(result: Mapping[str, Any], said: str) -> bool:
    return bool(result.get("unreachable")) or "cannot be reached: " in said


def upgrade_counts(hosts: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """How many hosts have each outcome, every outcome named."""
    return {outcome: sum(host["outcome"] == outcome for host in hosts.values()) for outcome in OUTCOMES}


def render_upgrade(hosts: Mapping[str, Mapping[str, Any]]) -> str:
    """The outcomes as a table of 80 columns, those that need a person first."""
    place = {outcome: number for number, outcome in enumerate(OUTCOMES)}
    lines = [_line("HOST", "OUTCOME", "VERDICT", "KERNEL"), _line(*("-" * width for width in _WIDTHS), "-" * 28)]
    for name in sorted(hosts, key=lambda one: (place[hosts[one]["outcome"]], natural_key(one))):
        lines += _host_lines(name, hosts[name])
    told = ", ".join(f"{number} {outcome}" for outcome, number in upgrade_counts(hosts).items() if number)
    return "\n".join([*lines, "", *wrap(f"{count_of(len(hosts), 'host')}: {told}", 80, 3)])


def _host_lines(name: str, host: Mapping[str, Any]) -> Iterator[str]:
    running, target = printable(host["running"] or "?"), printable(host["target"] or "")
    yield _line(printable(name, 255), host["outcome"], host["verdict"] or "?", running)
    if target and target != running:
        yield f"{_INDENT}target {cut(target, 60)}"
    for paragraph in _PARAGRAPH.split(str(host["why"])) if host["outcome"] != "untouched" or host["workaround"] or host["findings"] else ():
        for line in wrap(printable(paragraph), 80 - len(_INDENT), 4):
            yield _INDENT + line


def _line(*cells: str) -> str:
    *first, last = cells
    return " ".join(f"{cut(cell, width):<{width}}" for cell, width in zip(first, _WIDTHS, strict=True)) + " " + cut(last, 28)
