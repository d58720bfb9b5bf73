# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The kernel's text of a trace, made short: each different stack once ("$stack:ID EVENT FLAGS FRAMES"), and each event as
# "$event:ID CPU MILLISECONDS PFN ORDER". A process may be named with a line break in it, so frames count only behind a line that ends in
# "<stack trace>", and an event is what follows the last ": mm_page" of its line. room: how many bytes may be said. Behind that the trace
# ends earlier than it did. The functions are looked up in kallsyms where the trace names no modules. A frame that is no function, such as
# "[unknown/kretprobe'd]", is left out. Linux 2.6.32 gives a page frame even to a request that it refused, whose page is "(null)".
function flush(key) {
    if (event == "") return
    key = event " " is["gfp_flags"] " " frames
    if (!(key in ids)) {
        if (known > 1999 || room < length(key)) key = "? - "
        if (!(key in ids)) { ids[key] = ++known; say("$stack:" known " " key) }
    }
    say("$event:" ids[key] " " cpu " " when " " is["pfn"] " " is["order"])
    event = ""
}
function say(line) {
    room -= length(line) + 1
    if (room < 0) { print "$cut:1"; full = 1; exit }
    print line
}
/<stack trace>$/ { inside = 1; frames = ""; depth = 0; next }
inside && /^ => / {
    whole = sub(/\+0x.*/, "", $2)
    if ($2 !~ /^[A-Za-z0-9_.$]+$/ || ++depth > 14) next
    module = $3 ~ /^\[/ ? $3 : ""
    if (module == "" && !whole) wanted[$2] = 1
    frames = frames (depth > 1 ? "," : "") $2 module
    next
}
{ inside = 0 }
/: mm_page/ {
    flush()
    n = split($0, parts, ": mm_page")
    rest = parts[n]
    n = split(parts[n - 1], words)
    when = words[n]
    for (cpu = "?"; n > 0; n--) if (words[n] ~ /^\[[0-9]+\]$/) { cpu = substr(words[n], 2) + 0; break }
    if (!seen++) began = when
    when = int((when - began) * 1000)
    event = rest ~ /^_alloc:/ ? "a" : "f"
    is["pfn"] = is["order"] = 0
    is["gfp_flags"] = "-"
    for (i = split(rest, words); i > 1; i--) if (split(words[i], pair, "=") == 2) is[pair[1]] = pair[2]
    if (index(rest, "(null)")) is["pfn"] = 0
    frames = ""
}
END {
    if (full) exit
    flush()
    while ((getline line <"/proc/kallsyms") > 0) {
        split(line, words)
        if (words[3] in wanted) say("$symbol:" words[3] " " (words[4] == "" ? "-" : words[4]))
        if (full) exit
    }
}
