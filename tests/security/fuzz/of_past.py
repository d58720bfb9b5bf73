# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file with audits from before: what a person may have edited, and what hosts wrote into it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.course import course_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.forecast import MOST_POINTS, forecast
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.keeping import HistoryError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.recorded_past import read_past

from tests.conftest import SAMPLE_FLEET
from tests.security.attacks.texts import text_like
from tests.security.fuzz.properties import named, require
from tests.security.fuzz.runner import Fuzzer

_HEAD, *_LINES = (SAMPLE_FLEET / "nights.csv").read_text().splitlines()
#: Numbers that no kernel and no clock gives.
_ODD = ("-1", "1e9", "99999999999999999999", "9" * 500, "NaN", "", " 7", "0x10", "1795644000")


def _make(chance: Random) -> str:
    lines = [chance.choice(_LINES) for _line in range(chance.randint(1, 60))]
    for _time in range(chance.randint(0, 6)):
        place = chance.randrange(len(lines))
        cells = lines[place].split(",")
        cells[chance.randrange(len(cells))] = chance.choice(_ODD)
        lines[place] = ",".join(cells)
    whole = "\n".join([_HEAD, *lines])
    return text_like(chance, [whole]) if chance.random() < 0.5 else whole


def _check(text: str) -> None:
    with tempfile.TemporaryDirectory(prefix="pagealloc-fuzz-") as folder:
        path = Path(folder) / "past.csv"
        path.write_text(text, encoding="utf-8", errors="replace")
        found = named(read_past, str(path), "fleet", errors=(HistoryError,))
    for seen in found.of_host.values() if found else ():
        require(len(seen) <= MOST_POINTS, "more of a host is kept than is looked at")
        told = forecast(seen[1:], seen[0])
        require((told["exhausted_earliest"] is None) <= (told["exhausted_latest"] is None), "an end has a last day and no first")
        course_of(seen[1:], seen[0])


FUZZERS = (Fuzzer("past", "a file with audits from before", (read_past, forecast, course_of), _make, _check),)
