// The keys for what viewers see, the session's button, and the fine tuning.

import { $, setAttribute, setText } from "./dom.js";
import { can } from "./store.js";
import { confirmFirst } from "./confirm.js";

const LOCKED =
  "The raw camera is locked: viewers cannot get it. To unlock it, set allow_bypass = true under [privacy] and restart.";
const LARGEST_SEED = Number.MAX_SAFE_INTEGER;

/** Let the keys send commands and show what is on; returns what shortcuts may press. */
export function showSwitches(store, run, toast) {
  const press = {
    blank: () => run("blank", { on: !store.model.state?.blank }),
    freeze: () => run("freeze", { on: !store.model.state?.freeze }),
    pause: () => run(store.model.state?.paused ? "resume" : "pause"),
  };
  for (const [name, action] of Object.entries(press)) $(`${name}-button`).addEventListener("click", action);
  $("bypass-button").addEventListener("click", () => toggleBypass(store, run, toast));
  $("session-button").addEventListener("click", () => run($("session-button").dataset.kind === "disconnect" ? "disconnect" : "connect"));
  tune(store, run);
  store.watch((model) => {
    if (model.state === null) return;
    showKeys(model.state);
    showSession(model.state);
    showTuning(model);
  });
  return press;
}

function showKeys(state) {
  showKey("blank", state.blank, "viewers see black", "viewers get black");
  showKey("freeze", state.freeze, "viewers see a still", "viewers get a still");
  const open = !["idle", "backoff", "refused"].includes(state.session);
  showKey("pause", state.paused, open ? "paused, still billed" : "paused, not billed", open ? "still billed" : "no session is open");
  showKey("bypass", state.bypass, "viewers see you, not edited", state.bypass_allowed ? "bypass: not edited" : "locked");
  $("bypass-button").classList.toggle("locked", !state.bypass_allowed);
}

function showKey(name, on, onNote, offNote) {
  setAttribute($(`${name}-button`), "aria-pressed", String(on));
  setText($(`${name}-note`), on ? onNote : offNote);
}

function showSession(state) {
  const [kind, label, note] = sessionOffer(state);
  setAttribute($("session-button"), "data-kind", kind);
  setText($("session-label"), label);
  setText($("session-note"), note);
}

function sessionOffer(state) {
  if (state.session === "refused") return ["retry", "Try again", "billed once it runs"];
  if (state.session_wanted) return ["disconnect", "Disconnect", state.session_s === null ? "stops trying" : "ends the billing"];
  return ["connect", "Connect", "billed per second"];
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
