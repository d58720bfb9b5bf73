# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every path of an installation, driven with plain values: doubts, a loader that does not listen, a package that took another with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.finding import UpgradeError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.install_machine import (
    Execute,
    Install,
    InstallEnd,
    InstallMove,
    InstallSeen,
    InstallWanted,
    KernelsSeen,
    SeeKernels,
    Transaction,
    next_install_move,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.loader import Loader

OLD, NEW = "5.14.0-362.el9.x86_64", "5.14.0-427.el9.x86_64"
EDIT = "grub2-editenv -"
WANTED = InstallWanted(NEW, OLD)
DOUBT = f"/boot/vmlinuz-{NEW} is missing"
DID = Transaction("dnf install")


def seen(
    default: str | None, *doubts: str, kernels: tuple[str, ...] = (OLD, NEW), once: bool = True, next_entry: str = "", **more: Any
) -> KernelsSeen:
    entries = {release: f"e-{release}" for release in kernels}
    loader = Loader(
        kind="BLS", entries=entries, default=default, grubby=False, editor="grub2-editenv", saved=True, once=once, next_entry=next_entry
    )
    return KernelsSeen(doubts, kernels, more.get("parts", ()), loader)


BEFORE = seen(OLD, DOUBT, kernels=(OLD,))
WHOLE, CHOSEN = seen(OLD), seen(NEW)
GUARD = Execute("guarded", f"{EDIT} set saved_entry=e-{OLD} next_entry=e-{OLD}")
FORGET = Execute("forgotten", f"{EDIT} unset next_entry")
CHOOSE = Execute("chosen", f"{EDIT} set saved_entry=e-{NEW}")
PUT_BACK = Execute("put_back", f"{EDIT} set saved_entry=e-{OLD}")
NOT_WRITTEN = UpgradeError("grub2-editenv: read-only", "check that /boot can be written")


def moves(*replies: Any, wanted: InstallWanted = WANTED) -> list[InstallMove]:
    """The moves of a host that replies so, the first to the first look; up to the move that has no reply."""
    now, made = InstallSeen(), []
    for reply in (*replies, None):
        made.append(next_install_move(wanted, now))
        if isinstance(made[-1], InstallEnd) or reply is None:
            break
        now = replace(now, **{made[-1].into: reply})
    return made


def test_a_kernel_is_installed_under_guard_seen_to_be_whole_and_chosen() -> None:
    assert moves(BEFORE, "", DID, WHOLE, "", CHOSEN, "") == [
        SeeKernels("before"), GUARD, Install("installed", OLD, (), may_use_module=True), SeeKernels("after"), CHOOSE, SeeKernels("again"),
        FORGET, InstallEnd(BEFORE, changed=True),
    ]  # fmt: skip


def test_where_its_package_made_it_the_default_nothing_is_chosen() -> None:
    assert moves(BEFORE, "", DID, CHOSEN, "")[3:] == [SeeKernels("after"), FORGET, InstallEnd(BEFORE, changed=True)]


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_kernel_that_is_whole_and_boots_is_left_alone(check_mode: bool) -> None:
    assert moves(CHOSEN, wanted=replace(WANTED, check_mode=check_mode))[1:] == [InstallEnd(CHOSEN, changed=False)]


@pytest.mark.parametrize("before", [BEFORE, WHOLE, seen(NEW, DOUBT), seen(NEW, next_entry=f"e-{OLD}"), seen(None)])
def test_check_mode_tells_that_something_is_due_and_does_nothing(before: KernelsSeen) -> None:
    assert moves(before, wanted=replace(WANTED, check_mode=True))[1:] == [InstallEnd(before, changed=True)]


def test_a_whole_kernel_that_does_not_boot_is_chosen_without_a_transaction() -> None:
    assert moves(WHOLE, WHOLE, "", CHOSEN)[1:] == [SeeKernels("after"), CHOOSE, SeeKernels("again"), InstallEnd(WHOLE, changed=True)]


def test_the_guard_of_a_run_that_was_cut_is_taken_back() -> None:
    left = seen(NEW, next_entry=f"e-{OLD}")
    assert moves(left, left, "")[1:] == [SeeKernels("after"), FORGET, InstallEnd(left, changed=True)]


