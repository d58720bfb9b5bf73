# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The interfaces of a report, under the names they had on the host."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import VIRTUAL
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.sosreport.taken import Taken

_NO_DEVICE = "Cannot get driver information: Operation not supported"
_MOST_NAME_CHARS = 16  # IFNAMSIZ
_MANGLED = re.compile(r"[^\w.-]+")


def settle_nics(report: Taken) -> None:
    """sos writes ``eth0.100@eth0`` as ``eth0.100_eth0``; and an interface that ethtool knows nothing of has no device."""
    known = {source.split("/")[4]: None for source in report.texts if source.startswith("/sys/class/net/") and source.endswith("/mtu")}
    virtual = report.texts.get(VIRTUAL, "").split()
    written_as = {_MANGLED.sub("_", name): name for name in known}
    for source in [source for source in report.texts if source.startswith("$ethtool/")]:
        written = source.split("/", 1)[1]
        text = report.texts.pop(source)
        name = written if written in known else written_as.get(written) or _before_at(written, written_as) or written
        if _NO_DEVICE in text:
            virtual.append(name)
        else:
            report.texts.setdefault(f"$ethtool/{name}", text)
    if virtual:
        report.texts[VIRTUAL] = "\n".join(dict.fromkeys(virtual)) + "\n"


def _before_at(written: str, written_as: Mapping[str, str]) -> str | None:
    """The name in ``eth0.100_eth0``, where both parts are interfaces."""
    for at in range(1, min(len(written), _MOST_NAME_CHARS)):
        if written[at] == "_" and written[:at] in written_as and written[at + 1 :] in written_as:
            return written_as[written[:at]]
    return None
