# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a role as the questions of a survey in AWX."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.role_options import role_options
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.templating.survey import SurveyError, survey_of

ROLES = ("audit", "workaround", "kernel_upgrade")
TEXT = {"type": "str", "default": "", "description": ["A name, such as V(db01), for O(other).", "Empty means C(all)."]}
NUMBER = {"type": "int", "default": 5, "description": "d"}
CHOICE = {"type": "str", "choices": ["now", "never"], "default": "never", "description": "d"}
SEVERAL = {"type": "list", "elements": "str", "choices": ["a", "b"], "default": [], "description": "d"}


def asked(option: dict[str, Any], *, name: str = "it", **words: Any) -> dict[str, Any]:
    """The only question of the survey of one option."""
    (question,) = survey_of({name: option}, **words)["spec"]
    return dict(question)


def test_a_question_has_the_variable_for_its_name_and_the_description_without_markup() -> None:
    assert asked(TEXT) == {
        "variable": "it",
        "question_name": "it",
        "question_description": "A name, such as db01, for other. Empty means all.",
        "required": False,
        "type": "text",
        "min": 0,
        "max": 1024,
        "default": "",
    }


@pytest.mark.parametrize(
    ("option", "kind", "choices", "default"),
    [
        (CHOICE, "multiplechoice", "now\nnever", "never"),
        ({"type": "bool", "default": True, "description": "d"}, "multiplechoice", "true\nfalse", "true"),
        (SEVERAL, "multiselect", "a\nb", ""),
        (SEVERAL | {"default": ["b", "a"]}, "multiselect", "a\nb", "b\na"),
    ],
)
def test_what_can_be_chosen(option: dict[str, Any], kind: str, choices: str, default: str) -> None:
    question = asked(option)
    assert (question["type"], question["choices"], question["default"]) == (kind, choices, default)
    assert not {"min", "max"} & set(question)


def test_numbers_begin_at_zero_and_percents_end_at_a_hundred() -> None:
    assert asked(NUMBER) | {"type": "integer", "min": 0, "default": 5} == asked(NUMBER)
    assert "max" not in asked(NUMBER)
    percent = asked({"type": "float", "description": "d"}, name="cap_percent")
    assert (percent["type"], percent["min"], percent["max"]) == ("float", 0, 100)
    assert "default" not in percent, "the role has none"


@pytest.mark.parametrize("option", [{"type": "list", "elements": "str"}, {"type": "list", "elements": "dict"}, {"type": "dict"}])
def test_what_no_survey_can_ask_is_left_out(option: dict[str, Any]) -> None:
    assert survey_of({"it": option | {"description": "d"}})["spec"] == []


def test_an_option_may_be_left_out_or_required() -> None:
    options = {"one": TEXT, "two": TEXT}
    assert [question["variable"] for question in survey_of(options, without=["one"])["spec"]] == ["two"]
    assert [question["required"] for question in survey_of(options, required=["two"])["spec"]] == [False, True]


@pytest.mark.parametrize(
    ("option", "answer", "default"),
    [
        (NUMBER, "7", 7),
        (SEVERAL, ["b"], "b"),
        ({"type": "bool", "description": "d"}, "no", "false"),
        ({"type": "float", "description": "d"}, 2, 2.0),
        (TEXT, 8, "8"),
    ],
)
def test_the_sites_answer_is_the_default(option: dict[str, Any], answer: Any, default: Any) -> None:
    assert asked(option, answers={"it": answer, "of another playbook": 1})["default"] == default


@pytest.mark.parametrize(
    ("option", "answer", "said"),
    [
        (CHOICE, "later", "it: 'later' is not one of now, never"),
        (SEVERAL, ["a", "c"], "it: 'c' is not one of a, b"),
        (SEVERAL, "a", "it: 'a' is not a list"),
        (NUMBER, "many", "it: 'many' is not of type integer"),
        (NUMBER, -1, "it: -1 is less than 0"),
        ({"type": "float", "description": "d"}, "many", "it: 'many' is not of type float"),
        ({"type": "bool", "description": "d"}, "perhaps", "it: 'perhaps' is neither true nor false"),
        (TEXT, "x" * 1025, "it: longer than 1024 characters"),
    ],
)
def test_an_answer_that_the_survey_would_refuse_is_refused_here(option: dict[str, Any], answer: Any, said: str) -> None:
    with pytest.raises(SurveyError) as refused:
        asked(option, answers={"it": answer})
    assert str(refused.value) == said


@pytest.mark.parametrize("word", ["without", "required"])
def test_a_name_that_is_no_option_is_refused(word: str) -> None:
    with pytest.raises(SurveyError, match=f"{word}: the role has no option 'on'"):
        survey_of({"one": TEXT}, **{word: ["on"]})


@pytest.mark.parametrize("role", ROLES)
def test_the_questions_of_each_role_are_its_options(role: str) -> None:
    """Every option but the lists that are free and what may hold a password, with its own choices and its own default."""
    options = role_options(role)
    questions = {question["variable"]: question for question in survey_of(options)["spec"]}
    free = {name for name, option in options.items() if option["type"] == "list" and "choices" not in option}
    secret = {name for name, option in options.items() if option.get("no_log")}
    assert set(questions) == set(options) - free - secret
    for name, question in questions.items():
        option = options[name]
        assert question["question_description"] and "(" not in question["question_description"].replace(" (", "")
        if "choices" in option:
            assert question["choices"].split("\n") == option["choices"]
        if question["type"] in ("text", "integer", "float"):
            assert question.get("default") == option.get("default")
