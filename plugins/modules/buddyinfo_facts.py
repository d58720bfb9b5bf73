#!/usr/bin/python
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Free blocks, watermarks and allocation failures of a host, as facts."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: buddyinfo_facts
short_description: Free blocks, watermarks and allocation failures of a host, as facts
version_added: 0.1.0
author: The fleetcare.pagealloc contributors (@fleetcare)
description:
  - Reads the free blocks of every memory zone, their watermarks, the sysctls that set them, and the page allocation
    failures in the kernel log.
  - The module runs the collection's probe through C(/bin/sh) of the target and parses its output there. Use
    M(fleetcare.pagealloc.gather) for targets without Python, and for all facts in one round trip.
options:
  pagetypeinfo:
    description:
      - Whether to read C(/proc/pagetypeinfo) too. The kernel holds the lock of each zone while it counts. On a host with many free blocks,
        this slows down other work.
    type: bool
    default: false
extends_documentation_fragment:
  - fleetcare.pagealloc.attributes.no_diff
  - fleetcare.pagealloc.attributes.facts
  - fleetcare.pagealloc.attributes.reads_only
seealso:
  - module: fleetcare.pagealloc.gather
  - plugin: fleetcare.pagealloc.classify
    plugin_type: filter
"""

EXAMPLES = r"""
- name: See how many order-2 blocks each zone has left
  hosts: all
  gather_facts: false
  tasks:
    - name: Read buddyinfo and its relatives
      fleetcare.pagealloc.buddyinfo_facts:

    - name: Show the free blocks of 16 kB
      ansible.builtin.debug:
        msg: "{{ item.zone }} on node {{ item.node }} has {{ item.free_blocks[2] }}"
      loop: "{{ ansible_facts.pagealloc.zones }}"

- name: The same among the facts of a play
  hosts: all
  gather_facts: true
  vars:
    ansible_facts_modules: [ansible.builtin.setup, fleetcare.pagealloc.buddyinfo_facts]
  tasks:
    - name: Show what the kernel log says
      ansible.builtin.debug:
        var: ansible_facts.pagealloc.failures
