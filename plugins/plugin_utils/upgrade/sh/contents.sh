#!/bin/sh
# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The modules in the packages of a kernel that is offered, as far as the manager can list them. Read-only.
# shellcheck disable=SC2086,SC2153,SC2154 # one word for each package; settings
names="kernel-$TARGET kernel-core-$TARGET kernel-modules-$TARGET kernel-modules-core-$TARGET"
if [ "$MANAGER" = dnf ]; then out=$(limited dnf -q repoquery -l $names 2>/dev/null </dev/null)
elif have repoquery; then out=$(limited repoquery -q -l $names 2>/dev/null </dev/null)
else out=; failed contents 1 'repoquery (package yum-utils) is not there'; fi
printf '%s\n' "$out" | while read -r line; do case $line in *.ko|*.ko.?z|*.ko.zst) say contents "${line##*/}";; esac; done
