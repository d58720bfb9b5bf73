# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Failures in pieces, what is none, what else the kernel reports, and whose trace is whose."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.failure_facts import failures_of
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.kernel_log import LogContext
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_filter import filter_log
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_time import Clock


def facts_of(text: str, release: str | None = None, *nic_drivers: str) -> Any:
    return failures_of([("dmesg", text)], LogContext(Clock(), release, nic_drivers))


IN_PIECES = {
    "whole, without a name": "[1.0] page allocation failure: order:1, mode:0x2080020(GFP_ATOMIC)\n",
    "in three": "[1.0] swapper/7: \n[1.0] page allocation failure: order:1\n[1.0] , mode:0x2080020(GFP_ATOMIC)\n",
    "another between": "[1.0] swapper/7: \n[1.0] eth0: up\n[1.0] page allocation failure: order:1 00\n[1.0] , mode:0x2080020(GFP_ATOMIC)\n",
    "named, its mode later": "[1.0] swapper/7: page allocation failure: order:1\n[1.0] Call: x\n[1.0] , mode:0x2080020(GFP_ATOMIC)\n",
    "glued": "[1.0] (M) <4>[   14.790802] swapper/7: page allocation failure: order:1, mode:0x2080020(GFP_ATOMIC)\n",
    "without a stamp": "[1.0] x\npage allocation failure: order:1, mode:0x2080020(GFP_ATOMIC)\n",
}
WHO = (
    "[1.1] CPU: 7 PID: 0 Comm: swapper/7 Not tainted 4.9.0-5-amd64 #1 Debian 4.9.65-3+deb9u2\n[1.1] Call Trace:\n[1.1]  x+0x1/0x2 [ixgbe]\n"
)


@pytest.mark.parametrize("pieces", IN_PIECES.values(), ids=IN_PIECES.keys())
@pytest.mark.parametrize("release", ["4.9.0-5-amd64", "4.14.98-v7+", None])
def test_a_failure_in_pieces_counts_once_and_is_whose_it_is(pieces: str, release: str | None) -> None:
    facts = facts_of(pieces + WHO, release)
    assert (facts["count"], facts["by_process"], facts["by_driver"]) == (1, {"swapper/7": 1}, {"ixgbe": 1})
    assert (facts["last"]["order"], facts["last"]["mode"], facts["last"]["atomic"]) == (1, "0x2080020", True)


@pytest.mark.parametrize("release", ["2.6.32-358.el6.x86_64", "4.8.17", "4.15.0-213-generic", "6.1.0-25-amd64"])
def test_other_kernels_print_no_pieces(release: str) -> None:
    assert facts_of("[1.0] page allocation failure: order:1, mode:0x2080020(GFP_ATOMIC)\n", release)["count"] == 0


@pytest.mark.parametrize("rest", ["", ", mode:", ", mode:0x", ", mode:zz"])
@pytest.mark.parametrize("release", ["2.6.32-358.el6.x86_64", "4.4.180+", "6.1.0-25-amd64"])
def test_a_line_that_was_cut_in_its_mode_is_a_failure_of_which_the_mode_is_not_known(rest: str, release: str) -> None:
    (group,) = facts_of(f"[1.0] swapper/7: page allocation failure: order:5{rest}\n", release)["groups"]
    assert (group["order"], group["atomic"], group["count"]) == (5, None, 1)
    assert facts_of(f"[1.0] swapper/7: page allocation failure: order:5 was not seen{rest}\n", release)["count"] == 0


#: What syslog(2) of 4.9 makes of pieces that two CPUs printed in turn, and the orders of the failures in it.
GLUED = {
    "behind an order": ("page allocation failure: order:2<4>[    1.000005] b: page allocation failure: order:1, mode:0x20(GFP)", [1, 2]),
    "before what a program says": ("page allocation failure: order:2<6>[    1.000005] systemd-journald[451]: Received", [2]),
    "two orders": ("page allocation failure: order:2page allocation failure: order:3", [2, 3]),
    "behind free blocks": ("1*8kB (UM) 0*512kB page allocation failure: order:0, mode:0x2080020(GFP_ATOMIC)", [0]),
    "behind a zone's name": ("Node 0 Normal: page allocation failure: order:0, mode:0x2080020(GFP_ATOMIC)", [0]),
    "behind words of a stack": (" e5de9fb614f22f36 00a4511b7003e5e1page allocation failure: order:0", [0]),
    "behind one word of it": ("8486898cd0f00971page allocation failure: order:1, mode:0x24000c0(GFP_KERNEL)", [1]),
    "before free blocks": ("page allocation failure: order:13*16kB (UM) ", [1]),
    "before none of them": ("page allocation failure: order:10*4kB ", [1]),
    "order 10 before them": ("page allocation failure: order:1046*4kB (UM) ", [10]),
    "before the pages of swap": ("page allocation failure: order:10 pages in swap cache", [1]),
    "before the pages of files": ("page allocation failure: order:21046 total pagecache pages", [2]),
    "order 10 before them all": ("page allocation failure: order:104096 pages RAM", [10]),
    "order 10 before a zone": ("page allocation failure: order:10Node 0 DMA free:55355kB min:53404kB", [10]),
}


@pytest.mark.parametrize(("line", "orders"), GLUED.values(), ids=GLUED.keys())
def test_failures_that_syslog_glued_count_each(line: str, orders: list[int]) -> None:
    facts = facts_of(f"[1.0] {line}\n{WHO}", "4.9.0-5-amd64")
    assert facts["by_order"] == {str(order): 1 for order in orders}
    assert facts["by_process"].get("swapper/7") == 1, "the dump names the process, and nothing else that stands before a colon"


