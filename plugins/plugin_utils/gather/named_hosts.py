# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work that costs a host time runs only on hosts that somebody named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail

#: Patterns that mean the whole inventory.
_ALL = ("all", "*", "all:*", "~.*")


def require_named_hosts(hosts_of_play: Any, task_vars: Mapping[str, Any], refusal: str) -> None:
    """Raises AnsibleActionFail if a play runs over a whole inventory of several hosts, so that a forgotten option cannot start this on all
    hosts."""
    limit = str(task_vars.get("ansible_limit") or "all")
    patterns = hosts_of_play if isinstance(hosts_of_play, (list, tuple)) else str(hosts_of_play).split(",")
    whole = any(str(pattern).strip() in _ALL for pattern in patterns) and limit.strip() in _ALL
    if whole and len((task_vars.get("groups") or {}).get("all", ())) > 1:
        raise AnsibleActionFail(f"{refusal}. Name them with --limit or -e pagealloc_hosts=HOST,HOST")
