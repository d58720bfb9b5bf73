#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Carries out the plan now, without this connection: its end hangs up the terminal that Ansible may have asked for.
# shellcheck disable=SC2086,SC2154 # settings; no path of ours has a blank, and of the part place
trap '' HUP INT
if [ -z "$placed" ]; then :
elif have setsid; then setsid sh $home/run reboot >/dev/null 2>&1 </dev/null &
else sh $home/run reboot >/dev/null 2>&1 </dev/null & fi
sleep 1
[ -z "$placed" ] || say launched yes
