# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts with known trouble: the site's file says for each why it may wait, and until when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.yaml import yaml_load
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import VERDICTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip, os_failure

_ENTRY = {
    "host": {"type": "str", "required": True},
    "reason": {"type": "str", "required": True},
    "until": {"type": "str", "required": True},
    "verdicts": {"type": "list", "elements": "str", "choices": list(VERDICTS), "default": list(VERDICTS)},
}
_MOST_BYTES = 4 << 20


class AcknowledgedError(Exception):
    """The file cannot be used. The message names the file, the entry and what is wrong with it."""


class Acknowledgement(NamedTuple):
    """``until``: the last day, in UTC, on which it counts. It counts only for the named verdicts."""

    reason: str
    until: date
    verdicts: tuple[str, ...]


Acknowledgements = Mapping[str, list[Acknowledgement]]


def read_acknowledged(path: str) -> Acknowledgements:
    """{host: what the file says of it}. Raises AcknowledgedError if it is not such a file."""
    found: dict[str, list[Acknowledgement]] = {}
    for number, given in enumerate(_entries(path), 1):
        try:
            host, one = _entry(given)
        except ValueError as error:
            raise AcknowledgedError(f"{path}, entry {number}: {clip(str(error), 300)}") from None
        found.setdefault(host, []).append(one)
    return found


def _entries(path: str) -> list[Any]:
    try:
        with Path(path).open("rb") as file:
            text = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise AcknowledgedError(os_failure(error)) from None
    if len(text) > _MOST_BYTES:
        raise AcknowledgedError(f"{path} is larger than {_MOST_BYTES >> 20} MB")
    try:
        found = yaml_load(text)
    except Exception as error:
        raise AcknowledgedError(f"{path} is not YAML: {clip(' '.join(str(error).split()), 300)}") from None
    if not isinstance(found, list | None):
        raise AcknowledgedError(f"{path} is not a list. Each entry needs host, reason and until")
    return found or []


def _entry(given: object) -> tuple[str, Acknowledgement]:
    if not isinstance(given, Mapping):
        raise ValueError("it is not a mapping. Give host, reason and until")
    checked = ArgumentSpecValidator(_ENTRY).validate({str(key): value for key, value in given.items()})
    if checked.error_messages:
        raise ValueError("; ".join(checked.error_messages))
    entry = checked.validated_parameters
    try:
        until = date.fromisoformat(entry["until"])
    except ValueError:
        raise ValueError(f"until: {entry['until']} is not a date. Write it as 2026-12-24") from None
    return entry["host"], Acknowledgement(entry["reason"], until, tuple(entry["verdicts"]))


def acknowledged_on(found: Iterable[Acknowledgement], verdict: str, today: date) -> dict[str, str] | None:
    """What the reports say of a host with that verdict: ``reason`` and ``until``; None if nothing is acknowledged today."""
    for one in found:
        if verdict in one.verdicts and today <= one.until:
            return {"reason": one.reason, "until": one.until.isoformat()}
    return None


def ended_sentences(acknowledged: Acknowledgements, hosts: Mapping[str, Mapping[str, Any]], today: date) -> Iterator[str]:
    """Sentences on entries that ended while the trouble is still there."""
    for host, entries in acknowledged.items():
        result = hosts.get(host)
        if result is None or result["verdict"] == "clear" or result["acknowledged"]:
            continue
        ended = [one.until for one in entries if one.until < today and result["verdict"] in one.verdicts]
        if ended:
            yield f"{host} is still {result['verdict']}, and its acknowledgement ended on {max(ended)}. Fix the host or renew the entry."
