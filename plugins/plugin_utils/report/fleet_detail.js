/* Copyright (c) 2026, the fleetcare.pagealloc contributors
 * GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later */
// The panel of one host. Text of a host enters the page as textContent only, never as markup.

const panel = byId("panel");
const meanings = JSON.parse(byId("meanings").textContent);
const LINE_BREAKS = /[\t\n\v\f\r\u0085\u2028\u2029]/g;
const HIDDEN = /[\p{C}\p{Zl}\p{Zp}\u034f\u115f\u1160\u3164\uffa0\ufe00-\ufe0f]/gu;
let lastFocus = null;

// Control characters and direction overrides become visible: they must not disguise anything.
const printable = (value) => String(value).replace(LINE_BREAKS, " ")
  .replace(HIDDEN, (char) => escaped(char.codePointAt(0)));
// As printable() writes them in Python, so that both show one name in one way.
const escaped = (code) => {
  const [mark, digits] = code < 0x100 ? ["x", 2] : code < 0x10000 ? ["u", 4] : ["U", 8];
  return "\\" + mark + code.toString(16).padStart(digits, "0");
};

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "style") for (const key in value) element.style.setProperty(key, value[key]);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : printable(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : printable(child));
  }
  return element;
}

const count = (n) => n === null || n === undefined ? "–" : n.toLocaleString("en");
const short = (n) => n < 100000 ? count(n) : n < 1e7 ? `${Math.round(n / 1000)}k` : `${Math.round(n / 1e6)}M`;
function bytes(n) {
  if (n === null || n === undefined) return "–";
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (n >= 1024 && unit < units.length - 1) { n /= 1024; unit += 1; }
  return `${n < 10 && n % 1 ? n.toFixed(1) : Math.round(n)} ${units[unit]}`;
}
const kilobytes = (n) => n === null || n === undefined ? null : bytes(n * 1024);
function duration(seconds) {
  if (seconds === null || seconds === undefined) return null;
  const days = Math.floor(seconds / 86400);
  const hours = Math.floor(seconds / 3600) % 24;
  return days ? `${days} d ${hours} h` : `${hours} h ${Math.floor(seconds / 60) % 60} min`;
}
const listed = (values) => values && values.length ? values.join(", ") : null;
const section = (title, ...children) => make("section", {}, make("h3", {}, title), ...children);
const pill = (verdict) => make("span", { class: "pill" }, verdict.replaceAll("_", " "));

function openHost(name) {
  for (const row of body.querySelectorAll("[aria-current]")) row.removeAttribute("aria-current");
  const index = name ? indexOfLink.get("#host=" + quoted(name)) : undefined;
  const wasOpen = !panel.hidden;
  panel.hidden = !name;
  document.documentElement.classList.toggle("open", Boolean(name));
  if (!name) {
    panel.removeAttribute("aria-busy");
    panel.replaceChildren();
    if (lastFocus && lastFocus.isConnected) lastFocus.focus({ preventScroll: true });
    return;
  }
  if (!wasOpen) lastFocus = document.activeElement;
  if (index === undefined) {
    delete panel.dataset.v;
    panel.replaceChildren(panelHead(name, null), make("p", { class: "note" }, "This report has no host of this name."));
  } else {
    const row = rows[index].element;
    row.setAttribute("aria-current", "true");
    panel.dataset.v = row.dataset.v;
    panel.replaceChildren(panelHead(name, row.dataset.v));
    if (!wasOpen) row.scrollIntoView({ block: "nearest" });
    fill(name, index);
  }
  panel.scrollTop = 0;
  panel.focus({ preventScroll: true });
}

// The head is there at once; the rest comes when it is unpacked, unless another host is open by then.
async function fill(name, index) {
  panel.setAttribute("aria-busy", "true");
  const host = await hostAt(index).catch(() => null);
  if (state.host !== name) return;
  if (host) byId("panel-title").textContent = printable(host.name);
  panel.append(...(host ? describe(host) : [make("p", { class: "note" },
    "This browser is too old to unpack the details of this host. All of them are in fleet.json.")]));
  panel.removeAttribute("aria-busy");
}

