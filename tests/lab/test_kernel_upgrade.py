# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel_upgrade playbook on a guest with a real package manager, a real boot loader and kernels that really boot.

In the order of the file, on one guest; ``./dev test`` runs the story alone, ``./dev lab`` all. The guest waits for its kernel under the
workaround. Whatever goes wrong, it boots and answers, and the next run says what is so.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.changing import CHOICES, POWER_CUT, fleet, state_of
from tests.lab.clusters import ADDRESS, RUNS_BOTH, join_clusters, leave_clusters, start_late
from tests.lab.faults import fill_boot, offer
from tests.lab.guest import Guest, Plan, running
from tests.lab.packages import BROKEN, DRIVERLESS, NEW, OLD, uname_of
from tests.lab.test_upgradable import ADVISED
from tests.playbook import inventory, own

LONG = pytest.mark.lab_long
HOME = "/var/lib/pagealloc-kernel-upgrade"
#: vm.min_free_kbytes of this guest: the kernel's own choice, and what is asked for until it has the fix; 3 % of its memory are 60 MB.
ORIGINAL_KB, WORKAROUND_KB = 45056, 49152
SITE = {**ADVISED, "workaround": {"min_free_kbytes": WORKAROUND_KB}}


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    with running(Plan("upgradable", (2048,)), "upgrades") as started:
        hosts = fleet({"db01": started}, tmp_path_factory.mktemp("workaround"))
        choices = {**CHOICES, "pagealloc_advisories": [SITE], "workaround_steps_kb": [WORKAROUND_KB]}
        change = hosts.workaround(**choices)["db01"]
        assert (change["outcome"], change["before"]["verdict"], change["after"]["verdict"]) == ("applied", "at_risk", "mitigated"), change
        assert state_of(started).values == (WORKAROUND_KB, WORKAROUND_KB, "in_force")
        yield started


class Run:
    """One run of the playbook over the guest."""

    def __init__(self, guest: Guest, folder: Path, *words: str, **options: Any) -> None:
        variables = {"pagealloc_advisories": [SITE], **{f"kernel_upgrade_{name}": value for name, value in options.items()}}
        hosts = inventory(folder, {"db01": {**guest.variables(), "ansible_ssh_extra_args": "-o ServerAliveInterval=10"}})
        command = ["ansible-playbook", "fleetcare.pagealloc.kernel_upgrade", "-i", str(hosts), "-e", json.dumps(variables), *words]
        self.done: subprocess.CompletedProcess[str] = own().run(*command, folder=folder, check=False)
        print(self.done.stdout, self.done.stderr)
        document = json.loads((folder / "pagealloc-upgrade" / "kernel_upgrade.json").read_text())
        self.host: dict[str, Any] = document["hosts"]["db01"]

    @property
    def outcome(self) -> tuple[str, str]:
        """(what became of the guest, its verdict)."""
        return self.host["outcome"], self.host["verdict"]

    def found(self, check: str) -> str:
        """The sentence of a finding of preflight, "" where there is none."""
        return next((str(one["sentence"]) for one in self.host["findings"] if one["check"] == check), "")


def boots(guest: Guest) -> tuple[str, str]:
    """(the running kernel, the default one), without the architecture."""
    told = guest.run("uname -r; grubby --default-kernel").replace("/boot/vmlinuz-", "").replace(".x86_64", "").split()
    return told[0], told[1]


def back_to_the_old_kernel(guest: Guest, folder: Path) -> None:
    """As a test finds it: the old kernel runs, the new one boots by default."""
    guest.run(f"grubby --set-default=/boot/vmlinuz-{uname_of(OLD)}; sync")
    guest.reboot()
    assert Run(guest, folder).outcome == ("installed", "reboot_pending")
    assert boots(guest) == (OLD, NEW)


def in_seconds(guest: Guest, seconds: int) -> str:
    """A time of the guest's clock, with its offset."""
    return guest.run(f"date -u -d @$(($(date +%s) + {seconds})) +%Y-%m-%dT%H:%M:%SZ").strip()


