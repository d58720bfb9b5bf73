#!/bin/sh
# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Carries out the plan now, without this connection.
home=/var/lib/pagealloc-kernel-upgrade
if have setsid; then setsid sh $home/run reboot >/dev/null 2>&1 </dev/null &
else (trap '' HUP; exec sh $home/run reboot) >/dev/null 2>&1 </dev/null & fi
say launched yes