def test_a_failure_that_syslog_glued_to_a_line_about_vmalloc_counts() -> None:
    text = "[1.0] vmalloc: allocation failure: 199618560 bytespage allocation failure: order:3, mode:0x2080020(GFP_ATOMIC)\n"
    facts = facts_of(text, "4.9.0-5-amd64")
    assert (facts["by_order"], [other["kind"] for other in facts["others"]]) == ({"3": 1}, ["vmalloc"])


@pytest.mark.parametrize("before", [" e5de9fb614f22f36", "87b8d213e281ca49", "6*16kB (UM) 3*32kB (UM) ", "Node 0 DMA32: ", "1*4kB "])
def test_a_mode_that_syslog_glued_is_the_failures(before: str) -> None:
    text = f"[1.0] a: page allocation failure: order:2\n[1.0] {before}, mode:0x2280020(GFP_ATOMIC|__GFP_NOTRACK)\n"
    assert facts_of(text, "4.9.0-5-amd64")["last"]["mode"] == "0x2280020"
    assert facts_of(text, "4.9.0-5-amd64")["last"]["atomic"] is True


OF_A = "[1.0] CPU: 1 PID: 2 Comm: a Not tainted 4.14.98 #1\n[1.0] Call trace:\n[1.0]  x+0x1/0x2 [drv_a]\n"
HEAD_OF_A = "[1.0] a: page allocation failure: order:2, mode:0x24000c0(GFP_KERNEL)\n"


@pytest.mark.parametrize(
    ("glued", "groups"),
    [
        ("[<c0932f4a>] (y) from [<bf0ecc59>] (z+0x592/0x5c2 [drv_b])", {2: ["drv_a", "drv_b"], 3: ["ixgbe"]}),
        (" y+0x592/0x5c2 [drv_b]", {2: ["drv_a", "drv_b"], 3: ["ixgbe"]}),
        ("Node 0 Normal: ", {2: ["drv_a"], 3: ["ixgbe"]}),
        ("Call trace:", {2: ["drv_a"], 3: ["ixgbe"]}),
    ],
    ids=["a frame of arm", "a frame", "a zone", "the heading of a trace that nobody waits for"],
)
def test_what_another_cpu_says_behind_an_order_is_read(glued: str, groups: dict[int, list[str]]) -> None:
    of_nobody = "[1.0]  y+0x1/0x2 [drv_c]\n" if glued == "Call trace:" else ""
    text = f"{HEAD_OF_A}{OF_A}[1.0] page allocation failure: order:3{glued}\n{of_nobody}{WHO}"
    facts = facts_of(text, "4.9.0-5-amd64")
    assert {group["order"]: group["drivers"] for group in facts["groups"]} == groups
    assert facts["by_process"] == {"a": 1, "swapper/7": 1}


@pytest.mark.parametrize(
    ("text", "release", "drivers"),
    [
        ("[1.0] Node 0 Call Trace:\n[1.0]  y+0x1/0x2 [bonding]\n", "2.6.32-358.el6.x86_64", {"ixgbe": 1}),
        ("[1.0] Node 0 Pid: 9, comm: b Not tainted 2.6.32 #1\n[1.0]  y+0x1/0x2 [bonding]\n", "2.6.32-358.el6.x86_64", {"ixgbe": 1}),
        ("[1.0]  <IRQ> Pid: 9, comm: b Not tainted 2.6.32 #1\n[1.0]  y+0x1/0x2 [bonding]\n", "3.2.27+", {"ixgbe": 1}),
        ("[1.0] Node 0 DMA: 0*4kB <4>b invoked oom-killer: gfp_mask=0xd0\n[1.0]  y+0x1/0x2 [bonding]\n", "2.6.18-194.el5", {"ixgbe": 1}),
        ("[1.0] Node 0 DMA: 0*4kB  [<c04c9bd5>] y+0x1/0x2 [bonding]\n", "2.6.18-194.el5", {"ixgbe": 1, "bonding": 1}),
    ],
    ids=["a heading", "a name", "a name behind an interrupt", "a level", "a frame"],
)
def test_what_the_console_glued_to_the_line_of_a_zone_is_read(text: str, release: str, drivers: dict[str, int]) -> None:
    who = "" if "2.6.18" in release else "[1.0] Pid: 7, comm: a Not tainted 2.6.32 #1\n[1.0] Call Trace:\n"
    head = f"[1.0] a: page allocation failure. order:0, mode:0x20\n{who}[1.0]  x+0x1/0x2 [ixgbe]\n"
    assert facts_of(head + text, release)["by_driver"] == drivers


def test_the_heading_of_arm_that_the_console_glued_to_the_line_of_a_zone_begins_a_trace() -> None:
    """Kernel 3.2 of arm, whose dumps do not say whose they are: the last failure has its trace, so the next is of the one before."""
    heads = [f"[1.0] a: page allocation failure: order:{order}, mode:0x20\n" for order in (1, 2)]
    frame = "[1.0] [<c0932f4a>] (y+0x0/0x10c) from [<bf0ecc59>] (z+0x5/0x5c [%s])\n"
    text = heads[0] + heads[1] + "[1.0] Backtrace: \n" + frame % "tg3" + "[1.0] Normal: Backtrace: \n" + frame % "bonding"
    groups = facts_of(text, "3.2.0-4-amd64")["groups"]
    assert {group["order"]: group["drivers"] for group in groups} == {1: ["bonding"], 2: ["tg3"]}


def test_the_trace_of_a_stalled_cpu_is_not_the_failures() -> None:
    """arm prints it without a heading, and from 3.10 on without saying whose it is."""
    text = (
        "[1.0] a: page allocation failure: order:1, mode:0x20\n[1.0] CPU: 1 PID: 2 Comm: a Not tainted 4.4.0+ #1\n"
        "[1.0] [<c0932f4a>] (y) from [<bf0ecc59>] (z+0x5/0x5c [drv_a])\n"
        "[1.1] INFO: rcu_sched self-detected stall on CPU\n[1.1] Task dump for CPU 3:\n[1.1] swapper/3       R running 0 0 1 0x0\n"
        "[1.1] [<c0932f4a>] (y) from [<bf0ecc59>] (z+0x5/0x5c [drv_b])\n"
    )
    for log in (text, str(filter_log(text))):
        assert facts_of(log, "4.4.0+")["by_driver"] == {"drv_a": 1}


