/* Copyright (c) 2026, the fleetcare.pagealloc contributors
 * GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later */
"use strict";
// The list: filters, sorting and paging of the rows that the page already holds, and the address.
// The address is the state (#host=NAME&q=TEXT&verdict=V&group=G&sort=KEY&desc=1): every view can be sent on.

const PAGE = 500;
const byId = (id) => document.getElementById(id);
const table = byId("hosts");
const body = table.tBodies[0];
// All rows live here; the document holds only those that are shown, so 10,000 stay quick.
const rows = Array.from(table.querySelectorAll("tbody tr"), (element, index) => ({ element, index, link: element.cells[0].firstChild.hash }));
table.querySelector(".rest")?.remove();
const indexOfLink = new Map(rows.map((row) => [row.link, row.index]));
// The places of these names are the numbers of the rows' groups.
const groupNames = Array.from(byId("group")?.options || [], (option) => option.value).slice(1);
const verdictOrder = Object.keys(JSON.parse(byId("meanings").textContent));
const collator = new Intl.Collator("en", { numeric: true });
const cell = (row, place) => row.element.cells[place].textContent;
const SORTS = {
  host: (a, b) => collator.compare(cell(a, 0), cell(b, 0)),
  verdict: (a, b) => verdictOrder.indexOf(a.element.dataset.v) - verdictOrder.indexOf(b.element.dataset.v),
  kernel: (a, b) => collator.compare(cell(a, 2), cell(b, 2)),
  driver: (a, b) => collator.compare(cell(a, 3), cell(b, 3)),
};
// One column for each order that hosts are judged by.
for (const head of table.querySelectorAll("th.c-room")) {
  const place = head.cellIndex;
  SORTS[head.dataset.sort] = (a, b) => room(a, place) - room(b, place);
}
// A dash and an empty field are no numbers: they stand last.
const room = (row, place) => {
  const number = Number.parseInt(cell(row, place).replaceAll(",", ""), 10);
  return Number.isNaN(number) ? Number.MAX_VALUE : number;
};
let state = {};
let found = [];
let shown = 0;

function readAddress() {
  const read = {};
  for (const part of location.hash.slice(1).split("&")) {
    const [key, ...value] = part.split("=");
    try {
      read[key] = decodeURIComponent(value.join("="));
    } catch {
      // not ours: a broken escape typed by hand
    }
  }
  return read;
}

function addressOf(change) {
  const wanted = { ...state, ...change };
  const parts = ["verdict", "group", "q", "sort", "desc", "host"].filter((key) => wanted[key])
    .map((key) => `${key}=${quoted(wanted[key])}`);
  return "#" + parts.join("&");
}

// replace: typing must not fill the history. Opening a host must be undone by Back.
function go(change, replace) {
  const address = addressOf(change);
  if (address === location.hash || (address === "#" && !location.hash)) return;
  history[replace ? "replaceState" : "pushState"](null, "", address);
  follow();
}

function matches(row, words) {
  row.text ??= (row.element.textContent + " " + row.element.dataset.v).toLowerCase();
  return words.every((word) => row.text.includes(word));
}

function isInGroup(row) {
  return !state.group || (row.element.dataset.g || "").split(" ").includes(String(groupNames.indexOf(state.group)));
}

function select() {
  const words = (state.q || "").toLowerCase().split(/\s+/).filter(Boolean);
  found = rows.filter((row) => (!state.verdict || row.element.dataset.v === state.verdict) && isInGroup(row) && matches(row, words));
  if (Object.hasOwn(SORTS, state.sort || "")) {
    const sign = state.desc ? -1 : 1;
    found.sort((a, b) => sign * SORTS[state.sort](a, b) || a.index - b.index);
  }
  shown = 0;
  body.replaceChildren();
  showMore();
  showCommands();
}

function showMore() {
  const next = found.slice(shown, shown + PAGE);
  body.append(...next.map((row) => row.element));
  shown += next.length;
  const number = (n) => n.toLocaleString("en");
  const of = found.length === rows.length ? "" : ` of ${number(rows.length)}`;
  byId("shown").value = shown < found.length
    ? `first ${number(shown)} of ${number(found.length)} hosts`
    : `${number(found.length)}${of} ${rows.length === 1 ? "host" : "hosts"}`;
  byId("nothing").hidden = found.length > 0;
  byId("more").hidden = shown >= found.length;
  byId("more").textContent = `Show ${number(Math.min(PAGE, found.length - shown))} more`;
}

