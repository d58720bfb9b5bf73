# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times as the reports write them."""

from __future__ import annotations

from datetime import datetime, timezone


def utc_time_of(epoch_seconds: float) -> str:
    """2026-11-26T14:00:00Z of seconds since 1970."""
    return datetime.fromtimestamp(epoch_seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