def test_a_process_whose_name_another_cpu_glued_to_its_dump_is_found() -> None:
    text = "[1.0] page allocation failure: order:2<4>[    1.000009] " + WHO.removeprefix("[1.1] ")
    assert facts_of(text, "4.9.0-5-amd64")["by_process"] == {"swapper/7": 1}


def test_two_vmallocs_at_once_are_two_and_no_failure() -> None:
    said, asked = "[1.0] vmalloc: allocation failure: 4096 bytes\n", ": page allocation failure: order:0, mode:0x24080c2\n"
    facts = facts_of(f"{said}{said}[1.0] a{asked}[1.0] b{asked}", "4.4.0-142-generic")
    assert (facts["count"], [other["count"] for other in facts["others"]]) == (0, [2])
    facts = facts_of(f"{said}[1.0] a{asked}[1.0] b{asked}", "4.4.0-142-generic")
    assert facts["count"] == 1, "each line about the address space takes one line of order 0"


OOM = "[1.0] a invoked oom-killer: gfp_mask=0x14000c0(GFP_KERNEL), order=0, oom_score_adj=0\n"
KILL = "[1.0] Out of memory: Kill process 12 (mysqld) score 905 or sacrifice child\n"
NAMELESS = "[1.0] page allocation failure: order:2, mode:0x1080020(GFP_ATOMIC), nodemask=(null)\n"


@pytest.mark.parametrize(
    ("text", "process", "drivers"),
    [
        (OOM + NAMELESS + WHO + OF_A, "swapper/7", {"ixgbe": 1}),
        (OOM + NAMELESS + OF_A + WHO, "swapper/7", {"ixgbe": 1}),
        (OOM + KILL + NAMELESS + OF_A, "a", {"drv_a": 1}),
    ],
    ids=["the failure's first", "the kill's first", "the kill is over"],
)
def test_the_dump_of_an_oom_kill_is_of_the_process_that_asked(text: str, process: str, drivers: dict[str, int]) -> None:
    facts = facts_of(text, "4.14.98-v7+")
    assert (facts["by_process"], facts["by_driver"]) == ({process: 1}, drivers)


HEADS = "[1.0] a: page allocation failure: order:5, mode:0xd0\n[1.0] a: page allocation failure: order:4, mode:0xd0\n"
FIRST_HEAD = HEADS.splitlines(keepends=True)[0]


@pytest.mark.parametrize(
    ("text", "release", "beside"),
    [
        (HEADS + OF_A + OF_A.replace("drv_a", "drv_b"), "3.16.0-4-amd64", [["drv_a"], ["drv_b"]]),
        (HEADS.replace("a: ", "b: ", 1) + OF_A + OF_A.replace("drv_a", "drv_b").replace("Comm: a", "Comm: b"), "3.16.0-4-amd64", [[], []]),
        (FIRST_HEAD + OF_A + OF_A.replace("drv_a", "drv_b"), "3.16.0-4-amd64", [["drv_b"]]),
        (FIRST_HEAD + OF_A + OF_A.replace("drv_a", "drv_b").replace("[1.0", "[31.0"), "3.16.0-4-amd64", [["drv_b"]]),
        (FIRST_HEAD + OF_A + OF_A.replace("drv_a", "drv_b").replace("[1.0", "[32.0"), "3.16.0-4-amd64", [[]]),
        (FIRST_HEAD + OF_A + "[1.0] INFO: task x:7 blocked for more than 120 s\n[1.0]  y+0x1/0x2 [z]\n", "4.4.0", [["z"]]),
        (HEADS.replace("a: ", "b: ", 1) + OF_A + "[1.0]  y+0x1/0x2 [drv_b]\n", "3.10.0-862.el7.x86_64", [[], ["drv_a", "drv_b"]]),
        (FIRST_HEAD + OF_A + "[1.0] Call Trace:\n[1.0]  y+0x1/0x2 [drv_b]\n", "3.16.0-4-amd64", [["drv_b"]]),
        (FIRST_HEAD + OF_A + OF_A.replace("drv_a", "drv_b").replace("[1.0] ", ""), "3.16.0-4-amd64", [["drv_b"]]),
    ],
    ids=[
        "of one name",
        "one dump at a time",
        "a second dump",
        "30 s later",
        "later",
        "a trace without the lock",
        "before the lock",
        "a heading more",
        "without a stamp",
    ],
)
def test_traces_that_may_be_a_failures_own(text: str, release: str, beside: list[list[str]]) -> None:
    assert [one["drivers_beside"] for one in facts_of(text, release)["groups"]] == beside


def test_a_trace_of_something_else_is_taken_back_when_the_failures_own_comes() -> None:
    text = (
        "[1.0] a: page allocation failure. order:0, mode:0x20\n[1.0]  [<f8a70868>] ? bnx2x_poll+0xa52/0xacd [bnx2x]\n"
        "[1.0] Pid: 12, comm: a Not tainted 2.6.32-754.el6.x86_64 #1\n[1.0] Call Trace:\n[1.0]  [<f8afc445>] ? x+0x7/0x419 [mlx4_en]\n"
    )
    assert facts_of(text, "2.6.32-754.el6.x86_64")["by_driver"] == {"mlx4_en": 1}


