#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Room for one more kernel, measured by the running one, and the modules that do not come with it. Read-only.
release=$(uname -r)
for path in /boot /lib/modules; do
 out=$(df -Pk "$path" | tail -n 1); set -f
 # shellcheck disable=SC2086 # its columns
 set -- $out; set +f; say room "$4 $path"; done
for path in "/boot/vmlinuz-$release" "/boot/System.map-$release" "/boot/config-$release" "/boot/initramfs-$release.img" \
 "/boot/initrd-$release.img" "/boot/initrd-$release" "/boot/initrd.img-$release" "/lib/modules/$release"; do
 if [ -e "$path" ]; then out=$(du -sk "$path"); say size "${out%%[!0-9]*} $path"; fi; done
out=$(cd "/lib/modules/$release" && find extra updates weak-updates -name '*.ko*' 2>/dev/null | head -n 100)
say outside "$out"
if have dkms; then run dkms limited dkms status; fi
