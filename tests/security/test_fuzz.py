# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fuzzer for its part of a minute, with a seed that never changes; and the fuzzers: that they notice, and miss no parser."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import read_transcript
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet

from tests.conftest import ROOT
from tests.security.attacks import damage
from tests.security.attacks.transcripts import sound
from tests.security.fuzz import properties, runner
from tests.security.fuzz.__main__ import main
from tests.security.fuzz.every import FUZZERS, GROUPS
from tests.security.fuzz.open_points import OPEN, OpenPoint
from tests.security.fuzz.properties import Broken, harmless_reports, named, require, sound_document
from tests.security.fuzz.runner import Fuzzer, TooSlowError, fails, run
from tests.security.fuzz.shrink import shrunk
from tests.security.fuzz.table import BEGIN, COUNTS, END, PAGE, parser_names, read_counts, write_table

_SEED = 12
_SECONDS = 60 if os.environ.get("CI") else 15
#: Beyond these a fuzzer has had enough here, so that each run on a machine that is not slow tries the same.
_INPUTS = 5000
_SHARES = sum(fuzzer.share for fuzzer in FUZZERS.values())


@pytest.mark.parametrize("fuzzer", FUZZERS.values(), ids=FUZZERS)
def test_every_property_holds(fuzzer: Fuzzer) -> None:
    tally = run(fuzzer, _SEED, 0, _INPUTS, _SECONDS * fuzzer.share / _SHARES)
    assert tally.inputs
    assert not tally.failures, f"see build/fuzz, and run ./dev fuzz --parser {fuzzer.name} --seed {_SEED}"


@pytest.mark.parametrize(
    "one", [pytest.param(one, marks=pytest.mark.xfail(strict=True, reason=one.point)) for one in OPEN], ids=lambda one: one.point
)
def test_what_is_being_mended(one: OpenPoint) -> None:
    """Strict: what does not fail any more is to be taken out of open_points.py."""
    failure = fails(FUZZERS[one.fuzzers[0]], one.given)
    assert failure is None or one.sign not in failure[1]


@pytest.mark.parametrize("kind", damage.KINDS)
@pytest.mark.parametrize("host", damage.CLEAR)
def test_damage_that_never_reads_as_clear(host: str, kind: str) -> None:
    whole = sound()[host]
    assert verdict_of(whole) == "clear", "else the damage shows nothing"
    assert verdict_of(damage.KINDS[kind](Random(1), whole)) != "clear"


def verdict_of(text: str) -> str:
    try:
        gathered = Gathered.from_evidence(read_transcript(text))
    except EvidenceError as error:
        gathered = Gathered(None, str(error))
    verdict: str = judge_fleet({"h": gathered}, [])["hosts"]["h"]["verdict"]
    return verdict


# --- the fuzzers miss nothing ---

#: What the name of a function that reads begins with, in this house.
_READS = re.compile(r"(?:parse|read|from|cut|filter|split|decode)_|(?:parse|facts_from|nics_from)\Z")
#: Those that read what the operator or the collection wrote.
_NOT_FROM_HOSTS = {"read_bundled", "read_policy", "read_advisory", "read_spans", "read_table", "split_path"}


def readers() -> Iterator[str]:
    """The names of all public functions of the core that read."""
    for folder in ("module_utils", "plugin_utils"):
        for path in (ROOT / "plugins" / folder).rglob("*.py"):
            for scope in (tree := ast.parse(path.read_text(encoding="utf-8"))).body:
                prefix = f"{scope.name}." if isinstance(scope, ast.ClassDef) else ""
                for node in scope.body if isinstance(scope, ast.ClassDef) else [scope]:
                    if isinstance(node, ast.FunctionDef) and _READS.match(node.name) and not prefix.startswith("_"):
                        yield prefix + node.name
            assert tree.body, path


def test_every_parser_has_a_fuzzer() -> None:
    called = {name for fuzzer in FUZZERS.values() for name in parser_names(fuzzer)}
    found = set(readers())
    assert len(found) > 40, "the pattern finds the parsers"
    assert sum(map(len, GROUPS)) == len(FUZZERS), "no two of one name"
    missing = sorted(found - called - _NOT_FROM_HOSTS)
    assert not missing, "give these a fuzzer in tests/security/fuzz/of_*.py"


