# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text made to be slow to read: every pattern of the house and every parser takes time that grows as the text does.

The patterns are found by walking all modules, and their worst inputs are made of their own pieces: what leads up to a piece, the
piece again and again, and something that keeps the rest from matching. So a new pattern is tried without a word here.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import importlib
import math
import pkgutil
import re
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.module_utils import (
    boot,
    buddyinfo,
    evidence,
    failure_facts,
    failure_memory,
    gfp,
    kernel,
    kernel_log,
    kernel_modules,
    log_filter,
    log_time,
    meminfo,
    nic,
    pagetypeinfo,
    rpm_version,
    utc_time,
    workaround_state,
    zoneinfo,
)
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError, EvidenceMissing
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.host_places import UPGRADE_HOME
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.log_line import MAX_LINE_CHARS, kernel_lines
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.gather import unreached
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered, judge_host
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport import forms, identity, layout
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport import report_evidence as sos_evidence
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.members import KeptMembers
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade import cluster, drivers, loader, state, system, verify
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.managers.dnf import Dnf
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.managers.known_managers import MANAGERS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.managers.zypper import Zypper

try:
    from re import _constants as sre_constants
    from re import _parser as sre_parse
except ImportError:  # Python 3.10
    import sre_constants  # type: ignore[no-redef]
    import sre_parse  # type: ignore[no-redef]

from tests.conftest import ROOT

PLUGINS = ROOT / "plugins"
MIB = 1 << 20
#: A square of 1 MiB takes seconds in the cheapest case: each of 20,000 short lines compared with each other.
SOON_SECONDS = 0.1
#: The ways to use a pattern.
WAYS = {"match", "fullmatch", "search", "findall", "finditer", "sub", "subn", "split"}

#: Patterns whose text is cut before they see it ("_": all of a module), and how long it is at most.
SHORT = {
    ("kernel_log", "_"): MAX_LINE_CHARS,
    ("log_line", "_"): MAX_LINE_CHARS,
    **dict.fromkeys([(name, "_") for name in ("log_glue", "log_reports", "log_traces", "log_troubles", "memory_report")], MAX_LINE_CHARS),
    ("log_time", "_"): MAX_LINE_CHARS,
    ("failure_memory", "_"): MAX_LINE_CHARS,
    ("layout", "shape"): layout.MAX_PATH_CHARS,
    ("layout", "_STARRED"): layout.MAX_PATH_CHARS,
    **dict.fromkeys([("identity", name) for name in ("_FILE_NAME", "_SUFFIX", "_OBFUSCATED", "_UNSAFE")], 255),  # of one file
}


def longest(key: tuple[str, str, int]) -> int | None:
    module, name = key[0].rpartition(".")[2], key[1]
    return SHORT.get((module, name), SHORT.get((module, "_")))


def cpu_seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """The least of some tries, without the search for cycles, which comes when it likes."""
    best = math.inf
    gc.disable()
    for _repeat in range(repeats):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    gc.enable()
    return best


