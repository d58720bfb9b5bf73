#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# As whom commands run, which distribution this is, and which of MANAGERS are here. Read-only.
# shellcheck disable=SC2153 # a setting
say user "$(id -u)"
framed grep -H -E '^(ID|ID_LIKE|VERSION_ID)=' /etc/os-release
manager=
for word in $MANAGERS; do if have "$word"; then manager=$word; say manager "$word"; fi; done
if [ -z "$manager" ]; then failed manager 1 "none of these is there: $MANAGERS"; fi