function paintControls() {
  if (byId("search").value !== (state.q || "")) byId("search").value = state.q || "";
  byId("verdict").value = state.verdict || "";
  if (byId("group")) byId("group").value = state.group || "";
  byId("reset").hidden = !(state.q || state.verdict || state.group);
  for (const tile of document.querySelectorAll(".tile")) {
    tile.setAttribute("aria-pressed", String(tile.dataset.v === state.verdict));
  }
  for (const head of document.querySelectorAll("th[data-sort]")) {
    const sorted = head.dataset.sort === state.sort;
    head.setAttribute("aria-sort", sorted ? (state.desc ? "descending" : "ascending") : "none");
  }
}

// Show what the address says. The list is made anew only if it changed.
function follow() {
  const before = state;
  state = readAddress();
  const same = (key) => (before[key] || "") === (state[key] || "");
  if (!started || !["q", "verdict", "group", "sort", "desc"].every(same)) select();
  paintControls();
  if (!started || !same("host")) openHost(state.host);
  started = true;
}
let started = false;

function makeSortable(head) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = head.textContent;
  head.replaceChildren(button);
  button.addEventListener("click", () => {
    const again = state.sort === head.dataset.sort;
    // once: ascending, twice: descending, three times: worst first again
    go(again && state.desc ? { sort: "", desc: "" } : { sort: head.dataset.sort, desc: again ? "1" : "" }, true);
  });
}

function start() {
  document.querySelectorAll("th[data-sort]").forEach(makeSortable);
  document.querySelector(".tools").hidden = false;
  document.querySelector(".tools").addEventListener("submit", (event) => event.preventDefault());
  byId("search").addEventListener("input", (event) => go({ q: event.target.value }, true));
  byId("verdict").addEventListener("change", (event) => go({ verdict: event.target.value }, true));
  byId("group")?.addEventListener("change", (event) => go({ group: event.target.value }, true));
  byId("reset").addEventListener("click", () => go({ q: "", verdict: "", group: "" }, true));
  byId("save").addEventListener("click", () => saveFile("hosts.csv", csvText(found), "text/csv"));
  byId("take").hidden = !rows.length;
  byId("take").addEventListener("toggle", showCommands);
  byId("more").addEventListener("click", showMore);
  for (const tile of document.querySelectorAll(".tile")) {
    tile.addEventListener("click", () => go({ verdict: tile.dataset.v === state.verdict ? "" : tile.dataset.v }, true));
  }
  body.addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    if (!row || event.ctrlKey || event.metaKey || event.shiftKey || String(getSelection())) return;
    event.preventDefault();
    go({ host: decodeURIComponent(row.cells[0].firstChild.hash.slice("#host=".length)) });
  });
  addEventListener("hashchange", follow);
  addEventListener("popstate", follow);
  addEventListener("keydown", onKey);
  follow();
}

function onKey(event) {
  const typing = event.target.matches("input, select, textarea");
  if (event.key === "Escape" && state.host) go({ host: "" });
  else if (event.key === "/" && !typing) {
    event.preventDefault();
    byId("search").focus();
  } else if (state.host && !typing && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
    step(event.key === "ArrowLeft" ? -1 : 1);
  }
}

// The host before or after the open one in the list as it is filtered and sorted now.
function step(by) {
  const open = indexOfLink.get("#host=" + quoted(state.host));
  const place = found.findIndex((row) => row.index === open);
  const next = found[place + by];
  if (next && place >= 0) go({ host: decodeURIComponent(next.link.slice("#host=".length)) }, true);
}

// As the links are written: encodeURIComponent leaves five more characters alone than they do.
function quoted(name) {
  return encodeURIComponent(name.toWellFormed())
    .replace(/[!'()*]/g, (char) => "%" + char.charCodeAt(0).toString(16).toUpperCase());
}
