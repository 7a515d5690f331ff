// Trying a look while it is being written: on viewers, or rehearsed in the preview alone. The daemon puts
// back what was on before when the trial ends, and also when this page is gone.

import { $, announce, setAttribute, setText } from "./dom.js";
import { priceOfRehearsal, viewersMeanwhile } from "./rehearsal.js";
import { can, isReachable } from "./store.js";
import { asSentence } from "./words.js";

const SHOWN = ["now", "next_chunk"];
const NAME_CHARS = 40;

export class Trial {
  #store;
  #ask;
  #run;
  #before = null; // what was on, in words; null while nothing is tried
  #command = "try_look"; // how it is tried
  #wasOn = false; // the daemon has said that it is rehearsed

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
    const { state } = this.#store.model;
    const rehearsed = can(this.#store.model, "rehearse") ? ` Rehearsing shows it to you alone, and ${viewersMeanwhile(state)}${priceOfRehearsal(state)}.` : "";
    this.#say(can(this.#store.model, "try_look") ? `Trying it shows it to viewers; Cancel and Esc put back what is on now.${rehearsed}` : "");
  }

  /** Show a look by "try_look" or "rehearse"; rejects with a `CommandError` if it is refused. */
  async begin(command, look) {
    const [wasOn, before] = [this.isOn, this.#command];
    this.#command = command;
    this.#wasOn = false;
    // At once: whoever closes the dialog before the answer has tried it all the same.
    this.#before ??= present(this.#store.model);
    try {
      const { applies, note } = await this.#ask(command, look);
      if (this.isOn) this.#say(this.#words(applies, note), SHOWN.includes(applies));
    } catch (error) {
      if (!wasOn) this.#before = null;
      this.#command = before;
      throw error;
    }
  }

  /** What is written is not what viewers see any more. */
  changed() {
    const who = this.#isRehearsed ? "The preview has" : "Viewers see";
    if (this.isOn) this.#say(`${who} it as you tried it, without your last changes. Cancel puts back ${this.#before}.`, true);
  }

  /** Put back what was on before. */
  async cancel() {
    if (!this.isOn) return;
    const before = this.#before;
    this.#before = null;
    if (await this.#run(this.#isRehearsed ? "back" : "end_trial", {})) announce(`${before} is back`);
  }

  /** Keep it: viewers see the preset `id`, as which it was saved; what is rehearsed is still to be taken. */
  async keep(id) {
    if (!this.isOn) return;
    this.#before = null;
    if (this.#isRehearsed) {
      await this.#run("rehearse", { preset: id });
      return;
    }
    await this.#run("end_trial", { keep: true });
    await this.#run("apply_preset", { id });
  }

  #words(applies, note) {
    const back = `Cancel puts back ${this.#before}.`;
    if (this.#isRehearsed) return `Only you see this, in the preview; ${viewersMeanwhile(this.#store.model.state)}. Save it to take it. ${back}`;
    if (SHOWN.includes(applies)) return `Viewers see this in a moment. ${back}`;
    return `${asSentence(note || "viewers do not see it yet")}. ${back}`;
  }

  get #isRehearsed() {
    return this.#command === "rehearse";
  }

  #follow(model) {
    $("editor-try").hidden = !can(model, "try_look");
    $("editor-rehearse").hidden = !can(model, "rehearse");
    if (this.isOn && this.#isRehearsed) this.#followRehearsal(model.state?.rehearsal ?? null);
    if (!this.isOn || isReachable(model)) return;
    const before = this.#before;
    this.#before = null;
    this.#say(`The connection was lost, and with it the trial: ${before} is put back.`);
  }

  /** A key elsewhere may have taken it, or put it back. */
  #followRehearsal(stage) {
    if (this.#wasOn && stage === null) {
      this.#before = null;
      this.#say("It is rehearsed no more.");
    }
    this.#wasOn = stage !== null;
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
