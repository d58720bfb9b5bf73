# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of hosts that may wait, as a person writes it in a hurry."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from random import Random

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import VERDICTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.acknowledged import (
    AcknowledgedError,
    acknowledged_on,
    read_acknowledged,
)

from tests.security.attacks.texts import text_like
from tests.security.fuzz.properties import named, require
from tests.security.fuzz.runner import Fuzzer

_TODAY = date(2026, 11, 27)
_ENTRY = "- host: db03\n  reason: waits for CHG0042\n  until: 2026-12-24\n  verdicts: [affected]\n"
_LINES = (
    *_ENTRY.splitlines(),
    "- {host: a, reason: b, until: 0001-01-01}",
    "- &a [*a]",
    "  until: 9999-99-99",
    "  until: 2026-12-24T00:00:00Z",
    "...",
)


def _make(chance: Random) -> str:
    lines = "\n".join(chance.choice(_LINES) for _line in range(chance.randint(0, 12)))
    return text_like(chance, [_ENTRY, lines]) if chance.random() < 0.7 else lines


def _check(text: str) -> None:
    with tempfile.TemporaryDirectory(prefix="pagealloc-fuzz-") as folder:
        path = Path(folder) / "acknowledged.yml"
        path.write_text(text, encoding="utf-8", errors="replace")
        found = named(read_acknowledged, str(path), errors=(AcknowledgedError,))
    for entries in (found or {}).values():
        for verdict in VERDICTS:
            told = acknowledged_on(entries, verdict, _TODAY)
            require(told is None or told["until"] >= _TODAY.isoformat(), "an entry counts that has ended")


FUZZERS = (Fuzzer("acknowledged", "a file of hosts that may wait", (read_acknowledged, acknowledged_on), _make, _check),)