def test_a_trace_without_a_heading_may_begin_behind_what_another_cpu_says() -> None:
    zones = "[1.0] Node 0 DMA: 1*4kB = 4kB\n[1.0] 21126 total pagecache pages\n" * 12
    text = f"[1.0] a: page allocation failure. order:0, mode:0x20\n{zones}[1.0]  [<f8a5a5d5>] ixgbe_clean_rx_irq+0xaa/0x1fb [ixgbe]\n"
    assert facts_of(text, "2.6.18-194.el5")["by_driver"] == {"ixgbe": 1}


def test_two_at_once_have_each_their_own_trace() -> None:
    text = (
        "[1.0] a: page allocation failure: order:1, mode:0x20\n[1.0] b: page allocation failure: order:2, mode:0xd0\n"
        "[1.1] CPU: 1 PID: 2 Comm: b Not tainted 3.16.0-4-amd64 #1\n[1.1] Call Trace:\n[1.1]  x+0x1/0x2 [drv_b]\n[1.1] Mem-Info:\n"
        "[1.1]  y+0x1/0x2 [more]\n[1.2] CPU: 0 PID: 1 Comm: a Not tainted 3.16.0-4-amd64 #1\n[1.2] Call Trace:\n[1.2]  x+0x1/0x2 [drv_a]\n"
    )
    groups = facts_of(text, "3.16.0-4-amd64")["groups"]
    assert {group["order"]: group["drivers"] for group in groups} == {1: ["drv_a"], 2: ["drv_b", "more"]}


def test_the_trace_of_another_report_is_not_the_failures() -> None:
    text = (
        "[1.0] a: page allocation failure: order:1, mode:0x20\n[1.0] WARNING: CPU: 0 PID: 1 at net/x.c:1 y+0x1/0x2\n"
        "[1.1] CPU: 1 PID: 2 Comm: b Not tainted 3.16.0-4-amd64 #1\n[1.1] Call Trace:\n[1.1]  x+0x1/0x2 [drv_b]\n"
    )
    assert facts_of(text, "3.16.0-4-amd64")["by_driver"] == {}


@pytest.mark.parametrize(
    ("trace", "nic_drivers", "drivers"),
    [
        ("Call Trace:\n <IRQ>  [<ffffffff88123456>] :e1000:e1000_alloc_rx_buffers+0x1a/0x2b\n", (), ["e1000"]),
        ("Call trace:\n mlx5e_alloc+0x10c/0x3b0 [mlx5_core 0123456789abcdef]\n", (), ["mlx5_core"]),
        ("Backtrace: \n[<c0013e1c>] (a+0x0/0xf0 [usbnet]) from [<c008e01c>] (b+0xc4/0x11c [smsc95xx])\n", (), ["usbnet", "smsc95xx"]),
        ("[<c0013e1c>] (unwind_backtrace+0x0/0xf0) from [<c008e01c>] (smsc95xx_rx_fixup+0xc4/0x11c)\n", ("smsc95xx",), ["smsc95xx"]),
        ("Call Trace:\n r8152_poll+0x817/0x8a0\n", ("r8152",), ["r8152"]),
        ("Call Trace:\n r8152_poll+0x817/0x8a0\n", ("e1000e",), []),
        ("Call Trace:\n e1000e_poll+0x817/0x8a0\n", ("e1000",), []),
    ],
)
def test_drivers_of_traces(trace: str, nic_drivers: tuple[str, ...], drivers: list[str]) -> None:
    facts = facts_of("swapper: page allocation failure. order:2, mode:0x20\n" + trace, None, *nic_drivers)
    assert facts["last"]["drivers"] == drivers


SPACE = (
    "allocation failed: out of vmalloc space - use vmalloc=<size> to increase size.\n",
    "vmap allocation for size 83636224 failed: use vmalloc=<size> to increase size\n",
    "vmalloc_node_range for size 8192 failed: Address range restricted to 0xffffffffa0000000 - 0xffffffffff000000\n",
)
VMALLOC = "vmalloc: allocation failure: 4096 bytes\nx: page allocation failure: order:0, mode:0xd0\n"


