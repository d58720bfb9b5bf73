# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where this collection lies, and its version."""

from __future__ import annotations

from pathlib import Path

from ansible.module_utils.common.yaml import yaml_load

ROOT = Path(__file__).parents[3]


def collection_version() -> str:
    """From MANIFEST.json of an installed collection, or galaxy.yml of a checkout."""
    for name, keys in (("MANIFEST.json", ("collection_info", "version")), ("galaxy.yml", ("version",))):
        if (ROOT / name).is_file():
            value = yaml_load((ROOT / name).read_text(encoding="utf-8"))
            for key in keys:
                value = value[key]
            return str(value)
    return "unknown"
