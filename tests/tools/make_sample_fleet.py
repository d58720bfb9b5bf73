# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the sample fleet: transcripts as the probe would bring them from hosts of the story and around it.

No customer's data: composed from the formats in the kernel's sources, the figures of the seed and those in DOMAIN.md. Run it
with the folder to write to; a test holds its output equal to what is bundled in playbooks/sample_fleet.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

PAGE_KB = 4
HEAD, END = "pagealloc-evidence 1 sample", "pagealloc-evidence end sample"
BOOTED = 1363600000  # 18 March 2013, 09:46:40 UTC
WORKAROUND = BOOTED + 90_000
MARK_TOKEN = "5f0c2d9a417be836"


@dataclass
class Zone:
    """A zone: its size, its free blocks by order, padded with zeroes to eleven."""

    name: str
    pages: int
    blocks: list[int]
    node: int = 0

    def free_blocks(self) -> list[int]:
        return self.blocks + [0] * (11 - len(self.blocks))

    def free_pages(self) -> int:
        return sum(count << order for order, count in enumerate(self.blocks))


@dataclass
class Host:
    """What differs from host to host; everything else follows from it."""

    release: str
    redhat: str = ""
    os_release: str = ""
    driver: str = "mlx4_en"
    bus_driver: str = "mlx4_core"
    driver_version: str = "2.0 (Dec 2011)"
    firmware: str = "2.11.500"
    module_dir: str = "kernel/drivers/net/mlx4"
    nics: tuple[str, ...] = ("eth0",)
    bond: str = ""
    zones: list[Zone] = field(default_factory=list)
    min_free_kbytes: int = 67584
    zone_reclaim_mode: int = 0
    installed: tuple[str, ...] = ()
    default: str = ""
    taint: int = 0
    log: list[str] = field(default_factory=list)
    denied_log: bool = False
    no_ethtool: bool = False
    cgroup: str = ""
    modules: tuple[str, ...] = ()
    workaround_step: int = 0


def healthy(gib: int, node: int = 0, dma: bool = True) -> list[Zone]:
    """The zones of a node with memory to spare in blocks of every order."""
    low = [Zone("DMA", 3959, [1, 1, 1, 0, 2, 1, 1, 0, 1, 0, 3], node)]
    low.append(Zone("DMA32", 741887, [212, 180, 164, 140, 121, 96, 61, 33, 18, 9, 82], node))
    normal = Zone("Normal", gib * 262144 - 1048576 if dma else gib * 262144, [900, 720, 610, 505, 380, 240, 130, 70, 33, 15, 240], node)
    return (low if dma else []) + [normal]


def starving(gib: int, node: int = 0, dma: bool = True) -> list[Zone]:
    """The zones of a node whose free memory is all in single pages and pairs."""
    low = [Zone("DMA", 3959, [1, 0, 1, 1, 2, 1, 1, 0, 1, 0, 3], node), Zone("DMA32", 741887, [9120, 2310, 5], node)]
    normal = Zone("Normal", gib * 262144 - 1048576 if dma else gib * 262144, [31840, 6122, 2], node)
    return (low if dma else []) + [normal]


