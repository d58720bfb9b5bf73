# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernel logs of three eras under every prefix, hostile ones, and the filter held equal to the parser in real awks."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.failure_facts import failures_of
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.kernel_log import LogContext
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_filter import MAX_TRACE_LINES, filter_log
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_time import Clock
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import MARK
from hypothesis import given
from hypothesis import strategies as st

TOKEN = "0123456789abcdef"
MARKED = f"{MARK} (step 1, {TOKEN})"

# The wording of kernels; hosts, addresses and times are made up.
EL6 = """\
Linux version 2.6.32-358.2.1.el6.x86_64 (mockbuild@build.example) (gcc version 4.4.7 (GCC) ) #1 SMP Wed Feb 20 12:17:37 EST 2013
Zone PFN ranges:
  DMA      0x00000001 -> 0x00001000
mlx4_core 0000:06:00.0: irq 75 for MSI/MSI-X
swapper: page allocation failure. order:2, mode:0x4020
Pid: 0, comm: swapper Not tainted 2.6.32-358.2.1.el6.x86_64 #1
Call Trace:
 <IRQ>  [<ffffffff8112c157>] ? __alloc_pages_nodemask+0x757/0x8d0
 [<ffffffff8116095a>] ? alloc_pages_current+0xaa/0x110
 [<ffffffffa0254f3c>] ? mlx4_en_alloc_frags+0x5c/0x190 [mlx4_en]
 [<ffffffffa0255571>] ? mlx4_en_process_rx_cq+0x441/0xa50 [mlx4_en]
 [<ffffffffa01d2c10>] ? vendor_hook+0x10/0x20 [vendorfw]
 [<ffffffff8144a7a3>] ? net_rx_action+0x103/0x2f0
 <EOI>  [<ffffffff812ce1de>] ? intel_idle+0xde/0x170
Mem-Info:
Node 0 DMA per-cpu:
CPU    0: hi:    0, btch:   1 usd:   0
active_anon:124534 inactive_anon:25112 isolated_anon:0
 free:11212 slab_reclaimable:21334 slab_unreclaimable:30992
Node 0 Normal free:2344kB min:53404kB low:66752kB high:80104kB active_anon:498136kB all_unreclaimable? no
lowmem_reserve[]: 0 0 0 0
Node 0 Normal: 486*4kB 46*8kB 2*16kB 0*32kB 0*64kB 0*128kB 0*256kB 0*512kB 0*1024kB 0*2048kB 0*4096kB = 2344kB
58923 total pagecache pages
4194303 pages RAM
"""

EL7 = """\
Linux version 3.10.0-862.el7.x86_64 (builder@build.example) (gcc version 4.8.5) #1 SMP Fri Apr 20 16:44:24 UTC 2018
kworker/u16:3: page allocation failure: order:4, mode:0x204020
CPU: 21 PID: 311 Comm: kworker/u16:3 Kdump: loaded Tainted: P           OE  ------------   3.10.0-862.el7.x86_64 #1
Hardware name: Example Server/1A2B, BIOS 1.0 01/02/2018
Workqueue: bnx2x bnx2x_sp_task [bnx2x]
Call Trace:
 [<ffffffff9b10d768>] dump_stack+0x19/0x1b
 [<ffffffff9ab9a9a0>] warn_alloc_failed+0x110/0x180
 [<ffffffffc03e1fcc>] bnx2x_frag_alloc.isra.62+0x3c/0x50 [bnx2x]
 [<ffffffff9aab35bf>] process_one_work+0x17f/0x440
Mem-Info:
active_anon:1 inactive_anon:2
Node 1 Normal free:61440kB min:61440kB low:76800kB high:92160kB active_anon:0kB
lowmem_reserve[]: 0 0 0 0
Node 1 Normal: 15344*4kB (UEM) 8*8kB (UM) 0*16kB = 61440kB
"""