"""

RETURN = r"""
ansible_facts:
  description: Facts that are merged with those of the host.
  returned: always
  type: dict
  contains:
    pagealloc:
      description: The facts. A value is null if it is not known, and RV(ansible_facts.pagealloc.unavailable) then says why.
      returned: always
      type: dict
      contains:
        zones:
          description: The memory zones of every node, in the order of C(/proc/buddyinfo).
          type: list
          elements: dict
          returned: always, null if C(/proc/buddyinfo) could not be read
          sample:
            - node: 0
              zone: Normal
              free_blocks: [9539, 4328, 7412, 2374, 0, 0, 0, 0, 0, 0, 0]
              free_pages: 66835
              min_pages: 11263
              low_pages: 14078
              high_pages: 16894
              managed_pages: null
              present_pages: 3145728
              lowmem_reserve_pages: [0, 0, 0, 0]
              free_cma_pages: null
              free_highatomic_pages: null
              per_cpu_list_pages: 1287
          contains:
            node:
              description: Number of the NUMA node.
              type: int
            zone:
              description: Name of the zone.
              type: str
            free_blocks:
              description: Free blocks by order, the block of order k being 2 to the power of k pages. From C(/proc/buddyinfo).
              type: list
              elements: int
            free_pages:
              description: Free pages, from C(/proc/zoneinfo).
              type: int
            min_pages:
              description: The watermark below which the kernel serves only atomic requests, in pages. From C(/proc/zoneinfo).
              type: int
            low_pages:
              description: The watermark at which reclaim starts, in pages. From C(/proc/zoneinfo).
              type: int
            high_pages:
              description: The watermark at which reclaim stops, in pages. From C(/proc/zoneinfo).
              type: int
            managed_pages:
              description: Pages that the allocator manages; null before Linux 3.8. From C(/proc/zoneinfo).
              type: int
            present_pages:
              description: Size of the zone, in pages. From C(/proc/zoneinfo).
              type: int
            lowmem_reserve_pages:
              description: Pages reserved against requests that a higher zone could serve, by class zone. From C(/proc/zoneinfo).
              type: list
              elements: int
            free_cma_pages:
              description: Free pages of the contiguous memory allocator, which drivers cannot use; null if the kernel does not print it.
              type: int
            free_highatomic_pages:
              description: Free pages reserved for atomic requests of high order; null if the kernel does not print it.
              type: int
            per_cpu_list_pages:
              description:
                - Free pages that the processors keep in lists of their own. They are not in RV(ansible_facts.pagealloc.zones[].free_pages).
                - Null where the lists were not read, as on a host with more than 512 processors. From C(/proc/zoneinfo).
              type: int
        page_size_bytes:
          description: The size of a page, in bytes. From C(getconf PAGESIZE).
          type: int
          returned: always, null if it is not known
          sample: 4096
        memory:
          description: What C(/proc/meminfo) says, in kB, except two counts of pages. A value is null if this kernel does not print it.
          type: dict
          returned: always, null if C(/proc/meminfo) could not be read
          sample:
            total_kb: 16334076
            free_kb: 267408
            available_kb: null
            buffers_kb: 180412
            cached_kb: 9711040
            swap_cached_kb: 0
            active_anon_kb: 2214400
            inactive_anon_kb: 180224
            active_file_kb: 5120332
            inactive_file_kb: 4730116
            unevictable_kb: 0
            mlocked_kb: 0
            swap_total_kb: 4194300
            swap_free_kb: 4194300
            anonymous_kb: 2353616
            shmem_kb: 41004
            kernel_reclaimable_kb: null
            slab_kb: 512300
            reclaimable_slab_kb: 301220
            unreclaimable_slab_kb: 211080
            kernel_stack_kb: 5120
            page_tables_kb: 21344
            secondary_page_tables_kb: null
            bounce_kb: 0
            writeback_temporary_kb: 0
            vmalloc_total_kb: 34359738367
            vmalloc_used_kb: 340116
            vmalloc_chunk_kb: 34350810220
            per_cpu_kb: null
            hardware_corrupted_kb: 0
            balloon_kb: null
            cma_total_kb: null
            cma_free_kb: null
            huge_pages: 0
            huge_pages_free: 0
            huge_page_kb: 2048
            hugetlb_kb: null
          contains:
            total_kb:
              description: All memory.
              type: int
            free_kb:
              description: Free memory.
              type: int
            available_kb:
              description: Memory available without swapping; null before Linux 3.14.
              type: int
            buffers_kb:
              description: Page cache of block devices.
              type: int
            cached_kb:
              description: Page cache of files, with shared memory.
              type: int
            swap_cached_kb:
              description: Pages in memory that are in swap too.
              type: int
            active_anon_kb:
              description: Memory of processes and shared memory, in recent use.
              type: int
            inactive_anon_kb:
              description: The same, not in recent use.
              type: int
            active_file_kb:
              description: >-
                Page cache in recent use. With the next value it gives the available memory of an older kernel
                and C(reclaimable_slab_kb).
              type: int
            inactive_file_kb:
              description: Page cache not in recent use.
              type: int
            unevictable_kb:
              description: Memory that cannot be reclaimed, such as memory that processes locked.
              type: int
            mlocked_kb:
              description: Memory that processes locked.
              type: int
            swap_total_kb:
              description: All swap.
              type: int
            swap_free_kb:
              description: Free swap.
              type: int
            anonymous_kb:
              description: Memory of processes that does not belong to a file.
              type: int
            shmem_kb:
              description: Shared memory and tmpfs.
              type: int
            kernel_reclaimable_kb:
              description: All memory that the kernel could free, reclaimable slab and more. Since Linux 4.20.
              type: int
            slab_kb:
              description: Kernel caches.
              type: int
            reclaimable_slab_kb:
              description: Kernel caches that can be freed.
              type: int
            unreclaimable_slab_kb:
              description: Kernel caches that cannot be freed.
              type: int
            kernel_stack_kb:
              description: Stacks of threads in the kernel.
              type: int
            page_tables_kb:
              description: Page tables.
              type: int
            secondary_page_tables_kb:
              description: Page tables of virtual machines and devices. Since Linux 6.0.
              type: int
            bounce_kb:
              description: Buffers for devices that reach only low memory.
              type: int
            writeback_temporary_kb:
              description: Copies that FUSE writes.
              type: int
            vmalloc_total_kb:
              description: Address space for vmalloc.
              type: int
            vmalloc_used_kb:
              description: Before Linux 4.4 the address space in use, then always 0, since 5.3 the pages in use.
              type: int
            vmalloc_chunk_kb:
              description: The largest gap in that address space; always 0 since Linux 4.4.
              type: int
            per_cpu_kb:
              description: Memory of per-CPU variables. Since Linux 4.20.
              type: int
            hardware_corrupted_kb:
              description: Pages that failed.
              type: int
            balloon_kb:
              description: Memory that a balloon driver returned to the hypervisor, if the kernel counts it.
              type: int
            cma_total_kb:
              description: Areas of the contiguous memory allocator.
              type: int
            cma_free_kb:
              description: Free memory in them; part of C(free_kb).
              type: int
            huge_pages:
              description: Pages reserved as huge pages of the default size.
              type: int
            huge_pages_free:
              description: Those that nobody uses.
              type: int
            huge_page_kb:
              description: The default size of a huge page.
              type: int
            hugetlb_kb:
              description: Memory reserved as huge pages of all sizes. Since Linux 4.16.
              type: int
        vmstat:
          description: What the kernel did since boot because memory was short, from C(/proc/vmstat). A value is null if the kernel does
            not count it.
          type: dict
          returned: always, null if C(/proc/vmstat) could not be read
          sample:
            allocstall: 1204
            compact_stall: 871
            compact_fail: 866
            compact_success: 5
            pgscan_kswapd: 90213311
            pgscan_direct: 110211
            pgsteal_kswapd: null
            pgsteal_direct: null
            oom_kill: null
            kswapd_low_wmark_hit_quickly: 311
            kswapd_high_wmark_hit_quickly: 95
            nr_zspages: null
          contains:
            allocstall:
              description: How often a request had to reclaim memory first.
              type: int
            compact_stall:
              description: How often a request for a larger block had to move pages first.
              type: int
            compact_fail:
              description: How often this gave no block.
              type: int
            compact_success:
              description: How often it gave one.
              type: int
            pgscan_kswapd:
              description: Pages that kswapd looked at.
              type: int
            pgscan_direct:
              description: Pages that requests for memory looked at.
              type: int
            pgsteal_kswapd:
              description: Pages that kswapd reclaimed.
              type: int
            pgsteal_direct:
              description: Pages that requests for memory reclaimed.
              type: int
            oom_kill:
              description: Processes killed because memory ran out. Since Linux 4.13.
              type: int
            kswapd_low_wmark_hit_quickly:
              description: How often memory was low again soon after kswapd went to sleep.
              type: int
            kswapd_high_wmark_hit_quickly:
              description: How often kswapd was woken again soon after it reached its goal.
              type: int
            nr_zspages:
              description: Pages of zram and zswap now. Since Linux 4.8.
              type: int
        vm:
          description: The sysctls that decide when memory is reclaimed and how much is kept, from C(/proc/sys/vm).
          type: dict
          returned: always, null if neither could be read
          sample:
            min_free_kbytes: 67584
            zone_reclaim_mode: 0
            watermark_scale_factor: null
            watermark_boost_factor: null
            compaction_proactiveness: null
            extfrag_threshold: 500
            transparent_huge_pages: always
            boot_settings: []
          contains:
            min_free_kbytes:
              description: C(vm.min_free_kbytes), in kB.
              type: int
            zone_reclaim_mode:
              description: C(vm.zone_reclaim_mode), a bit mask; null on kernels without NUMA.
              type: int
            watermark_scale_factor:
              description: C(vm.watermark_scale_factor), ten-thousandths of a zone between its watermarks. Since Linux 4.6.
              type: int
            watermark_boost_factor:
              description: C(vm.watermark_boost_factor), ten-thousandths of the high watermark. Since Linux 5.0.
              type: int
            compaction_proactiveness:
              description: C(vm.compaction_proactiveness), 0 to 100. Since Linux 5.9.
              type: int
            extfrag_threshold:
              description: C(vm.extfrag_threshold). From this fragmentation index on, of 1000, memory is compacted and not reclaimed.
              type: int
            transparent_huge_pages:
              description: V(always), V(madvise) or V(never); null where the kernel has none.
              type: str
            boot_settings:
              description: Lines of C(/etc/sysctl.conf) and the C(sysctl.d) folders that set what the workaround may set.
              type: list
              elements: dict
              contains:
                file:
                  description: Path of the file.
                  type: str
                name:
                  description: V(min_free_kbytes), V(zone_reclaim_mode), V(watermark_scale_factor) or V(compaction_proactiveness).
                  type: str
                value:
                  description: The value as it is written there.
                  type: str
        workaround:
          description: What the workaround role recorded on the host.
          type: dict
          returned: always, null if that could not be read
          sample:
            phase: in_force
            step: 1
            min_free_kbytes: 262144
            zone_reclaim_mode: 1
            watermark_scale_factor: null
            compaction_proactiveness: null
            original_min_free_kbytes: 67584
            original_zone_reclaim_mode: 0
            original_watermark_scale_factor: null
            original_compaction_proactiveness: null
            since_epoch_seconds: 1363700000
            since: "2013-03-19T13:33:20Z"
            in_force_seconds: 946800
            mark: 5f0c2d9a417be836
          contains:
            phase:
              description: V(none) or V(in_force); V(pending) or V(leaving) after an interrupted run.
              type: str
            step:
              description: The step in force, counted from 1.
              type: int
            min_free_kbytes:
              description: C(vm.min_free_kbytes) of that step, in kB.
              type: int
            zone_reclaim_mode:
              description: C(vm.zone_reclaim_mode) of that step; null if the step does not set it.
              type: int
            watermark_scale_factor:
              description: C(vm.watermark_scale_factor) of that step; null if the step does not set it.
              type: int
            compaction_proactiveness:
              description: C(vm.compaction_proactiveness) of that step; null if the step does not set it.
              type: int
            original_min_free_kbytes:
              description: C(vm.min_free_kbytes) before the first step, in kB.
              type: int
            original_zone_reclaim_mode:
              description: C(vm.zone_reclaim_mode) before the first step; null if no step sets it.
              type: int
            original_watermark_scale_factor:
              description: C(vm.watermark_scale_factor) before the first step that set it; null if no step sets it.
              type: int
            original_compaction_proactiveness:
              description: C(vm.compaction_proactiveness) before the first step that set it; null if no step sets it.
              type: int
            since_epoch_seconds:
              description: When the step came into force by the host's clock, in seconds since 1970.
              type: int
            since:
              description: The same in ISO 8601, UTC.
              type: str
            in_force_seconds:
              description: How long ago that was by the host's clock, in seconds; null if the clock says it is in the future.
              type: int
            mark:
              description: >-
                The token of the line that this step left in the kernel's log, 16 hexadecimal digits; null if a version without tokens
                applied the step.
              type: str
        failures:
          description: >-
            Page allocation failures since this boot, from the kernel log. The kernel limits their rate and can be set not to log them, so
            a count of 0 proves nothing.
          type: dict
          returned: always, null if no log could be read
          sample:
            count: 2
            by_order: {"2": 2}
            by_process: {swapper: 1, sshd: 1}
            by_driver: {mlx4_en: 2}
            groups:
              - order: 2
                atomic: true
                drivers: [mlx4_en]
                drivers_beside: []
                functions: [__alloc_pages_nodemask, mlx4_en_alloc_frag, mlx4_en_process_rx_cq]
                trace_read: true
                trusted: true
                count: 2
                last: {process: swapper, at: "2013-03-18T14:39:17Z"}
            since_workaround: null
            suppressed: 0
            untrusted: 0
            others: []
            source: dmesg
            sources: [dmesg]
            boot_seen: true
            last_crash: null
            last:
              order: 2
              mode: "0x4020"
              mode_flags: [__GFP_HIGH, __GFP_COMP]
              atomic: true
              process: swapper
              at: "2013-03-18T14:39:17Z"
              kernel: 2.6.32-358.2.1.el6.x86_64
              drivers: [mlx4_en]
            mem_info: null
          contains:
            count:
              description: How many.
              type: int
            by_order:
              description: How many by order, the order as a string.
              type: dict
            by_process:
              description: How many by the name of the running process. The name is empty if the log does not show it.
              type: dict
            by_driver:
              description: >-
                How many by driver. These are the modules in the call traces, and built-in drivers of the host's NICs whose functions are
                in a trace.
              type: dict
            groups:
              description: The failures with known details. Failures that are alike are one group.
              type: list
              elements: dict
              contains:
                order:
                  description: Order of the requests.
                  type: int
                atomic:
                  description: Whether the requests could not wait; null if that is not known.
                  type: bool
                drivers:
                  description: The drivers in their traces.
                  type: list
                  elements: str
                drivers_beside:
                  description: >-
                    The drivers in traces of others that several CPUs printed at the same time. The log does not tell whether one of these
                    traces belongs to them.
                  type: list
                  elements: str
                functions:
                  description: >-
                    Functions in their traces, in the order of the log, at most 30 of a trace and 50 in all. All traces are in one list.
                  type: list
                  elements: str
                trace_read:
                  description: >-
                    Whether their traces are in the log and RV(ansible_facts.pagealloc.failures.groups[].drivers) names all drivers in them.
                  type: bool
                trusted:
                  description: Whether they are in a log to which only the kernel writes, V(dmesg) or V(journal).
                  type: bool
                count:
                  description: How many.
                  type: int
                last:
                  description: The last of them.
                  type: dict
                  contains:
                    process:
                      description: The running process, null if the log does not show it.
                      type: str
                    at:
                      description: When, as with RV(ansible_facts.pagealloc.failures.last.at).
                      type: str
            since_workaround:
              description:
                - Failures after the workaround role applied its values.
                - Null if it did not, or if the log does not show which came after.
              type: dict
              contains:
                count:
                  description: How many.
                  type: int
                by_order:
                  description: How many of each order.
                  type: dict
                groups:
                  description: These failures, as in RV(ansible_facts.pagealloc.failures.groups).
                  type: list
                  elements: dict
            suppressed:
              description: How many more messages the kernel counted and did not print, as far as the log says so.
              type: int
            untrusted:
              description: How many of RV(ansible_facts.pagealloc.failures.count) are only in logs that users of the host can write to.
              type: int
            others:
              description: What else the kernel reported of memory. None of it is a page allocation failure.
              type: list
              elements: dict
              contains:
                kind:
                  description: >-
                    V(slab) if a cache got no memory; V(stall) if a request had to wait for long; V(oom_kill); V(order_above_max) if a
                    request was larger than the largest block; V(vmalloc) if no address space was left.
                  type: str
                atomic:
                  description: Whether the request could not wait; null if that is not known.
                  type: bool
                limited:
                  description: Whether a cgroup had reached its own limit.
                  type: bool
                trusted:
                  description: Whether it is in a log to which only the kernel writes.
                  type: bool
                count:
                  description: How often.
                  type: int
                since_workaround:
                  description: How often since the workaround is in force; null if that is not known.
                  type: int
                last:
                  description: The last one. A value is null if the log does not show it.
                  type: dict
                  contains:
                    process:
                      description: The running process.
                      type: str
                    what:
                      description: The object, such as the name of the cache.
                      type: str
                    order:
                      description: Order of the request.
                      type: int
                    at:
                      description: When, as with RV(ansible_facts.pagealloc.failures.last.at).
                      type: str
            source:
              description: >-
                The first log that holds failures or reaches back to the start of this boot. V(dmesg), V(journal), V(messages),
                V(kern.log) or V(syslog).
              type: str
            sources:
              description: All logs that were read. A failure in several logs counts once.
              type: list
              elements: str
            boot_seen:
              description: Whether one of the logs reaches back to the start of this boot.
              type: bool
            last_crash:
              description: >-
                The failures in the log of a kernel that crashed (vmcore-dmesg.txt). They belong to an earlier boot and do not count for
                the verdict. Null without such a log.
              type: dict
              contains:
                count:
                  description: How many.
                  type: int
                by_order:
                  description: How many of each order.
                  type: dict
                last:
                  description: The last of them, as in RV(ansible_facts.pagealloc.failures.last); null if there was none.
                  type: dict
            last:
              description: The last of them, null if there was none.
              type: dict
              contains:
                order:
                  description: Order of the request.
                  type: int
                mode:
                  description: The request's flags as the kernel printed them, hexadecimal; null if the line is incomplete.
                  type: str
                mode_flags:
                  description: Their names, as printed or from the headers of that kernel; null for an unknown kernel.
                  type: list
                  elements: str
                atomic:
                  description: Whether the request could not wait; null if the flags are not known.
                  type: bool
                process:
                  description: The running process.
                  type: str
                at:
                  description: When, in ISO 8601, or the log's own time if it has no year.
                  type: str
                kernel:
                  description: Release of the kernel that logged it.
                  type: str
                drivers:
                  description: The modules in its call trace.
                  type: list
                  elements: str
            mem_info:
              description: The last Mem-Info block of the log, its zones with free blocks and watermarks; null without one.
              type: dict
              contains:
                at:
                  description: When, as with RV(ansible_facts.pagealloc.failures.last.at).
                  type: str
                zones:
                  description: Its zones. A value is null if the block does not show it.
                  type: list
                  elements: dict
                  contains:
                    node:
                      description: Number of the NUMA node.
                      type: int
                    zone:
                      description: Name of the zone.
                      type: str
                    free_blocks:
                      description: Free blocks by order.
                      type: list
                      elements: int
                    free_kb:
                      description: Free memory, in kB.
                      type: int
                    min_kb:
                      description: The watermark below which the kernel serves only atomic requests, in kB.
                      type: int
                    low_kb:
                      description: The watermark at which reclaim starts, in kB.
                      type: int
                    high_kb:
                      description: The watermark at which reclaim stops, in kB.
                      type: int
                    free_cma_kb:
                      description: Free memory of the contiguous memory allocator, in kB; null if the kernel does not print it.
                      type: int
                    file_kb:
                      description: Page cache that the kernel could take back, in kB; null if the kernel does not print it.
                      type: int
                    lowmem_reserve_pages:
                      description: Pages reserved against requests that a higher zone could serve, by class zone.
                      type: list
                      elements: int
        pagetypes:
          description: Free blocks by zone and migrate type, from C(/proc/pagetypeinfo); null unless O(pagetypeinfo=true).
          type: list
          elements: dict
          returned: always
          sample:
            - node: 0
              zone: Normal
              migrate_type: Unmovable
              free_blocks: [12, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]
              pageblock_pages: 381952
          contains:
            node:
              description: Number of the NUMA node.
              type: int
            zone:
              description: Name of the zone.
              type: str
            migrate_type:
              description: Name of the migrate type.
              type: str
            free_blocks:
              description: Free blocks by order.
              type: list
              elements: int
            pageblock_pages:
              description: Pages in the zone's pageblocks of this type, used or free; null if the kernel does not show it.
              type: int
        deep:
          description: >-
            Data of the second look at a host in trouble (O(fleetcare.pagealloc.gather#module:deep)). Null if there was no second look or
            it failed; C(unavailable) then has the reason.
          type: dict
          returned: always
          sample:
            slab_caches: [{name: kmalloc-2048, objects: 409600, object_bytes: 2048, kb: 819200}]
            pagetypes: null
            nics:
              - name: eth0
                rx_ring: 1024
                rx_ring_most: 8192
                rx_channels: 8
                offloads: [generic-receive-offload]
                failed_allocations: [{name: rx_alloc_failed, count: 12}]
                ipoib_mode: null
            module_parameters: [{module: mlx4_en, name: udp_rss, value: "1"}]
          contains:
            slab_caches:
              description: The largest caches of C(/proc/slabinfo), at most ten.
              type: list
              elements: dict
              contains:
                name:
                  description: Name of the cache.
                  type: str
                objects:
                  description: Number of objects that fit in.
                  type: int
                object_bytes:
                  description: Size of one, in bytes.
                  type: int
                kb:
                  description: Memory of the cache, in kB.
                  type: int
            pagetypes:
              description: As RV(ansible_facts.pagealloc.pagetypes), a moment later.
              type: list
              elements: dict
            nics:
              description: The NICs, at most 16. A value is null if ethtool did not show it.
              type: list
              elements: dict
              contains:
                name:
                  description: Name of the interface.
                  type: str
                rx_ring:
                  description: Buffers in a receive ring, from C(ethtool -g).
                  type: int
                rx_ring_most:
                  description: The largest possible value.
                  type: int
                rx_channels:
                  description: Channels that receive, from C(ethtool -l).
                  type: int
                offloads:
                  description: The active features that join or split packets, from C(ethtool -k).
                  type: list
                  elements: str
                failed_allocations:
                  description: Counters of C(ethtool -S) for missing memory, without those that are 0.
                  type: list
                  elements: dict
                  contains:
                    name:
                      description: Name of the counter.
                      type: str
                    count:
                      description: Its value.
                      type: int
                ipoib_mode:
                  description: V(datagram) or V(connected); null for all but IPoIB.
                  type: str
            module_parameters:
              description: Parameters of the modules that drive the NICs.
              type: list
              elements: dict
              contains:
                module:
                  description: Name of the module.
                  type: str
                name:
                  description: Name of the parameter.
                  type: str
                value:
                  description: Its value as the kernel shows it.
                  type: str
        unavailable:
          description: Facts that are null because evidence is missing, and the reason. A fact that is null without a reason here does not
            apply.
          type: dict
          returned: always
          sample: {"kernel.default_boot": "/boot/grub/grub.conf: Permission denied"}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.facts_module import run_facts_module


def main():
    module = AnsibleModule(argument_spec=dict(pagetypeinfo=dict(type="bool", default=False)), supports_check_mode=True)
    run_facts_module(module, "buddyinfo_facts", sections=("log",))


if __name__ == "__main__":
    main()
