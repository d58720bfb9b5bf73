/* Copyright (c) 2026, the fleetcare.pagealloc contributors
 * GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later */
// The part of a host's panel that tells why: the reasons of the verdict, the causes, what would not help, and where the memory went.

// The parts of the account in words.
const partNames = JSON.parse(byId("parts").textContent);

// The reasons come in the order of their weight: what speaks against each other advisory stands last.
const FIRST_REASONS = 10;
function why(host) {
  const list = (reasons) => make("ul", { class: "reasons" }, reasons.map((reason) => make("li", {}, reason)));
  const more = host.reasons.slice(FIRST_REASONS);
  return section("Why",
    host.reasons.length ? list(host.reasons.slice(0, FIRST_REASONS)) : make("p", { class: "note" }, "No reasons were recorded."),
    more.length ? make("details", {}, make("summary", {}, `${count(more.length)} more`), list(more)) : null,
    host.advisories.length ? make("ul", { class: "chips" }, host.advisories.map(advisoryLine)) : null);
}

// Links lead to web addresses alone; what else an advisory refers to is told in words.
function advisoryLine(id) {
  const { title, references } = marks.advisories[id] || { title: "", references: [] };
  const reference = (told) => /^https?:\/\//.test(told)
    ? make("a", { href: told, target: "_blank", rel: "noreferrer" }, told.replace(/^https?:\/\//, "").slice(0, 80)) : told;
  return make("li", {}, "Advisory ", make("code", {}, id), title && `: ${title}`,
    references.length ? make("ul", {}, references.map((told) => make("li", {}, reference(told)))) : null);
}

function causeSection(host) {
  if (!host.causes || !host.causes.length) return null;
  const one = (found) => make("li", {}, make("b", {}, found.cause.replaceAll("_", " ")), ` (${found.certainty})`,
    make("ul", { class: "reasons" }, found.reasons.map((reason) => make("li", {}, reason))));
  return section("The cause", make("ol", { class: "causes" }, host.causes.map(one)));
}

function unhelpfulSection(host) {
  if (!host.unhelpful || !host.unhelpful.length) return null;
  return section("What would not help", make("ul", { class: "reasons" }, host.unhelpful.map((one) => make("li", {}, one.reason, " ", make("code", {}, one.action)))));
}

// Every kB of all memory: a bar for each part, that of nobody's memory in the colour of trouble.
function accountSection(host) {
  const account = host.account;
  if (!account) return null;
  if (account.unclear) return section("Where the memory went", make("p", { class: "note" }, `The account is not known: ${account.unclear}.`));
  const capital = (words) => words.charAt(0).toUpperCase() + words.slice(1);
  const share = (kb) => 100 * kb / account.total_kb;
  const line = (label, kb, nobodys) => make("li", { class: nobodys ? "nobodys" : null }, make("span", {}, label),
    make("b", {}, `${kilobytes(kb)} · ${share(kb).toFixed(share(kb) < 10 ? 1 : 0)} %`),
    make("i", { "aria-hidden": "true", style: { "--part": `${share(kb).toFixed(1)}%` } }));
  const held = Object.entries(account.parts).sort((a, b) => b[1] - a[1]).map(([part, kb]) => line(capital(partNames[part] || part), kb, false));
  const fleet = account.fleet && account.fleet.unaccounted_percent;
  const like = fleet ? ` Of ${count(account.fleet.hosts)} hosts with the same kernel and memory size, the median is ${fleet.median} %.` : "";
  const more = account.not_counted.length ? ` It includes ${account.not_counted.join(", ")}, because they are not counted on this host.` : "";
  return section("Where the memory went", make("ul", { class: "bars account" }, line("The kernel counts it nowhere", account.unaccounted_kb, true), held),
    make("p", { class: "note" }, `Of ${kilobytes(account.total_kb)}. Pages of drivers are among those that the kernel counts nowhere.${like}${more}`));
}
