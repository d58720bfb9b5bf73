# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation that is true: it renders, its samples are of the right shape, its examples run."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import read_transcript
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts import FACTS_OF, facts_from
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.gathered import Gathered
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.fleet import judge_fleet
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.facts_shape import shapes
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.role_options import SHARED
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.templating.templated import classify_value, compare_value, headroom_value
from jsonschema import Draft202012Validator

from tests.conftest import ROOT, SAMPLE_FLEET
from tests.playbook import Ansible, newest, oldest
from tests.quality.documentation import Plugin, differences, differences_from_shape, documented_facts, facts_of, places, plugins
from tests.quality.tools import own, passes
from tests.tools.make_fleet_schema import SCHEMA, fleet_schema

CORES = pytest.mark.parametrize("core", [oldest, newest], ids=["oldest", "newest"])
EACH_PLUGIN = pytest.mark.parametrize("plugin", plugins().values(), ids=plugins())
EVIDENCE = SAMPLE_FLEET / "evidence"
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir())

#: What no host of the sample fleet gives, since it is of another kernel or asked for seldom.
SELDOM_GIVEN = """\
/proc/pagetypeinfo:Pages per block:  512
/proc/pagetypeinfo:Node    0, zone   Normal, type    Unmovable     12      4      0      0      0      0      0      0      0      0      0
/proc/pagetypeinfo:Number of blocks type     Unmovable
/proc/pagetypeinfo:Node 0, zone   Normal          746
/proc/zoneinfo:              count: 178
/proc/meminfo:MemAvailable: 2000000 kB
/proc/meminfo:KReclaimable: 200000 kB
/proc/meminfo:SecPageTables: 0 kB
/proc/meminfo:Percpu: 20000 kB
/proc/meminfo:Balloon: 0 kB
/proc/meminfo:CmaTotal: 0 kB
/proc/meminfo:CmaFree: 0 kB
/proc/meminfo:HugePages_Free: 0
/proc/meminfo:Hugetlb: 0 kB
/proc/vmstat:pgscan_kswapd 0
/proc/vmstat:pgscan_direct 0
/proc/vmstat:pgsteal_kswapd 0
/proc/vmstat:pgsteal_direct 0
/proc/vmstat:oom_kill 0
/proc/vmstat:kswapd_low_wmark_hit_quickly 0
/proc/vmstat:kswapd_high_wmark_hit_quickly 0
/proc/vmstat:nr_zspages 0
/proc/sys/vm/watermark_scale_factor:10
/proc/sys/vm/watermark_boost_factor:15000
/proc/sys/vm/compaction_proactiveness:20
/proc/sys/vm/extfrag_threshold:500
/var/lib/fleetcare-pagealloc/workaround:watermark_scale_factor=50
/var/lib/fleetcare-pagealloc/workaround:compaction_proactiveness=20
/var/lib/fleetcare-pagealloc/workaround:original_watermark_scale_factor=10
/var/lib/fleetcare-pagealloc/workaround:original_compaction_proactiveness=0
/sys/kernel/mm/transparent_hugepage/enabled:[always] madvise never
/proc/zoneinfo:    nr_free_cma  0
/proc/zoneinfo:    nr_free_highatomic  0
$module_version/mlx4_en:2.0
$slabinfo:kmalloc-2048      409600 409600   2048   16    8 : tunables   24   12    8 : slabdata  25600  25600      0
$pagetypeinfo:Node    0, zone   Normal, type    Unmovable     12      4      0      0      0      0      0      0      0      0      0
$ethtool_g/eth0:Pre-set maximums:
$ethtool_g/eth0:RX: 8192
$ethtool_g/eth0:Current hardware settings:
$ethtool_g/eth0:RX: 1024
$ethtool_l/eth0:Current hardware settings:
$ethtool_l/eth0:Combined: 8
$ethtool_k/eth0:generic-receive-offload: on
$ethtool_S/eth0:NIC statistics:
$ethtool_S/eth0:  rx_alloc_failed: 12
/sys/class/net/ib0/mode:connected
/sys/module/mlx4_en/parameters/udp_rss:1
$dmesg:[861005.000000] Mem-Info:
$dmesg:[861005.000000] Node 0 Normal free:2344kB min:53404kB low:66752kB high:80104kB active_file:0kB inactive_file:16kB free_cma:0kB
$dmesg:[861005.000000] lowmem_reserve[]: 0 0 0 0
$dmesg:[861005.000000] Node 0 Normal: 486*4kB 46*8kB 2*16kB 0*32kB = 2344kB
$dmesg:[861006.000000] SLUB: Unable to allocate memory on node -1 (gfp=0xd0)
$dmesg:[861006.000000]   cache: kmalloc-256, object size: 256, buffer size: 256, default order: 0, min order: 0
$dmesg:[861007.000000] sshd: page allocation stalls for 10000ms, order:2, mode:0x4020
$vmcore-dmesg:swapper: page allocation failure. order:2, mode:0x4020
pagealloc-evidence end sample
"""


