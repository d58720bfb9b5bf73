# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole reports as calls of printk: failures of the page allocator, what reads like one, and what may stand around it.

A call is marked with what a reader goes by: ``head`` (the words "page allocation failure"), ``mode``, ``comm`` (the line of a dump
that names the process), ``module`` (a frame of a trace), ``heading`` (a trace begins), ``start`` (another report begins), ``cut``
(and goes on), ``vmalloc``, ``suppressed``, and ``other``, ``piece``, ``above max``, ``vmalloc whole`` (another
trouble); ``name`` (what comes before a piece).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random

from tests.kernel_logs.console import Call, Segment
from tests.kernel_logs.kernels import Arch, Kernel, Mode

WARNING, ERROR, INFO, CRITICAL = 4, 3, 6, 2

#: (modules as they stand in a trace from the innermost out, (function, module or "")).
_PATHS: tuple[tuple[tuple[str, str], ...], ...] = (
    (("mlx4_en_alloc_frags", "mlx4_en"), ("mlx4_en_process_rx_cq", "mlx4_en"), ("mlx4_en_poll_rx_cq", "mlx4_en"), ("net_rx_action", "")),
    (("__netdev_alloc_skb", ""), ("ixgbe_clean_rx_irq", "ixgbe"), ("ixgbe_poll", "ixgbe"), ("net_rx_action", "")),
    (("bnx2x_alloc_rx_sge", "bnx2x"), ("bnx2x_rx_int", "bnx2x"), ("bnx2x_poll", "bnx2x"), ("net_rx_action", "")),
    (("e1000_alloc_rx_buffers", "e1000"), ("e1000_clean_rx_irq", "e1000"), ("e1000_clean", "e1000"), ("net_rx_action", "")),
    (("__alloc_skb", ""), ("tg3_alloc_rx_data", "tg3"), ("tg3_poll_work", "tg3"), ("tg3_poll", "tg3"), ("net_rx_action", "")),
    (("usbnet_start_xmit", "usbnet"), ("ax88179_rx_fixup", "ax88179_178a"), ("usbnet_bh", "usbnet"), ("tasklet_action", "")),
    (("__alloc_rx_skb", ""), ("r8152_poll", "r8152"), ("rx_bottom", "r8152"), ("net_rx_action", "")),
    (("skb_page_frag_refill", ""), ("try_fill_recv", "virtio_net"), ("virtnet_poll", "virtio_net"), ("net_rx_action", "")),
    (("tcp_v4_rcv", ""), ("nf_hook_slow", ""), ("ipt_do_table", "ip_tables"), ("nf_conntrack_in", "nf_conntrack"), ("igb_poll", "igb")),
    (("kmem_cache_alloc", ""), ("tcp_collapse", ""), ("tcp_prune_queue", ""), ("tcp_rcv_established", ""), ("tcp_v4_do_rcv", "")),
    (("kmalloc_order_trace", ""), ("vendor_hook", "vendorfw"), ("do_vfs_ioctl", ""), ("sys_ioctl", "")),
    (("xfs_buf_allocate_memory", "xfs"), ("xfs_buf_get_map", "xfs"), ("xfs_trans_read_buf_map", "xfs"), ("xfs_lookup", "xfs")),
    (("new_slab", ""), ("copy_process", ""), ("_do_fork", ""), ("do_fork", "")),
    (("iwl_pcie_rx_allocator", "iwlwifi"), ("iwl_pcie_irq_handler", "iwlwifi"), ("irq_thread_fn", ""), ("kthread", "")),
    (("mlx5e_alloc_rx_wqe", "mlx5_core"), ("mlx5e_post_rx_wqes", "mlx5_core"), ("mlx5e_napi_poll", "mlx5_core"), ("net_rx_action", "")),
    (("bond_start_xmit", "bonding"), ("br_dev_xmit", "bridge"), ("vhost_net", "vhost_net"), ("be_post_rx_frags", "be2net")),
)
PATHS = range(len(_PATHS))


