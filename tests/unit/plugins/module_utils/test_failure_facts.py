# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two logs of one host: each failure once, and what one log knows better than the other."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.failure_facts import MAX_NAMES, failures_of
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.kernel_log import LogContext
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_time import Clock
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.memory_report import MAX_FUNCTIONS
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import MARK

BOOTED = 1_534_416_000  # 16 August 2018, 10:40:00 UTC


def facts_of(*logs: tuple[str, str], release: str = "4.17.0-1-amd64") -> Any:
    return failures_of(logs, LogContext(Clock(BOOTED, BOOTED + 90_000), release))


def failure(prefix: str, driver: str, process: str = "nfsd") -> str:
    lines = (
        f"{process}: page allocation failure: order:2, mode:0x484020(GFP_ATOMIC|__GFP_COMP), nodemask=(null)",
        f"CPU: 6 PID: {len(driver)} Comm: {process} Not tainted 4.17.0-1-amd64 #1",
        "Call trace:",
        f" x+0x1/0x2 [{driver}]",
    )
    return "".join(f"{prefix}{line}\n" for line in lines)


def dmesg(seconds: int, driver: str) -> str:
    return failure(f"[{seconds:5d}.000001] ", driver)


def syslog(clock: str, driver: str) -> str:
    return failure(f"Aug 16 {clock} db01 kernel: ", driver)


def test_of_two_alike_in_one_second_the_log_that_lost_the_first_has_the_second() -> None:
    both = syslog("10:50:00", "bnx2x") + syslog("10:50:00", "virtio_net")
    facts = facts_of(("dmesg", dmesg(600, "virtio_net")), ("messages", both))
    assert (facts["count"], facts["by_driver"], facts["untrusted"]) == (2, {"bnx2x": 1, "virtio_net": 1}, 1)


def test_modules_tell_failures_apart_that_the_clock_does_not() -> None:
    facts = facts_of(("kern.log", syslog("10:50:00", "bnx2x")), ("syslog", syslog("10:50:01", "virtio_net")))
    assert facts["by_driver"] == {"bnx2x": 1, "virtio_net": 1}


def test_a_failure_is_one_though_the_cut_log_gives_it_the_trace_of_another_cpu() -> None:
    heads = [line for driver in ("drv_a", "drv_b") for line in failure("", driver).splitlines()[:1]]
    dumps = [f"CPU: {cpu} PID: {cpu} Comm: nfsd Not tainted 4.17.0-1-amd64 #1\nx+0x{cpu}/0x9 [drv_{cpu}]" for cpu in (1, 2)]
    lines = "\n".join(heads + dumps).splitlines()
    cut = "".join(f"[  600.000001] {line}\n" for line in lines[1:])
    whole = "".join(f"Aug 16 10:50:00 db01 kernel: {line}\n" for line in lines)
    assert facts_of(("dmesg", cut), ("messages", whole))["count"] == 2


@pytest.mark.parametrize("cut_first", [True, False])
def test_the_trace_that_one_log_lost_is_taken_from_the_other(cut_first: bool) -> None:
    cut = ("dmesg", dmesg(600, "bnx2x").replace("order:2", "order:5").splitlines(keepends=True)[0])
    whole = ("messages", syslog("10:50:00", "bnx2x").replace("order:2", "order:5"))
    groups = facts_of(*((cut, whole) if cut_first else (("dmesg", dmesg(600, "bnx2x").replace("order:2", "order:5")), whole)))["groups"]
    assert [(group["count"], group["drivers"], group["trace_read"]) for group in groups] == [(1, ["bnx2x"], True)]


def trace_of(*functions: str) -> str:
    return dmesg(600, "bnx2x").replace(
        "[  600.000001]  x+", "".join(f"[  600.000001]  {name}+0x1/0x2\n" for name in functions) + "[  600.000001]  x+"
    )


