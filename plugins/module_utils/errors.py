# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two errors of the parsers: evidence that is missing, and evidence that is malformed."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


class EvidenceError(Exception):
    """Evidence that is there but is malformed.

    ``datum`` names the piece of evidence (``buddyinfo``), ``line`` its 1-based line or None where the
    whole text is meant, ``reason`` is a sentence for a person.
    """

    def __init__(self, datum, line, reason):
        where = datum if line is None else "%s, line %d" % (datum, line)
        super(EvidenceError, self).__init__("%s: %s" % (where, reason))
        self.datum = datum
        self.line = line
        self.reason = reason


class EvidenceMissing(Exception):
    """Evidence that is not there. ``source`` names it (``/proc/buddyinfo``, ``$ethtool/eth0``), ``reason`` says why."""

    def __init__(self, source, reason):
        super(EvidenceMissing, self).__init__("%s: %s" % (source, reason))
        self.source = source
        self.reason = reason