@LONG
def test_check_mode_shows_the_plan_and_changes_nothing(guest: Guest, tmp_path: Path) -> None:
    run = Run(guest, tmp_path, "--check", "--diff")
    assert run.outcome == ("planned", "mitigated")
    assert f'+    "default_boot": "{uname_of(NEW)}"' in run.done.stdout
    assert "mlx4_en" in run.found("driver") and run.host["target"] == uname_of(NEW)
    assert boots(guest) == (OLD, OLD)
    assert guest.run("rpm -q kernel").split() == [f"kernel-{uname_of(OLD)}"]


@LONG
@pytest.mark.parametrize(
    ("repository", "leave_kb", "outcome", "said"),
    [
        (None, None, "refused", "is not offered (newest offered: none)"),
        ("pinned", None, "refused", f"is not offered (newest offered: {uname_of(OLD)}"),
        ("driverless", None, "refused", "does not list mlx4_en"),
        ("current", 4000, "refused", "kB free, and a kernel needs about"),
        ("corrupt", None, "failed", "checksum"),
    ],
    ids=["gone", "old", "driverless", "full", "corrupt"],
)
def test_a_fault_is_said_and_nothing_is_changed(
    guest: Guest, tmp_path: Path, repository: str | None, leave_kb: int | None, outcome: str, said: str
) -> None:
    offer(guest, repository)
    fill_boot(guest, leave_kb)
    run = Run(guest, tmp_path)
    assert run.done.returncode == 2
    assert run.host["outcome"] == outcome and said in run.host["why"], run.host["why"]
    assert boots(guest) == (OLD, OLD)
    assert guest.run("rpm -q kernel").split() == [f"kernel-{uname_of(OLD)}"]
    offer(guest, "current")
    fill_boot(guest, None)


@LONG
def test_a_driver_that_only_the_installed_kernel_shows_to_be_missing(guest: Guest, tmp_path: Path) -> None:
    """As where the repository does not list the files of packages: what preflight cannot see is seen before anything boots it."""
    offer(guest, "driverless")
    seen = own().play(
        tmp_path,
        {"db01": guest.variables()},
        [
            {
                "fleetcare.pagealloc.kernel_preflight": {"site_advisories": [SITE], "refuse": False},
                "register": "seen",
            },
            {"fleetcare.pagealloc.kernel_install": {"upgrade": "{{ seen.upgrade }}", "site_advisories": [SITE]}},
        ],
        check=False,
    )
    assert f"kernel {uname_of(DRIVERLESS)} is not used: it lacks the driver mlx4_en" in seen.stdout
    assert f"Kernel {uname_of(OLD)} boots by default again." in seen.stdout
    assert boots(guest) == (OLD, OLD)
    guest.run(f"dnf -y remove kernel-{uname_of(DRIVERLESS)}")
    offer(guest, "current")


@LONG
def test_a_package_manager_killed_in_its_transaction_is_made_good_by_the_next_run(guest: Guest, tmp_path: Path) -> None:
    """Killed where EL's own order is at its worst: the new kernel boots by default already and has no initramfs yet."""
    hold = "/usr/lib/kernel/install.d/30-hold.install"
    guest.run(f"printf '#!/bin/sh\\ntouch /run/held; exec sleep 600\\n' >{hold}; chmod 755 {hold}")
    guest.run(f"nohup dnf -y install kernel-{NEW} >/dev/null 2>&1 & sleep 1")
    guest.wait_until("[ -e /run/held ]", 120)
    # the brackets: not the shell that says it
    guest.run(f"rm {hold}; pkill -9 dnf; pkill -9 -f 'kernel-instal[l]'; pkill -9 -x sleep; sleep 1", check=False)
    assert boots(guest) == (OLD, NEW)
    assert guest.run(f"ls /boot/initramfs-{uname_of(NEW)}.img 2>/dev/null", check=False) == ""
    run = Run(guest, tmp_path)
    assert run.outcome == ("installed", "reboot_pending"), run.host["why"]
    assert boots(guest) == (OLD, NEW)
    assert int(guest.run(f"stat -c %s /boot/initramfs-{uname_of(NEW)}.img")) > 1 << 20
    again = Run(guest, tmp_path)
    assert again.outcome == ("installed", "reboot_pending") and "changed=0" in again.done.stdout