NEW = """\
Linux version 6.12.0-55.el10.x86_64 (mockbuild@build.example) (gcc 14.2.1) #1 SMP PREEMPT_DYNAMIC Mon Jan 6 00:00:00 UTC 2025
swapper/21: page allocation failure: order:2, mode:0x40820(GFP_ATOMIC|__GFP_COMP), nodemask=(null),cpuset=/,mems_allowed=0-1
CPU: 21 UID: 0 PID: 0 Comm: swapper/21 Kdump: loaded Not tainted 6.12.0-55.el10.x86_64 #1 PREEMPT(voluntary)
Hardware name: Example Server
Call Trace:
 <IRQ>
 dump_stack_lvl+0x5d/0x80
 warn_alloc+0x165/0x1e0
 mlx5e_alloc_rx_mpwqe+0x10c/0x3b0 [mlx5_core 0123456789abcdef0123456789abcdef01234567]
 asm_common_interrupt+0x26/0x40
RIP: 0010:cpuidle_enter_state+0xc8/0x420
 </TASK>
Mem-Info:
Node 0 Normal free:28160kB boost:18432kB min:26624kB low:28672kB high:30720kB reserved_highatomic:0KB free_cma:4376kB
lowmem_reserve[]: 0 0
Node 0 Normal: 1024*4kB (UEC) 1000*8kB (UE) 4*16kB (C) = 28160kB
"""

PREFIXES = {
    "none": "",
    "seconds": "[845211.400000] ",
    "seconds padded": "[    4.746209] ",
    "level": "<4>",
    "level and seconds": "<4>[    4.746209] ",
    "caller": "[    4.746209][   T21] ",
    "cpu": "[    4.746209] [    C21] ",
    "dmesg -T": "[Tue Nov 24 01:02:03 2026] ",
    "dmesg iso": "2026-11-24T01:02:03,123456+00:00 ",
    "syslog": "Mar 18 14:39:17 db01 kernel: ",
    "syslog, one digit": "Mar  8 14:39:17 db01 kernel: ",
    "syslog and seconds": "Mar 18 14:39:17 db01 kernel: [845211.400000] ",
    "short-iso": "2013-03-18T14:39:17+0900 db01 kernel: ",
    "rsyslog iso": "2013-03-18T14:39:17.123456+09:00 db01.example.com kernel: [    4.746209] ",
    "short-full": "Tue 2026-11-24 01:02:03 UTC db01 kernel: ",
}


def prefixed(text: str, prefix: str) -> str:
    return "".join(prefix + line + "\n" for line in text.splitlines())


def parse_kernel_log(
    text: str, name: str, boot: int | None = None, release: str | None = None, since: int | None = None, now: int | None = None
) -> Any:
    """The facts of one log, which are the same of what the filter leaves of it."""
    context = LogContext(Clock(boot, now), release, (), TOKEN, since)
    facts = failures_of([(name, text)], context)
    assert failures_of([(name, filter_log(text))], context) == facts
    return facts


def of(failures: Any, *names: str) -> list[Any]:
    return [failures[name] for name in names]


# --- the three eras, under every prefix ---


#: At what time a log's first line was written: a boot's line counts at time 0 alone.
def booted(text: str, prefix: str) -> str:
    first, rest = text.split("\n", 1)
    return prefixed(first, re.sub(r"\[ *[0-9]+[.][0-9]+\]", "[    0.000000]", prefix)) + prefixed(rest, prefix)


@pytest.mark.parametrize("prefix", PREFIXES.values(), ids=PREFIXES.keys())
def test_a_failure_of_el6(prefix: str) -> None:
    failures = parse_kernel_log(booted(EL6, prefix), "dmesg")
    last, mem_info = failures["last"], failures["mem_info"]
    at = last.pop("at")
    assert of(failures, "count", "by_order", "by_process", "since_workaround", "boot_seen") == [1, {"2": 1}, {"swapper": 1}, None, True]
    assert of(failures, "source", "sources", "untrusted", "suppressed", "others") == ["dmesg", ["dmesg"], 0, 0, []]
    assert failures["by_driver"] == {"mlx4_en": 1, "vendorfw": 1}
    assert failures["groups"] == [
        {
            "order": 2,
            "atomic": True,
            "drivers": ["mlx4_en", "vendorfw"],
            "drivers_beside": [],
            "functions": [
                "__alloc_pages_nodemask",
                "alloc_pages_current",
                "mlx4_en_alloc_frags",
                "mlx4_en_process_rx_cq",
                "vendor_hook",
                "net_rx_action",
                "intel_idle",
            ],
            "trace_read": True,
            "trusted": True,
            "count": 1,
            "last": {"process": "swapper", "at": at},
        }
    ]
    assert last == {
        "order": 2,
        "mode": "0x4020",
        "mode_flags": ["__GFP_HIGH", "__GFP_COMP"],
        "atomic": True,
        "process": "swapper",
        "kernel": "2.6.32-358.2.1.el6.x86_64",
        "drivers": ["mlx4_en", "vendorfw"],
    }
    assert mem_info["zones"] == [
        {
            "node": 0,
            "zone": "Normal",
            "free_blocks": [486, 46, 2, 0, 0, 0, 0, 0, 0, 0, 0],
            "free_kb": 2344,
            "min_kb": 53404,
            "low_kb": 66752,
            "high_kb": 80104,
            "free_cma_kb": None,
            "file_kb": None,
            "lowmem_reserve_pages": [0, 0, 0, 0],
        }
    ]