def watermarks(zones: list[Zone], min_free_kbytes: int) -> list[tuple[int, int, int]]:
    """(min, low, high) per zone, as setup_per_zone_wmarks shares min_free_kbytes out by size."""
    total = sum(zone.pages for zone in zones)
    mins = [min_free_kbytes // PAGE_KB * zone.pages // total for zone in zones]
    return [(low, low + low // 4, low + low // 2) for low in mins]


def reserve(zones: list[Zone], zone: Zone) -> list[int]:
    """protection: what a zone keeps from requests that a higher zone of its node could serve, 1/256 of that zone."""
    names = ["DMA", "DMA32", "Normal", "Movable"]
    place = names.index(zone.name)
    higher = [sum(z.pages for z in zones if z.node == zone.node and place < names.index(z.name) <= i) for i in range(4)]
    return [pages // 256 if i > place else 0 for i, pages in enumerate(higher)]


def memory_lines(host: Host) -> list[str]:
    """buddyinfo, meminfo, the sysctls and zoneinfo."""
    lines = []
    for zone in host.zones:
        columns = "".join(f" {count:6d}" for count in zone.free_blocks())
        lines.append(f"/proc/buddyinfo:Node {zone.node}, zone {zone.name:>8s}{columns} ")
    lines += [f"/proc/sys/vm/min_free_kbytes:{host.min_free_kbytes}", f"/proc/sys/vm/zone_reclaim_mode:{host.zone_reclaim_mode}"]
    lines += [f"/proc/sys/kernel/tainted:{host.taint}", "/proc/uptime:1036800.42 12441601.10"]
    lines += workaround_lines(host)
    lines += [
        f"/proc/meminfo:{name + ':':<16}{number:>8}{'' if name == 'HugePages_Total' else ' kB'}" for name, number in meminfo(host).items()
    ]
    lines += [f"/proc/vmstat:{name} {number}" for name, number in vmstat(host).items()]
    for zone, (low, mid, high) in zip(host.zones, watermarks(host.zones, host.min_free_kbytes), strict=True):
        info = [f"Node {zone.node}, zone {zone.name:>8s}", f"  pages free     {zone.free_pages()}"]
        info += [f"        min      {low}", f"        low      {mid}", f"        high     {high}"]
        info += [f"        present  {zone.pages}"]
        if is_modern(host):
            info.append(f"        managed  {zone.pages * 98 // 100}")
        info += [f"    nr_free_pages {zone.free_pages()}"]
        info += [f"        protection: ({', '.join(map(str, reserve(host.zones, zone)))})"]
        lines += [f"/proc/zoneinfo:{line}" for line in info]
    return lines


def is_leaking(host: Host) -> bool:
    """The fault of the story: its driver, and no free block of order 4 or more beyond zone DMA."""
    return host.driver == "mlx4_en" and not any(count for zone in host.zones if zone.name != "DMA" for count in zone.blocks[4:])


def meminfo(host: Host) -> dict[str, int]:
    """Where memory went: a fifth and a quarter of it page cache, processes what is left, and on hosts that leak a fifth of it nobody's."""
    total_kb = sum(zone.pages for zone in host.zones) * PAGE_KB
    free_kb = sum(zone.free_pages() for zone in host.zones) * PAGE_KB
    files_kb, slab_kb = total_kb // 5 + total_kb // 4, total_kb // 60 + total_kb // 90
    stacks_kb, tables_kb = total_kb // 900, total_kb // 300
    lost_kb = total_kb // 5 if is_leaking(host) else total_kb // 80
    processes_kb = total_kb - free_kb - files_kb - slab_kb - stacks_kb - tables_kb - lost_kb
    found = {
        "MemTotal": total_kb, "MemFree": free_kb, "Buffers": total_kb // 50, "Cached": files_kb - total_kb // 50 + 8192, "SwapCached": 0,
        "Active(anon)": processes_kb * 3 // 4, "Inactive(anon)": processes_kb - processes_kb * 3 // 4,
        "Active(file)": total_kb // 5, "Inactive(file)": total_kb // 4, "Unevictable": 0, "Mlocked": 0,
        "SwapTotal": 4194300, "SwapFree": 4194300, "AnonPages": processes_kb - 8192, "Shmem": 8192,
        "Slab": slab_kb, "SReclaimable": total_kb // 60, "SUnreclaim": total_kb // 90,
        "KernelStack": stacks_kb, "PageTables": tables_kb, "Bounce": 0, "WritebackTmp": 0,
        "VmallocTotal": 34359738367, "VmallocUsed": 340116, "VmallocChunk": 34350810220,
        "HardwareCorrupted": 0, "HugePages_Total": 0, "Hugepagesize": 2048,
    }  # fmt: skip
    if is_modern(host):
        found |= {"MemAvailable": free_kb * 2, "VmallocUsed": 0, "VmallocChunk": 0}
    return found


def vmstat(host: Host) -> dict[str, int]:
    """What the kernel had to do for memory: much where it has none in large blocks."""
    stalls = 871 if is_leaking(host) else 0
    return {"allocstall": stalls * 2, "compact_stall": stalls, "compact_fail": stalls, "compact_success": 0}


def workaround_lines(host: Host) -> list[str]:
    """The record of the workaround role and its settings, where it was applied."""
    record = "/var/lib/fleetcare-pagealloc/workaround"
    if not host.workaround_step:
        return [f"!grep: {record}: No such file or directory"]
    values = {
        "format": 1,
        "phase": "in_force",
        "original_min_free_kbytes": 67584,
        "original_zone_reclaim_mode": 0,
        "step": host.workaround_step,
        "min_free_kbytes": host.min_free_kbytes,
        "zone_reclaim_mode": host.zone_reclaim_mode,
        "since_epoch_seconds": WORKAROUND,
        "mark": MARK_TOKEN,
        "end": 1,
    }
    settings = "/etc/sysctl.d/zz-fleetcare-pagealloc.conf"
    return [
        *(f"{record}:{name}={value}" for name, value in values.items()),
        *(f"{settings}:vm.{name} = {values[name]}" for name in ("min_free_kbytes", "zone_reclaim_mode")),
    ]


def is_modern(host: Host) -> bool:
    return not host.release.startswith("2.6.")


def system_lines(host: Host) -> list[str]:
    """Distribution, uname, boot loader and packages."""
    lines = []
    for path, text in (("/etc/os-release", host.os_release), ("/etc/redhat-release", host.redhat)):
        lines += [f"{path}:{line}" for line in text.splitlines()] or [f"!grep: {path}: No such file or directory"]
    if "uek" in host.release:
        lines.append("/etc/oracle-release:Oracle Linux Server release 6.4")
    lines.append(f"/proc/stat:btime {BOOTED}")
    lines.append(f"$uname:Linux sample {host.release} #1 SMP Tue Jan 29 11:47:41 EST 2013 x86_64 x86_64 x86_64 GNU/Linux")
    lines.append("$getconf:4096")
    lines += [f"/proc/1/cgroup:{host.cgroup}"] if host.cgroup else []
    package = "linux-image" if "amd64" in host.release else "kernel-uek" if "uek" in host.release else "kernel"
    lines += [f"$kernels:{package} {release}" for release in host.installed or (host.release,)]
    lines.append(f"$grubby:/boot/vmlinuz-{host.default or host.release}")
    return lines


def nic_lines(host: Host) -> list[str]:
    """sysfs, routes, ethtool and modinfo."""
    lines = []
    names = ("lo", *host.nics, *((host.bond,) if host.bond else ()))
    lines += [f"/sys/class/net/{name}/mtu:{65536 if name == 'lo' else 1500}" for name in names]
    lines += [f"/sys/class/net/{name}/operstate:{'unknown' if name == 'lo' else 'up'}" for name in names]
    lines += [f"/sys/class/net/{nic}/device/driver:../../../../bus/pci/drivers/{host.bus_driver}" for nic in host.nics]
    lines.append(f"/proc/net/route:{host.bond or host.nics[0]}\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0")
    lines += [f"/proc/modules:{line}" for line in host.modules]
    if host.bond:
        lines.append(f"/sys/class/net/{host.bond}/bonding/slaves:{' '.join(host.nics)}")
        lines += [f"$ethtool/{host.bond}:driver: bonding", f"$ethtool/{host.bond}:version: 3.6.0"]
    if host.no_ethtool:
        return [*lines, "!$ethtool:no such command"]
    for nic in host.nics:
        lines += [f"$ethtool/{nic}:driver: {host.driver}", f"$ethtool/{nic}:version: {host.driver_version}"]
        lines += [f"$ethtool/{nic}:firmware-version: {host.firmware}", f"$ethtool/{nic}:bus-info: 0000:06:00.0"]
    module = host.driver.split()[0]
    lines.append(f"$modinfo/{module}:/lib/modules/{host.release}/{host.module_dir}/{module}.ko")
    return lines


def log_lines(host: Host) -> list[str]:
    """The kernel log as the probe's filter leaves it."""
    if host.denied_log:
        return [
            "!$dmesg:dmesg: read kernel buffer failed: Operation not permitted",
            "!$journal:No journal files were opened due to insufficient permissions.",
            "!$messages:tail: cannot open '/var/log/messages' for reading: Permission denied",
        ]
    boot = f"[    0.000000] Linux version {host.release} (mockbuild@build.example) #1 SMP"
    return [f"$dmesg:{line}" for line in (boot, *host.log)]


def el6_failure(seconds: float, process: str, pid: int, release: str, module: str, taint: str = "Not tainted") -> list[str]:
    """What 2.6.32 logs of a failed order-2 request in the driver's receive path."""
    stamp = f"[{seconds:12.6f}] "
    text = [
        f"{process}: page allocation failure. order:2, mode:0x4020",
        f"Pid: {pid}, comm: {process} {taint} {release} #1",
        "Call Trace:",
        " <IRQ>  [<ffffffff8112c197>] ? __alloc_pages_nodemask+0x757/0x8d0",
        f" [<ffffffffa0254f3c>] ? {module}_alloc_frags+0x5c/0x190 [{module}]",
        f" [<ffffffffa0255571>] ? {module}_process_rx_cq+0x441/0xa50 [{module}]",
        " [<ffffffff8144a7a3>] ? net_rx_action+0x103/0x2f0",
    ]
    return [stamp + line for line in text]


def modern_failure(seconds: float, process: str, release: str, module: str) -> list[str]:
    """What Linux 6 logs of one."""
    stamp = f"[{seconds:12.6f}] "
    mode = "0x40a20(GFP_ATOMIC|__GFP_COMP)"
    text = [
        f"{process}: page allocation failure: order:2, mode:{mode}, nodemask=(null),cpuset=/,mems_allowed=0",
        f"CPU: 3 PID: 0 Comm: {process} Not tainted {release} #1  Debian 6.1.106-3",
        "Call Trace:",
        " <IRQ>",
        " __alloc_pages_slowpath.constprop.0+0xd1a/0xd90",
        f" {module}_alloc_rx_buffers+0x1a4/0x2f0 [{module}]",
        " net_rx_action+0x29b/0x2f0",
    ]
    return [stamp + line for line in text]


RHEL = "Red Hat Enterprise Linux Server release {} ({})"
EL6 = ".el6.x86_64"
EL64 = "2.6.32-358" + EL6
Z_STREAM = "2.6.32-358.23.2" + EL6
EL65 = "2.6.32-431" + EL6
UEK = "2.6.39-400.17.1.el6uek.x86_64"
SEED_ZONES = [
    # the seed's own lines: what it prints as [..] is taken as none here
    Zone("DMA", 3959, [1, 0, 1, 1]),
    Zone("DMA32", 741887, [8, 7, 5, 7]),
    Zone("Normal", 3145728, [9539, 4328, 7412, 2374]),
]


def fleet() -> dict[str, Host]:
    """Host -> what it is like; the name tells the case."""
    santiago = {"redhat": RHEL.format("6.4", "Santiago"), "zones": healthy(16)}
    seed_log = el6_failure(845211.4, "swapper", 0, Z_STREAM, "mlx4_en") + el6_failure(861004.9, "oracle", 4711, Z_STREAM, "mlx4_en")
    vendor = "vendorfs 812345 2 - Live 0xffffffffa0400000 (P)"
    taint = "Tainted: P           ---------------   "
    return {
        "db01-el63": Host("2.6.32-279" + EL6, RHEL.format("6.3", "Santiago"), zones=healthy(16), driver_version="1.5.10 (Jan 2013)"),
        "db02-el64": Host(EL64, **santiago),
        "db03-el64-seed": Host(Z_STREAM, RHEL.format("6.4", "Santiago"), zones=SEED_ZONES, log=seed_log),
        "db04-el64-numa-mitigated": Host(
            EL64,
            RHEL.format("6.4", "Santiago"),
            zones=healthy(32) + healthy(32, node=1, dma=False),
            min_free_kbytes=1048576,
            zone_reclaim_mode=1,
            workaround_step=3,
            log=[
                *el6_failure(89211.4, "swapper", 0, EL64, "mlx4_en"),
                f"[90000.000000] fleetcare.pagealloc: workaround in force (step 3, {MARK_TOKEN})",
            ],
        ),
        "db05-el65": Host(EL65, RHEL.format("6.5", "Santiago"), zones=healthy(16)),
        "db06-el64-reboot": Host(Z_STREAM, **santiago, installed=(Z_STREAM, EL65), default=EL65),
        "web07-el64-bond": Host(
            "2.6.32-358.2.1" + EL6, RHEL.format("6.4", "Santiago"), nics=("eth2", "eth3"), bond="bond0", zones=starving(16)
        ),
        "hpc08-el64-ofed": Host(
            EL64,
            **santiago,
            module_dir="extra/mlnx-ofa_kernel/drivers/net/ethernet/mellanox/mlx4",
            driver_version="2.1-1.0.0 (Jan 22 2014)",
        ),
        "ora09-uek": Host(UEK, **santiago, driver="mlx4_en (MT_0DD0120009_CX3)", driver_version="1.5.8 (June 2012)"),
        "app10-el7": Host(
            "3.10.0-1160.el7.x86_64",
            RHEL.format("7.9", "Maipo"),
            'ID="rhel"\nVERSION_ID="7.9"\nPRETTY_NAME="Red Hat Enterprise Linux Server 7.9 (Maipo)"',
            driver="ixgbe",
            bus_driver="ixgbe",
            driver_version="5.1.0-k-rh7.7",
            module_dir="kernel/drivers/net/ethernet/intel/ixgbe",
            zones=healthy(32),
        ),
        "app11-el9": Host(
            "5.14.0-427.13.1.el9_4.x86_64",
            "Red Hat Enterprise Linux release 9.4 (Plow)",
            'ID="rhel"\nVERSION_ID="9.4"\nPRETTY_NAME="Red Hat Enterprise Linux 9.4 (Plow)"',
            driver="mlx5_core",
            bus_driver="mlx5_core",
            driver_version="5.14.0-427.13.1.el9_4.x86_64",
            firmware="22.39.2048 (MT_0000000359)",
            module_dir="kernel/drivers/net/ethernet/mellanox/mlx5/core",
            nics=("ens1f0np0",),
            zones=healthy(64),
        ),
        "ci12-debian12": Host(
            "6.1.0-25-amd64",
            os_release='ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"',
            driver="bnx2x",
            bus_driver="bnx2x",
            driver_version="6.1.0-25-amd64",
            firmware="bc 7.13.75",
            module_dir="kernel/drivers/net/ethernet/broadcom/bnx2x",
            nics=("eno1",),
            cgroup="0::/system.slice/docker-5d1c.scope",  # a runner that was given its machine's network
            zones=starving(16),
            log=modern_failure(7211.05, "swapper/3", "6.1.0-25-amd64", "bnx2x"),
        ),
        "db13-el64-numa": Host(
            "2.6.32-358.18.1" + EL6,
            RHEL.format("6.4", "Santiago"),
            zones=starving(64) + starving(64, node=1, dma=False) + starving(64, node=2, dma=False) + starving(64, node=3, dma=False),
            min_free_kbytes=90112,
            log=el6_failure(912340.2, "kworker/u16:3", 311, "2.6.32-358.18.1" + EL6, "mlx4_en"),
        ),
        "edge14-no-ethtool": Host(EL64, **santiago, no_ethtool=True),
        "sec15-denied-dmesg": Host(
            "4.18.0-553.el8_10.x86_64",
            "Red Hat Enterprise Linux release 8.10 (Ootpa)",
            'ID="rhel"\nVERSION_ID="8.10"\nPRETTY_NAME="Red Hat Enterprise Linux 8.10 (Ootpa)"',
            driver="i40e",
            bus_driver="i40e",
            driver_version="4.18.0-553.el8_10.x86_64",
            module_dir="kernel/drivers/net/ethernet/intel/i40e",
            zones=healthy(16),
            denied_log=True,
        ),
        "fs16-el64-vendor-module": Host(
            EL64,
            RHEL.format("6.4", "Santiago"),
            zones=starving(32),
            taint=1,
            modules=(vendor,),
            log=el6_failure(402211.7, "vendorfs_io", 2210, EL64, "mlx4_en", taint),
        ),
    }


def bystanders() -> dict[str, Host]:
    """What the engineers of the story laid side by side: more hosts with the fault, the same kernel with other NICs, and the
    same NIC with the kernels before and after. Versions, firmware and memory vary across all three."""
    builds = ("358", "358.2.1", "358.18.1", "358.23.2")
    hosts = {}
    for number, driver_version in enumerate(("1.5.10 (Jan 2013)", "2.0 (Dec 2011)") * 3):
        release = f"2.6.32-{builds[number % 4]}{EL6}"
        hosts[f"db{20 + number}-el64"] = Host(
            release,
            RHEL.format("6.4", "Santiago"),
            driver_version=driver_version,
            firmware=_mlx4_firmware(number),
            zones=starving(16 << number % 3),
            log=el6_failure(512340.7 + 8111 * number, "swapper", 0, release, "mlx4_en"),
        )
    others = {"6.3": ("279", "279.22.1", "279.5.2"), "6.5": ("431", "431.3.1", "431.20.3", "431.29.2")}
    for number, (minor, build) in enumerate((minor, build) for minor, builds_of in others.items() for build in builds_of):
        hosts[f"db{30 + number}-el{minor.replace('.', '')}"] = Host(
            f"2.6.32-{build}{EL6}",
            RHEL.format(minor, "Santiago"),
            driver_version=("1.5.10 (Jan 2013)", "2.0 (Dec 2011)")[number % 2],
            firmware=_mlx4_firmware(number),
            zones=healthy(16 << number % 3),
        )
    for number, (driver, version, firmware) in enumerate(OTHER_NICS):
        hosts[f"web{20 + number}-el64-{driver}"] = Host(
            f"2.6.32-{builds[number % 4]}{EL6}",
            RHEL.format("6.4", "Santiago"),
            driver=driver,
            bus_driver=driver,
            driver_version=version,
            firmware=firmware,
            module_dir=f"kernel/drivers/net/{driver}",
            zones=healthy(16 << number % 3),
        )
    return hosts


def _mlx4_firmware(number: int) -> str:
    return ("2.10.700", "2.11.500", "2.11.500")[number % 3]


#: Driver, version and firmware of NICs that a RHEL 6.4 host may have instead.
OTHER_NICS = (
    ("ixgbe", "3.9.15-k", "0x61c10001"),
    ("bnx2x", "1.72.51-0", "bc 7.4.22"),
    ("tg3", "3.124", "5720-v1.25"),
    ("igb", "4.0.1-k", "1.5.4"),
    ("be2net", "4.4.31.0r", "4.2.324.30"),
    ("ixgbe", "3.9.15-k", "0x61c10001"),
    ("bnx2x", "1.72.51-0", "bc 7.6.59"),
    ("igb", "4.0.1-k", "1.5.4"),
)

#: Hosts that gave nothing, and what ssh said.
UNREACHED = {
    "db17-stalled": "Failed to connect to the host via ssh: Connection timed out during banner exchange",
    "db18-down": "Failed to connect to the host via ssh: ssh: connect to host db18-down port 22: No route to host",
}


def transcripts() -> dict[str, str]:
    """Host -> its transcript."""
    texts = {}
    for name, host in {**fleet(), **bystanders()}.items():
        lines = [HEAD, *memory_lines(host), *system_lines(host), *nic_lines(host), *log_lines(host), END]
        texts[name] = "\n".join(lines) + "\n"
    for name, message in UNREACHED.items():
        texts[name] = f"{HEAD}\n!$connection:{message}\n{END}\n"
    return texts


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in transcripts().items():
        (folder / f"{name}.evidence").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
