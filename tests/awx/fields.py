# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller of the tests asks of the fields of an object: options.json, and the rules that stand in no OPTIONS answer.

It is stricter than AWX, which drops fields that it does not know.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

OPTIONS: dict[str, dict[str, dict[str, Any]]] = json.loads(Path(__file__).with_name("options.json").read_text())["endpoints"]
#: Of these there is no OPTIONS answer: they are made through a node and changed on their own.
OPTIONS["workflow_approval_templates"] = {
    "name": {"type": "string", "required": True, "max_length": 512},
    "description": {"type": "string", "required": False, "default": ""},
    "timeout": {"type": "integer", "required": False, "default": 0, "min_value": 0},
}
_OF_TYPE: dict[str, tuple[type, ...]] = {
    "boolean": (bool,), "string": (str,), "integer": (int,), "id": (int,), "json": (dict, list, str), "choice": (str, int),
}  # fmt: skip
#: A key of a survey question -> what it may be.
_QUESTION = {"type": str, "question_name": str, "variable": str, "required": bool}
_DEFAULT_OF = {
    "text": (str,), "textarea": (str,), "password": (str,), "multiplechoice": (str,), "multiselect": (str,), "integer": (int,),
    "float": (int, float),
}  # fmt: skip


class Refused(Exception):
    """What the controller answers with status 400: a field and what is wrong with it."""

    def __init__(self, field: str, fault: str) -> None:
        super().__init__(f"{field}: {fault}")
        self.answer = {field: [fault]}


def writable(endpoint: str, sent: Mapping[str, Any]) -> dict[str, Any]:
    """What of ``sent`` is written; fields that are read only are dropped, as AWX does."""
    for name in sent:
        if name not in OPTIONS[endpoint]:
            raise Refused(name, "unknown field")
    return {name: value for name, value in sent.items() if not OPTIONS[endpoint][name].get("read_only")}


def complete(endpoint: str, sent: Mapping[str, Any]) -> dict[str, Any]:
    """A new object: ``sent`` with the default of each field that is left out."""
    fields = {name: field for name, field in OPTIONS[endpoint].items() if not field.get("read_only")}
    for name, field in fields.items():
        if field["required"] and name not in sent:
            raise Refused(name, "This field is required.")
    return {name: sent.get(name, field.get("default")) for name, field in fields.items()}


def check_fields(endpoint: str, sent: Mapping[str, Any]) -> None:
    """Type, choices and limits of each field that is sent."""
    for name, value in sent.items():
        field = OPTIONS[endpoint][name]
        if value is None and not field["required"] and field.get("default") is None:
            continue
        if not isinstance(value, _OF_TYPE[field["type"]]) or (isinstance(value, bool) and field["type"] != "boolean"):
            raise Refused(name, f"Not a valid {field['type']}: {value!r}")
        if field["type"] == "choice" and value not in field["choices"]:
            raise Refused(name, f'"{value}" is not a valid choice.')
        _check_limits(name, field, value)


def _check_limits(name: str, field: Mapping[str, Any], value: Any) -> None:
    if name == "name" and not value:
        raise Refused(name, "This field may not be blank.")
    if isinstance(value, str) and len(value) > field.get("max_length", len(value)):
        raise Refused(name, f"no more than {field['max_length']} characters")
    if isinstance(value, int) and not field.get("min_value", value) <= value <= field.get("max_value", value):
        raise Refused(name, f"{value} is out of its limits")


def check_rrule(rule: str) -> None:
    """One start that has a zone, and rules with an interval."""
    if not re.search(r"DTSTART(;TZID=[\w/+-]+:\d{8}T\d{6}|:\d{8}T\d{6}Z) ", rule) or rule.count("DTSTART") != 1:
        raise Refused("rrule", "Valid DTSTART required in rrule.")
    rules = re.findall(r"RRULE:(\S*)", rule)
    if not rules or any("FREQ=" not in one or "INTERVAL=" not in one or "SECONDLY" in one for one in rules):
        raise Refused("rrule", "INTERVAL required in rrule.")


def check_survey(survey: Mapping[str, Any]) -> None:
    """A survey has a name and a description, and at least one question; no two ask for one variable."""
    for name, kind in (("name", str), ("description", str), ("spec", list)):
        if not isinstance(survey.get(name), kind):
            raise Refused("error", f"Field '{name}' is missing from survey spec.")
    if not survey["spec"]:
        raise Refused("error", "'spec' doesn't contain any items.")
    variables = [question.get("variable") for question in survey["spec"]]
    if len(set(variables)) != len(variables):
        raise Refused("error", "a variable is asked for twice")
    for question in survey["spec"]:
        _check_question(question)


def _check_question(question: Mapping[str, Any]) -> None:
    for name, kind in _QUESTION.items():
        if not isinstance(question.get(name), kind):
            raise Refused("error", f"'{name}' of a survey question")
    unknown = set(question) - {*_QUESTION, "question_description", "default", "choices", "min", "max"}
    if unknown or question["type"] not in _DEFAULT_OF:
        raise Refused("error", f"survey question {question['variable']}: {unknown or question['type']}")
    if any(not isinstance(question.get(limit), (int, type(None))) for limit in ("min", "max")):
        raise Refused("error", f"limits of survey question {question['variable']}")
    if question["type"].startswith("multi") and not question.get("choices", "").strip():
        raise Refused("error", f"survey question {question['variable']} must specify choices.")
    _check_question_default(question)


def _check_question_default(question: Mapping[str, Any]) -> None:
    default = question.get("default", "")
    if default == "":
        return
    if not isinstance(default, _DEFAULT_OF[question["type"]]):
        raise Refused("error", f"Default value {default!r} in survey question {question['variable']}")
    if question["type"].startswith("multi"):
        check_answer(question, default.split("\n") if question["type"] == "multiselect" else default)
    else:
        check_answer(question, default)


def check_answer(question: Mapping[str, Any], answer: Any) -> None:
    """What a launch, a schedule or a node of a workflow may give for a question."""
    kind, name = question["type"], question["variable"]
    if kind == "multiselect":
        sound = isinstance(answer, list) and set(answer) <= set(question["choices"].split("\n"))
    elif kind == "multiplechoice":
        sound = answer in question["choices"].split("\n")
    else:
        size = len(answer) if isinstance(answer, str) else answer
        sound = isinstance(answer, _DEFAULT_OF[kind]) and question.get("min", size) <= size <= question.get("max", size)
    if not sound:
        raise Refused("variables_needed_to_start", f"Value {answer!r} for '{name}'")
