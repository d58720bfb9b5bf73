# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence to facts: absent, malformed and zero are three different things; and whole transcripts, mangled."""

from __future__ import annotations

import random
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence, read_transcript
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import FACTS_OF, facts_from, select
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered, judge_host
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import FAULT
from hypothesis import example, given
from hypothesis import strategies as st

from tests.conftest import SAMPLE_FLEET

SAMPLES = {path.stem: path.read_text() for path in sorted((SAMPLE_FLEET / "evidence").glob("*.evidence"))}
KEYS = {
    "kernel", "uptime_seconds", "booted_epoch_seconds", "nics", "modules", "zones", "memory", "vmstat", "vm", "workaround", "failures",
    "pagetypes", "deep", "page_size_bytes", "unavailable", "container",
}  # fmt: skip


def facts_of(name: str, *changes: tuple[str, str]) -> dict[str, Any]:
    text = SAMPLES[name]
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    facts: dict[str, Any] = facts_from(read_transcript(text))
    return facts


def test_absent_malformed_and_zero() -> None:
    line = "/proc/sys/vm/zone_reclaim_mode:0"
    zero = facts_of("db02-el64")
    absent = facts_of("db02-el64", (line, "!grep: /proc/sys/vm/zone_reclaim_mode: No such file or directory"))
    malformed = facts_of("db02-el64", (line, line + "x"))
    assert [facts["vm"]["zone_reclaim_mode"] for facts in (zero, absent, malformed)] == [0, None, None]
    reasons = [facts["unavailable"].get("vm.zone_reclaim_mode") for facts in (zero, absent, malformed)]
    assert reasons == [None, "/proc/sys/vm/zone_reclaim_mode: No such file or directory", "zone_reclaim_mode: '0x' is not a count"]


def test_digits_that_are_none_to_int() -> None:
    facts = facts_of("db03-el64-seed", ("/proc/stat:btime 1363600000", "/proc/stat:btime ¹"))
    assert facts["failures"]["last"]["at"].startswith("["), "without a boot time the stamp stays as it was"


def test_nothing_at_all_is_null_with_reasons() -> None:
    facts = facts_from(Evidence({}, {}))
    assert set(facts) == KEYS
    assert {name for name in KEYS if facts[name] is None} == KEYS - {"unavailable"}
    assert set(facts["unavailable"]) >= {"kernel", "nics", "zones", "memory", "vmstat", "failures", "uptime_seconds", "page_size_bytes"}


def test_watermarks_join_their_zones() -> None:
    zones = facts_of("db04-el64-numa-mitigated")["zones"]
    assert [(zone["node"], zone["zone"]) for zone in zones] == [(0, "DMA"), (0, "DMA32"), (0, "Normal"), (1, "Normal")]
    for zone in zones:
        assert zone["free_pages"] == sum(count << order for order, count in enumerate(zone["free_blocks"]))
        assert zone["min_pages"] < zone["low_pages"] < zone["high_pages"]


def test_zones_without_zoneinfo_keep_their_blocks() -> None:
    text = "\n".join(line for line in SAMPLES["db02-el64"].splitlines() if not line.startswith("/proc/zoneinfo"))
    facts = facts_from(read_transcript(text + "\n"))
    assert facts["zones"][0]["free_blocks"] and facts["zones"][0]["min_pages"] is None
    assert facts["unavailable"]["zones.watermarks"]


def test_a_zone_that_zoneinfo_lacks_has_no_watermarks_and_that_is_told() -> None:
    zoneinfo = "".join(f"/proc/zoneinfo:{line}\n" for line in ("Node 0, zone      DMA", "  pages free     3463", "        min      17"))
    lines = [line for line in SAMPLES["db02-el64"].splitlines() if not line.startswith("/proc/zoneinfo")]
    facts = facts_from(read_transcript("\n".join([*lines[:-1], zoneinfo + lines[-1], ""])))
    assert [zone["min_pages"] for zone in facts["zones"]] == [17, None, None]
    assert facts["unavailable"]["zones.watermarks"] == "zoneinfo: it lacks node 0, zone Normal of buddyinfo"


