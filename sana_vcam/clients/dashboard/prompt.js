// The prompt: what is written, what was written before, and where it could go from here.

import { $, element, setText } from "./dom.js";
import { recall, remember } from "./memory.js";
import { can } from "./store.js";

const KEPT = 50;
const SUGGEST_AFTER_MS = 250;

/** Let the box send prompts; returns what other parts may do with it. */
export function showPrompt(store, run, { keep }) {
  const box = new Box(store, run);
  $("keep-button").addEventListener("click", () => keep(box.text));
  store.watch((model) => {
    if (model.state !== null) box.follow(model.state);
    $("keep-button").hidden = !can(model, "save_preset");
  });
  new Evolve(store, run, (prompt) => box.send(prompt));
  return { focus: () => box.focus() };
}

class Box {
  #run;
  #store;
  #input = $("prompt");
  #shown = ""; // what the daemon's prompt was when the box took it over
  #history = recall("prompts", []);
  #place = -1; // in the history; -1 is the draft
  #draft = "";

  constructor(store, run) {
    this.#store = store;
    this.#run = run;
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
    if (document.body.dataset.link !== "open") return;
    this.#input.value = prompt;
    // At once: it is wanted back also if it is refused, or the page is closed meanwhile.
    this.#keep(prompt);
    if (await this.#run("set_prompt", { prompt })) this.#shown = prompt;
  }

  /** Show the daemon's prompt, unless something else is being written. */
  follow(state) {
    if (state.prompt !== this.#shown && this.#input.value === this.#shown) this.#input.value = state.prompt;
    if (this.#input.value === state.prompt) this.#shown = state.prompt;
    setText($("prompt-state"), progress(state));
  }

  #keep(prompt) {
    this.#place = -1;
    if (!prompt) return;
    this.#history = [prompt, ...this.#history.filter((one) => one !== prompt)].slice(0, KEPT);
    remember("prompts", this.#history);
  }

  #forget() {
    this.#history = [];
    this.#place = -1;
    remember("prompts", []);
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
    return element("button", { type: "button", class: "history-item", click: use }, prompt);
  }
}

/** Where the wanted prompt is on its way to the viewers. */
function progress(state) {
  if (state.session !== "streaming") return state.prompt ? "Used when a session runs" : "";
  if (state.model_prompt !== null && state.model_prompt !== state.prompt) return "On its way to the model…";
  return state.prompt ? "Active" : "No edit";
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
      { type: "button", class: "chip", title: prompt, "data-live": true, click: () => this.#use(prompt) },
      label,
    );
  }
}