def test_functions_of_a_trace_are_told_in_their_order_each_once() -> None:
    (group,) = facts_of(("dmesg", trace_of("kmalloc_large", "sk_clone", "kmalloc_large")))["groups"]
    assert group["functions"] == ["kmalloc_large", "sk_clone", "x"]


def test_functions_of_failures_that_are_alike_stand_together() -> None:
    later = trace_of("sk_clone").replace("[  600.", "[  700.")
    (group,) = facts_of(("dmesg", trace_of("tcp_sendmsg", "sk_clone") + later))["groups"]
    assert (group["count"], group["functions"]) == (2, ["tcp_sendmsg", "sk_clone", "x"])


def test_of_a_long_trace_the_first_functions_are_told() -> None:
    """The end of one, however long and many they are, is never more than a group may hold."""
    (group,) = facts_of(("dmesg", trace_of(*(f"f{number}" for number in range(60)))))["groups"]
    assert group["functions"] == [f"f{number}" for number in range(MAX_FUNCTIONS)]
    text = "".join(
        trace_of(*(f"g{second}_{number}" for number in range(20))).replace("[  600.", f"[  {second}.") for second in range(600, 640)
    )
    (group,) = facts_of(("dmesg", text))["groups"]
    assert (group["count"], len(group["functions"])) == (40, MAX_NAMES)


def test_the_functions_are_of_the_log_that_has_the_trace() -> None:
    cut = ("dmesg", trace_of("sk_clone").splitlines(keepends=True)[0])
    whole = ("messages", syslog("10:50:00", "bnx2x"))
    (group,) = facts_of(cut, whole)["groups"]
    assert (group["count"], group["functions"]) == (1, ["x"])


@pytest.mark.parametrize("ahead_hours", [0, 1, 2])
def test_the_zone_of_a_log_is_that_in_which_most_failures_agree(ahead_hours: int) -> None:
    """Else the one of 10:50 that dmesg has lost would be taken for that of 11:50."""
    clocks = [f"{hour + ahead_hours}:50:00" for hour in (10, 11, 13, 14)]
    facts = facts_of(
        ("dmesg", "".join(dmesg(600 + 3600 * hours, "bnx2x") for hours in (1, 3, 4))),
        ("messages", "".join(syslog(clock, "bnx2x") for clock in clocks)),
    )
    assert (facts["count"], facts["untrusted"]) == (4, 1)


def test_the_kernels_stamp_is_the_surest() -> None:
    facts = facts_of(("dmesg", dmesg(600, "bnx2x")), ("messages", failure("Aug 16 10:50:00 db01 kernel: [  600.000001] ", "vendorfw")))
    assert facts["count"] == 1


@pytest.mark.parametrize("whole_first", [True, False])
def test_a_log_that_lost_the_line_about_vmalloc_makes_no_failure_of_the_next(whole_first: bool) -> None:
    asked = "a: page allocation failure: order:0, mode:0x24080c2\n"
    whole = f"Aug 16 10:50:00 db01 kernel: vmalloc: allocation failure: 4096 bytes\nAug 16 10:50:00 db01 kernel: {asked}"
    cut = f"Aug 16 10:50:00 db01 kernel: {asked}"
    logs = [("kern.log", whole), ("syslog", cut)] if whole_first else [("kern.log", cut), ("syslog", whole)]
    facts = facts_of(*logs, release="4.4.0-142-generic")
    assert (facts["count"], [other["kind"] for other in facts["others"]]) == (0, ["vmalloc"])
    assert facts_of(("kern.log", cut), release="4.4.0-142-generic")["count"] == 1, "where no log has it, it is one"


