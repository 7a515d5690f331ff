// The browser's tab: its title and its icon say what viewers see, also from another window.

import { $, setAttribute } from "./dom.js";
import { isKnown } from "./store.js";
import { titleWords } from "./words.js";

/** What stands on the icon, by shape and not by colour alone: 32 by 32, a ground and a figure. */
const ICONS = {
  live: ["#c9211a", '<circle cx="16" cy="16" r="8" fill="#fff"/>'],
  freeze: ["#f6bb55", '<path d="M16 6v20M7.3 11l17.4 10M24.7 11L7.3 21" stroke="#231600" stroke-width="3"/>'],
  blank: ["#000", '<rect x="1.5" y="1.5" width="29" height="29" rx="7" fill="none" stroke="#f6bb55" stroke-width="3"/>'],
  bypass: ["#c9211a", '<path d="M16 6v13" stroke="#fff" stroke-width="4.5"/><circle cx="16" cy="25" r="2.6" fill="#fff"/>'],
  slate: ["#3d4a5c", '<path d="M8 12h16M8 20h10" stroke="#fff" stroke-width="3"/>'],
  unknown: ["#77808c", '<path d="M11.5 12.5a4.5 4.5 0 1 1 6.5 4c-1.5.8-2 1.8-2 3.5" fill="none" stroke="#fff" stroke-width="3"/><circle cx="16" cy="25" r="2" fill="#fff"/>'],
};
const addresses = new Map();

/** Show the model on the tab. */
export function showTab(model) {
  document.title = `${titleWords(model)} – SANA VCam`;
  const name = isKnown(model) && model.state.output in ICONS ? model.state.output : "unknown";
  if (model.link === "opening") return;
  setAttribute($("tab-icon"), "href", addressOf(name));
  setAttribute($("tab-icon"), "data-output", name);
}

function addressOf(name) {
  if (!addresses.has(name)) {
    const [ground, figure] = ICONS[name];
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="${ground}"/>${figure}</svg>`;
    addresses.set(name, URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" })));
  }
  return addresses.get(name);
}
