# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernel logs whose truth is known, made from one seed each, and what the collection makes of them.

``kernels.py`` tells what each line of kernels prints, ``reports.py`` writes whole reports, ``console.py`` mixes those of several
CPUs and applies the printk of that kernel, ``scenario.py`` makes the life of a machine and what is true of it, ``dialects.py``
writes that down as dmesg, the journal or a syslog does, and ``check.py`` holds the facts against the truth.
"""
