// Trying a look on viewers while it is being written. The daemon puts back what was on before when the
// trial ends, and also when this page is gone.

import { $, announce, setAttribute, setText } from "./dom.js";
import { can, isReachable } from "./store.js";
import { asSentence } from "./words.js";

const SHOWN = ["now", "next_chunk"];
const NAME_CHARS = 40;

export class Trial {
  #store;
  #ask;
  #run;
  #before = null; // what was on, in words; null while nothing is tried

  /** `ask` sends a command and rejects if it is refused; `run` tells of a refusal by itself. */
  constructor(store, ask, run) {
    this.#store = store;
    this.#ask = ask;
    this.#run = run;
    store.watch((model) => this.#follow(model));
  }

  /** Whether a look is being tried. */
  get isOn() {
    return this.#before !== null;
  }

  /** Nothing has been tried yet. */
  offer() {
    this.#say(can(this.#store.model, "try_look") ? "Trying it shows it to viewers; Cancel and Esc put back what is on now." : "");
  }

  /** Show a look to viewers; rejects with a `CommandError` if it is refused. */
  async begin(look) {
    const wasOn = this.isOn;
    // At once: whoever closes the dialog before the answer has tried it all the same.
    this.#before ??= present(this.#store.model);
    try {
      const { applies, note } = await this.#ask("try_look", look);
      if (this.isOn) this.#say(this.#words(applies, note), SHOWN.includes(applies));
    } catch (error) {
      if (!wasOn) this.#before = null;
      throw error;
    }
  }

  /** What is written is not what viewers see any more. */
  changed() {
    if (this.isOn) this.#say(`Viewers see it as you tried it, without your last changes. Cancel puts back ${this.#before}.`, true);
  }

  /** Put back what was on before. */
  async cancel() {
    if (!this.isOn) return;
    const before = this.#before;
    this.#before = null;
    if (await this.#run("end_trial", {})) announce(`${before} is back`);
  }

  /** Keep it: viewers see the preset `id`, as which it was saved. */
  async keep(id) {
    if (!this.isOn) return;
    this.#before = null;
    await this.#run("end_trial", { keep: true });
    await this.#run("apply_preset", { id });
  }

  #words(applies, note) {
    const back = `Cancel puts back ${this.#before}.`;
    if (SHOWN.includes(applies)) return `Viewers see this in a moment. ${back}`;
    return `${asSentence(note || "viewers do not see it yet")}. ${back}`;
  }

  #follow(model) {
    $("editor-try").hidden = !can(model, "try_look");
    if (!this.isOn || isReachable(model)) return;
    const before = this.#before;
    this.#before = null;
    this.#say(`The connection was lost, and with it the trial: ${before} is put back.`);
  }

  #say(text, on = false) {
    setText($("editor-live"), text);
    setAttribute($("editor-live"), "data-on", on ? "yes" : null);
  }
}

/** What viewers are to see now, in words. */
function present({ state, presets }) {
  const preset = presets.find(({ id }) => id === state?.preset);
  if (preset) return `“${preset.name}”`;
  const prompt = state?.prompt ?? "";
  if (prompt === "") return "the picture with no prompt";
  return prompt.length > NAME_CHARS ? `“${prompt.slice(0, NAME_CHARS)}…”` : `“${prompt}”`;
}
