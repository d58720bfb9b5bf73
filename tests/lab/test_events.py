# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole chain: a kernel starves, Prometheus alerts, Alertmanager posts, the rulebook cures, and the next audit ends the alert."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.alerts.eda import alertmanager_config, firing, prometheus_config, running_rulebook
from tests.alerts.monitoring import running_alertmanager, running_prometheus, running_pushgateway, soon
from tests.lab.changing import CHOICES, FIRST_KB, ORIGINAL_KB, state_of
from tests.lab.conftest import BLOCKS_PER_PACKET
from tests.lab.guest import Plan, running
from tests.lab.test_story import leak_until_packets_are_dropped
from tests.playbook import inventory, own

ALERT = ("PageallocHostAffected", "starving")


def test_from_a_starving_kernel_to_the_end_of_its_alert(tmp_path: Path) -> None:
    ansible = own()
    patient = {"audit_timeout_seconds": 240, "workaround_timeout_seconds": 240}
    site: dict[str, Any] = {**CHOICES, **patient}
    with (
        running(Plan("modern", words=(f"lab.blocks_per_packet={BLOCKS_PER_PACKET}",)), "events") as guest,
        running_pushgateway(tmp_path / "gateway") as gateway,
    ):
        hosts = {"starving": {**guest.variables(), **site}}
        with (
            running_rulebook(tmp_path / "rulebook", inventory(tmp_path, hosts), DO="cure") as rulebook,
            running_alertmanager(tmp_path / "alertmanager", alertmanager_config(rulebook)) as alertmanager,
            running_prometheus(tmp_path / "prometheus", prometheus_config(gateway, alertmanager)) as prometheus,
        ):
            sent = ("-e", f"pagealloc_push_url={gateway.url}/metrics/job/pagealloc")
            fleet, _done = ansible.audit(tmp_path / "night", hosts, *sent)
            assert fleet["hosts"]["starving"]["verdict"] == "at_risk"
            assert firing(prometheus) == set() and rulebook.runs() == 0

            guest.run("dd if=/dev/vda of=/dev/null bs=1M 2>/dev/null", timeout=300)  # page cache, that there is something to reclaim
            leak_until_packets_are_dropped(guest)
            assert state_of(guest).values == (ORIGINAL_KB, None, "none")
            fleet, _done = ansible.audit(tmp_path / "night", hosts, *sent)
            assert fleet["hosts"]["starving"]["verdict"] == "affected"

            assert soon(lambda: ALERT in firing(prometheus))
            changes = tmp_path / "rulebook" / "reports" / "workaround" / "fleet.json"
            assert soon(changes.exists, 600), rulebook.log()[-5000:]
            change = json.loads(changes.read_text())["hosts"]["starving"]["change"]
            assert (change["outcome"], change["before"]["verdict"], change["after"]["verdict"]) == ("applied", "affected", "mitigated")
            assert state_of(guest).values == (FIRST_KB, FIRST_KB, "in_force")

            fleet, _done = ansible.audit(tmp_path / "night", hosts, *sent)
            assert fleet["hosts"]["starving"]["verdict"] == "mitigated"
            assert soon(lambda: ALERT not in firing(prometheus))
            assert rulebook.counted(resolved=1)["resolved"] == 1 and rulebook.counts()["accepted"] == 1
