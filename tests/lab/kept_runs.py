# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of a long measurement, kept line by line: one that is cut goes on where it was, and several may go on at once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def keep_run(path: Path, seed: int, run: Mapping[str, Any]) -> None:
    """One more line, in one write."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"seed": seed, **run}) + "\n")


def kept_runs(path: Path, seed: int) -> Iterator[dict[str, Any]]:
    """The runs of this seed; a line that was cut while it was written is none."""
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            run = json.loads(line)
        except ValueError:
            continue
        if run.pop("seed") == seed:
            yield run
