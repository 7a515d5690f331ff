// The single-key shortcuts, and the sheet that lists them: one table for both.

import { $, element } from "./dom.js";
import { recall, remember } from "./memory.js";

const TYPING = "input, textarea, select, [contenteditable]";
const OPEN = "dialog[open], [popover]:popover-open";

/** Let keys do what `actions` has, while nobody types and nothing is open over the page. */
export function showShortcuts(actions) {
  const table = [
    { keys: ["b"], shown: "B", words: "Blank on or off", run: actions.blank },
    { keys: ["f"], shown: "F", words: "Freeze on or off", run: actions.freeze },
    { keys: ["p"], shown: "P", words: "Pause or go on", run: actions.pause },
    { keys: ["n"], shown: "N", words: "Next preset", run: () => actions.step(1) },
    { keys: ["N"], shown: "Shift N", words: "Previous preset", run: () => actions.step(-1) },
    { keys: [..."123456789"], shown: "1 – 9", words: "One of the first nine presets", run: (key) => actions.preset(Number(key) - 1) },
    { keys: ["c"], shown: "C", words: "Hold: before and after; only you see it. The arrows move the line of a wipe", run: actions.compare },
    { keys: ["o"], shown: "O", words: "Put the look that you rehearse on air", run: actions.take },
    { keys: ["O"], shown: "Shift O", words: "Forget the look that you rehearse", run: actions.back },
    { keys: ["t"], shown: "T", words: "Type a prompt", run: actions.type },
    { keys: ["/"], shown: "/", words: "Find a preset", run: actions.find },
    { keys: ["u"], shown: "U", words: "Undo what was done last, and what was before that", run: actions.undo },
    { keys: ["d"], shown: "D", words: "Light, dark, or as the system", run: actions.theme },
    { keys: ["?"], shown: "?", words: "This sheet", run: openHelp },
  ];
  $("shortcut-list").append(...table.map(row));
  $("help-button").addEventListener("click", openHelp);
  $("help-close").addEventListener("click", () => $("help").close());
  const box = $("shortcuts-on");
  box.checked = recall("shortcuts", true);
  box.addEventListener("change", () => remember("shortcuts", box.checked));
  addEventListener("keydown", (event) => press(table, event, box.checked));
}

function press(table, event, on) {
  if (!on || !isForUs(event)) return;
  const key = keyOf(event);
  const shortcut = table.find(({ keys }) => keys.includes(key));
  if (!shortcut) return;
  event.preventDefault();
  shortcut.run(key);
}

/** The key as it would be without Caps Lock. */
function keyOf({ key, shiftKey }) {
  if (!/^[a-z]$/i.test(key)) return key;
  return shiftKey ? key.toUpperCase() : key.toLowerCase();
}

function isForUs(event) {
  if (event.defaultPrevented || event.repeat || event.isComposing) return false;
  if (event.ctrlKey || event.altKey || event.metaKey) return false;
  return !event.target.closest?.(TYPING) && document.querySelector(OPEN) === null;
}

function openHelp() {
  $("help").showModal();
}

function row({ shown, words }) {
  const keys = shown.split(" ").flatMap((key) => (key === "–" ? [" – "] : [element("kbd", {}, key), " "]));
  return element("div", {}, element("dt", {}, ...keys), element("dd", {}, words));
}
