// What the model takes, as a form made of what the daemon lists: settings, image, planned prompts.

import { $, element, setText } from "./dom.js";
import { makeRow, when } from "./fields.js";
import { ImageField } from "./image.js";

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
// The page has fields of its own for these.
const OWN = { seed: "seed-form", anchor_interval: "anchor-form" };
const MOST_STEPS = 200; // more is no slider

/** Show what the model takes. `ask` sends a command, and rejects with a `CommandError`. */
export function showModel(store, ask) {
  const form = new ModelForm(ask);
  store.watch((model) => form.show(model));
}

class ModelForm {
  #ask;
  #shape = "";
  #fields = [];

  constructor(ask) {
    this.#ask = ask;
  }

  show({ settings, state }) {
    if (settings === null) return; // an older daemon; the page stays as it was
    const shape = shapeOf(settings);
    if (shape !== this.#shape) this.#build(settings);
    this.#shape = shape;
    for (const field of this.#fields) field.follow(settings, state);
    const leftOut = state?.left_out ?? [];
    $("left-out").hidden = leftOut.length === 0;
    setText($("left-out"), `${settings.title} does not take this of the present look: ${leftOut.join(", ")}.`);
  }

  #build(settings) {
    const ask = this.#ask;
    const others = settings.settings.filter(({ name }) => !(name in OWN));
    this.#fields = others.map((setting) => new SettingField(setting, ask));
    if (settings.image) this.#fields.unshift(new ImageField(settings.image, ask));
    if (settings.schedule) this.#fields.push(new ScheduleField(settings, ask));
    $("model-grid").replaceChildren(...this.#fields.map(({ row }) => row));
    $("model-form").hidden = this.#fields.length === 0;
    $("model-form").open = settings.image?.required || $("model-form").open;
    setText($("model-summary"), summary(settings, others));
    const guessed = settings.guessed.length ? ` Guessed: ${settings.guessed.join("; ")}.` : "";
    setText($("model-note"), (settings.declared ? "" : "As far as it is known without a session. ") + settings.words + guessed);
    for (const [name, form] of Object.entries(OWN)) {
      $(form).hidden = !settings.settings.some((setting) => setting.name === name);
    }
    const own = settings.settings.map(({ name }) => name);
    setText($("tuning-summary"), capital([own.includes("seed") && "seed", own.includes("anchor_interval") && "anchor", "reset"].filter(Boolean).join(", ")));
    $("prompt-form").hidden = settings.prompt === null;
    $("no-prompt").hidden = settings.prompt !== null;
    setText($("no-prompt"), `${settings.title} takes no prompt; it is shown a picture of what you are to become.`);
    if (settings.prompt) $("prompt").maxLength = settings.prompt.most_chars;
  }
}

/** All of it but what changes while somebody uses it. */
function shapeOf(settings) {
  const { image, settings: each, ...rest } = settings;
  return JSON.stringify([rest, image && { ...image, name: "" }, each.map((one) => ({ ...one, value: null }))]);
}

function summary({ title, image, schedule }, others) {
  const parts = [image && "image", others.length && "settings", schedule && "planned prompts"].filter(Boolean);
  return `${title}: ${parts.join(", ")}`;
}

/** One setting: a list, a box to tick, a slider, or a field with a button. */
class SettingField {
  #setting;
  #ask;
  #input;
  #shown = null; // the figure beside a slider
  #complain;
  #draft = false;

  constructor(setting, ask) {
    this.#setting = setting;
    this.#ask = ask;
    const id = `setting-${setting.name}`;
    this.#input = control(setting, id);
    const inputs = [this.#input];
    const isTyped = this.#input.type === "number" || this.#input.type === "text";
    if (isTyped) inputs.push(element("button", { class: "button", type: "button", "data-live": true, click: () => this.#send() }, "Set"));
    if (this.#input.type === "range") inputs.push((this.#shown = element("output", { for: id })));
    const { row, complain } = makeRow(id, label(setting.name), hint(setting), ...inputs);
    this.row = row;
    this.#complain = complain;
    this.#input.addEventListener("input", () => this.#typed());
    if (isTyped) this.#input.addEventListener("keydown", (event) => event.key === "Enter" && this.#send());
    else this.#input.addEventListener("change", () => this.#send());
  }

  follow({ settings }) {
    const { value } = settings.find(({ name }) => name === this.#setting.name);
    if (this.#draft) return;
    if (this.#input.type === "checkbox") this.#input.checked = value === true;
    else if (this.#shown && value === null) setText(this.#shown, "not set");
    else {
      this.#input.value = value ?? "";
      if (this.#shown) setText(this.#shown, String(value));
    }
  }

  #typed() {
    this.#draft = true;
    this.#complain("");
    if (this.#shown) setText(this.#shown, this.#input.value);
  }

  async #send() {
    const { name, kind } = this.#setting;
    if (!this.#input.checkValidity() || (this.#input.value === "" && kind !== "text")) {
      return this.#complain(`${label(name)} takes ${span(this.#setting)}.`);
    }
    try {
      await this.#ask("set_setting", { name, value: entered(this.#input, kind) });
      this.#complain("");
    } catch (error) {
      this.#complain(error.message);
      if (this.#shown || this.#input.type === "number" || this.#input.type === "text") return;
    }
    this.#draft = false;
  }
}

function control(setting, id) {
  const fields = { id, "aria-describedby": `${id}-hint`, "data-live": true };
  const { kind, choices, least, most } = setting;
  if (choices.length) {
    return element("select", fields, ...choices.map((choice) => element("option", { value: choice }, choice)));
  }
  if (kind === "boolean") return element("input", { ...fields, type: "checkbox" });
  if (kind === "text") return element("input", { ...fields, type: "text", maxlength: 200, autocomplete: "off" });
  const step = kind === "integer" ? 1 : stepOf(least, most);
  const bounds = { min: least, max: most, step };
  const isSlider = least !== null && most !== null && (most - least) / (step === "any" ? 1 : step) <= MOST_STEPS;
  return element("input", { ...fields, ...bounds, type: isSlider ? "range" : "number", inputmode: isSlider ? null : "decimal" });
}

/** A hundredth of the range for a slider; any number where there is no range. */
const stepOf = (least, most) => (least === null || most === null ? "any" : (most - least) / 100);

function entered(input, kind) {
  if (kind === "boolean") return input.checked;
  return kind === "text" ? input.value : Number(input.value);
}

/** image_strength as people write it. */
const label = (name) => capital(name).replaceAll("_", " ");

function span({ choices, kind, least, most }) {
  if (choices.length) return choices.join(", ");
  if (kind === "text") return "a text";
  const noun = kind === "integer" ? "a whole number" : "a number";
  if (least !== null && most !== null) return `${noun} from ${least} to ${most}`;
  if (least !== null) return `${noun} from ${least} on`;
  return most === null ? noun : `${noun} up to ${most}`;
}

function hint(setting) {
  const range = setting.kind === "boolean" || setting.choices.length ? "" : `${span(setting)}.`;
  const byItself = setting.default === null ? "" : `By itself ${setting.default}.`;
  return [setting.words, capital(range), byItself, when(setting)].filter(Boolean).join(" ");
}

/** A prompt for a later chunk of the run that is on. */
class ScheduleField {
  #ask;
  #prompt;
  #chunk;
  #now;
  #complain;

  constructor({ prompt }, ask) {
    this.#ask = ask;
    const fields = { "aria-describedby": "schedule-hint" };
    this.#prompt = element("input", { ...fields, id: "schedule", type: "text", maxlength: prompt?.most_chars ?? 4000, autocomplete: "off", placeholder: "A storm comes up" });
    this.#chunk = element("input", { ...fields, id: "schedule-chunk", type: "number", min: 0, max: 1000000, step: 1, inputmode: "numeric", "aria-label": "Chunk", placeholder: "Chunk" });
    const button = element("button", { class: "button", type: "button", "data-live": true, click: () => this.#send() }, "Plan");
    const { row, complain } = makeRow("schedule", "Planned prompt", "", this.#prompt, this.#chunk, button);
    this.row = row;
    this.#complain = complain;
    this.#now = row.querySelector(".hint");
  }

  follow(_, state) {
    const now = typeof state?.chunk === "number" ? `; the last that is done is ${state.chunk}` : "";
    setText(this.#now, `What the present run takes up at that chunk${now}. Another run knows nothing of it.`);
  }

  async #send() {
    const prompt = this.#prompt.value.trim();
    if (!prompt || this.#chunk.value === "" || !this.#chunk.checkValidity()) {
      return this.#complain("Write a prompt, and the number of the chunk that it is for.");
    }
    try {
      await this.#ask("schedule_prompt", { prompt, chunk: Number(this.#chunk.value) });
      this.#prompt.value = this.#chunk.value = "";
      this.#complain("");
    } catch (error) {
      this.#complain(error.message);
    }
  }
}
