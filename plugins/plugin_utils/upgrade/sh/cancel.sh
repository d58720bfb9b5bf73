#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Takes a schedule away, and a reboot that waits for its time already.
# shellcheck disable=SC2086,SC2154 # settings; no path of ours has a blank
name=${home##*/}
if [ -e $home/job ]; then read -r word <$home/job; atrm "$word" 2>/dev/null; fi
rm -f $home/plan $home/job
if [ -d /run/systemd/system ]; then
 for word in $name.timer $name.service; do if [ -e "/etc/systemd/system/$word" ]; then
  systemctl disable "$word" >/dev/null 2>&1; systemctl stop "$word" >/dev/null 2>&1; rm -f "/etc/systemd/system/$word"; fi; done
 systemctl daemon-reload
fi
say cancelled yes
