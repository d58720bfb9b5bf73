# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every folder and file that the roles of this collection leave on a host: the one list of their names."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

#: What the workaround role did: the record of what was there before and what is in force.
RECORD = "/var/lib/fleetcare-pagealloc/workaround"

#: The boot-time settings. The name is the last in the order of any host, so that what it says holds.
SETTINGS = "/etc/sysctl.d/zz-fleetcare-pagealloc.conf"

#: In /run or, on old hosts, /var/run, while a run of the workaround is at work.
LOCK_NAME = "fleetcare-pagealloc.lock"

#: What the upgrade left: a plan, the host's own script, its last words. Its last part also names the script's units of systemd.
UPGRADE_HOME = "/var/lib/pagealloc-kernel-upgrade"

#: In /run or /var/run, while the trace is at work: its lock, and the folder with what turns tracing off again.
TRACE_LOCK_NAME = "fleetcare-pagealloc-trace.lock"
TRACE_STATE_NAME = "fleetcare-pagealloc-trace"

#: The trace's own instance of the kernel's tracing, where the kernel has instances.
TRACE_INSTANCE = "fleetcare_pagealloc"