@pytest.mark.parametrize("prefix", PREFIXES.values(), ids=PREFIXES.keys())
def test_a_failure_of_el7(prefix: str) -> None:
    failures = parse_kernel_log(booted(EL7, prefix), "journal")
    last = failures["last"]
    assert failures["by_process"] == {"kworker/u16:3": 1}
    assert (last["order"], last["mode"], last["kernel"]) == (4, "0x204020", "3.10.0-862.el7.x86_64")
    assert last["mode_flags"] == ["__GFP_HIGH", "__GFP_COMP", "__GFP_NOTRACK"]
    assert last["drivers"] == ["bnx2x"]
    assert failures["mem_info"]["zones"][0]["free_blocks"] == [15344, 8, 0]


@pytest.mark.parametrize("prefix", PREFIXES.values(), ids=PREFIXES.keys())
def test_a_failure_of_a_new_kernel(prefix: str) -> None:
    failures = parse_kernel_log(booted(NEW, prefix), "messages")
    last = failures["last"]
    assert failures["by_process"] == {"swapper/21": 1}
    assert (last["mode"], last["mode_flags"], last["atomic"]) == ("0x40820", ["GFP_ATOMIC", "__GFP_COMP"], True)
    assert (last["kernel"], last["drivers"]) == ("6.12.0-55.el10.x86_64", ["mlx5_core"])
    assert failures["mem_info"]["zones"][0]["min_kb"] == 26624


@pytest.mark.parametrize(
    ("prefix", "boot", "at"),
    [
        ("none", 1363600000, None),
        ("level", 1363600000, None),
        ("seconds", 1363600000, "2013-03-28T04:33:31Z"),
        ("seconds", 0, "1970-01-10T18:46:51Z"),
        ("seconds", None, "[845211.400000]"),
        ("seconds", 10**18, "[845211.400000]"),
        ("caller", 1363600000, "2013-03-18T09:46:44Z"),
        ("dmesg -T", 1363600000, "2026-11-24T01:02:03"),
        ("dmesg iso", None, "2026-11-24T01:02:03.123456+00:00"),
        ("syslog", 1363600000, "Mar 18 14:39:17"),
        ("syslog, one digit", None, "Mar  8 14:39:17"),
        ("syslog and seconds", 1363600000, "2013-03-28T04:33:31Z"),
        ("syslog and seconds", None, "Mar 18 14:39:17"),
        ("short-iso", 1363600000, "2013-03-18T14:39:17+09:00"),
        ("rsyslog iso", 1363600000, "2013-03-18T14:39:17.123456+09:00"),
        ("short-full", None, "2026-11-24T01:02:03Z"),
    ],
)
def test_when_it_was(prefix: str, boot: int | None, at: str | None) -> None:
    failures = parse_kernel_log(prefixed(EL6, PREFIXES[prefix]), "dmesg", boot)
    assert failures["last"]["at"] == at
    assert failures["mem_info"]["at"] == at


# --- what counts and what does not ---

HEAD = "swapper: page allocation failure. order:2, mode:0x4020"


EMPTY = {
    "count": 0, "by_order": {}, "by_process": {}, "by_driver": {}, "groups": [], "since_workaround": None, "suppressed": 0, "untrusted": 0,
    "others": [], "last": None, "last_crash": None, "mem_info": None,
}  # fmt: skip


def test_only_what_follows_the_last_boot_counts() -> None:
    failures = parse_kernel_log(EL7 + EL6, "messages")
    assert (failures["count"], failures["by_order"], len(failures["mem_info"]["zones"])) == (1, {"2": 1}, 1)
    failures = parse_kernel_log(EL7 + EL6.splitlines()[0], "messages")
    assert failures == {**EMPTY, "source": "messages", "sources": ["messages"], "boot_seen": True}


def test_without_a_boot_everything_counts_and_that_is_said() -> None:
    failures = parse_kernel_log(HEAD, "dmesg", None, "2.6.32-358.el6.x86_64")
    assert (failures["count"], failures["boot_seen"], failures["mem_info"]) == (1, False, None)
    assert failures["last"]["kernel"] is None, "the log does not name it"
    assert failures["last"]["atomic"] is True, "yet the running kernel tells what the mask means"
    assert parse_kernel_log(HEAD, "dmesg")["last"]["atomic"] is None


