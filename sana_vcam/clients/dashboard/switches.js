// The keys for what viewers see, the session's button, and the fine tuning.

import { $, setAttribute, setText } from "./dom.js";
import { can } from "./store.js";
import { confirmFirst } from "./confirm.js";
import { hiddenBelow, ofMoney } from "./words.js";

const LOCKED =
  "The raw camera is locked: viewers cannot get it. To unlock it, set allow_bypass = true under [privacy] and restart.";
const LARGEST_SEED = Number.MAX_SAFE_INTEGER;

/** Let the keys send commands and show what is on; returns what shortcuts may press. */
export function showSwitches(store, run, { toasts, leave }) {
  const press = {
    blank: () => run("blank", { on: !store.model.state?.blank }),
    freeze: () => run("freeze", { on: !store.model.state?.freeze }),
    pause: () => run(store.model.state?.paused ? "resume" : "pause"),
  };
  for (const [name, action] of Object.entries(press)) $(`${name}-button`).addEventListener("click", action);
  $("bypass-button").addEventListener("click", () => toggleBypass(store, run, (text) => toasts.tell(text)));
  const session = new SessionButton(store, run, { toasts, leave });
  tune(store, run);
  store.watch((model) => {
    if (model.state === null) return;
    showKeys(model.state);
    session.show(model.state);
    showTuning(model);
  });
  return press;
}

function showKeys(state) {
  showKey("blank", state, "viewers see black", "viewers get black");
  showKey("freeze", state, "viewers see a still", "viewers get a still");
  showPause(state);
  const raw = state.output === "slate" ? "on, but no camera picture" : "viewers see you, not edited";
  showKey("bypass", state, raw, state.bypass_allowed ? "bypass: not edited" : "locked");
  $("bypass-button").classList.toggle("locked", !state.bypass_allowed);
}

/** A switch that a stronger one hides is on, but not lit: viewers see the other. */
function showKey(name, state, onNote, offNote) {
  const button = $(`${name}-button`);
  const below = state[name] ? hiddenBelow(state, name) : null;
  setAttribute(button, "aria-pressed", String(state[name]));
  setAttribute(button, "data-below", below);
  setText($(`${name}-note`), state[name] ? (below ? `on, below ${below}` : onNote) : offNote);
}

function showPause(state) {
  const open = !["idle", "backoff", "refused"].includes(state.session);
  const on = open ? ofMoney(state, "paused, still billed", "paused, free") : ofMoney(state, "paused, not billed", "paused");
  const off = open ? ofMoney(state, "still billed", "viewers get a card") : "no session is open";
  setAttribute($("pause-button"), "aria-pressed", String(state.paused));
  setText($("pause-note"), state.paused ? on : off);
}

/** Connect, or disconnect; while viewers watch, that can be taken back for some seconds. */
class SessionButton {
  #store;
  #run;
  #toasts;
  #leave;
  #button = $("session-button");

  constructor(store, run, { toasts, leave }) {
    this.#store = store;
    this.#run = run;
    this.#toasts = toasts;
    this.#leave = leave;
    this.#button.addEventListener("click", () => this.#press());
  }

  show(state) {
    const pending = this.#toasts.isPending && state.session_wanted;
    const [kind, label, note] = pending ? ["pending", "Disconnecting", "press to stay"] : sessionOffer(state);
    setAttribute(this.#button, "data-kind", kind);
    setText($("session-label"), label);
    setText($("session-note"), note);
  }

  #press() {
    const { kind } = this.#button.dataset;
    if (kind === "pending") this.#toasts.takeBack();
    else if (kind !== "disconnect") this.#run("connect");
    else if (isMissed(this.#store.model.state)) this.#pend();
    else this.#run("disconnect");
  }

  #pend() {
    this.#toasts.pend({
      words: "Disconnecting: viewers will see a card",
      done: "Disconnecting",
      back: "Still connected",
      run: () => this.#store.model.state.session_wanted && this.#run("disconnect"),
      leave: () => this.#leave("disconnect"),
      changed: () => this.#store.change(),
    });
  }
}

/** Whether viewers would miss the session: it is there, or waited for, and somebody may watch. */
function isMissed({ session, viewers }) {
  return viewers !== 0 && !["idle", "backoff", "refused", "closing"].includes(session);
}

function sessionOffer(state) {
  const bill = (words, otherwise) => ofMoney(state, words, otherwise);
  if (state.session === "refused") return ["retry", "Try again", bill("billed once it runs", "free")];
  if (!state.session_wanted) return ["connect", "Connect", bill("billed per second", "free")];
  return ["disconnect", "Disconnect", state.session_s === null ? "stops trying" : bill("ends the billing", "ends the session")];
}

async function toggleBypass(store, run, toast) {
  if (!store.model.state?.bypass_allowed) return toast(LOCKED);
  if (store.model.state?.bypass) return run("bypass", { on: false });
  const sure = await confirmFirst({
    title: "Show the raw camera?",
    text: "Everybody who watches sees you as your camera does, without any edit, until you switch it off.",
    yes: "Show the raw camera",
  });
  return sure ? run("bypass", { on: true }) : undefined;
}

// Seed, anchor, reset

function tune(store, run) {
  onNumber("seed", (seed) => run("set_seed", { seed }));
  onNumber("anchor", (chunks) => run("set_anchor_interval", { chunks }));
  $("seed-random").addEventListener("click", () => {
    $("seed").value = String(Math.floor(Math.random() * Math.min(LARGEST_SEED, 1e9)));
    markDraft($("seed"));
  });
  $("reset-button").addEventListener("click", () => run("reset"));
  $("renew-button").addEventListener("click", () => run("renew"));
}

function onNumber(name, send) {
  const input = $(name);
  input.addEventListener("input", () => markDraft(input));
  $(`${name}-form`).addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!input.reportValidity()) return;
    if (await send(Number(input.value))) delete input.dataset.draft;
  });
}

/** From now on the field holds what the user types, not what the daemon says. */
function markDraft(input) {
  input.dataset.draft = "yes";
}

function showTuning(model) {
  follow($("seed"), model.state.seed);
  follow($("anchor"), model.state.anchor_interval);
  $("renew-button").hidden = $("renew-hint").hidden = !can(model, "renew");
}

function follow(input, value) {
  if (input.dataset.draft || input === document.activeElement) return;
  if (input.value !== String(value)) input.value = String(value);
}
