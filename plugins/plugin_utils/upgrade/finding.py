# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The findings of preflight: one sentence each, with a remedy if something must be done."""

from __future__ import annotations

from typing import TypedDict


class Finding(TypedDict):
    """``check`` is a word for machines; ``state``: ``ok``, ``warning`` or ``blocker``; ``remedy`` is "" if none is needed."""

    check: str
    state: str
    sentence: str
    remedy: str


class UpgradeError(Exception):
    """An obstacle: a sentence, and the remedy."""

    def __init__(self, sentence: str, remedy: str) -> None:
        super().__init__(f"{sentence}; {remedy}")
        self.sentence = sentence
        self.remedy = remedy


def ok(check: str, sentence: str) -> Finding:
    """Nothing to be done."""
    return {"check": check, "state": "ok", "sentence": sentence, "remedy": ""}


def warning(check: str, sentence: str, remedy: str = "") -> Finding:
    """For information; it does not refuse the upgrade."""
    return {"check": check, "state": "warning", "sentence": sentence, "remedy": remedy}


def blocker(check: str, sentence: str, remedy: str) -> Finding:
    """The upgrade is refused for it."""
    return {"check": check, "state": "blocker", "sentence": sentence, "remedy": remedy}