@pytest.mark.parametrize(("reason", "missing"), [("No such file or directory", False), ("Permission denied", True)])
def test_a_host_without_a_record_has_none_and_one_that_may_not_be_read_is_missing(reason: str, missing: bool) -> None:
    line = "!grep: /var/lib/fleetcare-pagealloc/workaround: No such file or directory"
    facts = facts_of("db02-el64", (line, line.replace("No such file or directory", reason)))
    assert (facts["workaround"] is None) is missing and ("workaround" in facts["unavailable"]) is missing
    assert missing or facts["workaround"]["phase"] == "none"


def test_a_record_counts_whatever_else_is_complained_of() -> None:
    line = "!grep: /var/lib/fleetcare-pagealloc/workaround: No such file or directory"
    record = next(text for text in SAMPLES["db04-el64-numa-mitigated"].splitlines(keepends=True) if "workaround:phase" in text)
    rest = [
        text for text in SAMPLES["db04-el64-numa-mitigated"].splitlines() if text.startswith("/var/lib/fleetcare-pagealloc/workaround:")
    ]
    assert record and facts_of("db02-el64", (line, "\n".join([*rest, line])))["workaround"]["phase"] == "in_force"


def test_pagetypes_are_null_without_a_reason_where_nobody_asked() -> None:
    uptime = "/proc/uptime:1036800.42 12441601.10"
    asked = "/proc/pagetypeinfo:Node    0, zone   Normal, type    Unmovable      1      2      3"
    head = "/proc/pagetypeinfo:Free pages count per migrate type at order       0      1      2"
    for lines, seen, told in (
        ([], False, False),
        ([head, asked], True, False),
        (["!grep: /proc/pagetypeinfo: Permission denied"], False, True),
    ):
        facts = facts_of("db02-el64", (uptime, "\n".join([uptime, *lines])))
        assert (facts["pagetypes"] is not None, "pagetypes" in facts["unavailable"]) == (seen, told)


@pytest.mark.parametrize(
    ("name", "distribution", "default"),
    [
        ("db06-el64-reboot", ("rhel", "6.4"), "2.6.32-431.el6.x86_64"),
        ("ora09-uek", ("ol", "6.4"), "2.6.39-400.17.1.el6uek.x86_64"),
        ("ci12-debian12", ("debian", "12"), "6.1.0-25-amd64"),
    ],
)
def test_kernels(name: str, distribution: tuple[str, str], default: str) -> None:
    kernel = facts_of(name)["kernel"]
    assert (kernel["distribution"]["id"], kernel["distribution"]["version"]) == distribution
    assert kernel["default_boot"] == default


def test_the_log_that_tells_is_the_one_that_counts() -> None:
    """dmesg was read but says nothing of the boot; the journal does."""
    texts = {"$dmesg": "#lines 4000 boot 0 failures 0\n", "$journal": "x\n", "/proc/stat": "btime 1363600000\n"}
    texts["$journal"] = "2013-03-18T09:46:40+0000 h kernel: Linux version 6.1.0-25-amd64 (x)\n#lines 9 boot 1 failures 0\n"
    failures = facts_from(Evidence(texts, {}))["failures"]
    assert (failures["source"], failures["boot_seen"], failures["count"]) == ("journal", True, 0)


def test_a_denied_log_is_null_with_every_reason() -> None:
    facts = facts_of("sec15-denied-dmesg")
    assert facts["failures"] is None
    assert all(name in facts["unavailable"]["failures"] for name in ("dmesg", "journal", "messages"))


def test_page_size_is_told_or_known_of_the_machine_or_missing() -> None:
    assert facts_of("db02-el64", ("$getconf:4096", "$getconf:65536"))["page_size_bytes"] == 65536
    assert facts_of("db02-el64", ("$getconf:4096\n", "!$getconf:no such command\n"))["page_size_bytes"] == 4096
    arm = facts_of(
        "db02-el64", ("$getconf:4096\n", "!$getconf:no such command\n"), ("x86_64 x86_64 x86_64 GNU", "aarch64 aarch64 aarch64 GNU")
    )
    assert arm["page_size_bytes"] == 4096, "of the memory and the pages it is made of"


