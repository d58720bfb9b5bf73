# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host has of an upgrade: its plan, what will carry it out, how it was before its reboot, the script's last words."""

from __future__ import annotations

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.host_plan import fires, is_in_place
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.state import State, read_state

HOME = "/var/lib/pagealloc-kernel-upgrade"
PLAN = {"TARGET": "new", "AT": "2000", "ARM": "a && b='c d'", "NOTICE_SECONDS": "60"}
PLAN_FILE = "TARGET=new\nAT=2000\nARM='a && b='\"'\"'c d'\"'\"\nNOTICE_SECONDS=60\nBOOTS=1\n"


def of_files(**files: str) -> State:
    texts = {f"{HOME}/{name}": text for name, text in files.items()}
    return read_state(Evidence({"$clock": "1000\n", "$init": "systemd\n", "$timer": "waiting\n", **texts}, {}))


def test_a_plan_in_place_is_ours_word_for_word_and_waits() -> None:
    found = of_files(plan=PLAN_FILE)
    assert dict(found.plan) == {**PLAN, "BOOTS": "1"}
    assert is_in_place(PLAN, found), "how often it booted is no part of the plan"
    assert not is_in_place({**PLAN, "AT": "2001"}, found)
    assert not is_in_place({name: value for name, value in PLAN.items() if name != "ARM"}, found)
    assert not is_in_place(PLAN, of_files())
    idle = read_state(Evidence({"$clock": "1000\n", "$init": "systemd\n", f"{HOME}/plan": PLAN_FILE}, {}))
    assert not is_in_place(PLAN, idle), "nothing will carry it out"


@pytest.mark.parametrize(
    ("init", "at", "begins"), [("systemd", 2000, 1940), ("other", 2000, 1940), ("systemd", 1000, 1005), ("other", 1000, 1060)]
)
def test_the_script_begins_with_its_notice_or_as_soon_as_it_can(init: str, at: int, begins: int) -> None:
    """A timer of systemd's takes any second; at takes no minute that has begun."""
    assert fires({**PLAN, "AT": str(at)}, read_state(Evidence({"$clock": "1000\n", "$init": f"{init}\n"}, {}))) == begins


def test_a_plan_that_is_not_ours_is_none() -> None:
    assert of_files(plan="x" * 20001).plan == {} == of_files(plan="A='never ended\n").plan
    assert len(of_files(plan="A=" + "x" * 19998).plan["A"]) == 19998, "as long as a plan may be"
    assert of_files(plan="if true; then A=b=c; fi").plan == {"A": "b=c;"}


def test_how_a_host_was_before_its_reboot() -> None:
    before = of_files(before="boot_id=b=1\nrelease=old\nup=eth0\nup=eth1\ndefault_route=eth1\n").before
    assert before is not None and (before.boot_id, before.release) == ("b=1", "old")
    assert before.up == {"eth0", "eth1"} and before.default_routes == {"eth1"}
    assert of_files().before is None and of_files(before="\n\n").before is None, "nothing was written down"


def test_the_last_words_are_the_newest() -> None:
    words = "900 rebooting into new\n950 confirmed: kernel new came up\n"
    found = read_state(Evidence({"$clock": "1000\n", "$outcome": words}, {}))
    assert found.last_words() == "confirmed: kernel new came up (1970-01-01 00:15:50 UTC)"
    assert of_files().last_words() == ""
