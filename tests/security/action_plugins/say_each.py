# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For the attacks: every text in a variable, keys included, is used as Ansible uses the text of a variable: as a template."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

try:
    from ansible.template import trust_as_template
except ImportError:  # up to ansible-core 2.18 whatever is not marked is trusted

    def trust_as_template(text: str) -> str:
        return text


class ActionModule(ActionBase):
    """``of``: the variable's name, ``case``: what the count of its hostile texts is filed under, in ``counted`` of the current folder."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        variables = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        name = self._task.args["of"]
        # as it is stored, without Ansible's own rendering on the way
        value = dict(variables["hostvars"].raw_get(variables["inventory_hostname"])).get(name, variables.get(name))
        texts = [text for text in _texts(value) if _is_hostile(text)]
        for text in texts:
            self._use(text)
        for mapping in _mappings(value):
            if any(map(_is_hostile, mapping)):
                self._use_in_a_sentence(mapping)
        with Path("counted").open("a", encoding="utf-8") as file:
            file.write(f"{self._task.args['case']} {len(texts)}\n")
        return {**result, "changed": False}

    def _use(self, text: str) -> None:
        with contextlib.suppress(Exception):
            self._templar.template(text)

    def _use_in_a_sentence(self, mapping: Any) -> None:
        """Ansible looks for marks in the values of a mapping, not in its keys: what a sentence around it gives may have none."""
        with contextlib.suppress(Exception), self._templar.set_temporary_context(available_variables={"it": mapping}):
            self._use(self._templar.template(trust_as_template("It says {{ it }}.")))


def _is_hostile(text: str) -> bool:
    return "touch ran-" in text


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key in value:
            yield from _texts(key)
            yield from _texts(value[key])
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _texts(one)


def _mappings(value: Any) -> Iterator[Any]:
    if isinstance(value, (Mapping, list, tuple)):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _mappings(one)
    if isinstance(value, Mapping):
        yield value