@dataclass
class Report:
    """What one CPU says of one thing: its segments, and what is true of it. ``counts``: it is a failure of the page allocator."""

    kind: str
    segments: list[Segment]
    counts: bool = False
    order: int = 0
    mode: Mode | None = None
    process: str = ""
    modules: list[str] = field(default_factory=list)
    suppressed: int = 0

    def calls(self) -> list[Call]:
        """All its calls, for a CPU that others interrupt."""
        return [call for segment in self.segments for call in segment.calls]


def failure(
    rng: Random, kernel: Kernel, release: tuple[str, str], arch: Arch, process: str, order: int, mode: Mode, path: int, suppressed: int
) -> Report:
    """A page allocation failure."""
    segments = []
    if suppressed:
        name = kernel.suppressed or ("__ratelimit" if kernel.printk == "lines" else "printk")
        words = "callbacks suppressed" if kernel.printk != "chars" else "messages suppressed."
        segments.append(Segment([Call(WARNING, f"{name}: {suppressed} {words}\n", mark=("suppressed", suppressed))]))
    segments.append(Segment(head_calls(kernel, process, order, mode)))
    segments += dump(rng, kernel, release, arch, process, path)
    if not (kernel.suppressed == "warn_alloc" and rng.random() < 0.3):  # show_mem has its own rate limit since 4.10
        segments.append(mem_info(kernel.name, arch, rng.randrange(6)))
    return Report("failure", segments, True, order, mode, process, modules_of(path), suppressed if kernel.suppressed else 0)


def modules_of(path: int) -> list[str]:
    """The modules of a trace, each once, as they come."""
    return list(dict.fromkeys(module for _function, module in _PATHS[path] if module))


def head_calls(kernel: Kernel, process: str, order: int, mode: Mode) -> list[Call]:
    """warn_alloc and its forebears up to dump_stack."""
    failed = f"page allocation failure: order:{order}"
    if kernel.head == "dot":
        return [Call(WARNING, f"{process}: page allocation failure. order:{order}, mode:{mode.text}\n", mark=("head", (process, mode)))]
    if kernel.head == "colon":
        return [Call(WARNING, f"{process}: {failed}, mode:{mode.text}\n", mark=("head", (process, mode)))]
    if kernel.head == "named":
        return [*_named(process, failed), Call(-1, f", mode:{mode.text}\n", cont=True, mark=("mode", mode))]
    cpuset = [Call(INFO, f"{process} cpuset="), Call(-1, "/", cont=True), Call(-1, " mems_allowed=0\n", cont=True)]
    if kernel.head == "nodemask":
        mode_calls = [Call(-1, f", mode:{mode.text}, nodemask=", cont=True, mark=("mode", mode)), Call(-1, "(null)\n", cont=True)]
        return [*_named(process, failed), *mode_calls, *cpuset]
    line = f"{process}: {failed}, mode:{mode.text}, nodemask=(null)"
    if kernel.head == "whole":
        return [Call(WARNING, line + "\n", mark=("head", (process, mode))), *cpuset]
    ends = [Call(-1, text, cont=True) for text in (",cpuset=", "/", ",mems_allowed=0", "\n")]
    return [Call(WARNING, line, mark=("head", (process, mode))), *ends]


def _named(process: str, said: str) -> list[Call]:
    mark = ("head", (None, None)) if said.startswith("page allocation failure") else None
    return [Call(WARNING, f"{process}: ", mark=("name", process)), Call(-1, said, cont=True, mark=mark)]


def dump(rng: Random, kernel: Kernel, release: tuple[str, str], arch: Arch, process: str, path: int) -> list[Segment]:
    """dump_stack."""
    return [Segment(comm_calls(rng, kernel, release, arch, process)), trace(kernel.name, arch, path, rng.randrange(2))]