function panelHead(name, verdict) {
  const button = (label, text, action) => {
    const element = make("button", { type: "button", class: "plain", "aria-label": label, title: label }, text);
    element.addEventListener("click", action);
    return element;
  };
  return make("header", {},
    make("nav", {}, button("Previous host (left arrow)", "‹", () => step(-1)), button("Next host (right arrow)", "›", () => step(1)),
      button("Close (Escape)", "✕", () => go({ host: "" }))),
    make("h2", { id: "panel-title" }, name),
    verdict && make("p", { class: "judged" }, pill(verdict), " ", meanings[verdict] || ""));
}

function describe(host) {
  const facts = host.facts || {};
  return [
    host.acknowledged && make("p", { class: "note" }, `Acknowledged until ${host.acknowledged.until}: ${host.acknowledged.reason}`),
    host.facts && make("div", { class: "figures" }, figures(host, facts)),
    host.change && changeSection(host.change),
    why(host),
    causeSection(host),
    host.actions.length ? section("What would help", make("ol", { class: "actions" },
      host.actions.map((step) => make("li", {}, step.description, " ", make("code", {}, step.action), commandFor(step.action, host.name))))) : null,
    unhelpfulSection(host),
    pastSection(host),
    accountSection(host),
    memorySection(host, facts),
    host.facts && logSection(facts),
    host.facts && kernelSection(facts, host.other_facts),
    host.facts && nicSection(facts),
    missing(facts),
  ].filter(Boolean);
}

function figures(host, facts) {
  const figure = (value, label, bad) => make("div", { class: bad ? "figure bad" : "figure" }, make("b", {}, value), make("span", {}, label));
  const { headroom, order } = host;
  const room = headroom && order < headroom.atomic.length && between(headroom, order, count);
  const lost = headroom && headroom.unusable_free_percent[order];
  const requests = order === null ? "atomic requests" : `atomic order-${order} requests (${size(facts, order)})`;
  const failures = facts.failures && facts.failures.count;
  return [
    figure(room || "–", `${requests} left`, headroom && headroom.atomic_at_most[order] === 0),
    figure(count(failures), "allocation failures logged", failures > 0),
    figure(lost === null || lost === undefined ? "–" : `${Math.round(lost)} %`, "of free memory in blocks too small", lost >= 90),
    figure(facts.memory ? kilobytes(facts.memory.free_kb) : "–", facts.memory ? `free of ${kilobytes(facts.memory.total_kb)}` : "free memory", false),
  ];
}

// Two numbers where only bounds are known: which blocks are CMA's, or which watermark rule the kernel has, may not be.
function between(granted, order, show) {
  const [least, most] = [granted.atomic[order], granted.atomic_at_most[order]];
  return least === most ? show(least) : `${show(least)} to ${show(most)}`;
}

// Whoever asks for larger blocks counts on it to fail: no alarm there.
const isWatched = (host, order) => order <= Math.max(host.order, host.failures_up_to_order);
const size = (facts, order) => bytes((facts.page_size_bytes || 4096) * 2 ** order);
const zoneKey = (zone) => `${zone.node} ${zone.zone}`;

// The picture: one row for each zone, one column for each block size.
function memorySection(host, facts) {
  const because = (facts.unavailable || {}).zones;
  if (!facts.zones || !facts.zones.length) {
    return section("Free memory by block size", make("p", { class: "note" },
      "Not known" + (because ? `: ${because}` : host.facts ? "." : ": this host gave no facts. See the reasons above.")));
  }
  const orders = Math.max(...facts.zones.map((zone) => zone.free_blocks.length));
  const columns = Array.from({ length: orders }, (_, order) => order);
  const page = facts.page_size_bytes || 4096;
  const held = facts.zones.map((zone) => zone.free_blocks.map((blocks, order) => blocks * page * 2 ** order));
  const most = Math.max(1, ...held.flat());
  const judged = new Map(((host.headroom || {}).zones || []).map((zone) => [zoneKey(zone), zone]));
  // That one zone refuses is usual, the small DMA zone above all: it matters if no zone is left that grants.
  const alarming = (order) => isWatched(host, order) && host.headroom.atomic_at_most[order] === 0;
  const table = make("table", { class: "heat" },
    make("caption", { class: "sr" }, "Free blocks for each zone and block size"),
    make("thead", {}, make("tr", {}, make("td", {}),
      columns.map((order) => make("th", { scope: "col", class: order === host.order ? "critical" : null }, make("small", {}, `order ${order}`), bytes(page * 2 ** order))),
      make("th", { scope: "col", class: "sum" }, "free"))),
    make("tbody", {}, facts.zones.map((zone, place) => zoneRow(zone, columns, held[place], most, judged.get(zoneKey(zone)), alarming))),
    host.headroom ? make("tbody", { class: "verdicts" }, headroomRows(host, columns)) : null);
  const rule = host.headroom && host.headroom.rules.join(" or ");
  return section("Free memory by block size",
    make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Free memory by block size" }, table),
    make("p", { class: "legend" },
      make("span", { class: "ramp", "aria-hidden": "true" }), "less to more free memory in blocks of this size ",
      host.headroom && make("span", { class: "swatch", "aria-hidden": "true" }, "✕"),
      host.headroom && "this zone would refuse an atomic request of this size; bold if all zones would",
      rule && make("span", { class: "rule" }, `Watermark rule: ${rule}`)),
    host.headroom ? null : make("p", { class: "note" }, "The headroom is not known. " + (host.reasons[0] || "")));
}

