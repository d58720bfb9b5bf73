# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site's own advisories, so that conditions meet hostile facts."""

from __future__ import annotations

from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue, merge_site_advisories

SITE: list[dict[str, Any]] = [
    {
        "id": "site-ixgbe-jumbo",
        "title": "ixgbe with jumbo frames asks for order-2 pages",
        "driver": "ixgbe",
        "condition": "length(nics[?driver == 'ixgbe' && mtu > `1500`]) > `0`",
        "order": 2,
        "workaround": {"min_free_kbytes": 131072, "zone_reclaim_mode": 1},
        "fix": "Set the MTU back to 1500.",
        "references": ["https://wiki.example.com/ixgbe-jumbo"],
    }
]
CATALOGUE = merge_site_advisories(load_catalogue(), SITE)
