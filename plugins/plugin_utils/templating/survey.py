# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a role, as its argument specification has them, in the form of a survey in AWX.

A survey asks for text, numbers and choices. An option that is a free list or a mapping has no question. An option that may hold a password
has none either.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

#: Type of an option -> type of its question. An option with choices is one of the next two.
_ASKED_AS = {"str": "text", "path": "text", "int": "integer", "float": "float"}
_ONE_OF, _SOME_OF = "multiplechoice", "multiselect"
_TEXT_MAX = 1024
_MARKUP = re.compile(r"\b[A-Z]{1,2}\(([^()]*)\)")


class SurveyError(Exception):
    """What cannot be asked or answered; the message names the option."""


def survey_of(
    options: Mapping[str, Mapping[str, Any]],
    answers: Mapping[str, Any] | None = None,
    without: Collection[str] = (),
    required: Collection[str] = (),
) -> dict[str, Any]:
    """The survey with a question for each of the options but those of ``without``.

    A question's default is what ``answers`` says, else the option's own. SurveyError where the survey would refuse it.
    """
    for word, names in (("without", without), ("required", required)):
        for name in names:
            if name not in options:
                raise SurveyError(f"{word}: the role has no option {name!r}")
    asked = {name: option for name, option in options.items() if name not in without and not option.get("no_log") and _kind(option)}
    questions = [_question(name, option, answers or {}) for name, option in asked.items()]
    return {"name": "", "description": "", "spec": [question | {"required": question["variable"] in required} for question in questions]}


def _question(name: str, option: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, Any]:
    said = option["description"]
    asked: dict[str, Any] = {
        "variable": name,
        "question_name": name,
        "question_description": _MARKUP.sub(r"\1", said if isinstance(said, str) else " ".join(said)),
        "type": _kind(option),
    }
    asked |= {"choices": "\n".join(_choices(option))} if _choices(option) else _limits(name, asked["type"])
    answer = answers.get(name, option.get("default"))
    return asked if answer is None else asked | {"default": _default(asked, answer)}


def _kind(option: Mapping[str, Any]) -> str | None:
    if option["type"] == "list":
        return _SOME_OF if _choices(option) else None
    return _ONE_OF if _choices(option) else _ASKED_AS.get(option["type"])


def _choices(option: Mapping[str, Any]) -> list[str]:
    return ["true", "false"] if option["type"] == "bool" else [str(choice) for choice in option.get("choices", ())]


def _limits(name: str, kind: str) -> dict[str, int]:
    if kind == "text":
        return {"min": 0, "max": _TEXT_MAX}
    return {"min": 0, "max": 100} if name.endswith("_percent") else {"min": 0}


def _default(asked: Mapping[str, Any], answer: Any) -> str | int | float:
    """The answer as AWX wants it in a question: several choices are the lines of a text."""
    name = asked["variable"]
    if asked["type"] == _SOME_OF:
        if isinstance(answer, str) or not isinstance(answer, Collection):
            raise SurveyError(f"{name}: {answer!r} is not a list")
        return "\n".join(_choice(asked, one) for one in answer)
    if asked["type"] == _ONE_OF:
        return _choice(asked, answer)
    return _text(name, answer) if asked["type"] == "text" else _number(asked, answer)


def _choice(asked: Mapping[str, Any], answer: Any) -> str:
    choices = asked["choices"].split("\n")
    if choices == ["true", "false"]:
        try:
            return str(boolean(answer)).lower()
        except TypeError as error:
            raise SurveyError(f"{asked['variable']}: {answer!r} is neither true nor false") from error
    if answer not in choices:
        raise SurveyError(f"{asked['variable']}: {answer!r} is not one of {', '.join(choices)}")
    return str(answer)


def _text(name: str, answer: Any) -> str:
    if len(str(answer)) > _TEXT_MAX:
        raise SurveyError(f"{name}: longer than {_TEXT_MAX} characters")
    return str(answer)


def _number(asked: Mapping[str, Any], answer: Any) -> int | float:
    name, kind = asked["variable"], asked["type"]
    try:
        number = int(answer) if kind == "integer" else float(answer)
    except (TypeError, ValueError) as error:
        raise SurveyError(f"{name}: {answer!r} is not of type {kind}") from error
    if number < asked["min"]:
        raise SurveyError(f"{name}: {number} is less than {asked['min']}")
    if number > asked.get("max", number):
        raise SurveyError(f"{name}: {number} is more than {asked['max']}")
    return number
