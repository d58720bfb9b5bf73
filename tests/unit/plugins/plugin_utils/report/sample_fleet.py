# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A realistic fleet, a hostile one and a large one for the tests of the reports.

The numbers hang together as on a real host; the headroom is summed here in the plainest way, which
is enough for a report and no test of the headroom room.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import NEWER
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.compare.comparison import compare
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.explain.account import account_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.verdicts import VERDICTS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.commands import commands_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.effect import OUTCOMES
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils import builders
from ansible_collections.fleetcare.pagealloc.tests.unit.plugins.plugin_utils.builders import Facts

Result = dict[str, Any]

EL6_4 = "2.6.32-358.23.2.el6.x86_64"
EL6_5 = "2.6.32-431.el6.x86_64"

CACHE = {"active_file_kb": 9_201_112, "inactive_file_kb": 12_330_048, "reclaimable_slab_kb": 802_220}

# The seed's own example, filled up to all 11 orders.
STARVED_NORMAL = [9539, 4328, 0, 0, 0, 0, 0, 0, 0, 0, 0]
STARVED_DMA32 = [8, 7, 5, 7, 0, 0, 0, 0, 0, 0, 0]
TIGHT_NORMAL = [48213, 20417, 3120, 410, 32, 4, 1, 0, 0, 0, 0]
HEALTHY_NORMAL = [1821, 2210, 1984, 1720, 1410, 988, 610, 402, 280, 190, 2411]
HEALTHY_DMA32 = [402, 310, 280, 241, 199, 120, 88, 51, 30, 22, 410]
DMA = [1, 0, 1, 1, 1, 1, 1, 0, 1, 1, 3]

HOSTILE = (
    "{{ 7*7 }}",
    "<script>document.title='owned'</script>",
    "<img src=x onerror=document.title='owned'>",
    "</script><script>document.title='owned'</script>",
    "--><svg onload=document.title='owned'>",
    "<!--<script>",
    "../../x",
    "red\x1b[31m\x1b]0;owned\x07\x9b2J",
    "safe\u202egnp.exe\u2066\u200b",
    "line\nbreak\r\ttab\u2028para\u2029end",
    "lone\udc80surrogate\x00nul",
    "\"quotes' & \\ back`tick",
    "漢字ホスト名の長い名前です漢字ホスト名の長い名前です",
    "e\u0301\u0301\u0301 👩‍💻 ❤️ \ue000\U000f0001",
    "a+b c%20d#e&host=f",
    "x" * 300,
)


def zone(node: int, name: str, free_blocks: list[int], min_pages: int = 8000) -> Facts:
    return builders.zone(free_blocks, node, name, min_pages, managed_pages=4_000_000, present_pages=4_100_000)


def nic(name: str, driver: str | None, **more: Any) -> Facts:
    return builders.nic(name, driver, **{"firmware": "2.11.500", "module_path": None, "default_route": False, **more})


def some_failures(by_order: Mapping[str, int], by_process: Mapping[str, int], **more: Any) -> Facts:
    last = {"process": next(iter(by_process)), "at": "2026-11-24T01:12:09Z", "kernel": EL6_4}
    return builders.failures(by_order, **{"by_process": dict(by_process), "boot_seen": False, "last": last, **more})


def facts(release: str = EL6_4, zones: list[Facts] | None = None, **more: Any) -> Facts:
    """The facts of one host; keywords replace top keys."""
    default = [zone(0, "DMA", DMA, 16), zone(0, "DMA32", HEALTHY_DMA32, 3000), zone(0, "Normal", HEALTHY_NORMAL)]
    pagetype = builders.blank(
        "pagetype", zone="Normal", migrate_type="Unmovable", free_blocks=list(HEALTHY_NORMAL), pageblock_pages=3353088
    )
    own = {
        "kernel": _kernel(release),
        "nics": [_bond(), nic("eth0", "mlx4_en"), nic("eth1", "mlx4_en", operstate="down")],
        "zones": default if zones is None else zones,
        "memory": builders.blank("memory", total_kb=65_842_116, free_kb=1_920_448, **CACHE),
        "pagetypes": [pagetype],
        "uptime_seconds": 4_060_800,
        "unavailable": {"memory.available_kb": "kernels before 3.14 do not report it"},
    }
    return builders.facts(**{**own, **more})