@pytest.mark.parametrize("cut_first", [True, False])
def test_a_failure_is_one_though_the_cut_log_gives_it_the_process_of_another(cut_first: bool) -> None:
    """Kernel 4.14 in pieces: the log that lost the line of the first failure takes its dump for that of the second, which has no name."""
    lines = (
        "swapper: page allocation failure: order:3, mode:0x14040c0(GFP_KERNEL|__GFP_COMP)",
        "page allocation failure: order:5, mode:0x1400040(GFP_NOFS)",
        "CPU: 5 PID: 0 Comm: swapper Not tainted 4.14.98-v7+ #1",
        "Call Trace:",
        " x+0x1/0x2 [mlx4_en]",
        "CPU: 6 PID: 9 Comm: nfsd Not tainted 4.14.98-v7+ #1",
        "Call Trace:",
        " x+0x1/0x2 [virtio_net]",
    )
    cut = ("dmesg", "".join(f"[  600.000001] {line}\n" for line in lines[1:]))
    whole = ("messages", "".join(f"Aug 16 10:50:00 db01 kernel: {line}\n" for line in lines))
    facts = facts_of(*((cut, whole) if cut_first else (("kern.log", whole[1]), ("syslog", cut[1]))), release="4.14.98-v7+")
    assert (facts["count"], facts["by_process"]) == (2, {"swapper": 1, "nfsd": 1})
    assert facts["by_driver"] == {"mlx4_en": 1, "virtio_net": 1}
    beside = {group["order"]: group["drivers_beside"] for group in facts["groups"]}
    assert "mlx4_en" in beside[5], "what either log read as its trace may be its own"


def test_failures_whose_lines_name_other_processes_are_two() -> None:
    texts = [failure("Aug 16 10:50:00 db01 kernel: ", "bnx2x", process).replace("Comm: b", "Comm: a") for process in ("a", "b")]
    assert facts_of(("kern.log", texts[0]), ("syslog", texts[1]))["by_process"] == {"a": 1, "b": 1}


def test_failures_with_dumps_of_their_own_are_two_though_the_same_dump_follows_later() -> None:
    prefix = "Aug 16 10:50:00 db01 kernel: "
    later = f"{prefix}x invoked oom-killer: order=0\n{prefix}CPU: 1 PID: 9 Comm: x Not tainted 4.17.0-1-amd64 #1\n"
    logs = [failure(prefix, driver) + later for driver in ("bnx2x", "virtio_net")]
    assert facts_of(("kern.log", logs[0]), ("syslog", logs[1]))["by_driver"] == {"bnx2x": 1, "virtio_net": 1}


def test_what_only_one_log_read_in_a_trace_stays_beside_the_failure() -> None:
    logs = [
        failure(prefix, driver)
        for prefix, driver in (("[  600.000001] ", "drv_a"), ("Aug 16 10:50:00 db01 kernel: [  600.000001] ", "drv_b"))
    ]
    (group,) = facts_of(("dmesg", logs[0]), ("messages", logs[1]))["groups"]
    assert (group["drivers"], group["drivers_beside"]) == (["drv_a"], ["drv_b"])


@pytest.mark.parametrize(
    ("at", "order", "process"),
    [("599.992000", 2, "first"), ("599.990100", 2, "first"), ("599.990000", 2, "last"), ("599.992000", 3, "last")],
    ids=["8 ms before", "almost 10 ms before", "10 ms before", "of another order"],
)
def test_of_failures_of_one_moment_the_last_with_a_driver_tells(at: str, order: int, process: str) -> None:
    first = failure(f"[  {at}] ", "bnx2x", "first").replace("order:2", f"order:{order}")
    last = failure("[  600.000000] ", "", "last").replace(" []", "")
    assert facts_of(("dmesg", first + last))["last"]["process"] == process
    assert facts_of(("dmesg", first + last.replace("+0x1/0x2", "+0x1/0x2 [tg3]")))["last"]["process"] == "last"


