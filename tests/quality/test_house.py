# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the house: each room knows only those before it, and no name means two things."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT

PLUGINS = ROOT / "plugins"
PREFIX = "ansible_collections.fleetcare.pagealloc.plugins."
#: The rooms in the order of the flow. Each may import from those before it. A folder that is not here has no place in the house.
FLOW = (
    "module_utils", "shared", "sosreport", "gather", "judge", "explain", "compare", "history", "workaround", "trace", "diagnostics",
    "upgrade", "report", "templating", "action", "callback", "doc_fragments", "filter", "inventory", "lookup", "modules", "test",
)  # fmt: skip
#: Ansible asks for these names in each plugin.
OF_ANSIBLE = {"ActionModule", "FilterModule", "TestModule", "LookupModule", "InventoryModule", "CallbackModule", "main"}

#: The longest that a source file may be, in lines.
MOST_LINES = 300


def sources() -> list[Path]:
    return sorted(path for path in PLUGINS.rglob("*.py"))


def room_of(parts: tuple[str, ...]) -> str:
    return parts[1] if parts[0] == "plugin_utils" else parts[0]


def imported(path: Path) -> Iterator[str]:
    """The rooms that a file imports from."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PREFIX):
            module = str(node.module).removeprefix(PREFIX)
            yield room_of((*module.split("."), node.names[0].name))


def test_each_room_knows_only_those_before_it() -> None:
    against = [
        f"{path.relative_to(PLUGINS)} imports from {room}"
        for path in sources()
        for room in imported(path)
        if FLOW.index(room) > FLOW.index(room_of(path.relative_to(PLUGINS).parts))
    ]
    assert against == []


def test_targets_get_nothing_of_the_controller() -> None:
    assert {room for path in (PLUGINS / "module_utils").rglob("*.py") for room in imported(path)} == {"module_utils"}


def test_no_name_means_two_things() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in sources():
        place = str(path.relative_to(PLUGINS))
        if path.parent.name == "module_utils" or "plugin_utils" in path.parts:
            places[path.stem].append(place)
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                places[f"{node.name}()"].append(place)
    twice = {name: where for name, where in places.items() if len(where) > 1 and name.rstrip("()") not in OF_ANSIBLE}
    assert twice == {}


def test_no_source_file_is_too_long() -> None:
    """Generated documentation aside: the files of modules/ are little else."""
    texts = [path for path in PLUGINS.rglob("*") if path.suffix in (".py", ".sh", ".js", ".css", ".j2") and path.parent.name != "modules"]
    lines = {str(path.relative_to(PLUGINS)): path.read_text(encoding="utf-8").count("\n") for path in texts}
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}