function zoneRow(zone, columns, held, most, judged, alarming) {
  const unused = judged && !judged.usable;
  return make("tr", { class: unused ? "unused" : null, title: unused ? "Ordinary kernel requests may not use this zone" : null },
    make("th", { scope: "row" }, `Node ${zone.node} `, make("b", {}, zone.zone)),
    columns.map((order) => {
      const blocks = zone.free_blocks[order];
      if (blocks === undefined) return make("td", {});
      const refused = judged && judged.usable && judged.atomic_at_most[order] === 0;
      // Logarithmic: a few kB and many GB must both be seen to differ from nothing.
      const heat = held[order] ? 10 + 75 * Math.log1p(held[order] / 4096) / Math.log1p(most / 4096) : 0;
      return make("td", { class: refused ? alarming(order) ? "refused" : "refused usual" : null, style: { "--heat": `${heat.toFixed(1)}%` },
        title: `${count(blocks)} free blocks, ${bytes(held[order])}` + (refused ? "; this zone would refuse an atomic request of this size" : "") },
      short(blocks), refused ? make("i", { "aria-label": "refused" }, "✕") : null);
    }),
    make("td", { class: "sum" }, bytes(held.reduce((sum, n) => sum + n, 0))));
}

function headroomRows(host, columns) {
  const { headroom } = host;
  const line = (label, values, show, bad) => make("tr", {}, make("th", { scope: "row" }, label),
    columns.map((order) => {
      const value = values[order];
      return make("td", { class: isWatched(host, order) && value !== undefined && value !== null && bad(value) ? "bad" : null }, value === undefined || value === null ? "–" : show(value));
    }), make("td", {}));
  const none = (n) => n === 0;
  // The upper bound is told where it is another number.
  const granted = (label, least, most) => String(least) === String(most) ? [line(label, least, short, none)]
    : [line(`${label}, at least`, least, short, () => false), line(`${label}, at most`, most, short, none)];
  const nodes = headroom.nodes.length > 1 ? headroom.nodes.flatMap((node) => granted(`Atomic, node ${node.node}`, node.atomic, node.atomic_at_most)) : [];
  return [
    ...granted("Atomic granted", headroom.atomic, headroom.atomic_at_most),
    ...granted("Non-atomic granted", headroom.non_atomic, headroom.non_atomic_at_most),
    line("Unusable free", headroom.unusable_free_percent, (n) => `${Math.round(n)} %`, (n) => n >= 99.5),
    ...nodes,
  ];
}

function logSection(facts) {
  const failures = facts.failures;
  if (!failures) {
    const because = (facts.unavailable || {}).failures;
    return section("Kernel log", make("p", { class: "note" }, "No kernel log could be read" + (because ? `: ${because}` : ".")));
  }
  const source = { dmesg: "the kernel ring buffer", journal: "the journal", messages: "/var/log/messages" }[failures.source] || failures.source;
  const reach = failures.boot_seen ? "It reaches back to this boot's start." : "It does not reach back to this boot's start: earlier failures are lost.";
  if (!failures.count) {
    return section("Kernel log", make("p", { class: "note" }, `No allocation failure in ${source}. ${reach} The kernel limits these messages, so there may have been failures.`));
  }
  const last = failures.last;
  return section("Kernel log",
    make("p", {}, `${count(failures.count)} page allocation ${failures.count === 1 ? "failure" : "failures"} in ${source}. ${reach}`),
    make("div", { class: "pair" }, bars("By order", failures.by_order, (order) => `order ${order} · ${size(facts, Number(order))}`),
      bars("By process", failures.by_process, (name) => name)),
    last && make("h4", {}, "Last failure"),
    last && pairs([
      ["When", last.at], ["Process", last.process], ["Request", `order ${last.order} (${size(facts, last.order)})` + (last.atomic === null ? "" : last.atomic ? ", atomic" : ", may wait")],
      ["Mode", last.mode + (last.mode_flags ? ` = ${last.mode_flags.join(" | ")}` : "")], ["Kernel", last.kernel], ["Drivers in the trace", listed(last.drivers)],
    ]));
}