@pytest.mark.parametrize(
    ("text", "release", "count", "kinds"),
    [
        (VMALLOC, "3.2.27+", 0, ["vmalloc"]),
        (VMALLOC.replace("order:0", "order:1"), "3.2.27+", 1, ["vmalloc"]),
        (VMALLOC.replace("0xd0", "0x21"), "3.2.27+", 1, ["vmalloc"]),
        (VMALLOC, "4.8.17", 0, ["vmalloc"]),
        (VMALLOC.replace(": 4096 bytes", ", allocated 8192 of 16384 bytes"), "3.2.27+", 1, []),
        ("x: vmalloc: allocation failure: 4096 bytes, mode:0x24080c2(GFP_KERNEL|__GFP_HIGHMEM)\n", "4.9.0", 0, ["vmalloc"]),
        ("x: vmalloc: allocation failure, allocated 1 of 2 bytes, mode:0x24080c2(GFP_KERNEL)\n", "4.9.0", 1, []),
        ("x: vmalloc error: size 8192, page order 0, failed to allocate pages, mode:0xdc2(GFP_KERNEL), nodemask=(null)\n", "6.1.0", 1, []),
        ("x: vmalloc error: size 8192, vm_struct allocation failed, mode:0xdc2(GFP_KERNEL)\n", "6.1.0", 0, ["vmalloc"]),
        (SPACE[0], "2.6.18-398.el5", 0, ["vmalloc"]),
        (SPACE[1], "2.6.32-754.el6", 0, ["vmalloc"]),
        (SPACE[1], "5.15.0", 0, ["vmalloc"]),
        (SPACE[2], "6.12.0", 0, ["vmalloc"]),
        (SPACE[1] + VMALLOC, "4.1.20", 0, ["vmalloc"]),
        (SPACE[1] + "x: vmalloc error: size 2395133, vm_struct allocation failed, mode:0xcc0(GFP_KERNEL)\n", "5.15.5", 0, ["vmalloc"]),
        (SPACE[1].replace("size 8", "size x"), "5.15.0", 0, []),
        ("x: " + SPACE[1], "5.15.0", 0, []),
        ("x: page allocation stalls for 10000ms, order:0, mode:0x14000c0(GFP_KERNEL)\n", "4.14.0", 0, ["stall"]),
        ("SLUB: Unable to allocate memory on node -1 (gfp=0x20)\n", "3.2.0", 0, ["slab"]),
        ("SLUB: Unable to allocate memory on CPU 3 (of node 0) on node -1, gfp=0x820(GFP_ATOMIC)\n", "6.1.0", 0, ["slab"]),
        ("SLAB: Unable to allocate memory on node 0 (gfp=0xd0)\n", "3.2.0", 0, ["slab"]),
        ("Out of memory: Killed process 7 (java) total-vm:1kB\n", "5.4.0", 0, ["oom_kill"]),
        ("Out of Memory: Killed process 7 (java).\n", "2.6.18-398.el5", 0, ["oom_kill"]),
        ("Memory cgroup out of memory: Killed process 7 (java) total-vm:1kB\n", "5.4.0", 0, ["oom_kill"]),
        ("WARNING: CPU: 1 PID: 7 at mm/page_alloc.c:4570 __alloc_pages+0x1/0x2\n", "5.14.0", 0, ["order_above_max"]),
        ("WARNING: CPU: 1 PID: 7 at net/core/dev.c:4570 x+0x1/0x2\n", "5.14.0", 0, []),
    ],
)
def test_what_is_no_page_failure_is_told_as_what_it_is(text: str, release: str, count: int, kinds: list[str]) -> None:
    facts = facts_of(text, release)
    assert (facts["count"], [other["kind"] for other in facts["others"]]) == (count, kinds)


def test_address_space_that_ran_out_counts_once_however_it_is_said() -> None:
    """The line of vmalloc's caller says more than the one right before it, and a trace of its own follows."""
    twice = (SPACE[1] + "x: vmalloc error: size 2395133, vm_struct allocation failed, mode:0xcc0(GFP_KERNEL)\n") * 2
    others = facts_of(twice, "5.15.5")["others"]
    assert [(other["kind"], other["count"], other["last"]["process"]) for other in others] == [("vmalloc", 2, "x")]
    assert [(other["kind"], other["count"]) for other in facts_of(SPACE[1] * 3, "5.15.5")["others"]] == [("vmalloc", 3)]


@pytest.mark.parametrize(
    ("gfp", "cache", "release", "atomic", "limited"),
    [
        ("(gfp=0x20)", "skbuff_head_cache", "3.2.0", True, False),
        ("(gfp=0xd0)", "skbuff_head_cache", "3.2.0", False, False),
        ("(gfp=0x20)", "kmalloc-192(2:container)", "3.10.0-862.el7.x86_64", True, True),
        (", gfp=0x480020(GFP_ATOMIC)", "skbuff_head_cache", None, True, False),
        ("(gfp=0x20)", "skbuff_head_cache", None, None, False),
    ],
)
def test_a_cache_that_got_no_memory(gfp: str, cache: str, release: str | None, atomic: bool | None, limited: bool) -> None:
    text = f"SLUB: Unable to allocate memory on node -1{gfp}\n  cache: {cache}, object size: 232, buffer size: 256, default order: 0\n"
    (other,) = facts_of(text, release)["others"]
    assert (other["atomic"], other["limited"], other["last"]["what"]) == (atomic, limited, cache)


@pytest.mark.parametrize(
    ("line", "suppressed"),
    [
        ("warn_alloc_failed: 5676 callbacks suppressed", 5676),
        ("warn_alloc: 3 callbacks suppressed", 3),
        ("__ratelimit: 33 callbacks suppressed", 33),
        ("__ratelimit: 33 callbacks suppressed\nnet: x", 0),
        ("net_ratelimit: 33 callbacks suppressed", 0),
        ("warn_alloc: 3 callbacks suppressed\nwarn_alloc: 4 callbacks suppressed", 7),
    ],
)
def test_what_was_not_printed_is_added_up(line: str, suppressed: int) -> None:
    head = "swapper: page allocation failure: order:3, mode:0x20\n"
    assert facts_of(f"{line}\n{head}{head}")["suppressed"] == suppressed


def test_a_repeated_message_counts_as_often_as_it_says() -> None:
    prefix = "Mar 18 14:39:17 db01 kernel: "
    head = "swapper: page allocation failure: order:3, mode:0x20"
    text = f"{prefix}{head}\n{prefix}message repeated 7 times: [ {head}]\n"
    assert failures_of([("messages", text)], LogContext(Clock()))["by_process"] == {"swapper": 8}
    many = f"{prefix}message repeated 999999 times: [ {head}]\n"
    facts = failures_of([("messages", many)], LogContext(Clock()))
    assert (facts["count"], facts["by_order"]) == (999999, {"3": 2000}), "bounded"


SAID = "Mar 18 14:39:17 db01 kernel: "
PIECE = "nginx: page allocation failure: order:5"


@pytest.mark.parametrize(
    ("modes", "atomic"),
    [
        ([", mode:0x2080020(GFP_ATOMIC)", ", mode:0x24000c0(GFP_KERNEL)", ", mode:0x2080020(GFP_ATOMIC)"], {False: 1, True: 2}),
        ([", mode:0x2080020(GFP_ATOMIC)", "message repeated 2 times: [ , mode:0x2080020(GFP_ATOMIC)]"], {True: 3}),
        ([", mode:0x24000c0(GFP_KERNEL)"], {False: 1, None: 2}),
    ],
    ids=["each its own", "counted too", "two are lost"],
)
def test_of_failures_in_pieces_that_syslog_counted_each_takes_its_own_mode(modes: list[str], atomic: dict[bool | None, int]) -> None:
    text = "".join(f"{SAID}{said}\n" for said in (PIECE, f"message repeated 2 times: [ {PIECE}]", *modes))
    facts = failures_of([("messages", text)], LogContext(Clock(), "4.9.0-5-amd64"))
    assert (facts["count"], {group["atomic"]: group["count"] for group in facts["groups"]}) == (3, atomic)