@LONG
@pytest.mark.parametrize(("when", "plugin"), [("before the default is set", "10-cut"), ("after the default is set", "30-cut")])
def test_a_power_cut_in_the_transaction(guest: Guest, tmp_path: Path, when: str, plugin: str) -> None:
    """Cut by a plugin of kernel-install, around the one that makes the new kernel the default. All written until then is on the disk."""
    guest.run(f"dnf -y remove kernel-{NEW}; grubby --set-default=/boot/vmlinuz-{uname_of(OLD)}")
    hook, boot = f"/usr/lib/kernel/install.d/{plugin}.install", guest.boot_id()
    guest.run(f"printf '#!/bin/sh\n[ $1 = add ] && rm {hook} && sync && {POWER_CUT}\n' >{hook}; chmod 755 {hook}; sync")
    cut = Run(guest, tmp_path)
    assert cut.host["outcome"] == "failed" and "was lost while its package manager worked" in cut.host["why"], cut.host["why"]
    guest.wait_for_other_boot(boot)
    assert boots(guest) == (OLD, {"10-cut": OLD, "30-cut": NEW}[plugin]), f"{when}: the old kernel runs"
    mended = Run(guest, tmp_path)
    assert mended.outcome == ("installed", "reboot_pending")
    assert "it was only half installed: " in mended.host["why"] and "its initramfs is missing" in mended.host["why"], mended.host["why"]
    assert boots(guest) == (OLD, NEW) and guest.run("grub2-editenv list | grep next_entry=. || true") == "", "the default boots next"
    assert "changed=0" in Run(guest, tmp_path).done.stdout


@LONG
def test_a_power_cut_once_the_new_kernel_is_the_default(guest: Guest, tmp_path: Path) -> None:
    """A few seconds after the boot loader's choice, which reaches the disk before a package's files do unless somebody sees to it."""
    guest.run(f"dnf -y remove kernel-{NEW}; grubby --set-default=/boot/vmlinuz-{uname_of(OLD)}; sync")
    chosen = "grub2-editenv list | grep -q saved_entry.*-" + uname_of(NEW)
    boot = guest.boot_id()
    guest.leave(f"until {chosen} && ! grub2-editenv list | grep -q next_entry=.; do sleep 0.1; done; sleep 7; {POWER_CUT}")
    Run(guest, tmp_path)
    guest.wait_for_other_boot(boot)
    assert boots(guest) == (NEW, NEW), "the new kernel is whole"
    assert guest.run(f"rpm -V kernel-{NEW}") == ""
    back_to_the_old_kernel(guest, tmp_path)


@LONG
def test_a_node_of_clusters_hands_over_and_takes_back(guest: Guest, tmp_path: Path) -> None:
    """Of Pacemaker and of keepalived at once, the real ones."""
    join_clusters(guest)
    boot = guest.boot_id()
    refused = Run(guest, tmp_path, reboot="now")
    assert refused.host["outcome"] == "refused"
    assert "a node of Pacemaker: it runs 1 resource" in refused.host["why"], refused.host["why"]
    assert f"a node of keepalived: it runs {ADDRESS}" in refused.host["why"]

    guest.run("crm_resource -r service --meta -p is-managed -v false 2>&1")  # no standby moves it
    stuck = Run(guest, tmp_path, reboot="now", cluster="standby", standby_timeout_seconds=6)
    assert "the cluster did not take over within 6 s" in stuck.host["why"], stuck.host["why"]
    assert guest.boot_id() == boot and boots(guest) == (OLD, NEW)
    guest.run("crm_resource -r service --meta -d is-managed 2>&1")
    guest.wait_until(RUNS_BOTH, 120)

    start_late(guest)
    # what the node looks like at the moment at which it goes down
    guest.run(f"rm -f {HOME}/before")
    guest.leave(f"until [ -e {HOME}/before ]; do sleep 0.2; done; crm_mon -1; ip -o address", "/root/seen")
    run = Run(guest, tmp_path, reboot="now", cluster="standby")
    assert run.outcome == ("rebooted", "clear"), run.host["why"]
    seen = guest.run("cat /root/seen")
    assert "standby" in seen and "Started" not in seen and ADDRESS not in seen, seen
    guest.wait_until(RUNS_BOTH, 120)
    assert 'standby="false"' in guest.run("crm_mon -1 --output-as=xml | grep '<node name'")
    leave_clusters(guest)
    back_to_the_old_kernel(guest, tmp_path)