def _kernel(release: str) -> Facts:
    named = "Red Hat Enterprise Linux Server release 6.4 (Santiago)", "6.4"
    name, version = named if ".el6" in release else ("Red Hat Enterprise Linux 9.4 (Plow)", "9.4")
    kernel = builders.kernel(release, version="#1 SMP Wed Jan 30 11:44:13 EST 2013", installed=["2.6.32-279.el6.x86_64", release])
    return {**kernel, "distribution": {"id": "rhel", "name": name, "version": version}}


def _bond() -> Facts:
    over = {"lower": ["eth0", "eth1"], "default_route": True, "virtual": True}
    return nic("bond0", "bonding", bus_driver=None, in_tree=None, firmware=None, driver_version="3.6.0", **over)


def headroom(zones: list[Facts]) -> Result:
    """A headroom in the contract's shape, by the rule before Linux 4.4 without lowmem_reserve."""
    rows = []
    for entry in zones:
        blocks, free, least = entry["free_blocks"], entry["free_pages"], entry["min_pages"]
        usable = entry["zone"] != "DMA"
        orders = range(len(blocks))
        marks = {"atomic": least * 3 // 8, "non_atomic": least}
        granted = {kind: [_granted(blocks, order, mark) if usable else 0 for order in orders] for kind, mark in marks.items()}
        rows.append(
            {
                "node": entry["node"],
                "zone": entry["zone"],
                "usable": usable,
                **granted,
                **{f"{kind}_at_most": numbers for kind, numbers in granted.items()},
                "unusable_free_percent": [
                    100.0 * sum(n << low for low, n in enumerate(blocks[:order])) / free if free else None for order in orders
                ],
            }
        )

    def total(part: list[Result]) -> Result:
        sums: Result = {
            kind: [sum(column) for column in zip(*(row[kind] for row in part), strict=True)]
            for kind in ("atomic", "non_atomic", "atomic_at_most", "non_atomic_at_most")
        }
        sums["unusable_free_percent"] = part[-1]["unusable_free_percent"]
        return sums

    nodes = [{"node": node, **total([row for row in rows if row["node"] == node])} for node in sorted({row["node"] for row in rows})]
    return {"rule": "before-4.4", "rules": ["before-4.4"], **total(rows), "nodes": nodes, "zones": rows}


def _granted(blocks: list[int], order: int, least: int) -> int:
    left = sum(n << low for low, n in enumerate(blocks))
    for low in range(order):
        left -= blocks[low] << low
        least >>= 1
    return max(0, left - least) >> order


RAISE = {
    "action": "raise_min_free_kbytes",
    "description": "Raise vm.min_free_kbytes from 67584 kB to 1048576 kB, in steps, watching memory.",
}
RECLAIM = {"action": "set_zone_reclaim_mode", "description": "Set vm.zone_reclaim_mode to 1: the host has two NUMA nodes."}
UPGRADE = {"action": "upgrade_kernel", "description": "Install kernel 2.6.32-431.el6 or later and reboot into it."}
REBOOT = {"action": "reboot", "description": "Reboot: the fixed kernel is installed and boots by default."}
BOOT_ANOTHER = {"action": "set_default_kernel", "description": "Make another kernel boot by default."}
MLX4 = "pagealloc-mlx4-rhel6.4"


def result(
    verdict: str,
    of: Facts | None,
    reasons: list[str],
    advisories: tuple[str, ...] = (),
    actions: tuple[Result, ...] = (),
    order: int = 2,
) -> Result:
    """One host's result; ``order``: the one it is judged by, where it gave facts."""
    zones = of and of["zones"]
    account = of and {**account_of(of), "fleet": FLEET_FIGURES}
    troubled = verdict in ("affected", "starved")
    return {
        "verdict": verdict,
        "symptom": None if of is None or of["zones"] is None else troubled,
        "reasons": reasons,
        "advisories": list(advisories),
        "order": order if of else None,
        "failures_up_to_order": 3 if of else None,
        "headroom": headroom(zones) if zones else None,
        "actions": [dict(action) for action in actions],
        "account": account,
        "causes": [dict(LEAK)] if troubled else [],
        "unhelpful": [{"action": "drop_caches", "reason": "Dropping caches brings nothing back."}] if troubled else [],
        "facts": of,
        "groups": [],
        "acknowledged": None,
    }


#: What hosts of one kernel and memory size have.
FLEET_FIGURES = {
    "hosts": 12,
    "unaccounted_percent": {"median": 2.1, "spread": 0.3},
    "slab_unreclaimable_percent": {"median": 1.0, "spread": 0.1},
}
LEAK = {
    "cause": "leak",
    "certainty": "likely",
    "reasons": ["/proc/meminfo: 12.6 GB of 62.8 GB (20 %) belong to no counter of the kernel"],
    "figures": {"unaccounted_kb": 13_168_423, "unaccounted_percent": 20.0},
}


def fleet_of(hosts: Mapping[str, Result]) -> Result:
    counts = {verdict: sum(host["verdict"] == verdict for host in hosts.values()) for verdict in VERDICTS}
    return {
        "schema": "fleetcare.pagealloc/fleet/1",
        "generated_at": "2026-11-24T02:00:00Z",
        "collection_version": "1.0.0",
        "counts": counts,
        "advisories": {MLX4: {"title": "mlx4_en frees none", "references": ["https://access.redhat.com/solutions/1", "KB 1"]}},
        "commands": commands_of(["hosts.yml"]),
        "comparison": compare(hosts),
        "history": None,
        "hosts": dict(hosts),
    }


def sample_fleet() -> Result:
    """Every verdict, one- and two-node hosts, absent evidence of several kinds."""
    two_nodes = [
        zone(0, "DMA", DMA, 16),
        zone(0, "DMA32", STARVED_DMA32, 3000),
        zone(0, "Normal", STARVED_NORMAL),
        zone(1, "Normal", STARVED_NORMAL),
    ]
    starved = facts(
        zones=two_nodes,
        failures=some_failures({"2": 41, "3": 3}, {"swapper": 31, "oracle": 9, "kworker/u16:3": 4}),
        modules={"taint": 1, "taint_flags": ["P"], "out_of_tree": ["vxfs"], "proprietary": ["vxfs"]},
    )
    one_zone = facts(
        zones=[zone(0, "DMA", DMA, 16), zone(0, "DMA32", STARVED_DMA32, 3000), zone(0, "Normal", [20110, 9120, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
        failures=some_failures({"2": 5}, {"swapper": 5}),
    )
    other_driver = facts(
        "3.10.0-957.el7.x86_64",
        zones=[zone(0, "DMA", DMA, 16), zone(0, "DMA32", HEALTHY_DMA32, 3000), zone(0, "Normal", TIGHT_NORMAL)],
        nics=[nic("em1", "ixgbe", default_route=True, driver_version="5.1.0-k")],
        failures=some_failures({"2": 2}, {"swapper/21": 2}),
    )
    el9 = facts("5.14.0-427.13.1.el9_4.x86_64", nics=[nic("ens1f0np0", "mlx5_core", default_route=True)])
    ofed = facts(
        nics=[
            nic(
                "eth0",
                "mlx4_en",
                in_tree=False,
                default_route=True,
                driver_version="4.9-5.1.0",
                module_path=f"/lib/modules/{EL6_4}/extra/mlnx-ofa_kernel/mlx4_en.ko",
            )
        ]
    )
    no_zones = facts(
        zones=[],
        failures=None,
        unavailable={
            "zones": "/proc/buddyinfo: permission denied",
            "failures": "dmesg: read kernel buffer failed: Operation not permitted",
        },
    )
    no_zones["zones"] = None
    no_zones["modules"] = {"taint": 0, "taint_flags": [], "out_of_tree": None, "proprietary": None}
    fixed = facts()
    fixed["kernel"] |= {"installed": [EL6_4, EL6_5], "default_boot": EL6_5}
    tuned = facts(vm=builders.blank("vm", min_free_kbytes=1_048_576, zone_reclaim_mode=1))
    hosts = {
        "db-prod-017": result(
            "affected",
            starved,
            [
                "Kernel 2.6.32-358.23.2.el6 lies between 2.6.32-358.el6 (first affected) and 2.6.32-431.el6"
                " (fixed), and eth0, eth1 use mlx4_en.",
                "No zone would grant an atomic order-2 request (16 kB).",
                "44 page allocation failures logged, 41 of them of order 2, the last on 2026-11-24T01:12:09Z.",
            ],
            (MLX4,),
            (RAISE, RECLAIM, UPGRADE),
        ),
        "db-prod-4": result(
            "affected",
            one_zone,
            ["5 order-2 page allocation failures logged, and the driver mlx4_en is in the last trace."],
            (MLX4,),
            (RAISE, UPGRADE),
        ),
        "backup-ams-02": result(
            "starved",
            other_driver,
            ["2 order-2 page allocation failures logged on kernel 3.10.0-957.el7; no advisory matches driver ixgbe."],
            (),
            (RAISE,),
        ),
        "db-prod-018.storage.example.com": result(
            "stalled", None, ["TCP port 22 accepts a connection, but no SSH banner came within 30 seconds."]
        ),
        "db-prod-019": result(
            "at_risk",
            facts(),
            [
                "Kernel 2.6.32-358.23.2.el6 and driver mlx4_en match the advisory; 1,204,118 order-2"
                " requests would still be granted, no failure is logged."
            ],
            (MLX4,),
            (RAISE, RECLAIM, UPGRADE),
        ),
        "db-prod-020": result(
            "at_risk",
            facts("2.6.32-358.el6.x86_64"),
            ["Kernel 2.6.32-358.el6 and driver mlx4_en match the advisory."],
            (MLX4,),
            (RAISE, UPGRADE),
        ),
        "old-print-server": result("unreachable", None, ["No answer: connect to address 192.0.2.44 port 22: No route to host."]),
        "app-legacy-3": result("unknown", no_zones, ["The free blocks are not known: /proc/buddyinfo: permission denied."]),
        "hpc-ib-07": result(
            "needs_review",
            ofed,
            ["mlx4_en on eth0 is not the kernel's own (extra/mlnx-ofa_kernel): Red Hat's kernel neither breaks nor fixes it."],
            (MLX4,),
        ),
        "db-prod-021": result(
            "reboot_pending",
            fixed,
            ["2.6.32-431.el6 is installed and boots by default; 2.6.32-358.23.2.el6 still runs."],
            (MLX4,),
            (REBOOT,),
        ),
        "db-prod-022": result(
            "mitigated",
            tuned,
            ["vm.min_free_kbytes is 1048576 kB and vm.zone_reclaim_mode is 1; no failure since boot."],
            (MLX4,),
            (UPGRADE,),
        ),
    }
    for number in (1, 2, 9, 10, 11):
        hosts[f"web-{number}"] = result("clear", el9, ["Everything an advisory asks was seen, nothing matched."])
    return fleet_of(hosts)


def hostile_fleet() -> Result:
    """Hostile text in every place that a host can write to."""
    hosts = {}
    for place, text in enumerate(HOSTILE):
        of = facts(
            text,
            nics=[
                nic(text, text, driver_version=text, firmware=text, operstate=text, bus_driver=text, module_path=text),
                nic("bond0", text, lower=[text]),
            ],
            failures=some_failures({"2": 3, text: 1}, {text: 3, "__proto__": 1}, source=text),
            unavailable={text: text},
            modules={"taint": 1, "taint_flags": [text], "out_of_tree": [text], "proprietary": [text]},
        )
        of["zones"][0]["zone"] = text
        of["failures"]["last"] |= {"mode": text, "mode_flags": [text], "process": text, "at": text, "kernel": text, "drivers": [text]}
        of["kernel"] |= {
            "version": text,
            "installed": [text],
            "default_boot": text,
            "distribution": {"id": text, "name": text, "version": text},
        }
        verdict = list(VERDICTS)[place % len(VERDICTS)]
        hosts[text] = result(verdict, of, [text, text], (text,), ({"action": text, "description": text},))
        hosts[text] |= {"groups": [text], "acknowledged": {"reason": text, "until": "2026-12-24"}}
    fleet = fleet_of(hosts)
    return {**fleet, "advisories": {text: {"title": text, "references": [text, f"javascript:{text}"]} for text in HOSTILE}}


def compared_fleet(text: str = "2.11.500") -> Result:
    """Hosts that one fact sets apart: the firmware, with ``text`` for its name on those with the trouble."""
    ill = facts(nics=[nic("eth0", "mlx4_en", firmware=text)])
    well = facts(nics=[nic("eth0", "mlx4_en", firmware="2.10.700")])
    hosts = {f"ill-{number}": result("affected", ill, ["It has it."]) for number in range(8)}
    hosts |= {f"well-{number}": result("at_risk", well, ["It has it not."]) for number in range(8)}
    return fleet_of({**hosts, "gone": result("unreachable", None, ["No answer."])})


def changed_fleet(text: str = "Step 1 of 5: vm.min_free_kbytes from 67584 to 262144 kB, for advisory pagealloc-mlx4-rhel6.4.") -> Result:
    """A host for each outcome of the workaround, with ``text`` for the sentences."""
    newer = dict.fromkeys(NEWER)  # that kernel has none of them
    before = {
        "verdict": "affected",
        "min_free_kbytes": 67584,
        "zone_reclaim_mode": 0,
        **newer,
        "granted": 12,
        "granted_by_order": [400, 90, 12, 0, 0],
    }
    after = {
        "verdict": "mitigated",
        "min_free_kbytes": 262144,
        "zone_reclaim_mode": 1,
        **newer,
        "granted": 20480,
        "granted_by_order": [90000, 45000, 20480, 9, 0],
    }
    hosts = {}
    for outcome in OUTCOMES:
        reached, changed = outcome not in ("unreachable", "not_reached"), outcome in ("applied", "restored", "rolled_back")
        verdict = "mitigated" if changed else "affected" if reached else "unreachable"
        hosts[f"{outcome}-1"] = {
            **result(verdict, facts() if reached else None, ["It is as it is."]),
            "change": {
                "what": "workaround",
                "outcome": outcome,
                "step": 1 if outcome in ("applied", "planned", "kept") else None,
                "order": 2,
                "sentences": [text, text],
                "before": dict(before) if reached else None,
                "after": dict(after) if changed else None,
            },
        }
    return {**fleet_of(hosts), "comparison": None}


def large_fleet(size: int) -> Result:
    """``size`` hosts, each with facts of its own, all verdicts among them."""
    pattern = list(sample_fleet()["hosts"].values())
    hosts = {}
    for number in range(size):
        like = pattern[number % len(pattern)] if number % 7 == 0 else pattern[-1]
        hosts[f"host-{number}.dc{number % 9}.example.com"] = {
            **like,
            "facts": like["facts"] and {**like["facts"], "uptime_seconds": number},
        }
    return fleet_of(hosts)