def test_failures_in_pieces_that_syslog_counted_are_bounded() -> None:
    text = f"{SAID}message repeated 999999 times: [ {PIECE}]\n{SAID}message repeated 999999 times: [ , mode:0x2080020(GFP_ATOMIC)]\n"
    facts = failures_of([("messages", text)], LogContext(Clock(), "4.9.0-5-amd64"))
    assert facts["count"] == 999999
    assert {group["atomic"] for group in facts["groups"]} == {True, None}


FRAME = "[1.1]  x+0x1/0x2 [drv_a]\n"


@pytest.mark.parametrize(
    ("trace", "read"),
    [
        (OF_A, True),
        (OF_A.replace(" [drv_a]", ""), True),
        (FRAME, False),
        ("", False),
        (OF_A.removesuffix(FRAME.replace("1.1", "1.0")), False),
        (OF_A.replace("x+0x1/0x2 [drv_a]", "[<c0932f4a>] 0xc0932f49"), False),
        (OF_A.replace("Comm: a", "Comm: b"), False),
    ],
    ids=["a driver", "none", "without who it was", "nothing", "only its heading", "addresses without names", "another's"],
)
def test_whether_a_trace_was_read(trace: str, read: bool) -> None:
    head = HEAD_OF_A.replace("order:2", "order:5")
    (group,) = facts_of(head + trace, "4.15.0-213-generic")["groups"]
    assert (group["order"], group["trace_read"]) == (5, read)


def test_of_traces_the_filter_had_no_room_for_the_first_that_is_left_may_be_cut() -> None:
    text = (HEAD_OF_A + OF_A) * 2 + HEAD_OF_A
    for dropped, read in (("0 0 0 0 0", {True: 2, False: 1}), ("0 0 0 0 1", {True: 1, False: 2})):
        groups = facts_of(f"{text}#log failures 3 dropped {dropped}\n", "4.15.0-213-generic")["groups"]
        assert {told: sum(group["count"] for group in groups if group["trace_read"] is told) for told in read} == read


def test_more_failures_at_once_than_are_looked_at_together() -> None:
    heads = "".join(HEAD_OF_A.replace("a:", f"{process}:") for process in "abcdefghijklmnopqrs")
    groups = facts_of(heads + OF_A.replace("Comm: a", "Comm: s") + OF_A, "4.4.0-142-generic")["groups"]
    assert {group["trace_read"]: group["count"] for group in groups} == {True: 1, False: 18}


def test_what_a_group_cannot_name_was_not_read() -> None:
    for more, read in ((7, True), (8, False)):
        many = "".join(f"[1.1]  x+0x1/0x2 [drv_{number}]\n" for number in range(more))
        (group,) = facts_of(HEAD_OF_A + OF_A + many, "4.15.0-213-generic")["groups"]
        assert (len(group["drivers"]), group["trace_read"]) == (8, read)
    text = "".join(HEAD_OF_A + OF_A.replace("drv_a", f"drv_{number}") for number in range(60))
    groups = facts_of(text, "4.15.0-213-generic")["groups"]
    (rest,) = [group for group in groups if not group["trace_read"]]
    assert (rest["count"], rest["drivers"], rest["trusted"], set(rest)) == (10, [], True, set(groups[0])), "their drivers are not told"


VMALLOC_PIECE = "[1.0] in:imklog: vmalloc: allocation failure: 83636224 bytes\n"
FOR_VMALLOC = "[1.0] , mode:0x24080c2(GFP_KERNEL|__GFP_HIGHMEM|__GFP_ZERO)\n"


@pytest.mark.parametrize(
    ("text", "atomic"),
    [
        (VMALLOC_PIECE + "[1.0] a: page allocation failure: order:5\n[1.0] , mode:0x2080020(GFP_ATOMIC)\n" + FOR_VMALLOC, None),
        (VMALLOC_PIECE + "[1.0] a: page allocation failure: order:5\n" + FOR_VMALLOC + "[1.0] , mode:0x2080020(GFP_ATOMIC)\n", None),
        (VMALLOC_PIECE + "[1.0] a: page allocation failure: order:5\n" + FOR_VMALLOC * 2, False),
        (VMALLOC_PIECE + "[1.0] page allocation failure: order:5, mode:0x24000c0(GFP_KERNEL)\n[1.0] , mode:0x2080020(GFP_ATOMIC)\n", None),
        (VMALLOC_PIECE + "[1.0] a: page allocation failure: order:5, mode:0x2080020(GFP_ATOMIC)\n" + FOR_VMALLOC, True),
    ],
    ids=["its own first", "the other's first", "alike", "behind an order alone", "behind a name"],
)
def test_a_mode_that_may_be_of_another_report_is_not_known(text: str, atomic: bool | None) -> None:
    (group,) = facts_of(text, "4.9.0-5-amd64")["groups"]
    assert (group["order"], group["atomic"]) == (5, atomic)


NOISE = "[1.0] x\n"
ORDER_ALONE = "[1.0] a: page allocation failure: order:1\n"
MODE_ALONE = "[1.0] , mode:0x2080020(GFP_ATOMIC)\n"
ANOTHER = "[1.0] WARNING: CPU: 0 PID: 1 at net/x.c:1 y+0x1/0x2\n"
WITHOUT_HEADING = "[1.0]  [<f8a5a5d5>] x+0xaa/0x1fb [drv_a]\n"


