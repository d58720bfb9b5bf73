#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# zypper. After the part rpm.
# shellcheck disable=SC2034 # pid_files, library and out are read by other parts
pid_files=/run/zypp.pid
library=
asked() { limited zypper --non-interactive --quiet --xmlout --no-refresh "$@" 2>&1 </dev/null; }
manager_offers() { if run offered limited zypper --non-interactive --quiet refresh; then
 out=$(asked search --details --match-exact --type package kernel-default); rc=$?
 case $rc in 0) say offered "$out";; 104) failed offered 1 'no repository has kernel-default';; *) failed offered $rc "$out";; esac; fi; }
# zypper lists what is locked, and says so when it is to install it.
manager_offers_held() { :; }
manager_contents() { out=$(asked install --dry-run --no-recommends "$1"); say rehearsal_status $?; say rehearsal "$out"
 out=; failed contents 1 'zypper lists no files of a package that is not installed'; }
# 100 to 103 are no failures: something is to be updated, rebooted or restarted.
manager_install() { how=--no-force-resolution; [ "$1" = install ] || how=--force; shift
 zypper --non-interactive install --no-recommends $how "$@"; rc=$?
 case $rc in 10[0-3]) rc=0;; esac; return $rc; }
# Which kernels it keeps, which boot loader there is, and what file systems / and /boot are on.
manager_settings() {
 framed grep -H -E '^[[:space:]]*multiversion' /etc/zypp/zypp.conf /usr/etc/zypp/zypp.conf /etc/zypp/zypp.conf.d/*.conf
 framed grep -H -E '^LOADER_TYPE=' /etc/sysconfig/bootloader
 framed grep -H -E '^[^ ]+ /(boot[^ ]*)? ' /proc/mounts
 if have transactional-update; then say tool transactional-update; fi; }
