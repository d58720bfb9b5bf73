# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible holds in memory when it starts a process for each host: a copy for each, so a large library costs the audit's time."""

from __future__ import annotations

import json
import subprocess
import sys

LOADED = """
import importlib, json, sys
for name in ("action.check_options", "lookup.chosen_hosts", "lookup.live_hosts", "action.gather"):
    importlib.import_module("ansible_collections.fleetcare.pagealloc.plugins." + name)
print(json.dumps(sorted(sys.modules)))
"""
#: Of the report or of the sending of metrics, and loaded when they are needed.
HEAVY = {"ansible.module_utils.urls", "jsonschema", "sqlalchemy", "ssl"}


def test_no_large_library_is_loaded_before_the_hosts_are_asked() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    assert "ansible_collections.fleetcare.pagealloc.plugins.action.gather" in loaded
    assert not loaded & HEAVY
