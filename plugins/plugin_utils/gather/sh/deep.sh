#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What a host in trouble is asked a second time, in the frame of the probe and with its functions (module_utils/probe.py): run, say,
# limited, framed, have. What stands in capitals is set before it.
# shellcheck disable=SC2086
largest() {
 have awk || { echo "no awk to find the largest with"; return 1; }
 [ -r /proc/slabinfo ] || { echo "not there, or not for this user to read"; return 1; }
 awk "NF > 14 && \$15 > 0 { print \$6 * \$15, \$0 }" /proc/slabinfo | sort -rn | head -n 20 | cut -d" " -f2-; }
run slabinfo largest
run pagetypeinfo cat /proc/pagetypeinfo
framed grep "" /sys/class/net/*/mode $PARAMETERS /dev/null
# A driver that does not answer keeps the tool waiting: after one such, the rest are not asked. The counters of all queues are many:
# those travel that are told to be of memory, and are not 0.
asked=0 wait=""
look() { nic=${1##*/}; asked=$((asked+1)); [ $asked -le "$MOST_NICS" ] || return
 for flag in g l k; do
  if [ -n "$wait" ]; then printf "!\$ethtool_%s/%s:not asked, %s did not answer\n" "$flag" "$nic" "$wait"; continue; fi
  run "ethtool_$flag/$nic" limited ethtool "-$flag" "$nic"
  case ${rc-} in 124|137|143) wait=$nic;; esac; done
 [ -z "$wait" ] || return
 out=$(limited ethtool -S "$nic" 2>/dev/null </dev/null | grep -iE "^NIC stat|($COUNTERS)[^:]*: *[1-9]" | head -n 64)
 if [ -n "$out" ]; then say "ethtool_S/$nic" "$out"; else printf "!\$ethtool_S/%s:it gave no statistics\n" "$nic"; fi; }
if have ethtool; then
 for path in /sys/class/net/*; do [ ! -e "$path/device" ] || look "$path"; done
else failed ethtool_g 127; fi