def test_the_log_of_the_last_crash_counts_what_the_filter_had_no_room_for() -> None:
    crashed = failure("[    1.000000] ", "tg3") + failure("[    2.000000] ", "bnx2x") + "#log failures 5 dropped 3 0 0 0 0\n"
    crash = failures_of([("dmesg", "")], LogContext(Clock()), crashed)["last_crash"]
    assert (crash["count"], crash["by_order"], crash["last"]["drivers"]) == (5, {"2": 2}, ["bnx2x"])
    assert failures_of([("dmesg", "")], LogContext(Clock()), "")["last_crash"] == {"count": 0, "by_order": {}, "last": None}
    assert failures_of([("dmesg", "")], LogContext(Clock()))["last_crash"] is None


SAID = "db01 kernel: "


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ("[  600.000000] ", f"Aug 16 10:50:00 {SAID}[  600.01] ", 1),
        ("[  600.000000] ", f"Aug 16 10:50:00 {SAID}[  600.012000] ", 2),
        (f"Aug 16 10:50:00 {SAID}", f"Aug 16 10:50:02 {SAID}", 1),
        (f"Aug 16 10:50:00 {SAID}", f"Aug 16 10:50:03 {SAID}", 2),
        ("[  600.000000] ", f"Aug 16 12:52:30 {SAID}", 1),
        ("[  600.000000] ", f"Aug 16 12:52:31 {SAID}", 2),
        ("[  600.000000] ", f"Aug 16 10:47:30 {SAID}", 1),
        ("[  600.000000] ", f"Aug 16 10:47:29 {SAID}", 2),
        ("[  600.000000] ", f"Aug 17 00:52:00 {SAID}", 1),
        ("[  600.000000] ", f"Aug 17 00:52:01 {SAID}", 2),
        ("[  600.000000] ", f"2018-08-16T10:52:02+0000 {SAID}", 1),
        ("[  600.000000] ", f"2018-08-16T10:52:03+0000 {SAID}", 2),
        ("[40000.000000] ", f"2018-08-16T21:48:46+0000 {SAID}", 1),
        ("[40000.000000] ", f"2018-08-16T21:48:47+0000 {SAID}", 2),
        (f"2018-08-16T10:50:00+0000 {SAID}", f"2018-08-16T19:50:04+09:00 {SAID}", 1),
        (f"2018-08-16T10:50:00+0000 {SAID}", f"2018-08-16T19:50:05+09:00 {SAID}", 2),
    ],
)
def test_how_far_the_times_of_one_failure_may_lie_apart(one: str, other: str, count: int) -> None:
    """Stamps of the kernel whose digits some logs cut, files of one zone, a zone that is not known, a clock that runs away."""
    logs = failure(one, "bnx2x"), failure(other, "bnx2x")
    for first, second in (logs, logs[::-1]):
        assert facts_of(("kern.log", first), ("syslog", second))["count"] == count


@pytest.mark.parametrize("cut_first", [True, False])
def test_what_one_log_knows_of_a_failure_is_taken_from_it(cut_first: bool) -> None:
    """One was cut in the failure's line and knows no date."""
    cut = failure("[  600.000001] ", "bnx2x").replace(", mode:0x484020(GFP_ATOMIC|__GFP_COMP), nodemask=(null)", "")
    whole = failure(f"2018-08-16T10:50:00+0000 {SAID}", "bnx2x")
    logs = [("kern.log", cut), ("syslog", whole)] if cut_first else [("kern.log", whole), ("syslog", cut)]
    for since, counted in ((BOOTED, 1), (BOOTED + 600, 0)):
        facts = failures_of(logs, LogContext(Clock(), "4.17.0-1-amd64", since_epoch_seconds=since))
        assert (facts["last"]["mode"], facts["last"]["mode_flags"]) == ("0x484020", ["GFP_ATOMIC", "__GFP_COMP"])
        assert (facts["last"]["atomic"], facts["last"]["at"]) == (True, "2018-08-16T10:50:00+00:00")
        assert (facts["count"], facts["since_workaround"]["count"]) == (1, counted)


