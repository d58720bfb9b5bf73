# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workaround on kernels that starve, on legacy and modern alike: its whole road, and every cut and fault on the way."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.changing import (
    ADVISORY,
    CONNECTION_CUT,
    FIRST_KB,
    LEAVING,
    MOMENTS,
    ORIGINAL_KB,
    POWER_CUT,
    SECOND_KB,
    Fleet,
    at,
    fleet,
)
from tests.lab.guest import Guest
from tests.lab.test_story import leak_until_packets_are_dropped

#: CI goes the whole road; ./dev lab has the cuts and faults too.
LONG = pytest.mark.lab_long


@pytest.fixture
def hosts(guests: dict[str, Guest], tmp_path: Path) -> Iterator[Fleet]:
    """The guests as they were: whatever a test left, the playbook itself takes back."""
    both = fleet(guests, tmp_path)
    yield both
    both.workaround(workaround_state="absent", check=False)
    assert {state.values for state in both.states().values()} == {(ORIGINAL_KB, None, "none")}


def outcomes(changes: dict[str, dict[str, object]]) -> set[object]:
    return {change["outcome"] for change in changes.values()}


def test_the_whole_road(hosts: Fleet) -> None:
    before = hosts.states()
    for guest in hosts.guests.values():
        guest.run("dd if=/dev/vda of=/dev/null bs=1M 2>/dev/null", timeout=300)  # page cache, that there is something to reclaim
        leak_until_packets_are_dropped(guest)

    planned = hosts.workaround("--check", "--diff")
    assert outcomes(planned) == {"planned"} and {change["before"]["verdict"] for change in planned.values()} == {"affected"}
    assert f"-vm.min_free_kbytes = {ORIGINAL_KB}\n+vm.min_free_kbytes = {FIRST_KB}" in hosts.said
    assert hosts.states() == before, "check mode changes nothing"

    applied = hosts.workaround()
    for name, change in applied.items():
        assert (change["outcome"], change["step"], change["after"]["verdict"]) == ("applied", 1, "mitigated"), change
        counted = int(hosts.guests[name].run("echo count 2 atomic >/proc/pagealloc_oracle; cat /proc/pagealloc_oracle"))
        assert abs(counted - change["after"]["granted"]) <= max(counted, 2000) // 4, "what the report says is what the kernel grants"
    assert {state.values for state in hosts.states().values()} == {(FIRST_KB, FIRST_KB, "in_force")}

    again = hosts.workaround()
    assert outcomes(again) == {"kept"} and "changed=0" in hosts.said

    for guest in hosts.guests.values():
        boot = guest.boot_id()
        guest.run("sync; reboot", check=False)
        guest.wait_for_other_boot(boot)
    assert {state.values for state in hosts.states().values()} == {(FIRST_KB, FIRST_KB, "in_force")}, "after a reboot too"
    assert outcomes(hosts.workaround()) == {"kept"}

    for guest in hosts.guests.values():
        leak_until_packets_are_dropped(guest)
    assert {(change["outcome"], change["step"]) for change in hosts.workaround().values()} == {("applied", 2)}
    assert {state.values for state in hosts.states().values()} == {(SECOND_KB, SECOND_KB, "in_force")}

    for guest in hosts.guests.values():
        leak_until_packets_are_dropped(guest)
    spent = hosts.workaround(check=False)
    assert "affected, and the outcome of the workaround is exhausted" in hosts.said, "a cure that does not cure fails"
    assert outcomes(spent) == {"exhausted"} and "only a kernel with the fix helps" in " ".join(spent["legacy"]["sentences"])

    assert outcomes(hosts.workaround(workaround_state="absent")) == {"restored"}
    assert hosts.states() == before, "values, files and their checksums are as they were"
    assert outcomes(hosts.workaround(workaround_state="absent")) == {"kept"} and "changed=0" in hosts.said


@LONG
def test_the_settings_of_newer_kernels_hold_over_a_reboot_and_are_given_back(hosts: Fleet) -> None:
    names = ("watermark_scale_factor", "compaction_proactiveness")

    def values() -> set[tuple[int, ...]]:
        read = "; ".join(f"cat /proc/sys/vm/{name}" for name in names)
        return {tuple(int(line) for line in guest.run(read).split()) for guest in hosts.guests.values()}

    before, advisory = values(), {**ADVISORY, "workaround": {**ADVISORY["workaround"], names[0]: 50, names[1]: 40}}
    applied = hosts.workaround(pagealloc_advisories=[advisory])
    assert outcomes(applied) == {"applied"} and values() == {(50, 40)}
    assert {change["after"]["verdict"] for change in applied.values()} == {"mitigated"}
    for guest in hosts.guests.values():
        boot = guest.boot_id()
        guest.run("sync; reboot", check=False)
        guest.wait_for_other_boot(boot)
    assert values() == {(50, 40)}
    assert outcomes(hosts.workaround(workaround_state="absent")) == {"restored"} and values() == before