def comm_calls(rng: Random, kernel: Kernel, release: tuple[str, str], arch: Arch, process: str) -> list[Call]:
    """The lines of a dump that name the process; none in 2.6.18 and on arm before 3.10."""
    uname, banner = release
    pid = 0 if process.startswith("swapper") else rng.randrange(1, 32768)
    mark = ("comm", process)
    if kernel.name == "2.6.18" or (arch == "arm" and kernel.name == "3.2"):
        return []
    taint = rng.choice(("Not tainted", "Not tainted", "Tainted: P           ---------------   ", "Tainted: G        W  O   "))
    if kernel.printk == "lines":
        return [Call(-1, f"Pid: {pid}, comm: {process} {taint} {uname} #1{banner}\n", mark=mark)]
    kdump = " Kdump: loaded" if ".el" in uname and rng.random() < 0.5 else ""
    uid = f" UID: {rng.choice((0, 0, 1000))}" if uname.startswith("6.12") else ""
    cpu = rng.randrange(8)
    calls = [Call(4, f"CPU: {cpu}{uid} PID: {pid} Comm: {process}{kdump} {taint} {uname} #1{banner}\n", locked=kernel.locked, mark=mark)]
    hardware = "BCM2835" if arch == "arm" else "Dell Inc. PowerEdge R620/0VV3F2, BIOS 2.5.2 01/28/2015"
    if rng.random() < 0.7:
        calls.append(Call(4, f"Hardware name: {hardware}\n", locked=kernel.locked))
    return calls


def _offsets(rng: Random) -> str:
    size = rng.randrange(0x20, 0xFFF)
    return f"+{rng.randrange(1, size):#x}/{size:#x}"


@cache
def trace(name: str, arch: Arch, path: int, variant: int) -> Segment:
    """A call trace as that kernel prints it on that machine."""
    rng = Random(f"{name} {arch} {path} {variant}")
    kernel = by_name(name)
    outer = {"2.6.18": [], "2.6.32": [], "3.2": ["warn_alloc_failed"]}.get(name)
    if outer is None:
        outer = ["dump_stack", "warn_alloc_failed" if kernel.suppressed == "warn_alloc_failed" else "warn_alloc"]
    if name in ("5.14", "6.x"):
        outer[0] = "dump_stack_lvl"
    inner = ["__alloc_pages" if name in ("2.6.18", "6.x") else "__alloc_pages_nodemask", "alloc_pages_current"]
    tail = ["__do_softirq", "irq_exit", "do_IRQ"] if variant else ["system_call_fastpath"]
    frames = [(function, "") for function in outer + inner] + list(_PATHS[path]) + [(function, "") for function in tail]
    calls = _WRITERS[arch](kernel, rng, frames, bool(variant))
    return Segment([call._replace(locked=kernel.locked) for call in calls])


def by_name(name: str) -> Kernel:
    """The line of kernels of a name."""
    from tests.kernel_logs.kernels import KERNELS

    return next(kernel for kernel in KERNELS if kernel.name == name)


Frames = Sequence[tuple[str, str]]


def _mark(*modules: str) -> tuple[str, tuple[str, ...]]:
    return ("module", tuple(module for module in modules if module))


_HEADING = ("heading", None)


def _x86(kernel: Kernel, rng: Random, frames: Frames, interrupted: bool) -> list[Call]:
    calls = _stack_words(kernel, rng) if kernel.printk in ("records", "glued") and kernel.name != "3.10" else []
    calls.append(
        Call(-1 if kernel.name == "2.6.18" else 4, "\nCall Trace:\n" if kernel.name == "2.6.18" else "Call Trace:\n", mark=_HEADING)
    )
    if kernel.printk == "lines":
        calls[-1] = calls[-1]._replace(level=-1)
    old = kernel.printk in ("chars", "lines", "records", "glued")
    for number, (function, module) in enumerate(frames):
        if interrupted and number == 0:
            calls.append(Call(-1, " <IRQ> " if old else " <IRQ>\n"))
        calls.append(_x86_frame(kernel, rng, function, module, old, number))
        if interrupted and number == len(frames) - 2:
            calls.append(Call(-1, " <EOI> " if old else " <EOI>\n" if kernel.name != "6.x" else " </IRQ>\n"))
    if not old and interrupted:
        calls += [Call(-1, "RIP: 0010:cpuidle_enter_state+0xc4/0x350\n"), Call(-1, "RSP: 0018:ffffb1c0800a3e60 EFLAGS: 00000246\n")]
    return [*calls, Call(-1, "\n")] if kernel.name == "2.6.18" else calls


