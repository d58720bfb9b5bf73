# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin ``fleetcare.pagealloc.sosreport``."""

from __future__ import annotations

DOCUMENTATION = r"""
---
name: sosreport
short_description: Hosts of sosreports, each audited from its report
version_added: 0.1.0
author:
  - The fleetcare.pagealloc contributors (@fleetcare)
description:
  - Makes an inventory of a folder of sosreports, unpacked or packed as C(.tar), C(.tar.gz), C(.tar.bz2) or C(.tar.xz), of sos 2.2 (RHEL 6)
    to today, also after C(sos clean). Each host has its report in C(audit_evidence), so the audit reads the report and contacts no host.
    Live hosts from another inventory of the same run are in the same report.
  - For the output of C(sos collect), a folder or an archive, it reads the reports inside. It names encrypted reports, and you must decrypt
    them first.
  - Parallel processes read archives as streams. Nothing is unpacked to disk. A cache keeps the data of a packed report under the SHA-256
    of its content, so the audit and later runs need not unpack it again. The data of a folder or of a plain C(.tar) is kept for the audit
    of the same run.
  - The name of a host is the short host name in its report. The newest report of a host counts. Machines with the same name are separated
    by their machine id or hardware UUID, which is then part of their names.
  - A report that cannot be read becomes a host too, named after the file. The audit gives it the verdict C(unknown) with the reason. A
    file that is not a sosreport and has no host in its name is left out with a warning.
options:
  plugin:
    description: Marks the inventory file as a file of this plugin.
    type: str
    required: true
    choices: [fleetcare.pagealloc.sosreport]
  paths:
    description:
      - Reports, folders of reports, or patterns of them. Relative paths start at the folder of the inventory file.
    type: list
    elements: str
    required: true
  processes:
    description: How many reports are read at the same time. V(0) means one for each CPU.
    type: int
    default: 0
  cache_dir:
    description:
      - Folder for the data of reports, readable only for you, for 60 days after its last use. By default in
        C($XDG_CACHE_HOME/fleetcare.pagealloc/sosreport), or under C(~/.cache). With V(none) nothing is stored, and the audit reads each
        report a second time.
    type: str
    env:
      - name: PAGEALLOC_CACHE_DIR
extends_documentation_fragment:
  - ansible.builtin.constructed
notes:
  - "Every host is in the group C(sosreport), in C(release_6_4) and the like for the release of its distribution, and in
    C(driver_mlx4_en) and the like for each driver of its network interfaces."
  - "Variables of a host: C(audit_evidence), C(audit_evidence_older) (paths of its older reports, which the audit reads for its past),
    C(sosreport_taken), C(sosreport_distribution), C(sosreport_release), C(sosreport_kernel), C(sosreport_drivers), C(sosreport_older)
    (the same paths), C(sosreport_namesakes) (hosts of the same name), C(sosreport_odd) (what was odd about the report) and
    C(sosreport_error) (why it cannot be read). Empty variables are left out."
seealso:
  - module: fleetcare.pagealloc.gather
  - module: fleetcare.pagealloc.report
"""

EXAMPLES = r"""
# all that is in a folder beside this file, and one more
plugin: fleetcare.pagealloc.sosreport
paths:
  - reports
  - /srv/cases/*/sosreport-db0[1-9]*.tar.xz
keyed_groups:
  - key: sosreport_kernel
    prefix: kernel
"""

import os
import re
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Constructable
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.progress import with_progress
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.text import count_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.cache import OFF, VARIABLE, Cache, begin_run
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.collect import FoundReport, find_reports, look_into_all
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.hosts import ReportedHost, hosts_of

_GROUP = "sosreport"
_UNSAFE = re.compile(r"[^A-Za-z0-9_]")
#: More warnings than this are counted, and shown with -v.
_MAX_WARNINGS = 50


class InventoryModule(BaseInventoryPlugin, Constructable):  # type: ignore[misc]
    """Finds reports, has them looked into, and makes hosts of them."""

    NAME = "fleetcare.pagealloc.sosreport"

    def verify_file(self, path: str) -> bool:
        return bool(super().verify_file(path)) and path.endswith((".yml", ".yaml"))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        processes = self.get_option("processes")
        if processes < 0:
            raise AnsibleParserError("processes must not be negative; 0 means as many as there are CPUs")
        directory = self.get_option("cache_dir")
        if directory:  # the audit, in this process and those forked from it, looks there too
            os.environ[VARIABLE] = directory if directory == OFF else str(Path(directory).expanduser().absolute())
        begin_run()  # the audit reads no report again that is read here
        paths, complaints = find_reports(self.get_option("paths"), str(Path(path).absolute().parent))
        reports = self._look_into(paths, processes or os.cpu_count() or 1)
        hosts, words = hosts_of(reports)
        self._warn([*complaints, *words])
        if not hosts:
            raise AnsibleParserError(f"{path}: its paths contain no sosreport")
        self.inventory.add_group(_GROUP)
        for host in hosts:
            self._add(host)
        kept = Cache()
        if kept.distrust:
            self.display.warning(kept.distrust)
        kept.prune()

    def _look_into(self, paths: list[str], processes: int) -> list[FoundReport]:
        def say(number: int, seconds: float) -> None:
            left = seconds / number * max(0, len(paths) - number) if number else 0.0
            # not to stdout, which is for the inventory's JSON
            self.display.display(f"{number:,} of {count_of(len(paths), 'sosreport')} read, {left:.0f} s to go ...", stderr=True)

        return list(with_progress(look_into_all(paths, min(processes, len(paths) or 1)), say))

    def _warn(self, words: list[str]) -> None:
        for number, line in enumerate(words):
            say = self.display.warning if number < _MAX_WARNINGS else self.display.v
            say(clip(line, 500))
        if len(words) > _MAX_WARNINGS:
            self.display.warning(f"{len(words) - _MAX_WARNINGS} more such lines; -v shows them")

    def _add(self, host: ReportedHost) -> None:
        self.inventory.add_host(host.name, group=_GROUP)
        variables = {name: _marked(value) for name, value in _variables(host).items() if value}
        for name, value in variables.items():
            self.inventory.set_variable(host.name, name, value)
        for group in _groups(host.report):
            self.inventory.add_group(group)
            self.inventory.add_host(host.name, group=group)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), variables, host.name, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), variables, host.name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, host.name, strict=strict)


def _variables(host: ReportedHost) -> dict[str, Any]:
    report = host.report
    return {
        "audit_evidence": report.path,
        "sosreport_taken": report.identity.taken,
        "sosreport_distribution": report.distribution,
        "sosreport_release": report.release,
        "sosreport_kernel": report.kernel,
        "sosreport_drivers": list(report.drivers),
        "sosreport_older": [older.path for older in host.older],
        "audit_evidence_older": [older.path for older in host.older],
        "sosreport_namesakes": list(host.namesakes),
        "sosreport_odd": list(report.identity.odd),
        "sosreport_error": report.error,
    }


def _marked(value: Any) -> Any:
    """The text of a report or the name of a file must never be taken for a template, here as little as in a play. Text without a
    bracket cannot be one and stays plain: where it is marked, ``ansible-inventory`` up to 2.18 prints a mapping in its place."""
    texts = value if isinstance(value, list) else [value]
    return wrap_var(value) if any("{" in text for text in texts) else value


def _groups(report: FoundReport) -> list[str]:
    names = [f"release_{report.release}"] if report.release else []
    names += [f"driver_{driver}" for driver in report.drivers]
    return [_UNSAFE.sub("_", name[:80]) for name in names]
