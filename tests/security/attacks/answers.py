# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the programs that change a host might get back from one that lies: the answers of the workaround and the trace, the upgrade's
looks at the host."""

from __future__ import annotations

from random import Random

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.workaround.answer import OUTCOMES

from tests.security.attacks.mutation import mutated
from tests.security.attacks.texts import GRUB_CFG, OS_RELEASE, text_like
from tests.security.attacks.words import number, word
from tests.unit.plugins.plugin_utils.upgrade.test_upgrade_cluster import CLUSTAT, CRM_MON
from tests.unit.plugins.plugin_utils.upgrade.test_upgrade_loader import BLS
from tests.unit.plugins.plugin_utils.upgrade.test_upgrade_preflight import HOME, OLD, TEXTS

NONCE = "n0"
_ANSWER = f"""\
Last login: Mon Jan  6 10:00:00 2014
pagealloc-evidence 1 {NONCE}
$step:2
$since_epoch_seconds:1364000000
$compacted_from:Node 0, zone   Normal   9539   4328      0      0      0      0      0      0      0      0      0
$compacted_to:Node 0, zone   Normal   9539   4328      3      2      1      0      0      0      0      0      1
$outcome:applied
$reason:because a=b
pagealloc-evidence end {NONCE}
"""
_TRACED = f"""\
pagealloc-evidence 1 {NONCE}
$page_kb:4
$where:/sys/kernel/tracing/instances/fleetcare_pagealloc
$seen:10 6 0
$stack:1 a GFP_ATOMIC|__GFP_COMP __alloc_pages,receive[mlx4_en],net_rx_action
$event:1 0 0 0x1fe7c 2
$stack:2 f - free_unref_page,skb_release_data
$event:2 1 14 0x1fe7c 2
$event:1 0 5000 129660 2
$symbol:receive [mlx4_en]
$outcome:traced
pagealloc-evidence end {NONCE}
"""
#: One host that has everything at once: what each part of the programs may print.
_LOOK = {
    **TEXTS,
    **BLS,
    "$tool": "grubby\nat\ngrub2-editenv\n",
    "$crm_mon": CRM_MON,
    "$crm_node": "db01\n",
    "$clustat": CLUSTAT,
    "$cman": "Nodes: 2\n",
    "$daemon": "atd\npacemakerd\nrgmanager\nkeepalived\n",
    "/etc/keepalived/keepalived.conf": "        192.0.2.10/24 dev eth0\n        192.0.2.11\n",
    "$addresses": "2: eth0    inet 192.0.2.10/24 scope global secondary eth0\\ valid_lft forever\n",
    "/etc/os-release": OS_RELEASE,
    "$busy": "123 - yum install x\n",
    "$outside": "weak-updates/a.ko\nextra/b.ko\n",
    "$dkms": "zfs, 2.1, 5.14.0: installed\n",
    "$at": "1796000000\n",
    "$atq": "7\tMon Jan  6 10:00:00 2014 a root\n",
    "$timer": "waiting\n",
    "$outcome": "1364000000 confirmed: kernel x came up\n1364000100 returned: kernel x did not come up\n",
    f"{HOME}/plan": f"TARGET=x\nOLD={OLD}\nAT=1796000000\nUNTIL=1796003600\nSTANDBY='crm_standby -v on'\n",
    f"{HOME}/armed": "1\n",
    f"{HOME}/job": "7\n",
    f"{HOME}/before": f"boot_id=b\nrelease={OLD}\nup=eth0\nup=bond0\ndefault_route=eth0\n",
    "$package": "kernel\n",
    "$image": "/boot/vmlinuz-x\n",
    "$initramfs": "18000 /boot/initramfs-x.img\n",
    "$differs": "S.5....T.  c /etc/x\n..5....T.    /boot/vmlinuz-x\nmissing     /lib/modules/x\n",
    "$modules_dep": "1\n",
    "$driver": "mlx4_en /lib/modules/x/mlx4_en.ko\nigb\n",
    "$kernels": f"{OLD}\nx\n",
    "$contents": "mlx4_en.ko.xz\nigb.ko\n",
    "$held": "[main]\nexclude=kernel*\n",
}


def answer(chance: Random) -> str:
    """Of the workaround's program."""
    if chance.random() < 0.3:
        lines = [f"${word(chance)}:{word(chance)}" for _line in range(chance.choice((0, 2, 20)))]
        outcome = f"$outcome:{chance.choice((*OUTCOMES, word(chance)))}"
        return "\n".join([f"pagealloc-evidence 1 {NONCE}", *lines, outcome, f"pagealloc-evidence end {NONCE}", ""])
    return mutated(chance, _ANSWER, [_ANSWER])


def traced(chance: Random) -> str:
    """Of the trace's program."""
    return mutated(chance, _TRACED, [_TRACED])


def look(chance: Random) -> Evidence:
    """Of the upgrade's programs: a host of any loader, package manager and cluster."""
    texts = {source: text for source, text in _LOOK.items() if chance.random() < 0.8}
    if chance.random() < 0.5:
        texts["/boot/grub2/grub.cfg"] = GRUB_CFG
    for source in chance.sample(sorted(texts), min(len(texts), chance.choice((1, 2, 6)))):
        texts[source] = (
            text_like(chance, [*_LOOK.values(), word(chance), number(chance)]) if chance.random() < 0.4 else mutated(chance, texts[source])
        )
    if chance.random() < 0.3:  # where a name goes into a command
        texts |= _names(word(chance).replace("\n", " "))
    return Evidence(texts, {}, chance.random() < 0.9)


def _names(name: str) -> dict[str, str]:
    """The same hostile name where loaders and clusters look for one."""
    return {
        "$crm_mon": CRM_MON.replace("db01", name),
        "$crm_node": f"{name}\n",
        "/boot/grub2/grub.cfg": GRUB_CFG.replace("CentOS Linux", name).replace("el7", f"el7{name}"),
        f"/boot/loader/entries/{name}.conf": f"linux /vmlinuz-{OLD}\n",
    }