@pytest.mark.parametrize(
    ("text", "lines", "release", "fact", "near", "far"),
    [
        (FIRST_HEAD + "{}" + OF_A, 299, "3.16.0", "by_driver", {"drv_a": 1}, {}),
        (FIRST_HEAD + "{}" + WITHOUT_HEADING, 59, "2.6.18-194.el5", "by_driver", {"drv_a": 1}, {}),
        ("[1.0] a: \n{}" + NAMELESS, 59, "4.9.0", "by_process", {"a": 1}, {"": 1}),
        (ANOTHER + "{}" + NAMELESS + WHO, 14, "4.14.98", "by_process", {"": 1}, {"swapper/7": 1}),
        (OOM + "{}" + NAMELESS + OF_A, 58, "4.14.98", "by_driver", {}, {"drv_a": 1}),
        (ORDER_ALONE + "{}" + MODE_ALONE, 299, "4.9.0", "groups", True, None),
        (
            "[1.0] vmalloc: allocation failure: 4096 bytes\n{}[1.0] a: page allocation failure: order:0, mode:0xd0\n",
            59,
            "3.2.27",
            "count",
            0,
            1,
        ),
    ],
    ids=["its dump", "a trace without a heading", "its name", "another's dump", "an OOM kill's dump", "its mode", "what vmalloc said"],
)
def test_how_far_apart_the_lines_of_one_report_may_stand(text: str, lines: int, release: str, fact: str, near: Any, far: Any) -> None:
    for between, expected in ((lines, near), (lines + 1, far)):
        found = facts_of(text.format(NOISE * between), release)[fact]
        assert (found[0]["atomic"] if fact == "groups" else found) == expected


@pytest.mark.parametrize(("release", "drivers"), [("3.9.11", {"drv_a": 1}), ("3.10.0", {}), ("3.10-3-amd64", {})])
def test_since_3_10_a_trace_that_does_not_say_whose_it_is_is_nobodys(release: str, drivers: dict[str, int]) -> None:
    assert facts_of(FIRST_HEAD + "[1.0] Call Trace:\n" + FRAME, release)["by_driver"] == drivers


@pytest.mark.parametrize(("release", "beside"), [("3.12.74", [["drv_b"], ["drv_a"]]), ("3.13-1-amd64", [[], []])])
def test_since_3_13_one_cpu_dumps_at_a_time(release: str, beside: list[list[str]]) -> None:
    text = HEADS.replace("a: ", "b: ", 1) + OF_A + OF_A.replace("drv_a", "drv_b").replace("Comm: a", "Comm: b")
    assert [group["drivers_beside"] for group in facts_of(text, release)["groups"]] == beside


@pytest.mark.parametrize(("lines", "read"), [(150, True), (151, False)])
def test_of_more_frames_beside_a_failure_than_are_kept_its_own_may_be_one(lines: int, read: bool) -> None:
    frames = "[1.0] [<c0932f4a>] (y+0x5/0x5c [drv_b]) from [<bf0ecc59>] (z+0x5/0x5c [drv_b])\n"
    text = FIRST_HEAD + OF_A + "[1.0] INFO: task x:7 blocked for more than 120 s\n" + frames * lines
    (group,) = facts_of(text, "3.16.0")["groups"]
    assert (group["drivers"], group["drivers_beside"], group["trace_read"]) == (["drv_a"], ["drv_b"], read)


@pytest.mark.parametrize(("release", "drivers"), [("3.4.113", {"ixgbe": 1}), ("3.5-trunk-amd64", {"ixgbe": 1, "bonding": 1})])
def test_until_3_4_the_console_glues_what_another_cpu_says(release: str, drivers: dict[str, int]) -> None:
    text = "[1.0] a: page allocation failure: order:0, mode:0x20\n[1.0] Pid: 7, comm: a Not tainted 2.6.32 #1\n[1.0]  x+0x1/0x2 [ixgbe]\n"
    assert (
        facts_of(text + "[1.0] Node 0 Pid: 9, comm: b Not tainted 2.6.32 #1\n[1.0]  y+0x1/0x2 [bonding]\n", release)["by_driver"] == drivers
    )


def test_where_the_kernel_says_who_speaks_the_lines_of_two_are_told_apart() -> None:
    one, two = "[1.0][   T1]", "[1.0][   T2]"
    heads = f"{one} a: page allocation failure: order:1, mode:0x20\n{two} b: page allocation failure: order:2, mode:0x20\n"
    dumps = f"{one} CPU: 1 PID: 1 Comm: a Not tainted 5.10.0 #1\n{two} CPU: 2 PID: 2 Comm: b Not tainted 5.10.0 #1\n"
    traces = f"{one} Call Trace:\n{two} Call Trace:\n{two}  x+0x1/0x2 [drv_b]\n{one}  x+0x1/0x2 [drv_a]\n"
    groups = facts_of(heads + dumps + traces, "5.10.0")["groups"]
    assert {group["order"]: (group["drivers"], group["drivers_beside"]) for group in groups} == {1: (["drv_a"], []), 2: (["drv_b"], [])}
    pieces = f"{one} page allocation failure: order:1\n{two} page allocation failure: order:2\n"
    modes = f"{two} , mode:0x2080020(GFP_ATOMIC)\n{one} , mode:0x24000c0(GFP_KERNEL)\n"
    assert {group["order"]: group["atomic"] for group in facts_of(pieces + modes, "4.14.0")["groups"]} == {1: False, 2: True}
    for speaker, process in ((one, "a"), (two, "")):
        assert facts_of(f"{one} a: \n{speaker} page allocation failure: order:2, mode:0x20\n", "4.14.0")["by_process"] == {process: 1}