@LONG
def test_a_job_of_at_where_there_is_no_systemd(guest: Guest, tmp_path: Path) -> None:
    """As on EL 6: the guest's systemd is out of sight, atd is real."""
    hide = "mount -t tmpfs none /run/systemd"
    guest.run(hide)
    far = in_seconds(guest, 7200)
    assert Run(guest, tmp_path, reboot="at", reboot_at=far).host["outcome"] == "scheduled"
    [job] = guest.run("atq").splitlines()
    assert "changed=0" in Run(guest, tmp_path, reboot="at", reboot_at=far).done.stdout
    guest.run(f"grubby --set-default=/boot/vmlinuz-{uname_of(OLD)}; sync")
    guest.cut_power()
    guest.run(f"grubby --set-default=/boot/vmlinuz-{uname_of(NEW)}; {hide}")
    assert guest.run("atq").splitlines() == [job], "kept over a power cut"
    Run(guest, tmp_path, reboot="at", reboot_at=in_seconds(guest, 10800))
    [moved] = guest.run("atq").splitlines()
    assert moved != job
    assert Run(guest, tmp_path, reboot="cancel").host["outcome"] == "cancelled"
    assert guest.run("atq") == ""

    boot = guest.boot_id()
    assert Run(guest, tmp_path, reboot="at", reboot_at=in_seconds(guest, 150), notice_seconds=10).host["outcome"] == "scheduled"
    guest.wait_for_other_boot(boot, 420)
    guest.wait_until(f"grep -q confirmed {HOME}/outcome", 240)
    assert boots(guest) == (NEW, NEW)
    assert guest.run("atq") == "", "once only"
    back_to_the_old_kernel(guest, tmp_path)


@LONG
def test_a_schedule_is_kept_over_a_reboot_shown_replaced_and_cancelled(guest: Guest, tmp_path: Path) -> None:
    far = in_seconds(guest, 7200)
    run = Run(guest, tmp_path, reboot="at", reboot_at=far)
    assert run.outcome[0] == "scheduled" and run.host["due"], run.host["why"]
    assert "changed=0" in Run(guest, tmp_path, reboot="at", reboot_at=far).done.stdout
    guest.run(f"grubby --set-default=/boot/vmlinuz-{uname_of(OLD)}; sync")
    guest.cut_power()
    guest.run(f"grubby --set-default=/boot/vmlinuz-{uname_of(NEW)}")
    assert guest.run("systemctl is-active pagealloc-kernel-upgrade.timer").strip() == "active"
    kept = Run(guest, tmp_path)
    assert uname_of(NEW) in kept.found("schedule") and "is due at" in kept.found("schedule")
    moved = Run(guest, tmp_path, reboot="at", reboot_at=in_seconds(guest, 10800))
    assert moved.host["due"] != run.host["due"]
    cancelled = Run(guest, tmp_path, reboot="cancel")
    assert cancelled.host["outcome"] == "cancelled"
    assert guest.run("ls /etc/systemd/system/pagealloc* 2>/dev/null", check=False) == ""
    assert "changed=0" in Run(guest, tmp_path, reboot="cancel").done.stdout


@LONG
def test_a_host_that_was_off_at_its_time_is_late_and_not_forgotten(guest: Guest, tmp_path: Path) -> None:
    """It comes back within its window, and by its default boot already runs the new kernel: it says so, and reboots no more."""
    due = int(guest.run("date +%s")) + 75
    assert Run(guest, tmp_path, reboot="at", reboot_at=in_seconds(guest, 75), notice_seconds=0).host["outcome"] == "scheduled"
    guest.wait_until(f"[ $(date +%s) -ge {due - 5} ]", 75)
    guest.cut_power()
    guest.wait_until(f"grep -q 'refused: kernel {uname_of(NEW)} runs already' {HOME}/outcome", 120)
    assert guest.run("ls /etc/systemd/system/pagealloc* 2>/dev/null", check=False) == ""
    assert "is already running" in Run(guest, tmp_path).found("last_reboot"), "also of a host that asks for nothing"
    back_to_the_old_kernel(guest, tmp_path)


