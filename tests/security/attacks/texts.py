# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound texts of each source, to be damaged: of the sample fleet, and by hand where none of its hosts has one."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from random import Random

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import read_transcript

from tests.conftest import SAMPLE_FLEET
from tests.security.attacks.mutation import mutated
from tests.security.attacks.words import junk, word
from tests.unit.plugins.module_utils.test_kernel_log import EL6, EL7, NEW

PAGETYPEINFO = """\
Page block order: 9
Pages per block:  512

Free pages count per migrate type at order       0      1      2      3      4      5      6      7      8      9     10
Node    0, zone   Normal, type    Unmovable  >100000      4      0      0      0      0      0      0      0      0      0
Node    0, zone   Normal, type   HighAtomic     12      4      1      0      0      0      0      0      0      0      0
Node    0, zone   Normal, type          CMA     12      4      0      0      0      0      0      0      0      0      9

Number of blocks type     Unmovable   HighAtomic          CMA
Node 0, zone   Normal          746           3         16
"""
RECORD = """\
format=1
phase=in_force
step=2
min_free_kbytes=524288
zone_reclaim_mode=1
since_epoch_seconds=1364000000
original_min_free_kbytes=67584
original_zone_reclaim_mode=absent
previous_step=1
previous_min_free_kbytes=262144
previous_zone_reclaim_mode=1
previous_since_epoch_seconds=1363900000
made_folder=0
end=1
"""
GRUB_CFG = """\
set default="${saved_entry}"
menuentry 'CentOS Linux (3.10.0-1160.el7.x86_64) 7 (Core)' --class centos $menuentry_id_option 'gnulinux-3.10.0-1160' {
\tlinux16 /vmlinuz-3.10.0-1160.el7.x86_64 root=/dev/mapper/vg-root ro
}
submenu 'Advanced options' $menuentry_id_option 'advanced' {
\tmenuentry "CentOS Linux (3.10.0-1062.el7.x86_64) 7 (Core)" --id other {
\tlinux16 /vmlinuz-3.10.0-1062.el7.x86_64 root=/dev/mapper/vg-root ro
\t}
}
"""
GRUB_CONF = """\
default=1
timeout=5
title Red Hat Enterprise Linux Server (2.6.32-431.el6.x86_64)
\tkernel /vmlinuz-2.6.32-431.el6.x86_64 ro
title Red Hat Enterprise Linux Server (2.6.32-358.el6.x86_64)
\tkernel /vmlinuz-2.6.32-358.el6.x86_64 ro
"""
OS_RELEASE = 'NAME="Rocky Linux"\nID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\nPRETTY_NAME="Rocky Linux 9.4 (Blue Onyx)"\n'

SLABINFO = """\
slabinfo - version: 2.1
# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata
dentry             11000  12600    192   21    1 : tunables    0    0    0 : slabdata    600    600      0
kmalloc-2048      409600 409600   2048   16    8 : tunables   24   12    8 : slabdata  25600  25600      0
"""
ETHTOOL_G = """\
Ring parameters for eth0:
Pre-set maximums:
RX:		8192
RX Mini:	n/a
TX:		8192
Current hardware settings:
RX:		1024
RX Mini:	n/a
TX:		512
"""
ETHTOOL_L = """\
Channel parameters for eth0:
Pre-set maximums:
RX:		0
TX:		0
Other:		1
Combined:	63
Current hardware settings:
RX:		0
TX:		0
Other:		1
Combined:	8
"""
ETHTOOL_K = """\
Features for eth0:
rx-checksumming: on
scatter-gather: on
\ttx-scatter-gather: on
\ttx-scatter-gather-fraglist: off [fixed]
generic-receive-offload: on
large-receive-offload: off [fixed]
"""
ETHTOOL_S = """\
NIC statistics:
     rx_packets: 123456
     rx_no_buffer_count: 7
     alloc_rx_page_failed: 12
     alloc_rx_buff_failed: 0
"""

#: Source -> texts that the sample fleet does not have.
_MORE = {
    "/proc/pagetypeinfo": [PAGETYPEINFO],
    "$slabinfo": [SLABINFO],
    "$pagetypeinfo": [PAGETYPEINFO],
    "$ethtool_g/eth0": [ETHTOOL_G],
    "$ethtool_l/eth0": [ETHTOOL_L],
    "$ethtool_k/eth0": [ETHTOOL_K],
    "$ethtool_S/eth0": [ETHTOOL_S],
    "/sys/class/net/ib0/mode": ["connected\n"],
    "/sys/module/mlx4_en/parameters/udp_rss": ["1\n"],
    "/var/lib/fleetcare-pagealloc/workaround": [RECORD],
    "/boot/grub2/grub.cfg": [GRUB_CFG],
    "/boot/grub/grub.conf": [GRUB_CONF],
    "/boot/grub2/grubenv": ["# GRUB Environment Block\nsaved_entry=abc-5.14.0-427.el9.x86_64\nnext_entry=\n" + "#" * 40 + "\n"],
    "/boot/loader/entries/abc-5.14.0-427.el9.x86_64.conf": ["title Rocky\nversion 5.14.0-427\nlinux /vmlinuz-5.14.0-427.el9.x86_64\n"],
    "/etc/default/grub": ["GRUB_TIMEOUT=5\nGRUB_DEFAULT=saved\n"],
    "/etc/os-release": [OS_RELEASE],
    "/etc/sysctl.conf": ["# mine\nvm.min_free_kbytes = 1048576\nvm/zone_reclaim_mode=1\n-vm.min_free_kbytes=7\n"],
    "/proc/net/ipv6_route": [f"{'0' * 32} 00 {'0' * 32} 00 {'fe80' + '0' * 28} 00000400 00000000 00000000 00000003 eth0\n"],
    "/proc/net/vlan/config": ["VLAN Dev name    | VLAN ID\nName-Type: VLAN_NAME_TYPE_RAW_PLUS_VID_NO_PAD\neth0.100       | 100  | eth0\n"],
    "/sys/class/net/eth0.100/lower_eth0": ["../eth0\n"],
    "/sys/class/net/bond0/bonding/slaves": ["eth0 eth1\n"],
    "$module_version/mlx4_en": ["2.2-1\n"],
    "$dmesg": [EL6, EL7, NEW],
}


@functools.cache
def samples() -> dict[str, list[str]]:
    """Source -> its sound texts."""
    found: dict[str, dict[str, None]] = {source: dict.fromkeys(texts) for source, texts in _MORE.items()}
    for path in sorted((SAMPLE_FLEET / "evidence").glob("*.evidence")):
        for source, text in read_transcript(path.read_text()).texts.items():
            found.setdefault(source, {})[text] = None
    return {source: list(texts) for source, texts in sorted(found.items())}


@functools.cache
def every_text() -> tuple[str, ...]:
    """All of them: a host may give what it likes under any name."""
    return tuple(text for texts in samples().values() for text in texts)


def text_like(chance: Random, pool: Sequence[str]) -> str:
    """A text that was of this kind once: damaged, or another kind's, or none at all."""
    roll = chance.random()
    if roll < 0.03:
        return chance.choice(pool)
    if roll < 0.90:
        return mutated(chance, chance.choice(pool), pool)
    if roll < 0.95:
        return mutated(chance, chance.choice(every_text()), pool)
    return "\n".join(chance.choice((word, junk))(chance) for _line in range(chance.choice((0, 1, 2, 9))))
