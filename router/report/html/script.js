"use strict";
// Makes long tables searchable and sortable, copies what is to be typed, and shows what is folded or sifted out when it is linked to.
// Without it everything is shown, or opens by hand.
// Texts are only ever compared and set as text, never as markup.

const STEP = 100;
const LEAP = 1000;
const NAMES = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
const NUMBERS = new Intl.NumberFormat("en-US");

function shown(row, column) {
  const cell = row.cells[column];
  return cell.dataset.value ?? cell.textContent.trim();
}

function amount(text) {
  const found = Number.parseFloat(text.replace(/[^0-9.\-]/g, ""));
  return Number.isNaN(found) ? -Infinity : found;
}

function enliven(live) {
  const [search, frame, more] = live.children;
  const body = frame.querySelector("tbody");
  const input = search.querySelector("input");
  const status = search.querySelector("[role=status]");
  const headings = [...frame.querySelectorAll("thead th")];
  const [step, leap] = more.querySelectorAll("button");
  let rows = [...body.rows];
  let room = STEP;
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));

  function refresh() {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = rows.filter((row) => words.every((word) => texts.get(row).includes(word)));
    const seen = new Set(found.slice(0, room));
    for (const row of rows) if (row.hidden === seen.has(row)) row.hidden = !row.hidden;
    const of = `${NUMBERS.format(found.length)} of ${NUMBERS.format(rows.length)} rows`;
    status.textContent = words.length ? `${of} match` : of.replace(/^.* of /, "");
    if (seen.size < found.length) status.textContent += `, the first ${NUMBERS.format(seen.size)} shown`;
    more.hidden = seen.size === found.length;
    const left = found.length - seen.size;
    step.textContent = `Show ${NUMBERS.format(Math.min(STEP, left))} more`;
    leap.textContent = left > LEAP ? `Show ${NUMBERS.format(LEAP)} more` : `Show all ${NUMBERS.format(found.length)}`;
  }

  function widen(to) {
    room = to;
    refresh();
    if (more.hidden) frame.focus();
  }

  function sort(column) {
    const heading = headings[column];
    const down = heading.getAttribute("aria-sort") === "ascending";
    for (const other of headings) other.setAttribute("aria-sort", "none");
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    const numeric = heading.dataset.kind === "number" || rows.every((row) => row.cells[column].dataset.value);
    const keys = new Map(rows.map((row) => [row, numeric ? amount(shown(row, column)) : shown(row, column)]));
    const order = numeric ? (a, b) => keys.get(a) - keys.get(b) || 0 : (a, b) => NAMES.compare(keys.get(a), keys.get(b));
    rows.sort(down ? (a, b) => order(b, a) : order);
    body.append(...rows);
    refresh();
  }

  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    heading.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => sort(column));
  });
  input.addEventListener("input", () => {
    room = STEP;
    refresh();
  });
  step.addEventListener("click", () => widen(room + STEP));
  leap.addEventListener("click", () => widen(room + LEAP));
  search.hidden = false;
  refresh();
}

document.querySelectorAll(".live").forEach(enliven);

// What cannot be copied, as the browser does not let a page, is selected.
function copyable(text) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    getSelection().selectAllChildren(text);
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Selected";
    }
  });
  text.after(button);
}

document.querySelectorAll(".copy").forEach(copyable);

function reveal() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const around = target && target.closest("details");
  const live = target && target.closest("tr[hidden]") && target.closest(".live");
  if (around) around.open = true;
  if (live) {
    const input = live.querySelector("input");
    input.value = "";
    input.dispatchEvent(new Event("input"));
  }
  if (around || live) target.scrollIntoView();
}

addEventListener("hashchange", reveal);
reveal();

const folded = [...document.querySelectorAll("details")];
let opened = [];
addEventListener("beforeprint", () => {
  opened = folded.filter((own) => !own.open);
  for (const own of opened) own.open = true;
});
addEventListener("afterprint", () => {
  for (const own of opened) own.open = false;
});
