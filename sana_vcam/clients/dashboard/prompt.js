// The prompt: what is written, what was written before, and where it could go from here.

import { showCounter } from "./counter.js";
import { $, element, setText } from "./dom.js";
import { recall, remember } from "./memory.js";
import { can, isReachable } from "./store.js";
import { promptWords } from "./words.js";

const KEPT = 50;
const SUGGEST_AFTER_MS = 250;

/** Let the box send prompts; returns what other parts may do with it. */
export function showPrompt(store, run, { keep, toasts }) {
  const box = new Box(store, run, toasts);
  $("keep-button").addEventListener("click", () => keep(box.text));
  store.watch((model) => {
    if (model.state !== null) box.follow(model);
    $("keep-button").hidden = !can(model, "save_preset");
  });
  new Evolve(store, run, (prompt) => box.send(prompt));
  return { focus: () => box.focus() };
}

class Box {
  #run;
  #store;
  #toasts;
  #input = $("prompt");
  #shown = ""; // what the daemon's prompt was when the box took it over
  #history = recall("prompts", []);
  #place = -1; // in the history; -1 is the draft
  #draft = "";
  #had; // the prompt that the model has; undefined before the first state
  #takenAt = -Infinity; // since when, on the clock of performance.now()
  #count = showCounter("prompt");

  constructor(store, run, toasts) {
    this.#store = store;
    this.#run = run;
    this.#toasts = toasts;
    $("prompt-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.send(this.text);
    });
    this.#input.addEventListener("keydown", (event) => this.#onKey(event));
    this.#input.addEventListener("input", () => (this.#place = -1));
    $("history-clear").addEventListener("click", () => this.#forget());
    $("history").addEventListener("toggle", ({ newState }) => newState === "open" && this.#listHistory());
  }

  get text() {
    return this.#input.value.trim();
  }

  focus() {
    this.#input.focus();
    this.#input.select();
  }

  /** Ask for a prompt and remember it; it stays in the box if it is refused. */
  async send(prompt) {
    if (!isReachable(this.#store.model)) return;
    this.#input.value = prompt;
    // At once: it is wanted back also if it is refused, or the page is closed meanwhile.
    this.#keep(prompt);
    if (await this.#run("set_prompt", { prompt })) this.#shown = prompt;
  }

  /** Show the daemon's prompt, unless something else is being written. */
  follow(model) {
    const { state } = model;
    if (state.prompt !== this.#shown && this.#input.value === this.#shown) this.#input.value = state.prompt;
    if (this.#input.value === state.prompt) this.#shown = state.prompt;
    setText($("prompt-state"), promptWords(model, this.#takenMs(state)));
    this.#count();
  }

  /** For how long the model has had the wanted prompt, as far as this page has seen it change. */
  #takenMs({ model_prompt: had }) {
    if (had !== this.#had) {
      this.#takenAt = this.#had === undefined ? -Infinity : performance.now();
      this.#had = had;
    }
    return performance.now() - this.#takenAt;
  }

  #keep(prompt) {
    this.#place = -1;
    if (!prompt) return;
    this.#history = [prompt, ...this.#history.filter((one) => one !== prompt)].slice(0, KEPT);
    remember("prompts", this.#history);
  }

  #forget() {
    const before = this.#history;
    this.#rewrite([]);
    const undo = () => (this.#rewrite([...this.#history, ...before.filter((one) => !this.#history.includes(one))]), true);
    this.#toasts.done({ done: "Cleared the earlier prompts", back: "The earlier prompts are back", here: true, undo });
  }

  #rewrite(history) {
    this.#history = history.slice(0, KEPT);
    this.#place = -1;
    remember("prompts", this.#history);
    this.#listHistory();
  }

  #onKey(event) {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      $("prompt-form").requestSubmit();
    }
    const plain = !event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey;
    if (event.key === "ArrowUp" && plain && this.#caretIn(0)) this.#step(1, event);
    if (event.key === "ArrowDown" && plain && this.#place >= 0 && this.#caretIn(-1)) this.#step(-1, event);
  }

  /** Whether the caret is in the first (0) or last (-1) line of the text. */
  #caretIn(line) {
    const { value, selectionStart, selectionEnd } = this.#input;
    const beyond = line === 0 ? value.slice(0, selectionStart) : value.slice(selectionEnd);
    return !beyond.includes("\n");
  }

  #step(by, event) {
    const place = this.#place + by;
    if (place >= this.#history.length) return;
    event.preventDefault();
    if (this.#place === -1) this.#draft = this.#input.value;
    this.#place = place;
    this.#input.value = place === -1 ? this.#draft : this.#history[place];
    const end = this.#input.value.length;
    this.#input.setSelectionRange(end, end);
  }

  #listHistory() {
    const items = this.#history.map((prompt) => element("li", {}, this.#historyButton(prompt)));
    $("history-list").replaceChildren(...(items.length ? items : [element("li", { class: "empty" }, "None yet.")]));
    $("history-clear").disabled = items.length === 0;
  }

  #historyButton(prompt) {
    const use = () => {
      $("history").hidePopover();
      this.#input.value = prompt;
      this.#input.focus();
    };
    return element("button", { type: "button", class: "history-item", dir: "auto", click: use }, prompt);
  }
}

class Evolve {
  #store;
  #run;
  #use;
  #asked = null; // the prompt that the suggestions belong to
  #timer = 0;

  constructor(store, run, use) {
    this.#store = store;
    this.#run = run;
    this.#use = use;
    store.watch((model) => this.#follow(model));
  }

  #follow(model) {
    if (!can(model, "suggest") || model.state === null || model.link !== "open") return;
    if (model.state.prompt === this.#asked) return;
    this.#asked = model.state.prompt;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(this.#asked), SUGGEST_AFTER_MS);
  }

  async #ask(prompt) {
    const reply = await this.#run("suggest", { prompt }, { quiet: true });
    if (prompt !== this.#asked) return;
    const suggestions = reply?.suggestions ?? [];
    $("evolve").hidden = suggestions.length === 0;
    $("evolve-list").replaceChildren(...suggestions.map((one) => element("li", {}, this.#chip(one))));
  }

  #chip({ label, prompt }) {
    return element(
      "button",
      { type: "button", class: "chip", dir: "auto", title: prompt, "data-live": true, click: () => this.#use(prompt) },
      label,
    );
  }
}
