# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a kernel is whole, whether a host came back as it went, what a plan holds, and what became of a host."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.cluster import read_clusters
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.finding import UpgradeError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.host_plan import at_time, fires, make_plan, plan_text
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.loader import read_loader
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.schedule import in_utc
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.state import Before, State, read_state
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.upgrade_outcome import (
    OUTCOMES,
    outcome_of,
    render_upgrade,
    upgrade_counts,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.verify import doubts_of_kernel, doubts_of_return

from tests.unit.plugins.plugin_utils.upgrade.test_upgrade_cluster import CLUSTAT
from tests.unit.plugins.plugin_utils.upgrade.test_upgrade_loader import BLS, NEW9, OLD9

WHOLE = {
    "$package": "kernel-core\nkernel-modules\n",
    "$image": f"14000 /boot/vmlinuz-{NEW9}\n",
    "$initramfs": f"40000 /boot/initramfs-{NEW9}.img\n",
    "$modules_dep": "yes\n",
    "$driver": f"mlx4_en /lib/modules/{NEW9}/kernel/drivers/mlx4_en.ko.xz\nvirtio_net \n",
}


@pytest.mark.parametrize(
    ("texts", "doubt"),
    [
        ({}, None),
        ({"$differs": ".......T.  c /etc/sysconfig/kernel\n.M.......    /boot/vmlinuz\nmissing  g /boot/initramfs\n"}, None),
        ({"$differs": f"S.5....T.    /lib/modules/{NEW9}/vmlinuz\n"}, "rpm -V: S.5....T."),
        ({"$differs": f"missing     /lib/modules/{NEW9}/modules.order\n"}, "rpm -V: missing"),
        ({"$package": ""}, "its package is not installed"),
        ({"$initramfs": "² /boot/initramfs\n"}, "its initramfs is missing"),
        ({"$image": ""}, "its image in /boot is missing or empty"),
        ({"$initramfs": ""}, "its initramfs is missing"),
        ({"$initramfs": f"4 /boot/initramfs-{NEW9}.img\n"}, "its initramfs has only 4 kB"),
        ({"$modules_dep": ""}, "depmod has not run"),
        ({"$driver": "mlx4_en \n"}, "it lacks the driver mlx4_en"),
    ],
)
def test_a_kernel_is_whole_or_it_is_said_what_is_not(texts: dict[str, str], doubt: str | None) -> None:
    found = doubts_of_kernel(Evidence({**WHOLE, **texts}, {}), ["mlx4_en"])
    assert [one[: len(doubt or "")] for one in found] == ([doubt] if doubt else [])


def state(**texts: str) -> State:
    base = {
        "clock": "1000\n",
        "boot_id": "b\n",
        "release": f"{OLD9}\n",
        "up": "eth0\neth1\n",
        "default_route": "eth0\n",
        "init": "systemd\n",
    }
    return read_state(Evidence({f"${name}": text for name, text in {**base, **texts}.items()}, {}))


def test_a_host_came_back_as_it_went_or_not() -> None:
    before = Before("a", OLD9, frozenset(("eth0", "eth1")), frozenset(("eth0",)))
    assert doubts_of_return(state(release=f"{NEW9}\n"), before, NEW9) == []
    assert doubts_of_return(state(up="eth0\n", default_route=""), before, NEW9) == [
        f"kernel {OLD9} runs, not {NEW9}",
        "eth1 was up before and is not",
        "there is no default route, before it led through eth0",
    ]


def loader(default: str = NEW9) -> Any:
    texts = {**BLS, "/boot/grub2/grubenv": f"saved_entry=abc-{default}\n", "$tool": "grub2-editenv\n"}
    return read_loader(Evidence(texts, {}))


def test_a_plan_boots_the_new_kernel_once_and_the_old_one_otherwise() -> None:
    plan = at_time(make_plan(NEW9, loader(), state(), [], standby=True, standby_seconds=60), 2000, 300, 600)
    assert plan["ARM"] == f"grub2-editenv - set saved_entry=abc-{OLD9} next_entry=abc-{NEW9}"
    assert plan["CONFIRM"] == f"grub2-editenv - set saved_entry=abc-{NEW9} && grub2-editenv - unset next_entry"
    assert (plan["AT"], plan["UNTIL"], plan["STANDBY"]) == ("2000", "2600", "")
    assert fires(plan, state()) == 1700
    assert fires(plan, state(clock="1990\n")) == 1995, "as soon as it can"
    assert in_utc(1700) == "1970-01-01 00:28:20 UTC"
    assert dict(word.split("=", 1) for word in shlex.split(plan_text(plan))) == plan


def test_a_plan_for_a_node_hands_over_first() -> None:
    nodes = read_clusters(Evidence({"$clustat": CLUSTAT}, {}))
    plan = make_plan(NEW9, loader(), state(), nodes, standby=True, standby_seconds=60)
    assert (plan["STANDBY"], plan["UNSTANDBY"]) == ("service rgmanager stop", "service rgmanager start")
    assert make_plan(NEW9, loader(), state(), nodes, standby=False, standby_seconds=60)["STANDBY"] == ""


def test_no_plan_for_what_would_not_boot() -> None:
    with pytest.raises(UpgradeError, match=f"kernel {OLD9} boots by default, not {NEW9}"):
        make_plan(NEW9, loader(OLD9), state(), [], standby=False, standby_seconds=60)
    with pytest.raises(UpgradeError, match="is already running"):
        make_plan(NEW9, loader(), state(release=f"{NEW9}\n"), [], standby=False, standby_seconds=60)


UPGRADE: dict[str, Any] = {"verdict": "at_risk", "running": OLD9, "target": {"release": NEW9}, "findings": [], "reasons": ["r"]}
PREFLIGHT = {"upgrade": UPGRADE}


@pytest.mark.parametrize(
    ("steps", "outcome"),
    [
        ({}, "pending"),
        ({"preflight": {"failed": True, "msg": "h: refused, nothing was changed:\n- rights: no"}}, "refused"),
        ({"preflight": {"failed": True, "msg": "Task failed: h: cannot be reached: ssh"}}, "unreachable"),
        ({"preflight": {"unreachable": True, "msg": "ssh"}}, "unreachable"),
        ({"preflight": {"failed": True, "msg": "h: advisory x"}}, "failed"),
        ({"preflight": PREFLIGHT, "install": {"skipped": True}}, "untouched"),
        ({"preflight": PREFLIGHT, "install": {"failed": True, "msg": "x"}}, "failed"),
        ({"preflight": PREFLIGHT, "install": {"verdict": "reboot_pending"}, "schedule": {"skipped": True}}, "installed"),
        ({"preflight": PREFLIGHT, "install": {}, "schedule": {"schedule": {"at_utc": "t"}}}, "scheduled"),
        ({"preflight": PREFLIGHT, "install": {"skipped": True}, "schedule": {"schedule": None}}, "cancelled"),
        ({"preflight": PREFLIGHT, "install": {}, "reboot": {"failed": True, "msg": "did not come back"}}, "failed"),
        ({"preflight": PREFLIGHT, "install": {}, "reboot": {"running": NEW9, "verdict": "clear"}}, "rebooted"),
    ],
)
def test_what_became_of_a_host(steps: dict[str, Any], outcome: str) -> None:
    assert outcome_of(steps)["outcome"] == outcome
    if outcome == "rebooted":
        assert outcome_of(steps)["verdict"] == "clear"
        assert outcome_of(steps, check_mode=True)["outcome"] == "planned"


@pytest.mark.parametrize(
    ("became", "outcome", "told"),
    [
        ("restored", "untouched", "workaround restored: s."),
        ("kept", "untouched", None),
        ("refused", "untouched", "workaround refused: s."),
        ("failed", "failed", "workaround failed: s."),
    ],
)
def test_what_became_of_the_workaround(became: str, outcome: str, told: str | None) -> None:
    steps = {"preflight": PREFLIGHT, "install": {"skipped": True}, "workaround": {"change": {"outcome": became, "sentences": ["s."]}}}
    host = outcome_of(steps)
    assert (host["outcome"], host["workaround"]) == (outcome, became)
    assert host["why"] == (told or "r")
    assert ("workaround" in render_upgrade({"db": host})) == bool(told)
    assert outcome_of({**steps, "workaround": None})["workaround"] is None


def test_the_table_has_every_host_once_in_80_columns_and_no_escape() -> None:
    hosts = {
        "db-10": outcome_of({"preflight": PREFLIGHT, "install": {"failed": True, "msg": "\x1b[31m" + "much " * 200}}),
        "db-2": outcome_of({"preflight": PREFLIGHT, "install": {"skipped": True}}),
        "a" * 100: outcome_of({}),
    }
    text = render_upgrade(hosts)
    assert max(map(len, text.split("\n"))) <= 80
    assert "\x1b" not in text and text.count("db-2") == 1
    assert text.index("db-10") < text.index("aaa") < text.index("db-2 "), "what asks for somebody first"
    assert sum(upgrade_counts(hosts).values()) == 3 and set(upgrade_counts(hosts)) == set(OUTCOMES)


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ({"preflight": PREFLIGHT}, "r"),
        ({"preflight": {"upgrade": {**UPGRADE, "findings": [{"sentence": "one"}, {"sentence": "two"}]}}}, "two"),
        ({"preflight": {"upgrade": {**UPGRADE, "reasons": []}}}, ""),
        ({"preflight": PREFLIGHT, "install": {"changed": False}}, "it was already installed"),
        ({"preflight": PREFLIGHT, "install": {"via": "dnf"}}, "through dnf"),
        ({"preflight": PREFLIGHT, "install": {"via": "dnf", "repaired": ["a", "b"]}}, "through dnf; it was only half installed: a; b"),
        ({"preflight": PREFLIGHT, "schedule": {"schedule": {"at_utc": "t"}}}, "the reboot is due at t"),
        ({"preflight": PREFLIGHT, "reboot": {"last_words": "confirmed: it runs"}}, "confirmed: it runs"),
        ({"preflight": PREFLIGHT, "install": {"failed": True, "msg": "Task failed: x"}, "reboot": {"running": NEW9}}, "x"),
        ({"preflight": PREFLIGHT, "install": {"unreachable": True, "msg": "ssh"}, "reboot": {"running": NEW9}}, "ssh"),
        ({}, "a host before it failed, or its turn has not come"),
    ],
)
def test_why_it_became_of_a_host(steps: dict[str, Any], why: str) -> None:
    assert outcome_of(steps)["why"] == why


