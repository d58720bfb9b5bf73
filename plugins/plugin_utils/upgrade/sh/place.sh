#!/bin/sh
# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Puts the host's own script and its plan in place, each whole, by a rename. SCRIPT, PLAN: their texts.
# shellcheck disable=SC2153 # settings
home=/var/lib/pagealloc-kernel-upgrade
umask 077
place() { if printf '%s\n' "$1" >"$home/.new" && mv "$home/.new" "$home/$2"; then return 0; fi
 say failed "$home/$2 cannot be written"; return 1; }
mkdir -p $home && rm -f $home/outcome $home/before && place "$SCRIPT" run &&
 place "$PLAN
BOOTS='$(printf %s "$SCRIPT" | sh -s boots | sed "s/'/'\\\\''/g")'" plan && say placed yes
