#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs the packages WHAT beside the kernels that are there. HOW: install, or reinstall where files of an installed one are missing.
# After the parts of the manager. A lost connection or a limit of time does not end it: its output goes to a file, which is read at
# the end.
trap '' HUP PIPE
# shellcheck disable=SC2154 # settings
log=$(mktemp "/tmp/${home##*/}.XXXXXX") || exit 1
# shellcheck disable=SC2086 # one word for each package
manager_install "$HOW" $WHAT >"$log" 2>&1 </dev/null
say status $?
say said "$(tail -n 30 "$log")"
rm -f "$log"
