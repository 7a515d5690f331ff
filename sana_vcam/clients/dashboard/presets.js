// The grid of presets: found, applied, edited, moved and removed from here.

import { $, announce, element, setText } from "./dom.js";
import { Card } from "./cards.js";
import { freeId } from "./editor.js";
import { ALL, FAVOURITES, favour, favourites, groupsOf, inOrder, isIn, renameFavourite } from "./groups.js";
import { openMenu } from "./menu.js";
import { letDrag } from "./moving.js";
import { priceOfRehearsal } from "./rehearsal.js";
import { can } from "./store.js";

const EDITING = ["save_preset", "remove_preset", "move_preset"];

/** Show the presets; returns what shortcuts may do with them. */
export function showPresets(store, token, run, { editor, toasts, rehearse, exportLooks }) {
  const grid = new Grid(store, token, run, { editor, toasts, rehearse, exportLooks });
  store.watch(() => grid.show());
  const step = (by) => run("step_preset", { by });
  $("previous-button").addEventListener("click", () => step(-1));
  $("next-button").addEventListener("click", () => step(1));
  $("builtin-button").addEventListener("click", () => run("reset_presets"));
  $("add-button").addEventListener("click", () => editor.make());
  return {
    step,
    apply: (place) => grid.applyAt(place),
    find: () => $("search").focus(),
    saved: (preset, before) => grid.saved(preset, before),
  };
}

class Grid {
  #store;
  #token;
  #run;
  #editor;
  #toasts;
  #rehearse;
  #exportLooks;
  #list = $("grid");
  #cards = new Map(); // by id
  #reachable = null; // the id of the card that Tab goes to
  #awaited = null; // the id of a new preset that is to be seen as soon as it is listed

  constructor(store, token, run, { editor, toasts, rehearse, exportLooks }) {
    this.#rehearse = rehearse;
    this.#exportLooks = exportLooks;
    this.#store = store;
    this.#token = token;
    this.#run = run;
    this.#editor = editor;
    this.#toasts = toasts;
    $("search").addEventListener("input", () => this.show());
    $("group").addEventListener("change", () => this.show());
    $("search").addEventListener("keydown", (event) => this.#onSearchKey(event));
    this.#list.addEventListener("keydown", (event) => this.#onKey(event));
    this.#list.addEventListener("focusin", (event) => this.#onFocus(event));
    letDrag(this.#list, (item) => item.dataset.id, (id, target, after) => this.#drop(id, target, after));
  }

  /** Show the presets of the model that the search finds. */
  show() {
    const { presets, state } = this.#store.model;
    const editable = this.#editable();
    const liked = favourites();
    for (const [place, preset] of presets.entries()) {
      const card = this.#card(preset.id);
      card.show(preset, { place, active: state?.preset === preset.id, favourite: liked.includes(preset.id) });
      card.movable(editable);
    }
    this.#forgetOthers(presets);
    this.#offerGroups(groupsOf(presets, liked));
    const isFound = found($("search").value);
    const group = $("group").value;
    this.#arrange(inOrder(group, presets.filter((one) => isFound(one) && isIn(group, one, liked)), liked));
    this.#reveal();
    $("add-button").hidden = !editable;
    setText($("preset-count"), presets.length ? String(presets.length) : "");
    this.#showEmpty(presets);
  }

  /** Apply the preset at a place of the whole list, if there is one. */
  applyAt(place) {
    const preset = this.#store.model.presets[place];
    if (preset) this.#run("apply_preset", { id: preset.id });
  }

  /** Tell that a preset was saved, in the place of the one `before`, and keep the way back. */
  saved(preset, before) {
    if (document.activeElement === document.body) this.#cards.get(preset.id)?.look.focus();
    if (before === null) {
      const undo = () => this.#run("remove_preset", { id: preset.id }).then(Boolean);
      const use = { label: "Use it", run: () => this.#run("apply_preset", { id: preset.id }) };
      const isOn = this.#store.model.state?.preset === preset.id;
      this.#toasts.done({ done: `Saved “${preset.name}”`, back: `“${preset.name}” is gone again`, undo }, isOn ? null : use);
      $("search").value = "";
      $("group").value = ALL;
      this.#awaited = preset.id;
      this.show();
    } else {
      renameFavourite(before.id, preset.id);
      const undo = () => this.#run("save_preset", { ...fieldsOf(before), replaces: preset.id }).then(Boolean);
      this.#toasts.done({ done: `Changed “${preset.name}”`, back: `“${before.name}” is as it was`, undo });
    }
  }

  #editable() {
    return EDITING.every((command) => can(this.#store.model, command));
  }

  #card(id) {
    if (!this.#cards.has(id)) {
      const card = new Card(id, this.#token, {
        apply: ({ preset }) => this.#run("apply_preset", { id: preset.id }),
        menu: (opened) => this.#openMenu(opened),
      });
      card.item.dataset.id = id;
      this.#cards.set(id, card);
    }
    return this.#cards.get(id);
  }

  /** The new preset is seen where it stands; the list may come later than the reply. */
  #reveal() {
    const card = this.#cards.get(this.#awaited);
    if (card === undefined) return;
    this.#awaited = null;
    card.reveal();
  }

  #offerGroups(groups) {
    const chosen = $("group").value;
    const now = [...$("group").options].map(({ value }) => value);
    if (groups.length === now.length && groups.every((group, place) => group === now[place])) return;
    $("group").replaceChildren(...groups.map((group) => element("option", { value: group }, group)));
    $("group").value = groups.includes(chosen) ? chosen : ALL;
  }