def test_the_same_seed_gives_the_same_inputs_everywhere() -> None:
    """Also in a process whose sets have another order."""
    program = (
        "import hashlib\nfrom tests.security.fuzz.every import FUZZERS\n"
        "print(hashlib.sha256(repr([f.input_of(3, n) if f.name not in ('facts', 'diagnostics') else vars(f.input_of(3, n))"
        " for f in FUZZERS.values() if f.name != 'upgrade' for n in range(5)]).encode('utf-8', 'surrogatepass')).hexdigest())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1


# --- the fuzzers notice ---


def fuzzer_of(check: Callable[[Any], None]) -> Fuzzer:
    return Fuzzer("planted", "a planted fault", (), lambda chance: "\n".join(str(chance.randrange(100)) for _line in range(50)), check)


def unforeseen(text: str) -> None:
    named(lambda given: {}["x"] if "7" in given else None, text)


def unbounded(text: str) -> None:
    properties.bounded([text] * 2000, text)


def talkative(text: str) -> None:
    def refuse(given: str) -> None:
        raise EvidenceError("x", 1, given * 1000)

    named(refuse, text)


@pytest.mark.parametrize(
    ("check", "kind"),
    [(unforeseen, "KeyError"), (unbounded, "Broken"), (talkative, "Broken"), (lambda text: require(False, "never"), "Broken")],
)
def test_a_planted_fault_is_found_and_written_down(check: Callable[[Any], None], kind: str, tmp_path: Path) -> None:
    tally = run(fuzzer_of(check), 5, 0, 20, folder=tmp_path)
    assert tally.inputs == 20, "it goes on"
    assert len(tally.failures) == 1 and next(iter(tally.failures)).startswith(kind)
    [written] = tmp_path.glob("planted-5-*.json")
    told = json.loads(written.read_text())
    assert told["again"].endswith(f"--parser planted --seed 5 --first {told['number']} --inputs 1")
    assert told["input"] == fuzzer_of(check).input_of(5, told["number"]) and len(told["shrunk"]) < len(told["input"])
    if kind == "KeyError":
        assert told["shrunk"] == "7"


def test_what_never_ends_is_ended_and_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(runner, "MOST_CPU_SECONDS", 0.2)

    def never_ends(text: str) -> None:
        re.match(r"(a+)+$", "a" * 40 + "b")

    began = time.process_time()
    tally = run(fuzzer_of(never_ends), 1, 0, 1, folder=tmp_path)
    assert next(iter(tally.failures)).startswith(TooSlowError.__name__) and time.process_time() - began < 5


def test_an_input_is_made_as_small_as_it_may_be() -> None:
    assert shrunk({"a": "x\ny\nz", "b": "q"}, lambda given: "y" in given.get("a", "")) == {"a": "y"}
    assert shrunk(bytes(2000) + b"!" + bytes(2000), lambda given: b"!" in given).count(b"!") == 1


@pytest.mark.parametrize(
    ("renderer", "spoil", "what"),
    [
        ("render_html", lambda text: text.replace("</main>", "<img src=x></main>"), "a link to|elements"),
        ("render_html", lambda text: text.replace("</main>", "<script>x</script></main>"), "scripts|elements"),
        ("render_html", lambda text: text.replace("<main ", "<main onclick=x "), "elements"),
        ("render_html", lambda text: text.replace('href="#host=', 'href="javascript:', 1), "a link to"),
        ("render_html", lambda text: text.replace("</main>", "<!-- x --></main>"), "a comment"),
        ("render_html", lambda text: text.replace('id="meanings">', 'id="meanings">\n"<b>"'), "markup among its data"),
        ("render_html", lambda text: re.sub('(id="packs"[^>]*>\n)', r"\1<b>", text), "among its data"),
        ("render_html", lambda text: text.replace("</h1>", "\x1b[31m</h1>"), "act on a terminal"),
        ("render_json", lambda text: text.replace('"verdict":"clear"', '"verdict":"fine"', 1), "not valid"),
        ("render_json", lambda text: text.replace('"schema"', '"\x9bschema"', 1), "act on a terminal"),
        ("render_prometheus", lambda text: text.replace('host="db05-el65",verdict', 'host="app11-el9",verdict'), "a series twice"),
        ("render_prometheus", lambda text: re.sub('pagealloc_host_verdict{host="db05.*\n', "", text), "every host once"),
        ("render_csv", lambda text: text.replace("\r\ndb05-el65,", "\r\n=db05-el65,"), "a formula of a host's"),
        ("render_csv", lambda text: text.replace(",clear,", ",x;=1,", 1), "a formula of a host's"),
        ("render_csv", lambda text: text + "one more\r\n", "every host once"),
        ("render_csv", lambda text: text.replace(",clear,", ",clear,,", 1), "more cells or fewer"),
        ("render_csv", lambda text: text.replace("clear", "clear\x1b[31m", 1), "act on a terminal"),
        ("render_answer", lambda text: text + "\x1b]0;owned\x07", "colours|act on a terminal"),
        ("render_answer", lambda text: text + "x" * 300, "columns wide"),
    ],
)
def test_a_report_that_does_something_to_its_reader_is_noticed(
    renderer: str, spoil: Callable[[str], str], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet = judge_fleet({name: Gathered.from_evidence(read_transcript(sound()[name])) for name in ("db05-el65", "app11-el9")}, [])
    harmless_reports(fleet)
    real = getattr(properties, renderer)
    monkeypatch.setattr(properties, renderer, lambda *arguments, **keywords: spoil(real(*arguments, **keywords)))
    with pytest.raises((Broken, ValueError), match=what):
        harmless_reports(fleet)


def test_a_document_that_leaves_out_a_host_or_calls_an_unread_one_clear_is_noticed() -> None:
    fleet = judge_fleet({"h": Gathered.from_evidence(read_transcript(sound()["db05-el65"]))}, [])
    sound_document(fleet, ["h"])
    with pytest.raises(Broken, match="exactly once"):
        sound_document(fleet, ["h", "other"])
    result = {**fleet["hosts"]["h"], "facts": {**fleet["hosts"]["h"]["facts"], "failures": None}}
    with pytest.raises(Broken, match="is clear though"):
        sound_document({**fleet, "hosts": {"h": result}}, ["h"])
    with pytest.raises(Broken, match="a fault of ours"):
        sound_document({**fleet, "hosts": {"h": {**result, "reasons": [f"{properties.FAULT} KeyError"]}}}, ["h"])


# --- the words and the table ---


def test_counts_of_runs_add_up_and_go_into_the_page(tmp_path: Path) -> None:
    page = tmp_path / "security.md"
    page.write_text(f"before\n{BEGIN}\nas it was\n{END}\nafter\n")
    where = ["--folder", str(tmp_path), "--page", str(page)]
    for seed in ("1", "2"):
        assert main(["--inputs", "30", "--seed", seed, "--parser", "uname", "--parser", "meminfo", "--table", *where]) == 0
    kept = read_counts(tmp_path / COUNTS)["uname"]
    assert (kept["inputs"], kept["failures"], kept["seeds"]) == (60, [], [1, 2])
    written = page.read_text()
    assert "| `uname` | `uname -a` | `parse_uname` | 60 |" in written and "120 inputs in all, of the seeds 1, 2" in written
    assert written.startswith("before\n") and written.endswith("\nafter\n") and "as it was" not in written
    with pytest.raises(ValueError, match="two marks"):
        write_table(tmp_path / COUNTS, tmp_path / COUNTS)


def test_what_fails_is_told_with_the_words_that_run_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(FUZZERS, "planted", fuzzer_of(unforeseen))
    assert main(["--seconds", "1", "--parser", "planted", "--folder", str(tmp_path)]) == 1
    told = capsys.readouterr()
    assert "planted: KeyError" in told.out and str(tmp_path) in told.err
    assert read_counts(tmp_path / COUNTS)["planted"]["failures"]


@pytest.mark.parametrize("words", [("--inputs", "0"), ("--seconds", "-1"), ("--first", "-1"), ("--processes", "0")])
def test_wrong_numbers_are_refused(words: tuple[str, ...], tmp_path: Path) -> None:
    assert main([*words, "--folder", str(tmp_path)]) == 2
    assert not list(tmp_path.iterdir())


def test_an_unknown_fuzzer_is_refused_with_those_that_there_are() -> None:
    command = [sys.executable, "-m", "tests.security.fuzz", "--parser", "no_such"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2 and "no fuzzer no_such; there are buddyinfo, zoneinfo" in done.stderr


def test_the_page_names_every_fuzzer_and_parser_with_what_was_tried() -> None:
    table = PAGE.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]
    rows = {cells[1].strip(" `"): cells for line in table.split("\n") if line.startswith("| `") and (cells := line.split("|"))}
    assert list(rows) == list(FUZZERS), "./dev fuzz --table writes it anew"
    for name, fuzzer in FUZZERS.items():
        assert [called.strip(" `") for called in rows[name][3].split(",")] == parser_names(fuzzer)
        assert int(rows[name][4].replace(",", "")) >= 300 and rows[name][6].strip() == "0", name


def test_the_digest_of_the_first_input_of_each_fuzzer_is_of_its_seed() -> None:
    """Another seed gives other inputs: none of the generators leaves its Random unused."""
    for fuzzer in FUZZERS.values():
        shown = {hashlib.sha256(repr(runner._shown(fuzzer.input_of(seed, 1))).encode("utf-8", "replace")).hexdigest() for seed in range(8)}
        assert len(shown) > 1, fuzzer.name
