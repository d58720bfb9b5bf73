# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Event filter of ansible-rulebook: of an event only names of hosts go on, and only those that the inventory has.

An event is what somebody sent. Its text would reach templates and variables of a playbook, so none of it does: the event is left out, or
it is replaced by the inventory's own names. All others are counted.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

DOCUMENTATION = r"""
---
short_description: Let events through that name hosts of the inventory, and throttle them by host
description:
  - Takes an alert of Alertmanager, or any event C({host, message}), in the body of a webhook. What goes on is C(event.pagealloc.hosts), the
    names of hosts as the inventory has them, with commas between, and C(event.pagealloc.do). No other text of the event does.
  - An event is left out that names no host of the inventory, whose alerts are resolved, or whose hosts had their turn lately.
  - Each option that is not given is read from the environment, C(PAGEALLOC_EVENTS_) and its name in capitals.
options:
  inventory:
    description: What C(ansible-inventory -i) takes. It is read again after O(inventory_seconds).
    type: str
    required: true
  do:
    description: What may be done to a host.
    type: str
    choices: [audit, check, cure]
    default: audit
  throttle_seconds:
    description: How long a host that had its turn gets no other.
    type: int
    default: 3600
  most_hosts_an_hour:
    description: So many turns all hosts together get in an hour.
    type: int
    default: 20
  inventory_seconds:
    description: How old what is known of the inventory may be.
    type: int
    default: 300
  counts:
    description: File for the text-file collector of node_exporter that counts events by what became of them.
    type: str
"""

DO = ("audit", "check", "cure")
#: What becomes of each host that an event names, or of an event that names none.
OUTCOMES = ("accepted", "throttled", "over_limit", "unknown_host", "resolved", "malformed")
#: A name that means itself, and nothing more, in a pattern of hosts and on a command line.
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}")
_METRIC = "pagealloc_events_total"
_MOST_ALERTS = 1000
_HOUR_SECONDS = 3600
_READ_TIMEOUT_SECONDS = 120


class Gate:
    """Remembers which hosts had their turn. ``now`` is the time, in seconds, of a clock that is never set."""

    def __init__(self, throttle_seconds: int, most_hosts_an_hour: int) -> None:
        self.counts: Counter[str] = Counter()
        self._throttle_seconds, self._most = throttle_seconds, most_hosts_an_hour
        self._turns: dict[str, float] = {}
        self._lately: deque[float] = deque()

    def passing(self, event: Any, known: frozenset[str], now: float) -> list[str]:
        """The hosts of the event whose turn it is."""
        found = []
        for what, host in named_in(event):
            outcome = what or self._outcome(host, known, now)
            self.counts[outcome] += 1
            if outcome == "accepted":
                found.append(host)
        return found

    def _outcome(self, host: str, known: frozenset[str], now: float) -> str:
        if host not in known:
            return "unknown_host"
        if now - self._turns.get(host, float("-inf")) < self._throttle_seconds:
            return "throttled"
        while self._lately and now - self._lately[0] >= _HOUR_SECONDS:
            self._lately.popleft()
        if len(self._lately) >= self._most:
            return "over_limit"
        self._turns[host] = now
        self._lately.append(now)
        return "accepted"


def named_in(event: Any) -> Iterator[tuple[str, str]]:
    """(what became of it already, host) of each host that an event names; ``malformed`` once where it names none."""
    body = event.get("payload") if isinstance(event, Mapping) else None
    if not isinstance(body, Mapping):
        yield "malformed", ""
    elif isinstance(body.get("alerts"), list) and body["alerts"]:
        for alert in body["alerts"][:_MOST_ALERTS]:
            labels = alert.get("labels") if isinstance(alert, Mapping) else None
            host = labels.get("host") if isinstance(labels, Mapping) else None
            yield ("malformed", "") if not isinstance(host, str) else ("" if alert.get("status") == "firing" else "resolved", host)
    elif isinstance(body.get("host"), str):
        yield "", body["host"]
    else:
        yield "malformed", ""


