/* Copyright (c) 2026, the fleetcare.pagealloc contributors
 * GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later */
// The part of a host's panel that tells what earlier audits saw: two curves, what happened, and where they lead.

const CHART = { width: 600, height: 110 };

function drawn(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, printable(value));
  element.append(...children.flat(Infinity).filter(Boolean));
  return element;
}

const day = (moment) => moment.slice(0, 10);
const seconds = (moment) => Date.parse(moment) / 1000;

function pastSection(host) {
  const past = host.past;
  if (!past || past.at.length < 2) return null;
  const forecast = host.forecast || {};
  const marks = past.marks.map(({ place, mark }) => make("li", {}, `${day(past.at[place])}: ${mark.replaceAll("_", " ")}`));
  return section("What earlier audits saw",
    chart(past, past.headroom, `atomic order-${past.order} requests left`, short, forecast, 0, "nothing will be left"),
    chart(past, past.unaccounted_kb, "memory that the kernel counts nowhere", kilobytes, forecast.unaccounted || {}, null, "all available memory is used up"),
    marks.length ? make("ul", { class: "note marks" }, marks) : null);
}

// A curve by time. Where it falls to ``floor``, the two ends of what is foretold stand behind it. ``outcome``: what comes then.
function chart(past, values, label, show, trend, floor, outcome) {
  const seen = values.map((value, place) => [seconds(past.at[place]), value]).filter(([, value]) => value !== null);
  if (seen.length < 2) return null;
  const [first, last] = [seconds(past.at[0]), seconds(past.at.at(-1))];
  const foretold = floor === null ? [] : [trend.exhausted_earliest, trend.exhausted_latest].filter(Boolean).map(seconds);
  // What is foretold takes half of the picture at most.
  const end = Math.min(Math.max(last, ...foretold), last + (last - first || 1));
  const most = Math.max(1, ...seen.map(([, value]) => value));
  const x = (at) => (CHART.width * (at - first) / (end - first || 1)).toFixed(1);
  const y = (value) => (CHART.height - (CHART.height - 6) * value / most).toFixed(1);
  const [lastAt, lastValue] = seen.at(-1);
  const wedge = foretold.length && drawn("polygon", { class: "foretold",
    points: [`${x(lastAt)},${y(lastValue)}`, ...[foretold[0], foretold[1] || end * 2].map((at) => onLine(lastAt, lastValue, at, end, x, y))].join(" ") });
  const marks = past.marks.map(({ place, mark }) => drawn("line", { class: "mark", x1: x(seconds(past.at[place])), x2: x(seconds(past.at[place])), y1: 0, y2: CHART.height },
    drawn("title", {}, `${day(past.at[place])}: ${mark.replaceAll("_", " ")}`)));
  const told = `${label}: ${show(seen[0][1])} on ${day(past.at[0])}, ${show(lastValue)} on ${day(past.at.at(-1))}`;
  return make("figure", { class: "course" },
    make("figcaption", {}, make("b", {}, show(lastValue)), ` ${label}`, pace(trend, show, outcome)),
    drawn("svg", { viewBox: `0 0 ${CHART.width} ${CHART.height}`, preserveAspectRatio: "none", role: "img", "aria-label": told },
      wedge, marks, drawn("polyline", { class: "curve", points: seen.map(([at, value]) => `${x(at)},${y(value)}`).join(" ") })),
    make("p", { class: "axis" }, make("span", {}, day(past.at[0])), make("span", {}, `at most ${show(most)}`),
      make("span", {}, end > last ? day(new Date(end * 1000).toISOString()) : day(past.at.at(-1)))));
}

// Where the line from the last value to nothing at ``at`` leaves the picture.
function onLine(lastAt, lastValue, at, end, x, y) {
  return at <= end ? `${x(at)},${y(0)}` : `${x(end)},${y(lastValue * (at - end) / (at - lastAt))}`;
}

function pace(trend, show, outcome) {
  if (!trend.per_day) return null;
  const change = `${trend.per_day < 0 ? "−" : "+"}${show(Math.abs(Math.round(trend.per_day)))} a day`;
  const ends = [trend.exhausted_earliest, trend.exhausted_latest].filter(Boolean).map(day);
  const when = ends.length === 2 ? `; ${outcome} between ${ends[0]} and ${ends[1]}` : ends.length ? `; ${outcome} on ${ends[0]} at the earliest` : "";
  return make("small", {}, ` ${change}${trend.state === "cache_fills" ? ", as the page cache fills" : when}`);
}