def test_check_mode_says_what_would_be_done_and_what_would_not() -> None:
    steps = {"preflight": PREFLIGHT, "install": {"changed": True}, "schedule": {"skipped": True}, "reboot": {"changed": True}}
    assert outcome_of(steps, check_mode=True)["why"] == "would install it and make it the default, reboot"
    assert outcome_of({"preflight": PREFLIGHT, "install": {"changed": False}}, check_mode=True)["why"] == "nothing would be changed"
    changed = {"preflight": {**PREFLIGHT, "changed": True}, "install": {"changed": False}}
    assert outcome_of(changed, check_mode=True)["why"] == "nothing would be changed", "a look is no change"


def test_what_runs_and_how_it_is_judged_is_what_was_seen_last() -> None:
    install = {"verdict": "reboot_pending"}
    host = outcome_of({"preflight": PREFLIGHT, "install": install, "reboot": {"running": NEW9, "verdict": "clear"}})
    assert (host["running"], host["verdict"], host["verdict_before"], host["target"]) == (NEW9, "clear", "at_risk", NEW9)
    host = outcome_of({"preflight": PREFLIGHT, "install": install, "reboot": {"failed": True, "msg": "x"}})
    assert (host["running"], host["verdict"]) == (OLD9, "reboot_pending")
    assert outcome_of({"preflight": PREFLIGHT})["verdict"] == "at_risk"


