// The menu of a card: opened at its button, walked with the arrow keys, closed with Escape.

import { $, element, setAttribute } from "./dom.js";

/** Open the menu beside `button`. Each entry is `{label, run, disabled}`. */
export function openMenu(button, name, entries) {
  const menu = $("preset-menu");
  setAttribute(menu, "aria-label", name);
  menu.replaceChildren(...entries.map((entry) => item(menu, button, entry)));
  menu.onkeydown = (event) => walk(menu, event);
  menu.ontoggle = ({ newState }) => {
    if (newState === "closed" && menu.contains(document.activeElement)) button.focus();
  };
  menu.showPopover();
  place(menu, button);
  menu.querySelector("button:not(:disabled)").focus();
}

function item(menu, button, { label, run, disabled = false, danger = false }) {
  const use = () => {
    menu.hidePopover();
    button.focus();
    run();
  };
  const fields = { type: "button", role: "menuitem", tabindex: "-1", click: use, disabled };
  return element("button", danger ? { ...fields, "data-danger": true } : fields, label);
}

function walk(menu, event) {
  const items = [...menu.querySelectorAll("button:not(:disabled)")];
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
  if (event.key === "Tab") menu.hidePopover();
  if (to === undefined) return;
  event.preventDefault();
  items[to % items.length].focus();
}

/** Below the button, or above it, but always inside the window. */
function place(menu, button) {
  const from = button.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const below = from.bottom + 4 + height <= innerHeight;
  menu.style.left = `${Math.max(8, Math.min(from.right - width, innerWidth - width - 8))}px`;
  menu.style.top = `${Math.max(8, below ? from.bottom + 4 : from.top - 4 - height)}px`;
}
