# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes into the documents what they quote of the tool's own words: tables, sentences, outputs of the sample fleet.

.venv/test/bin/python -m tests.tools.make_documents
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatch
from functools import lru_cache
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import facts_from
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.compare.comparison import compare
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.recorded import CONNECTION, read_recorded
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import VERDICTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.last_screen import render_answer
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.templating.templated import plan_value
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.effect import OUTCOMES

from tests.conftest import ROOT, SAMPLE_FLEET


@lru_cache(maxsize=1)
def recorded_fleet() -> dict[str, Any]:
    """The document of the sample fleet."""
    gathered = {}
    for path in (SAMPLE_FLEET / "evidence").glob("*.evidence"):
        evidence = read_recorded(str(path))
        said = evidence.reasons.get(CONNECTION)
        gathered[path.stem] = Gathered(None, said, True) if said else Gathered(facts_from(evidence))
    fleet: dict[str, Any] = judge_fleet(gathered, [])
    return fleet


def answer_shown(text: str) -> str:
    """The table in the README, of the hosts that its command names."""
    asked = text[text.index("--limit '") :].split("'")[1].split(",")
    fleet = recorded_fleet()
    hosts = {name: host for name, host in fleet["hosts"].items() if any(fnmatch(name, pattern) for pattern in asked)}
    counts = {verdict: sum(host["verdict"] == verdict for host in hosts.values()) for verdict in VERDICTS}
    told = {**fleet, "hosts": hosts, "counts": counts, "comparison": compare(hosts)}
    printed = render_answer(told, "worst", ["Report: .../fleet.html"])
    return _replaced(text, r"(?s)^HOST  .*?(?=\n```$)", printed[printed.index("HOST ") :].strip())


def comparison_shown(text: str) -> str:
    printed = render_answer(recorded_fleet(), "all", ())
    section = next(part for part in printed.split("\n\n") if part.startswith("What sets "))
    return _replaced(text, r"(?s)^What sets the .*?(?=\n```$)", section.strip())


def plans_shown(text: str) -> str:
    """What the filter says of two hosts, each behind a line that names its host and ends in a colon."""
    for host in ("db03-el64-seed", "db13-el64-numa"):
        said = "\n".join(plan_value(recorded_fleet()["hosts"][host]["facts"], {}, [])["sentences"])
        text = _replaced(text, rf"(?s)(?<=of `{host}`:\n\n```text\n).*?(?=\n```$)", said)
    return text


def verdicts_shown(text: str) -> str:
    return _meanings(text, "| verdict | meaning |", VERDICTS)


def outcomes_shown(text: str) -> str:
    return _meanings(text, "| outcome | meaning |", OUTCOMES)


#: Page -> what it quotes.
QUOTED: dict[str, tuple[Callable[[str], str], ...]] = {
    "README.md": (answer_shown,),
    "docs/report.md": (verdicts_shown, comparison_shown),
    "docs/compare.md": (comparison_shown,),
    "docs/workaround.md": (plans_shown, outcomes_shown),
}


def quoted_anew(page: str) -> str:
    """The text of a page, with what it quotes as the tool says it today."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for quote in QUOTED[page]:
        text = quote(text)
    return text


def _replaced(text: str, pattern: str, words: str) -> str:
    """The one place that the pattern finds, with these words."""
    new, count = re.subn(pattern, lambda _found: words, text, flags=re.M)
    if count != 1:
        raise ValueError(f"{count} places are like {pattern!r}, not one")
    return new


def _meanings(text: str, head: str, meanings: Mapping[str, str]) -> str:
    """The first two columns of a table: every name in its order, with its meaning. What stands behind them stays with its name."""
    before, found, rest = text.partition(head)
    if not found:
        raise ValueError(f"no table begins with {head!r}")
    first, line, *lines = rest.split("\n")
    end = next(place for place, row in enumerate([*lines, ""]) if not row.startswith("|"))
    behind = {row.split("`")[1]: row.split("|", 3)[3] for row in lines[:end]}
    rows = [f"| `{name}` | {meaning} |{behind.get(name, '')}" for name, meaning in meanings.items()]
    return before + found + "\n".join([first, line, *rows, *lines[end:]])


def main() -> None:
    for page in QUOTED:
        (ROOT / page).write_text(quoted_anew(page), encoding="utf-8")


if __name__ == "__main__":
    main()
