#!/bin/sh
# Copyright: (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# What the package manager has and offers. After the part daemons. Read-only, but for the metadata it keeps in its cache.
# shellcheck disable=SC2154 # out and rc are set by run
say user "$(id -u)"
release=$(uname -r)
manager=
for word in dnf yum; do if [ -z "$manager" ] && have $word; then manager=$word; fi; done
if [ -n "$manager" ]; then say manager "$manager"; else failed manager 1 'neither dnf nor yum is there'; fi

# Who holds a lock now. A yum that is asked meanwhile would wait for ever. A user may hold one on a file of the same number elsewhere.
busy=
holds() { roots "$1" || return 0
 busy=yes; say busy "$1 $2 $(tr '\0' ' ' <"/proc/$1/cmdline")"; }
for path in /var/run/yum.pid /var/run/dnf.pid /var/cache/dnf/*.pid /var/lib/dnf/*.pid; do
 if [ -s "$path" ]; then read -r word <"$path"; case $word in *[!0-9]*|'') ;; *) holds "$word" "$path";; esac; fi; done
for path in /var/lib/rpm/.rpm.lock /usr/lib/sysimage/rpm/.rpm.lock; do if [ -e "$path" ]; then
 inode=$(ls -i "$path"); inode=${inode%% *}
 while read -r _number _kind _how mode pid place _rest; do
  if [ "$mode" = WRITE ] && [ "${place##*:}" = "$inode" ]; then holds "$pid" "$path"; fi; done </proc/locks; fi; done

# As the repositories are now, not as the cache has them.
if [ -n "$manager" ] && [ -z "$busy" ]; then
 if [ "$manager" = dnf ]; then set -- --refresh; else set --; limited yum -q clean expire-cache >/dev/null 2>&1 </dev/null; fi
 run offered limited "$manager" -q "$@" list available --showduplicates kernel
elif [ -n "$manager" ]; then failed offered 1 'not asked, since the package manager is busy'; fi

# A Python with the manager's own library: what Ansible's modules need.
for path in /usr/libexec/platform-python /usr/bin/python3 /usr/bin/python; do
 if [ -x $path ] && [ -n "$manager" ]; then
  out=$(limited $path -c "import sys, $manager; print('%d.%d' % sys.version_info[:2])" 2>/dev/null </dev/null)
  if [ -n "$out" ]; then say python "$path $out"; break; fi; fi; done

if have rpm; then
 out=$(limited rpm -q --qf '%{NAME} %{VERSION}-%{RELEASE}.%{ARCH}\n' kernel kernel-core kernel-modules kernel-modules-core \
  kernel-modules-extra 2>&1 </dev/null); say packages "$out"
 run owner limited rpm -qf --qf '%{NAME}\n' "/boot/vmlinuz-$release"
else failed packages 127; fi
framed grep -H -E '^[[:space:]]*(exclude|excludepkgs|installonly_limit)[[:space:]]*=' /etc/yum.conf /etc/dnf/dnf.conf
framed grep -H kernel /etc/yum/pluginconf.d/versionlock.list /etc/dnf/plugins/versionlock.list
framed grep -H -E '^(UPDATEDEFAULT|DEFAULTKERNEL)=' /etc/sysconfig/kernel
framed grep -H -E '^(ID|ID_LIKE|VERSION_ID)=' /etc/os-release
framed grep -H '' /etc/yum/vars/releasever /etc/dnf/vars/releasever
if have subscription-manager; then run subscription limited subscription-manager release --show; fi
