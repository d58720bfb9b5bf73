#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Puts the host's own script and its plan in place, each whole, by a rename. SCRIPT, PLAN: their texts. What follows looks at "placed".
# shellcheck disable=SC2034,SC2086,SC2153,SC2154 # settings; no path of ours has a blank, and what others read
placed=
umask 077
place() { if printf '%s\n' "$1" >"$home/.new" && mv "$home/.new" "$home/$2"; then return 0; fi
 rm -f "$home/.new"; say failed "$home/$2 cannot be written: is the file system full or read-only?"; return 1; }
if [ -h $home ]; then say failed "$home is a link: look at it, then remove it"
elif ! { mkdir -p $home && chmod 700 $home && rm -f $home/outcome $home/before $home/.new; }; then say failed "$home cannot be written"
elif place "$SCRIPT" run && place "$PLAN
BOOTS='$(printf %s "$SCRIPT" | sh -s boots | sed "s/'/'\\\\''/g")'" plan; then placed=yes; say placed yes; fi