@LONG
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_connection_that_breaks(hosts: Fleet, moment: str) -> None:
    for guest in hosts.guests.values():
        at(guest, MOMENTS[moment], CONNECTION_CUT)
    cut = hosts.workaround(check=False)
    for change in cut.values():  # once it is done, the answer may be quicker than the cut
        assert change["outcome"] == "failed" or (moment == "once it is done" and change["outcome"] == "applied"), change
        assert change["outcome"] == "applied" or "The host finishes on its own" in change["sentences"][0], change
    time.sleep(4)
    assert {state.values for state in hosts.states().values()} == {(FIRST_KB, FIRST_KB, "in_force")}, "the hosts finished alone"
    assert outcomes(hosts.workaround()) == {"kept"}


@LONG
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_power_cut(hosts: Fleet, moment: str) -> None:
    boots = {name: guest.boot_id() for name, guest in hosts.guests.items()}
    for guest in hosts.guests.values():
        at(guest, MOMENTS[moment], POWER_CUT)
    hosts.workaround(check=False)
    for name, guest in hosts.guests.items():
        guest.wait_for_other_boot(boots[name])
    for name, state in hosts.states().items():
        assert state.running_kb == (state.boot_kb or ORIGINAL_KB), f"{name}: {state.values}: the old values or the new ones, no mix"
    mended = hosts.workaround()
    assert outcomes(mended) <= {"mended", "applied", "kept"}, mended
    assert outcomes(hosts.workaround()) == {"kept"}
    assert {state.values for state in hosts.states().values()} == {(FIRST_KB, FIRST_KB, "in_force")}


@LONG
@pytest.mark.parametrize("then", ["absent", "present"])
def test_a_power_cut_while_it_is_taken_back(hosts: Fleet, then: str) -> None:
    hosts.workaround()
    boots = {name: guest.boot_id() for name, guest in hosts.guests.items()}
    for guest in hosts.guests.values():
        at(guest, LEAVING, POWER_CUT)
    hosts.workaround(workaround_state="absent", check=False)
    for name, guest in hosts.guests.items():
        guest.wait_for_other_boot(boots[name])
    for name, state in hosts.states().items():
        assert state.running_kb == (state.boot_kb or ORIGINAL_KB), f"{name}: {state.values}: the old values or the new ones, no mix"
        assert state.phase == "leaving", "the next run knows what was begun"
    again = hosts.workaround(workaround_state=then)
    if then == "absent":
        assert outcomes(again) == {"restored"}
        assert {state.values for state in hosts.states().values()} == {(ORIGINAL_KB, None, "none")}
    else:
        assert outcomes(again) == {"applied"} and "had started to restore the old values" in again["legacy"]["sentences"][0]
        assert {state.values for state in hosts.states().values()} == {(FIRST_KB, FIRST_KB, "in_force")}


@LONG
def test_the_controller_is_killed(hosts: Fleet) -> None:
    for guest in hosts.guests.values():
        guest.run("rm -f /tmp/began")
        at(guest, MOMENTS["once it is written down"], "touch /tmp/began")
    with hosts.started() as process:
        for guest in hosts.guests.values():
            guest.run("until [ -e /tmp/began ]; do sleep 0.1; done")
        os.killpg(process.pid, signal.SIGKILL)
    time.sleep(5)
    assert {state.values for state in hosts.states().values()} == {(FIRST_KB, FIRST_KB, "in_force")}
    assert outcomes(hosts.workaround()) == {"kept"}


@LONG
def test_a_second_run_at_the_same_time(hosts: Fleet, tmp_path: Path) -> None:
    for guest in hosts.guests.values():
        guest.run("rm -f /tmp/began")
        at(guest, MOMENTS["once it is written down"], "touch /tmp/began")
    with hosts.started(workaround_watch_seconds=25):
        for guest in hosts.guests.values():
            guest.run("until [ -e /tmp/began ]; do sleep 0.1; done")
        second = fleet(hosts.guests, tmp_path / "second").workaround(check=False)
        assert outcomes(second) == {"failed"}, second
        assert "nother run is active on this host" in second["modern"]["sentences"][0]
    assert {state.values for state in hosts.states().values()} == {(FIRST_KB, FIRST_KB, "in_force")}


