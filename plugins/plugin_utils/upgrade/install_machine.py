# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine that installs a kernel and makes it the default, or restores the old default: from what is known to the next move.

``next_install_move`` decides, and is a pure function; the action carries its moves out. Until the new kernel is known to be complete, the
next boot is that of the old one, if the loader can do that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.finding import UpgradeError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.loader import Loader


@dataclass(frozen=True)
class InstallWanted:
    """``release``: the kernel to have, ``running``: the one that runs."""

    release: str
    running: str
    check_mode: bool = False


@dataclass(frozen=True)
class KernelsSeen:
    """A host at one moment. ``doubts``: why the new kernel is incomplete, none if it is complete. ``kernels``: the releases that are
    installed. ``parts``: the packages of the new one that are there."""

    doubts: tuple[str, ...]
    kernels: tuple[str, ...]
    parts: tuple[str, ...]
    loader: Loader


@dataclass(frozen=True)
class Transaction:
    """What the package manager did. ``via``: how, ``said``: its error message."""

    via: str
    said: str = ""


@dataclass(frozen=True)
class InstallSeen:
    """What is known so far; None if it was not asked for. For a command: "" if it worked, else the error.

    ``before``: the host at first. ``guarded``: the old kernel boots next. ``installed``: the transaction, and ``after``: the host after
    it. ``chosen``, ``again``: the new kernel was made the default, and the host after that. ``put_back``, ``last``: the same for the old
    one. ``forgotten``: the guard is removed.
    """

    before: KernelsSeen | None = None
    guarded: str | UpgradeError | None = None
    installed: Transaction | None = None
    after: KernelsSeen | None = None
    chosen: str | UpgradeError | None = None
    again: KernelsSeen | None = None
    put_back: str | UpgradeError | None = None
    last: KernelsSeen | None = None
    forgotten: str | UpgradeError | None = None


@dataclass(frozen=True)
class SeeKernels:
    """Look at the host. ``into``: the name in ``InstallSeen`` of what comes of a move."""

    into: str


@dataclass(frozen=True)
class Execute:
    """Have the host carry out a command of its boot loader."""

    into: str
    command: str


@dataclass(frozen=True)
class Install:
    """Let the package manager install the kernel, or repair the ``parts`` that are there. ``old``: the kernel that boots until then."""

    into: str
    old: str
    parts: tuple[str, ...]
    may_use_module: bool


@dataclass(frozen=True)
class InstallEnd:
    """``before``: the host at first. ``why``: the reason why the new kernel is not used, "" if it is used."""

    before: KernelsSeen
    changed: bool
    why: str = ""


InstallMove = SeeKernels | Execute | Install | InstallEnd


def next_install_move(wanted: InstallWanted, seen: InstallSeen) -> InstallMove:
    """What to do next. Raises UpgradeError if a command failed, or the old default could not be restored."""
    for done in (seen.guarded, seen.chosen, seen.forgotten):
        if isinstance(done, UpgradeError):
            raise done
    before = seen.before
    if before is None:
        return SeeKernels("before")
    # an interrupted run left its guard
    guarded = before.loader.next_release == wanted.running
    due = bool(before.doubts) or before.loader.default != wanted.release or guarded
    if wanted.check_mode or not due:
        return InstallEnd(before, changed=due)
    old = _old_default(wanted, before)
    guard = _guard(before, old)
    if before.doubts and seen.installed is None:
        if guard and seen.guarded is None:
            return Execute("guarded", guard)
        # a module obeys installonly_limit, and may remove a third kernel
        return Install("installed", old, before.parts, may_use_module=len(before.kernels) < 2)
    outcome = _make_default(wanted, seen, before, old)
    if not isinstance(outcome, str):
        return outcome
    if (guarded or seen.guarded is not None) and seen.forgotten is None:
        return Execute("forgotten", before.loader.forget_once_command())
    return InstallEnd(before, changed=True, why=outcome)


def _old_default(wanted: InstallWanted, before: KernelsSeen) -> str:
    """The kernel to boot on any doubt: the present default, but not a new kernel that an earlier run left incomplete."""
    default = before.loader.default
    return wanted.running if default is None or (before.doubts and default == wanted.release) else default


def _guard(before: KernelsSeen, old: str) -> str | None:
    """If the power fails from here on, the old kernel boots next. None if the loader cannot do that."""
    return before.loader.once_command(old, old) if before.doubts and old in before.loader.entries else None


def _make_default(wanted: InstallWanted, seen: InstallSeen, before: KernelsSeen, old: str) -> InstallMove | str:
    """The next move, or the end: why the new kernel is not the default, and which one is; "" if all is well."""
    if seen.after is None:
        return SeeKernels("after")
    doubts, latest = list(_doubts_after(before, seen.after)), seen.after
    if not doubts and latest.loader.default != wanted.release:
        if seen.chosen is None:
            return Execute("chosen", latest.loader.default_command(wanted.release))
        if seen.again is None:
            return SeeKernels("again")
        latest = seen.again
        if latest.loader.default != wanted.release:
            doubts.append(f"the role made it the default, but {clip(latest.loader.default)} boots")
    if not doubts:
        return ""
    told = f"kernel {wanted.release} is not used: {'; '.join(doubts)}{_complaint(seen.installed)}"
    try:
        outcome = _put_back(seen, latest.loader, old)
    except UpgradeError as error:
        raise UpgradeError(f"{told}. The old default could NOT be put back: {error.sentence}", error.remedy) from None
    return f"{told}. {outcome}" if isinstance(outcome, str) else outcome


def _doubts_after(before: KernelsSeen, after: KernelsSeen) -> Iterator[str]:
    yield from after.doubts
    gone = sorted(set(before.kernels) - set(after.kernels))
    if gone:
        yield f"kernel {', '.join(map(clip, gone))} was removed"


def _complaint(installed: Transaction | None) -> str:
    return f" ({installed.via} says: {clip(installed.said, 300)})" if installed and installed.via and installed.said else ""


def _put_back(seen: InstallSeen, loader: Loader, old: str) -> InstallMove | str:
    """Restore the old default: the next move, or a sentence on what boots now. Raises UpgradeError if that fails."""
    if loader.default == old:
        return f"Kernel {old} boots by default, as before."
    if seen.put_back is None:
        return Execute("put_back", loader.default_command(old))
    if isinstance(seen.put_back, UpgradeError):
        raise seen.put_back
    if seen.last is None:
        return SeeKernels("last")
    if seen.last.loader.default != old:
        raise UpgradeError(f"{clip(seen.last.loader.default)} boots by default", "set the right default before any reboot")
    return f"Kernel {old} boots by default again."