def test_the_name_of_a_cgroup_is_no_frame() -> None:
    """Users choose it, and the kernel prints it behind the mode."""
    head = HEAD_OF_A.replace("\n", ", nodemask=(null),cpuset=/y+0x1/0x2 [drv_z],mems_allowed=0\n")
    facts = facts_of(HEAD_OF_A + OF_A + head, "3.12.0")
    assert (facts["by_driver"], [group["drivers_beside"] for group in facts["groups"]]) == ({"drv_a": 1}, [[], []])


def test_where_a_cpu_was_interrupted_is_no_frame_of_its_trace() -> None:
    text = HEAD_OF_A + OF_A + "[1.0] RIP: 0010:y+0x1/0x2 [drv_z]\n"
    assert facts_of(text, "4.15.0")["by_driver"] == {"drv_a": 1}


HEAD_OF_B = "[1.0] b: page allocation failure: order:1, mode:0x20\n"
STALLED = "[1.0] INFO: task x:7 blocked for more than 120 s\n"


@pytest.mark.parametrize(
    ("between", "others", "read"), [("", 15, True), ("", 16, False), (NOISE * 300, 16, True)], ids=["few", "many", "many, but later"]
)
def test_of_more_failures_than_are_followed_the_first_may_have_had_another_trace(between: str, others: int, read: bool) -> None:
    groups = facts_of(FIRST_HEAD + OF_A + between + HEAD_OF_B * others, "3.12.0")["groups"]
    assert {group["order"]: group["trace_read"] for group in groups} == {5: read, 1: False}


@pytest.mark.parametrize(("lines", "beside"), [(295, ["drv_b"]), (296, [])])
def test_a_frame_may_be_a_failures_own_within_300_lines(lines: int, beside: list[str]) -> None:
    text = FIRST_HEAD + OF_A + STALLED + NOISE * lines + FRAME.replace("drv_a", "drv_b")
    assert [group["drivers_beside"] for group in facts_of(text, "3.12.0")["groups"]] == [beside]


@pytest.mark.parametrize(
    ("between", "drivers"),
    [
        (HEAD_OF_B, {5: ["drv_a"], 1: ["drv_b"]}),
        ("[1.0] Modules linked in: x\n", {5: ["drv_a"]}),
        ("[1.0] ------------[ cut here ]------------\n", {5: ["drv_a"]}),
        ("[1.0] ---[ end trace 4eaa2a86a8e2da22 ]---\n", {5: ["drv_a"]}),
        (ANOTHER, {5: ["drv_a"]}),
        (STALLED, {5: ["drv_a"]}),
    ],
    ids=["another failure", "modules", "another report's begin", "its end", "a warning", "a stall"],
)
def test_where_traces_do_not_say_whose_they_are_the_next_report_ends_them(between: str, drivers: dict[int, list[str]]) -> None:
    text = FIRST_HEAD + FRAME + between + FRAME.replace("drv_a", "drv_b")
    assert {group["order"]: group["drivers"] for group in facts_of(text, "2.6.32-5-amd64")["groups"]} == drivers


def test_what_syslog_only_counted_has_no_trace_of_its_own() -> None:
    counted = f"{SAID}message repeated 2 times: [ b: page allocation failure: order:2, mode:0x20]\n"
    said = f"{SAID}a: page allocation failure: order:1, mode:0x20\n"
    dumps = "".join(f"{SAID}{line.removeprefix('[1.0] ')}\n" for line in (OF_A.replace("Comm: a", "Comm: b") + OF_A).splitlines())
    groups = failures_of([("messages", counted + said + dumps)], LogContext(Clock(), "4.4.0"))["groups"]
    assert {group["order"]: (group["count"], group["drivers"]) for group in groups} == {1: (1, ["drv_a"]), 2: (2, [])}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x: page allocation stalls for 10000ms, order:3, mode:0x14000c0(GFP_KERNEL)", ("stall", "x", 3, False, False)),
        ("page allocation stalls for 10000ms, order:3, mode:0x14000c0(GFP_KERNEL)", ("stall", "", 3, False, False)),
        ("x: vmalloc: allocation failure: 4096 bytes, mode:0x24080c2(GFP_KERNEL)", ("vmalloc", "x", 0, False, False)),
        ("x: vmalloc error: size 8192, vm_struct allocation failed, mode:0xdc2(GFP_KERNEL)", ("vmalloc", "x", 0, None, False)),
        ("Out of memory: Killed process 7 (java) total-vm:1kB", ("oom_kill", "java", None, None, False)),
        ("Out of memory: Killed process 7 (no process has such a name) total-vm:1kB", ("oom_kill", "", None, None, False)),
        ("Memory cgroup out of memory: Killed process 7 (java) total-vm:1kB", ("oom_kill", "java", None, None, True)),
    ],
)
def test_other_trouble_tells_whose_it_was(text: str, told: tuple[Any, ...]) -> None:
    (other,) = facts_of(f"[1.0] {text}\n", "4.14.98")["others"]
    assert (other["kind"], other["last"]["process"], other["last"]["order"], other["atomic"], other["limited"]) == told


def test_the_dump_of_a_request_above_the_largest_order_is_not_the_failures() -> None:
    above_max = "[1.0] WARNING: CPU: 0 PID: 1 at mm/page_alloc.c:4570 __alloc_pages+0x1/0x2\n"
    facts = facts_of(above_max + NAMELESS + WHO, "4.14.98")
    assert (facts["by_process"], [other["kind"] for other in facts["others"]]) == ({"": 1}, ["order_above_max"])


def test_a_mode_is_told_as_a_hexadecimal_number_however_it_was_printed() -> None:
    assert facts_of("a: page allocation failure. order:0, mode:d0\n", "2.6.18-194.el5")["last"]["mode"] == "0xd0"