MEMINFO = "MemTotal: {} kB\nMemFree: 1 kB\n"
ARM = "Linux h 5.14.0 #1 SMP aarch64 aarch64 aarch64 GNU/Linux\n"
ZONE = "Node 0, zone Normal\n  pages free 5000\n        min 100\n        low 200\n        high 300\n        present 110000\n"


@pytest.mark.parametrize(
    ("total_kb", "zone", "page_size_bytes"),
    [
        (400000, ZONE + "        managed 100000\n", 4096),
        (1600000, ZONE + "        managed 100000\n", 16384),
        (6400000, ZONE + "        managed 100000\n", 65536),
        (6400000, ZONE, 65536),
        (1000000, ZONE + "        managed 100000\n", None),
        (388000, ZONE + "        managed 100000\n", 4096),  # 3 % less, and no more than that
        (387999, ZONE + "        managed 100000\n", None),
        (412000, ZONE + "        managed 100000\n", 4096),
        (412001, ZONE + "        managed 100000\n", None),
        (800000, ZONE + "        managed 100000\n", 8192),
        (25600000, ZONE + "        managed 100000\n", 262144),
        (352000, ZONE, 4096),  # of the pages that are present a fifth may be the kernel's
        (351999, ZONE, None),
        (100000, ZONE + "        managed 100000\n", None),  # a container's memory among the machine's pages
        (400000, "", None),
        (400000, ZONE.replace("110000", "0"), None),
    ],
)
def test_page_size_is_reckoned_where_nothing_tells_it(total_kb: int, zone: str, page_size_bytes: int | None) -> None:
    texts = {"$uname": ARM, "/proc/meminfo": MEMINFO.format(total_kb), "/proc/buddyinfo": "Node 0, zone Normal 1 2 3\n"}
    facts = facts_from(Evidence({**texts, "/proc/zoneinfo": zone} if zone else texts, {"$getconf": "no such command"}))
    assert facts["page_size_bytes"] == page_size_bytes
    assert ("page_size_bytes" in facts["unavailable"]) is (page_size_bytes is None)


@pytest.mark.parametrize(
    ("min_free_kbytes", "min_pages", "page_size_bytes"),
    [
        (400, 100, 4096),
        (6400, 100, 65536),
        (388, 100, 4096),
        (387, 100, None),
        (412, 100, 4096),
        (413, 100, None),
        (256, 64, 4096),
        (252, 63, None),  # of so few pages each kB is much
    ],
)
def test_in_a_container_the_reserve_tells_the_page_size(min_free_kbytes: int, min_pages: int, page_size_bytes: int | None) -> None:
    """Its memory is its limit's, among the zones of the machine. HighMem and Movable have no part of the reserve."""
    zones = "".join(ZONE.replace("Normal", zone) for zone in ("HighMem", "Movable")) + ZONE.replace("min 100", f"min {min_pages}")
    texts = {
        "$uname": ARM,
        "/proc/meminfo": MEMINFO.format(77),
        "/proc/sys/vm/min_free_kbytes": f"{min_free_kbytes}\n",
        "/proc/zoneinfo": zones,
    }
    texts["/proc/buddyinfo"] = "".join(f"Node 0, zone {zone} 1 2 3\n" for zone in ("HighMem", "Movable", "Normal"))
    assert facts_from(Evidence(texts, {"$getconf": "no such command"}))["page_size_bytes"] == page_size_bytes


def boots(texts: dict[str, str]) -> tuple[str | None, str]:
    facts = facts_from(Evidence({"$uname": ARM, **texts}, {}))
    return facts["kernel"]["default_boot"], facts["unavailable"].get("kernel.default_boot", "")


LEGACY = "default=0\ntitle x\n\tkernel /vmlinuz-{} ro\n"
MENU = "set default=\"0\"\nmenuentry 'x' {{\n\tlinux /vmlinuz-{} ro\n"
ENTRIES = {"/boot/loader/entries/x-3.conf": "linux /vmlinuz-3\n"}


