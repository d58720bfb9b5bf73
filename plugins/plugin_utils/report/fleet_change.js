/* Copyright (c) 2026, the fleetcare.pagealloc contributors
 * GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later */
// The part of a host's panel that tells what a role did to it: before and after.

function changeSection(change) {
  const row = (title, key) => make("tr", {}, make("th", { scope: "row" }, title),
    [change.before, change.after].map((state) => make("td", {}, state ? cell(state[key]) : "–")));
  const cell = (value) => typeof value === "string" ? value : count(value);
  const seen = (key) => [change.before, change.after].some((state) => state && typeof state[key] === "number");
  const settings = Object.keys(change.before || {}).filter((key) => !["verdict", "granted"].includes(key) && seen(key));
  const title = (key) => `vm.${key}${key.endsWith("kbytes") ? " (kB)" : ""}`;
  return section(`Change: ${change.outcome.replaceAll("_", " ")}`,
    make("ul", { class: "reasons" }, change.sentences.map((sentence) => make("li", {}, sentence))),
    change.before && make("table", { class: "change" },
      make("thead", {}, make("tr", {}, make("td", {}), make("th", { scope: "col" }, "before"), make("th", { scope: "col" }, "after"))),
      make("tbody", {}, row("verdict", "verdict"), settings.map((key) => row(title(key), key)), row(`atomic order-${change.order} requests left`, "granted"))),
    roomPictures(change));
}

// Before and after: how many requests of each order would be granted. Logarithmic: some and none must be seen to differ, as must few and many.
function roomPictures(change) {
  const states = [change.before, change.after].map((state) => (state || {}).granted_by_order);
  if (!states.every(Boolean)) return null;
  const most = Math.max(1, ...states.flat());
  const line = (granted, order) => make("li", { class: granted ? null : "none" }, make("span", {}, `order ${order}`), make("b", {}, count(granted)),
    make("i", { "aria-hidden": "true", style: { "--part": `${(100 * Math.log1p(granted) / Math.log1p(most)).toFixed(1)}%` } }));
  const picture = (title, granted) => make("figure", {}, make("figcaption", {}, `Atomic requests left, ${title}`),
    make("ul", { class: "bars room" }, granted.slice(0, Math.max(change.order, 3) + 2).map(line)));
  return make("div", { class: "pair" }, picture("before", states[0]), picture("after", states[1]));
}
