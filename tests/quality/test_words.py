# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain English: patterns that cost a reader a second look stay out of documents, docstrings, comments, messages and fragments."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.quality.tools import ROOT

#: Pattern -> why it is hard to read, and what to write instead. All are tried without regard to case.
PATTERNS = {
    r"that which|those which": "two pronouns for one thing: name the thing",
    r"of which": "an inversion: begin a new sentence, or name the thing",
    r"for want of|by want of": "archaic: write 'because X is missing'",
    r"wherein|whereof|whereby|therein|thereof|thereto|thereby|hereby|herein": "archaic: name the thing again",
    r"hence|thence|whence|whither|hither|lest|whilst|amongst|notwithstanding": "archaic: write so, from, in order not to, while, among",
    r"save (?:for|that|where)|but for (?:something|what|a)|would \w+ but for": "archaic: write 'except'",
    r"so as (?:not )?to": "write 'to' or 'so that'",
    r"nor (?:does|do|did|is|are|was|were|has|have|can|may|will|would)\b": "an inversion: subject first, 'and it does not'",
    r"be it\b|were it\b|should it (?:be|fail|come)|had it (?:been|not)": "an inversion: write 'if'",
    r"or else the message": "write 'or the message that says why'",
    r"where (?:nobody|nothing|none|no one) is\b": "an inversion: write 'if no ... is'",
    r"need be\b|to be had\b|ought to": "archaic: write 'is needed', 'available', 'should'",
    r"(?:cannot|could not|can not) but\b": "a double negation: say what happens",
    r"what (?:was|is) not seen (?:of|may)": "write 'missing data' or 'is not known'",
    r"(?:is|are|was|were) none of (?:a|an|the|its|our|ours|that)\b": "write 'is not a ...'",
    r"gives? (?:it|them) (?:back )?what (?:was|is) there": "write 'restores the old values'",
    r"put(?:s)? (?:it|them|the step) back where": "write 'undoes the step if'",
    r"whatever (?:becomes|became) of": "write 'with any outcome'",
    r"in the (?:former|latter)|the former .{1,40} the latter": "a reader has to look back: name the things again",
}
#: Words of the kernel or of others, which we only repeat.
QUOTED = re.compile(r"``[^`]*``|`[^`]*`|\b[A-Z]\([^)]*\)|https?://\S+")
COMPILED = [(re.compile(rf"\b(?:{pattern})", re.IGNORECASE), reason) for pattern, reason in PATTERNS.items()]
#: Words a sentence of a message may have: what a person reads at once at three in the morning. Lists of names and numbers count little.
MOST_WORDS_OF_A_MESSAGE = 26
#: The same of a document.
MOST_WORDS_OF_A_DOCUMENT = 45
_MOST_FIGURES = 12
_ITEM = re.compile(r"\s*(?:[-*]|\d+\.) ")
_END = re.compile(r"(?<=[.!?;:])\s+")

Text = tuple[int, str]


def _of_folder(*patterns: str) -> list[Path]:
    return sorted({path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file() and not _is_foreign(path)})


def _is_foreign(path: Path) -> bool:
    parts = set(path.relative_to(ROOT).parts)
    return bool(parts & {".venv", "build", "__pycache__", "evidence", "cases"}) or path == Path(__file__)


def comments_of(source: str) -> Iterator[Text]:
    """Each run of comments that follow one another, as one text: sentences are broken over lines."""
    run: list[str] = []
    begin = last = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        if run and token.start[0] != last + 1:
            yield begin, " ".join(run)
            run = []
        begin = begin if run else token.start[0]
        last = token.start[0]
        run.append(token.string.lstrip("#: "))
    if run:
        yield begin, " ".join(run)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def strings_of(source: str) -> Iterator[tuple[int, str, bool]]:
    """(line, text, whether it is a docstring) of each string with a blank in it; what an f-string fills in is ``X``."""
    tree = ast.parse(source)
    parts = {part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node) if part is not node}
    docs = {node.value for node in ast.walk(tree) if _is_docstring(node)}  # type: ignore[attr-defined]
    for node in ast.walk(tree):
        if node in parts or not isinstance(node, (ast.Constant, ast.JoinedStr)):
            continue
        text = _filled(node) if isinstance(node, ast.JoinedStr) else node.value
        if isinstance(text, str) and " " in text.strip():
            yield node.lineno, text, node in docs