def sample_facts() -> Iterator[dict[str, Any]]:
    """Of the sample fleet, and of two of its hosts, one with the workaround, with what is seldom given."""
    for path in sorted(EVIDENCE.glob("*.evidence")):
        yield facts_from(read_transcript(path.read_text()))
    yield facts_from(read_transcript((EVIDENCE / "db02-el64.evidence").read_text().replace("/proc/meminfo:Slab:", "/proc/meminfo:Slap:")))
    for name in ("db03-el64-seed", "db04-el64-numa-mitigated"):
        whole = (EVIDENCE / f"{name}.evidence").read_text()
        yield facts_from(read_transcript(whole.replace("pagealloc-evidence end sample\n", SELDOM_GIVEN)))


def test_antsibull_docs_finds_nothing() -> None:
    passes(own("antsibull-docs"), "lint-collection-docs", "--plugin-docs", ".")


@CORES
@pytest.mark.parametrize("kind", sorted({plugin.kind for plugin in plugins().values()}))
def test_ansible_doc_shows_every_plugin(core: Callable[[], Ansible], kind: str, tmp_path: Path) -> None:
    names = [f"fleetcare.pagealloc.{plugin.name}" for plugin in plugins().values() if plugin.kind == kind]
    shown = json.loads(core().run("ansible-doc", "-t", kind, "--json", *names, folder=tmp_path).stdout)
    assert sorted(shown) == sorted(names)
    for name in names:
        assert shown[name]["doc"]["short_description"] and shown[name]["examples"]
    said = core().run("ansible-doc", "-t", kind, *names, folder=tmp_path)
    assert "ERROR" not in said.stdout + said.stderr


@CORES
def test_ansible_doc_shows_every_role(core: Callable[[], Ansible], tmp_path: Path) -> None:
    for role in ROLES:
        name = f"fleetcare.pagealloc.{role}"
        shown = json.loads(core().run("ansible-doc", "-t", "role", "--json", name, folder=tmp_path).stdout)
        options = shown[name]["entry_points"]["main"]["options"]
        defaults = yaml.safe_load((ROOT / "roles" / role / "defaults" / "main.yml").read_text())
        said = {option: says["default"] for option, says in options.items() if "default" in says and not option.startswith(SHARED)}
        assert {option: defaults.get(option) for option in said} == said, "argument_specs.yml and defaults agree"
        assert all(option.startswith((f"{role}_", f"{SHARED}_")) for option in options)
        assert set(defaults) <= set(options)


def test_gather_points_to_the_facts_modules() -> None:
    """RETURN of the facts stands with the facts modules alone; gather has the first words of each, and says where the rest stands."""
    given = facts_of("gather")
    assert set(given) == {*documented_facts()}
    for module, names in FACTS_OF.items():
        facts = facts_of(module)
        assert set(facts) == {*names, "unavailable"}, module
        assert facts["unavailable"] == given["unavailable"], "said in the same words"
        for name in names:
            pointer = f"Described in RV(fleetcare.pagealloc.{module}#module:ansible_facts.pagealloc.{name})."
            same = {key: says for key, says in facts[name].items() if key not in ("contains", "sample")}
            assert given[name] == {**same, "description": [facts[name]["description"], pointer]}


def test_return_has_the_shape_of_the_facts() -> None:
    reached: set[str] = set()
    assert list(differences_from_shape(documented_facts(), "facts", reached)) == []
    assert reached == set(shapes()), "each record is described"


def test_the_samples_in_return_are_facts() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    samples = {name: says["sample"] for name, says in documented_facts().items()}
    facts = Draft202012Validator({"$defs": schema["$defs"], "$ref": "#/$defs/facts"})
    assert [f"{error.json_path}: {error.message}" for error in facts.iter_errors(samples)] == []


def test_the_schema_of_the_fleet_has_the_shape_of_the_facts() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert fleet_schema(schema) == schema, "run: .venv/test/bin/python -m tests.tools.make_fleet_schema"


def test_every_fact_is_documented_and_every_documented_fact_given() -> None:
    reached: set[str] = set()
    wrong = {line for facts in sample_facts() for line in differences(facts, documented_facts(), "pagealloc", reached)}
    assert not wrong
    unseen = set(places(documented_facts(), "pagealloc")) - reached
    assert not unseen, "the sample fleet has no value for these, so nothing shows that they are given"


@pytest.mark.parametrize(("name", "function"), [("classify", lambda facts: classify_value(facts, None)), ("headroom", headroom_value)])
def test_filters_return_what_they_document(name: str, function: Callable[..., Any]) -> None:
    returned = plugins()[f"filter/{name}"].returned
    reached: set[str] = set()
    wrong = {line for facts in sample_facts() for line in differences({"_value": function(facts)}, returned, name, reached)}
    assert not wrong
    assert not set(places(returned, name)) - reached