def _x86_frame(kernel: Kernel, rng: Random, function: str, module: str, old: bool, number: int) -> Call:
    where = function + _offsets(rng)
    sure = "" if number % 3 else "? "
    if kernel.name == "2.6.18":
        at = 0xFFFFFFFF88000000 if module else 0xFFFFFFFF80000000
        return Call(-1, f" [<{at + rng.randrange(1 << 20):016x}>] {f':{module}:' if module else ''}{where}\n", mark=_mark(module))
    behind = f" [{module}]" if module else ""
    if not old:
        if module and kernel.name == "6.x" and rng.random() < 0.3:
            behind = f" [{module} {rng.getrandbits(160):040x}]"
        return Call(-1, f" {sure}{where}{behind}\n", mark=_mark(module))
    at = 0xFFFFFFFFA0000000 if module else 0xFFFFFFFF81000000
    return Call(-1, f" [<{at + rng.randrange(1 << 20):016x}>] {sure}{where}{behind}\n", mark=_mark(module))


def _stack_words(kernel: Kernel, rng: Random) -> list[Call]:
    cont = kernel.printk == "glued"
    calls = []
    for row in range(3):
        calls += [Call(-1, f" {rng.getrandbits(64):016x}", cont=cont and word > 0) for word in range(3)]
        calls.append(Call(-1, "\n", cont=True))
        del row
    return calls


def _i686(kernel: Kernel, rng: Random, frames: Frames, _interrupted: bool) -> list[Call]:
    calls = [Call(-1, "Call Trace:\n", mark=_HEADING)] if kernel.name != "2.6.18" else []
    for function, module in frames:
        at = 0xF8A00000 if module else 0xC0400000
        behind = f" [{module}]" if module else ""
        sure = "? " if kernel.name != "2.6.18" else ""
        calls.append(Call(-1, f" [<{at + rng.randrange(1 << 20):08x}>] {sure}{function}{_offsets(rng)}{behind}\n", mark=_mark(module)))
    return [*calls, Call(-1, " =======================\n")] if kernel.name == "2.6.18" else calls


def _arm(kernel: Kernel, rng: Random, frames: Frames, headed: bool) -> list[Call]:
    calls = [Call(-1, "Backtrace: \n", mark=_HEADING)] if headed and kernel.name in ("3.2", "3.16", "4.1") else []
    if kernel.name == "6.x":
        calls = [Call(4, "Call trace: \n", mark=_HEADING)]
    for (inner, inside), (outer, module) in zip(frames, frames[1:], strict=False):
        behind = f" [{module}]" if module else ""
        within = f" [{inside}]" if inside else ""
        left, right = f"[<{0xC0000000 + rng.randrange(1 << 24):08x}>] ", f"[<{0xBF000000 + rng.randrange(1 << 20):08x}>] "
        if kernel.name == "6.x":
            text = f" {inner}{within} from {outer}{_offsets(rng)}{behind}\n"
        elif kernel.name == "3.2":
            text = f"{left}({inner}+0x0/0x10c{within}) from {right}({outer}{_offsets(rng)}{behind})\n"
        else:
            text = f"{left}({inner}{within}) from {right}({outer}{_offsets(rng)}{behind})\n"
        calls.append(Call(-1, text, mark=_mark(inside, module)))
    return calls


def _arm64(kernel: Kernel, rng: Random, frames: Frames, _interrupted: bool) -> list[Call]:
    calls = [Call(-1, "Call trace:\n", mark=_HEADING)]
    for function, module in frames:
        behind = f" [{module}]" if module else ""
        at = f"[<{0xFFFFFFC000080000 + rng.randrange(1 << 20):016x}>] " if kernel.name in ("4.1", "4.4", "4.9") else " "
        calls.append(Call(-1, f"{at}{function}{_offsets(rng)}{behind}\n", mark=_mark(module)))
    return calls


