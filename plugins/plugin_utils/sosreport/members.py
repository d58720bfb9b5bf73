# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The members of a report, however it is kept: what a tree and an archive have in common."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.layout import regex

#: How many links may lead from one to the next.
_MAX_LINKS = 40


class UnreadableMember(Exception):
    """A member that is there and cannot be read; the message is the reason, a sentence's end."""


class Members(Protocol):
    """Paths are relative to the report's root, without a leading slash."""

    def data(self, path: str) -> bytes | None:
        """The content, None where there is no such member. Raises UnreadableMember."""

    def link(self, path: str) -> str | None:
        """Where a symbolic link points; None where there is none."""

    def names(self, folder: str) -> list[str]:
        """What stands in a folder, in order; nothing where there is no such folder."""


def expand(members: Members, pattern: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(path, what its stars stood for) of every member that a pattern may mean, in order of name."""
    paths: Iterable[tuple[str, tuple[str, ...]]] = [("", ())]
    for part in pattern.split("/"):
        paths = _starred(members, paths, regex(part)) if "*" in part else _below(paths, part)
    yield from paths


def _below(paths: Iterable[tuple[str, tuple[str, ...]]], name: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for folder, stars in paths:
        yield f"{folder}/{name}" if folder else name, stars


def _starred(
    members: Members, paths: Iterable[tuple[str, tuple[str, ...]]], shape: re.Pattern[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What stands in the folders; a star in a name there is a letter as any other."""
    for folder, stars in paths:
        for name in members.names(folder):
            found = shape.match(name)
            if found:
                yield f"{folder}/{name}" if folder else name, (*stars, *found.groups())


class KeptMembers:
    """Members in memory, as an archive leaves them. A link leads to what was kept, or says where it would have led."""

    def __init__(self, contents: Mapping[str, bytes], links: Mapping[str, str], unreadable: Mapping[str, str]) -> None:
        self._contents = contents
        self._links = links
        self._unreadable = unreadable
        folders: dict[str, dict[str, None]] = {}
        for path in {*contents, *links, *unreadable}:
            folder, _slash, name = path.rpartition("/")
            while name and name not in folders.setdefault(folder, {}):
                folders[folder][name] = None
                folder, _slash, name = folder.rpartition("/")
        self._folders = {folder: sorted(names) for folder, names in folders.items()}

    def data(self, path: str) -> bytes | None:
        for number in range(_MAX_LINKS):
            if path in self._unreadable:
                raise UnreadableMember(self._unreadable[path])
            if path in self._contents:
                return self._contents[path]
            if path not in self._links:
                if number:
                    raise UnreadableMember(f"is a link to {clip(path)}, and that file is not in the report or is not read")
                return None
            path = target_of(path, self._links[path])
        raise UnreadableMember("is a link that points to itself")

    def link(self, path: str) -> str | None:
        return self._links.get(path)

    def names(self, folder: str) -> list[str]:
        return self._folders.get(folder, [])


def target_of(path: str, link: str) -> str:
    """The path that a link at ``path`` leads to. Raises UnreadableMember where that is outside of the report.

    sos makes the links of what it copies relative; an absolute one is of the host's own tree, and leads out.
    """
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), link))
    if target.startswith(("/", "../")) or target == "..":
        raise UnreadableMember("is a link that points outside the report")
    return target