function bars(title, values, label) {
  const entries = Object.entries(values).sort((a, b) => b[1] - a[1]);
  const most = Math.max(1, ...entries.map((entry) => entry[1]));
  const line = ([name, n]) => make("li", {}, make("span", {}, label(name)), make("b", {}, count(n)),
    make("i", { "aria-hidden": "true", style: { "--part": `${(100 * n / most).toFixed(1)}%` } }));
  return make("div", {}, make("h4", {}, title), make("ul", { class: "bars" }, entries.slice(0, 8).map(line)),
    entries.length > 8 ? make("p", { class: "note" }, `and ${count(entries.length - 8)} more`) : null);
}

function pairs(entries) {
  return make("dl", {}, entries.map(([label, value]) => [make("dt", {}, label),
    make("dd", value === null || value === undefined || value === "" ? { class: "absent" } : {}, value === null || value === undefined || value === "" ? "not seen" : value)]));
}

function kernelSection(facts, others) {
  const kernel = facts.kernel || {};
  const modules = facts.modules || {};
  const vm = facts.vm || {};
  const taint = modules.taint === 0 ? "none" : modules.taint ? `${modules.taint} (${modules.taint_flags.join("")})` : null;
  return section("Kernel and memory", pairs([
    ["Running kernel", kernel.release], ["Build", kernel.version], ["Distribution", kernel.distribution && kernel.distribution.name],
    ["Boots by default", kernel.default_boot], ["Installed", listed(kernel.installed)], ["Up for", duration(facts.uptime_seconds)],
    ["vm.min_free_kbytes", vm.min_free_kbytes === null || vm.min_free_kbytes === undefined ? null : `${count(vm.min_free_kbytes)} (${kilobytes(vm.min_free_kbytes)})`],
    ["vm.zone_reclaim_mode", vm.zone_reclaim_mode], ["Available memory", facts.memory && kilobytes(facts.memory.available_kb)], ["Taint", taint],
    ["Out-of-tree modules", modules.out_of_tree ? listed(modules.out_of_tree) || "none" : null], ["Proprietary modules", modules.proprietary ? listed(modules.proprietary) || "none" : null],
    ...Object.entries(others).map(([name, value]) => [name, value !== null && typeof value === "object" ? JSON.stringify(value) : value]),
  ]));
}

function nicSection(facts) {
  if (!facts.nics) return null;
  const heads = ["Interface", "Driver", "Version", "Firmware", "Origin", "MTU", "State"];
  const origin = { true: "kernel's own", false: "out of tree" };
  const line = (nic) => make("tr", {}, make("th", { scope: "row" }, nic.name, nic.default_route ? make("small", {}, " default route") : null),
    [listed(nic.lower) ? `${nic.driver || "–"} over ${nic.lower.join(", ")}` : nic.bus_driver && nic.bus_driver !== nic.driver ? `${nic.driver || "–"} on ${nic.bus_driver}` : nic.driver,
      nic.driver_version, nic.firmware, origin[nic.in_tree], nic.mtu, nic.operstate].map((value) => make("td", {}, value ?? "–")));
  return section("Network interfaces", facts.nics.length ? make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Network interfaces" },
    make("table", { class: "nics" }, make("thead", {}, make("tr", {}, heads.map((head) => make("th", { scope: "col" }, head)))), make("tbody", {}, facts.nics.map(line))))
    : make("p", { class: "note" }, "None."));
}

function missing(facts) {
  const entries = Object.entries(facts.unavailable || {});
  return entries.length ? section("Missing data, and why", make("dl", { class: "missing" }, entries.map(([datum, reason]) => [make("dt", {}, datum), make("dd", {}, reason)]))) : null;
}

start();
