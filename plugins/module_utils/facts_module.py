# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shared code of the three facts modules: run the probe on this host, parse, return the wanted part."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import read_transcript
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import facts_from, select
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.probe import render_probe

#: The frame needs no secret here: nothing but the probe writes to its output.
_NONCE = "module"


def run_facts_module(module, name, sections):
    """Exit ``module`` (AnsibleModule) with the facts that the module ``name`` gives."""
    pagetypeinfo = module.params.get("pagetypeinfo", False)
    program = render_probe(_NONCE, pagetypeinfo, sections)
    rc, out, err = module.run_command(["/bin/sh", "-c", program], encoding="utf-8", errors="replace")
    try:
        facts = facts_from(read_transcript(out, _NONCE))
    except EvidenceError as error:
        module.fail_json(msg="%s; exit status %d of the probe: %s" % (error, rc, err.strip()[:200]))
    module.exit_json(changed=False, ansible_facts={"pagealloc": select(facts, name)})