def _ppc64le(kernel: Kernel, rng: Random, frames: Frames, _interrupted: bool) -> list[Call]:
    calls = [Call(-1, "Call Trace:\n", mark=_HEADING)]
    for number, (function, module) in enumerate(frames):
        behind = f" [{module}]" if module else ""
        behind += " (unreliable)" if number == 0 else ""
        at = 0xD000000000000000 if module else 0xC000000000100000
        frame = f"[{0xC000000FFFF00000 + number * 0x90:016x}] [{at + rng.randrange(1 << 24):016x}] {function}{_offsets(rng)}{behind}\n"
        calls.append(Call(-1, frame, mark=_mark(module)))
    del kernel
    return calls


_WRITERS = {"x86_64": _x86, "i686": _i686, "arm": _arm, "arm64": _arm64, "ppc64le": _ppc64le}


@cache
def mem_info(name: str, arch: Arch, variant: int) -> Segment:
    """show_mem: zones, watermarks, free blocks. Free blocks are printed piece by piece."""
    rng = Random(f"mem {name} {arch} {variant}")
    kernel = by_name(name)
    page = 64 if arch == "ppc64le" else 4
    node = "" if arch == "arm" else "Node 0 "
    zones = (
        ["Normal"]
        if arch in ("arm", "arm64", "ppc64le")
        else ["DMA", "DMA32", "Normal"]
        if arch == "x86_64"
        else ["DMA", "Normal", "HighMem"]
    )
    calls = [Call(-1 if kernel.printk in ("chars", "lines", "records") else 4, "Mem-info:\n" if name == "2.6.18" else "Mem-Info:\n")]
    if kernel.printk in ("chars", "lines") or (kernel.printk == "records" and variant < 3):
        for zone in zones:
            calls += [*_pieces(kernel, node, f"{zone} per-cpu:\n")]
            calls += [
                Call(-1, f"CPU {cpu:4d}: hi:  186, btch:  31 usd:{rng.randrange(186):4d}\n") for cpu in range(2 + 12 * (variant == 5))
            ]
    calls.append(Call(-1, f"active_anon:{rng.randrange(1 << 20)} inactive_anon:{rng.randrange(1 << 18)} isolated_anon:0\n"))
    calls.append(Call(-1, f" free:{rng.randrange(1 << 16)} slab_reclaimable:21334 slab_unreclaimable:30992\n"))
    for zone in zones:
        calls += _pieces(
            kernel,
            node,
            f"{zone} free:{rng.randrange(1 << 16)}kB min:53404kB low:66752kB high:80104kB active_anon:498136kB all_unreclaimable? no\n",
        )
        calls.append(Call(-1, "lowmem_reserve[]: 0 0 0 0\n"))
    for zone in zones:
        counts = [rng.choice((0, 0, 1, 3, 46, 486)) if order < 6 else 0 for order in range(11 if page == 4 else 9)]
        blocks = [f"{count}*{page << order}kB " for order, count in enumerate(counts)]
        if kernel.locked and kernel.suppressed:
            blocks = [block if block.startswith("0*") else f"{block}(UM) " for block in blocks]
        total = sum(count * (page << order) for order, count in enumerate(counts))
        pieces = [f"{zone}: ", *blocks, f"= {total}kB\n"]
        calls += _pieces(kernel, node, *pieces)
    calls += [
        Call(-1, f"{rng.randrange(1 << 20)} total pagecache pages\n"),
        Call(-1, "0 pages in swap cache\n"),
        Call(-1, "Free swap  = 0kB\n"),
    ]
    calls.append(Call(-1, "4194303 pages RAM\n"))
    return Segment(calls)


def _pieces(kernel: Kernel, node: str, *texts: str) -> list[Call]:
    """A line in pieces. The first may be the node's name."""
    cont = kernel.printk in ("glued", "pieces")
    pieces = [text for text in (node, *texts) if text]
    return [Call(-1, text, cont=cont and number > 0) for number, text in enumerate(pieces)]


