# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What fails today and is being mended: each with an input that shows it. A test holds that it fails still; once mended, it goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from tests.security.attacks import archives


class OpenPoint(NamedTuple):
    """``point``: where it stands in the issues. ``fuzzers``: which meet it, ``sign``: what their failure's story holds then.

    ``given``: an input of the first of them.
    """

    point: str
    fuzzers: tuple[str, ...]
    sign: str
    given: Any


#: A member that claims -512 bytes, which leads back to its own header.
_BACKWARDS = archives.member("sos_commands/kernel/uname_-a", b"x\n") + archives.header(f"{archives.ROOT}/etc/x".encode(), b"-0000001000")
_STARRED = archives.packed([archives.member("sos_commands/x"), archives.member("sys/class/net/*/mtu", b"1500\n")])

OPEN: Sequence[OpenPoint] = (
    OpenPoint("issue 12, point 2: of three braces two stay together", ("words",), "a sentence is a template", "{{{"),
    OpenPoint("issue 12, point 3: a transcript without a head", ("registered",), "EvidenceError", {"h": {"transcript": ""}}),
    OpenPoint("issue 12, point 3: a result in another shape", ("registered",), "AttributeError", {"h": {"ansible_facts": [1]}}),
    OpenPoint("issue 12, point 4: a star in a member's name", ("members",), "in expand", {"sys/class/net/*/mtu": b"1500\n"}),
    OpenPoint("issue 12, point 4: a star in a packed member's name", ("report", "tree"), "a report met a fault of ours", _STARRED),
    OpenPoint("issue 12, point 5: a negative size", ("archive", "report"), "TooSlowError", _BACKWARDS),
    OpenPoint("issue 12, point 5: ssh's words a thousand times", ("ssh_words",), "TooSlowError", "during banner exchange" * 18_000),
)


def is_open(fuzzer: str, story: str) -> bool:
    """Whether a failure is one of these."""
    return any(fuzzer in one.fuzzers and one.sign in story for one in OPEN)