@LONG
def test_times_that_cannot_be_are_refused(guest: Guest, tmp_path: Path) -> None:
    passed = Run(guest, tmp_path, reboot="at", reboot_at=in_seconds(guest, -600))
    assert passed.host["outcome"] == "refused" and "it has passed" in passed.host["why"]
    guest.run("date -s @$(($(date +%s) + 86400))")
    wrong = Run(guest, tmp_path, reboot="at", reboot_at=in_seconds(guest, 600))
    assert wrong.host["outcome"] == "refused" and "ahead of the controller's" in wrong.host["why"]
    guest.run("date -s @$(($(date +%s) - 86400))")


@LONG
def test_a_window_that_was_missed_is_not_made_up_for(guest: Guest, tmp_path: Path) -> None:
    """The clock jumps past the window, as after a host that slept: the timer fires, the host refuses."""
    Run(guest, tmp_path, reboot="at", reboot_at=in_seconds(guest, 3600), window_seconds=60)
    boot = guest.boot_id()
    guest.run("date -s @$(($(date +%s) + 7200))")
    guest.wait_until(f"grep -q refused {HOME}/outcome", 60)
    guest.run("date -s @$(($(date +%s) - 7200))")
    assert guest.boot_id() == boot
    after = Run(guest, tmp_path)
    assert after.outcome == ("installed", "reboot_pending")
    assert "refused: its window was missed by" in after.found("last_reboot")


@LONG
def test_scheduled_rebooted_in_its_window_and_clear(guest: Guest, tmp_path: Path) -> None:
    installed = Run(guest, tmp_path)
    assert installed.outcome == ("installed", "reboot_pending"), installed.host["why"]
    boot = guest.boot_id()
    run = Run(guest, tmp_path, reboot="at", reboot_at=in_seconds(guest, 75), notice_seconds=10)
    assert run.outcome[0] == "scheduled", run.host["why"]
    assert guest.boot_id() == boot, "not before its time"
    guest.wait_for_other_boot(boot, 420)
    guest.wait_until(f"grep -q confirmed {HOME}/outcome", 120)
    assert boots(guest) == (NEW, NEW)
    assert guest.run("ls /etc/systemd/system/pagealloc* 2>/dev/null", check=False) == "", "once only"
    assert state_of(guest).values == (WORKAROUND_KB, WORKAROUND_KB, "in_force"), "it stays until it is taken away"
    clear = Run(guest, tmp_path, remove_workaround=True)
    assert (*clear.outcome, clear.host["workaround"]) == ("untouched", "clear", "restored"), clear.done.stdout
    assert state_of(guest).values == (ORIGINAL_KB, None, "none")
    assert "changed=0" in Run(guest, tmp_path, remove_workaround=True).done.stdout


@LONG
def test_a_kernel_that_panics_stops_the_roll_and_the_old_one_is_a_reset_away(guest: Guest, tmp_path: Path) -> None:
    offer(guest, "broken")
    worse = {**SITE, "kernel": {**SITE["kernel"], "fixed": BROKEN}}
    options = {"advisories": [worse], "reboot": "now", "return_timeout_seconds": 120}
    run = Run(guest, tmp_path, **options)
    assert run.host["outcome"] == "failed" and "did not come back within 120 s" in run.host["why"], run.host["why"]
    assert f"it ran {uname_of(NEW)}" in run.host["why"]
    assert "Kernel panic" in guest.console
    guest.reset()
    guest.wait()
    assert boots(guest) == (NEW, NEW)
    after = Run(guest, tmp_path, **options)
    assert f"returned: kernel {uname_of(BROKEN)} did not come up, {uname_of(NEW)} runs" in after.found("last_reboot")
    assert after.host["outcome"] == "refused" and boots(guest) == (NEW, NEW), "not made the default again unasked"
    assert Run(guest, tmp_path, "--check", accept=["last_reboot"], **options).host["outcome"] == "planned"
