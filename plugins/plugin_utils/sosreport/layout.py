# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a sosreport keeps what the manifest names: which of its thousands of members are read at all. Pure."""

from __future__ import annotations

import re
from functools import cache

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import MAX_TRANSCRIPT_BYTES
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.kernel_log import CRASH_LOG
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.kernel_log import LOGS as LOG_NAMES
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.manifest import DEEP, MANIFEST, PAGETYPEINFO
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.places import SOS_FORMS, SOS_IDENTITY

#: A member is read up to here; of a longer log its end counts, any other is an error.
MAX_MEMBER_BYTES = 4 * MAX_TRANSCRIPT_BYTES
#: The longest path of a member that is looked at: those of sos are shorter by far.
MAX_PATH_CHARS = 1024

#: The sources that are kernel logs. Only the end of a long one counts.
LOGS = tuple(f"${name}" for name in (*LOG_NAMES, CRASH_LOG))

#: What tells a sosreport from any other tree or archive: every version of sos wrote one of these.
_SOS_MARKS = ("sos_commands", "sos_reports", "sos_logs")


def _patterns() -> list[str]:
    of_manifest = [pattern for entry in (*MANIFEST, PAGETYPEINFO, *DEEP) for pattern in entry.sos]
    return of_manifest + [pattern for table in (SOS_FORMS, SOS_IDENTITY) for patterns in table.values() for pattern in patterns]


@cache
def regex(pattern: str) -> re.Pattern[str]:
    """The expression that a pattern's stars make, each a group that stays within a name."""
    return re.compile("([^/]*)".join(map(re.escape, pattern.split("*"))) + r"\Z")


_PLAIN = frozenset(pattern for pattern in _patterns() if "*" not in pattern)
_STARRED = re.compile("(?:" + "|".join("[^/]*".join(map(re.escape, one.split("*"))) for one in _patterns() if "*" in one) + r")\Z")
_LOG_PATHS = [regex(pattern) for entry in MANIFEST if entry.source in LOGS for pattern in entry.sos]
#: A log that was put away, by number or date, perhaps compressed.
_ROTATED = re.compile(r"var/log/[a-z.]{1,16}?[.-]([0-9]{1,14})(\.gz)?\Z")


def is_wanted(path: str) -> bool:
    """Whether a member of this path, relative to the report's root, is read."""
    return path in _PLAIN or (len(path) <= MAX_PATH_CHARS and _STARRED.match(path) is not None)


def is_log(path: str) -> bool:
    """Whether the end of a member counts where it is longer than MAX_MEMBER_BYTES. That of a compressed one cannot be read."""
    return not path.endswith(".gz") and any(pattern.match(path) for pattern in _LOG_PATHS)


def rotated(path: str) -> tuple[bool, int] | None:
    """Where a log that was put away stands among its like, the oldest first; None for any other member.

    >>> sorted(["var/log/messages-20260103", "var/log/messages.1", "var/log/messages.12.gz", "var/log/messages-20260101"], key=rotated)
    ['var/log/messages-20260101', 'var/log/messages-20260103', 'var/log/messages.12.gz', 'var/log/messages.1']
    """
    found = _ROTATED.match(path)
    if not found:
        return None
    number = int(found.group(1))
    return (False, number) if number > 9999 else (True, -number)


def is_mark(path: str) -> bool:
    """Whether a member of this path shows that what it is in is a sosreport."""
    return path.partition("/")[0] in _SOS_MARKS


def fill(source: str, stars: tuple[str, ...]) -> str:
    """The name of a source whose stars stand for the last of ``stars``.

    >>> fill("$ethtool/*", ("ns1", "ns1", "eth0"))
    '$ethtool/eth0'
    """
    pieces = source.split("*")
    names = stars[len(stars) - len(pieces) + 1 :]
    return "".join(piece + name for piece, name in zip(pieces, (*names, ""), strict=True))