def test_a_time_of_a_known_zone_is_taken_for_one_of_none() -> None:
    logs = ("kern.log", syslog("12:50:00", "bnx2x")), ("syslog", failure(f"2018-08-16T10:50:00+0000 {SAID}", "bnx2x"))
    for one, other in (logs, logs[::-1]):
        assert facts_of((one[0], one[1]), (other[0], other[1]))["last"]["at"] == "2018-08-16T10:50:00+00:00"


def test_failures_of_several_logs_stand_in_the_order_of_time() -> None:
    facts = facts_of(("kern.log", syslog("10:52:00", "late")), ("syslog", syslog("10:51:00", "early")))
    assert facts["last"]["drivers"] == ["late"]
    assert facts_of(("kern.log", syslog("10:51:00", "early")), ("syslog", syslog("10:52:00", "late")))["last"]["drivers"] == ["late"]
    untimed = facts_of(("kern.log", failure("", "most_trusted")), ("syslog", failure("", "other")))
    assert (untimed["count"], untimed["last"]["drivers"]) == (2, ["most_trusted"]), "where the order is not known"


@pytest.mark.parametrize(("stamp", "seen"), [("11:40:02", True), ("11:40:03", False)])
def test_a_boot_in_a_file_that_users_write_to_comes_within_an_hour(stamp: str, seen: bool) -> None:
    log = f"2018-08-16T{stamp}+0000 {SAID}Linux version 4.17.0-1-amd64 (x) (gcc) #1\n"
    assert facts_of(("messages", log))["boot_seen"] is seen


@pytest.mark.parametrize(("seconds", "count"), [(93600, 1), (93601, 0)])
def test_a_failure_later_than_this_boot_has_lasted_is_of_an_earlier_one(seconds: int, count: int) -> None:
    """An hour more is borne, since either clock may be off."""
    text = failure(f"Aug 16 10:50:00 {SAID}[{seconds}.000000] ", "bnx2x")
    assert facts_of(("messages", text))["count"] == count
    assert facts_of(("dmesg", failure(f"[{seconds}.000000] ", "bnx2x")))["count"] == 1, "dmesg is of one boot"


def test_a_block_of_more_zones_than_any_host_has_is_cut() -> None:
    zones = "".join(f"[  600.000001] Node {node} Normal: 1*4kB = 4kB\n" for node in range(301))
    assert len(facts_of(("dmesg", "[  600.000001] Mem-Info:\n" + zones))["mem_info"]["zones"]) == 300


MARKED = f"{MARK} (step 1, 0123456789abcdef)"
OOM_KILL = "Out of memory: Killed process 7 (java) total-vm:1kB\n"


@pytest.mark.parametrize(
    ("log", "since_workaround"),
    [(OOM_KILL + MARKED + "\n" + OOM_KILL, 1), (MARKED + "\n" + OOM_KILL * 2, 2), (OOM_KILL * 2 + MARKED, 0), (OOM_KILL * 2, None)],
)
def test_other_trouble_is_counted_before_and_after_the_workaround(log: str, since_workaround: int | None) -> None:
    (other,) = failures_of([("dmesg", log)], LogContext(Clock(), mark="0123456789abcdef"))["others"]
    assert (other["kind"], other["count"], other["since_workaround"]) == ("oom_kill", 2, since_workaround)


def test_other_trouble_of_which_one_has_no_time_is_not_told_apart() -> None:
    log = f"2018-08-16T10:50:00+0000 {SAID}{OOM_KILL}"
    for logs in (log + f"Aug 16 10:51:00 {SAID}{OOM_KILL}", f"Aug 16 10:51:00 {SAID}{OOM_KILL}" + log):
        (other,) = failures_of([("messages", logs)], LogContext(Clock(), since_epoch_seconds=BOOTED))["others"]
        assert (other["count"], other["since_workaround"]) == (2, None)