@pytest.mark.parametrize(
    ("texts", "release"),
    [
        ({"/boot/efi/EFI/redhat/grub.conf": LEGACY.format("1")}, "1"),
        ({"/boot/grub/menu.lst": LEGACY.format("1")}, "1"),
        ({"/boot/grub/menu.lst": LEGACY.format("1"), "/boot/grub/grub.cfg": MENU.format("1")}, "1"),
        ({"/boot/efi/EFI/redhat/grub.cfg": MENU.format("1")}, "1"),
        ({"/boot/efi/EFI/redhat/grub.cfg": "configfile $prefix/grub.cfg\n", "/boot/grub2/grub.cfg": MENU.format("1")}, "1"),
        ({"/boot/grub2/grub.cfg": MENU.format("1"), **ENTRIES}, "1"),
        ({"/boot/grub2/grub.cfg": MENU.format("1") + "blscfg\n", **ENTRIES}, "3"),
        ({"/boot/grub2/grub.cfg": 'set default="0"\n', **ENTRIES}, "3"),  # a record from before blscfg was asked for
        (ENTRIES, "3"),
        ({"$grubby": "/boot/vmlinuz-2\n", "/boot/grub/menu.lst": LEGACY.format("1")}, "2"),
    ],
)
def test_the_boot_loaders_files_tell_what_boots(texts: dict[str, str], release: str) -> None:
    assert boots(texts) == (release, "")


def test_boot_loaders_that_do_not_agree_leave_it_open() -> None:
    release, why = boots({"/boot/grub/menu.lst": LEGACY.format("1"), "/boot/grub/grub.cfg": MENU.format("2")})
    assert release is None
    assert "/boot/grub/menu.lst boots 1 and /boot/grub/grub.cfg boots 2: which of them the boot loader reads is not known" in why


def test_the_kernel_says_itself_what_runs_where_uname_is_missing() -> None:
    banner = "Linux version 5.14.0-362.el9.aarch64+64k (b@h) (gcc) #1 SMP Wed\n"
    kernel = facts_from(Evidence({"/proc/version": banner}, {}))["kernel"]
    assert (kernel["release"], kernel["machine"]) == ("5.14.0-362.el9.aarch64+64k", "aarch64")
    assert facts_from(Evidence({"/proc/version": banner, "$uname": ARM}, {}))["kernel"]["release"] == "5.14.0"


@pytest.mark.parametrize(
    ("texts", "distribution"),
    [
        ({"/etc/lsb-release": "LSB_VERSION=base-4.0\n", "/etc/SuSE-release": "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\n"},
         "sles 11"),
        ({"/etc/lsb-release": "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=10.04\n", "/etc/debian_version": "squeeze/sid\n"}, "ubuntu 10.04"),
        ({"/etc/debian_version": "6.0.4\n"}, "debian 6.0.4"),
        ({"/etc/redhat-release": "CentOS release 6.4 (Final)\n", "/etc/lsb-release": "DISTRIB_ID=x\n"}, "centos 6.4"),
    ],
)  # fmt: skip
def test_the_files_that_name_a_distribution(texts: dict[str, str], distribution: str) -> None:
    found = facts_from(Evidence({"$uname": ARM, **texts}, {}))["kernel"]["distribution"]
    assert f"{found['id']} {found['version']}" == distribution


def test_the_modules_parts_make_up_the_whole() -> None:
    facts = facts_of("sec15-denied-dmesg")
    parts = [select(facts, module) for module in FACTS_OF]
    assert sum((list(part) for part in parts), []).count("unavailable") == len(parts)
    reasons: dict[str, str] = {}
    for part in parts:
        reasons.update(part.pop("unavailable"))
    assert reasons == facts["unavailable"]
    assert {key for part in parts for key in part} == KEYS - {"unavailable"}