def test_compare_returns_what_it_documents() -> None:
    hosts = judge_fleet({path.stem: Gathered.from_record(str(path)) for path in EVIDENCE.glob("*.evidence")}, [])["hosts"]
    returned, reached = plugins()["filter/compare"].returned, set[str]()
    found = [compare_value(hosts, troubled) for troubled in ([], ["db02-el64", "no-such-host"])]
    assert not {line for one in found for line in differences({"_value": one}, returned, "compare", reached)}
    assert not set(places(returned, "compare")) - reached
    assert found[0]["conclusion"] == returned["_value"]["contains"]["conclusion"]["sample"]


@EACH_PLUGIN
def test_samples_have_the_documented_shape(plugin: Plugin) -> None:
    """A sample of a mapping has all its keys."""

    def wrong_in(documented: dict[str, Any], place: str) -> Iterator[str]:
        for name, says in documented.items():
            if "sample" in says:
                yield from differences({name: says["sample"]}, {name: says}, place, set())
            yield from wrong_in(says.get("contains", {}), f"{place}.{name}")

    assert not list(wrong_in(plugin.returned, plugin.name))


def tasks_in(document: Any) -> Iterator[dict[str, Any]]:
    """The tasks of a list of plays or of tasks."""
    for entry in document:
        parts = [entry[part] for part in ("tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always") if part in entry]
        if parts:
            for part in parts:
                yield from tasks_in(part)
        else:
            yield entry


@EACH_PLUGIN
def test_examples_name_only_what_there_is(plugin: Plugin) -> None:
    known = {found.name: found for found in plugins().values()}
    playbooks = {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
    named = set(re.findall(r"fleetcare\.pagealloc\.(\w+)", plugin.examples))
    assert plugin.name in named, "an example of itself"
    assert named <= {*known, *ROLES, *playbooks}
    document = yaml.safe_load(plugin.examples)
    if plugin.kind == "inventory":
        return
    assert isinstance(document, list) and all(entry["name"] for entry in document)
    for task in tasks_in(document):
        for key, options in task.items():
            if key.startswith("fleetcare.pagealloc."):
                allowed = known[key.rpartition(".")[2]].documentation.get("options", {})
                assert set(options or {}) <= set(allowed), key
    for name, keyword in re.findall(r"fleetcare\.pagealloc\.(\w+)\((\w+)=", plugin.examples):
        assert keyword in known[name].documentation["options"]


#: Whose recorded evidence makes the condition of an example true, so that all of it runs.
HOST_FOR = {
    "at_risk": "db02-el64",
    "mitigated": "db04-el64-numa-mitigated",
    "needs_review": "hpc08-el64-ofed",
    "reboot_pending": "db06-el64-reboot",
    "unknown": "ora09-uek",
    "starved": "ci12-debian12",
}


@CORES
@pytest.mark.parametrize("name", [name for name in plugins() if not name.startswith(("callback/", "inventory/"))])
@pytest.mark.slow("each example of the documentation is a play of its own")
def test_examples_run(core: Callable[[], Ansible], name: str, tmp_path: Path) -> None:
    plugin = plugins()[name]
    host: dict[str, Any] = {
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "ansible_become": False,
    }
    document = yaml.safe_load(plugin.examples.replace("/var/lib/pagealloc", str(tmp_path / "reports")))
    if plugin.kind in ("filter", "test"):
        evidence = EVIDENCE / f"{HOST_FOR.get(plugin.name, 'db05-el65')}.evidence"
        if plugin.name == "starved" and not all(os.access(path, os.R_OK) for path in ("/proc/pagetypeinfo", "/proc/slabinfo")):
            evidence = EVIDENCE / "db05-el65.evidence"
        gather = {"name": "Gather", "fleetcare.pagealloc.gather": {"evidence": str(evidence)}}
        document = [{"name": "Example", "hosts": "all", "gather_facts": False, "tasks": [gather, *document]}]
    if plugin.name == "report":
        # else it would depend on the state of this machine whether fail_on fails the play
        document[0]["module_defaults"] = {"fleetcare.pagealloc.gather": {"evidence": str(EVIDENCE / "db05-el65.evidence")}}
    if "fleet.json" in plugin.examples:
        core().audit(tmp_path, {path.stem: {"audit_evidence": str(path)} for path in EVIDENCE.glob("*.evidence")})
    names, words = ("here",), ()
    if plugin.name in ("trace", "diagnostics"):  # no test may trace this machine, and whether it could be traced depends on it
        names, words = ("db01", "db02"), ("--check",)
    (tmp_path / "hosts.json").write_text(json.dumps({"all": {"hosts": dict.fromkeys(names, host)}}))
    (tmp_path / "example.yml").write_text(json.dumps(document))
    done = core().run("ansible-playbook", "-i", "hosts.json", "example.yml", *words, folder=tmp_path, check=not words)
    assert ("failed=0" in done.stdout or (words and "refused: " in done.stdout)) and "unreachable=0" in done.stdout
    if plugin.kind != "module":
        assert "skipped=0" in done.stdout or plugin.name in ("clear", "stalled", "unreachable", "starved"), done.stdout
    assert "DEPRECATION" not in done.stderr, done.stderr
