# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the programs that change a host read back from it, and the commands that are made of that: root runs them."""

from __future__ import annotations

import io
import posixpath
import re
import shlex
from dataclasses import replace
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.diagnostics.collected import members_of, path_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.diagnostics.masking import Masking, own_names, without_secrets
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.diagnostics.packing import packed
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.diagnostics.ticket import Packed, judged_of, ticket
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.archive import read_archive
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.trace.trace_answer import TraceRefusedError, read_trace
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.trace.trace_screen import render_takers
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.trace.trace_text import read_events
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.cluster import Cluster, read_clusters
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.drivers import finding_of_contents, needed_drivers
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.finding import UpgradeError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.host_plan import at_time, make_plan, plan_text
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.loader import Loader, read_loader
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.managers.known_managers import MANAGERS
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.preflight import held_back, left_by_us, preflight
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.state import read_state
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.verify import (
    doubts_of_kernel,
    doubts_of_return,
    installed_kernels,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.answer import OUTCOMES, NoAnswerError, read_answer
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.remedies.compact_memory import gained

from tests.security.attacks.answers import NONCE, answer, look, traced
from tests.security.attacks.handed import sound_facts
from tests.security.attacks.transcripts import evidence
from tests.security.fuzz.properties import NAMED, bounded, named, require
from tests.security.fuzz.runner import Fuzzer
from tests.unit.plugins.plugin_utils.upgrade.test_upgrade_preflight import FACTS, NOW, asked_for

MLX4 = tuple(one for one in load_catalogue().advisories if one.id == "mlx4_en-rhel-6.4-order-2")
_UPGRADE = (*NAMED, UpgradeError)
_WISHES = (
    asked_for(),
    asked_for(reboot="at", at="2026-12-01 02:30", cluster="standby"),
    asked_for(target="2.6.32-754.el6", reboot="now"),
)
#: Whatever else a shell gives a meaning to, these words begin something.
_BEGINS = set(";&|()<>\n`$")
_CONTROL = re.compile("[\x00-\x1f\x7f]")


#: A member's path, and an address of a network card.
_MEMBER = re.compile(r"(?:boot|etc|hostname|date|uptime|uname|lsmod|proc|run|sos_commands|sys|usr|var)(?:/[A-Za-z0-9_.:@+-]{1,200}){0,9}\Z")
_MAC = re.compile(r"(?<![0-9A-Fa-f:])(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}(?![0-9A-Fa-f:])")
_CATALOGUE = load_catalogue()


def _answer(output: str) -> None:
    found = named(read_answer, output, NONCE, errors=(NoAnswerError,))
    if found is None:
        return
    require(found.outcome in OUTCOMES and len(found.reason) <= 400 and found.reason.isprintable(), "the answer is none")
    bounded(found.values, output)
    gained(found, sound_facts()[0], 2)


def _trace(output: str) -> None:
    result = named(read_trace, output, NONCE, 10, errors=(EvidenceError, NoAnswerError, TraceRefusedError))
    if result is None:
        return
    shown = render_takers("host", result, None)
    require(len(shown.splitlines()) < 40 and max(map(len, shown.splitlines())) < 100, "the answer is more than a screen")
    require(all(row["taken_blocks"] == row["given_back_blocks"] + row["stays_blocks"] for row in result["callers"]), "blocks are lost")


def _diagnostics(evidence: Evidence) -> None:
    collected = members_of(evidence)
    paths = [*collected.texts, *collected.links]
    require(all(_MEMBER.match(path) and ".." not in path for path in paths), "a member has a name of the host's")
    targets = [posixpath.normpath(posixpath.join(posixpath.dirname(path), to)) for path, to in collected.links.items()]
    require(not any(target.startswith(("/", "..")) for target in targets), "a link leads out of the archive")
    mask = Masking("masked-1234567", collected.texts, ["db01"])
    texts = {path: mask.masked(path, without_secrets(path, text)) for path, text in collected.texts.items()}
    left = {found.lower() for text in texts.values() for found in _MAC.findall(text)}
    require(all(one.startswith("53:4f:53:") or set(one) in ({"0", ":"}, {"f", ":"}) for one in left), "an address is left")
    data = packed("sosreport-x", texts, collected.links, 1)
    members, odd = read_archive(io.BytesIO(data)) if any(path.startswith("sos_commands/") for path in paths) else (None, [])
    require(not odd, "our own reader finds something odd")
    told = replace(collected, texts=texts)
    text = ticket(told, judged_of(told, _CATALOGUE), Packed("x.tar.gz", len(data), "0" * 64, "h", mask.counts(), 1.0))
    require(len(text.splitlines()) < 16 and max(map(len, text.splitlines())) <= 301, "the text is more than a ticket takes")
    require(not re.search(r"\{[{%#]", text) and all(line.isprintable() for line in text.split("\n")), "the text is not harmless")


def _look(evidence: Evidence) -> None:
    state = named(read_state, evidence)
    loader = named(read_loader, evidence, errors=_UPGRADE)
    clusters = read_clusters(evidence)
    for wishes in _WISHES:
        found = named(preflight, evidence, FACTS, MLX4, wishes, NOW, errors=_UPGRADE)
        for finding in found.findings if found else ():
            require(len(finding["sentence"]) < 1500 and finding["sentence"].isprintable(), f"a finding is no sentence: {finding['check']}")
        named(held_back, evidence, evidence, {}, MLX4, wishes, errors=_UPGRADE)
    finding_of_contents(evidence, needed_drivers(FACTS), "x", ())
    doubts_of_kernel(evidence, ["mlx4_en"])
    for manager in MANAGERS:
        installed_kernels(evidence, manager)
        manager.rehearsal(evidence)
    if state is not None:
        list(left_by_us(state, None))
        if state.before:
            doubts_of_return(state, state.before, "x")
    for command in [*(_loader_commands(loader) if loader else ()), *(text for one in clusters for text in _cluster_commands(one))]:
        _is_plain(command)
    if state is not None and loader is not None and loader.default:
        plan = named(make_plan, loader.default, loader, state, clusters, standby=True, standby_seconds=60, errors=_UPGRADE)
        if plan:
            _is_assignments(plan_text(at_time(plan, NOW, 60, 600)), plan)


def _loader_commands(loader: Loader) -> list[str]:
    commands = [named(loader.default_command, release, errors=_UPGRADE) for release in [*loader.entries, loader.default or "x"]]
    commands += [named(loader.once_command, one, other, errors=_UPGRADE) for one in loader.entries for other in loader.entries]
    return [command for command in commands if command]


def _cluster_commands(cluster: Cluster) -> list[str]:
    return [command for command in (cluster.standby, cluster.idle, cluster.unstandby) if command]


def _is_plain(command: str) -> None:
    """A host's name for something stands within quotes, or is made of what means nothing to a shell."""
    require(len(command) < 4000 and not _CONTROL.search(command), f"a command is no line: {command!r:.200}")
    bare = _without_quoted(command)
    for harmless in ("{ crm_mon -1 --output-as=xml 2>/dev/null || crm_mon -1 --as-xml; }", " | grep ", " && ", "2>/dev/null"):
        bare = bare.replace(harmless, " ")
    require(not set(bare) & _BEGINS, f"a command holds what a host wrote: {command:.200}")


def _without_quoted(command: str) -> str:
    pieces = command.split("'")
    require(len(pieces) % 2 == 1, f"a quote is left open: {command:.200}")
    return " ".join(pieces[::2])


def _is_assignments(text: str, plan: dict[str, str]) -> None:
    """A shell reads the plan as the values it was made of, and nothing else."""
    words = shlex.split(text)
    require(len(words) == len(plan), "the plan holds more than its values")
    read: dict[str, Any] = dict(word.split("=", 1) for word in words)
    require(
        all(read[name] == value for name, value in plan.items() if name not in ("AT", "UNTIL", "NOTICE_SECONDS")), "a value was changed"
    )


FUZZERS = (
    Fuzzer(
        "diagnostics",
        "the answer of the diagnostics' program, masked, packed and told",
        (members_of, path_of, own_names, without_secrets),
        evidence,
        _diagnostics,
    ),
    Fuzzer("answer", "the answer of the workaround's program", (read_answer, gained), answer, _answer),
    Fuzzer("trace", "the answer of the trace's program", (read_trace, read_events), traced, _trace),
    Fuzzer(
        "upgrade",
        "the answers of the upgrade's programs, and the commands made of them",
        (
            read_state,
            read_loader,
            read_clusters,
            preflight,
            held_back,
            left_by_us,
            finding_of_contents,
            doubts_of_kernel,
            doubts_of_return,
            installed_kernels,
            make_plan,
            plan_text,
        ),
        look,
        _look,
    ),
)
