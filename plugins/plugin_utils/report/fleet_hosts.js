/* Copyright (c) 2026, the fleetcare.pagealloc contributors
 * GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later */
// The data of the hosts, in the order of the page's rows. They lie packed, many hosts in a line; a line is unpacked when one of them is asked for.

const hostsInAPack = Number(byId("packs").dataset.hosts);
const packs = byId("packs").textContent.trim().split("\n");
let unpacked = { place: -1, lines: [] };

async function hostAt(index) {
  const place = Math.floor(index / hostsInAPack);
  if (unpacked.place !== place) unpacked = { place, lines: (await unpack(packs[place])).split("\n") };
  return JSON.parse(unpacked.lines[index % hostsInAPack]);
}

function unpack(pack) {
  const bytes = Uint8Array.from(atob(pack), (char) => char.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}