def _filled(node: ast.JoinedStr) -> str:
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)


def _texts(path: Path) -> Iterator[Text]:
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        yield from comments_of(source)
        yield from ((line, text) for line, text, _doc in strings_of(source))
    else:
        yield from paragraphs_of(source)


def paragraphs_of(source: str) -> Iterator[Text]:
    """Runs of lines without an empty line or a new item of a list between them. Blocks of code in Markdown are left out."""
    lines, begin, in_code = [], 1, False
    for number, line in enumerate([*source.splitlines(), ""], 1):
        fence = line.lstrip().startswith("```")
        if fence or in_code or not line.strip() or _ITEM.match(line):
            if lines:
                yield begin, " ".join(lines)
            lines = []
            in_code = in_code is not fence
        if fence or in_code or not line.strip():
            continue
        if not lines:
            begin = number
        lines.append(re.sub(r"^\s*(?:#:?|//|- |\*)\s*", "", line).strip())


def faults_of(texts: Iterator[Text]) -> Iterator[str]:
    for line, text in texts:
        plain = " ".join(QUOTED.sub("X", text).split())
        for pattern, reason in COMPILED:
            found = pattern.search(plain)
            if found:
                yield f"line {line}: {plain[max(0, found.start() - 40) : found.end() + 30]!r}: {reason}"


WRITTEN = _of_folder(
    "plugins/**/*.py", "plugins/**/*.yml", "plugins/**/*.sh", "plugins/**/*.js", "plugins/**/*.j2", "roles/**/*.yml", "playbooks/*.yml",
    "playbooks/parts/*.yml", "extensions/**/*.py", "extensions/**/*.yml", "changelogs/fragments/*.yml", "docs/*.md", "*.md", "dev",
    "tests/**/*.py", "tests/lab/*.md",
)  # fmt: skip


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_pattern_that_costs_a_second_look(path: Path) -> None:
    faults = list(faults_of(_texts(path)))
    assert not faults, "\n".join(faults)


def sentences_of(text: str) -> Iterator[str]:
    yield from _END.split(" ".join(QUOTED.sub("X", text).split()))


def words_in(sentence: str) -> int:
    """Words of letters. A reader may skip an aside in brackets, and a row of figures is not a sentence."""
    if len(re.findall(r"\d+", sentence)) > _MOST_FIGURES:
        return 0
    return len(re.findall(r"[A-Za-z][A-Za-z'’-]*", re.sub(r"\([^)]*\)", "", sentence)))


def is_message(text: str) -> bool:
    """Not code, a pattern or a document: one line, and mostly words."""
    return "\n" not in text and not re.search(r"\[\^|\\[bdswA-Z]|\{\{|\$\(|\$[a-z]|--[a-z]+=|SELECT |def |:param", text) and len(text) < 600


MESSAGES = _of_folder("plugins/plugin_utils/**/*.py", "plugins/action/*.py", "plugins/lookup/*.py", "plugins/module_utils/*.py")


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_sentence_of_a_message_is_short(path: Path) -> None:
    texts = [(line, text) for line, text, doc in strings_of(path.read_text(encoding="utf-8")) if not doc and is_message(text)]
    long = [(line, one) for line, text in texts for one in sentences_of(text) if words_in(one) > MOST_WORDS_OF_A_MESSAGE]
    assert not long, long


DOCUMENTS = _of_folder("docs/*.md", "*.md", "roles/*/meta/argument_specs.yml")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_sentence_of_a_document_is_not_endless(path: Path) -> None:
    prose = [(line, text) for line, text in paragraphs_of(path.read_text(encoding="utf-8")) if "|" not in text]
    long = [(line, one) for line, text in prose for one in sentences_of(text) if words_in(one) > MOST_WORDS_OF_A_DOCUMENT]
    assert not long, long


@pytest.mark.parametrize(
    "text",
    [
        "its facts, or else the message for want of which there are none",
        "where nobody is become, sudo waits",
        "what was not seen of that which is needed",
        "Nor is a host that is lost after it was changed.",
    ],
)
def test_the_patterns_find_the_sentences_that_they_are_for(text: str) -> None:
    assert list(faults_of(iter([(1, text)])))


def test_a_plain_sentence_passes() -> None:
    assert not list(faults_of(iter([(1, "If the log could not be read, the verdict is unknown. The role undoes the step.")])))
