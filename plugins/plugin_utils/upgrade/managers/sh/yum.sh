#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# yum 3. After the parts rpm and enterprise_linux.
# shellcheck disable=SC2034 # library and out are read by other parts
library=yum
manager_offers() { limited yum -q clean expire-cache >/dev/null 2>&1 </dev/null
 run offered limited yum -q list available --showduplicates kernel; }
manager_offers_held() {
 run offered_all limited yum -q -C --disableexcludes=all --disableplugin=versionlock list available --showduplicates kernel; }
manager_contents() { if have repoquery; then out=$(limited repoquery -q -l "$@" 2>/dev/null </dev/null)
 else out=; failed contents 1 'repoquery (package yum-utils) is not there'; fi; }
manager_install() { how=$1; shift; yum -y --setopt=installonly_limit=0 "$how" "$@"; }
