#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Which daemons run that a reboot has to do with. Any user may give a process such a name: it counts where root began it and its program
# has that name too. Read-only.
# shellcheck disable=SC2034 # daemons is read by other parts
# roots PID: whether root began this process. Its real user tells, since atd gives the effective one away.
roots() { while read -r word line; do if [ "$word" = Uid: ]; then [ "${line%%[!0-9]*}" = 0 ]; return; fi; done <"/proc/$1/status"; return 1; }
daemons=' '
for path in /proc/[0-9]*; do
 read -r line <"$path/stat" || continue
 case $line in *'(keepalived)'*|*'(pacemakerd)'*|*'(rgmanager)'*|*'(atd)'*) ;; *) continue;; esac
 word=$(readlink "$path/exe"); word=${word% \(deleted\)}; name=${word##*/}
 case $line in *"($name)"*) if roots "${path##*/}"; then say daemon "$name"; daemons="$daemons$name "; fi;; esac; done