def vmalloc(rng: Random, kernel: Kernel, release: tuple[str, str], arch: Arch, process: str, path: int, pages_missing: bool) -> Report:
    """A failed vmalloc: because address space ran out, or (``pages_missing``) of pages."""
    size = rng.randrange(1, 1 << 16) << 12
    if kernel.printk in ("chars", "lines") and not kernel.with_line_of_vmalloc:
        return Report(
            "vmalloc",
            [
                Segment(
                    [
                        Call(
                            WARNING,
                            f"vmap allocation for size {size} failed: use vmalloc=<size> to increase size.\n",
                            mark=("other", ("vmalloc", False)),
                        )
                    ]
                )
            ],
        )
    said = f"vmalloc: allocation failure: {size} bytes"
    mode = Mode(kernel.vmalloc_mode, False)
    if not kernel.with_line_of_vmalloc:
        if kernel.head not in ("named", "nodemask"):
            said = f"vmalloc error: size {size}, vm_struct allocation failed" if kernel.name in ("5.14", "6.x") else said
            calls = [Call(WARNING, f"{process}: {said}, mode:{mode.text}, nodemask=(null)\n", mark=("vmalloc whole", process))]
        else:
            calls = [*_named(process, said), Call(-1, f", mode:{mode.text}\n", cont=True)]
            calls[1] = calls[1]._replace(mark=("piece", "vmalloc"))
        return Report(
            "vmalloc", [Segment(calls), *dump(rng, kernel, release, arch, process, path), mem_info(kernel.name, arch, rng.randrange(6))]
        )
    if pages_missing:
        said = f"vmalloc: allocation failure, allocated {size // 2} of {size} bytes"
    calls = [Call(WARNING, f"{said}\n", mark=("vmalloc", pages_missing)), *head_calls(kernel, process, 0, mode)]
    segments = [Segment(calls), *dump(rng, kernel, release, arch, process, path), mem_info(kernel.name, arch, rng.randrange(6))]
    return Report("vmalloc", segments, pages_missing, 0, mode, process, modules_of(path))


def stall(rng: Random, kernel: Kernel, release: tuple[str, str], arch: Arch, process: str, path: int) -> Report:
    """An allocation that took more than ten seconds (4.10 to 4.14)."""
    order = rng.randrange(4)
    name = [
        Call(WARNING, f"{process}: ", mark=("name", process)),
        Call(-1, f"page allocation stalls for {10000 + rng.randrange(9999)}ms, order:{order}", cont=True, mark=("piece", "stall")),
    ]
    mode = next(mode for mode in kernel.modes if not mode.atomic)
    calls = [*name, Call(-1, f", mode:{mode.text}, nodemask=", cont=True), Call(-1, "(null)\n", cont=True)]
    return Report("stall", [Segment(calls), *dump(rng, kernel, release, arch, process, path)])


def slab(rng: Random, kernel: Kernel) -> Report:
    """slab_out_of_memory of SLUB, or of SLAB (2.6.32 to 3.10)."""
    mode = rng.choice(kernel.modes)
    gfp = f"gfp={mode.text}" if kernel.name not in ("2.6.32", "3.2", "3.10", "3.16", "4.1", "4.4") else f"(gfp={mode.text})"
    joined = ", " if gfp.startswith("gfp") else " "
    if kernel.name in ("2.6.32", "3.2") and rng.random() < 0.5:
        texts = [
            f"SLAB: Unable to allocate memory on node 0 {gfp}",
            "  cache: size-2048, object size: 2048, order: 0",
            "  node 0: slabs: 5/5, objs: 10/10, free: 0",
        ]
    else:
        cache = rng.choice(("kmalloc-256", "skbuff_head_cache", "kmalloc-2048"))
        cache += "(960:helper-logs)" if rng.random() < 0.2 and kernel.suppressed == "warn_alloc" else ""
        texts = [
            f"SLUB: Unable to allocate memory on node -1{joined}{gfp}",
            f"  cache: {cache}, object size: 256, buffer size: 256, default order: 0, min order: 0",
            f"  node 0: slabs: {rng.randrange(500)}, objs: 1808, free: 0",
        ]
    calls = [Call(WARNING, text + "\n") for text in texts]
    calls[0] = calls[0]._replace(mark=("other", ("slab", "(960:" in texts[1])))
    return Report("slab", [Segment(calls)], mode=mode)


