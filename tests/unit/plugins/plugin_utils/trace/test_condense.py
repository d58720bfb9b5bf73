# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's text of a trace, as Linux 2.6.32 writes it and as newer ones do, through each awk: the same callers."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import end_line, head_line
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.trace import trace_program
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.trace.trace_answer import read_trace

from tests.conftest import tool

CONDENSE = Path(trace_program.__file__).with_name("sh") / "condense.awk"
EACH_AWK = pytest.mark.parametrize("awk", ["mawk", "gawk", "gawk --posix", "busybox awk", "original-awk"])
NONCE = "0123456789abcdef"

#: RHEL 6: no column of flags, page frames in decimal, eight frames at most without their modules, a single page given back twice, a
#: refused request with a page frame, a return that a probe holds, a process's own stack.
OLD = """\
# tracer: nop
#
#           TASK-PID    CPU#    TIMESTAMP  FUNCTION
#              | |       |          |         |
  <...>-4711  [003]  6976.285610: mm_page_alloc: page=ffffea0003db9f40 pfn=1155800 order=2 migratetype=0 gfp_flags=GFP_ATOMIC|GFP_COMP
  <...>-4711  [003]  6976.285614: <stack trace>
 => __alloc_pages_nodemask
 => alloc_pages_current
 => receive_one
 => poll_ring
 => [unknown/kretprobe'd]
 => net_rx_action
  <...>-4711  [003]  6976.285616: <user stack trace>
 => /lib64/libc-2.12.so[+0x10]
 => ??
  <...>-4711  [003]  6976.300000: mm_page_alloc: page=(null) pfn=4398046511104 order=2 migratetype=0 gfp_flags=GFP_ATOMIC|GFP_COMP
  <...>-4711  [003]  6976.300002: <stack trace>
 => __alloc_pages_nodemask
 => alloc_pages_current
 => receive_one
 => poll_ring
 => net_rx_action
        evil: mm-1     [000]  6977.000000: mm_page_free_direct: page=ffffea0003db9f40 pfn=1155800 order=0
        evil: mm-1     [000]  6977.000001: <stack trace>
 => __free_pages
 => poll_ring
        evil: mm-1     [000]  6977.000002: mm_page_free_direct: page=ffffea0003db9f40 pfn=1155800 order=0
        evil: mm-1     [000]  6977.000003: <stack trace>
 => free_hot_cold_page
 => __free_pages
"""
#: Linux 6.1: the column of flags, page frames in hexadecimal, modules behind the functions, frames that are no functions.
NEW = """\
# tracer: nop
#
# entries-in-buffer/entries-written: 8/8   #P:4
#                                _-----=> irqs-off/BH-disabled
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
#              | |         |   |||||     |         |
   <idle>-0  [003] d.s1.  6976.285610: mm_page_alloc: page=922a9bb7 pfn=0x11a2d8 order=2 migratetype=0 gfp_flags=GFP_ATOMIC|__GFP_COMP
   <idle>-0  [003] d.s1.  6976.285614: <stack trace>
 => __alloc_pages+0x256/0x330
 => receive_one+0x22/0x90 [vendor]
 => poll_ring.isra.0+0x1/0x2 [vendor]
 => [FTRACE TRAMPOLINE]
 => 0xffffffffc0a01000
 => net_rx_action+0x133/0x2c0
   <idle>-0  [003] d.s1.  6976.300000: mm_page_alloc: page=00000000 pfn=0x0 order=2 migratetype=0 gfp_flags=GFP_ATOMIC|__GFP_COMP
   <idle>-0  [003] d.s1.  6976.300002: <stack trace>
 => __alloc_pages+0x256/0x330
 => receive_one+0x22/0x90 [vendor]
   <idle>-0  [000] d.s1.  6977.000000: mm_page_free: page=922a9bb7 pfn=0x11a2d8 order=0
   <idle>-0  [000] d.s1.  6977.000001: <stack trace>
 => __free_pages+0x1/0x2
 => poll_ring.isra.0+0x1/0x2 [vendor]
"""
SYMBOLS = """\
ffffffff81000000 T __alloc_pages_nodemask
ffffffff81000100 T net_rx_action
ffffffffa0001000 t receive_one\t[vendor]
ffffffffa0002000 t poll_ring\t[vendor]
"""


def condensed(awk: str, text: str, folder: Path, room: int = 900_000) -> str:
    """What the host says of this trace. Its symbols are in a file of the folder."""
    (folder / "kallsyms").write_text(SYMBOLS)
    (folder / "condense").write_text(CONDENSE.read_text().replace("/proc/kallsyms", str(folder / "kallsyms")))
    (folder / "trace").write_text(text)
    name, *words = awk.split()
    command = [tool(name), *words, "-v", f"room={room}", "-f", str(folder / "condense"), str(folder / "trace")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""
    return done.stdout


def answer_with(lines: str) -> str:
    return f"{head_line(NONCE)}\n$outcome:traced\n$page_kb:4\n$seen:10 8 0\n{lines}\n{end_line(NONCE)}\n"


@EACH_AWK
@pytest.mark.parametrize("text", [OLD, NEW], ids=["2.6.32", "6.1"])
def test_both_forms_name_the_module_and_the_function(tmp_path: Path, awk: str, text: str) -> None:
    result = read_trace(answer_with(condensed(awk, text, tmp_path)), NONCE, 10)
    (row,) = result["callers"]
    assert (row["caller"], row["kind"], row["taken_blocks"], row["refused_blocks"]) == ("receive_one [vendor]", "pages", 1, 1)
    assert (row["stays_blocks"], row["stays_bytes"]) == (1, 3 * 4096), "one page of four was given back"


@EACH_AWK
def test_a_long_trace_is_cut_between_lines(tmp_path: Path, awk: str) -> None:
    said = condensed(awk, OLD * 50, tmp_path, room=500)
    assert said.endswith("\n$cut:1\n")
    assert len(said) < 500 + len("$cut:1\n")
    assert read_trace(answer_with(said), NONCE, 10)["events"] > 4