  #forgetOthers(presets) {
    const kept = new Set(presets.map(({ id }) => id));
    for (const [id, card] of this.#cards) {
      if (kept.has(id)) continue;
      const hadFocus = card.item.contains(document.activeElement);
      const neighbour = card.item.nextElementSibling ?? card.item.previousElementSibling;
      card.item.remove();
      this.#cards.delete(id);
      if (hadFocus) this.#cards.get(neighbour?.dataset.id)?.look.focus();
    }
  }

  /** Put the shown cards into their order; the focus stays where it is. */
  #arrange(shown) {
    const items = shown.map(({ id }) => this.#cards.get(id).item);
    const now = [...this.#list.children];
    if (items.length !== now.length || items.some((item, place) => item !== now[place])) {
      const focused = document.activeElement;
      this.#list.replaceChildren(...items);
      if (focused !== document.activeElement && this.#list.contains(focused)) focused.focus();
    }
    this.#setReachable(shown);
  }

  #setReachable(shown) {
    const ids = shown.map(({ id }) => id);
    const active = this.#store.model.state?.preset;
    if (!ids.includes(this.#reachable)) this.#reachable = ids.includes(active) ? active : (ids[0] ?? null);
    for (const [id, card] of this.#cards) card.reachable(id === this.#reachable);
  }

  #showEmpty(presets) {
    $("grid-empty").hidden = this.#list.childElementCount > 0;
    $("builtin-button").hidden = presets.length > 0 || !can(this.#store.model, "reset_presets");
    setText($("grid-empty"), presets.length ? nothingFound($("search").value.trim(), $("group").value) : "There are no presets yet.");
  }

  // Keys

  #onSearchKey(event) {
    if (event.key === "Escape" && $("search").value) {
      $("search").value = "";
      this.show();
    } else if (event.key === "Escape") {
      $("search").blur();
    } else if (event.key === "Enter" || event.key === "ArrowDown") {
      event.preventDefault();
      this.#list.querySelector(".look")?.focus();
    }
  }

  #onFocus(event) {
    const item = event.target.closest(".card");
    if (item === null || item.dataset.id === this.#reachable) return;
    this.#reachable = item.dataset.id;
    for (const [id, card] of this.#cards) card.reachable(id === this.#reachable);
  }

  #onKey(event) {
    const item = event.target.closest(".card");
    const by = this.#distance(event.key);
    if (item === null || by === null || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    if (event.shiftKey) this.#moveBy(item.dataset.id, by);
    else this.#focusBy(item, by);
  }

  /** How many cards further an arrow key leads; null if it is no such key. */
  #distance(key) {
    const columns = getComputedStyle(this.#list).gridTemplateColumns.split(" ").length;
    const all = this.#store.model.presets.length;
    const keys = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -all, End: all };
    return keys[key] ?? null;
  }

  #focusBy(item, by) {
    const items = [...this.#list.children];
    const to = Math.max(0, Math.min(items.length - 1, items.indexOf(item) + by));
    items[to].querySelector(".look").focus();
  }

  // Changing

  #openMenu(card) {
    const { presets } = this.#store.model;
    const place = presets.findIndex(({ id }) => id === card.id);
    const { preset } = card;
    const liked = favourites().includes(preset.id);
    const rehearse = { label: `Rehearse: only you see it${priceOfRehearsal(this.#store.model.state)}`, run: () => this.#rehearse(preset) };
    const ofAll = [
      ...(can(this.#store.model, "rehearse") ? [rehearse] : []),
      { label: liked ? "Remove from the favourites" : "Add to the favourites", run: () => this.#favour(preset, !liked) },
      { label: "Copy the prompt", disabled: !preset.prompt, run: () => this.#copy(preset) },
      ...(can(this.#store.model, "export_presets") ? [{ label: "Save as a file", run: () => this.#exportLooks([preset.id]) }] : []),
    ];
    if (!this.#editable()) return openMenu(card.more, preset.name, ofAll);
    return openMenu(card.more, preset.name, [
      { label: "Edit…", run: () => this.#editor.change(preset) },
      { label: "Duplicate…", run: () => this.#editor.copy(preset) },
      ...ofAll,
      { label: "Move earlier", disabled: place === 0, run: () => this.#moveBy(preset.id, -1) },
      { label: "Move later", disabled: place === presets.length - 1, run: () => this.#moveBy(preset.id, 1) },
      { label: "Move to the front", disabled: place === 0, run: () => this.#moveTo(preset.id, 0) },
      { label: "Remove", danger: true, run: () => this.#remove(preset, place) },
    ]);
  }

  #favour({ id, name }, on) {
    favour(id, on);
    this.show();
    this.#cards.get(id)?.look.focus();
    announce(on ? `${name} is a favourite` : `${name} is no favourite any more`);
  }

  async #copy({ name, prompt }) {
    try {
      await navigator.clipboard.writeText(prompt);
      this.#toasts.tell(`Copied the prompt of “${name}”`);
    } catch {
      // No clipboard for this page, or not now.
      this.#toasts.tell(`The browser does not let this page copy. The prompt: ${prompt}`);
    }
  }

  #moveBy(id, by) {
    const { presets } = this.#store.model;
    const from = presets.findIndex((preset) => preset.id === id);
    this.#moveTo(id, Math.max(0, Math.min(presets.length - 1, from + by)));
  }

  #drop(id, target, after) {
    const others = this.#store.model.presets.filter((preset) => preset.id !== id);
    this.#moveTo(id, others.findIndex((preset) => preset.id === target) + (after ? 1 : 0));
  }

  async #moveTo(id, place) {
    const { presets } = this.#store.model;
    const from = presets.findIndex((one) => one.id === id);
    if (!this.#editable() || from < 0 || from === place) return;
    const { name } = presets[from];
    if (!(await this.#run("move_preset", { id, place }))) return;
    announce(`${name} is now number ${place + 1} of ${presets.length}`);
    const undo = () => this.#run("move_preset", { id, place: from }).then(Boolean);
    this.#toasts.keep({ done: `Moved “${name}”`, back: `“${name}” is number ${from + 1} again`, undo });
  }

  async #remove(preset, place) {
    const removed = await this.#run("remove_preset", { id: preset.id });
    if (!removed) return;
    const undo = () => this.#restore(preset, place);
    this.#toasts.done({ done: `Removed “${preset.name}”`, back: `“${preset.name}” is back`, undo });
  }

  /** Put a removed preset back into its place; a new one of the same short name keeps that. */
  async #restore(preset, place) {
    const { presets } = this.#store.model;
    const isTaken = presets.some(({ id }) => id === preset.id);
    const id = isTaken ? freeId(preset.id, presets) : preset.id;
    if (!(await this.#run("save_preset", { ...fieldsOf(preset), id }))) return false;
    await this.#run("move_preset", { id, place });
    return true;
  }
}

function nothingFound(wanted, group) {
  if (wanted === "" && group === FAVOURITES) return "No favourites yet: the menu of a look (···) adds it to them.";
  return group === ALL ? `No preset has “${wanted}”.` : `No preset of “${group}” has “${wanted}”.`;
}

/** What of a listed preset is saved; its still is not. */
function fieldsOf({ thumbnail: _, ...fields }) {
  return fields;
}

/** Whether every word that is searched for stands in the name, the id or the prompt. */
function found(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return ({ id, name, prompt }) => {
    const where = `${name} ${id} ${prompt}`.toLowerCase();
    return words.every((word) => where.includes(word));
  };
}