def grows_evenly(work: Callable[[int], Callable[[], object]], what: object) -> None:
    """1 MiB takes about four times the time of 256 KiB; a square gives sixteen. What is done within SOON is no square of 1 MiB.

    A busy machine gets more than one try.
    """
    ratios = []
    for repeats in (1, 3, 3, 5):
        whole = cpu_seconds(work(MIB), repeats)
        if whole < SOON_SECONDS:
            return
        quarter = cpu_seconds(work(MIB // 4), repeats)
        if whole < 8 * quarter:
            return
        ratios.append(round(whole / quarter, 1))
    raise AssertionError(f"{what}: four times the text takes {ratios} times as long, {whole:.2f} s for 1 MiB")


# --- patterns -------------------------------------------------------------------------------------------------------------------


def modules() -> Iterator[tuple[str, Any]]:
    package = "ansible_collections.fleetcare.pagealloc.plugins"
    for folder in sorted(path for path in PLUGINS.rglob("*") if path.is_dir() and path.name != "__pycache__"):
        below = ".".join((package, *folder.relative_to(PLUGINS).parts))
        for found in pkgutil.iter_modules([str(folder)]):
            if not found.ispkg:
                yield f"{below}.{found.name}".removeprefix(package + "."), importlib.import_module(f"{below}.{found.name}")


def patterns_in(value: object) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        yield from patterns_in([*value, *value.values()])
    elif isinstance(value, (list, tuple, set, frozenset)):
        for one in value:
            yield from patterns_in(one)


@cache
def patterns() -> dict[tuple[str, str, int], re.Pattern[Any]]:
    """(module, name, number in it) -> pattern."""
    found: dict[tuple[str, str, int], re.Pattern[Any]] = {}
    for module, loaded in modules():
        for name, value in vars(loaded).items():
            if getattr(loaded, "__name__", "") and not name.startswith("__"):
                for number, pattern in enumerate(patterns_in(value)):
                    if pattern not in found.values():
                        found[module, name, number] = pattern
    for number, starred in enumerate(sorted({part for path in layout._patterns() for part in path.split("/") if "*" in part})):
        found["plugin_utils.sosreport.layout", "shape", number] = layout.regex(starred)
    return found


@cache
def methods(module: str, name: str) -> frozenset[str]:
    """How a pattern of this name is used in its own module, else anywhere in the house; in all ways where that is not seen."""
    own = PLUGINS / (module.replace(".", "/") + ".py")
    for paths in ([own], PLUGINS.rglob("*.py")):
        used = {
            node.attr
            for path in paths
            for node in ast.walk(_tree(path))
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name
        }
        if used & WAYS:
            return frozenset(used & WAYS)
    return frozenset(("match", "search"))


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def test_every_pattern_is_a_constant_that_is_found_here() -> None:
    """A pattern in the middle of a function would be tried by nobody."""
    for path in PLUGINS.rglob("*.py"):
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "re":
                assert node.attr not in WAYS, f"{path}:{node.lineno}: compile it as a constant of the module"
    assert len(patterns()) > 80


def sample(parsed: Iterable[Any]) -> str:
    """A text that the pieces of a pattern match, as short as can be, one of each kind."""
    return "".join(_sample(op, argument) for op, argument in parsed)


def _sample(op: Any, argument: Any) -> str:
    c = sre_constants
    if op is c.LITERAL:
        return chr(argument)
    if op is c.NOT_LITERAL:
        return "b" if argument != ord("b") else "c"
    if op is c.ANY:
        return "b"
    if op is c.IN:
        return _member(argument)
    if op in (c.MAX_REPEAT, c.MIN_REPEAT) or getattr(c, "POSSESSIVE_REPEAT", None) is op:
        least, _most, below = argument
        return sample(below) * max(1, least)
    if op is c.SUBPATTERN:
        return sample(argument[-1])
    if op is c.BRANCH:
        return sample(argument[1][0])
    return ""  # anchors, groups referred to, what is looked ahead for


def _member(choices: list[tuple[Any, Any]]) -> str:
    c = sre_constants
    classes = {
        c.CATEGORY_DIGIT: "1",
        c.CATEGORY_SPACE: " ",
        c.CATEGORY_WORD: "a",
        c.CATEGORY_NOT_SPACE: "b",
        c.CATEGORY_NOT_DIGIT: "b",
        c.CATEGORY_NOT_WORD: "-",
    }
    if choices[0][0] is c.NEGATE:
        pattern = re.compile(f"[{''.join(map(_written, choices))}]")
        return next(one for one in "b1 -S.\n" if pattern.match(one))
    op, argument = choices[0]
    return classes[argument] if op is c.CATEGORY else chr(argument if op is c.LITERAL else argument[0])


def _written(choice: tuple[Any, Any]) -> str:
    c = sre_constants
    op, argument = choice
    if op is c.NEGATE:
        return "^"
    if op is c.CATEGORY:
        names = {c.CATEGORY_DIGIT: r"\d", c.CATEGORY_SPACE: r"\s", c.CATEGORY_WORD: r"\w"}
        return names.get(argument) or {c.CATEGORY_NOT_DIGIT: r"\D", c.CATEGORY_NOT_SPACE: r"\S", c.CATEGORY_NOT_WORD: r"\W"}[argument]
    return re.escape(chr(argument)) if op is c.LITERAL else f"{re.escape(chr(argument[0]))}-{re.escape(chr(argument[1]))}"


def flat(parsed: Iterable[Any]) -> list[Any]:
    """The pieces of a pattern in a row, of groups what is in them."""
    pieces: list[Any] = []
    for op, argument in parsed:
        if op is sre_constants.SUBPATTERN:
            pieces += flat(argument[-1])
        elif op is sre_constants.BRANCH:
            pieces.append((op, argument))
        elif op in (sre_constants.MAX_REPEAT, sre_constants.MIN_REPEAT) and argument[1] == 1:
            pieces += flat(argument[2])
        elif op in (sre_constants.ASSERT, sre_constants.ASSERT_NOT):
            pieces += flat(argument[1])
        else:
            pieces.append((op, argument))
    return pieces


def branches(parsed: Iterable[Any]) -> list[list[Any]]:
    """The pattern's alternatives at its top, each in pieces."""
    whole = list(parsed)
    if len(whole) == 1 and whole[0][0] is sre_constants.SUBPATTERN:
        return branches(whole[0][1][-1])
    if len(whole) == 1 and whole[0][0] is sre_constants.BRANCH:
        return [flat(branch) for branch in whole[0][1][1]]
    pieces = flat(whole)
    inner = [number for number, (op, _argument) in enumerate(pieces) if op is sre_constants.BRANCH]
    if not inner:
        return [pieces]
    at = inner[0]
    return [pieces[:at] + flat(branch) + pieces[at + 1 :] for branch in pieces[at][1][1]][:40]


#: So many repeated texts are tried of a pattern, each with every end.
MOST_PUMPS = 400
#: A square shows at this length: 4 million steps take some milliseconds, and 2,000 some microseconds.
SCREEN_CHARS = 2048
SQUARE_SECONDS = 0.002
#: What ends a text so that what was matched so far may not be what was looked for.
BREAKERS = ("", "\x00", "\n", " x", "x ")


def attacks(pattern: re.Pattern[Any]) -> Iterator[tuple[str, str, str]]:
    """(start, what is repeated, end)."""
    seen = set()
    for pieces in branches(
        sre_parse.parse(pattern.pattern, pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else pattern.flags)
    ):
        whole = [_sample(op, argument) for op, argument in pieces]
        least = ["" if _may_be_absent(op, argument) else text for (op, argument), text in zip(pieces, whole, strict=True)]
        for texts in (whole, least):
            for one in _pumps(texts):
                if one[1] and one not in seen and len(seen) < MOST_PUMPS:
                    seen.add(one)
                    for end in BREAKERS:
                        yield (*one, end)


def _may_be_absent(op: Any, argument: Any) -> bool:
    return op in (sre_constants.MAX_REPEAT, sre_constants.MIN_REPEAT) and argument[0] == 0


def _pumps(texts: list[str]) -> Iterator[tuple[str, str]]:
    """(what leads up to some pieces, these)."""
    for first in range(len(texts)):
        for last in range(first + 1, min(len(texts), first + 6) + 1):
            start, pump = "".join(texts[:first]), "".join(texts[first:last])
            yield from ((start, pump), ("", start + pump), (start, " "), (start, pump + "\n"))


def text_of(attack: tuple[str, str, str], size: int) -> str:
    start, pump, end = attack
    return start + pump * max(1, (size - len(start) - len(end)) // len(pump)) + end


def use(pattern: re.Pattern[Any], ways: Iterable[str], text: Any) -> None:
    if isinstance(pattern.pattern, bytes):
        text = text.encode("utf-8", "replace")
    for method in ways:
        if method == "finditer":
            list(pattern.finditer(text))
        elif method in ("sub", "subn"):
            pattern.sub("" if isinstance(text, str) else b"", text)
        else:
            getattr(pattern, method)(text)


def takes_time_as_its_text_grows(pattern: re.Pattern[Any], ways: Iterable[str], short: int | None, what: object) -> None:
    slowest, worst = 0.0, ("", "", "")
    for attack in attacks(pattern):
        text = text_of(attack, short or SCREEN_CHARS)
        seconds = cpu_seconds(lambda: use(pattern, ways, text), 1)  # noqa: B023
        assert seconds < 0.5, f"{what}: {seconds:.2f} s for {len(text)} characters of {attack}"
        if seconds > slowest:
            slowest, worst = seconds, attack
    if not short and slowest:
        if slowest > SQUARE_SECONDS:  # 1 MiB would take an hour
            pattern_seconds = [cpu_seconds(lambda: use(pattern, ways, text_of(worst, size))) for size in (SCREEN_CHARS, 2 * SCREEN_CHARS)]  # noqa: B023
            assert pattern_seconds[1] < 3 * pattern_seconds[0], (
                f"{what}: {pattern_seconds} s for {SCREEN_CHARS} and twice as many of {worst}"
            )
        grows_evenly(lambda size: lambda text=text_of(worst, size): use(pattern, ways, text), (what, worst))  # type: ignore[misc]  # noqa: B008


@pytest.mark.parametrize("key", sorted(patterns()), ids=lambda key: f"{key[0].rpartition('.')[2]}.{key[1]}.{key[2]}")
def test_a_pattern_takes_time_as_its_text_grows(key: tuple[str, str, int]) -> None:
    takes_time_as_its_text_grows(patterns()[key], methods(*key[:2]), longest(key), key)


@pytest.mark.parametrize(
    ("pattern", "way"),
    [
        (r"\s*-?\s*vm[./](min_free_kbytes)\s*=", "match"),
        (r'([\w-]+)="([^"]*)"', "findall"),
        (r"(?m)^\s*UUID: ([0-9A-Fa-f-]{36})\s*$", "search"),
        (r"(?:missing|\S*[S5?]\S*)\s+(?!\s|[cdglr]\s)", "match"),
        (r"(\S+)\s*\|\s*[0-9]+\s*\|\s*(\S+)\s*\Z", "match"),
        (r"Node\s+([0-9]{1,9}), zone\s+([A-Za-z0-9]{1,32})\s+([0-9 ]+)\Z", "match"),
    ],
)
def test_squares_that_were_there_are_seen(pattern: str, way: str) -> None:
    with pytest.raises(AssertionError):
        takes_time_as_its_text_grows(re.compile(pattern), [way], None, pattern)


# --- parsers --------------------------------------------------------------------------------------------------------------------


def numbered(line: str) -> Callable[[int], str]:
    """As many lines as there is room for, each with its number in the place of N."""

    def text(size: int) -> str:
        count = size // (len(line) + 4)
        return "".join(line.replace("N", str(number)) + "\n" for number in range(count))

    return text


def repeated(pump: str, start: str = "", end: str = "") -> Callable[[int], str]:
    return lambda size: text_of((start, pump, end), size)


#: What is worst for most: one endless line of something, and many empty lines.
ANY = tuple(
    repeated(pump, end=end)
    for pump in (" ", "a", "0", "\n", "\r", "a ", "0 ", ":", "=", "(", "#012", "\t \n", "a\n", "\u2028")
    for end in ("", "x")
)
HEAD_OF_FAILURE = "[N.0] swapper: page allocation failure. order:2, mode:0x4020"
LOG_CONTEXT = kernel_log.LogContext(log_time.Clock(1364000000, 1364003600), "2.6.32-358.el6.x86_64", ("mlx4_en",))
MENU = "menuentry 'N' --id N {\n linux /vmlinuz-N"

#: Parser -> how it is called with a text, and what else is bad for it.
PARSERS: dict[Any, tuple[Callable[[str], object], tuple[Callable[[int], str], ...]]] = {
    boot.from_grubby: (boot.from_grubby, (repeated("/", end="vmlinuz-1"),)),
    boot.from_grub_legacy: (boot.from_grub_legacy, (numbered("title N\n kernel /vmlinuz-N"), repeated("default=1\n"))),
    boot.from_bls: (
        lambda text: boot.from_bls(text, [(line, line) for line in text.split("\n")]),
        (numbered("linux N"), numbered("saved_entry=N")),
    ),
    boot.from_grub_cfg: (
        lambda text: boot.from_grub_cfg(text, text, text),
        (numbered(MENU), numbered("submenu 'N' {\n " + MENU), repeated(" --id 1", "menuentry '1'")),
    ),
    boot.menu_entries: (boot.menu_entries, (numbered(MENU),)),
    boot.bls_kernel: (boot.bls_kernel, (numbered("linux"),)),
    boot.reads_bls: (boot.reads_bls, (repeated(" "), repeated("blscf"))),
    boot.setting: (lambda text: boot.setting(text, "a"), (repeated("a", "a="),)),
    buddyinfo.parse_buddyinfo: (buddyinfo.parse_buddyinfo, (numbered("Node N, zone A 1"), repeated("1 ", "Node 0, zone A "))),
    evidence.read_transcript: (
        evidence.read_transcript,
        tuple(
            lambda size, line=line: f"pagealloc-evidence 1 n\n{numbered(line)(size)}"
            for line in ("$a:N", "!a:N", "/a/N:b", "!grep: /N: x", "Binary file /N matches", "pagealloc-evidence 1 N x")
        ),
    ),
    evidence.cut_transcript: (
        lambda text: evidence.cut_transcript(text, "n"),
        (repeated("pagealloc-evidence 1 n "), repeated("pagealloc-evidence 1 n x\n"), repeated("pagealloc-evidence 1 n\r", "\n")),
    ),
    boot.grub_environment: (lambda text: boot.grub_environment(Evidence({"/boot/grub2/grubenv": text}, {})), (numbered("kernelopts=N"),)),
    boot.default_boot: (lambda text: boot.default_boot(Evidence({"/boot/grub/grub.conf": text}, {})), ()),
    gfp.kernel_version: (gfp.kernel_version, (repeated("1."),)),
    gfp.decode_mode: (lambda text: gfp.decode_mode(f"0x20({text})", "2.6.32"), (repeated("GFP_ATOMIC|"),)),
    kernel.parse_kernel_banner: (kernel.parse_kernel_banner, (repeated("Linux version 1 "), repeated("(gcc ", "Linux version 1.1-1 "))),
    kernel.parse_lsb_release: (kernel.parse_lsb_release, (numbered("DISTRIB_ID=N"),)),
    kernel.parse_debian_version: (kernel.parse_debian_version, (repeated("1."),)),
    kernel.parse_suse_release: (kernel.parse_suse_release, (numbered("VERSION = N"), repeated(" ", "VERSION", "x"))),
    kernel.parse_uname: (kernel.parse_uname, (repeated("a ", "Linux "),)),
    kernel.parse_os_release: (kernel.parse_os_release, (numbered("ID=N"), repeated("A"))),
    kernel.parse_release_file: (kernel.parse_release_file, (repeated("release 1 "),)),
    kernel.parse_installed: (kernel.parse_installed, (numbered("kernel N"), numbered("linux-image N"))),
    failure_facts.failures_of: (
        # as a log of the kernel's own and as one of syslog; a filtered log has no more than a part of this
        lambda text: failure_facts.failures_of([(name, text[: len(text) // 8]) for name in ("dmesg", "messages")], LOG_CONTEXT),
        (
            numbered(HEAD_OF_FAILURE),
            numbered(f"{HEAD_OF_FAILURE}\nCall Trace:\n [<f>] a+0x1/0x1 [mN]"),
            numbered("Mem-Info:\nNode 0 DMA: 1*4kB = 4kB"),
            repeated("#012 Mem-Info:"),
        ),
    ),
    kernel_log.read_log: (lambda text: kernel_log.read_log(text[: len(text) // 8], "dmesg", LOG_CONTEXT), (numbered("#012 N"),)),
    log_filter.filter_log: (
        log_filter.filter_log,
        (
            numbered(HEAD_OF_FAILURE),
            numbered("Linux version 1.N"),
            numbered("Mem-Info:\nNode 0 A: N*4kB"),
            repeated("Mem-Info:"),
            repeated("1*4k"),
        ),
    ),
    kernel_modules.parse_modules: (kernel_modules.parse_modules, (numbered("mN 1 (O)"), repeated("(O) ", "m 1 "))),
    kernel_modules.taint_flags: (lambda text: kernel_modules.taint_flags(len(text)), ()),
    failure_memory.parse_mem_info: (
        lambda text: failure_memory.parse_mem_info(line.message for line in kernel_lines(text, True)),
        (numbered("Node N DMA free:1kB min:1kB "), numbered("Node N DMA: 1*4kB = 4kB")),
    ),
    meminfo.parse_meminfo: (meminfo.parse_meminfo, (numbered("MemTotal: N kB"),)),
    nic.parse_ethtool: (nic.parse_ethtool, (numbered("driver: N"),)),
    nic.in_tree: (nic.in_tree, (repeated("/lib/modules/"), repeated("/lib/modules/a"))),
    nic.default_route_interfaces: (
        lambda text: nic.default_route_interfaces(text, text),
        (numbered("eN 00000000 0 1 0 0 0 00000000"), repeated("f", "a 00000000 ")),
    ),
    nic.lower_devices: (
        lambda text: nic.lower_devices(Evidence({"/proc/net/vlan/config": text}, {})),
        (numbered("vN | 1 | eN"), repeated("1|", end=" x")),
    ),
    pagetypeinfo.parse_pagetypeinfo: (
        pagetypeinfo.parse_pagetypeinfo,
        (
            numbered("Node 0, zone A, type N 1 2"),
            repeated(" ", "Pages per block: 1\nNode 0, zone A 1", "x"),
            repeated("1 ", "Node 0, zone A, type M "),
        ),
    ),
    rpm_version.compare_versions: (lambda text: rpm_version.compare_versions(text, text), (repeated("1a"), repeated("~"))),
    rpm_version.compare_releases: (lambda text: rpm_version.compare_releases(text, text), (repeated("1."),)),
    rpm_version.release_tags: (rpm_version.release_tags, (repeated("1."), repeated(".el6"))),
    rpm_version.split_kernel_release: (rpm_version.split_kernel_release, (repeated("1."),)),
    workaround_state.parse_record: (workaround_state.parse_record, (numbered("step=N"),)),
    workaround_state.parse_settings: (
        lambda text: workaround_state.parse_settings([("a", text)]),
        (repeated("-"), numbered("vm.min_free_kbytes = N")),
    ),
    utc_time.epoch_of: (utc_time.epoch_of, (repeated("1", "2020-01-01T00:00:00."),)),
    zoneinfo.parse_zoneinfo: (zoneinfo.parse_zoneinfo, (numbered("Node N, zone A"), repeated("1,", "Node 0, zone A\n protection: ("))),
    forms.from_hostnamectl: (forms.from_hostnamectl, (repeated(" "), repeated(" ", "Virtualization: lxc", "x"))),
    forms.from_lsb_release: (forms.from_lsb_release, (numbered("Release: N"), repeated(" ", "Release:"))),
    forms.from_uptime: (forms.from_uptime, (repeated("up 1 day, "), repeated(" ", "up"))),
    forms.from_free: (forms.from_free, (repeated("1 ", "total used free\nMem: "), repeated("total used "))),
    forms.from_sysctl: (forms.from_sysctl, (numbered("vm.min_free_kbytes = N"), repeated(" ", "vm.min_free_kbytes = 1", "x"))),
    forms.from_ip_link: (
        forms.from_ip_link,
        (numbered("N: eN: <UP> mtu 1 master bN state UP"), numbered("1: eN@aN: <> mtu 1\n    vlan"), repeated(" master", "1: e: <> mtu 1")),
    ),
    forms.from_bonding: (lambda text: forms.from_bonding({"bond0": text}), (numbered("Slave Interface: N"),)),
    forms.from_ip_route: (forms.from_ip_route, (numbered("default dev eN"), repeated("dev ", "default "), repeated("default "))),
    forms.from_modinfo: (
        lambda text: forms.from_modinfo(text, ["mlx4_en"]),
        (numbered("filename: (builtin)\nname: N"), repeated("\n", "filename: (builtin)")),
    ),
    forms.from_taint: (lambda text: forms.from_taint({"a": text}), ()),
    forms.from_packages: (
        forms.from_packages,
        (numbered("ii  linux-image-N x"), repeated(":", "ii  linux-image-1"), repeated("ii "), numbered("kernel N")),
    ),
    identity.safe_name: (identity.safe_name, ()),
    identity.machine_of: (lambda text: identity.machine_of(text, text), (repeated("UUID: "), repeated("\nUUID:"))),
    identity.time_of: (identity.time_of, (repeated("1 Jan "), repeated("Jan 1 "), repeated(" ", "Jan"))),
    unreached.verdict_of: (
        unreached.verdict_of,
        (repeated("during banner exchange "), repeated("ssh: connect to host "), repeated("Connection to a port 1")),
    ),
    unreached.is_timeout: (unreached.is_timeout, (repeated("Timed out after 1"),)),
    Zypper.offers: (Zypper().offers, (numbered('<solvable name="kernel-default" edition="6.1-N"/>'), repeated("<solvable "))),
    Zypper.rehearsal: (
        lambda text: Zypper().rehearsal(Evidence({"$rehearsal": text, "$rehearsal_status": "0"}, {})),
        (repeated("<to-install>"), repeated('<solvable type="a" name="'), numbered('<to-remove><solvable type="a" name="N">')),
    ),
    Dnf.offers: (Dnf().offers, (numbered("kernel.x86_64 1-N r"), repeated("\n", "kernel.a"), repeated("1-", "kernel.a "))),
}

#: Sources of evidence, each filled with what is bad for what reads it; then the whole way to a verdict.
SOURCES = {
    "/proc/net/vlan/config": numbered("vN | 1 | eN"),
    "$virtual": numbered("vN"),
    "/proc/modules": numbered("mN 1 (O)"),
    "/etc/sysctl.conf": numbered("vm.min_free_kbytes = N"),
    "/proc/zoneinfo": numbered("Node N, zone A"),
    "/proc/stat": numbered("btime N"),
    "/proc/net/route": numbered("eN 00000000 0 1 0 0 0 00000000"),
    "$kernels": numbered("kernel 2.6.32-N.el6.x86_64"),
    "/proc/pagetypeinfo": numbered("Node 0, zone A, type N 1 2"),
}


def functions_of(module: Any) -> set[Any]:
    return {
        value
        for name, value in vars(module).items()
        if callable(value) and getattr(value, "__module__", "") == module.__name__ and not name.startswith("_")
    }


@pytest.mark.parametrize(
    "module",
    [
        boot,
        buddyinfo,
        gfp,
        kernel,
        kernel_log,
        kernel_modules,
        failure_memory,
        meminfo,
        nic,
        pagetypeinfo,
        rpm_version,
        utc_time,
        workaround_state,
        zoneinfo,
        forms,
    ],
    ids=lambda module: module.__name__.rpartition(".")[2],
)
def test_every_parser_has_a_worst_input(module: Any) -> None:
    """A new one is named here until it has one. Those without a text of a host need none."""
    without = {"no_record", "nics_from", "utc_time_of", "is_atomic", "KernelRelease", "Event", "LogContext", "KernelLog"}
    assert {one.__name__ for one in functions_of(module) - set(PARSERS)} <= without


@pytest.mark.parametrize("parser", PARSERS, ids=lambda one: f"{one.__module__.rpartition('.')[2]}.{one.__name__}")
def test_a_parser_takes_time_as_its_text_grows(parser: Any) -> None:
    call, more = PARSERS[parser]

    def parse(text: str) -> None:
        with contextlib.suppress(EvidenceError, EvidenceMissing):
            call(text)

    for make in (*ANY, *more):
        small = make(8192)
        if make in more or cpu_seconds(lambda: parse(small), 1) > 0.02:  # noqa: B023
            grows_evenly(lambda size: lambda text=make(size): parse(text), (parser.__name__, make(80)))  # type: ignore[misc] # noqa: B008, B023


def verdict(texts: dict[str, str]) -> None:
    judge_host(Gathered.whatever(lambda: Gathered.from_evidence(Evidence(texts, {}))), load_catalogue())


@pytest.mark.parametrize("source", SOURCES)
def test_from_one_source_to_the_verdict(source: str) -> None:
    known = {
        "$uname": "Linux a 2.6.32-358.el6.x86_64 #1 x86_64 GNU/Linux\n",
        "/proc/buddyinfo": "Node 0, zone Normal 1 2 3\n",
        "/sys/class/net/eth0/mtu": "1\n",
    }
    grows_evenly(lambda size: lambda text=SOURCES[source](size): verdict({**known, source: text}), source)  # type: ignore[misc]  # noqa: B008


#: Names of sources with a number in each, as many as a host may have.
MANY = (
    "/sys/class/net/eN/mtu",
    "$ethtool/eN",
    "/sys/class/net/eth0/lower_eN",
    "/boot/loader/entries/N.conf",
    "/etc/sysctl.d/N",
    "$modinfo/N",
)


@pytest.mark.parametrize("name", MANY)
def test_from_many_sources_to_the_verdict(name: str) -> None:
    def work(size: int) -> Callable[[], None]:
        texts = {name.replace("N", str(number)): "driver: a\n" for number in range(nic.MAX_NICS * size // MIB - 10)}
        return lambda: verdict(texts)

    grows_evenly(work, name)


def test_zones_to_the_verdict() -> None:
    def work(size: int) -> Callable[[], None]:
        nodes = buddyinfo.MAX_ZONES * size // MIB
        zones = "".join(f"Node {node}, zone Normal 1 2 3 4 5 6 7 8 9 10 11\n" for node in range(nodes))
        marks = "".join(
            f"Node {node}, zone Normal\n pages free 100\n min 1\n low 2\n high 3\n protection: (0, 0)\n" for node in range(nodes)
        )
        return lambda: verdict(
            {"/proc/buddyinfo": zones, "/proc/zoneinfo": marks, "$uname": "Linux a 2.6.32-358.el6.x86_64 #1 x86_64 GNU/Linux\n"}
        )

    grows_evenly(work, "zones")


#: Members of a report: path -> what is bad for what reads it.
MEMBERS = {
    "dmidecode": repeated("\n"),
    "date": repeated("Jan 1 "),
    "hostname": repeated("a"),
    "sos_commands/kernel/modinfo_ALL_MODULES": numbered("filename: (builtin)\nname: N"),
    "installed-debs": numbered("ii  linux-image-N:amd64 x"),
    "sos_commands/networking/ip_-d_link": numbered("N: eN@aN: <> mtu 1\n    vlan"),
    "var/log/messages": numbered("Mar 18 14:39:17 db01 kernel: swapper: page allocation failure. order:2, mode:0x4020"),
    "etc/sysctl.conf": repeated(" "),
    "boot/grub2/grub.cfg": repeated("menuentry '"),
}


@pytest.mark.parametrize("path", MEMBERS)
def test_a_member_of_a_report(path: str) -> None:
    def work(size: int) -> Callable[[], object]:
        content = MEMBERS[path](size).encode()
        return lambda: sos_evidence.evidence_of(KeptMembers({path: content}, {}, {}))

    grows_evenly(work, path)


def test_many_members_of_a_report() -> None:
    def work(size: int) -> Callable[[], object]:
        count = 8000 * size // MIB
        names = [f"e{number}.{number}" for number in range(count)]
        members = {f"sys/class/net/{name}/mtu": b"1\n" for name in names}
        members |= {f"sos_commands/networking/ethtool_-i_{name.replace('.', '_')}": f"driver: d{name}\n".encode() for name in names}
        return lambda: sos_evidence.evidence_of(KeptMembers(members, {}, {}))

    grows_evenly(work, "many interfaces")


#: What the programs of the upgrade bring back, and what reads it.
UPGRADE: dict[str, tuple[Callable[[Evidence], object], str, Callable[[int], str]]] = {
    "nodes": (cluster.read_clusters, "$crm_mon", repeated("<node ")),
    "attributes": (cluster.read_clusters, "$crm_mon", repeated("a", "<node ", ">")),
    "resources": (cluster.read_clusters, "$clustat", numbered("service:N a started")),
    "plan": (state.read_state, f"{UPGRADE_HOME}/plan", repeated("A='a'\n")),
    "endless plan": (state.read_state, f"{UPGRADE_HOME}/plan", repeated("a", "A='")),
    "before": (state.read_state, f"{UPGRADE_HOME}/before", numbered("up=N")),
    "outcome": (state.read_state, "$outcome", numbered("1 N")),
    "queue": (state.read_state, "$atq", numbered("N a")),
    "differing files": (lambda given: verify.doubts_of_kernel(given, ["a"]), "$differs", repeated("S")),
    "many differing files": (lambda given: verify.doubts_of_kernel(given, ["a"]), "$differs", numbered("S.5......    /N")),
    "drivers": (lambda given: verify.doubts_of_kernel(given, ["a"]), "$driver", numbered("N a")),
    "contents": (lambda given: drivers.finding_of_contents(given, ["a"], "1", []), "$contents", numbered("N.ko")),
    "release": (lambda given: system.distribution(given, {}, None), "/etc/os-release", numbered("ID_LIKE=N")),
    "busy": (lambda given: system.package_manager(given, MANAGERS[0]), "$busy", numbered("N a b")),
    "sizes": (lambda given: list(system.rooms(given)), "$size", numbered("N /boot/N")),
    "outside": (lambda given: list(system.left_behind(given, [])), "$outside", numbered("weak-updates/N")),
    "grub legacy": (loader.read_loader, "/boot/grub/grub.conf", numbered("title N\nkernel /vmlinuz-N")),
    "grub2": (loader.read_loader, "/boot/grub2/grub.cfg", numbered(MENU)),
}


@pytest.mark.parametrize("what", UPGRADE)
def test_what_an_upgrade_reads(what: str) -> None:
    read, source, make = UPGRADE[what]

    def work(size: int) -> Callable[[], object]:
        given = Evidence({"$clock": "1\n", "$package": "1\n", "$image": "1\n", "$daemon": "pacemakerd\n", source: make(size)}, {})
        return lambda: read(given)

    grows_evenly(work, what)
