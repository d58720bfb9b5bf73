#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# What the package manager has and offers. After the part daemons and those of the manager. Read-only, but for the metadata it keeps in
# its cache. PIECES: the packages that a kernel consists of.
# shellcheck disable=SC2086,SC2154 # one word for each file or package; of other parts
# Who holds a lock now. A manager that is asked meanwhile may wait for ever. A user may hold one on a file of the same number elsewhere.
busy=
holds() { roots "$1" || return 0
 busy=yes; say busy "$1 $2 $(tr '\0' ' ' <"/proc/$1/cmdline")"; }
for path in $pid_files; do
 if [ -s "$path" ]; then read -r word <"$path"; case $word in *[!0-9]*|'') ;; *) holds "$word" "$path";; esac; fi; done
for path in $lock_files; do if [ -e "$path" ]; then
 inode=$(ls -i "$path"); inode=${inode%% *}
 while read -r _number _kind _how mode pid place _rest; do
  if [ "$mode" = WRITE ] && [ "${place##*:}" = "$inode" ]; then holds "$pid" "$path"; fi; done </proc/locks; fi; done

# As the repositories are now, not as the cache has them.
if [ -z "$busy" ]; then manager_offers
else failed offered 1 'not asked, since the package manager is busy'; fi

# A Python with the manager's own library: what Ansible's modules need.
for path in /usr/libexec/platform-python /usr/bin/python3 /usr/bin/python; do
 if [ -x $path ] && [ -n "$library" ]; then
  out=$(limited $path -c "import sys, $library; print('%d.%d' % sys.version_info[:2])" 2>/dev/null </dev/null)
  if [ -n "$out" ]; then say python "$path $out"; break; fi; fi; done

database_list packages $PIECES
database_owner "/boot/vmlinuz-$(uname -r)"
manager_settings