def out_of_memory(rng: Random, kernel: Kernel, release: tuple[str, str], arch: Arch, process: str, path: int) -> Report:
    """The killer was called and killed."""
    mode = next(mode for mode in kernel.modes if not mode.atomic).text
    victim = rng.choice(("mysqld", "java", "stress", process))
    head = Segment(
        [
            Call(
                WARNING,
                f"{process} invoked oom-killer: gfp_mask={mode}, order={rng.choice((0, 0, 0, 2))}, oom_score_adj=0\n",
                mark=("start", process),
            ),
            Call(INFO, f"{process} cpuset=/ mems_allowed=0\n"),
        ]
    )
    kill = (
        "Out of memory: Killed process" if kernel.suppressed == "warn_alloc" and kernel.head == "cpuset" else "Out of memory: Kill process"
    )
    tail = Segment(
        [
            Call(INFO, "[ pid ]   uid  tgid total_vm      rss cpu oom_adj oom_score_adj name\n"),
            Call(INFO, f"[ 1234]     0  1234   123456     7890   1       0             0 {victim}\n"),
            Call(ERROR, f"{kill} 1234 ({victim}) score 905 or sacrifice child\n", mark=("other", ("oom_kill", False))),
            Call(ERROR, f"Killed process 1234 ({victim}) total-vm:1234567kB, anon-rss:123456kB, file-rss:0kB\n"),
        ]
    )
    return Report("oom", [head, *dump(rng, kernel, release, arch, process, path), mem_info(kernel.name, arch, rng.randrange(6)), tail])


def warning(rng: Random, kernel: Kernel, release: tuple[str, str], arch: Arch, process: str, path: int, order_above_max: bool) -> Report:
    """A dump with a driver in its trace: of the watchdog of a NIC or of a CPU, or for an order that no allocator can give."""
    place = (
        "mm/page_alloc.c:2964 __alloc_pages_slowpath+0x2a1/0x9b0"
        if order_above_max
        else "net/sched/sch_generic.c:261 dev_watchdog+0x26b/0x280"
    )
    texts = ["------------[ cut here ]------------"]
    texts.append(
        f"WARNING: at {place}() ({'Not tainted'})"
        if kernel.printk in ("chars", "lines")
        else f"WARNING: CPU: 0 PID: {rng.randrange(999)} at {place}"
    )
    if not order_above_max and rng.random() < 0.3:
        texts = [f"BUG: soft lockup - CPU#0 stuck for 23s! [{process}:{rng.randrange(2, 999)}]"]
    elif not order_above_max:
        texts.append(f"NETDEV WATCHDOG: eth0 ({rng.choice(('ixgbe', 'mlx4_en', 'e1000'))}): transmit queue 0 timed out")
    texts.append("Modules linked in: mlx4_en mlx4_core ixgbe ip_tables [last unloaded: scsi_wait_scan]")
    calls = [Call(WARNING, text + "\n", mark=("start", None) if number == 0 else ("cut", None)) for number, text in enumerate(texts)]
    if order_above_max:
        calls[1] = calls[1]._replace(mark=("above max", None))
    end = Segment([Call(WARNING, f"---[ end trace {rng.getrandbits(64):016x} ]---\n", mark=("cut", None))])
    return Report(
        "order above max" if order_above_max else "warning", [Segment(calls), *dump(rng, kernel, release, arch, process, path), end]
    )


