#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# What yum and dnf are told, by their own files and by the system's. Read-only.
# shellcheck disable=SC2034 # pid_files is read by the part packages
pid_files='/var/run/yum.pid /var/run/dnf.pid /var/cache/dnf/*.pid /var/lib/dnf/*.pid'
manager_settings() {
 framed grep -H -E '^[[:space:]]*(exclude|excludepkgs|installonly_limit)[[:space:]]*=' /etc/yum.conf /etc/dnf/dnf.conf
 framed grep -H kernel /etc/yum/pluginconf.d/versionlock.list /etc/dnf/plugins/versionlock.list
 framed grep -H -E '^(UPDATEDEFAULT|DEFAULTKERNEL)=' /etc/sysconfig/kernel
 framed grep -H '' /etc/yum/vars/releasever /etc/dnf/vars/releasever
 if have subscription-manager; then run subscription limited subscription-manager release --show; fi; }
