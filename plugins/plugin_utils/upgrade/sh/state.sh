#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# What runs now and what was left by us: the clock, the network, a schedule, the last words of the host's own script. Read-only.
# shellcheck disable=SC2086,SC2154 # settings; no path of ours has a blank
say clock "$(date +%s)"
zone=$(readlink /etc/localtime); case $zone in */zoneinfo/*) zone=${zone#*/zoneinfo/};; *) zone=;; esac
if [ -z "$zone" ] && [ -r /etc/sysconfig/clock ]; then zone=$(sed -n 's/^ZONE="\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' /etc/sysconfig/clock); fi
say zone "$zone"
if [ -n "${LOCAL_TIME:-}" ]; then run at date -d "$LOCAL_TIME" +%s; fi
say boot_id "$(cat /proc/sys/kernel/random/boot_id)"
say release "$(uname -r)"
for path in /sys/class/net/*; do
 if [ -r "$path/operstate" ]; then read -r word <"$path/operstate"; if [ "$word" = up ]; then say up "${path##*/}"; fi; fi; done
while read -r nic to _rest; do if [ "$to" = 00000000 ]; then say default_route "$nic"; fi; done </proc/net/route
if [ -d /run/systemd/system ]; then say init systemd; else say init other; fi
if have at; then say tool at; fi
if [ -d $home ]; then
 for word in plan armed before job; do if [ -e $home/$word ]; then framed grep -H '' $home/$word; fi; done
 if [ -e $home/outcome ]; then say outcome "$(tail -n 3 $home/outcome)"; fi
fi
if [ -d /run/systemd/system ]; then
 out=$(systemctl show -p SubState "${home##*/}.timer" 2>/dev/null); say timer "${out#SubState=}"
elif have atq; then say atq "$(limited atq)"; fi
