# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data taken from the members of a report, under the names of a transcript, with the reasons for missing data."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.members import Members, UnreadableMember


class Taken:
    """The data taken from the members, with the reasons for missing data."""

    def __init__(self, members: Members) -> None:
        self.members = members
        self.texts: dict[str, str] = {}
        self.reasons: dict[str, str] = {}

    def read(self, path: str, source: str) -> bytes | None:
        """A member's content; None where it gave none, with the reason noted where it is there."""
        try:
            return self.members.data(path) if is_name(source) else None
        except UnreadableMember as error:
            self.reasons.setdefault(source, str(error))
            return None

    def put(self, source: str, text: str) -> None:
        """What was there counts, and the first of it; an empty file is a text, an empty command's output is not."""
        if source in self.texts or not is_name(source):
            return
        if text.strip() or not source.startswith("$"):
            self.texts[source] = text if not text or text.endswith("\n") else text + "\n"
            self.reasons.pop(source, None)
        else:
            self.reasons.setdefault(source, "is empty in the sosreport")

    def put_all(self, sources: Mapping[str, str]) -> None:
        for source, text in sources.items():
            self.put(source, text)


def is_name(source: str) -> bool:
    """Whether a transcript can name this source: a member's name may hold what would pose as the frame."""
    return ":" not in source and source.isprintable()


def text_of(data: bytes) -> str:
    text = data.decode("utf-8", "replace")
    return text.replace("\r\n", "\n") if "\r" in text else text