def lines_of(**upgrade: Any) -> list[str]:
    """What the table says of one host that had nothing done to it."""
    text = render_upgrade({"db": outcome_of({"preflight": {"upgrade": {**UPGRADE, **upgrade}}})})
    return text.split("\n\n", maxsplit=1)[0].split("\n")[2:]


def test_the_target_stands_below_a_host_that_does_not_run_it() -> None:
    assert any(f"target {NEW9}" in line for line in lines_of())
    assert len(lines_of(target=None)) == len(lines_of(running=NEW9)) == 1, "there is none, or it runs"
    assert lines_of(running=None, target=None)[0].rstrip().endswith("?")


def test_an_untouched_host_says_why_where_something_was_found() -> None:
    assert not any("two" in line for line in lines_of(target=None))
    assert any("two" in line for line in lines_of(target=None, findings=[{"sentence": "two"}]))


@pytest.mark.parametrize(("kb", "small"), [(1023, True), (1024, False)])
def test_an_initramfs_below_a_megabyte_is_none(kb: int, small: bool) -> None:
    assert bool(doubts_of_kernel(Evidence({**WHOLE, "$initramfs": f"{kb} /boot/initramfs-{NEW9}.img\n"}, {}), ["mlx4_en"])) is small


def test_a_kernel_that_the_boot_loader_has_no_entry_for_is_not_booted_once() -> None:
    plan = make_plan(NEW9, loader(), state(release="5.14.0-1.el9.x86_64\n"), [], standby=False, standby_seconds=60)
    assert (plan["ARM"], plan["CONFIRM"]) == ("", "")