FAULTS = {
    "etc cannot be written": (
        "mount --bind /etc /etc && mount -o remount,ro,bind /etc",
        "umount /etc",
    ),
    "etc is full": (
        "mount -t tmpfs -o size=4k none /etc/sysctl.d && dd if=/dev/zero of=/etc/sysctl.d/full bs=4096 count=9 2>/dev/null; true",
        "umount /etc/sysctl.d",
    ),
    "the record cannot be written": (
        "mkdir -p /var/lib && mount -t tmpfs -o ro none /var/lib",
        "umount /var/lib",
    ),
}


@LONG
@pytest.mark.parametrize("fault", FAULTS)
def test_a_disk_that_takes_nothing(hosts: Fleet, fault: str) -> None:
    begin, end = FAULTS[fault]
    before = hosts.states()
    for guest in hosts.guests.values():
        guest.run(begin)
    try:
        failed = hosts.workaround(check=False)
        assert outcomes(failed) == {"failed"}, failed
        assert "is the file system full or read-only?" in failed["legacy"]["sentences"][0]
        assert {state.values for state in hosts.states().values()} == {(ORIGINAL_KB, None, "none")}
    finally:
        for guest in hosts.guests.values():
            guest.run(end)
    assert hosts.states() == before


@LONG
def test_a_kernel_without_the_key(hosts: Fleet) -> None:
    """As one that is built without NUMA: vm.zone_reclaim_mode is not there."""
    hide = (
        "mount -t tmpfs none /mnt && cd /proc/sys/vm && for name in *; do [ $name = zone_reclaim_mode ] || { : >/mnt/$name; "
        "mount --bind /proc/sys/vm/$name /mnt/$name; }; done && mount --rbind /mnt /proc/sys/vm"
    )
    for guest in hosts.guests.values():
        guest.run(hide)
    try:
        changes = hosts.workaround()
        assert {(change["outcome"], change["after"]["zone_reclaim_mode"]) for change in changes.values()} == {("applied", None)}
        assert outcomes(hosts.workaround(workaround_state="absent")) == {"restored"}
    finally:
        for guest in hosts.guests.values():
            guest.run("umount -l /proc/sys/vm; umount -l /mnt", check=False)


@LONG
def test_what_ansible_posix_would_have_written(hosts: Fleet, tmp_path: Path) -> None:
    """Where Python is, the well-kept module agrees that nothing is left to do."""
    hosts.workaround()
    task = {
        "ansible.posix.sysctl": {
            "name": "vm.min_free_kbytes",
            "value": str(FIRST_KB),
            "sysctl_file": "/etc/sysctl.d/zz-fleetcare-pagealloc.conf",
            "sysctl_set": True,
            "reload": False,
        }
    }
    done = hosts.ansible.play(tmp_path / "home", {"modern": hosts.guests["modern"].variables()}, [task])
    assert "changed=0" in done.stdout, done.stdout


@LONG
def test_a_value_that_somebody_changed_is_not_taken_back_unasked(hosts: Fleet) -> None:
    hosts.workaround()
    for guest in hosts.guests.values():
        guest.run("echo 90000 >/proc/sys/vm/min_free_kbytes")
    refused = hosts.workaround(workaround_state="absent")
    assert outcomes(refused) == {"refused"} and "somebody changed it" in refused["modern"]["sentences"][0]
    assert {state.running_kb for state in hosts.states().values()} == {90000}
    assert outcomes(hosts.workaround(workaround_state="absent", workaround_force=True)) == {"restored"}


@LONG
def test_other_files_that_set_the_same(hosts: Fleet) -> None:
    for guest in hosts.guests.values():
        guest.run("echo vm.min_free_kbytes=70000 >/etc/sysctl.d/50-other.conf")
    try:
        refused = hosts.workaround()
        assert outcomes(refused) == {"refused"}
        assert "/etc/sysctl.d/50-other.conf sets vm.min_free_kbytes = 70000" in refused["legacy"]["sentences"][0]
        assert outcomes(hosts.workaround(workaround_conflicts="override")) == {"applied"}
    finally:
        for guest in hosts.guests.values():
            guest.run("rm /etc/sysctl.d/50-other.conf")