def hosts_of(listing: Mapping[str, Any]) -> frozenset[str]:
    """The names in what ``ansible-inventory --list`` printed that may be used. One that a group has too would mean the whole group, and
    one with other characters might be a pattern."""
    groups = (group for name, group in listing.items() if name != "_meta")
    names = {host for group in groups for host in group.get("hosts", ())} | set(listing.get("_meta", {}).get("hostvars", ()))
    return frozenset(host for host in names - set(listing) if _PLAIN.fullmatch(host))


class Inventory:
    """The names of its hosts. Where it cannot be read any more, they are those that it had."""

    def __init__(self, source: str, seconds: int) -> None:
        self._source, self._seconds = source, seconds
        self._read_at, self._hosts = float("-inf"), frozenset[str]()

    def hosts(self, now: float) -> frozenset[str]:
        if now - self._read_at >= self._seconds:
            self._read_at = now
            self._hosts = self._read() or self._hosts
        return self._hosts

    def _read(self) -> frozenset[str]:
        command = ["ansible-inventory", "-i", self._source, "--list"]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_READ_TIMEOUT_SECONDS, check=True, stdin=subprocess.DEVNULL
            )
            return hosts_of(json.loads(done.stdout))
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            print(f"known_hosts: the inventory {self._source} cannot be read: {error}", flush=True)
            return frozenset()


class Counts:
    """The counts in a file, written at most once a second and whole."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._late: threading.Timer | None = None

    def changed(self, counts: Counter[str]) -> None:
        if self._late is None:
            self._late = threading.Timer(1.0, self._write, [counts])
            self._late.daemon = True
            self._late.start()

    def _write(self, counts: Counter[str]) -> None:
        self._late = None  # what is counted from now on is written by another
        lines = [f'{_METRIC}{{outcome="{outcome}"}} {counts[outcome]}\n' for outcome in OUTCOMES]
        told = f"# HELP {_METRIC} Hosts in events, and events without one, by what became of them.\n# TYPE {_METRIC} counter\n"
        unfinished = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            unfinished.write_text(told + "".join(lines), encoding="utf-8")
            unfinished.replace(self._path)
        except OSError as error:
            print(f"known_hosts: the counts cannot be written: {error}", flush=True)


class Filter:
    """All of it, with the options of the rulebook or of the environment."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        inventory, self._do = self._option(given, "inventory", ""), self._option(given, "do", DO[0])
        if not inventory or self._do not in DO:
            raise ValueError(
                f"known_hosts: it takes an inventory (PAGEALLOC_EVENTS_INVENTORY), and PAGEALLOC_EVENTS_DO one of {', '.join(DO)}"
            )
        numbers = {"throttle_seconds": 3600, "most_hosts_an_hour": 20, "inventory_seconds": 300}
        values = {name: int(self._option(given, name, str(default))) for name, default in numbers.items()}
        self._gate = Gate(values["throttle_seconds"], values["most_hosts_an_hour"])
        self._inventory = Inventory(inventory, values["inventory_seconds"])
        path = self._option(given, "counts", "")
        self._counts = Counts(path) if path else None

    def passed(self, event: Any, now: float) -> list[dict[str, Any]]:
        """What takes the place of the event; nothing where no host has its turn."""
        hosts = self._gate.passing(event, self._inventory.hosts(now), now)
        if self._counts:
            self._counts.changed(self._gate.counts)
        return [{"pagealloc": {"hosts": ",".join(hosts), "do": self._do}}] if hosts else []

    @staticmethod
    def _option(given: Mapping[str, Any], name: str, default: str) -> str:
        return str(given.get(name) or os.environ.get(f"PAGEALLOC_EVENTS_{name.upper()}") or default)


_FILTER: list[Filter] = []


def main(event: Any, **options: Any) -> list[dict[str, Any]]:
    """What ansible-rulebook calls for each event."""
    if not _FILTER:
        _FILTER.append(Filter(options))
    return _FILTER[0].passed(event, time.monotonic())