def test_an_empty_log_is_no_failure_and_no_boot() -> None:
    assert parse_kernel_log("", "dmesg") == {**EMPTY, "source": "dmesg", "sources": ["dmesg"], "boot_seen": False}


BOOT = "Linux version 6.1.0-25-amd64 (builder@build.example) (gcc) #1 SMP"


@pytest.mark.parametrize(
    ("log", "seen"),
    [
        (f"[    0.000000] {BOOT}\n", True),
        (f"[    0.000001] {BOOT}\n", False),
        (f"[    1.000000] {BOOT}\n", False),
        (f"[    1.000000] x\n{BOOT}\n", False),
        (f"x\n{BOOT}\n", True),
        (f"Mar 18 14:39:17 db01 kernel: {BOOT}\n", True),
        (f"Mar 18 14:39:17 db01 kernel: x#012{BOOT}\n", False),
        (f"Mar 18 14:39:17 db01 kernel: x: {BOOT}\n", False),
    ],
)
def test_the_first_line_of_a_kernel_is_at_time_0_and_has_a_time_where_others_have(log: str, seen: bool) -> None:
    assert parse_kernel_log(log, "messages")["boot_seen"] is seen


def test_dmesg_is_of_one_boot_whatever_a_line_of_it_says() -> None:
    text = f"{BOOT}\n{HEAD}\n{BOOT.replace('6.1.0-25', '6.1.0-26')}\n{HEAD}\n"
    failures = parse_kernel_log(text, "dmesg")
    assert (failures["count"], failures["last"]["kernel"]) == (2, "6.1.0-25-amd64")
    assert parse_kernel_log(text, "journal")["count"] == 1


@pytest.mark.parametrize("line", ["-- Reboot --", "-- Boot 0123456789abcdef0123456789abcdef --"])
def test_the_journal_says_where_another_boot_begins(line: str) -> None:
    said = prefixed(HEAD, PREFIXES["short-iso"])
    text = f"{said}{line}\n{said}"
    assert parse_kernel_log(text, "journal")["count"] == 1
    assert parse_kernel_log(text, "messages")["count"] == 2, "where anybody may say so"
    assert parse_kernel_log(said + prefixed(line, PREFIXES["short-iso"]) + said, "journal")["count"] == 2, "and the kernel does not"


# --- before and after the workaround ---


@pytest.mark.parametrize("prefix", PREFIXES.values(), ids=PREFIXES.keys())
def test_the_mark_parts_the_failures(prefix: str) -> None:
    text = booted(EL6, prefix) + prefixed(MARKED + "\n" + HEAD, prefix)
    since = parse_kernel_log(text, "dmesg")["since_workaround"]
    assert (since["count"], since["by_order"], [group["count"] for group in since["groups"]]) == (1, {"2": 1}, [1])
    assert parse_kernel_log(booted(EL6, prefix) + prefixed(MARKED, prefix), "dmesg")["since_workaround"] == {
        "count": 0,
        "by_order": {},
        "groups": [],
    }
    assert parse_kernel_log(prefixed(MARKED, prefix) + booted(EL6, prefix), "messages")["since_workaround"] is None, "another boot"


@pytest.mark.parametrize(
    "line", [f"{MARK} (step 1)", f"{MARK} (step 1, {TOKEN[::-1]})", f"Mar 18 14:39:17 db01 app: {MARKED}", f"x: {MARKED}"]
)
def test_only_the_mark_of_the_record_is_one(line: str) -> None:
    assert parse_kernel_log(f"{HEAD}\n{line}\n", "messages")["since_workaround"] is None


def test_a_mark_that_is_repeated_counts_where_it_first_stood() -> None:
    assert parse_kernel_log(f"{HEAD}\n{MARKED}\n{HEAD}\n{MARKED}\n", "messages")["since_workaround"]["count"] == 1


@pytest.mark.parametrize(
    ("since", "counted"),
    [(None, None), (1363585157, 0), (1363585156, 1), (0, 1)],
)
def test_without_a_mark_the_times_tell(since: int | None, counted: int | None) -> None:
    """2013-03-18T14:39:17+0900 is 1363585157 s since 1970."""
    log = prefixed(HEAD, PREFIXES["short-iso"])
    found = parse_kernel_log(log, "journal", since=since)["since_workaround"]
    assert (found and found["count"]) == counted
    assert parse_kernel_log(HEAD, "dmesg", since=5)["since_workaround"] is None, "no times"
    log += prefixed(HEAD, PREFIXES["syslog"])
    assert parse_kernel_log(log, "messages", since=5)["since_workaround"] is None, "not all have one that can be read"


