#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Has the plan carried out at FIRES (seconds since the epoch): a timer of systemd's, or a job of at.
# shellcheck disable=SC2086,SC2153,SC2154 # settings; no path of ours has a blank
units=/etc/systemd/system
name=${home##*/}
if [ -z "$placed" ]; then :
elif [ -d /run/systemd/system ]; then
 umask 022
 rm -f $units/$name.service $units/$name.timer
 printf '%s\n' '[Unit]' 'Description=Reboot into the new kernel, once' '[Service]' 'Type=oneshot' \
  "ExecStart=/bin/sh $home/run reboot" >$units/$name.service
 printf '%s\n' '[Unit]' 'Description=The chosen time for the reboot into the new kernel' '[Timer]' "OnCalendar=$CALENDAR" \
  'AccuracySec=1s' 'Persistent=true' '[Install]' 'WantedBy=timers.target' >$units/$name.timer
 systemctl daemon-reload
 if out=$(systemctl enable $name.timer 2>&1 && systemctl restart $name.timer 2>&1) && sync; then say scheduled timer; else say failed "$out"; fi
elif have at; then
 out=$(echo "/bin/sh $home/run reboot" | at -t "$(date -d "@$FIRES" +%Y%m%d%H%M)" 2>&1); rc=$?
 job=$(printf '%s\n' "$out" | sed -n 's/^job \([0-9]*\) .*/\1/p')
 if [ $rc = 0 ] && [ -n "$job" ]; then echo "$job" >$home/job; say scheduled "at job $job"; else say failed "$out"; fi
else say failed 'neither systemd nor at is there'; fi
