// The dialog that makes or changes a preset.

import { confirmFirst } from "./confirm.js";
import { showCounter } from "./counter.js";
import { $, element, setText } from "./dom.js";
import { FIXED, ownGroups } from "./groups.js";
import { Trial } from "./trial.js";
import { asSentence } from "./words.js";

const FREE_TRIES = 100;
const NAME_CHARS = 64;
const COPY = " (copy)";

/** Let presets be made and changed; returns what opens the dialog. */
export function showEditor(store, ask, { saved, run }) {
  return new Editor(store, ask, { saved, trial: new Trial(store, ask, run) });
}

class Editor {
  #store;
  #ask;
  #saved;
  #trial;
  #edited = null; // the preset that is changed; null: a new one
  #ownId = false; // the user has written a short name
  #wrong = null; // the field that is complained of
  #opened = ""; // what stood in the fields when it opened
  #count = showCounter("editor-prompt");

  constructor(store, ask, { saved, trial }) {
    this.#store = store;
    this.#ask = ask;
    this.#saved = saved;
    this.#trial = trial;
    $("editor-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save();
    });
    $("editor-try").addEventListener("click", () => this.#try("try_look"));
    $("editor-rehearse").addEventListener("click", () => this.#try("rehearse"));
    $("editor-form").addEventListener("input", () => trial.changed());
    $("editor-form").addEventListener("input", ({ target }) => target === this.#wrong && this.#recheck());
    $("editor").addEventListener("cancel", (event) => this.#askFirst(event));
    $("editor-cancel").addEventListener("click", () => $("editor").close());
    // Cancel, Escape, and whatever else closes it; after Save there is nothing to put back.
    $("editor").addEventListener("close", () => trial.cancel());
    $("editor-id").addEventListener("input", () => (this.#ownId = true));
    $("editor-name").addEventListener("input", () => this.#proposeId());
  }

  /** Make a new preset of `prompt`. */
  make(prompt = "") {
    this.#open(null, { id: "", name: "", prompt, seed: null, evolve: [] });
  }

  /** Make a new preset that is like `preset`. */
  copy(preset) {
    const name = `${preset.name.slice(0, NAME_CHARS - COPY.length)}${COPY}`;
    this.#open(null, { ...preset, name, id: freeId(name, this.#store.model.presets) }, preset);
    $("editor-name").select();
  }

  /** Change `preset`. */
  change(preset) {
    this.#open(preset, preset, preset);
  }

  #open(edited, { id, name, prompt, seed, evolve, group }, like = null) {
    this.#edited = edited;
    this.#ownId = edited !== null;
    setText($("editor-title"), edited === null ? "New preset" : `Edit “${name}”`);
    $("editor-name").value = name;
    $("editor-prompt").value = prompt;
    $("editor-id").value = id;
    $("editor-seed").value = seed ?? "";
    $("editor-evolve").value = (evolve ?? []).join("\n");
    $("editor-group").value = group ?? "";
    $("editor-groups").replaceChildren(...ownGroups(this.#store.model.presets).map((value) => element("option", { value })));
    this.#openModelRows(like);
    this.#count();
    this.#opened = this.#written();
    this.#complain("");
    this.#trial.offer();
    $("editor").showModal();
    $("editor-name").focus();
  }

  /** Image and settings are asked for where the model takes them, or the preset has them. */
  #openModelRows(like) {
    const { settings } = this.#store.model;
    const image = like?.image ?? "";
    const values = Object.entries(like?.settings ?? {});
    const others = settings?.settings.some(({ name }) => !["seed", "anchor_interval"].includes(name));
    $("editor-image").value = image;
    $("editor-settings").value = values.map(([name, value]) => `${name}=${value}`).join("\n");
    $("editor-image-row").hidden = !image && !settings?.image;
    $("editor-settings-row").hidden = values.length === 0 && !others;
  }

  #written() {
    return JSON.stringify([...$("editor-form").elements].map(({ value }) => value));
  }

  /** Escape asks before it throws away what was written, and ends a trial before it asks. */
  async #askFirst(event) {
    if (event.target !== $("editor") || this.#written() === this.#opened) return;
    event.preventDefault();
    const wasTried = this.#trial.isOn;
    this.#trial.cancel();
    const sure = await confirmFirst({
      title: "Throw away what you wrote?",
      text: "It has not been saved.",
      yes: "Throw it away",
    });
    if (sure) $("editor").close();
    else if (wasTried) this.#trial.offer();
  }

  /** The first thing that is wrong with what is written, and where; null if nothing is. */
  #fault() {
    const field = [...$("editor-form").elements].find((one) => one.willValidate && !one.checkValidity());
    if (field) return { field, words: complaint(field) };
    if (FIXED.includes($("editor-group").value.trim())) {
      return { field: $("editor-group"), words: `“${$("editor-group").value.trim()}” is there already; call your group otherwise.` };
    }
    const taken = this.#takenBy($("editor-id").value.trim());
    if (!taken) return null;
    return { field: $("editor-id"), words: `“${taken.name}” has this short name; choose another.` };
  }

  /** What was complained of goes as soon as it is mended. */
  #recheck() {
    const fault = this.#fault();
    if (fault?.field !== this.#wrong) this.#complain("");
    else this.#complain(fault.words, fault.field);
  }

  async #save() {
    const fault = this.#fault();
    if (fault) {
      this.#complain(fault.words, fault.field);
      fault.field.focus();
      return;
    }
    try {
      const preset = await this.#ask("save_preset", this.#fields());
      await this.#trial.keep(preset.id);
      $("editor").close();
      // Where the focus was may be gone with the card's old short name; keys are not for a closed box.
      if ($("editor").contains(document.activeElement)) document.activeElement.blur();
      this.#saved(preset, this.#edited);
    } catch (error) {
      this.#complain(error.message);
    }
  }

  /** Another preset that has this short name, and would be overwritten. */
  #takenBy(id) {
    return this.#store.model.presets.find((one) => one.id === id && one.id !== this.#edited?.id);
  }

  async #try(command) {
    const { prompt, image, settings } = this.#fields();
    try {
      await this.#trial.begin(command, { prompt, ...(image && { image }), ...(settings && { settings }) });
      this.#complain("");
    } catch (error) {
      this.#complain(error.message);
    }
  }

  #fields() {
    const seed = $("editor-seed").value;
    const evolve = $("editor-evolve").value.split("\n").map((line) => line.trim()).filter(Boolean);
    const fields = {
      id: $("editor-id").value.trim(),
      name: $("editor-name").value.trim(),
      prompt: $("editor-prompt").value.trim(),
      seed: seed === "" ? null : Number(seed),
      evolve,
    };
    const group = $("editor-group").value.trim();
    // An older daemon does not know the word.
    if (group || this.#edited?.group) fields.group = group || null;
    if (this.#store.model.settings !== null) {
      fields.image = $("editor-image").value.trim() || null;
      fields.settings = settingsOf($("editor-settings").value);
    }
    return this.#edited === null ? fields : { ...fields, replaces: this.#edited.id };
  }

  #proposeId() {
    if (!this.#ownId) $("editor-id").value = freeId($("editor-name").value, this.#store.model.presets);
  }

  #complain(message, field = null) {
    this.#wrong = field;
    setText($("editor-error"), asSentence(message));
    $("editor-error").hidden = !message;
  }
}

/** Lines of name=value; what reads as a number, true or false is one, all else is a text. */
function settingsOf(text) {
  const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
  return Object.fromEntries(
    lines.map((line) => {
      const [name, ...rest] = line.split("=");
      return [name.trim(), valueOf(rest.join("=").trim())];
    }),
  );
}

function valueOf(text) {
  if (text === "true" || text === "false") return text === "true";
  return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

function complaint(field) {
  const name = field.labels?.[0]?.textContent ?? "A field";
  if (field.validity.valueMissing) return `${name} is missing.`;
  if (field.id === "editor-id") return "The short name is made of a–z, 0–9, - and _, and begins with a letter or a digit.";
  return `${name}: ${field.validationMessage}`;
}

/** A short name for `name` that no preset has. */
export function freeId(name, presets) {
  const plain = name.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "-");
  const base = plain.replace(/^-+|-+$/g, "").slice(0, 60).replace(/-+$/, "");
  if (!base) return "";
  const taken = new Set(presets.map(({ id }) => id));
  for (let number = 1; number <= FREE_TRIES; number++) {
    const id = number === 1 ? base : `${base}-${number}`;
    if (!taken.has(id)) return id;
  }
  return base;
}
