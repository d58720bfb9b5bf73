#!/bin/sh
# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Whether this host is a node of a cluster, and what it runs there. After the part daemons. Read-only.
# shellcheck disable=SC2154 # of that part
if have crm_mon; then
 run crm_node limited crm_node -n
 run crm_mon limited crm_mon -1 --output-as=xml || run crm_mon limited crm_mon -1 --as-xml
fi
if have clustat; then run clustat limited clustat; fi
if have cman_tool; then run cman limited cman_tool status; fi
case $daemons in *' keepalived '*)
 framed grep -H -E '^[[:space:]]*[0-9a-fA-F:.]+(/[0-9]+)?([[:space:]]|$)' /etc/keepalived/keepalived.conf
 run addresses limited ip -o addr;;
esac
