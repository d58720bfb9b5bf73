# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""vm.compaction_proactiveness: how much kcompactd makes large blocks in advance, 0 to 100. The kernel's default is 20.

It costs no memory, only processor time. It moves movable pages only. The kernel's own pages stay in place, and if they lie in between, it
does not help. Linux 5.9 (mm/compaction.c) has it, and Red Hat's kernels of EL 8.4, where it is 0 by default.
"""

from __future__ import annotations

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.limits import Limit
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.remedies.remedy import Case, advised_for, newer_remedy


def _limits(_case: Case) -> list[Limit]:
    return [Limit(100, "the kernel accepts 0 to 100")]


REMEDY = newer_remedy(
    "compaction_proactiveness",
    since="Linux 5.9, and Red Hat's kernel of EL 8.4",
    usual=advised_for("fragmentation", "proactiveness_target"),
    limits=_limits,
)
