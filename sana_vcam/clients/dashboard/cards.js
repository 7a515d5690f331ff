// One preset as a card: its still, the picture that it ships with or its swatch, its name, its number key, its menu.

import { element, icon, setAttribute, setText } from "./dom.js";
import { shippedPicture } from "./groups.js";
import { swatch } from "./swatch.js";

const KEYS = 9;
const NEW_MS = 4000;

export class Card {
  /** `token` goes onto the address of the picture; the listeners get this card. */
  constructor(id, token, { apply, menu }) {
    this.id = id;
    this.preset = null;
    this.#token = token;
    this.look.addEventListener("click", () => apply(this));
    this.more.addEventListener("click", () => menu(this));
    this.item.addEventListener("contextmenu", (event) => {
      if (this.more.hidden) return;
      event.preventDefault();
      menu(this);
    });
  }

  #token;
  #picture = element("img", { alt: "", loading: "lazy", draggable: "false" });
  #number = element("kbd", { "aria-hidden": "true" });
  #star = element("span", { class: "card-star", role: "img", "aria-label": "Favourite", hidden: true }, icon("save"));
  #name = element("span", { class: "card-name", dir: "auto" });
  #thumb = element("span", { class: "thumb" }, icon("person"), this.#picture, this.#number, this.#star);
  look = element("button", { class: "look", type: "button", "aria-pressed": "false", "data-live": true }, this.#thumb, this.#name);
  more = element("button", { class: "icon-button small card-menu", type: "button", "aria-haspopup": "menu" }, icon("more"));
  item = element("li", { class: "card" }, this.look, this.more);

  /** Show `preset`, which is at `place` of the whole list. */
  show(preset, { place, active, favourite }) {
    this.preset = preset;
    this.#showPicture(preset);
    setText(this.#name, preset.name);
    setAttribute(this.look, "title", preset.prompt || "No prompt");
    setAttribute(this.look, "aria-pressed", String(active));
    setAttribute(this.look, "aria-keyshortcuts", place < KEYS ? String(place + 1) : null);
    setText(this.#number, place < KEYS ? String(place + 1) : "");
    setAttribute(this.more, "aria-label", `Menu of ${preset.name}`);
    this.#star.hidden = !favourite;
  }

  /** Let it be moved by hand, or not. */
  movable(yes) {
    setAttribute(this.item, "draggable", yes ? "true" : null);
  }

  /** Bring it into sight, with the focus on it, and mark it for a moment. */
  reveal() {
    this.item.scrollIntoView({ block: "nearest" });
    this.look.focus({ preventScroll: true });
    this.item.classList.add("new");
    setTimeout(() => this.item.classList.remove("new"), NEW_MS);
  }

  /** Take it into the order of the Tab key, or out of it. */
  reachable(yes) {
    this.look.tabIndex = this.more.tabIndex = yes ? 0 : -1;
  }

  #showPicture(preset) {
    const { hue, strength } = swatch(preset);
    this.#thumb.style.setProperty("--hue", String(hue));
    this.#thumb.style.setProperty("--strength", `${strength}%`);
    const path = preset.thumbnail ?? shippedPicture(preset);
    const address = path ? withToken(path, this.#token) : null;
    if (this.#picture.getAttribute("src") === address) return;
    // Not hidden while it loads: a lazy picture that is not laid out is never loaded.
    this.#picture.classList.remove("loaded");
    this.#picture.onload = () => this.#picture.classList.add("loaded");
    setAttribute(this.#picture, "src", address);
  }
}

/** The still's address on this very server, with the token; null if it leads elsewhere. */
function withToken(path, token) {
  const address = new URL(path, location.origin);
  if (address.origin !== location.origin) return null;
  address.searchParams.set("token", token);
  return address.pathname + address.search;
}