def check(text: str) -> None:
    """A transcript, whatever was done to it, gives facts and a verdict, and no fault of ours."""
    try:
        evidence = read_transcript(text)
    except Exception as error:
        assert type(error).__name__ == "EvidenceError"
        return
    facts = facts_from(evidence)
    assert set(facts) == KEYS
    result = judge_host(Gathered(facts), load_catalogue())
    assert not any(reason.startswith(FAULT) for reason in result["reasons"]), result["reasons"]


@given(st.sampled_from(sorted(SAMPLES)), st.randoms(use_true_random=False), st.integers(1, 12))
@example("db03-el64-seed", random.Random(1), 6)
def test_mangled_transcripts(name: str, chance: random.Random, times: int) -> None:
    """Lines lost, doubled, swapped, cut, and characters replaced."""
    lines = SAMPLES[name].split("\n")
    for _unused in range(times):
        place, other = chance.randrange(1, len(lines)), chance.randrange(1, len(lines))
        action = chance.randrange(5)
        if action == 0 and len(lines) > 3:
            del lines[place]
        elif action == 1:
            lines.insert(place, lines[other])
        elif action == 2:
            lines[place], lines[other] = lines[other], lines[place]
        elif action == 3:
            lines[place] = lines[place][: chance.randrange(len(lines[place]) + 1)]
        else:
            at = chance.randrange(len(lines[place]) + 1)
            lines[place] = (
                lines[place][:at] + chance.choice(["\0", "-", "9" * 25, "\ufffd", " ", "{{", "\x1b", "²"]) + lines[place][at + 1 :]
            )
    check("\n".join(lines))


@given(st.binary(max_size=400), st.sampled_from(sorted(SAMPLES)), st.integers(0, 6000))
def test_bytes_in_the_middle(junk: bytes, name: str, at: int) -> None:
    raw = SAMPLES[name].encode()
    check((raw[:at] + junk + raw[at:]).decode("utf-8", "replace"))


def test_a_transcript_cut_anywhere_never_reads_as_clear_unless_all_that_matters_is_before_the_cut() -> None:
    whole = SAMPLES["db05-el65"]
    assert judge_host(Gathered(facts_from(read_transcript(whole))), load_catalogue())["verdict"] == "clear"
    log_starts = whole.index("$dmesg:")
    for cut in range(len("pagealloc-evidence 1 sample\n"), log_starts, 37):
        assert judge_host(Gathered(facts_from(read_transcript(whole[:cut]))), load_catalogue())["verdict"] == "unknown", whole[:cut][-80:]


def test_a_sysctl_that_the_kernel_has_not_is_null_without_a_reason_and_one_that_is_odd_has_one() -> None:
    line = "/proc/sys/vm/zone_reclaim_mode:0"
    source = "/proc/sys/vm/watermark_scale_factor"
    absent = facts_of("db02-el64", (line, f"{line}\n!grep: {source}: No such file or directory"))
    denied = facts_of("db02-el64", (line, f"{line}\n!grep: {source}: Permission denied"))
    odd = facts_of("db02-el64", (line, f"{line}\n{source}:ten"))
    given = facts_of("db02-el64", (line, f"{line}\n{source}:10"))
    assert [facts["vm"]["watermark_scale_factor"] for facts in (absent, denied, odd, given)] == [None, None, None, 10]
    reasons = [facts["unavailable"].get("vm.watermark_scale_factor", "") for facts in (absent, denied, odd, given)]
    assert reasons[0] == reasons[3] == "" and "Permission denied" in reasons[1] and "not a count" in reasons[2]


@pytest.mark.parametrize(
    ("path", "text", "mode"),
    [
        ("/sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never", "always"),
        ("/sys/kernel/mm/redhat_transparent_hugepage/enabled", "always madvise [never]", "never"),
        ("/sys/kernel/mm/transparent_hugepage/enabled", "[{{ x }}]", None),
        ("/sys/kernel/mm/transparent_hugepage/enabled", "", None),
    ],
)
def test_the_mode_of_transparent_huge_pages(path: str, text: str, mode: str | None) -> None:
    line = "/proc/sys/vm/zone_reclaim_mode:0"
    assert facts_of("db02-el64", (line, f"{line}\n{path}:{text}"))["vm"]["transparent_huge_pages"] == mode
