# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the workaround role left on a host: the record of what was there before, and a mark in the kernel's log.

The record says which step is in force since when, and which values to restore. The mark, which goes through /dev/kmsg, separates the
failures before the workaround from those after it, also in a log without times, as EL 6 has by default.

Whoever can write to the log can write a line like the mark. So the mark bears a token, which the host draws by lot and keeps in
the record, readable to root alone. Once the mark is in the log, others may read the token there and write the line again: only
the first line with the token is the mark.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.counts import count
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.host_places import RECORD
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.utc_time import utc_time_of

#: How the mark's line begins in the kernel's log. " (step N, TOKEN)" follows, with the record's ``mark`` as the token.
MARK = "fleetcare.pagealloc: workaround in force"

#: none: never applied, or removed; pending, leaving: a run was interrupted while it applied or removed the values.
PHASES = ("none", "pending", "in_force", "leaving")

#: The settings under /proc/sys/vm that the workaround may change. Each has a file of its name in plugin_utils/workaround/remedies/.
#: The first belongs to every step, so every record has its value. Only newer kernels have those of NEWER; records of hosts that an older
#: version wrote lack them.
NEWER = ("watermark_scale_factor", "compaction_proactiveness")
KEYS = ("min_free_kbytes", "zone_reclaim_mode") + NEWER

#: A record's value of a setting that the kernel does not have (vm.zone_reclaim_mode without NUMA), or that is left alone.
ABSENT = "absent"

_TOKEN = re.compile(r"[0-9a-f]{16}\Z")
_NUMBERS = ("step", "since_epoch_seconds") + KEYS + tuple("original_" + key for key in KEYS)
_SETTING = re.compile(r"\s*(?:-\s*)?vm[./](%s)\s*=\s*(\S.{0,60})" % "|".join(KEYS))


def no_record():
    """The facts of a host without a record."""
    return dict(dict.fromkeys(_NUMBERS + ("since", "in_force_seconds", "mark")), phase="none")


def parse_record(text, now_epoch_seconds=None):
    """{phase, step, each of KEYS, original_..., since, since_epoch_seconds, in_force_seconds, mark} of the text.

    Values in kB and as the kernel has them; null for what is not set. ``mark``: the token of the mark, null in a record that an older
    version wrote. ``now_epoch_seconds``: the host's clock. EvidenceError for a text that is no whole record.
    """
    values = {}
    for number, line in enumerate(text.split("\n"), 1):
        name, equals, value = line.partition("=")
        if equals:
            values[name] = (number, value.strip())
        elif line.strip():
            raise EvidenceError("workaround", number, "%.60r is not a line of the record" % str(line))
    if "end" not in values:
        raise EvidenceError("workaround", None, "the record is incomplete: remove %s if nobody needs it" % RECORD)
    record = no_record()
    record["phase"] = values.get("phase", (None, ""))[1]
    if record["phase"] not in PHASES[1:]:
        raise EvidenceError("workaround", values.get("phase", (None,))[0], "%.40r is not a phase" % str(record["phase"]))
    for name in _NUMBERS:
        number, value = values.get(name, (None, ABSENT))
        record[name] = None if value == ABSENT else count("workaround", number, value)
    record["mark"] = _token(*values.get("mark", (None, ABSENT)))
    if record["original_min_free_kbytes"] is None:
        raise EvidenceError("workaround", None, "original_min_free_kbytes is missing")
    since = record["since_epoch_seconds"]
    record["since"] = _iso(since)
    if since is not None and now_epoch_seconds is not None and now_epoch_seconds >= since:  # a clock that went back tells nothing
        record["in_force_seconds"] = now_epoch_seconds - since
    return record


def _token(number, value):
    if value == ABSENT:
        return None
    if not _TOKEN.match(value):
        raise EvidenceError("workaround", number, "%.40r is not the token of a mark" % str(value))
    return value


def parse_settings(texts):
    """[{file, name, value}] of the lines that set one of KEYS; ``texts``: [(path, text)]. ``value`` as it is written."""
    return [
        {"file": path, "name": found.group(1), "value": found.group(2).strip()}
        for path, text in texts
        for found in map(_SETTING.match, text.split("\n"))
        if found
    ]


def _iso(epoch_seconds):
    if epoch_seconds is None or epoch_seconds > 253402300799:  # the end of the year 9999
        return None
    return utc_time_of(epoch_seconds)
