#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What a kernel engineer asks for, in the frame of the probe, with its functions (module_utils/probe.py: run, limited, framed, have,
# failed) and behind its parts that ask for files, NICs and kernels. What stands in capitals is set before it. It writes nothing, but for
# the request of sysrq-m where that was asked for.
# shellcheck disable=SC2015,SC2086,SC2154,SC2231
begun=$(date +%s)
# take NAME ROOM ARGUMENT COMMAND...: the text of a command; ROOM bytes of it are kept: the first ones where ARGUMENT is 1, else the
# last. Whole lines alone. Of a command that failed nothing but why, unless it is a log that tells of failures.
take() { tag=$1 room=$2 first=$3; shift 3; word=$1; [ "$word" != limited ] || word=$2
 have "$word" && have awk || { failed "$tag" 127; return; }
 [ $(($(date +%s)-begun)) -lt $LATE ] || { failed "$tag" 1 "time is up"; return; }
 { "$@" 2>&1 </dev/null; rc=$?; echo; echo $TOKEN$rc; } | awk -v tag="\$$tag" -v room=$room -v first=$first -v token=$TOKEN '
 function push(s) { s = substr(s, 1, 8000); line[++n] = s; size += length(s) + 1
 while (size > room) { cut = 1; i = first ? n-- : ++gone; size -= length(line[i]) + 1; delete line[i]; if (first) full = 1 } }
 { if (NR > 1 && !full) push(last); last = $0; if (/page alloc/) told = 1 }
 END { rc = substr(last, length(token) + 1) + 0; if (!full && n > gone && line[n] == "") n--
 if (n < 3 && line[n] ~ /^-- No |^No journal/) rc = 1
 if (rc && !told) print "!" tag ":" (rc ~ /^(124|137|143)$/ ? "no answer in time" : n > gone ? line[gone + 1] : "exit status " rc)
 else { for (i = gone + 1; i <= n; i++) print tag ":" line[i]; if (cut) print "!$cut" tag ":" (first ? "first" : "last") }
 exit rc }'; }
# big FILE...: files; at most TEXT bytes of each are kept.
big() { had=$#; for path in "$@"; do [ ! -r "$path" ] || set -- "$@" "$path"; done; shift $had
 [ $# = 0 ] || awk -v most=$TEXT '
 FNR == 1 { room = most } { room -= length($0) + 1
 if (room >= 0) print FILENAME ":" $0; else if (!cut[FILENAME]++) print "!$cut" FILENAME ":first" }' "$@"; }
# settings FILE...: those that can be read without doing anything.
settings() { had=$#
 for path in "$@"; do case $path in */stat_refresh|*/compact_memory|*/drop_caches) ;;
 *) [ ! -f "$path" ] || set -- "$@" "$path";; esac; done
 shift $had; framed grep -s "" "$@" /dev/null; }
kernel_lines() { tail -c $LOG $old "$1" | grep -E " kernel(\[[0-9.]+\])?(:| - )"; }
run hostname hostname
run date date -u
run uptime uptime
settings /proc/sys/vm/* /proc/sys/kernel/* /proc/sys/net/core/*mem* /proc/sys/net/core/netdev_[bm]* /proc/sys/net/ipv4/*mem*
[ -z "$SYSRQ" ] || { echo m >/proc/sysrq-trigger && sleep 1; } || echo "!\$sysrq:not taken"
take dmesg $LOG 0 limited dmesg
for path in $n/*/device/driver/module; do path=$(cd "$path" && pwd -P) || continue
 path=${path##*/}; case " $drivers " in *" $path "*) ;; *) drivers="$drivers $path";; esac; done
for word in $drivers; do case $word in *[!A-Za-z0-9_-]*) ;; *) settings /sys/module/$word/parameters/*;; esac; done
asked=0 wait=
for path in $n/*; do [ -e "$path/device" ] && [ $asked -lt 32 ] && [ -z "$wait" ] || continue
 nic=${path##*/} asked=$((asked+1))
 for flag in "" g l k S; do [ -n "$wait" ] || take "ethtool_$flag/$nic" $TEXT 1 limited ethtool ${flag:+-}$flag "$nic"
 case $? in 124|137|143) wait=$nic;; esac; done; done
take ip_link $TEXT 1 limited ip -s -d link
big /proc/slabinfo /proc/cpuinfo /proc/interrupts
take journal $LOG 0 limited journalctl -k -b --no-pager -o short-iso -n $((LOG/64))
for log in messages kern.log syslog; do path=/var/log/$log old=; [ -f $path ] || continue
 for file in $path.1 $path-*; do case $file in *.?z|*.bz2|*.zst) ;; *) [ ! -f "$file" ] || old=$file;; esac; done
 take $log $LOG 0 kernel_lines $path; done
for path in /var/crash/*/vmcore-dmesg.txt; do :; done
[ ! -f "$path" ] || take vmcore-dmesg $LOG 0 cat "$path"
path=/sys/kernel/debug/page_owner
big /proc/pagetypeinfo /proc/vmallocinfo ${path}_stacks/show_stacks
[ ! -r $path ] || take page_owner $TEXT 1 limited head -c $TEXT $path
