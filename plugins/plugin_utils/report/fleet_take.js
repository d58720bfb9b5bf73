/* Copyright (c) 2026, the fleetcare.pagealloc contributors
 * GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later */
// What a reader takes from the page: a file with the hosts that are filtered, and commands for one host or for all of these.

const marks = JSON.parse(byId("marks").textContent);
// A name that means nothing but itself to --limit and to a shell.
const PLAIN = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
// More names make no command that one can read.
const MOST_NAMES = 100;
// As csv_cells.py has it: a spreadsheet takes a cell that begins so for a formula.
const FORMULA = /(?:^|(?<=;))(?= *[-=+@\uff0d\uff1d\uff0b\uff20])/g;

const nameOf = (row) => decodeURIComponent(row.link.slice("#host=".length));
const namesAt = (row, key, names) => (row.element.dataset[key] || "").split(" ").filter(Boolean).map((place) => names[place]);

function csvText(chosen) {
  const heads = Array.from(table.tHead.rows[0].cells, (head) => head.textContent);
  const lines = chosen.map((row) => {
    const cells = Array.from(row.element.cells, (cell) => cell.querySelector(".pill") || cell).map((cell) => cell.textContent);
    const waits = row.element.querySelector(".waits");
    return [nameOf(row), ...cells.slice(1), namesAt(row, "g", groupNames).join("; "), waits ? waits.textContent : ""];
  });
  return [[...heads, "Groups", "Acknowledged"], ...lines].map((line) => line.map(csvCell).join(",") + "\r\n").join("");
}

const csvCell = (text) => `"${printable(text).replace(FORMULA, "'").replaceAll('"', '""')}"`;

function saveFile(name, text, type) {
  const link = make("a", { download: name });
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href));
}

// The command with a button that copies it; where the browser lets no script copy, it is marked for the reader to do so.
function commandBox(command) {
  const text = make("code", {}, command);
  const button = make("button", { type: "button", class: "plain" }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(command);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(text);
      button.textContent = "Press Ctrl+C";
    }
  });
  return make("div", { class: "command" }, text, button);
}

// The command of an action for one host; null where no playbook carries it out, or the name is more than a name to --limit.
const commandFor = (action, name) => marks.commands[action] && PLAIN.test(name) ? commandBox(marks.commands[action].replace("HOSTS", name)) : null;

function showCommands() {
  if (!byId("take").open) return;
  const asked = new Map(Object.keys(marks.commands).map((action) => [action, []]));
  for (const row of found) for (const action of namesAt(row, "a", marks.actions)) asked.get(action)?.push(nameOf(row));
  const boxes = [...asked].filter(([, names]) => names.length).map(([action, names]) => commandForAll(action, names));
  byId("commands").replaceChildren(...(boxes.length ? boxes : [make("p", { class: "note" }, "No playbook does what would help these hosts. Open a host to see what would.")]));
}

function commandForAll(action, names) {
  const plain = names.filter((name) => PLAIN.test(name));
  const left = names.length - plain.length;
  const file = `${action}.txt`;
  const save = make("button", { type: "button", class: "plain" }, `Save ${file}`);
  save.addEventListener("click", () => saveFile(file, plain.join("\n") + "\n", "text/plain"));
  const limit = plain.length > MOST_NAMES ? `@${file}` : plain.join(",");
  return make("section", {}, make("h2", {}, `${action}: ${count(names.length)} ${names.length === 1 ? "host" : "hosts"}`),
    plain.length ? commandBox(marks.commands[action].replace("HOSTS", limit)) : null,
    plain.length > MOST_NAMES ? make("p", { class: "note" }, `There are many names, so they are in a file: `, save) : null,
    left ? make("p", { class: "note" }, `${count(left)} left out: these names mean something else in --limit.`) : null);
}
