# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers in evidence: text that is not a number is malformed."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError

# 2**64 has twenty digits: no counter of a kernel has more, and no parser need convert more.
_COUNT = re.compile(r"[0-9]{1,20}\Z")


def is_count(text):
    """Whether the text is a count: ASCII digits, unlike str.isdigit, which also takes those that int() does not."""
    return _COUNT.match(text) is not None


def count(datum, line, text):
    """``text`` as an int of 0 or more. Raises EvidenceError with ``datum`` and ``line`` if it is not a number."""
    if not is_count(text):
        raise EvidenceError(datum, line, "%.40r is not a count" % str(text))
    return int(text)


def sole_count(datum, text):
    """The only number in a text, as in a file under /proc/sys."""
    return count(datum, None, text.strip())
