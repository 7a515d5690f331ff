// “Photograph my looks”: goes through the looks that have no still of you, until each has one. Viewers see it.

import { $, announce, setText } from "./dom.js";
import { confirmFirst } from "./confirm.js";
import { can, isKnown } from "./store.js";
import { isFree, money } from "./words.js";

// A look is changed at the next chunk and photographed some chunks later.
const TYPICAL_S = 8;
const PATIENCE_MS = 45000;
const LOOK_EVERY_MS = 200;
const MOST_MISSED = 2;

/** How long it takes to photograph so many looks, what that costs and who sees it, in words. */
export function photoWords(count, state) {
  const seconds = count * TYPICAL_S;
  const time = seconds < 90 ? `about ${seconds} seconds` : `about ${Math.round(seconds / 60)} minutes`;
  const looks = count === 1 ? "The look without a still of you is" : `The ${count} looks without a still of you are`;
  return [
    `${looks} shown one after the other, each until its still is there: ${time}.`,
    `${seers(state)} Afterwards what is on now comes back.`,
    price(seconds, state),
    "Keep this page open; Stop ends it at once.",
  ].join(" ");
}

function seers({ viewers }) {
  if (viewers === 0) return "Nobody watches now; whoever does meanwhile sees every one of them.";
  return "Viewers see every one of them.";
}

/** The session is billed all the same; what it costs for so long is said as far as it is known. */
function price(seconds, state) {
  if (isFree(state)) return "It costs nothing: the model runs on this machine.";
  const known = typeof state.cost_day === "number" && state.billed_day_s >= 1;
  const cost = known ? `: about ${money((state.cost_day / state.billed_day_s) * seconds, state.currency)}` : "";
  return `The session goes on being billed meanwhile${cost}.`;
}

/** Why no look can be photographed now; null if they can be. */
export function hindrance(model) {
  if (!isKnown(model)) return "sana-vcam cannot be reached now.";
  const { state } = model;
  if (state.session !== "streaming") return "Stills are taken of the model's picture: connect first.";
  if (state.output !== "live") return "Stills are taken of what viewers see live: switch blank, freeze and the raw camera off first.";
  return null;
}

/** Show the button; `run` sends a command and gives `undefined` if it is refused. */
export function showPhotos(store, run, { toasts, leave }) {
  new Photographer(store, run, { toasts, leave });
}

class Photographer {
  #store;
  #run;
  #toasts;
  #leave;
  #shoot = null; // `{before, applied, seen, stopped, isTheirs}` while it goes on

  constructor(store, run, { toasts, leave }) {
    this.#store = store;
    this.#run = run;
    this.#toasts = toasts;
    this.#leave = leave;
    $("photo-button").addEventListener("click", () => this.#offer());
    $("photo-stop").addEventListener("click", () => this.#stop("Stopped"));
    addEventListener("pagehide", () => this.#shoot !== null && this.#leaveNow());
    store.watch((model) => this.#follow(model));
  }

  #missing() {
    return this.#store.model.presets.filter(({ thumbnail }) => !thumbnail);
  }

  #follow(model) {
    const able = can(model, "apply_preset") && this.#missing().length > 0;
    $("photo-button").hidden = this.#shoot !== null || !able;
    $("photo-row").hidden = this.#shoot === null;
    if (this.#shoot !== null && isKnown(model)) this.#judge(this.#shoot, model.state);
  }

  /** Another look that somebody chose, or the end of the session, ends it. */
  #judge(shoot, { preset, session }) {
    if (preset === shoot.applied) shoot.seen = preset;
    // Not before the daemon has told of ours: what was on until then is no choice of anybody's.
    if (shoot.seen !== shoot.applied) return;
    if (preset !== shoot.applied) this.#stop("Another look was chosen", { isTheirs: true });
    else if (session !== "streaming") this.#stop("The model's picture is gone");
  }

  async #offer() {
    const why = hindrance(this.#store.model);
    if (why !== null) return this.#toasts.tell(why);
    const looks = this.#missing();
    const text = photoWords(looks.length, this.#store.model.state);
    if (!(await confirmFirst({ title: "Photograph my looks?", text, yes: "Photograph them" }))) return;
    await this.#all(looks);
  }

  async #all(looks) {
    const { preset, prompt } = this.#store.model.state;
    const shoot = { before: { preset, prompt }, applied: null, seen: undefined, stopped: null, isTheirs: false };
    this.#shoot = shoot;
    let missed = 0;
    let taken = 0;
    for (const [place, look] of looks.entries()) {
      setText($("photo-words"), `Photographing ${place + 1} of ${looks.length}: ${look.name}`);
      this.#store.change();
      shoot.applied = look.id;
      if (!(await this.#run("apply_preset", { id: look.id }))) this.#stop("It was refused");
      const done = shoot.stopped === null && (await this.#still(look.id, shoot));
      if (shoot.stopped !== null) break;
      taken += done ? 1 : 0;
      missed = done ? 0 : missed + 1;
      if (missed === MOST_MISSED) {
        this.#stop("No still came: [privacy] thumbnails = false keeps them off, and a picture that does not move on gives none");
      }
      if (shoot.stopped !== null) break;
    }
    await this.#end(shoot, taken, looks.length);
  }

  /** Wait until the look has its still; whether it came in time. */
  async #still(id, shoot) {
    const until = performance.now() + PATIENCE_MS;
    while (shoot.stopped === null && performance.now() < until) {
      const look = this.#store.model.presets.find((one) => one.id === id);
      if (look === undefined || look.thumbnail) return look !== undefined;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    return false;
  }

  #stop(why, { isTheirs = false } = {}) {
    if (this.#shoot === null || this.#shoot.stopped !== null) return;
    this.#shoot.stopped = why;
    this.#shoot.isTheirs = isTheirs;
  }

  async #end(shoot, taken, all) {
    this.#shoot = null;
    // What somebody has chosen meanwhile stays.
    if (!shoot.isTheirs) await this.#run(...this.#back(shoot.before));
    const words = `${taken} of ${all} looks photographed`;
    this.#toasts.tell(shoot.stopped === null ? words : `${shoot.stopped}. ${words}.`);
    announce(words);
    this.#store.change();
  }

  #back({ preset, prompt }) {
    const isThere = this.#store.model.presets.some(({ id }) => id === preset);
    return isThere ? ["apply_preset", { id: preset }] : ["set_prompt", { prompt }];
  }

  #leaveNow() {
    if (!this.#shoot.isTheirs) this.#leave(...this.#back(this.#shoot.before));
  }
}
