#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The packages that RPM knows. For the parts packages and verify.
# shellcheck disable=SC2034 # lock_files is read by the part packages
lock_files='/var/lib/rpm/.rpm.lock /usr/lib/sysimage/rpm/.rpm.lock'
# database_list KEY NAME...: says under KEY, for each package of these names, "NAME VERSION-RELEASE.ARCH".
database_list() { key=$1; shift
 if have rpm; then out=$(limited rpm -q --qf '%{NAME} %{VERSION}-%{RELEASE}.%{ARCH}\n' "$@" 2>&1 </dev/null); say "$key" "$out"
 else failed "$key" 127; fi; }
# database_owner FILE: says under "owner" the name of its package.
database_owner() { run owner limited rpm -qf --qf '%{NAME}\n' "$1"; }
# database_has NAME VERSION-RELEASE.ARCH: whether that package is installed.
database_has() { rpm -q "$1-$2" >/dev/null 2>&1 </dev/null; }
# database_differs NAME VERSION-RELEASE.ARCH: prints which files are not as the package brought them.
database_differs() { limited rpm -V --nodeps "$1-$2" 2>&1 </dev/null; }
