# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documents for users say is so: names and paths exist, figures and tables are what the code gives."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
import yaml
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.manifest import DEEP, MANIFEST
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.compare.traits import NAMES
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import (
    SCHEMA,
    load_catalogue,
    merge_site_advisories,
    read_bundled,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.condition import Condition, ConditionError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.prometheus import render_prometheus
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.role_options import role_options
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.archive import MAX_KEPT_BYTES, MAX_MEMBERS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.layout import MAX_MEMBER_BYTES
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.places import SOS_FORMS, SOS_IDENTITY
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.unpacking import (
    MAX_RATIO,
    MAX_UNPACKED_BYTES,
    RATIO_COUNTS_FROM_BYTES,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.limits import available_kb
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.policy import read_policy
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.remedies.min_free_kbytes import limits

from tests.conftest import ROOT
from tests.tools.make_documents import QUOTED, quoted_anew, recorded_fleet

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "tests/lab/README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {str(page.relative_to(ROOT)): page.read_text(encoding="utf-8") for page in PAGES}
README = TEXTS["README.md"]
OPTIONS = role_options("audit")
#: Of the workaround's role, of its playbook alone, and the filter.
OF_THE_WORKAROUND = {*role_options("workaround"), "workaround_serial", "workaround_plan"}

every_page = pytest.mark.parametrize("page", TEXTS)


def fenced(text: str, language: str) -> Iterator[str]:
    """The code blocks of one language, those in lists without their indent."""
    for indent, block in re.findall(rf"^( *)```{language}\n(.*?)^ *```$", text, re.M | re.S):
        yield re.sub(f"^{indent}", "", block, flags=re.M)


def table(text: str, *head: str) -> list[list[str]]:
    """The rows below the head of a table, cell by cell."""
    lines = text.split("\n")
    start = next(place for place, line in enumerate(lines) if cells(line)[: len(head)] == list(head))
    body = lines[start + 2 :]
    end = next(place for place, line in enumerate([*body, ""]) if not line.startswith("|"))
    return [cells(line) for line in body[:end]]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def code(cell: str) -> list[str]:
    return [word.strip() for _ticks, word in re.findall(r"(`+)(.+?)\1(?!`)", cell)]


@every_page
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", TEXTS[page]):
        if target.startswith("http"):
            continue
        path, _hash, anchor = target.partition("#")
        aim = (ROOT / page).parent / path if path else ROOT / page
        assert aim.exists(), target
        if anchor:
            heads = re.findall(r"^#+ (.*)$", aim.read_text(encoding="utf-8"), re.M)
            assert anchor in {re.sub(r"[^\w -]", "", head).lower().replace(" ", "-") for head in heads}, target


@every_page
def test_paths_of_the_repository_exist(page: str) -> None:
    named = re.findall(r"(?<![\w./:-])(?:plugins|roles|playbooks|tests|docs|meta|changelogs)/[\w./-]*\w/?", TEXTS[page])
    assert [path for path in named if "NAME" not in path and not (ROOT / path).exists()] == []


@every_page
def test_commands_and_names_exist(page: str) -> None:
    text = TEXTS[page]
    known = set(re.findall(r"^([a-z]+)\)$", (ROOT / "dev").read_text(encoding="utf-8"), re.M))
    assert set(re.findall(r"\./dev ([a-z]+)", text)) <= known
    plugins = {path.stem for pattern in ("*/*.py", "*/*.yml") for path in (ROOT / "plugins").glob(pattern)}
    roles = {path.name for path in (ROOT / "roles").iterdir()}
    others = {path.stem for folder in ("playbooks", "extensions/eda") for path in (ROOT / folder).rglob("*.*")}
    assert set(re.findall(r"fleetcare\.pagealloc\.(\w+)", text)) <= {*plugins, *roles, *others, "NAME"}
    older = {"audit_advisories", "workaround_output_dir"}
    if page not in ("docs/performance.md", "docs/scale.md"):  # their figures have such names
        of_the_playbook = re.findall(r"\baudit_\w+", (ROOT / "playbooks" / "audit.yml").read_text(encoding="utf-8"))
        assert set(re.findall(r"\baudit_\w+", text)) <= {*OPTIONS, *of_the_playbook, *older}
    assert set(re.findall(r"\bworkaround_\w+", text)) <= OF_THE_WORKAROUND | older


@every_page
def test_snippets_parse(page: str) -> None:
    for block in fenced(TEXTS[page], "yaml"):
        value = yaml.safe_load(block)
        if "pagealloc_advisories" in value:
            assert merge_site_advisories(load_catalogue(), value["pagealloc_advisories"]) != load_catalogue()
    for block in fenced(TEXTS[page], "python"):
        compile(block, page, "exec")


def test_the_options_are_those_of_the_role() -> None:
    rows = {code(row[0])[0]: row for row in table(TEXTS["docs/options.md"], "option", "type", "default")}
    assert list(rows) == list(OPTIONS)
    for name, option in OPTIONS.items():
        assert yaml.safe_load(code(rows[name][2])[0]) == option["default"], name
        assert rows[name][1].split()[0] == option["type"], name


@pytest.mark.parametrize("page", QUOTED)
def test_what_a_page_quotes_is_what_the_tool_says(page: str) -> None:
    assert TEXTS[page] == quoted_anew(page), "run: .venv/test/bin/python -m tests.tools.make_documents"


def test_each_verdict_has_a_next_step() -> None:
    assert all(row[2] for row in table(TEXTS["docs/report.md"], "verdict", "meaning", "next step"))


def test_the_readme_is_one_that_a_person_finishes() -> None:
    lines = README.split("\n")
    assert len(lines) <= 150
    assert all(len(line) <= 130 or line.startswith(("|", "![")) for line in lines)


def test_each_playbook_has_its_line() -> None:
    rows = table(TEXTS["docs/playbooks.md"], "playbook", "what it does")
    assert {code(row[0])[0] for row in rows} == {path.stem for path in (ROOT / "playbooks").glob("*.yml")} - {"this_machine"}


def test_every_fact_that_is_compared_is_explained() -> None:
    assert [code(row[0])[0] for row in table(TEXTS["docs/compare.md"], "fact", "value")] == list(NAMES)


def test_the_metrics_are_those_of_the_file() -> None:
    metrics = {code(row[0])[0] for row in table(TEXTS["docs/report.md"], "metric", "labels")}
    assert metrics == set(re.findall(r"^# TYPE (\w+)", render_prometheus(recorded_fleet()), re.M))


def test_the_examples_of_the_verdicts_are_those_of_the_recorded_fleet() -> None:
    rows = table(TEXTS["docs/verdicts.md"], "host", "verdict", "why")
    told = {host: code(row[1])[0] for row in rows for host in code(row[0])}
    assert told == {host: result["verdict"] for host, result in recorded_fleet()["hosts"].items()}


def test_every_key_of_an_advisory_is_explained() -> None:
    keys = {code(row[0])[0]: row[1] == "yes" for row in table(TEXTS["docs/advisories.md"], "key", "needed")}
    definitions = json.loads(SCHEMA.read_text(encoding="utf-8"))["definitions"]
    schema = definitions["advisory"]
    needed = {}
    for name, told in schema["properties"].items():
        inner = definitions[told["$ref"].rsplit("/", 1)[-1]] if "$ref" in told else told
        below = inner.get("properties", {})
        if name == "kernel" or not below:
            needed[name] = name in schema["required"]
        needed.update({f"{name}.{key}": key in inner.get("required", ()) for key in below})
    assert keys == needed
    for name, value in read_bundled()["defaults"]["symptom"].items():
        assert name == "order" or f"{value} if not given" in TEXTS["docs/advisories.md"]


def test_the_conditions_give_what_is_said() -> None:
    facts = recorded_fleet()["hosts"]["app10-el7"]["facts"]
    said = {"yes": (True, None), "no": (False, None)}
    rows = table(TEXTS["docs/advisories.md"], "condition", "`app10-el7`, `ixgbe`, MTU 1500, no failures")
    assert len(rows) > 5
    for expression, answer in rows:
        condition, word = Condition(code(expression.replace("\\|", "|"))[0]), re.split("[:,]", answer)[0]
        if word == "an error":
            with pytest.raises(ConditionError):
                condition.ask(facts)
        elif word == "not seen":
            assert condition.ask(facts)[0] is None, expression
        else:
            assert condition.ask(facts) == said[word], expression


def test_the_headroom_worked_by_hand_is_that_of_the_code() -> None:
    text, hosts = TEXTS["docs/headroom.md"], recorded_fleet()["hosts"]
    totals = {name: hosts[name]["headroom"]["atomic"][2] for name in ("db03-el64-seed", "web07-el64-bond", "ci12-debian12")}
    assert totals == {"db03-el64-seed": 11840, "web07-el64-bond": 0, "ci12-debian12": 7}
    by_zone = {zone["zone"]: zone["atomic"][2] for zone in hosts["ci12-debian12"]["headroom"]["zones"]}
    assert by_zone == {"DMA": 0, "DMA32": 5, "Normal": 2}
    assert hosts["db03-el64-seed"]["headroom"]["unusable_free_percent"][2] == 27.2
    for zone in hosts["db03-el64-seed"]["facts"]["zones"]:
        blocks = " +".join(map(str, zone["free_blocks"][:4]))
        reserve = 0 if zone["zone"] == "Normal" else zone["lowmem_reserve_pages"][2]
        assert re.search(rf"zone +{zone['zone']} +{blocks} .*min +{zone['min_pages']} +reserve +{reserve}$", text, re.M)
    for left, sums in re.findall(r"^free\(\d\) = ([\d*+ ]+) = (\d+)$", text, re.M):
        assert sum(int(a or 1) * int(b) for a, b in re.findall(r"(?:(\d+)\*)?(\d+)", left)) == int(sums)


def test_every_source_of_evidence_is_listed() -> None:
    text = TEXTS["docs/evidence.md"]
    named = {re.sub("/(IF|MODULE)$", "/*", word) for word in code(text)} | set(code(text))
    assert {entry.source for entry in (*MANIFEST, *DEEP)} <= named


def test_every_place_in_a_sosreport_is_listed() -> None:
    patterns = [pattern for entry in (*MANIFEST, *DEEP) for pattern in entry.sos if pattern != entry.source.lstrip("/")]
    patterns += [pattern for places in (SOS_FORMS, SOS_IDENTITY) for several in places.values() for pattern in several]
    rows = table(TEXTS["docs/sosreports.md"], "evidence", "in the report")
    assert {word for row in rows for word in code(row[1])} == set(patterns)


def test_the_bounds_of_sosreports_are_those_of_the_code() -> None:
    text = TEXTS["docs/sosreports.md"]
    bomb = f"above {RATIO_COUNTS_FROM_BYTES >> 20} MiB unpacked and {MAX_RATIO} times its size, or above {MAX_UNPACKED_BYTES >> 30} GiB"
    assert bomb in text
    assert f"more than {MAX_KEPT_BYTES >> 20} MiB of files that are read, more than {MAX_MEMBERS:,} members" in text
    assert f"a member above {MAX_MEMBER_BYTES >> 20} MiB" in text


def test_the_limits_of_the_workaround_worked_by_hand_are_those_of_the_code() -> None:
    text, facts = TEXTS["docs/workaround.md"], recorded_fleet()["hosts"]["db03-el64-seed"]["facts"]
    policy = read_policy({}, load_catalogue().workaround)
    found = {str(limit.most) for limit in limits(facts, facts["vm"]["min_free_kbytes"], policy)}
    rows = table(text, "option", "default", "limit", "of `db03-el64-seed`")
    for option, default, _limit, sum_ in rows:
        assert float(default) == getattr(policy, code(option)[0].removeprefix("workaround_"))
        parts = re.fullmatch(r"(\d+ \+ )?(\d+) \* (\d+) / 100( \* 2 / 3)? = \*\*(\d+) kB\*\*", sum_)
        assert parts, sum_
        added, share, percent, cut, kb = parts.groups()
        assert percent == default
        spent = int(share) * int(percent) // 100
        assert int(kb) == (int(added[:-3]) if added else 0) + (spent * 2 // 3 if cut else spent)
    assert {row[3].split("**")[1].removesuffix(" kB") for row in rows} == found
    low_kb = sum(zone["low_pages"] for zone in facts["zones"]) * 4
    sum_by_hand, result = re.findall(r"low\nwatermarks of (\d+) kB: .* = (\d+) kB\.", text)[0]
    assert (int(sum_by_hand), int(result)) == (low_kb, available_kb(facts["memory"], low_kb)[0])


def test_the_steps_of_the_workaround_are_those_of_the_catalogue() -> None:
    catalogue = load_catalogue()
    case = next(one for one in catalogue.advisories if one.id == "mlx4_en-rhel-6.4-order-2")
    first = case.workaround
    assert first is not None
    assert first.min_free_kbytes is not None
    steps = [step for step in catalogue.workaround["steps_kb"] if step > first.min_free_kbytes]
    rising = f"{', '.join(map(str, steps[:-1]))} and {steps[-1]} kB"
    assert f"{first.min_free_kbytes} kB for `{case.id}`. The next ones are {rising}" in TEXTS["docs/workaround.md"]


def test_the_changelog_is_in_order() -> None:
    done = subprocess.run([sys.executable, "-m", "antsibull_changelog", "lint"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
