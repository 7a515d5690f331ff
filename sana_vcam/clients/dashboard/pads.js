// A MIDI controller: its pads press the page's keys and looks, its knobs turn the model's settings.
//
// Which does what is learned by example, and kept in this browser by the controller's name, so that it
// holds when the controller is unplugged and comes back.

import { $, announce, element, setText } from "./dom.js";
import { recall, remember } from "./memory.js";
import { isReachable } from "./store.js";
import { controlWords, devicesWords, heard, isPress, isTurnable, KEYS, MOST_MAPPED, NO_MIDI, readMapping, refusalWords, valueAfter, valueAt } from "./padwords.js";

const LEARNING = "midiLearning";
const PAUSE_MS = 60; // between two values that a knob sends

export class Controller {
  #store;
  #turning;
  #access = null;
  #mapping = readMapping(recall("midi.map", {}));
  #positions = new Map(); // where each knob was last
  #seen = new Set(); // the names of the devices that were there
  #target = null; // what the next pad is to stand for
  #run;

  constructor(store, run) {
    this.#store = store;
    this.#run = run;
    this.#turning = new Turning(run, (wanted) => store.model.settings?.settings.find(({ name }) => name === wanted)?.value);
    const button = (id, words, click, more = {}) => element("button", { class: "button", id, type: "button", click, ...more }, words);
    $("midi-body").replaceChildren(
      element(
        "div",
        { class: "field-row" },
        element("p", { class: "field-name" }, "Pads and knobs"),
        element("div", { class: "field" }, button("midi-on", "Use a MIDI controller", () => this.#switch()), button("midi-learn", "Learn", () => this.#learn(!this.#isLearning), { "aria-pressed": "false", hidden: true })),
        element("p", { class: "hint", id: "midi-words", role: "status" }, "Pads press looks and keys, knobs turn settings. The browser asks you first."),
      ),
      element(
        "div",
        { class: "field-row", id: "midi-learning", hidden: true },
        element("label", { for: "midi-target" }, "What a pad is to do"),
        element("div", { class: "field" }, element("select", { id: "midi-target", "aria-describedby": "midi-step", change: (event) => this.#choose(JSON.parse(event.target.value)) })),
        element("p", { class: "hint", id: "midi-step", role: "status" }),
      ),
      element("ul", { class: "midi-list", id: "midi-list", "aria-label": "What the pads and knobs do" }),
    );
    // Before the page's own listeners: while it learns, a click on a look chooses it and does no more.
    document.addEventListener("click", (event) => this.#clicked(event), { capture: true });
    document.addEventListener("keydown", (event) => this.#escape(event), { capture: true });
    $("midi").addEventListener("toggle", () => this.#learn(false));
    store.watch(() => this.#show());
  }

  /** Go on with what was switched on at an earlier visit, if the browser does not ask for it again. */
  async goOn() {
    try {
      const { state } = await navigator.permissions.query({ name: "midi" });
      if (state === "granted") await this.#begin();
    } catch {
      // A browser that cannot say it would ask.
    }
  }

  // On and off

  async #switch() {
    if (this.#access) this.#end();
    else await this.#begin();
  }

  async #begin() {
    if (typeof navigator.requestMIDIAccess !== "function") return this.#say(NO_MIDI);
    this.#say("The browser asks whether this page may use MIDI.");
    try {
      this.#access = await navigator.requestMIDIAccess({ sysex: false });
    } catch (error) {
      return this.#say(refusalWords(error));
    }
    remember("midi.on", true);
    this.#access.onstatechange = () => this.#listen();
    this.#listen();
    this.#show();
  }

  #end() {
    this.#learn(false);
    this.#access.onstatechange = null;
    for (const input of this.#access.inputs.values()) input.onmidimessage = null;
    this.#access = null;
    this.#seen.clear();
    remember("midi.on", false);
    this.#say("Off: pads and knobs do nothing.");
    this.#show();
  }

  #listen() {
    const inputs = [...this.#access.inputs.values()].filter(({ state }) => state !== "disconnected");
    for (const input of inputs) {
      input.onmidimessage = ({ data }) => this.#hear(heard(input.name ?? "", data));
      this.#seen.add(input.name ?? "");
    }
    const names = inputs.map(({ name }) => name ?? "");
    this.#say(devicesWords(names, [...this.#seen].filter((name) => !names.includes(name))));
  }

  #say(words) {
    setText($("midi-words"), words);
  }

  // What comes from it

  #hear(message) {
    if (message === null) return;
    const before = this.#positions.get(message.control);
    if (message.knob) this.#positions.set(message.control, message.value);
    if (this.#isLearning) return this.#map(message);
    const target = this.#mapping[message.control];
    if (target === undefined) return;
    if (target.kind === "setting") this.#turn(target, message, before);
    else if (isPress(message, before)) this.#press(target);
  }

  #press({ kind, id }) {
    if (kind === "key") return $(id).click();
    const preset = this.#store.model.presets.find((one) => one.id === id);
    if (!isReachable(this.#store.model)) announce("Offline: this does nothing until sana-vcam answers again");
    else if (preset) this.#run("apply_preset", { id });
    else this.#say(`The look “${id}” is gone: learn its pad anew.`);
  }

  #turn({ id }, message, before) {
    const setting = this.#turnable().find(({ name }) => name === id);
    if (setting === undefined || !isReachable(this.#store.model)) return;
    if (message.knob) this.#turning.to(id, valueAt(setting, message.value));
    else if (isPress(message, before)) this.#turning.to(id, valueAfter(setting));
  }

  #turnable() {
    return (this.#store.model.settings?.settings ?? []).filter(isTurnable);
  }

  // Learning

  get #isLearning() {
    return LEARNING in document.body.dataset;
  }

  #learn(on) {
    if (on === this.#isLearning) return;
    if (on) document.body.dataset[LEARNING] = "";
    else delete document.body.dataset[LEARNING];
    this.#target = null;
    setText($("midi-step"), "Click a look or a key of the page, or choose one here; then press a pad or turn a knob. Esc ends it.");
    this.#show();
  }

  #choose(target) {
    this.#target = target;
    if (target) setText($("midi-step"), `Now press a pad or turn a knob: it is to be for ${this.#words(target)}.`);
  }

  #clicked(event) {
    if (!this.#isLearning) return;
    const card = event.target.closest?.("#grid .card");
    const key = event.target.closest?.("button");
    const target = card ? { kind: "look", id: card.dataset.id } : KEYS.some(({ id }) => id === key?.id) ? { kind: "key", id: key.id } : null;
    if (target === null) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.#choose(target);
    this.#show();
  }

  #escape(event) {
    if (event.key !== "Escape" || !this.#isLearning) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.#learn(false);
    $("midi-learn").focus();
  }

  #map({ control, knob }) {
    const target = this.#target;
    if (target === null) return;
    const setting = target.kind === "setting" && this.#turnable().find(({ name }) => name === target.id);
    if (setting && !knob && valueAfter(setting) === undefined) {
      return setText($("midi-step"), `${this.#words(target)} is a number: turn a knob for it.`);
    }
    const before = this.#mapping[control];
    if (before === undefined && Object.keys(this.#mapping).length >= MOST_MAPPED) return setText($("midi-step"), `There are ${MOST_MAPPED} already: remove some first.`);
    this.#keep({ ...this.#mapping, [control]: target });
    this.#target = null;
    const instead = before && this.#words(before) !== this.#words(target) ? `, and no longer ${this.#words(before)}` : "";
    setText($("midi-step"), `${controlWords(control)} does ${this.#words(target)}${instead}. Go on with the next, or end by Esc.`);
    this.#show();
  }

  #keep(mapping) {
    this.#mapping = mapping;
    remember("midi.map", mapping);
  }

  #words({ kind, id }) {
    if (kind === "key") return KEYS.find((key) => key.id === id)?.words ?? id;
    if (kind === "look") return `“${this.#store.model.presets.find((preset) => preset.id === id)?.name ?? id}”`;
    return id.replaceAll("_", " ");
  }

  // What is shown

  #show() {
    setText($("midi-on"), this.#access ? "Stop using it" : "Use a MIDI controller");
    $("midi-learn").hidden = this.#access === null;
    $("midi-learn").setAttribute("aria-pressed", String(this.#isLearning));
    setText($("midi-learn"), this.#isLearning ? "Done" : "Learn");
    $("midi-learning").hidden = !this.#isLearning;
    if (this.#isLearning) this.#showTargets();
    this.#showList();
  }

  #showTargets() {
    const option = (target, words) => element("option", { value: JSON.stringify(target) }, words);
    const group = (label, options) => (options.length ? [element("optgroup", { label }, ...options)] : []);
    const { presets } = this.#store.model;
    const groups = [
      option(null, "Choose…"),
      ...group("Keys", KEYS.map(({ id, words }) => option({ kind: "key", id }, words))),
      ...group("Looks", presets.map(({ id, name }) => option({ kind: "look", id }, name))),
      ...group("Settings of the model", this.#turnable().map(({ name }) => option({ kind: "setting", id: name }, this.#words({ kind: "setting", id: name })))),
    ];
    const select = $("midi-target");
    const offered = (nodes) => nodes.flatMap((node) => [...(node.tagName === "OPTGROUP" ? node.children : [node])].map(({ value, textContent }) => value + textContent)).join();
    // A list that is open is not built anew under the pointer.
    if (offered(groups) !== offered([...select.children])) select.replaceChildren(...groups);
    select.value = JSON.stringify(this.#target);
  }

  #showList() {
    const all = Object.entries(this.#mapping);
    const text = all.map(([control, target]) => control + this.#words(target)).join();
    if ($("midi-list").dataset.shown === text) return;
    $("midi-list").dataset.shown = text;
    $("midi-list").replaceChildren(...all.map(([control, target]) => this.#row(control, target)));
  }

  #row(control, target) {
    const words = `${controlWords(control)}: ${this.#words(target)}`;
    const remove = () => {
      const { [control]: _, ...others } = this.#mapping;
      this.#keep(others);
      this.#show();
      announce(`Removed ${words}`);
      ($("midi-list").querySelector("button") ?? $("midi-on")).focus();
    };
    return element("li", {}, element("span", { dir: "auto" }, words), " ", element("button", { class: "button small", type: "button", "aria-label": `Remove ${words}`, click: remove }, "Remove"));
  }
}

/** Sends the newest value of each setting, one after the other: a knob says more than a model can take. */
class Turning {
  #run;
  #valueOf;
  #wanted = new Map();
  #sent = new Map();
  #isSending = false;

  /** `valueOf` gives the value that the daemon tells of a setting. */
  constructor(run, valueOf) {
    this.#run = run;
    this.#valueOf = valueOf;
  }

  to(name, value) {
    if (value === undefined) return;
    this.#wanted.set(name, value);
    if (!this.#isSending) this.#send();
  }

  async #send() {
    this.#isSending = true;
    try {
      while (this.#wanted.size > 0) {
        const [[name, value]] = this.#wanted;
        this.#wanted.delete(name);
        // What it has is not sent again; what was told may be older than what was sent.
        if (this.#sent.get(name) === value && this.#valueOf(name) === value) continue;
        await this.#run("set_setting", { name, value });
        this.#sent.set(name, value);
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    } finally {
      this.#isSending = false;
    }
  }
}