def test_failures_that_no_log_kept_count_once_and_as_what_wrote_them() -> None:
    """Each filter says how many it saw and did not keep. Of two logs the larger number counts."""
    closing = "#log failures {} dropped 0 0 0 0 0\n"
    logs = ("dmesg", dmesg(600, "bnx2x") + closing.format(3)), ("messages", syslog("10:50:00", "bnx2x") + closing.format(6))
    facts = facts_of(*logs)
    assert (facts["count"], facts["untrusted"]) == (1 + 5, 5 - 2)
    facts = facts_of(logs[0], ("messages", syslog("10:50:00", "bnx2x") + closing.format(2)))
    assert (facts["count"], facts["untrusted"]) == (1 + 2, 0)
    assert facts_of(logs[1])["untrusted"] == 6


def test_failures_that_were_not_kept_came_before_those_that_were() -> None:
    closing = "#log failures 4 dropped 2 0 0 0 0\n"
    of_one, of_two = (failure(f"[{seconds:5d}.000001] ", "bnx2x") for seconds in (600, 700))
    context = LogContext(Clock(BOOTED, BOOTED + 90_000), since_epoch_seconds=BOOTED + 650)
    assert failures_of([("dmesg", of_one + of_two + closing)], context)["since_workaround"]["count"] == 1
    assert failures_of([("dmesg", of_two + of_two + closing)], context)["since_workaround"]["count"] == 4, "they may have come after it"


def test_the_log_that_tells_something_is_the_source() -> None:
    quiet, told = ("dmesg", "[    5.000000] x\n"), ("messages", syslog("10:50:00", "bnx2x"))
    assert facts_of(quiet, told)["source"] == "messages"
    assert facts_of(quiet, ("messages", "x\n"))["source"] == "dmesg"
    assert facts_of(quiet, ("messages", "#log failures 1 dropped 1 0 0 0 0\n"))["source"] == "messages"


@pytest.mark.parametrize(("between", "process"), [(14, "first"), (15, "last")])
def test_of_more_failures_at_once_than_cpus_print_the_first_does_not_tell(between: int, process: str) -> None:
    without = "[  600.000000] {}: page allocation failure: order:2, mode:0x20\n"
    text = failure("[  600.000000] ", "bnx2x", "first") + without.format("other") * between + without.format("last")
    assert facts_of(("dmesg", text))["last"]["process"] == process


@pytest.mark.parametrize(("modules", "read"), [(50, True), (51, False)])
def test_a_group_names_50_drivers_beside_its_failures(modules: int, read: bool) -> None:
    frames = "".join(f"[  600.000000]  x+0x1/0x2 [drv_{number}]\n" for number in range(modules))
    stalled = "[  600.000000] INFO: task x:7 blocked for more than 120 seconds.\n"
    (group,) = facts_of(("dmesg", failure("[  600.000000] ", "bnx2x") + stalled + frames), release="3.12.0")["groups"]
    assert (group["drivers"], len(group["drivers_beside"]), group["trace_read"]) == (["bnx2x"], 50, read)


BOOT = "[    0.000000] Linux version 4.17.0-1-amd64 (x) (gcc) #1\n"


@pytest.mark.parametrize(
    ("with_boot", "sources"),
    [
        ((), ["dmesg", "journal", "messages", "syslog"]),
        (("dmesg",), ["dmesg"]),
        (("journal",), ["dmesg", "journal"]),
        (("messages",), ["dmesg", "journal", "messages", "syslog"]),
    ],
)
def test_logs_are_read_until_one_that_only_the_kernel_writes_to_reaches_back_to_the_boot(with_boot: Any, sources: list[str]) -> None:
    names = ("dmesg", "journal", "messages", "syslog")
    logs = [(name, (BOOT if name in with_boot else "") + dmesg(600 + place, "bnx2x")) for place, name in enumerate(names)]
    facts = facts_of(*logs)
    assert (facts["sources"], facts["count"], facts["boot_seen"]) == (sources, len(sources), bool(with_boot))
