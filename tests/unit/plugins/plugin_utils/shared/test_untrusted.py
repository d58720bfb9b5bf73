# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes text of a host harmless in templates, short of Ansible's marks; those are tested in tests/security."""

from __future__ import annotations

import re

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather.facts_action import facts_in
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.untrusted import untrusted
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip, parted
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.templating.template_call import template_call
from hypothesis import example, given
from hypothesis import strategies as st

TEXTS = st.text(alphabet="{%#} x\t\u200b")


@given(TEXTS)
@example("{{{{ lookup('pipe', 'id'): 1 }}}}")
@example("{{{% x %}")
@example("{\u200b{ x }}")
def test_no_template_begins_in_what_was_parted(text: str) -> None:
    for told in (parted(text), clip(text), clip(text, 7)):
        assert not re.search(r"\{[{%#]", told)
    assert parted(text).replace(" ", "") == text.replace(" ", "")


def test_keys_are_no_templates_at_any_depth() -> None:
    given = {"{{ a }}": [{"{% b": 1, "plain": "{{ c }}"}], 7: ("x",)}
    assert untrusted(given) == {"{ { a }}": [{"{ % b": 1, "plain": "{{ c }}"}], 7: ["x"]}


@pytest.mark.parametrize("answer", ["text", [], {"pagealloc": "text"}, {"pagealloc": None}, {"pagealloc": {"unavailable": ["x"]}}])
def test_what_is_no_answer_of_a_facts_module_is_refused(answer: object) -> None:
    with pytest.raises(EvidenceError, match="did not return the facts"):
        facts_in(answer, {})


def test_a_host_sets_no_other_variable_with_its_facts() -> None:
    answer = {"pagealloc": {"vm": None, "unavailable": {}}, "audit_output_dir": "/", "discovered_interpreter_python": "/usr/bin/python3"}
    found = facts_in(answer, {"nics": [], "unavailable": {}})
    assert found == {
        "pagealloc": {"nics": [], "vm": None, "unavailable": {}},
        "discovered_interpreter_python": "/usr/bin/python3",
    }


def test_what_a_filter_did_not_foresee_is_an_error_of_ansibles() -> None:
    """Of any other ansible-core up to 2.18 hands out the traceback, with the values in it, as a template."""

    def reads_the_first(value: dict[str, int]) -> int:
        return value["{{ first }}"]

    with pytest.raises(AnsibleFilterError, match=r"^fleetcare\.pagealloc\.x: A fault in .* KeyError: '\{ \{ first \}\}'"):
        template_call("x", reads_the_first)({})
