# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an installed kernel is complete, and whether a host came back in its old state."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.counts import is_count
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip, listed
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.package_manager import PackageManager
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.state import Before, State

#: A smaller initramfs cannot be right: the smallest that dracut makes for one host has several MB.
_LEAST_INITRAMFS_KB = 1024
#: rpm -V: flags, a letter for configuration, documentation, ghost, licence or readme, and the file. A file that is touched or has
#: another mode boots; one of another size (S) or content (5), or that cannot be read (?), may not.
_DIFFERS = re.compile(r"(?:missing|(?=\S*[S5?])\S+)\s+(?!\s|[cdglr]\s)")


def doubts_of_kernel(evidence: Evidence, drivers: Sequence[str]) -> list[str]:
    """What is wrong with an installed kernel, in sentences; none if it is complete. ``evidence``: of the program VERIFY."""
    return list(_doubts(evidence.texts, drivers))


def _doubts(texts: Mapping[str, str], drivers: Sequence[str]) -> Iterator[str]:
    if not texts.get("$package"):
        yield "its package is not installed"
        return
    if not texts.get("$image"):
        yield "its image in /boot is missing or empty"
    sizes = [int(line.split()[0]) for line in texts.get("$initramfs", "").split("\n") if line.split() and is_count(line.split()[0])]
    if not sizes:
        yield "its initramfs is missing"
    elif max(sizes) < _LEAST_INITRAMFS_KB:
        yield f"its initramfs has only {max(sizes)} kB"
    differs = [line for line in texts.get("$differs", "").split("\n") if _DIFFERS.match(line)]
    if differs:
        yield f"rpm -V: {listed(differs, 2, 100)}"
    if not texts.get("$modules_dep"):
        yield "depmod has not run for it"
    found = dict(line.strip().partition(" ")[::2] for line in texts.get("$driver", "").split("\n"))
    missing = [name for name in drivers if not found.get(name)]
    if missing:
        yield f"it lacks the driver {listed(missing)}"


def installed_kernels(evidence: Evidence, manager: PackageManager) -> list[str]:
    """The releases of the installed kernels. ``evidence``: of the program VERIFY."""
    return sorted(manager.installed(evidence.texts.get("$kernels", "")))


def doubts_of_return(state: State, before: Before, target: str) -> list[str]:
    """What differs from the state before the reboot, in sentences."""
    return list(_return(state, before, target))


def _return(state: State, before: Before, target: str) -> Iterator[str]:
    if state.release != target:
        yield f"kernel {clip(state.release)} runs, not {clip(target)}"
    down = sorted(before.up - state.up)
    if down:
        yield f"{listed(down)} {'was' if len(down) == 1 else 'were'} up before and {'is' if len(down) == 1 else 'are'} not"
    if before.default_routes and not state.default_routes:
        yield f"there is no default route, before it led through {listed(sorted(before.default_routes))}"
