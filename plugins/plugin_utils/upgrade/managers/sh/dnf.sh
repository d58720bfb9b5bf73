#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# dnf. After the parts rpm and enterprise_linux.
# shellcheck disable=SC2034 # library and out are read by other parts
library=dnf
manager_offers() { run offered limited dnf -q --refresh list available --showduplicates kernel; }
manager_offers_held() {
 run offered_all limited dnf -q -C --disableexcludes=all --disableplugin=versionlock list available --showduplicates kernel; }
manager_contents() { out=$(limited dnf -q repoquery -l "$@" 2>/dev/null </dev/null); }
manager_install() { how=$1; shift; dnf -y --setopt=installonly_limit=0 "$how" "$@"; }
