# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program of the change as text: what gets into it, that every shell can read it, and that every sshd takes it.

What it does to a host is for the lab (tests/lab/test_workaround.py): none of these tests runs it.
"""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.probe import render_probe
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import KEYS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround import program
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.program import render_program

from tests.conftest import tool

SHELLS = ("dash", "bash --posix", "busybox ash", "ksh", "mksh")
NONCE = "0123456789abcdef"
MOST = (1 << 64) - 1
NUMBERS = (*KEYS, *(f"expected_{key}" for key in KEYS), "step", "short_kb", "watch_seconds")
VALUES: dict[str, dict[str, Any]] = {
    "apply": {**dict.fromkeys(NUMBERS, MOST), "compact": True},
    "undo": {"step": MOST},
    "leave": {"force": True},
    "mend": {},
}
#: dropbear (MAX_CMD_LEN) takes no command of more than 9000 bytes, and "sh -c" and become's words come around the program.
MOST_BYTES = 8900


@pytest.mark.parametrize("verb", VALUES)
def test_no_program_is_too_long_for_an_sshd(verb: str) -> None:
    assert len(shlex.quote(render_program(verb, NONCE, VALUES[verb])).encode()) < MOST_BYTES


def test_nor_is_the_probe() -> None:
    assert len(shlex.quote(render_probe(NONCE, pagetypeinfo=True)).encode()) < MOST_BYTES


@pytest.mark.parametrize("words", SHELLS)
@pytest.mark.parametrize("verb", VALUES)
def test_every_shell_can_read_it(words: str, verb: str) -> None:
    first, *rest = words.split()
    shell = [tool(first, "ksh93u+m" if first == "ksh" else first), *rest, "-n", "-c"]
    text = render_program(verb, NONCE, VALUES[verb])
    done = subprocess.run([*shell, text], capture_output=True, text=True, check=False, timeout=30)
    # ksh warns of what POSIX has and it calls obsolete
    errors = [line for line in done.stderr.splitlines() if "warning" not in line]
    assert (done.returncode, errors) == (0, [])
    cut = subprocess.run([*shell, text.rsplit("done", 1)[0]], capture_output=True, text=True, check=False, timeout=30)
    assert cut.returncode != 0, "the shell does look"


@pytest.mark.parametrize("verb", VALUES)
def test_no_comment_travels_and_no_blank_line(verb: str) -> None:
    lines = render_program(verb, NONCE, VALUES[verb]).splitlines()
    assert not [line for line in lines if line.startswith(("#", " ")) or not line]
    assert render_program(verb, NONCE, VALUES[verb]).isascii()


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["1; rm -rf /", "1", True, -1, 1.0, "$(reboot)", [1], "@STEP@"])
def test_nothing_but_a_number_gets_into_it(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=name):
        render_program("apply", NONCE, {**VALUES["apply"], name: value})


@pytest.mark.parametrize("nonce", ["", "a b", "a;b", "$(reboot)", "a\nb", "-"])
def test_nor_does_a_nonce_that_is_none(nonce: str) -> None:
    with pytest.raises(ValueError):
        render_program("mend", nonce, {})


def test_nor_does_a_verb_that_is_none() -> None:
    with pytest.raises(ValueError, match="reboot"):
        render_program("reboot", NONCE, {})


def test_a_value_that_is_left_alone_is_absent_and_not_zero() -> None:
    text = render_program("apply", NONCE, {**VALUES["apply"], "zone_reclaim_mode": None, "expected_zone_reclaim_mode": 0})
    assert 'new_zone_reclaim_mode="absent"\n' in text and 'expected_zone_reclaim_mode="0"\n' in text
    assert 'new_zone_reclaim_mode="0"\n' in render_program("apply", NONCE, {**VALUES["apply"], "zone_reclaim_mode": 0})


def test_every_part_that_is_there_travels_with_some_verb() -> None:
    lines = {line for verb in VALUES for line in render_program(verb, NONCE, VALUES[verb]).splitlines()}
    parts = list(Path(program.__file__).with_name("sh").glob("*.sh"))
    assert parts, "there are parts"
    for path in parts:
        code = {line.strip() for line in path.read_text().splitlines() if line.strip() and not line.strip().startswith("#")}
        assert code and code <= lines, path