@pytest.mark.parametrize(
    ("before", "old", "guarded"),
    [
        (seen(OLD, DOUBT, kernels=(OLD,), once=False), OLD, False),
        (seen(None, DOUBT, kernels=(OLD,)), OLD, True),
        (seen(NEW, DOUBT), OLD, True),
        (seen("other", DOUBT, kernels=(OLD,)), "other", False),
    ],
)
def test_what_boots_until_the_new_one_is_whole(before: KernelsSeen, old: str, guarded: bool) -> None:
    """The default until now, but not a new kernel that is half made; a guard where the loader has one and knows the kernel."""
    move = moves(before)[1]
    if guarded:
        assert move == GUARD
        move = moves(before, "")[2]
    assert isinstance(move, Install) and move.old == old


def test_of_two_kernels_a_module_would_remove_one_so_the_manager_is_called() -> None:
    half = seen(OLD, DOUBT, parts=("kernel", "kernel-core"))
    assert moves(half, "")[2] == Install("installed", OLD, ("kernel", "kernel-core"), may_use_module=False)


@pytest.mark.parametrize(
    ("after", "said", "why"),
    [
        (seen(OLD, DOUBT), "", DOUBT),
        (seen(OLD, DOUBT), "No space left", f"{DOUBT} (dnf install says: No space left)"),
        (seen(OLD, kernels=(NEW,)), "", f"kernel {OLD} was removed"),
    ],
)
def test_on_a_doubt_the_old_default_stays(after: KernelsSeen, said: str, why: str) -> None:
    end = moves(BEFORE, "", Transaction("dnf install", said), after, "")[-1]
    told = f"kernel {NEW} is not used: {why}. Kernel {OLD} boots by default, as before."
    assert end == InstallEnd(BEFORE, changed=True, why=told)


def test_a_doubtful_kernel_that_became_the_default_is_put_back() -> None:
    made = moves(BEFORE, "", DID, seen(NEW, DOUBT), "", WHOLE, "")
    told = f"kernel {NEW} is not used: {DOUBT}. Kernel {OLD} boots by default again."
    assert made[4:] == [PUT_BACK, SeeKernels("last"), FORGET, InstallEnd(BEFORE, changed=True, why=told)]


def test_a_loader_that_does_not_listen() -> None:
    end = moves(BEFORE, "", DID, WHOLE, "", WHOLE, "")[-1]
    told = f"kernel {NEW} is not used: the role made it the default, but {OLD} boots. Kernel {OLD} boots by default, as before."
    assert end == InstallEnd(BEFORE, changed=True, why=told)


NOT_BACK = f"kernel {NEW} is not used: {DOUBT}. The old default could NOT be put back: "


@pytest.mark.parametrize(
    ("replies", "sentence", "remedy"),
    [
        ((seen(NEW, DOUBT), NOT_WRITTEN), f"{NOT_BACK}{NOT_WRITTEN.sentence}", NOT_WRITTEN.remedy),
        ((seen(NEW, DOUBT), "", seen(NEW, DOUBT)), f"{NOT_BACK}{NEW} boots by default", "set the right default before any reboot"),
        (
            (seen(NEW, DOUBT, kernels=(NEW,)),),
            f"{NOT_BACK.replace(DOUBT, f'{DOUBT}; kernel {OLD} was removed')}no boot entry starts kernel {OLD}",
            "reinstall its package, and that makes the entry",
        ),
    ],
)
def test_an_old_default_that_cannot_be_put_back_is_said_loudly(replies: tuple[Any, ...], sentence: str, remedy: str) -> None:
    with pytest.raises(UpgradeError) as raised:
        moves(BEFORE, "", DID, *replies)
    assert (raised.value.sentence, raised.value.remedy) == (sentence, remedy)


@pytest.mark.parametrize("replies", [(BEFORE,), (BEFORE, "", DID, WHOLE), (BEFORE, "", DID, CHOSEN)])
def test_a_command_that_does_not_go_ends_it(replies: tuple[Any, ...]) -> None:
    """The guard, the choice, and taking the guard back."""
    with pytest.raises(UpgradeError) as raised:
        moves(*replies, NOT_WRITTEN)
    assert raised.value is NOT_WRITTEN