@pytest.mark.parametrize(
    ("line", "process"),
    [
        ("ksoftirqd/0: page allocation failure. order:2, mode:0x20", "ksoftirqd/0"),
        ("kworker/u16:3-e: page allocation failure: order:2, mode:0x20", "kworker/u16:3-e"),
        ("my: app: x: page allocation failure: order:2, mode:0x20", "my: app: x"),
        ("[odd] name: page allocation failure: order:2, mode:0x20", "[odd] name"),
        ("a\x1b[31m\x00b\x7f: page allocation failure: order:2, mode:0x20", "a[31mb"),
        (": page allocation failure: order:2, mode:0x20", ""),
        ("é\ufffd: page allocation failure: order:2, mode:0x20", "é\ufffd"),
        ("p" * 15 + ": page allocation failure: order:2, mode:0x20", "p" * 15),
        (r"\x1b[31m\x0a\x0a: page allocation failure: order:2, mode:0x20", r"\x1b[31m\x0a\x0a"),
        ("#lines: page allocation failure: order:2, mode:0x20", "#lines"),
        ("swapper: page allocation failure. order:2, mode:0x20\r", "swapper"),
        ("swapper: page allocation failure. order:2, mode:0x20 #012Pid: 0, comm: swapper", "swapper"),
        ("swapper: page allocation failure: order:2, mode:0x20#012", "swapper"),
    ],
)
def test_names_of_processes(line: str, process: str) -> None:
    failures = parse_kernel_log("[    1.000000] " + line, "dmesg")
    assert (failures["count"], failures["by_process"]) == (1, {process: 1})


@pytest.mark.parametrize(
    "line",
    [
        "__ratelimit: 33 callbacks suppressed",
        "warn_alloc: 12 callbacks suppressed",
        "warn_alloc_failed: 7 callbacks suppressed",
        "page allocation failure. order:2, mode:0x4020",
        "swapper: page allocation failure. order:, mode:0x4020",
        "swapper: page allocation failure. order:100, mode:0x4020",
        "swapper: page allocation failure. order:-1, mode:0x4020",
    ],
)
def test_what_is_no_failure(line: str) -> None:
    assert parse_kernel_log(line, "dmesg")["count"] == 0


@pytest.mark.parametrize(
    "speaker",
    [
        "Mar 18 14:39:17 db01 sshd[4711]: Invalid user ",
        "2013-03-18T14:39:17+09:00 db01 app: ",
        "2013-03-18 14:39:17 db01 app: kernel: ",
        "Tue 2026-11-24 01:02:03 UTC db01 app: ",
        "<13>Mar 18 14:39:17 db01 app: ",
    ],
)
def test_what_another_speaker_says_in_the_same_log_is_no_kernel_message(speaker: str) -> None:
    text = "".join(speaker + line + "\n" for line in EL6.splitlines())
    text += speaker + "#012".join(EL6.splitlines())
    failures = parse_kernel_log(text, "messages")
    assert (failures["count"], failures["boot_seen"], failures["mem_info"]) == (0, False, None)


def test_a_process_named_like_a_boot_does_not_hide_failures() -> None:
    text = (
        f"{HEAD}\nLinux version 9[4711]: segfault at 0 ip 0 sp 0 error 4\n"
        "Linux version : page allocation failure. order:3, mode:0x20\nuname: Linux version 6.1\n"
    )
    failures = parse_kernel_log(text, "dmesg")
    assert (failures["count"], failures["by_order"], failures["boot_seen"]) == (2, {"2": 1, "3": 1}, False)


def test_newlines_that_syslog_encoded_are_newlines() -> None:
    prefix = "Mar 18 14:39:17 db01 kernel: "
    whole = prefix + "#012".join(EL6.splitlines())
    failures = parse_kernel_log(whole, "messages")
    assert failures == parse_kernel_log(prefixed(EL6, prefix), "messages")
    assert parse_kernel_log(whole, "journal")["count"] == 0, "nobody but rsyslog writes newlines so"


