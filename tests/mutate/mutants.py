# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small faults planted in a source file: an operator turned, a bound moved by one, a ``not`` dropped, a statement removed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import parso
from cosmic_ray import plugins
from cosmic_ray.ast import get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator

#: Of cosmic-ray's operators those that a slip of the hand makes; `<` for `is`, say, no one writes.
_NAMES = (
    "AddNot",
    "NumberReplacer",
    "ReplaceAndWithOr",
    "ReplaceBinaryOperator_Add_Sub",
    "ReplaceBinaryOperator_Sub_Add",
    "ReplaceBinaryOperator_Mul_FloorDiv",
    "ReplaceBinaryOperator_FloorDiv_Mul",
    "ReplaceBinaryOperator_LShift_RShift",
    "ReplaceBinaryOperator_BitAnd_BitOr",
    "ReplaceBinaryOperator_BitOr_BitAnd",
    "ReplaceBreakWithContinue",
    "ReplaceComparisonOperator_Eq_NotEq",
    "ReplaceComparisonOperator_NotEq_Eq",
    "ReplaceComparisonOperator_GtE_Gt",
    "ReplaceComparisonOperator_Gt_GtE",
    "ReplaceComparisonOperator_IsNot_Is",
    "ReplaceComparisonOperator_Is_IsNot",
    "ReplaceComparisonOperator_LtE_Lt",
    "ReplaceComparisonOperator_Lt_LtE",
    "ReplaceContinueWithBreak",
    "ReplaceFalseWithTrue",
    "ReplaceOrWithAnd",
    "ReplaceTrueWithFalse",
    "ReplaceUnaryOperator_Delete_Not",
)


#: Lines where a fault changes nothing that a run could show: whether a record may be changed, how much a cache keeps.
_NOT_RUN = ("__metaclass__", "from __future__", "@dataclass(frozen=True)", "@lru_cache(maxsize=")


class RemoveStatement(Operator):  # type: ignore[misc]
    """A call or an assignment to part of something, gone."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        if node.type == "simple_stmt" and _acts(node.children[0]):
            yield node.children[0].start_pos, node.children[0].end_pos

    def mutate(self, node: Any, _index: int) -> Any:
        first = node.children[0].get_first_leaf()
        replaced = parso.parse("pass").children[0]
        replaced.prefix = first.prefix
        node.children[0] = replaced
        return node

    @classmethod
    def examples(cls) -> tuple[Any, ...]:
        return ()


def _acts(statement: Any) -> bool:
    if statement.type == "expr_stmt":
        return str(statement.children[0].type) != "name"  # x = 1 would be a NameError at the next use
    return bool(statement.type in ("atom_expr", "power") and statement.children[-1].type == "trailer")


@dataclass(frozen=True)
class Mutant:
    """A fault: the file, the line it is in, and what is done there, which is the ``occurrence`` of an operator in the file."""

    file: str
    line: int
    text: str
    fault: str
    operator: Any
    occurrence: int

    @property
    def key(self) -> tuple[str, str, str]:
        """What names it in equal.yml, wherever its line moves."""
        return self.file, self.text, self.fault

    def planted_in(self, source: str) -> str:
        """The file's source with the fault."""
        changed: str | None = mutate_code(source, self.operator, self.occurrence)
        if changed is None or changed == source:
            raise ValueError(f"{self.file}:{self.line}: {self.fault} changes nothing")
        return changed


def mutants_of(file: str, source: str) -> Iterator[Mutant]:
    lines, tree = source.split("\n"), get_ast(source)
    for name, operator in _operators():
        so_far: Counter[int] = Counter()
        for occurrence, (line, counts) in enumerate(_places(tree, operator)):
            so_far[line] += 1
            if counts and not lines[line - 1].startswith(_NOT_RUN):
                yield Mutant(file, line, lines[line - 1].strip(), f"{name} {so_far[line]}", operator, occurrence)


def _operators() -> Iterator[tuple[str, Any]]:
    for name in _NAMES:
        yield name, plugins.get_operator(f"core/{name}")()
    yield "RemoveStatement", RemoveStatement()


def _places(node: Any, operator: Any, counts: bool = True) -> Iterator[tuple[int, bool]]:
    """The line of each place below a node, in the order in which cosmic-ray counts them, and whether a fault there counts."""
    for start, _end in operator.mutation_positions(node):
        yield start[0], counts
    before = None
    for child in getattr(node, "children", ()):
        is_type = before == "->" or (before == ":" and node.type in ("annassign", "tfpdef"))
        yield from _places(
            child, operator, counts and not is_type and not _is_width(node, child) and child.get_code().strip() != "strict=True"
        )
        before = getattr(child, "value", None)


def _is_width(node: Any, child: Any) -> bool:
    """Whether a number says how much of a text is quoted to people: a test could but repeat it."""
    return bool(
        node.type == "arglist"
        and child.type == "number"
        and getattr(node.parent.get_previous_sibling(), "value", None) in ("clip", "listed", "printable")
    )
