#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The modules in the packages WHAT of a kernel that is offered, as far as the manager can list them. After its parts. Read-only.
# shellcheck disable=SC2086,SC2154 # one word for each package; out is set by manager_contents
manager_contents $WHAT
printf '%s\n' "$out" | while read -r line; do case $line in *.ko|*.ko.?z|*.ko.zst) say contents "${line##*/}";; esac; done