def test_drivers_are_those_of_the_last_call_trace_alone() -> None:
    text = EL6 + HEAD.replace("swapper", "oracle") + "\nModules linked in: mlx4_en bnx2x\n"
    assert parse_kernel_log(text, "dmesg")["last"]["drivers"] == []
    trace = "Call Trace:\n [<ffffffffa0000000>] ? a_func+0x1/0x2 [drv_a]\n"
    other = "Call Trace:\n [<ffffffffa0000000>] ? b_func+0x1/0x2 [drv_b]\n"
    for between in (
        "",
        "Modules linked in: drv_b\n",
        "------------[ cut here ]------------\n",
        "INFO: task x:1 blocked for more than 120 seconds.\n",
        "Mem-Info:\n",
    ):
        assert parse_kernel_log(HEAD + "\n" + trace + between + other, "dmesg")["last"]["drivers"] == ["drv_a"]
    assert parse_kernel_log(HEAD + "\n" + "noise:\n" * MAX_TRACE_LINES + trace, "dmesg")["last"]["drivers"] == []


def test_mem_info_stands_without_a_failure_and_the_last_one_counts() -> None:
    block = "SysRq : Show Memory\nMem-Info:\nNode 0 Normal: %d*4kB 0*8kB = 4kB\n"
    failures = parse_kernel_log(block % 1 + "noise\n" + block % 7, "dmesg")
    assert failures["count"] == 0
    assert [zone["free_blocks"] for zone in failures["mem_info"]["zones"]] == [[7, 0]]
    assert parse_kernel_log("Mem-Info:\nNode 0\n", "dmesg")["mem_info"] is None


def test_a_log_of_a_thousand_names_stays_small() -> None:
    names = [f"p{number}" for number in range(1000)] + ["often"] * 3
    failures = parse_kernel_log("\n".join(HEAD.replace("swapper", name) for name in names), "dmesg")
    assert failures["count"] == 1003
    assert len(failures["by_process"]) == 51
    assert failures["by_process"]["often"] == 3
    assert sum(failures["by_process"].values()) == 1003
    fifty = "\n".join(HEAD.replace("swapper", name) for name in names[:50])
    assert parse_kernel_log(fifty, "dmesg")["by_process"] == dict.fromkeys(names[:50], 1), "and nothing is added up of so few"


@pytest.mark.parametrize(
    "text",
    [
        "a" * (1 << 20),
        "[" * (1 << 20),
        " " * (1 << 20),
        "(" * (1 << 20),
        ": page allocation failure" * 40000,
        "#012" * (1 << 18),
        "\n" * (1 << 18),
        "\r" * (1 << 20),
        "1:" * (1 << 19),
        "<1>" * (1 << 18),
    ],
    ids=["letters", "brackets", "spaces", "parentheses", "heads", "newlines encoded", "newlines", "returns", "clocks", "levels"],
)
def test_hostile_text_costs_linear_time(text: str) -> None:
    started = time.process_time()
    for before in ("", HEAD + "\n", "Mem-Info:\nNode 0 Normal: "):
        parse_kernel_log(before + text, "dmesg")
    assert time.process_time() - started < 12


THEIRS = [HEAD, "Mem-Info:", "Mem-Info: ", "#012", "a#012b", MARKED, "page allocation failure: order:0", ", mode:0x20", "swapper/1: "]
BODIES = st.sampled_from(EL6.splitlines() + EL7.splitlines() + NEW.splitlines() + THEIRS)
ANY = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=40)
BEFORE = st.sampled_from([*PREFIXES.values(), "Mar 18 14:39:17 db01 sshd[1]: ", "<13>Mar 18 14:39:17 db01 app: ", "  "])
AFTER = st.sampled_from(["", "\r", "\r\r", "#012", "x" * 600])
LINES = st.builds("{}{}{}".format, BEFORE, BODIES | ANY, AFTER) | st.builds("{}{}#012{}".format, BEFORE, BODIES, BODIES) | ANY


@given(st.lists(LINES | st.text(), max_size=30).map("\n".join), st.none() | st.integers(-(10**20), 10**20), st.none() | st.text())
def test_any_text_is_survived(text: str, boot: int | None, release: str | None) -> None:
    for name in ("dmesg", "journal", "messages"):
        failures = failures_of([(name, text)], LogContext(Clock(boot, boot), release, ("e1000e",), TOKEN, 0))
        assert (failures["last"] is None) == (failures["by_order"] == {})
        assert sum(failures["by_order"].values()) <= failures["count"]
        assert sum(group["count"] for group in failures["groups"]) == sum(failures["by_order"].values())
