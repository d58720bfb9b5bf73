# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifest: every datum that is read on a host, how a live host gives it and where a sosreport keeps it in the same form."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from collections import namedtuple

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.container import CONTAINER, FIRST_CGROUP, SYSTEMD_CONTAINER
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.host_places import RECORD
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import KEYS

#: One source of evidence. ``source``: its name in a transcript, a path or pattern of files or ``$command``.
#: ``kind``: "file" (read whole), "lines" (only those that LINES_WANTED matches), "link" (where it points),
#: or "command". ``sos``: the patterns under which a sosreport keeps it in the same form, relative to its root, the best
#: first; a star stands for a part of one name, and those of ``source`` for the last of them.
Source = namedtuple("Source", "source kind sos")


def _file(path, *more_sos):
    return Source(path, "file", (path.lstrip("/"),) + more_sos)


def _lines(path, *more_sos):
    return Source(path, "lines", (path.lstrip("/"),) + more_sos)


def _syslog(name):
    """A file of syslog; in a report the rotated ones before it too, which a live host's tail brings with it."""
    return Source(
        "$" + name,
        "command",
        tuple(shape % name for shape in ("var/log/%s", "var/log/%s.*", "var/log/%s-*", "sos_strings/logs/var.log.%s.tailed")),
    )


def _link(path):
    return Source(path, "link", (path.lstrip("/"),))


def _own(source, name):
    """What sos does not take, and an archive of the diagnostics has: in a folder that no version of sos has."""
    return Source(source, "command", ("%s/%s" % (OWN_FOLDER, name),))


#: Where an archive of the diagnostics keeps what sos does not take.
OWN_FOLDER = "sos_commands/fleetcare_pagealloc"

#: Sysctls of vm that decide how early and how hard the kernel makes room: read, and never set.
TUNING = ("watermark_boost_factor", "extfrag_threshold")
#: RHEL 6 has the word redhat_ before it.
THP_MODE = "/sys/kernel/mm/*transparent_hugepage/enabled"

#: The manifest: every source, most telling first, since the end of a long transcript is what gets cut.
MANIFEST = (
    (_file("/proc/buddyinfo"),)
    + tuple(_file("/proc/sys/vm/" + name) for name in KEYS)
    + (_file("/proc/meminfo"),)
    + tuple(_file("/proc/sys/vm/" + name) for name in TUNING)
    + (
        _file(THP_MODE),
        _file("/proc/sys/kernel/tainted"),
        _file("/proc/uptime"),
        _file(RECORD),
        # in a report these may be links to others, and an archive's members come in any order
        _file("/etc/os-release", "usr/lib/os-release"),
        _file("/etc/oracle-release"),
        _file("/etc/redhat-release", "etc/centos-release", "etc/rocky-release", "etc/almalinux-release"),
        _file("/etc/lsb-release"),
        _file("/etc/SuSE-release"),
        _file("/etc/debian_version"),
        _file("/sys/class/net/*/mtu"),
        _file("/sys/class/net/*/operstate"),
        _file("/sys/class/net/*/bonding/slaves"),
        _file("/proc/net/vlan/config"),
        _file(SYSTEMD_CONTAINER),
        _file(FIRST_CGROUP),
        _file("/boot/grub/grub.conf", "etc/grub.conf"),
        _file("/boot/grub/menu.lst"),
        _file("/boot/efi/EFI/*/grub.conf"),
        _file("/boot/grub2/grubenv", "boot/efi/EFI/*/grubenv"),
        _file("/boot/grub/grubenv"),
        _file("/etc/default/grub"),
        _file("/boot/loader/entries/*.conf"),
        _lines("/etc/sysctl.conf"),
        _lines("/etc/sysctl.d/*"),
        _lines("/run/sysctl.d/*.conf"),
        _lines("/usr/lib/sysctl.d/*.conf"),
        _lines("/proc/vmstat"),
        _lines("/proc/zoneinfo"),
        _lines("/proc/modules"),
        _lines("/proc/net/route"),
        _lines("/proc/net/ipv6_route"),
        _lines("/proc/stat"),
        _lines("/boot/grub2/grub.cfg", "etc/grub2.cfg"),
        _lines("/boot/efi/EFI/*/grub.cfg"),
        _lines("/boot/grub/grub.cfg"),
        _link("/sys/class/net/*/device/driver"),
        _link("/sys/class/net/*/lower_*"),
        _link("/sys/class/net/*/brif/*"),
        Source("$uname", "command", ("sos_commands/kernel/uname_-a", "uname")),
        _own("$getconf", "getconf_PAGESIZE"),
        _own(CONTAINER, "container"),
        Source("$ethtool/*", "command", ("sos_commands/networking/ethtool_-i_*",)),
        _own("$modinfo/*", "modinfo_*"),
        Source("$module_version/*", "command", ()),
        _own("$kernels", "kernels"),
        _own("$grubby", "grubby_--default-kernel"),
        Source(
            "$dmesg",
            "command",
            (
                "sos_commands/kernel/dmesg",
                "sos_commands/kernel/dmesg_-T",
                "sos_commands/general/dmesg_now",
                "sos_commands/general/dmesg",
                "dmesg",
            ),
        ),
        Source(
            "$journal",
            "command",
            (
                "sos_commands/logs/journalctl_--no-pager_--boot",
                "sos_commands/logs/journalctl_--no-pager_--catalog_--boot",
                "sos_commands/logs/journalctl_--all_--this-boot_--no-pager",
                "sos_commands/logs/journalctl_--no-pager",
                "sos_strings/logs/journalctl_--no-pager_--boot.tailed",
                "sos_strings/logs/journalctl_--no-pager_--catalog_--boot.tailed",
                "sos_strings/logs/journalctl_--all_--this-boot_--no-pager.tailed",
                "sos_strings/logs/journalctl_--no-pager.tailed",
            ),
        ),
        _syslog("messages"),
        _syslog("kern.log"),
        _syslog("syslog"),
        Source("$vmcore-dmesg", "command", ("var/crash/*/vmcore-dmesg.txt",)),
    )
)