def hung_task(rng: Random, kernel: Kernel, arch: Arch, process: str, path: int) -> Report:
    """A task that sleeps for two minutes; its trace has no line that names the process the usual way."""
    pid = rng.randrange(2, 32768)
    first = Segment(
        [
            Call(ERROR, f"INFO: task {process}:{pid} blocked for more than 120 seconds.\n", mark=("start", True)),
            Call(ERROR, '"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.\n'),
            Call(INFO, f"{process:<15} D {rng.getrandbits(64):016x}     0 {pid:5d}      2 0x00000080\n"),
        ]
    )
    return Report("hung", [first, Segment([call._replace(locked=False) for call in trace(kernel.name, arch, path, 0).calls])])


#: What the kernel says of other things.
NOISE = (
    "e1000e: eth0 NIC Link is Up 1000 Mbps Full Duplex, Flow Control: Rx/Tx",
    "TCP: request_sock_TCP: Possible SYN flooding on port 443. Sending cookies.",
    "EXT4-fs (dm-0): mounted filesystem with ordered data mode. Opts: (null)",
    "IPv6: ADDRCONF(NETDEV_CHANGE): eth0: link becomes ready",
    "nf_conntrack: table full, dropping packet",
    "sd 0:0:0:0: [sda] Attached SCSI disk",
    "usb 1-1: new high-speed USB device number 4 using xhci_hcd",
    "net_ratelimit: 12 callbacks suppressed",
    'audit: type=1400 audit(1710772757.123:45): apparmor="STATUS" operation="profile_load"',
    "systemd-journald[451]: Received client request to flush runtime journal.",
    "java[2101]: segfault at 8 ip 00007f3e8c21b1f3 sp 00007ffd0a4c1e30 error 4 in libc-2.17.so[7f3e8c0f4000+1c3000]",
    "INFO: rcu_sched self-detected stall on CPU { 3}  (t=21000 jiffies g=12345 c=12344 q=0)",
    "perf: interrupt took too long (2501 > 2500), lowering kernel.perf_event_max_sample_rate to 79000",
    "bonding: bond0: link status definitely up for interface eth1, 10000 Mbps full duplex.",
    "Memory: 32841452k/34078720k available (5155k kernel code, 1067468k absent, 169800k reserved)",
    "mlx4_core 0000:06:00.0: irq 75 for MSI/MSI-X",
    "netpoll: netconsole: local port 6665",
)


def noise(rng: Random) -> Report:
    """One line of something else."""
    return Report("noise", [_NOISE_SEGMENTS[rng.randrange(len(_NOISE_SEGMENTS))]])


#: A kill in a cgroup is that cgroup's trouble.
_KILL_IN_CGROUP = "Memory cgroup out of memory: Kill process 4242 (worker) score 1001 or sacrifice child"
_NOISE_SEGMENTS = [Segment([Call(INFO if number % 2 else WARNING, text + "\n")]) for number, text in enumerate(NOISE)]
_NOISE_SEGMENTS.append(Segment([Call(ERROR, _KILL_IN_CGROUP + "\n", mark=("other", ("oom_kill", True)))]))


def boot(kernel: Kernel, release: str) -> Report:
    """The first lines of a boot."""
    return Report("boot", [_boot(kernel.printk, release)])


@cache
def _boot(printk: str, release: str) -> Segment:
    texts = (
        f"Linux version {release} (builder@build.example) (gcc version 4.8.5) #1 SMP Fri Apr 20 16:44:24 UTC 2018",
        f"Command line: BOOT_IMAGE=/vmlinuz-{release} root=/dev/mapper/rhel-root ro crashkernel=auto",
        "BIOS-provided physical RAM map:",
        "Zone PFN ranges:" if printk in ("chars", "lines") else "Zone ranges:",
        "  DMA      0x00000001 -> 0x00001000" if printk in ("chars", "lines") else "  DMA      [mem 0x00001000-0x00ffffff]",
    )
    return Segment(
        [Call(5 if number == 0 else INFO, text + "\n", mark=("boot", None) if number == 0 else None) for number, text in enumerate(texts)]
    )
