# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The optional JMESPath condition of an advisory: yes, no or unseen for one host's facts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any


class ConditionError(Exception):
    """A condition that cannot be compiled or answered; ``remedy`` says what to do."""

    def __init__(self, fault: str, remedy: str) -> None:
        super().__init__(fault)
        self.remedy = remedy


class Condition:
    """A JMESPath expression over the facts of one host, compiled once.

    Raises ConditionError if jmespath is not installed or the expression does not compile.
    """

    def __init__(self, expression: str) -> None:
        try:
            import jmespath
            from jmespath.exceptions import JMESPathError
        except ImportError as error:
            raise ConditionError(
                "the Python package jmespath is needed to read a condition and is not installed",
                "run `pip install jmespath` for the Python that runs Ansible",
            ) from error
        try:
            self._parsed = jmespath.compile(expression).parsed
        except JMESPathError as error:
            fault = " ".join(str(error).split())
            raise ConditionError(f"not a JMESPath expression ({fault})", "correct the expression; see https://jmespath.org") from error

    def ask(self, facts: Mapping[str, Any]) -> tuple[bool | None, str | None]:
        """(answer, unseen): True, False or None for unseen, and the first key that was read and not seen.

        JMESPath treats a missing fact as false in any comparison. A missing fact must not mean "does not match", so a false after a
        missing fact was read counts as unseen. Raises ConditionError if the result is not a boolean.
        """
        from jmespath.exceptions import JMESPathError, JMESPathTypeError

        watcher = _watcher()
        try:
            answer = watcher.visit(self._parsed, facts)
        except JMESPathTypeError as error:
            if error.actual_type == "null":
                return None, watcher.unseen
            raise ConditionError(*_no_answer(error)) from error
        except (JMESPathError, TypeError, ValueError, RecursionError) as error:
            raise ConditionError(*_no_answer(error)) from error
        if answer is None or (answer is False and watcher.unseen):
            return None, watcher.unseen
        if answer is True or answer is False:
            return answer, None
        raise ConditionError(
            f"gives a value of type {type(answer).__name__}, but true, false or null is needed",
            "compare it with something, or ask length(...) > `0`",
        )


def _no_answer(error: Exception) -> tuple[str, str]:
    fault = " ".join(str(error).split())[:200]
    return f"cannot be answered ({fault})", "check that each function gets a value of the right type"


def _watcher() -> Any:
    """A JMESPath interpreter that notes in ``unseen`` the first key that it read without a value."""
    return _watcher_class()()


@lru_cache(maxsize=1)
def _watcher_class() -> Any:
    """Made at first use, since jmespath may not be installed."""
    from jmespath.visitor import TreeInterpreter

    class Watcher(TreeInterpreter):
        unseen: str | None = None

        def visit_field(self, node: Any, value: Any) -> Any:
            found = super().visit_field(node, value)
            # a key of a missing value was judged when that value was read
            if found is None and value is not None and self.unseen is None and not _does_not_apply(str(node["value"]), value):
                self.unseen = str(node["value"])
            return found

    return Watcher


def _does_not_apply(key: str, holder: Any) -> bool:
    """Whether a null is an answer: an interface without a device has no driver, and a log without failures has no last one."""
    if not isinstance(holder, Mapping) or key not in holder:
        return False
    return holder.get("virtual") is True or (key == "last" and holder.get("count") == 0) or key == "mem_info"