#: What every kernel has, and none of them empty: where a transcript has no line of it, it was not asked for.
NEVER_EMPTY = frozenset(
    entry.source for entry in MANIFEST if entry.kind == "file" and entry.source.startswith("/proc/") and entry.source != FIRST_CGROUP
) | frozenset(("/proc/vmstat", "/proc/zoneinfo", "/proc/stat"))

#: Only on request: reading it holds every zone's lock while the kernel walks all free lists.
PAGETYPEINFO = _file("/proc/pagetypeinfo")

#: What a host in trouble is asked a second time (gather/sh/deep.sh). Commands: what they print is cut there, or of another moment.
DEEP = (
    Source("$slabinfo", "command", ("proc/slabinfo",)),
    Source("$pagetypeinfo", "command", ("proc/pagetypeinfo",)),
    _file("/sys/class/net/*/mode"),
) + tuple(Source("$ethtool_%s/*" % flag, "command", ("sos_commands/networking/ethtool_-%s_*" % flag,)) for flag in "glkS")
#: Where a transcript keeps why the second look gave nothing.
DEEP_FAILED = "$deep"
#: What zoneinfo has a line of for each processor and zone: the pages in a processor's list. Not asked of a host with more processors
#: than MOST_LISTS, whose lines alone could fill a transcript.
LISTS_WANTED = "count:"
MOST_LISTS = 512

#: The counters of ``ethtool -S`` that are of memory, as one extended regular expression of grep, whatever the case.
COUNTERS = "alloc.{0,40}(fail|err|disc)|(fail|err).{0,40}alloc|no_?(p?buf|skb|mem|dma)|out_of_buf|post_fail"

#: The lines wanted of long files, as one extended regular expression of grep.
LINES_WANTED = "|".join(
    (
        # zoneinfo: the zone heads and the counters that decide; "high:" of the per-CPU lists is left out
        "^Node",
        "^ +(pages free|min|low|high|present|managed) +[0-9]",
        "^ +protection:",
        "^ +nr_free_(cma|highatomic|pages) ",
        # vmstat: waits, compaction, reclaim, kills, and the pages of zram and zswap
        "^(allocstall|compact_(stall|fail|success) |pgs(can|teal)_(kswapd|direct)|oom_kill |kswapd_.*quickly|nr_zspages)",
        # sysctl.conf and its like: the settings of the workaround
        # how the names begin is enough: parse_settings looks at all of them, and the probe must stay short
        r"^[[:space:]]*(-[[:space:]]*)?vm[./](%s)[a-z_]*[[:space:]]*=" % "|".join(key[:6] for key in KEYS),
        # /proc/modules: tainted ones end in their letters
        r"\([A-Z+-]+\)$",
        # routes: default ones
        "^[^[:space:]]+[[:space:]]00000000[[:space:]]",
        "^0{32} 00 ",
        # /proc/stat: when the kernel booted
        "^btime ",
        # grub.cfg: entries, their kernels, the default, and whether it reads the entries that are files of their own
        "^[[:space:]]*(menuentry|submenu|linux(16|efi)?|set default=|blscfg)",
    )
)
